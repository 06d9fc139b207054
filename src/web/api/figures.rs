//! `/api/aggregates`: figures over time.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;

use super::{Params, Refusal};
use crate::store::query::{Figures, Spans, Step};
use crate::web::Front;
use crate::web::access::Visitor;

/// What is shown when nothing is asked for: a week.
const DAYS_SHOWN: i64 = 7;

/// `GET /api/aggregates`.
pub(super) async fn count(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Json<Figures>, Refusal> {
    let mut params = Params::of(query.as_deref());
    let step = params.parsed("step", "write hour, day or week", Step::of_name).unwrap_or(Step::Day);
    let zone = params.parsed("time_zone", "write a zone like America/New_York", |name| name.parse::<Tz>().ok());
    let filter = params.filter(&visitor)?;
    params.finish()?;
    let now = DateTime::<Utc>::from_timestamp_millis((front.wall_ms)()).unwrap_or_default();
    let to = filter.to.unwrap_or(now);
    let from = filter.from.unwrap_or(to - Duration::days(DAYS_SHOWN - 1));
    let spans = Spans::between(from, to, step, zone.unwrap_or(front.time_zone))?;
    Ok(Json(front.store.records().figures(&filter, &spans).await?))
}
