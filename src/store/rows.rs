//! What is written of a call, and how each thing becomes a row. Every statement may run twice with the same entry and
//! leaves the same rows, because the journal is replayed from its start after a crash.

use chrono::{DateTime, TimeDelta, Utc};
use engine::figures::{Cost, Figures, Metadata, Summary};
use engine::io::Ending;
use engine::record::{Row, Span, Speaker, Stage};
use engine::time::CallTime;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::database::Transaction;
use super::recordings::{self, RecordingRow};
use super::statement::{Statement, Value};
use super::{analytics, outbox};

/// A call that was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallStart {
    /// Our own id of the call.
    pub call_id: Uuid,
    /// The carrier's id, or the browser session's.
    pub call_sid: String,
    /// The stream that carries it.
    pub stream_sid: String,
    /// Who calls, as the carrier said it.
    pub from: String,
    /// The number that was dialled.
    pub to: String,
    /// The business's name.
    pub business: String,
    /// When it was answered: milliseconds since 1970 in UTC.
    pub started_at_ms: i64,
    /// Nobody real was on the line.
    pub sandbox: bool,
    /// We called them.
    #[serde(default)]
    pub outbound: bool,
    /// The voice that speaks for the business, by our name for it.
    #[serde(default)]
    pub agent: Option<String>,
}

/// One thing to be written, as it stands in the queue and in the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Entry {
    /// This process started: whatever is active belongs to one that died. Stands before all rows of this process, in the
    /// journal too.
    Started,
    /// A call was answered.
    Begun(CallStart),
    /// The call left a row.
    Left {
        call_id: Uuid,
        row: Row,
        /// The line as it was before anything was taken out of it, sealed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sealed: Option<String>,
    },
    /// The call's recording is complete.
    Recorded { call_id: Uuid, recording: RecordingRow },
    /// The call in figures, at its end or meanwhile.
    Figured { call_id: Uuid, figures: Box<Figures> },
    /// What the call cost.
    Cost { call_id: Uuid, costs: Vec<Cost> },
    /// What the model says of the call.
    Summed { call_id: Uuid, summary: Summary },
    /// A caller who was put through is not any more, or never was.
    Transferred { call_sid: String, status: String, duration_s: Option<i64>, now_ms: i64 },
    /// The call's end is to be told.
    Completed { call_id: Uuid, business: String, payload: serde_json::Value },
    /// What is known of the caller's side.
    Described { call_id: Uuid, metadata: Metadata },
}

impl Entry {
    /// The call it is about.
    pub(super) fn call_id(&self) -> Option<Uuid> {
        match self {
            Self::Started | Self::Transferred { .. } => None,
            Self::Begun(start) => Some(start.call_id),
            Self::Left { call_id, .. }
            | Self::Recorded { call_id, .. }
            | Self::Figured { call_id, .. }
            | Self::Cost { call_id, .. }
            | Self::Summed { call_id, .. }
            | Self::Completed { call_id, .. }
            | Self::Described { call_id, .. } => Some(*call_id),
        }
    }

    /// Writes the entry, which an instance accepted.
    pub(super) async fn write(&self, transaction: &mut Transaction, instance: Uuid) -> sqlx::Result<()> {
        match self {
            Self::Started => close_interrupted(transaction, instance).await,
            Self::Begun(start) => write_start(transaction, start, instance).await,
            Self::Recorded { call_id, recording } => recordings::write(transaction, *call_id, recording).await,
            Self::Figured { call_id, figures } => analytics::write_figures(transaction, *call_id, figures).await,
            Self::Cost { call_id, costs } => {
                for cost in costs {
                    analytics::write_cost(transaction, *call_id, cost).await?;
                }
                Ok(())
            }
            Self::Summed { call_id, summary } => analytics::write_summary(transaction, *call_id, summary).await,
            Self::Transferred { call_sid, status, duration_s, now_ms } => {
                write_transfer(transaction, call_sid, status, *duration_s, *now_ms).await
            }
            Self::Completed { business, payload, .. } => outbox::write_completed(transaction, business, payload).await,
            Self::Described { call_id, metadata } => analytics::write_metadata(transaction, *call_id, metadata).await,
            Self::Left { call_id, row, sealed } => match row {
                Row::Said { .. } => write_line(transaction, *call_id, row, sealed.as_deref()).await,
                Row::Turn { .. } => write_turn(transaction, *call_id, row).await,
                Row::Event { event, at, name, detail } => {
                    write_event(transaction, *call_id, *event, *at, name, detail).await
                }
                Row::Message { at, text, name, phone } => {
                    write_message(transaction, *call_id, *at, text, name, phone).await
                }
                Row::Ended { at, ending, outcome } => write_end(transaction, *call_id, *at, *ending, outcome).await,
            },
        }
    }
}

/// A moment by its milliseconds since 1970. One that no calendar has becomes 1970 and is better than a lost call.
pub(super) fn moment_of(unix_ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(unix_ms).unwrap_or_default()
}

