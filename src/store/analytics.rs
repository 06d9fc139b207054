//! A call's figures, costs and metadata, each row once however often it is written.

use engine::figures::{Cost, Figures, Metadata, Sentiment};
use sqlx::SqliteConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::rows::moment_of;

pub(super) async fn write_figures(
    connection: &mut SqliteConnection,
    call_id: Uuid,
    figures: &Figures,
) -> sqlx::Result<()> {
    let sentiment = figures.sentiment.as_ref();
    sqlx::query(
        "INSERT INTO analytics (call_id, snapshot, snapshot_time, sentiment, sentiment_score, sentiment_by, talk_time_ms,
                                caller_talk_ms, assistant_talk_ms, silence_time_ms, interruptions, average_latency_ms,
                                p95_latency_ms, metrics)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         ON CONFLICT (call_id, snapshot) DO UPDATE
         SET snapshot_time = excluded.snapshot_time, sentiment = excluded.sentiment,
             sentiment_score = excluded.sentiment_score, sentiment_by = excluded.sentiment_by,
             talk_time_ms = excluded.talk_time_ms, caller_talk_ms = excluded.caller_talk_ms,
             assistant_talk_ms = excluded.assistant_talk_ms, silence_time_ms = excluded.silence_time_ms,
             interruptions = excluded.interruptions, average_latency_ms = excluded.average_latency_ms,
             p95_latency_ms = excluded.p95_latency_ms, metrics = excluded.metrics",
    )
    .bind(call_id.hyphenated().to_string())
    .bind(i64::from(figures.snapshot))
    .bind(moment_of(figures.taken_at_ms))
    .bind(sentiment.map(|sentiment| sentiment.mood.name()))
    .bind(sentiment.map(|sentiment| sentiment.score))
    .bind(sentiment.map(|Sentiment { by, .. }| by.as_str()))
    .bind(figures.talk_time_ms as i64)
    .bind(figures.caller_talk_ms as i64)
    .bind(figures.assistant_talk_ms as i64)
    .bind(figures.silence_time_ms as i64)
    .bind(i64::from(figures.interruptions))
    .bind(figures.average_latency_ms.map(|ms| ms as i64))
    .bind(figures.p95_latency_ms.map(|ms| ms as i64))
    .bind(Json(&figures.metrics))
    .execute(connection)
    .await
    .map(drop)
}

pub(super) async fn write_cost(connection: &mut SqliteConnection, call_id: Uuid, cost: &Cost) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO costs (call_id, stage, quantity, unit, micros, saved_micros, wasted_micros)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (call_id, stage) DO UPDATE
         SET quantity = excluded.quantity, unit = excluded.unit, micros = excluded.micros,
             saved_micros = excluded.saved_micros, wasted_micros = excluded.wasted_micros",
    )
    .bind(call_id.hyphenated().to_string())
    .bind(&cost.stage)
    .bind(cost.quantity)
    .bind(&cost.unit)
    .bind(cost.micros)
    .bind(cost.saved_micros)
    .bind(cost.wasted_micros)
    .execute(connection)
    .await
    .map(drop)
}

/// What somebody else wrote into `custom_data` stays.
pub(super) async fn write_metadata(
    connection: &mut SqliteConnection,
    call_id: Uuid,
    metadata: &Metadata,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO call_metadata (call_id, language, region, device_type, network_quality)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (call_id) DO UPDATE
         SET language = excluded.language, region = excluded.region, device_type = excluded.device_type,
             network_quality = excluded.network_quality",
    )
    .bind(call_id.hyphenated().to_string())
    .bind(&metadata.language)
    .bind(&metadata.region)
    .bind(&metadata.device_type)
    .bind(&metadata.network_quality)
    .execute(connection)
    .await
    .map(drop)
}
