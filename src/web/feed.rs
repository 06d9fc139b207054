//! Calendars for calendar programs: `GET /calendar/<token>.ics`.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use super::Front;

/// Whose calendar it is stands in the token, which is all that is asked for: calendar programs cannot log in.
pub(super) async fn feed(State(front): State<Arc<Front>>, Path(name): Path<String>) -> Response {
    let token = name.strip_suffix(".ics").unwrap_or_default();
    match front.desk.feed(token).await {
        Some(text) => {
            let headers = [(CONTENT_TYPE, "text/calendar; charset=utf-8"), (CACHE_CONTROL, "private, max-age=60")];
            (headers, text).into_response()
        }
        None => (StatusCode::NOT_FOUND, "No such calendar. `frontdesk feeds` lists the addresses.\n").into_response(),
    }
}
