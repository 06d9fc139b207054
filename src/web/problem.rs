//! What is sent when something cannot be done: `application/problem+json` (RFC 9457).

use std::borrow::Cow;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

/// A field that cannot be used, and what it ought to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Wrong {
    /// Its name as it is sent.
    pub(super) field: Cow<'static, str>,
    /// What it ought to be.
    pub(super) detail: String,
}

/// The answer. `challenge` says what is wanted of whoever asks (RFC 6750, section 3), `retry_after_s` when asking again
/// makes sense.
pub(super) fn respond(
    status: StatusCode,
    detail: &str,
    errors: &[Wrong],
    challenge: Option<&'static str>,
    retry_after_s: Option<u64>,
) -> Response {
    let mut body = json!({
        "type": "about:blank",
        "title": status.canonical_reason().unwrap_or_default(),
        "status": status.as_u16(),
        "detail": detail,
    });
    if !errors.is_empty() {
        body["errors"] = json!(errors);
    }
    let mut response = (status, [(CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response();
    if let Some(seconds) = retry_after_s {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(challenge) = challenge {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    response
}
