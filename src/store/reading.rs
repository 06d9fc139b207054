//! Reading what was written: for commands, for tests, and for whoever shows a call to a person.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use sqlx::types::Json;

use super::Details;
use super::database::{self, Pool};
use super::error::StoreError;
use super::recordings::RecordingRow;
use super::statement::{Readable, Statement};

/// A view of the store that changes nothing. Clones share their connections.
#[derive(Debug, Clone)]
pub struct Records {
    pool: Pool,
}

/// One call with everything that belongs to it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CallRecord {
    /// Our own id, a UUID with hyphens.
    pub id: String,
    /// The carrier's id; with `#2` behind it for a second leg of the same call.
    pub call_sid: String,
    /// The stream that carried it.
    pub stream_sid: String,
    /// Who called, as the carrier said it.
    pub caller: String,
    /// The number that was dialled.
    pub called: String,
    /// The business's name.
    pub business: String,
    /// When it was answered.
    pub start_time: DateTime<Utc>,
    /// When it ended; none while it goes on.
    pub end_time: Option<DateTime<Utc>>,
    /// How long it took, once it ended.
    pub duration_ms: Option<i64>,
    /// `active`, `completed` or `interrupted`.
    pub status: String,
    /// What came of it: `booked`, `fallback`, ….
    pub outcome: Option<String>,
    /// How it ended: `goodbye`, `hung_up`, ….
    pub ending: Option<String>,
    /// `inbound`, or `outbound` where we called.
    pub direction: String,
    /// Nobody real was on the line.
    pub sandbox: bool,
    /// The voice that spoke for the business.
    pub agent: Option<String>,
    /// Two sentences by the model, where there was one.
    pub summary: Option<String>,
    /// Its files.
    pub recordings: Vec<RecordingRow>,
    /// What was said, in order.
    pub transcript: Vec<LineRecord>,
    /// Its turns, in order.
    pub turns: Vec<TurnRecord>,
    /// Decisions and faults, in order.
    pub events: Vec<EventRecord>,
    /// What was booked in it.
    pub appointments: Vec<AppointmentRecord>,
    /// What the business has to see to after it.
    pub message: Option<MessageRecord>,
    /// What became of the caller when they were put through; none while nobody was, or it is not known.
    pub transfer: Option<TransferRecord>,
}

/// Somebody to call back, or to pass something on to.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct MessageRecord {
    /// When it was written down last, in milliseconds of the call.
    pub at_ms: i64,
    /// Who; may be empty.
    pub name: String,
    /// How to reach them; may be empty.
    pub phone: String,
    /// The caller's words; empty where they are only to be called back.
    pub text: String,
}

/// What became of a caller who was put through.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct TransferRecord {
    /// The carrier's word: `completed`, `busy`, `no-answer`, `failed`, `canceled`.
    pub status: String,
    /// How long they spoke, in seconds.
    pub duration_s: Option<i64>,
}

/// One line of a transcript; times in milliseconds of the call.
#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
pub struct LineRecord {
    /// Counts up within the call.
    #[sqlx(try_from = "i64")]
    pub line: u32,
    /// `caller` or `assistant`.
    pub speaker: String,
    /// What reached the other's ear.
    pub heard: String,
    /// What was written and cut off.
    pub unheard: String,
    /// Speech-to-text's estimate, 0 to 1.
    pub confidence: f64,
    /// When it began.
    pub start_ms: i64,
    /// When it ended.
    pub end_ms: i64,
    /// When each of the words that were heard was; none, or of no words, where nobody could tell.
    pub words: Option<Json<Vec<WordRecord>>>,
    /// What was taken out of it, for whoever has the key.
    #[serde(skip)]
    pub sealed: Option<String>,
}

/// One word of a line; times in milliseconds of the call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WordRecord {
    /// As it is written in the line.
    pub word: String,
    /// When it began.
    pub start_ms: i64,
    /// When it ended.
    pub end_ms: i64,
}

/// One turn: when each stage was reached, in milliseconds of the call.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct TurnRecord {
    /// Counts up within the call.
    #[sqlx(try_from = "i64")]
    pub turn: u32,
    /// The caller's voice fell silent.
    pub speech_ended_ms: Option<i64>,
    /// The last final transcript arrived.
    pub transcribed_ms: Option<i64>,
    /// The turn was judged to be over.
    pub turn_ended_ms: Option<i64>,
    /// The model was asked.
    pub model_asked_ms: Option<i64>,
    /// The model's first slot closed.
    pub first_slot_ms: Option<i64>,
    /// The first phrase was ordered.
    pub first_phrase_ms: Option<i64>,
    /// The first of the answer's audio was there.
    pub first_audio_ms: Option<i64>,
    /// The first frame went out.
    pub first_frame_ms: Option<i64>,
    /// The first mark came back.
    pub first_mark_ms: Option<i64>,
    /// The rules answered in the model's place.
    pub by_rules: bool,
    /// Tokens read by the model.
    pub tokens_in: i64,
    /// Tokens written by the model.
    pub tokens_out: i64,
    /// The stage that made the answer late: `first_slot`, ….
    pub late_stage: Option<String>,
    /// Requests made before the turn was over.
    #[sqlx(try_from = "i64")]
    pub guesses: u32,
    /// One of them was the answer.
    pub guess_used: bool,
    /// Tokens read for answers that were thrown away; an estimate.
    pub wasted_in: i64,
    /// Tokens written for them; an estimate.
    pub wasted_out: i64,
}

/// One decision or fault.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct EventRecord {
    /// Counts up within the call.
    #[sqlx(try_from = "i64")]
    pub event: u32,
    /// When, in milliseconds of the call.
    pub at_ms: i64,
    /// What, as one word.
    pub name: String,
    /// More about it.
    pub detail: String,
}

