//! The door of a browser's socket. A page sees nothing of an answer that refuses the upgrade, so everything is upgraded
//! first and then closed with a code and a reason.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{ConnectInfo, State};
use axum::http::HeaderMap;
use axum::http::header::SEC_WEBSOCKET_PROTOCOL;
use axum::response::{IntoResponse, Response};

use crate::web::Front;

/// What a page and this server speak.
const PROTOCOL: &str = "frontdesk.voice.v1";

/// What a token stands behind in the list of protocols.
const BEARER: &str = "bearer.";

/// A packet of Opus has some 60 bytes, a frame of samples 1,928.
const READ_BUFFER: usize = 4 * 1024;

/// The largest message that is read; a larger one ends the socket with 1009.
const MESSAGE_MAX: usize = 16 * 1024;

/// Bytes gathered before a write that nobody flushed, and the most that may wait for a page that does not read: a second
/// and a half of samples, or half a minute of Opus.
const WRITE_BUFFER: usize = 8 * 1024;
const WRITE_BUFFER_MAX: usize = 128 * 1024;

/// Somebody at the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// Whether the page's site may open sessions here.
    pub origin_allowed: bool,
    /// The token that came as a subprotocol.
    pub token: Option<String>,
    /// Where it comes from, as far as we can tell.
    pub address: IpAddr,
}

/// `WS /voice-ws`.
pub(super) async fn upgrade(
    State(front): State<Arc<Front>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    let visit = Visit {
        origin_allowed: front.talk.lets_in(&headers, front.public_url.as_deref()),
        token: token(&headers),
        address: peer.ip().to_canonical(),
    };
    upgrade
        .protocols([PROTOCOL])
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(WRITE_BUFFER_MAX)
        .max_message_size(MESSAGE_MAX)
        .max_frame_size(MESSAGE_MAX)
        .on_failed_upgrade(|error| tracing::info!(%error, "a page's socket went away during its upgrade"))
        .on_upgrade(move |socket| front.desk.on_page(socket, visit))
}

/// One list, or several header lines.
fn token(headers: &HeaderMap) -> Option<String> {
    let lists = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).find_map(|name| name.trim().strip_prefix(BEARER)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_stands_among_the_protocols() {
        let mut headers = HeaderMap::new();
        headers.append(SEC_WEBSOCKET_PROTOCOL, "frontdesk.voice.v1".parse().expect("a header"));
        assert_eq!(token(&headers), None);
        headers.append(SEC_WEBSOCKET_PROTOCOL, "other, bearer.a.b.c".parse().expect("a header"));
        assert_eq!(token(&headers).as_deref(), Some("a.b.c"));
    }
}
