//! What operators and their machines ask: are you well, may calls come, what are your numbers.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use serde::Serialize;

use super::Front;

/// How we are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Health {
    /// What runs.
    pub version: &'static str,
    /// The vendors that the sandbox stands in for: `deepgram`, `openai`, `twilio`. Empty when all is real.
    pub sandbox: Vec<&'static str>,
    /// The process is going down and takes no calls.
    pub draining: bool,
    /// Calls going on.
    pub calls_active: usize,
    /// Calls that may go on at once.
    pub calls_max: usize,
    /// The parts calls depend on, by name.
    pub parts: BTreeMap<&'static str, Part>,
}

/// How one part is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Part {
    /// Well.
    Works,
    /// Not well; calls go on without it.
    Impaired {
        /// What is wrong, and the remedy.
        why: String,
    },
    /// Calls cannot be taken.
    Failed {
        /// What is wrong, and the remedy.
        why: String,
    },
}

impl Health {
    /// Whether calls may be sent here.
    pub fn is_ready(&self) -> bool {
        !self.draining && !self.parts.values().any(|part| matches!(part, Part::Failed { .. }))
    }

    /// One word for it: `ok`, `draining`, `failed` or `impaired`.
    pub fn status(&self) -> &'static str {
        let has = |wanted: fn(&Part) -> bool| self.parts.values().any(wanted);
        if self.draining {
            "draining"
        } else if has(|part| matches!(part, Part::Failed { .. })) {
            "failed"
        } else if has(|part| matches!(part, Part::Impaired { .. })) {
            "impaired"
        } else {
            "ok"
        }
    }
}

#[derive(Serialize)]
struct Report {
    status: &'static str,
    #[serde(flatten)]
    health: Health,
}

/// `GET /health`: 200 as long as the process can answer at all, and how it is.
pub(super) async fn health(State(front): State<Arc<Front>>) -> impl IntoResponse {
    let health = front.desk.health();
    Json(Report { status: health.status(), health })
}

/// `GET /ready`: 200 when calls may be sent here, 503 when not.
pub(super) async fn ready(State(front): State<Arc<Front>>) -> impl IntoResponse {
    let health = front.desk.health();
    let status = if health.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Report { status: health.status(), health }))
}

/// `GET /metrics`, for Prometheus.
pub(super) async fn metrics(State(front): State<Arc<Front>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], front.desk.metrics_text())
}

/// `GET /metrics.json`, the same for people and scripts.
pub(super) async fn metrics_json(State(front): State<Arc<Front>>) -> impl IntoResponse {
    Json(front.desk.metrics_json())
}
