//! The media socket's door: believed or refused before the upgrade, handed on after it.

use std::sync::Arc;

use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::{IntoResponse, Response};

use super::Front;
use super::webhook::{Refusal, believe};

/// Twilio's messages have about 400 bytes; the default of 128 KiB would be most of a call's memory.
const READ_BUFFER: usize = 4 * 1024;

/// The largest message that is read; a larger one ends the stream.
const MESSAGE_MAX: usize = 64 * 1024;

/// Bytes gathered before a write that nobody flushed, and the most that may wait for a peer that does not read: eight
/// seconds of audio in their messages. Past it the stream is over.
const WRITE_BUFFER: usize = 8 * 1024;
const WRITE_BUFFER_MAX: usize = 128 * 1024;

/// `WS /media`.
pub(super) async fn upgrade(
    State(front): State<Arc<Front>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    believe(&front, &method, &uri, &headers, b"", true)?;
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return Ok(rejection.into_response()),
    };
    Ok(upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(WRITE_BUFFER_MAX)
        .max_message_size(MESSAGE_MAX)
        .max_frame_size(MESSAGE_MAX)
        .on_failed_upgrade(|error| tracing::info!(%error, "a media socket went away during its upgrade"))
        .on_upgrade(move |socket| front.desk.on_stream(socket)))
}
