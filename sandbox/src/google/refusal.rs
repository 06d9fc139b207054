//! Requests that are refused, as Google's services refuse them: `{"error": {"code", "message", "status"}}`.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    code: u16,
    status: String,
    message: String,
}

impl Refusal {
    pub(super) fn new(code: u16, status: &str, message: &str) -> Self {
        Self { code, status: status.to_owned(), message: message.to_owned() }
    }

    pub(super) fn answer(self, retry_after: Option<u64>) -> Response {
        let Self { code, status, message } = self;
        let body = json!({ "error": { "code": code, "message": message, "status": status } });
        let code = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (code, Json(body)).into_response();
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
