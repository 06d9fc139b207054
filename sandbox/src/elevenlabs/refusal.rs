//! Requests that are refused, as ElevenLabs refuses them: `{"detail": {"status", "message"}}`, or a list where a field
//! makes no sense.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refusal {
    status: u16,
    detail: Value,
}

impl Refusal {
    /// A refusal by the name that ElevenLabs has for it.
    pub(super) fn named(status: u16, name: &str) -> Self {
        let message = match name {
            "invalid_api_key" => "Invalid API key",
            "quota_exceeded" => "This request exceeds your quota.",
            "voice_not_found" => "A voice with the given voice_id was not found.",
            "max_character_limit_exceeded" => "The text is longer than this model takes in one request.",
            "too_many_concurrent_requests" => "You have more requests under way than your subscription allows.",
            "system_busy" => "We are experiencing heavy traffic, please try again later.",
            _ => "The request was refused.",
        };
        Self { status, detail: json!({ "status": name, "message": message }) }
    }

    /// 422: a field that is missing or makes no sense.
    pub(super) fn wrong(field: &str, message: &str, kind: &str) -> Self {
        Self { status: 422, detail: json!([{ "loc": ["body", field], "msg": message, "type": kind }]) }
    }

    pub(super) fn answer(self, retry_after: Option<u64>) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(json!({ "detail": self.detail }))).into_response();
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
