//! Why a question about calls is not answered. What went on inside is logged, not sent.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::store::query::QueryError;
use crate::web::access::Refused;
use crate::web::problem::{self, Wrong};

/// Why a question about calls is not answered.
#[derive(Debug)]
pub(in crate::web) enum Refusal {
    /// 401 or 403.
    Access(Refused),
    /// 400.
    Wrong(Vec<Wrong>),
    /// 404: not there, or another business's.
    NotFound(&'static str),
    /// 409: not as long as it is as it is.
    Conflict(&'static str),
    /// 410: was there.
    Gone(&'static str),
    /// 503.
    Away,
}

impl Refusal {
    pub(in crate::web) fn wrong(field: impl Into<std::borrow::Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self::Wrong(vec![Wrong { field: field.into(), detail: detail.into() }])
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        Self::Access(refused)
    }
}

impl From<QueryError> for Refusal {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Wrong { field, detail } => Self::wrong(field, detail),
            QueryError::Store(error) => {
                tracing::warn!("the records cannot be read: {error}");
                Self::Away
            }
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Access(refused) => refused.into_response(),
            Self::Wrong(wrong) => {
                let told: Vec<String> =
                    wrong.iter().map(|wrong| format!("{}: {}", wrong.field, wrong.detail)).collect();
                problem::respond(StatusCode::BAD_REQUEST, &told.join("; "), &wrong, None, None)
            }
            Self::NotFound(detail) => problem::respond(StatusCode::NOT_FOUND, detail, &[], None, None),
            Self::Conflict(detail) => problem::respond(StatusCode::CONFLICT, detail, &[], None, None),
            Self::Gone(detail) => problem::respond(StatusCode::GONE, detail, &[], None, None),
            Self::Away => {
                let detail = "the database does not answer; try again";
                problem::respond(StatusCode::SERVICE_UNAVAILABLE, detail, &[], None, Some(1))
            }
        }
    }
}

/// Anything else below `/api`.
pub(super) async fn no_such_address() -> Refusal {
    Refusal::NotFound("there is no such address; /api/openapi.json describes those there are")
}