/// One appointment.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct AppointmentRecord {
    /// Its id, a UUID with hyphens.
    pub id: String,
    /// The business's name.
    pub business: String,
    /// Who does it, by id.
    pub staff: String,
    /// What is done, by id.
    pub service: String,
    /// When, by the business's clock: `2026-11-24T15:00`.
    pub start_at: String,
    /// When it begins.
    pub start_utc: DateTime<Utc>,
    /// When it ends.
    pub end_utc: DateTime<Utc>,
    /// Who comes.
    pub name: String,
    /// How to reach them; may be empty.
    pub phone: String,
    /// The call it was made in.
    pub call_id: Option<String>,
    /// `booked` or `cancelled`.
    pub status: String,
    /// What the call was held in in which it was made, by its code of ISO 639-1.
    pub language: String,
    /// When whoever comes said that they will, in a reminder call.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// What the business asked for beside, and was told.
    #[sqlx(try_from = "String")]
    pub details: Details,
}

/// The columns of `calls` that [`CallRecord`] begins with.
#[derive(FromRow)]
struct CallRow {
    id: String,
    call_sid: String,
    stream_sid: String,
    caller: String,
    called: String,
    business: String,
    start_time: DateTime<Utc>,
    end_time: Option<DateTime<Utc>>,
    duration_ms: Option<i64>,
    status: String,
    outcome: Option<String>,
    ending: Option<String>,
    direction: String,
    sandbox: bool,
    agent: Option<String>,
    summary: Option<String>,
}

impl Records {
    /// Opens an existing database for reading, beside the process that writes to it.
    ///
    /// # Errors
    /// When there is no database, or it cannot be read.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        database::open_to_read(url).await.map(Self::of)
    }

    pub(super) fn of(pool: Pool) -> Self {
        Self { pool }
    }

    pub(super) fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Which of the databases it is, for the few questions that each is asked in its own way.
    pub(super) fn is_postgres(&self) -> bool {
        matches!(self.pool, Pool::Postgres(_))
    }

    /// One call by the carrier's id, with everything that belongs to it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn call(&self, call_sid: &str) -> Result<Option<CallRecord>, StoreError> {
        let row: Option<CallRow> = Statement::of(CALL, [call_sid.into()]).first(self).await?;
        match row {
            Some(row) => self.whole(row).await.map(Some),
            None => Ok(None),
        }
    }

    /// The appointments made in a call, by our own id of the call, in order of their time.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn appointments(&self, call_id: &str) -> Result<Vec<AppointmentRecord>, StoreError> {
        self.of_call(APPOINTMENTS, call_id).await
    }

    /// Rows of a call, which is `$1`.
    pub(super) async fn of_call<T: Readable>(&self, sql: &'static str, call_id: &str) -> Result<Vec<T>, StoreError> {
        Ok(Statement::of(sql, [call_id.into()]).all(self).await?)
    }

    async fn whole(&self, row: CallRow) -> Result<CallRecord, StoreError> {
        let id = row.id.as_str();
        Ok(CallRecord {
            recordings: self.of_call(RECORDINGS, id).await?,
            transcript: self.of_call(LINES, id).await?,
            turns: self.of_call(TURNS, id).await?,
            events: self.of_call(EVENTS, id).await?,
            appointments: self.appointments(id).await?,
            message: self.of_call(MESSAGE, id).await?.into_iter().next(),
            transfer: self.of_call(TRANSFER, &row.call_sid).await?.into_iter().next(),
            id: row.id,
            call_sid: row.call_sid,
            stream_sid: row.stream_sid,
            caller: row.caller,
            called: row.called,
            business: row.business,
            start_time: row.start_time,
            end_time: row.end_time,
            duration_ms: row.duration_ms,
            status: row.status,
            outcome: row.outcome,
            ending: row.ending,
            direction: row.direction,
            sandbox: row.sandbox,
            agent: row.agent,
            summary: row.summary,
        })
    }
}

// Columns by their names: a later version adds some while this one runs, and a PostgreSQL that has a plan for `*` then
// refuses it.

const CALL: &str =
    "SELECT id, call_sid, stream_sid, caller, called, business, start_time, end_time, duration_ms, status,
    outcome, ending, direction, sandbox, agent, summary FROM calls WHERE call_sid = $1";

const APPOINTMENTS: &str =
    "SELECT id, business, staff, service, start_at, start_utc, end_utc, name, phone, call_id, status, language, confirmed_at,
    details FROM appointments WHERE call_id = $1 ORDER BY start_utc, id";

const MESSAGE: &str = "SELECT at_ms, name, phone, text FROM messages WHERE call_id = $1";

const TRANSFER: &str = "SELECT status, duration_s FROM transfers WHERE call_sid = $1";

const RECORDINGS: &str =
    "SELECT file_path, format, codec, sample_rate, channels, duration_ms, size_bytes, sha256, encrypted,
    file_url FROM recordings WHERE call_id = $1 ORDER BY file_path";

const TURNS: &str = "SELECT turn, speech_ended_ms, transcribed_ms, turn_ended_ms, model_asked_ms, first_slot_ms,
    first_phrase_ms, first_audio_ms, first_frame_ms, first_mark_ms, by_rules, tokens_in, tokens_out, late_stage, guesses,
    guess_used, wasted_in, wasted_out FROM turns WHERE call_id = $1 ORDER BY turn";

const EVENTS: &str = "SELECT event, at_ms, name, detail FROM events WHERE call_id = $1 ORDER BY event";

const LINES: &str = "SELECT line, speaker, heard, unheard, confidence, start_ms, end_ms, words, sealed FROM transcripts
    WHERE call_id = $1 ORDER BY line";
