//! Requests that are refused, as Deepgram refuses them: a status, `dg-request-id`, `dg-error`, and a JSON body that says
//! the same (developers.deepgram.com/docs/errors).

use axum::Json;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// The header in which every answer names its request.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("dg-request-id");
const ERROR: HeaderName = HeaderName::from_static("dg-error");

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Refusal {
    /// No key, or one that is not believed.
    pub(super) fn bad_key() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "INVALID_AUTH", "Invalid credentials.".into())
    }

    /// A parameter, or a combination of them, that is not accepted.
    pub(super) fn parameter(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "INVALID_QUERY_PARAMETER", message.into())
    }

    /// A value that the parameter does not take.
    pub(super) fn value(name: &str, value: &str) -> Self {
        Self::parameter(format!("Invalid '{name}' value of '{value}'."))
    }

    /// A body that cannot be used.
    pub(super) fn payload(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "PAYLOAD_ERROR", message.into())
    }

    /// More text than one request may have.
    pub(super) fn too_long(message: String) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "Payload Too Large", message)
    }

    /// A body of a type that is not taken.
    pub(super) fn content_type() -> Self {
        let message = "Content-Type must be application/json or text/plain.";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", message.into())
    }

    /// What a status that was set as a fault stands for.
    pub(super) fn of_status(status: u16) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (code, message) = match status.as_u16() {
            401 => return Self::bad_key(),
            402 => ("ASR_PAYMENT_REQUIRED", "Project does not have enough credits for an ASR request."),
            403 => {
                ("INSUFFICIENT_PERMISSIONS", "User does not have sufficient permissions for the requested operation.")
            }
            429 => ("TOO_MANY_REQUESTS", "Too many requests. Please try again later"),
            503 => ("SERVICE_UNAVAILABLE", "The service is currently overloaded."),
            _ => ("INTERNAL_SERVER_ERROR", "An internal error occurred."),
        };
        Self::new(status, code, message.into())
    }

    fn new(status: StatusCode, code: &'static str, message: String) -> Self {
        Self { status, code, message }
    }

    /// The answer, naming the request.
    pub(super) fn answer(self, request_id: &str) -> Response {
        let body = json!({ "err_code": self.code, "err_msg": self.message, "request_id": request_id });
        (self.status, [(REQUEST_ID, request_id.to_owned()), (ERROR, self.message)], Json(body)).into_response()
    }
}
