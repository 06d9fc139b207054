//! A call's figures, costs and metadata, each row once however often it is written.

use engine::figures::{Cost, Figures, Metadata, Sentiment, Summary};
use uuid::Uuid;

use super::database::Transaction;
use super::rows::moment_of;
use super::statement::Statement;

pub(super) async fn write_figures(transaction: &mut Transaction, call_id: Uuid, figures: &Figures) -> sqlx::Result<()> {
    let sentiment = figures.sentiment.as_ref();
    let metrics = serde_json::to_value(&figures.metrics).map_err(|error| sqlx::Error::Encode(error.into()))?;
    Statement::of(
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
        [
            call_id.into(),
            figures.snapshot.into(),
            moment_of(figures.taken_at_ms).into(),
            sentiment.map(|sentiment| sentiment.mood.name()).into(),
            sentiment.map(|sentiment| sentiment.score).into(),
            sentiment.map(|Sentiment { by, .. }| by.as_str()).into(),
            figures.talk_time_ms.into(),
            figures.caller_talk_ms.into(),
            figures.assistant_talk_ms.into(),
            figures.silence_time_ms.into(),
            figures.interruptions.into(),
            figures.average_latency_ms.into(),
            figures.p95_latency_ms.into(),
            metrics.into(),
        ],
    )
    .run(transaction)
    .await
    .map(drop)
}

pub(super) async fn write_cost(transaction: &mut Transaction, call_id: Uuid, cost: &Cost) -> sqlx::Result<()> {
    Statement::of(
        "INSERT INTO costs (call_id, stage, quantity, unit, micros, saved_micros, wasted_micros)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (call_id, stage) DO UPDATE
         SET quantity = excluded.quantity, unit = excluded.unit, micros = excluded.micros,
             saved_micros = excluded.saved_micros, wasted_micros = excluded.wasted_micros",
        [
            call_id.into(),
            (&cost.stage).into(),
            cost.quantity.into(),
            (&cost.unit).into(),
            cost.micros.into(),
            cost.saved_micros.into(),
            cost.wasted_micros.into(),
        ],
    )
    .run(transaction)
    .await
    .map(drop)
}

/// The figures are written first.
pub(super) async fn write_summary(transaction: &mut Transaction, call_id: Uuid, summary: &Summary) -> sqlx::Result<()> {
    let text = Statement::of("UPDATE calls SET summary = $2 WHERE id = $1", [call_id.into(), (&summary.text).into()]);
    text.run(&mut *transaction).await?;
    let Sentiment { mood, score, by } = &summary.sentiment;
    Statement::of(
        "UPDATE analytics SET sentiment = $2, sentiment_score = $3, sentiment_by = $4 WHERE call_id = $1 AND snapshot = 0",
        [call_id.into(), mood.name().into(), (*score).into(), by.as_str().into()],
    )
    .run(transaction)
    .await
    .map(drop)
}

/// What somebody else wrote into `custom_data` stays.
pub(super) async fn write_metadata(
    transaction: &mut Transaction,
    call_id: Uuid,
    metadata: &Metadata,
) -> sqlx::Result<()> {
    Statement::of(
        "INSERT INTO call_metadata (call_id, language, region, device_type, network_quality)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (call_id) DO UPDATE
         SET language = excluded.language, region = excluded.region, device_type = excluded.device_type,
             network_quality = excluded.network_quality",
        [
            call_id.into(),
            (&metadata.language).into(),
            (&metadata.region).into(),
            (&metadata.device_type).into(),
            (&metadata.network_quality).into(),
        ],
    )
    .run(transaction)
    .await
    .map(drop)
}
