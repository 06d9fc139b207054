//! What is to be told to others of appointments and calls: written down in the transaction of what it tells of, and told
//! by whoever takes it from here, again and again until it arrives.
//!
//! ```text
//! appointment ──┐
//!               ├─► outbox ──► taken for a minute ──► done
//! call ─────────┘      ▲                │
//!                      └── due later ◄──┴──► failed, after a day of trying
//! ```

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use engine::business::{Afterwards, Business, RemindBy};
use serde_json::{Value, json};
use sqlx::FromRow;

use super::database::Transaction;
use super::details::Details;
use super::rows::moment_of;
use super::statement::Statement;
use super::{Store, StoreError};

/// How long whoever takes something has to tell it; then another may.
const TAKEN: Duration = Duration::from_secs(60);

/// How many are taken at once.
const TAKEN_MAX: i64 = 16;

/// The first pause before another try, doubled with each one up to the longest.
const PAUSE_FIRST_S: i64 = 5;
const PAUSE_MAX_S: i64 = 3_600;

/// After this many tries nobody is told any more. By the pauses above they take a day, from whenever the first was due.
const TRIES_MAX: i64 = 33;

/// What happened to an appointment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Created,
    Moved,
    Cancelled,
}

/// Something that is due to be told.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct Due {
    /// The same for the same thing: a receiver knows it again.
    pub id: String,
    /// Whose.
    pub business: String,
    /// `webhook`, `text` or `call`.
    pub channel: String,
    /// `appointment.created`, `appointment.reminder`, `call.completed`, ….
    pub event: String,
    /// JSON.
    pub payload: String,
    /// How often it was tried before.
    pub attempts: i64,
}

/// What became of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It arrived.
    Done,
    /// It did not, and may the next time.
    Again(String),
    /// It never will.
    Failed(String),
    /// Nobody wants it any more: the appointment is cancelled, the number has opted out.
    Dropped(String),
}

#[derive(FromRow)]
struct Row {
    id: String,
    staff: String,
    service: String,
    start_at: String,
    start_utc: DateTime<Utc>,
    end_utc: DateTime<Utc>,
    name: String,
    phone: String,
    call_id: Option<String>,
    replaces: Option<String>,
    status: String,
    language: String,
    #[sqlx(try_from = "String")]
    details: Details,
}

