//! What is written of a call, and how each thing becomes a row. Every statement may run twice with the same entry and
//! leaves the same rows, because the journal is replayed from its start after a crash.

use chrono::{DateTime, Utc};
use engine::figures::{Cost, Figures, Metadata};
use engine::io::Ending;
use engine::record::{Row, Speaker, Stage};
use engine::time::CallTime;
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, SqliteConnection};
use uuid::Uuid;

use super::analytics;

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
}

/// A recording that is complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromRow)]
pub struct RecordingRow {
    /// Where the file is.
    pub file_path: String,
    /// The container: `wav`.
    pub format: String,
    /// The encoding: `pcm_s16le`.
    pub codec: String,
    /// Samples per second and channel.
    pub sample_rate: u32,
    /// 2: the caller left, the assistant right.
    pub channels: u16,
    /// How long it plays.
    #[sqlx(try_from = "i64")]
    pub duration_ms: u64,
    /// How long the file is.
    #[sqlx(try_from = "i64")]
    pub size_bytes: u64,
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
    Left { call_id: Uuid, row: Row },
    /// The call's recording is complete.
    Recorded { call_id: Uuid, recording: RecordingRow },
    /// The call in figures, at its end or meanwhile.
    Figured { call_id: Uuid, figures: Box<Figures> },
    /// What the call cost.
    Cost { call_id: Uuid, costs: Vec<Cost> },
    /// What is known of the caller's side.
    Described { call_id: Uuid, metadata: Metadata },
}

impl Entry {
    /// The call it is about.
    pub(super) fn call_id(&self) -> Option<Uuid> {
        match self {
            Self::Started => None,
            Self::Begun(start) => Some(start.call_id),
            Self::Left { call_id, .. }
            | Self::Recorded { call_id, .. }
            | Self::Figured { call_id, .. }
            | Self::Cost { call_id, .. }
            | Self::Described { call_id, .. } => Some(*call_id),
        }
    }

    /// Writes the entry in the transaction that `connection` is in.
    pub(super) async fn write(&self, connection: &mut SqliteConnection) -> sqlx::Result<()> {
        match self {
            Self::Started => close_interrupted(connection).await,
            Self::Begun(start) => write_start(connection, start).await,
            Self::Recorded { call_id, recording } => write_recording(connection, *call_id, recording).await,
            Self::Figured { call_id, figures } => analytics::write_figures(connection, *call_id, figures).await,
            Self::Cost { call_id, costs } => {
                for cost in costs {
                    analytics::write_cost(connection, *call_id, cost).await?;
                }
                Ok(())
            }
            Self::Described { call_id, metadata } => analytics::write_metadata(connection, *call_id, metadata).await,
            Self::Left { call_id, row } => match row {
                Row::Said { .. } => write_line(connection, *call_id, row).await,
                Row::Turn { .. } => write_turn(connection, *call_id, row).await,
                Row::Event { event, at, name, detail } => {
                    write_event(connection, *call_id, *event, *at, name, detail).await
                }
                Row::Ended { at, ending, outcome } => write_end(connection, *call_id, *at, *ending, outcome).await,
            },
        }
    }
}

/// A moment by its milliseconds since 1970. One that no calendar has becomes 1970 and is better than a lost call.
pub(super) fn moment_of(unix_ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(unix_ms).unwrap_or_default()
}

async fn write_start(connection: &mut SqliteConnection, start: &CallStart) -> sqlx::Result<()> {
    // The same carrier's call under another id is a second leg of it; it gets the next free number.
    sqlx::query(
        "INSERT INTO calls (id, call_sid, stream_sid, caller, called, business, start_time, sandbox)
         SELECT $1, CASE WHEN legs = 0 THEN $2 ELSE $2 || '#' || (legs + 1) END, $3, $4, $5, $6, $7, $8
         FROM (SELECT count(*) AS legs FROM calls
               WHERE id <> $1 AND (call_sid = $2 OR substr(call_sid, 1, length($2) + 1) = $2 || '#')) AS others
         WHERE TRUE
         ON CONFLICT (id) DO UPDATE SET stream_sid = excluded.stream_sid",
    )
    .bind(start.call_id.hyphenated())
    .bind(&start.call_sid)
    .bind(&start.stream_sid)
    .bind(&start.from)
    .bind(&start.to)
    .bind(&start.business)
    .bind(moment_of(start.started_at_ms))
    .bind(start.sandbox)
    .execute(connection)
    .await
    .map(drop)
}

