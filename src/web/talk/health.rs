//! `GET /api/voice/health`: whether a visitor can talk now, and what is wrong where not.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::web::{Front, Part};

/// The parts that a session depends on, by name: `database`, `redis` where there is one, `model`, `voice`.
pub type VoiceHealth = BTreeMap<&'static str, Part>;

pub(super) async fn show(State(front): State<Arc<Front>>) -> Response {
    let parts = front.desk.voice_health().await;
    let failed = parts.values().any(|part| matches!(part, Part::Failed { .. }));
    let impaired = parts.values().any(|part| !matches!(part, Part::Works));
    let (code, status) = match (failed, impaired) {
        (true, _) => (StatusCode::SERVICE_UNAVAILABLE, "failed"),
        (false, true) => (StatusCode::OK, "impaired"),
        (false, false) => (StatusCode::OK, "ok"),
    };
    (code, Json(json!({"status": status, "parts": parts}))).into_response()
}