impl Store {
    /// Takes what is due, for a minute: whoever does not say what became of it leaves it to the next.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn take_due(&self, now_ms: i64) -> Result<Vec<Due>, StoreError> {
        let now = moment_of(now_ms);
        let due: Vec<Due> = Statement::of(
            "SELECT id, business, channel, event, payload, attempts FROM outbox
             WHERE status = 'waiting' AND due_at <= $1 ORDER BY due_at, id LIMIT $2",
            [now.into(), TAKEN_MAX.into()],
        )
        .all(&self.database.ask())
        .await?;
        let mut taken = Vec::new();
        for one in due {
            let rows = Statement::of(
                "UPDATE outbox SET due_at = $3, attempts = attempts + 1
                 WHERE id = $1 AND status = 'waiting' AND attempts = $2",
                [(&one.id).into(), one.attempts.into(), (now + TAKEN).into()],
            )
            .run(&self.database.write())
            .await?;
            if rows == 1 {
                taken.push(one);
            }
        }
        Ok(taken)
    }

    /// Writes down what became of a try.
    ///
    /// # Errors
    /// When the database cannot be used; then it is tried once more.
    pub async fn told(&self, due: &Due, outcome: &Outcome, now_ms: i64) -> Result<(), StoreError> {
        let now = moment_of(now_ms);
        let (status, why) = match outcome {
            Outcome::Done => ("done", None),
            Outcome::Dropped(why) => ("dropped", Some(why)),
            Outcome::Failed(why) => ("failed", Some(why)),
            Outcome::Again(why) if due.attempts + 1 >= TRIES_MAX => ("failed", Some(why)),
            Outcome::Again(why) => ("waiting", Some(why)),
        };
        let pause_s = (PAUSE_FIRST_S << due.attempts.clamp(0, 16)).min(PAUSE_MAX_S);
        let done_at = (status != "waiting").then_some(now);
        Statement::of(
            "UPDATE outbox SET status = $2, last_error = $3, due_at = $4, done_at = $5 WHERE id = $1",
            [
                (&due.id).into(),
                status.into(),
                why.map(String::as_str).into(),
                (now + TimeDelta::seconds(pause_s)).into(),
                done_at.into(),
            ],
        )
        .run(&self.database.write())
        .await?;
        Ok(())
    }

    /// Keeps when one of the staff is busy by a calendar that is not ours, in place of what was kept before.
    ///
    /// # Errors
    /// When the database cannot be written; then what was kept before stands.
    pub async fn keep_busy(
        &self,
        business: &str,
        staff: &str,
        busy: &[(DateTime<Utc>, DateTime<Utc>)],
    ) -> Result<(), StoreError> {
        let mut transaction = self.database.write().begin().await?;
        let before = "DELETE FROM busy_times WHERE business = $1 AND staff = $2";
        Statement::of(before, [business.into(), staff.into()]).run(&mut transaction).await?;
        for (from, to) in busy {
            Statement::of(
                "INSERT INTO busy_times (business, staff, start_utc, end_utc) VALUES ($1, $2, $3, $4)
                 ON CONFLICT DO NOTHING",
                [business.into(), staff.into(), (*from).into(), (*to).into()],
            )
            .run(&mut transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Whether an appointment still stands, for a reminder of it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn stands(&self, appointment: &str) -> Result<bool, StoreError> {
        let statement = "SELECT id FROM appointments WHERE id = $1 AND status = 'booked'";
        let row: Option<(String,)> = Statement::of(statement, [appointment.into()]).first(&self.database.ask()).await?;
        Ok(row.is_some())
    }

    /// Reminds somebody by a text message, because they could not be talked to in the call that was to do so.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn remind_by_text(&self, appointment: &str, now_ms: i64) -> Result<(), StoreError> {
        Statement::of(
            "INSERT INTO outbox (id, business, channel, event, appointment_id, call_id, payload, created_at, due_at)
             SELECT 'appointment.reminder:' || $1 || ':text', business, 'text', event, appointment_id, call_id, payload, $2, $2
             FROM outbox WHERE appointment_id = $1 AND event = 'appointment.reminder' AND channel = 'call'
             ON CONFLICT (id) DO NOTHING",
            [appointment.into(), moment_of(now_ms).into()],
        )
        .run(&self.database.write())
        .await?;
        Ok(())
    }

    /// Notes that a number wants, or does not want, text messages of a business.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn opt_out(&self, business: &str, phone: &str, out: bool, now_ms: i64) -> Result<(), StoreError> {
        let statement = if out {
            Statement::of(
                "INSERT INTO opt_outs (business, phone, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                [business.into(), phone.into(), moment_of(now_ms).into()],
            )
        } else {
            let back = "DELETE FROM opt_outs WHERE business = $1 AND phone = $2";
            Statement::of(back, [business.into(), phone.into()])
        };
        statement.run(&self.database.write()).await?;
        Ok(())
    }

    /// Whether a number has asked for no text messages of a business.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn has_opted_out(&self, business: &str, phone: &str) -> Result<bool, StoreError> {
        let statement = "SELECT phone FROM opt_outs WHERE business = $1 AND phone = $2";
        let statement = Statement::of(statement, [business.into(), phone.into()]);
        let row: Option<(String,)> = statement.first(&self.database.ask()).await?;
        Ok(row.is_some())
    }
}

/// Puts what happened to an appointment into the outbox, for whoever the business wants to be told.
pub(super) async fn tell(
    transaction: &mut Transaction,
    business: &Business,
    appointment: &str,
    told: Told,
    now_ms: i64,
) -> Result<(), StoreError> {
    if business.afterwards == Afterwards::default() {
        return Ok(());
    }
    let row: Option<Row> = Statement::of(
        "SELECT id, staff, service, start_at, start_utc, end_utc, name, phone, call_id, replaces, status, language,
                details
         FROM appointments WHERE id = $1",
        [appointment.into()],
    )
    .first(&mut *transaction)
    .await?;
    let Some(row) = row else { return Ok(()) };
    let after = &business.afterwards;
    let event = told.event();
    let letter = Letter { business: &business.name, row: &row, now: moment_of(now_ms) };
    if after.webhook.is_some() {
        letter.post(transaction, "webhook", event, letter.now).await?;
    }
    let can_text = after.from.is_some() && row.phone.starts_with('+');
    if can_text && after.confirm {
        letter.post(transaction, "text", event, letter.now).await?;
    }
    let remind_at = after.remind_hours.map(|hours| row.start_utc - TimeDelta::hours(hours.into()));
    if let Some(at) = remind_at.filter(|at| can_text && told != Told::Cancelled && *at > letter.now) {
        let channel = if after.remind_by == RemindBy::Call { "call" } else { "text" };
        letter.post(transaction, channel, "appointment.reminder", at).await?;
    }
    Ok(())
}

