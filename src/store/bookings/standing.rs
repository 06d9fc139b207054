//! Appointments that stand: found by the number they were made for, and cancelled.

use engine::business::Business;
use engine::io::Appointment;
use engine::languages::Language;
use engine::understanding::is_same_name;
use statecharts::proposal::Slot;

use super::within_deadline;
use crate::store::outbox::{self, Told};
use crate::store::rows::moment_of;
use crate::store::statement::Statement;
use crate::store::{Store, StoreError};

/// How many are named at most.
const FOUND_MAX: usize = 3;

impl Store {
    /// The appointments under a number that stand and are still ahead, in order, three at most; where a name is given, only
    /// those under it.
    ///
    /// # Errors
    /// When the database does not answer within four seconds.
    pub async fn find_appointments(
        &self,
        business: &Business,
        phone: &str,
        name: Option<&str>,
        now_ms: i64,
    ) -> Result<Vec<Appointment>, StoreError> {
        let rows: Vec<(String, String, String, String)> = within_deadline(async {
            let statement = Statement::of(
                "SELECT id, service, start_at, name FROM appointments
                 WHERE business = $1 AND phone = $2 AND start_utc > $3 AND status = 'booked'
                 ORDER BY start_utc, id LIMIT 20",
                [(&business.name).into(), phone.into(), moment_of(now_ms).into()],
            );
            Ok(statement.all(&self.database.ask()).await?)
        })
        .await?;
        let known = |(id, service, at, name)| Appointment { id, service, slot: Slot(at), name };
        let theirs = |one: &Appointment| name.is_none_or(|name| is_same_name(name, &one.name));
        Ok(rows.into_iter().map(known).filter(theirs).take(FOUND_MAX).collect())
    }

    /// An appointment that stands, and the name of the business it was made with.
    ///
    /// # Errors
    /// When the database does not answer within four seconds.
    pub async fn standing(&self, id: &str) -> Result<Option<(String, Appointment, Option<Language>)>, StoreError> {
        let row: Option<(String, String, String, String, String, String)> = within_deadline(async {
            let statement =
                "SELECT business, id, service, start_at, name, language FROM appointments WHERE id = $1 AND status = 'booked'";
            Ok(Statement::of(statement, [id.into()]).first(&self.database.ask()).await?)
        })
        .await?;
        Ok(row.map(|(business, id, service, at, name, language)| {
            (business, Appointment { id, service, slot: Slot(at), name }, Language::of_code(&language))
        }))
    }

    /// Notes that whoever comes to an appointment said so. The first time counts; one that is cancelled stays as it is.
    ///
    /// # Errors
    /// When the database does not answer within four seconds.
    pub async fn confirm_appointment(&self, id: &str, now_ms: i64) -> Result<(), StoreError> {
        within_deadline(async {
            let statement =
                "UPDATE appointments SET confirmed_at = COALESCE(confirmed_at, $2) WHERE id = $1 AND status = 'booked'";
            Statement::of(statement, [id.into(), moment_of(now_ms).into()]).run(&self.database.write()).await?;
            Ok(())
        })
        .await
    }

    /// Cancels an appointment. Cancelled before, it stays cancelled, and nobody is told twice.
    ///
    /// # Errors
    /// When the database does not answer within four seconds. Then it may stand or not: trying again settles it.
    pub async fn cancel_appointment(&self, business: &Business, id: &str, now_ms: i64) -> Result<(), StoreError> {
        within_deadline(async {
            let mut transaction = self.database.write().begin().await?;
            outbox::cancel(&mut transaction, business, id, Told::Cancelled, now_ms).await?;
            transaction.commit().await?;
            Ok(())
        })
        .await
    }
}
