//! Free times and appointments, asked of the database itself.
//!
//! What is free is the engine's arithmetic over what the database holds; whether an appointment stands is the
//! database's word. Moments are stored in UTC. A moment of the business's clock that happens twice is the first of the
//! two; one that daylight saving skips does not exist and cannot be booked ([`engine::calendar`] says the same).

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, TimeDelta, TimeZone, Utc};
use engine::business::{Business, Service, Staff};
use engine::calendar::{self, Busy};
use engine::io::{Reservation, Wanted};
use sqlx::FromRow;
use statecharts::proposal::Slot;
use tokio::time::timeout;
use uuid::Uuid;

use super::database::Transaction;
use super::error::is_lost_race;
use super::rows::moment_of;
use super::statement::{Executor, Statement};
use super::{Store, StoreError};

pub use engine::calendar::Found;

/// How many times are offered at most: as many as a person keeps in mind over the phone.
const NEAREST_MAX: usize = 3;

/// How long the calendar may take to answer; a caller waits for it, and hears a filler meanwhile.
const ANSWER_DEADLINE: Duration = Duration::from_secs(4);

/// The name under which the triggers of the schema refuse an overlap.
const OVERLAPS: &str = "appointment_overlaps";

/// What became of an order to reserve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reserved {
    /// It is in the database, now or since an earlier try with the same key.
    Appointment(String),
    /// It is not: somebody was quicker, or the time cannot be had for another reason.
    Taken {
        /// The nearest free times, in order, three at most.
        nearest: Vec<Slot>,
    },
}

/// An appointment that stands, as far as a second try needs it.
#[derive(FromRow)]
struct Standing {
    id: String,
    business: String,
    service: String,
    start_at: String,
}

impl Store {
    /// Looks for free times: whether the very time that was asked for is free, and which ones are nearest.
    ///
    /// # Errors
    /// When the service or a time is none of the business's, or the database does not answer within four seconds.
    pub async fn find_times(&self, business: &Business, wanted: &Wanted, now_ms: i64) -> Result<Found, StoreError> {
        let service = service_of(business, &wanted.service)?;
        let (from, to) = (moment(&wanted.from)?, moment(&wanted.to)?);
        let busy = within_deadline(busy(&self.database.ask(), business, now_ms)).await?;
        Ok(calendar::find(business, service, from, to, local(business, moment_of(now_ms)), &busy, NEAREST_MAX))
    }

    /// Makes an appointment with the first of the staff who is free. It is committed, and synced to the disk, when this
    /// says so; the same key again gives the same appointment. Dropping the future either leaves the appointment whole
    /// or leaves nothing.
    ///
    /// # Errors
    /// When the reservation makes no sense, or the database does not answer within four seconds. After
    /// [`StoreError::Late`] the appointment may stand: the same key tells.
    pub async fn reserve(
        &self,
        business: &Business,
        call_id: Uuid,
        key: &str,
        reservation: &Reservation,
        now_ms: i64,
    ) -> Result<Reserved, StoreError> {
        let service = service_of(business, &reservation.service)?;
        let at = moment(&reservation.slot)?;
        let order = Order { business, service, at, call_id, key, reservation, now_ms };
        if let Some(appointment) = within_deadline(order.carry_out(self)).await? {
            return Ok(Reserved::Appointment(appointment));
        }
        let busy = within_deadline(busy(&self.database.ask(), business, now_ms)).await?;
        let now = local(business, moment_of(now_ms));
        Ok(Reserved::Taken { nearest: calendar::nearest(business, service, at, at, now, &busy, NEAREST_MAX) })
    }
}

/// One order to reserve, understood.
struct Order<'a> {
    business: &'a Business,
    service: &'a Service,
    at: NaiveDateTime,
    call_id: Uuid,
    key: &'a str,
    reservation: &'a Reservation,
    now_ms: i64,
}

impl Order<'_> {
    /// The appointment's id, or none when nobody is free. Whoever lost a race against another instance tries again, as
    /// long as the deadline lets them.
    async fn carry_out(&self, store: &Store) -> Result<Option<String>, StoreError> {
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
        let busy = busy(&mut transaction, self.business, self.now_ms).await?;
        let now = local(self.business, moment_of(self.now_ms));
        let free = calendar::free_staff(self.business, self.service, self.at, now, &busy).unwrap_or_default();
        for staff in free {
            if let Some(appointment) = self.insert(&mut transaction, staff).await? {
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

    /// Inserts the appointment; none when the database says that this staff is not free after all. PostgreSQL says so by
    /// doing nothing, which leaves the transaction whole; SQLite's trigger by name.
    async fn insert(&self, transaction: &mut Transaction, staff: &Staff) -> Result<Option<String>, StoreError> {
        let Some(start) = self.business.time_zone.from_local_datetime(&self.at).earliest() else { return Ok(None) };
        let start = start.with_timezone(&Utc);
        let id = Uuid::new_v4().hyphenated().to_string();
        let inserted = Statement::of(
            "INSERT INTO appointments (id, business, staff, service, start_at, start_utc, end_utc, name, phone, call_id,
                                       idempotency_key, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             ON CONFLICT DO NOTHING",
            [
                (&id).into(),
                (&self.business.name).into(),
                (&staff.id).into(),
                (&self.service.id).into(),
                calendar::slot(self.at).0.into(),
                start.into(),
                (start + TimeDelta::minutes(self.service.minutes.into())).into(),
                (&self.reservation.name).into(),
                (&self.reservation.phone).into(),
                self.call_id.into(),
                self.key.into(),
                moment_of(self.now_ms).into(),
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

/// Who is busy when, from now on.
async fn busy<'e>(
    database: impl Into<Executor<'e>>,
    business: &Business,
    now_ms: i64,
) -> Result<Vec<Busy>, StoreError> {
    let rows: Vec<(String, DateTime<Utc>, DateTime<Utc>)> = Statement::of(
        "SELECT staff, start_utc, end_utc FROM appointments
         WHERE business = $1 AND end_utc > $2 AND status = 'booked' ORDER BY end_utc, id",
        [(&business.name).into(), moment_of(now_ms).into()],
    )
    .all(database)
    .await?;
    let busy = |(staff, from, to)| Busy { staff, from: local(business, from), to: local(business, to) };
    Ok(rows.into_iter().map(busy).collect())
}

async fn within_deadline<T>(work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    timeout(ANSWER_DEADLINE, work).await.unwrap_or(Err(StoreError::Late(ANSWER_DEADLINE)))
}

fn service_of<'b>(business: &'b Business, id: &str) -> Result<&'b Service, StoreError> {
    business.service(id).ok_or_else(|| StoreError::UnknownService(id.to_owned()))
}

fn moment(slot: &Slot) -> Result<NaiveDateTime, StoreError> {
    calendar::moment(slot).ok_or_else(|| StoreError::NotASlot(slot.0.clone()))
}

/// A moment on the business's clock.
fn local(business: &Business, at: DateTime<Utc>) -> NaiveDateTime {
    at.with_timezone(&business.time_zone).naive_local()
}
