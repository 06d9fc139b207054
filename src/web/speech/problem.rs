//! Why a request gets no speech, as `application/problem+json` (RFC 9457). What went on inside is logged, not sent.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::web::problem::{self, Wrong};
use crate::web::tokens::NotTrusted;

/// Why a request gets no speech.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Problem {
    /// 401.
    #[error("send a key of API_KEYS or a token as `Authorization: Bearer …` or `X-API-Key: …`")]
    NotKnown,
    /// 401, or 403 when it is good for something else.
    #[error(transparent)]
    Token(#[from] NotTrusted),
    /// 429.
    #[error("this client asks more often than it may")]
    TooOften {
        /// When there is room again.
        after_s: u64,
    },
    /// 400.
    #[error("fields cannot be used: {}", fields(.0))]
    Wrong(Vec<Wrong>),
    /// 413 or 400: a body that cannot be read.
    #[error("{1}")]
    Body(StatusCode, String),
    /// 422.
    #[error("this Idempotency-Key stands for another request")]
    KeyReused,
    /// 403.
    #[error("the address is not signed, or was changed")]
    NotSigned,
    /// 410.
    #[error("the address is no longer good; ask POST /call for another")]
    Expired,
    /// 404.
    #[error("this phrase is not kept any more; ask POST /call for it again")]
    NotFound,
    /// 404.
    #[error("there is no such job of this client's, or not any more")]
    NoSuchJob,
    /// 503.
    #[error("too many jobs wait; try again later")]
    QueueFull,
    /// 503.
    #[error("the queue of jobs does not answer; try again, or leave out async")]
    QueueAway,
    /// 503.
    #[error("speech cannot be had at the moment")]
    Retry,
    /// 504.
    #[error("speech took too long; it is being made, so ask again")]
    Late,
    /// 502.
    #[error("the provider of speech refuses this; the log says why")]
    Refused,
}

fn fields(wrong: &[Wrong]) -> String {
    wrong.iter().map(|wrong| &*wrong.field).collect::<Vec<_>>().join(", ")
}

impl Problem {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotKnown => StatusCode::UNAUTHORIZED,
            Self::Token(NotTrusted::Scope) => StatusCode::FORBIDDEN,
            Self::Token(_) => StatusCode::UNAUTHORIZED,
            Self::TooOften { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Wrong(_) => StatusCode::BAD_REQUEST,
            Self::Body(status, _) => *status,
            Self::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::NotSigned => StatusCode::FORBIDDEN,
            Self::Expired => StatusCode::GONE,
            Self::NotFound | Self::NoSuchJob => StatusCode::NOT_FOUND,
            Self::Retry | Self::QueueFull | Self::QueueAway => StatusCode::SERVICE_UNAVAILABLE,
            Self::Late => StatusCode::GATEWAY_TIMEOUT,
            Self::Refused => StatusCode::BAD_GATEWAY,
        }
    }

    /// What is wanted of whoever asks (RFC 6750, section 3).
    fn challenge(&self) -> Option<&'static str> {
        match self {
            Self::NotKnown => Some("Bearer"),
            Self::Token(NotTrusted::Scope) => Some("Bearer error=\"insufficient_scope\", scope=\"speech\""),
            Self::Token(_) => Some("Bearer error=\"invalid_token\""),
            _ => None,
        }
    }

    /// After how many seconds asking again makes sense.
    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::TooOften { after_s } => Some(*after_s),
            Self::Retry | Self::Late | Self::QueueAway => Some(1),
            Self::QueueFull => Some(10),
            _ => None,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        tracing::debug!(status = status.as_u16(), "request for speech refused: {self}");
        let errors: &[Wrong] = if let Self::Wrong(wrong) = &self { wrong } else { &[] };
        problem::respond(status, &self.to_string(), errors, self.challenge(), self.retry_after_s())
    }
}