/// Lets an appointment stand no more, and tells of it unless another takes its place; says whether it did stand.
pub(super) async fn cancel(
    transaction: &mut Transaction,
    business: &Business,
    id: &str,
    told: Told,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let now = moment_of(now_ms);
    let cancelled = Statement::of(
        "UPDATE appointments SET status = 'cancelled', cancelled_at = $3
         WHERE id = $1 AND business = $2 AND status = 'booked'",
        [id.into(), (&business.name).into(), now.into()],
    )
    .run(&mut *transaction)
    .await?;
    if cancelled == 0 {
        return Ok(false);
    }
    let reminders = "UPDATE outbox SET status = 'dropped', done_at = $2, last_error = 'the appointment stands no more'
         WHERE appointment_id = $1 AND status = 'waiting' AND event = 'appointment.reminder'";
    Statement::of(reminders, [id.into(), now.into()]).run(&mut *transaction).await?;
    if told == Told::Cancelled {
        tell(transaction, business, id, told, now_ms).await?;
    }
    Ok(true)
}

/// Puts the end of a call into the outbox.
pub(super) async fn write_completed(
    transaction: &mut Transaction,
    business: &str,
    payload: &Value,
) -> sqlx::Result<()> {
    let (call_id, now) = (payload["call_id"].as_str().unwrap_or_default(), Utc::now());
    Statement::of(
        "INSERT INTO outbox (id, business, channel, event, call_id, payload, created_at, due_at)
         VALUES ($1, $2, 'webhook', 'call.completed', $3, $4, $5, $5) ON CONFLICT (id) DO NOTHING",
        [
            format!("call.completed:{call_id}").into(),
            business.into(),
            call_id.into(),
            payload.to_string().into(),
            now.into(),
        ],
    )
    .run(transaction)
    .await
    .map(drop)
}

/// An appointment, to be told of.
struct Letter<'a> {
    business: &'a str,
    row: &'a Row,
    now: DateTime<Utc>,
}

impl Letter<'_> {
    async fn post(
        &self,
        transaction: &mut Transaction,
        channel: &str,
        event: &str,
        due: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let id = format!("{event}:{}:{channel}", self.row.id);
        Statement::of(
            "INSERT INTO outbox (id, business, channel, event, appointment_id, call_id, payload, created_at, due_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING",
            [
                (&id).into(),
                self.business.into(),
                channel.into(),
                event.into(),
                (&self.row.id).into(),
                (&self.row.call_id).into(),
                self.payload(&id, event).to_string().into(),
                self.now.into(),
                due.into(),
            ],
        )
        .run(transaction)
        .await?;
        Ok(())
    }

    fn payload(&self, id: &str, event: &str) -> Value {
        let row = self.row;
        json!({
            "id": id,
            "event": event,
            "business": self.business,
            "created_at": self.now.to_rfc3339(),
            "appointment": {
                "id": row.id, "staff": row.staff, "service": row.service, "start_at": row.start_at,
                "start_utc": row.start_utc.to_rfc3339(), "end_utc": row.end_utc.to_rfc3339(),
                "name": row.name, "phone": row.phone, "call_id": row.call_id, "replaces": row.replaces,
                "status": row.status, "language": row.language, "details": row.details,
            },
        })
    }
}

impl Told {
    fn event(self) -> &'static str {
        match self {
            Self::Created => "appointment.created",
            Self::Moved => "appointment.moved",
            Self::Cancelled => "appointment.cancelled",
        }
    }
}
