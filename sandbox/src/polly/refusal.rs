//! Requests that are refused, as AWS's REST services refuse them: the type in a header, the message in the body.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    status: u16,
    kind: String,
    message: String,
}

impl Refusal {
    pub(super) fn new(status: u16, kind: &str, message: &str) -> Self {
        Self { status, kind: kind.to_owned(), message: message.to_owned() }
    }

    pub(super) fn answer(self, retry_after: Option<u64>) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let named = [
            (HeaderName::from_static("x-amzn-errortype"), format!("{}:http://internal.amazon.com/coral/", self.kind)),
            (HeaderName::from_static("x-amzn-requestid"), request_id()),
        ];
        let mut response = (status, named, Json(json!({ "message": self.message }))).into_response();
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// Unique in this process; in the form the service uses.
pub(super) fn request_id() -> String {
    static REQUESTS: AtomicU64 = AtomicU64::new(1);
    format!("00000000-0000-4000-8000-{:012x}", REQUESTS.fetch_add(1, Ordering::Relaxed))
}