async fn write_recording(
    connection: &mut SqliteConnection,
    call_id: Uuid,
    recording: &RecordingRow,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO recordings (call_id, file_path, format, codec, sample_rate, channels, duration_ms, size_bytes)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (call_id, file_path) DO UPDATE
         SET duration_ms = excluded.duration_ms, size_bytes = excluded.size_bytes",
    )
    .bind(call_id.hyphenated())
    .bind(&recording.file_path)
    .bind(&recording.format)
    .bind(&recording.codec)
    .bind(recording.sample_rate)
    .bind(recording.channels)
    .bind(recording.duration_ms as i64)
    .bind(recording.size_bytes as i64)
    .execute(connection)
    .await
    .map(drop)
}

async fn write_line(connection: &mut SqliteConnection, call_id: Uuid, said: &Row) -> sqlx::Result<()> {
    let Row::Said { line, speaker, heard, unheard, confidence, from, to } = said else { return Ok(()) };
    sqlx::query(
        "INSERT INTO transcripts (call_id, line, speaker, heard, unheard, confidence, start_ms, end_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (call_id, line) DO UPDATE
         SET heard = excluded.heard, unheard = excluded.unheard, confidence = excluded.confidence,
             start_ms = excluded.start_ms, end_ms = excluded.end_ms",
    )
    .bind(call_id.hyphenated())
    .bind(line)
    .bind(speaker_word(*speaker))
    .bind(heard)
    .bind(unheard)
    .bind(f64::from(*confidence))
    .bind(from.as_ms() as i64)
    .bind(to.as_ms() as i64)
    .execute(connection)
    .await
    .map(drop)
}

async fn write_turn(connection: &mut SqliteConnection, call_id: Uuid, row: &Row) -> sqlx::Result<()> {
    let Row::Turn { turn, stages, by_rules, tokens, guesses, late } = row else { return Ok(()) };
    let mut query = sqlx::query(
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
    )
    .bind(call_id.hyphenated())
    .bind(turn)
    .bind(by_rules)
    .bind(tokens.0)
    .bind(tokens.1)
    .bind(guesses.asked)
    .bind(guesses.used)
    .bind(guesses.wasted.0)
    .bind(guesses.wasted.1)
    .bind(late.map(Stage::name));
    for stage in Stage::ALL {
        query = query.bind(stages.get(&stage).map(|at| at.as_ms() as i64));
    }
    query.execute(connection).await.map(drop)
}

async fn write_event(
    connection: &mut SqliteConnection,
    call_id: Uuid,
    event: u32,
    at: CallTime,
    name: &str,
    detail: &str,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO events (call_id, event, at_ms, name, detail) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (call_id, event) DO UPDATE
         SET at_ms = excluded.at_ms, name = excluded.name, detail = excluded.detail",
    )
    .bind(call_id.hyphenated())
    .bind(event)
    .bind(at.as_ms() as i64)
    .bind(name)
    .bind(detail)
    .execute(connection)
    .await
    .map(drop)
}

async fn write_end(
    connection: &mut SqliteConnection,
    call_id: Uuid,
    at: CallTime,
    ending: Ending,
    outcome: &str,
) -> sqlx::Result<()> {
    let started: Option<DateTime<Utc>> = sqlx::query_scalar("SELECT start_time FROM calls WHERE id = $1")
        .bind(call_id.hyphenated())
        .fetch_optional(&mut *connection)
        .await?;
    let duration_ms = at.as_ms() as i64;
    let end = started.map(|start| moment_of(start.timestamp_millis().saturating_add(duration_ms)));
    sqlx::query(
        "UPDATE calls SET status = 'completed', end_time = $2, duration_ms = $3, ending = $4, outcome = $5
         WHERE id = $1",
    )
    .bind(call_id.hyphenated())
    .bind(end)
    .bind(duration_ms)
    .bind(ending_word(ending))
    .bind(outcome)
    .execute(connection)
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

/// Closes the calls that a process left behind when it died: as interrupted, at the last moment that is known of them.
async fn close_interrupted(connection: &mut SqliteConnection) -> sqlx::Result<()> {
    let calls: Vec<(String, DateTime<Utc>, i64)> = sqlx::query_as(
        "SELECT id, start_time, max(
             coalesce((SELECT max(end_ms) FROM transcripts WHERE call_id = calls.id), 0),
             coalesce((SELECT max(at_ms) FROM events WHERE call_id = calls.id), 0),
             coalesce((SELECT max(turn_ended_ms) FROM turns WHERE call_id = calls.id), 0))
         FROM calls WHERE status = 'active'",
    )
    .fetch_all(&mut *connection)
    .await?;
    for (id, start, last_ms) in &calls {
        sqlx::query("UPDATE calls SET status = 'interrupted', end_time = $2, duration_ms = $3 WHERE id = $1")
            .bind(id)
            .bind(moment_of(start.timestamp_millis().saturating_add(*last_ms)))
            .bind(last_ms)
            .execute(&mut *connection)
            .await?;
    }
    if !calls.is_empty() {
        tracing::warn!(calls = calls.len(), "calls that an earlier run left open are closed as interrupted");
    }
    Ok(())
}
