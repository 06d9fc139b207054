//! Making an appointment, or another in the place of one that stands.

use chrono::{NaiveDateTime, TimeDelta};
use engine::business::{Business, Service, Staff};
use engine::calendar::{self, instant, local};
use engine::io::Reservation;
use sqlx::FromRow;
use uuid::Uuid;

use super::{Viewer, busy};
use crate::store::database::Transaction;
use crate::store::details::Details;
use crate::store::error::is_lost_race;
use crate::store::outbox::{self, Told};
use crate::store::rows::moment_of;
use crate::store::statement::Statement;
use crate::store::{Store, StoreError};

/// The name under which the schema refuses an overlap.
const OVERLAPS: &str = "appointment_overlaps";

/// An appointment that stands, as far as a second try needs it.
#[derive(FromRow)]
struct Standing {
    id: String,
    business: String,
    service: String,
    start_at: String,
}

/// One order to reserve, understood.
pub(super) struct Order<'a> {
    pub(super) business: &'a Business,
    pub(super) service: &'a Service,
    pub(super) at: NaiveDateTime,
    pub(super) call_id: Uuid,
    pub(super) key: &'a str,
    pub(super) reservation: &'a Reservation,
    pub(super) now_ms: i64,
}

impl Order<'_> {
    /// The appointment's id, or none when nobody is free. Whoever lost a race against another instance tries again, as
    /// long as the deadline lets them.
    pub(super) async fn carry_out(&self, store: &Store) -> Result<Option<String>, StoreError> {
        store.database.in_place().await?;
        loop {
            match self.carry_out_once(store).await {
                Err(StoreError::Database(error)) if is_lost_race(&error) => {}
                done => return done,
            }
        }
    }

    async fn carry_out_once(&self, store: &Store) -> Result<Option<String>, StoreError> {
        let mut transaction = store.database.write().begin().await?;
        if let Some(standing) = self.standing(&mut transaction).await? {
            return Ok(Some(standing));
        }
        let moves = self.reservation.replaces.as_deref();
        let moved = match moves {
            Some(old) => outbox::cancel(&mut transaction, self.business, old, Told::Moved, self.now_ms).await?,
            None => false,
        };
        let viewer = Viewer { call_id: self.call_id, moves };
        let busy = busy(&mut transaction, self.business, viewer, self.now_ms).await?;
        let now = local(self.business, moment_of(self.now_ms));
        let free = calendar::free_staff(self.business, self.service, self.at, now, &busy).unwrap_or_default();
        for staff in free {
            if let Some(appointment) = self.insert(&mut transaction, staff).await? {
                let told = if moved { Told::Moved } else { Told::Created };
                outbox::tell(&mut transaction, self.business, &appointment, told, self.now_ms).await?;
                let kept = Statement::of("DELETE FROM holds WHERE call_id = $1", [self.call_id.into()]);
                kept.run(&mut transaction).await?;
                transaction.commit().await?;
                return Ok(Some(appointment));
            }
        }
        // Another instance may have been quicker with the very same key.
        self.standing(&mut transaction).await
    }

    /// What an earlier try with the same key made.
    async fn standing(&self, transaction: &mut Transaction) -> Result<Option<String>, StoreError> {
        let standing: Option<Standing> = Statement::of(
            "SELECT id, business, service, start_at FROM appointments WHERE idempotency_key = $1 AND status = 'booked'",
            [self.key.into()],
        )
        .first(transaction)
        .await?;
        let Some(standing) = standing else { return Ok(None) };
        let same = standing.business == self.business.name
            && standing.service == self.service.id
            && standing.start_at == calendar::slot(self.at).0;
        if same { Ok(Some(standing.id)) } else { Err(StoreError::KeyReused(self.key.to_owned())) }
    }

    /// Inserts the appointment, one that is moved with what was told when it was made; none when the database says that this staff is not free after all. PostgreSQL says so by
    /// doing nothing, which leaves the transaction whole; SQLite's trigger by name.
    async fn insert(&self, transaction: &mut Transaction, staff: &Staff) -> Result<Option<String>, StoreError> {
        let Some(start) = instant(self.business, self.at) else { return Ok(None) };
        let end = start + TimeDelta::minutes(self.service.minutes.into());
        let id = Uuid::new_v4().hyphenated().to_string();
        let inserted = Statement::of(
            "INSERT INTO appointments (id, business, staff, service, start_at, start_utc, end_utc, name, phone, call_id,
                                       idempotency_key, created_at, free_utc, replaces, language, details)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
                     COALESCE((SELECT details FROM appointments WHERE id = $14), $16))
             ON CONFLICT DO NOTHING",
            [
                (&id).into(),
                (&self.business.name).into(),
                (&staff.id).into(),
                (&self.service.id).into(),
                calendar::slot(self.at).0.into(),
                start.into(),
                end.into(),
                (&self.reservation.name).into(),
                (&self.reservation.phone).into(),
                self.call_id.into(),
                self.key.into(),
                moment_of(self.now_ms).into(),
                (end + TimeDelta::minutes(self.service.buffer_min.into())).into(),
                (&self.reservation.replaces).into(),
                self.reservation.language.code().into(),
                Details::of(self.reservation).to_text().into(),
            ],
        )
        .run(transaction)
        .await;
        match inserted {
            Ok(rows) => Ok((rows > 0).then_some(id)),
            Err(sqlx::Error::Database(error)) if error.message().contains(OVERLAPS) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
