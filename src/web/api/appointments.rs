//! `/api/appointments`: what is booked, by day.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::{Params, Refusal};
use crate::store::query::{DaySpan, hidden};
use crate::store::{AppointmentRecord, Details};
use crate::web::Front;
use crate::web::access::Visitor;

/// What is shown when nothing is asked for: the week that begins.
const DAYS_SHOWN: i64 = 7;

/// The longest time that is asked about at once.
const DAYS_MAX: i64 = 366;

/// `GET /api/appointments`.
pub(super) async fn list(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Refusal> {
    let mut params = Params::of(query.as_deref());
    let now = DateTime::<Utc>::from_timestamp_millis((front.wall_ms)()).unwrap_or_default();
    let from = params.moment("from").unwrap_or(now);
    let to = params.moment("to").unwrap_or(from + Duration::days(DAYS_SHOWN));
    let span = DaySpan { scope: visitor.scope.clone(), business: params.text("business"), from, to };
    params.finish()?;
    if to <= from || to - from > Duration::days(DAYS_MAX) {
        return Err(Refusal::wrong("to", format!("it must be later than from, by {DAYS_MAX} days at most")));
    }
    let appointments = front.store.records().appointments_between(&span).await?;
    let items: Vec<_> = appointments.into_iter().map(|appointment| shown(appointment, &visitor)).collect();
    Ok(Json(json!({ "items": items })))
}

/// As much of an appointment as the visitor may see.
pub(in crate::web) fn shown(appointment: AppointmentRecord, visitor: &Visitor) -> AppointmentRecord {
    if visitor.is_manager() {
        return appointment;
    }
    let (phone, name) = (hidden::number(&appointment.phone), hidden::name(&appointment.name));
    AppointmentRecord { phone, name, details: Details::default(), ..appointment }
}