async fn write_start(transaction: &mut Transaction, start: &CallStart, instance: Uuid) -> sqlx::Result<()> {
    // The same carrier's call under another id is a second leg of it; it gets the next number. So does its stream.
    Statement::of(
        "INSERT INTO calls (id, call_sid, stream_sid, caller, called, business, start_time, sandbox, instance,
                            agent, direction)
         SELECT $1, $2 || coalesce('#' || (legs + 1), ''), $3 || coalesce('#' || (streams + 1), ''), $4, $5, $6, $7, $8, $9, $10,
             $11
         FROM (SELECT
             (SELECT max(CASE WHEN call_sid = $2 THEN 1 ELSE CAST(substr(call_sid, length($2) + 2) AS BIGINT) END)
              FROM calls WHERE id <> $1 AND (call_sid = $2 OR call_sid > $2 || '#' AND call_sid < $2 || '$')) AS legs,
             (SELECT max(CASE WHEN stream_sid = $3 THEN 1 ELSE CAST(substr(stream_sid, length($3) + 2) AS BIGINT) END)
              FROM calls WHERE id <> $1 AND (stream_sid = $3 OR stream_sid > $3 || '#' AND stream_sid < $3 || '$'))
             AS streams) AS others
         WHERE TRUE
         ON CONFLICT (id) DO UPDATE SET stream_sid = excluded.stream_sid",
        [
            start.call_id.into(),
            (&start.call_sid).into(),
            (&start.stream_sid).into(),
            (&start.from).into(),
            (&start.to).into(),
            (&start.business).into(),
            moment_of(start.started_at_ms).into(),
            start.sandbox.into(),
            instance.into(),
            (&start.agent).into(),
            if start.outbound { "outbound" } else { "inbound" }.into(),
        ],
    )
    .run(transaction)
    .await
    .map(drop)
}

async fn write_line(
    transaction: &mut Transaction,
    call_id: Uuid,
    said: &Row,
    sealed: Option<&str>,
) -> sqlx::Result<()> {
    let Row::Said { line, speaker, heard, unheard, confidence, from, to, words } = said else { return Ok(()) };
    Statement::of(
        "INSERT INTO transcripts (call_id, line, speaker, heard, unheard, confidence, start_ms, end_ms, sealed, words)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (call_id, line) DO UPDATE
         SET heard = excluded.heard, unheard = excluded.unheard, confidence = excluded.confidence,
             start_ms = excluded.start_ms, end_ms = excluded.end_ms, sealed = excluded.sealed,
             words = excluded.words",
        [
            call_id.into(),
            (*line).into(),
            speaker_word(*speaker).into(),
            heard.into(),
            unheard.into(),
            f64::from(*confidence).into(),
            from.as_ms().into(),
            to.as_ms().into(),
            sealed.into(),
            words_of(heard, words).into(),
        ],
    )
    .run(transaction)
    .await
    .map(drop)
}

/// Each word with its times; none where they are not known.
fn words_of(heard: &str, words: &[Span]) -> serde_json::Value {
    let spans = words.iter().map(|(from, to)| (from.as_ms(), to.as_ms()));
    let word = |(word, (from_ms, to_ms)): (&str, _)| json!({ "word": word, "start_ms": from_ms, "end_ms": to_ms });
    heard.split_whitespace().zip(spans).map(word).collect::<Vec<_>>().into()
}

async fn write_turn(transaction: &mut Transaction, call_id: Uuid, row: &Row) -> sqlx::Result<()> {
    let Row::Turn { turn, stages, by_rules, tokens, guesses, late } = row else { return Ok(()) };
    let facts: [Value; 10] = [
        call_id.into(),
        (*turn).into(),
        (*by_rules).into(),
        tokens.0.into(),
        tokens.1.into(),
        guesses.asked.into(),
        guesses.used.into(),
        guesses.wasted.0.into(),
        guesses.wasted.1.into(),
        late.map(Stage::name).into(),
    ];
    let reached = Stage::ALL.iter().map(|stage| stages.get(stage).map(|at| at.as_ms()).into());
    Statement::of(
        "INSERT INTO turns (call_id, turn, by_rules, tokens_in, tokens_out, guesses, guess_used, wasted_in, wasted_out,
                            late_stage, speech_ended_ms, transcribed_ms, turn_ended_ms, model_asked_ms, first_slot_ms,
                            first_phrase_ms, first_audio_ms, first_frame_ms, first_mark_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
         ON CONFLICT (call_id, turn) DO UPDATE
         SET by_rules = excluded.by_rules, tokens_in = excluded.tokens_in, tokens_out = excluded.tokens_out,
             guesses = excluded.guesses, guess_used = excluded.guess_used, wasted_in = excluded.wasted_in,
             wasted_out = excluded.wasted_out, late_stage = excluded.late_stage,
             speech_ended_ms = excluded.speech_ended_ms, transcribed_ms = excluded.transcribed_ms,
             turn_ended_ms = excluded.turn_ended_ms, model_asked_ms = excluded.model_asked_ms,
             first_slot_ms = excluded.first_slot_ms, first_phrase_ms = excluded.first_phrase_ms,
             first_audio_ms = excluded.first_audio_ms, first_frame_ms = excluded.first_frame_ms,
             first_mark_ms = excluded.first_mark_ms",
        facts.into_iter().chain(reached),
    )
    .run(transaction)
    .await
    .map(drop)
}

