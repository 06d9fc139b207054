//! What is known of recordings, and which calls have none yet.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use uuid::Uuid;

use super::database::Transaction;
use super::statement::Statement;
use super::{Store, StoreError};

/// Calls that are looked at after a crash, the latest first.
const UNRECORDED_MAX: i64 = 1_000;

/// How long ago they may have begun.
const UNRECORDED_DAYS: i64 = 7;

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
    #[sqlx(try_from = "i64")]
    pub sample_rate: u32,
    /// 2: the caller left, the assistant right.
    #[sqlx(try_from = "i64")]
    pub channels: u16,
    /// How long it plays.
    #[sqlx(try_from = "i64")]
    pub duration_ms: u64,
    /// How long the file is.
    #[sqlx(try_from = "i64")]
    pub size_bytes: u64,
    /// Of the file, in lower-case hex; none of recordings older than that.
    #[serde(default)]
    pub sha256: Option<String>,
    /// Nobody reads it without the key.
    #[serde(default)]
    pub encrypted: bool,
    /// Where the object store has it, if it does.
    #[serde(default)]
    pub file_url: Option<String>,
}

/// A call of this instance's that is over and has no recording on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unrecorded {
    /// Our own id of the call.
    pub call_id: Uuid,
    /// The carrier's id.
    pub call_sid: String,
    /// Which leg of the carrier's call it is, from 1 on.
    pub leg: u32,
    /// When it was answered: milliseconds since 1970 in UTC.
    pub started_at_ms: i64,
}

impl Store {
    /// The latest calls that this instance took before now, that are over and have no recording on record. Asked at the start,
    /// these are an earlier run's; those of this run have their own tasks to do it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn unrecorded(&self, now_ms: i64) -> Result<Vec<Unrecorded>, StoreError> {
        let now = super::rows::moment_of(now_ms);
        let since = now - TimeDelta::days(UNRECORDED_DAYS);
        let rows: Vec<(String, String, DateTime<Utc>)> = Statement::of(
            "SELECT id, call_sid, start_time FROM calls
             WHERE start_time >= $1 AND start_time < $2 AND status <> 'active' AND instance = $3
               AND NOT EXISTS (SELECT 1 FROM recordings WHERE call_id = calls.id)
             ORDER BY start_time DESC LIMIT $4",
            [since.into(), now.into(), self.instance.into(), UNRECORDED_MAX.into()],
        )
        .all(&self.database.ask())
        .await?;
        let read = |(id, call_sid, start): (String, String, DateTime<Utc>)| {
            let (sid, leg) = call_sid.split_once('#').unwrap_or((&call_sid, "1"));
            Some(Unrecorded {
                call_id: Uuid::try_parse(&id).ok()?,
                leg: leg.parse().ok()?,
                call_sid: sid.to_owned(),
                started_at_ms: start.timestamp_millis(),
            })
        };
        Ok(rows.into_iter().filter_map(read).collect())
    }
}

pub(super) async fn write(transaction: &mut Transaction, call_id: Uuid, recording: &RecordingRow) -> sqlx::Result<()> {
    Statement::of(
        "INSERT INTO recordings (call_id, file_path, format, codec, sample_rate, channels, duration_ms, size_bytes, sha256,
                                 encrypted, file_url)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         ON CONFLICT (call_id, file_path) DO UPDATE
         SET duration_ms = excluded.duration_ms, size_bytes = excluded.size_bytes, sha256 = excluded.sha256,
             encrypted = excluded.encrypted, file_url = coalesce(excluded.file_url, recordings.file_url)",
        [
            call_id.into(),
            (&recording.file_path).into(),
            (&recording.format).into(),
            (&recording.codec).into(),
            recording.sample_rate.into(),
            u32::from(recording.channels).into(),
            recording.duration_ms.into(),
            recording.size_bytes.into(),
            (&recording.sha256).into(),
            recording.encrypted.into(),
            (&recording.file_url).into(),
        ],
    )
    .run(transaction)
    .await
    .map(drop)
}
