//! One call with everything that is known of it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::FromRow;
use sqlx::types::Json;

use super::QueryError;
use super::filter::Scope;
use crate::store::statement::Statement;
use crate::store::{CallRecord, Records};

/// One call with everything that is known of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WholeCall {
    /// What happened in it.
    #[serde(flatten)]
    pub call: CallRecord,
    /// Its figures, once it ended.
    pub analytics: Option<AnalyticsRecord>,
    /// Figures that were taken while it went on, in order.
    pub snapshots: Vec<AnalyticsRecord>,
    /// What it cost, by stage.
    pub costs: Vec<CostRecord>,
    /// What is known of the caller's side.
    pub metadata: Option<MetadataRecord>,
}

/// Figures of a call at a moment.
#[derive(Debug, Clone, PartialEq, Serialize, FromRow)]
pub struct AnalyticsRecord {
    /// 0: when the call ended; 1, 2, …: while it went on.
    pub snapshot: i64,
    /// When they were taken.
    pub snapshot_time: DateTime<Utc>,
    /// `positive`, `neutral` or `negative`.
    pub sentiment: Option<String>,
    /// -1 to 1.
    pub sentiment_score: Option<f64>,
    /// `lexicon` or `model`.
    pub sentiment_by: Option<String>,
    /// Somebody was heard.
    pub talk_time_ms: i64,
    /// The caller was.
    pub caller_talk_ms: i64,
    /// The assistant was.
    pub assistant_talk_ms: i64,
    /// Nobody was.
    pub silence_time_ms: i64,
    /// How often the caller cut in.
    pub interruptions: i64,
    /// From the end of the caller's speech to our first frame, on average.
    pub average_latency_ms: Option<i64>,
    /// The same of the slowest in twenty.
    pub p95_latency_ms: Option<i64>,
    /// Words per minute, pauses, overtalk, percentiles, ….
    pub metrics: Json<serde_json::Value>,
}

/// What one stage of a call cost; money in millionths of a US dollar.
#[derive(Debug, Clone, PartialEq, Serialize, FromRow)]
pub struct CostRecord {
    /// `telephony`, `speech_to_text`, `model` or `text_to_speech`.
    pub stage: String,
    /// How much was used.
    pub quantity: f64,
    /// Of what: `minute`, `token`, `character`.
    pub unit: String,
    /// What it cost.
    pub micros: i64,
    /// What the cache saved.
    pub saved_micros: i64,
    /// What was spent on guesses that came to nothing.
    pub wasted_micros: i64,
}

/// What is known of the caller's side.
#[derive(Debug, Clone, PartialEq, Serialize, FromRow)]
pub struct MetadataRecord {
    /// BCP 47.
    pub language: Option<String>,
    /// ISO 3166, of the caller's number.
    pub region: Option<String>,
    /// `phone` or `browser`.
    pub device_type: Option<String>,
    /// `good`, `fair` or `poor`.
    pub network_quality: Option<String>,
    /// Whatever else.
    pub custom_data: Json<serde_json::Value>,
}

impl Records {
    /// One call by our own id, with everything; none when there is no such call in the scope.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn whole_call(&self, id: &str, scope: &Scope) -> Result<Option<WholeCall>, QueryError> {
        let mut statement = Statement::default();
        statement.add("SELECT call_sid FROM calls WHERE id = ?", [id.into()]);
        if let Scope::Business(name) = scope {
            statement.add(" AND business = ?", [name.into()]);
        }
        let Some((call_sid,)) = statement.first::<(String,)>(self).await? else { return Ok(None) };
        let Some(call) = self.call(&call_sid).await? else { return Ok(None) };
        let mut analytics: Vec<AnalyticsRecord> = self.of_call(FIGURES, id).await?;
        let last = analytics.first().is_some_and(|first| first.snapshot == 0).then(|| analytics.remove(0));
        let metadata: Vec<MetadataRecord> = self.of_call(METADATA, id).await?;
        Ok(Some(WholeCall {
            call,
            analytics: last,
            snapshots: analytics,
            costs: self.of_call(COSTS, id).await?,
            metadata: metadata.into_iter().next(),
        }))
    }
}

const FIGURES: &str =
    "SELECT snapshot, snapshot_time, sentiment, sentiment_score, sentiment_by, talk_time_ms, caller_talk_ms,
    assistant_talk_ms, silence_time_ms, interruptions, average_latency_ms, p95_latency_ms, metrics FROM analytics
    WHERE call_id = $1 ORDER BY snapshot";

const METADATA: &str = "SELECT language, region, device_type, network_quality, custom_data FROM call_metadata
    WHERE call_id = $1";

const COSTS: &str = "SELECT stage, quantity, unit, micros, saved_micros, wasted_micros FROM costs
    WHERE call_id = $1 ORDER BY stage";
