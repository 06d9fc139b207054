//! Who looks at a page, and what they are shown where they may not look: people are led to the login, not told of headers.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;

use super::layout;
use crate::store::query::QueryError;
use crate::web::Front;
use crate::web::access::{Refused, Visitor};
use crate::web::api::refusal::Refusal;

/// A visitor of a page.
pub(super) struct Viewer(pub(super) Visitor);

/// Why a page is not shown; shown as a page.
pub(super) enum NoPage {
    /// To the login, and back to this page from there.
    LogIn(String),
    Refused(Refusal),
}

impl FromRequestParts<Arc<Front>> for Viewer {
    type Rejection = NoPage;

    async fn from_request_parts(parts: &mut Parts, front: &Arc<Front>) -> Result<Self, NoPage> {
        match Visitor::from_request_parts(parts, front).await {
            Ok(visitor) => Ok(Self(visitor)),
            Err(refused @ (Refused::Role(_) | Refused::Origin)) => Err(NoPage::Refused(refused.into())),
            Err(_) => {
                let wanted = parts.uri.path_and_query().map_or("/", |path| path.as_str());
                let next: String = form_urlencoded::byte_serialize(wanted.as_bytes()).collect();
                Err(NoPage::LogIn(format!("/login?next={next}")))
            }
        }
    }
}

impl From<Refusal> for NoPage {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<QueryError> for NoPage {
    fn from(error: QueryError) -> Self {
        Self::Refused(error.into())
    }
}

impl IntoResponse for NoPage {
    fn into_response(self) -> Response {
        let refusal = match self {
            Self::LogIn(there) => return Redirect::to(&there).into_response(),
            Self::Refused(refusal) => refusal,
        };
        let (status, title, detail) = told(refusal);
        let body = html! {
            div.card.problem {
                h1 { (title) }
                @for line in detail { p { (line) } }
                p { a href="/calls" { "All calls" } " · " a href="/" { "Overview" } }
            }
        };
        (status, layout::page(title, "", None, None, body)).into_response()
    }
}

fn told(refusal: Refusal) -> (StatusCode, &'static str, Vec<String>) {
    match refusal {
        Refusal::Access(refused) => (StatusCode::FORBIDDEN, "Not for you", vec![refused.to_string()]),
        Refusal::Wrong(wrong) => {
            let told = wrong.iter().map(|wrong| format!("{}: {}", wrong.field, wrong.detail)).collect();
            (StatusCode::BAD_REQUEST, "That cannot be asked", told)
        }
        Refusal::NotFound(detail) => (StatusCode::NOT_FOUND, "Nothing here", vec![detail.to_owned()]),
        Refusal::Conflict(detail) => (StatusCode::CONFLICT, "Not now", vec![detail.to_owned()]),
        Refusal::Gone(detail) => (StatusCode::GONE, "Not here any more", vec![detail.to_owned()]),
        Refusal::Away => {
            let detail = "The records cannot be read just now; the log says why. Try again in a moment.";
            (StatusCode::SERVICE_UNAVAILABLE, "Just a moment", vec![detail.to_owned()])
        }
    }
}
