//! Free times and appointments, asked of the database itself.
//!
//! What is free is the engine's arithmetic over what the database holds; whether an appointment stands is the
//! database's word. Moments are stored in UTC. A moment of the business's clock that happens twice is the first of the
//! two; one that daylight saving skips does not exist and cannot be booked ([`engine::calendar`] says the same).
//!
//! | file | holds |
//! |---|---|
//! | `reserving` | making an appointment, or moving one |
//! | `holding` | a time that is kept while its caller decides |
//! | `standing` | appointments that stand: found and cancelled |

mod holding;
mod reserving;
mod standing;

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use engine::business::{Business, Service};
use engine::calendar::{self, Busy, local};
use engine::io::{Reservation, Wanted};
use statecharts::proposal::Slot;
use tokio::time::timeout;
use uuid::Uuid;

use super::rows::moment_of;
use super::statement::{Executor, Statement};
use super::{Store, StoreError};
use reserving::Order;

pub use engine::calendar::Found;

/// How many times are offered at most: as many as a person keeps in mind over the phone.
const NEAREST_MAX: usize = 3;

/// How long the calendar may take to answer; a caller waits for it, and hears a filler meanwhile.
const ANSWER_DEADLINE: Duration = Duration::from_secs(4);

/// The longest that somebody may be busy after an appointment's end.
const BUFFER_MAX: TimeDelta = TimeDelta::days(1);

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

/// Whose view of the calendar it is: what this call keeps, or moves, is in its own way least of all.
#[derive(Debug, Clone, Copy)]
struct Viewer<'a> {
    call_id: Uuid,
    moves: Option<&'a str>,
}

impl Store {
    /// Looks for free times for a call: whether the very time that was asked for is free, and which ones are nearest.
    ///
    /// # Errors
    /// When the service or a time is none of the business's, or the database does not answer within four seconds.
    pub async fn find_times(
        &self,
        business: &Business,
        call_id: Uuid,
        wanted: &Wanted,
        now_ms: i64,
    ) -> Result<Found, StoreError> {
        let service = service_of(business, &wanted.service)?;
        let (from, to) = (moment(&wanted.from)?, moment(&wanted.to)?);
        let viewer = Viewer { call_id, moves: wanted.instead_of.as_deref() };
        let busy = within_deadline(busy(&self.database.ask(), business, viewer, now_ms)).await?;
        Ok(calendar::find(business, service, from, to, local(business, moment_of(now_ms)), &busy, NEAREST_MAX))
    }

    /// Makes an appointment with the first of the staff who is free; where it replaces another, that one stands no more from
    /// the same moment on. It is committed, and synced to the disk, when this says so; the same key again gives the same
    /// appointment. Dropping the future either leaves the appointment whole or leaves nothing.
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
        let viewer = Viewer { call_id, moves: reservation.replaces.as_deref() };
        let busy = within_deadline(busy(&self.database.ask(), business, viewer, now_ms)).await?;
        let now = local(business, moment_of(now_ms));
        Ok(Reserved::Taken { nearest: calendar::nearest(business, service, at, at, now, &busy, NEAREST_MAX) })
    }
}

/// Who is busy when, from now on: by appointments, by what is kept for other calls, and by the calendars of others.
async fn busy<'e>(
    database: impl Into<Executor<'e>>,
    business: &Business,
    viewer: Viewer<'_>,
    now_ms: i64,
) -> Result<Vec<Busy>, StoreError> {
    let now = moment_of(now_ms);
    let rows: Vec<(String, DateTime<Utc>, DateTime<Utc>)> = Statement::of(
        "SELECT staff, start_utc, coalesce(free_utc, end_utc) FROM appointments
         WHERE business = $1 AND end_utc > $2 AND status = 'booked' AND id <> $3
         UNION ALL SELECT staff, start_utc, free_utc FROM holds
         WHERE business = $1 AND expires_at > $4 AND call_id <> $5
         UNION ALL SELECT staff, start_utc, end_utc FROM busy_times WHERE business = $1 AND end_utc > $2",
        [
            (&business.name).into(),
            (now - BUFFER_MAX).into(),
            viewer.moves.unwrap_or_default().into(),
            now.into(),
            viewer.call_id.into(),
        ],
    )
    .all(database)
    .await?;
    let mut busy: Vec<Busy> = rows.into_iter().map(|(staff, from, to)| Busy { staff, from, to }).collect();
    busy.sort_by_key(|one| one.from);
    Ok(busy)
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
