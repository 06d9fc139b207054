//! The dashboard: pages drawn on the server from the [store](crate::store::query), each as much as its
//! [visitor](super::access::Visitor) may see.
//!
//! Whatever came from a caller is text: maud escapes it, and no page runs a script or a style that is not one of our
//! [assets]. Scripts add what a page alone cannot do, which is to play, to follow and to watch; without them everything
//! can still be read.

mod appointments;
mod assets;
mod call;
mod calls;
mod charts;
mod layout;
mod live;
mod login;
mod messages;
mod overview;
mod viewer;
mod waveform;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use chrono::{DateTime, Utc};

use super::Front;

pub(super) use login::show as show_login;
pub use overview::PastDays;

/// The pages, and what they fetch.
pub(super) fn routes() -> Router<Arc<Front>> {
    Router::new()
        .route("/", get(overview::show))
        .route("/calls", get(calls::show))
        .route("/calls/{id}", get(call::show))
        .route("/calls/{id}/remove", post(call::remove))
        .route("/calls/{id}/transcript.csv", get(call::transcript_csv))
        .route("/calls/{id}/waveform.json", get(waveform::show))
        .route("/live", get(live::show))
        .route("/live/{id}", get(live::show_one))
        .route("/appointments", get(appointments::show))
        .route("/messages", get(messages::show))
        .route("/messages/{id}/done", post(messages::done))
        .route("/messages/{id}/open", post(messages::reopen))
        .route("/assets/{name}", get(assets::show))
}

/// The wall clock.
fn now(front: &Front) -> DateTime<Utc> {
    DateTime::from_timestamp_millis((front.wall_ms)()).unwrap_or_default()
}
