//! A free time that is kept for a call while its caller decides.

use chrono::TimeDelta;
use engine::business::Business;
use engine::calendar::{free_staff, instant, local};
use statecharts::proposal::Slot;
use uuid::Uuid;

use super::{Viewer, busy, moment, service_of, within_deadline};
use crate::store::rows::moment_of;
use crate::store::statement::Statement;
use crate::store::{Store, StoreError};

/// How long a time is kept at most: nobody decides for longer, and a call that died frees what it kept.
const KEPT: TimeDelta = TimeDelta::minutes(10);

impl Store {
    /// Keeps a free time for a call, in place of the one it kept before; says whether it was still free. Others do not see it as
    /// free until the call books, lets go, or ten minutes are over.
    ///
    /// # Errors
    /// When the service or the time is none of the business's, or the database does not answer within four seconds.
    pub async fn hold(
        &self,
        business: &Business,
        call_id: Uuid,
        service: &str,
        slot: &Slot,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let (service, at) = (service_of(business, service)?, moment(slot)?);
        let Some(start) = instant(business, at) else { return Ok(false) };
        let now = moment_of(now_ms);
        within_deadline(async {
            let mut transaction = self.database.write().begin().await?;
            let over = "DELETE FROM holds WHERE call_id = $1 OR expires_at <= $2";
            Statement::of(over, [call_id.into(), now.into()]).run(&mut transaction).await?;
            let busy = busy(&mut transaction, business, Viewer { call_id, moves: None }, now_ms).await?;
            let free = free_staff(business, service, at, local(business, now), &busy).unwrap_or_default();
            let Some(staff) = free.first() else {
                transaction.commit().await?;
                return Ok(false);
            };
            let busy_min = service.minutes + service.buffer_min;
            Statement::of(
                "INSERT INTO holds (call_id, business, staff, start_utc, free_utc, expires_at)
                 VALUES ($1, $2, $3, $4, $5, $6)
                 ON CONFLICT (call_id) DO UPDATE
                 SET staff = excluded.staff, start_utc = excluded.start_utc, free_utc = excluded.free_utc,
                     expires_at = excluded.expires_at",
                [
                    call_id.into(),
                    (&business.name).into(),
                    (&staff.id).into(),
                    start.into(),
                    (start + TimeDelta::minutes(busy_min.into())).into(),
                    (now + KEPT).into(),
                ],
            )
            .run(&mut transaction)
            .await?;
            transaction.commit().await?;
            Ok(true)
        })
        .await
    }

    /// Lets go what a call kept.
    ///
    /// # Errors
    /// When the database does not take it within four seconds. Then it is free again ten minutes after it was kept.
    pub async fn let_go(&self, call_id: Uuid) -> Result<(), StoreError> {
        within_deadline(async {
            Statement::of("DELETE FROM holds WHERE call_id = $1", [call_id.into()]).run(&self.database.write()).await?;
            Ok(())
        })
        .await
    }
}
