//! Requests that are refused, as OpenAI refuses them (platform.openai.com/docs/guides/error-codes; the messages as the
//! service words them).

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) kind: &'static str,
    pub(crate) message: String,
    /// The parameter that is wrong.
    pub(crate) param: Option<String>,
    pub(crate) code: Option<&'static str>,
    pub(crate) retry_after: Option<u64>,
}

impl Refusal {
    /// 400: a parameter is missing, unknown or has a value it cannot have.
    pub(crate) fn bad(param: &str, code: Option<&'static str>, message: impl Into<String>) -> Self {
        let param = (!param.is_empty()).then(|| param.to_owned());
        Self { param, ..Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", code, message) }
    }

    /// 400: a required parameter is missing.
    pub(crate) fn missing(param: &str) -> Self {
        Self::bad(param, Some("missing_required_parameter"), format!("Missing required parameter: '{param}'."))
    }

    /// 400: a parameter has another type than it must have.
    pub(crate) fn wrong_type(param: &str, expected: &str, found: &Value) -> Self {
        let found = match found {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(number) if number.is_f64() => "a decimal",
            Value::Number(_) => "an integer",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        };
        let message = format!("Invalid type for '{param}': expected {expected}, but got {found} instead.");
        Self::bad(param, Some("invalid_type"), message)
    }

    /// 401: no key.
    pub(crate) fn no_key() -> Self {
        let message = "You didn't provide an API key. You need to provide your API key in an Authorization header using \
                       Bearer auth (i.e. Authorization: Bearer YOUR_KEY).";
        Self::new(StatusCode::UNAUTHORIZED, "invalid_request_error", None, message)
    }

    /// 401: a key that is not believed. Of the key itself nothing is repeated.
    pub(crate) fn bad_key() -> Self {
        let message = "Incorrect API key provided. You can find your API key at \
                       https://platform.openai.com/account/api-keys.";
        Self::new(StatusCode::UNAUTHORIZED, "invalid_request_error", Some("invalid_api_key"), message)
    }

    /// 404: a model that does not exist, or not any more.
    pub(crate) fn no_model(model: &str) -> Self {
        let message = format!("The model `{model}` does not exist or you do not have access to it.");
        Self::new(StatusCode::NOT_FOUND, "invalid_request_error", Some("model_not_found"), message)
    }

    /// 404: an address that is none.
    pub(crate) fn no_address(method: &str, path: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "invalid_request_error", None, format!("Invalid URL ({method} {path})"))
    }

    /// 429: no credit left.
    pub(crate) fn out_of_quota() -> Self {
        let message = "You exceeded your current quota, please check your plan and billing details.";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "insufficient_quota", Some("insufficient_quota"), message)
    }

    /// What a status that was set as a fault stands for.
    pub(crate) fn of_status(status: u16, model: &str, retry_after: Option<u64>) -> Self {
        let refusal = match status {
            400 => Self::bad("", None, "The request was bad, as it was told to be."),
            401 => Self::bad_key(),
            403 => Self::new(
                StatusCode::FORBIDDEN,
                "invalid_request_error",
                Some("unsupported_country_region_territory"),
                "Country, region, or territory not supported",
            ),
            404 => Self::no_model(model),
            429 => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "requests",
                Some("rate_limit_exceeded"),
                format!("Rate limit reached for {model} in organization org-sandbox on requests per min (RPM)."),
            ),
            503 => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "server_error",
                None,
                "The engine is currently overloaded, please try again later.",
            ),
            other => Self::new(
                StatusCode::from_u16(other).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
                "server_error",
                None,
                "The server had an error while processing your request. Sorry about that!",
            ),
        };
        Self { retry_after, ..refusal }
    }

    /// The body, which is also what a stream brings when it fails halfway.
    pub(crate) fn body(&self) -> Value {
        json!({"error": {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}})
    }

    fn new(status: StatusCode, kind: &'static str, code: Option<&'static str>, message: impl Into<String>) -> Self {
        Self { status, kind, message: message.into(), param: None, code, retry_after: None }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body())).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
