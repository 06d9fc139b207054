//! `/api`: what analysts and their programs ask about calls. Described by `/api/openapi.json`, and in docs/api.md.
//!
//! Everything is read from the [store](crate::store::query), as much of it as the [visitor](super::access::Visitor) may see.

pub(super) mod appointments;
mod audio;
pub(super) mod calls;
mod exports;
mod figures;
pub mod live;
pub(super) mod messages;
pub(super) mod params;
pub(super) mod refusal;
mod search;

use std::sync::Arc;

use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Extension, Router};

use super::{Front, Kept};

use params::Params;
use refusal::Refusal;

/// The routes that answer at once.
pub(super) fn routes() -> Router<Arc<Front>> {
    Router::new()
        .route("/api/calls", get(calls::list))
        .route("/api/calls/{id}", get(calls::show).delete(calls::delete))
        .route("/api/search", get(search::find))
        .route("/api/aggregates", get(figures::count))
        .route("/api/appointments", get(appointments::list))
        .route("/api/messages", get(messages::list))
        .route("/api/messages/{id}/done", post(messages::done).delete(messages::open))
        .route("/api/openapi.json", get(described))
        .route("/api/{*rest}", get(refusal::no_such_address))
}

/// `GET /api/openapi.json`.
async fn described() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], include_str!("openapi.json"))
}

/// The routes whose answers go on for as long as somebody reads them.
pub(super) fn streams() -> Router<Arc<Front>> {
    Router::new()
        .route("/api/calls/{id}/audio", get(audio::give).layer(Extension(Kept::Audio)))
        .route("/api/calls/{id}/tape", get(audio::give).layer(Extension(Kept::Tape)))
        .route("/api/live", get(live::follow))
        .route("/api/exports/{file}", get(exports::download))
}