async fn write_event(
    transaction: &mut Transaction,
    call_id: Uuid,
    event: u32,
    at: CallTime,
    name: &str,
    detail: &str,
) -> sqlx::Result<()> {
    Statement::of(
        "INSERT INTO events (call_id, event, at_ms, name, detail) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (call_id, event) DO UPDATE
         SET at_ms = excluded.at_ms, name = excluded.name, detail = excluded.detail",
        [call_id.into(), event.into(), at.as_ms().into(), name.into(), detail.into()],
    )
    .run(transaction)
    .await
    .map(drop)
}

async fn write_transfer(
    transaction: &mut Transaction,
    call_sid: &str,
    status: &str,
    duration_s: Option<i64>,
    now_ms: i64,
) -> sqlx::Result<()> {
    Statement::of(
        "INSERT INTO transfers (call_sid, status, duration_s, at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (call_sid) DO UPDATE
         SET status = excluded.status, duration_s = excluded.duration_s, at = excluded.at",
        [call_sid.into(), status.into(), Value::Number(duration_s), moment_of(now_ms).into()],
    )
    .run(transaction)
    .await
    .map(drop)
}

async fn write_message(
    transaction: &mut Transaction,
    call_id: Uuid,
    at: CallTime,
    text: &str,
    name: &str,
    phone: &str,
) -> sqlx::Result<()> {
    Statement::of(
        "INSERT INTO messages (call_id, at_ms, name, phone, text) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (call_id) DO UPDATE
         SET at_ms = excluded.at_ms, name = excluded.name, phone = excluded.phone, text = excluded.text",
        [call_id.into(), at.as_ms().into(), name.into(), phone.into(), text.into()],
    )
    .run(transaction)
    .await
    .map(drop)
}

async fn write_end(
    transaction: &mut Transaction,
    call_id: Uuid,
    at: CallTime,
    ending: Ending,
    outcome: &str,
) -> sqlx::Result<()> {
    let start = Statement::of("SELECT start_time FROM calls WHERE id = $1", [call_id.into()]);
    let start: Option<(DateTime<Utc>,)> = start.first(&mut *transaction).await?;
    let end = start.map(|(start,)| moment_of(start.timestamp_millis().saturating_add(at.as_ms() as i64)));
    Statement::of(
        "UPDATE calls SET status = 'completed', end_time = $2, duration_ms = $3, ending = $4, outcome = $5
         WHERE id = $1",
        [call_id.into(), end.into(), at.as_ms().into(), ending_word(ending).into(), outcome.into()],
    )
    .run(transaction)
    .await
    .map(drop)
}

fn speaker_word(speaker: Speaker) -> &'static str {
    match speaker {
        Speaker::Caller => "caller",
        Speaker::Assistant => "assistant",
    }
}

fn ending_word(ending: Ending) -> &'static str {
    match ending {
        Ending::Goodbye => "goodbye",
        Ending::Silence => "silence",
        Ending::Transfer => "transfer",
        Ending::HungUp => "hung_up",
        Ending::Lost => "lost",
        Ending::TooLong => "too_long",
        Ending::Draining => "draining",
    }
}

/// Closes the calls that an instance left behind when it died: as interrupted, at the last moment that is known of them. A
/// call that is a day old is nobody's any more, as where an instance never came back.
async fn close_interrupted(transaction: &mut Transaction, instance: Uuid) -> sqlx::Result<()> {
    let calls: Vec<(String, DateTime<Utc>, i64)> = Statement::of(
        "SELECT id, start_time, coalesce((SELECT max(ms) FROM (
             SELECT max(end_ms) AS ms FROM transcripts WHERE call_id = calls.id
             UNION ALL SELECT max(at_ms) FROM events WHERE call_id = calls.id
             UNION ALL SELECT max(turn_ended_ms) FROM turns WHERE call_id = calls.id) AS known), 0)
         FROM calls WHERE status = 'active' AND (instance = $1 OR instance IS NULL OR start_time < $2)",
        [instance.into(), (Utc::now() - TimeDelta::days(1)).into()],
    )
    .all(&mut *transaction)
    .await?;
    for (id, start, last_ms) in &calls {
        let end = moment_of(start.timestamp_millis().saturating_add(*last_ms));
        Statement::of(
            "UPDATE calls SET status = 'interrupted', end_time = $2, duration_ms = $3 WHERE id = $1",
            [id.into(), end.into(), (*last_ms).into()],
        )
        .run(&mut *transaction)
        .await?;
    }
    if !calls.is_empty() {
        tracing::warn!(calls = calls.len(), "calls that an earlier run left open are closed as interrupted");
    }
    Ok(())
}
