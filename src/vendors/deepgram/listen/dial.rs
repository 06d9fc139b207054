//! One attempt at a connection: the handshake with its deadline, and what its refusal means.

use std::time::Duration;

use engine::io::Fault;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::error::{Error, ProtocolError};
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};

use super::Config;
use crate::vendors::deepgram::refusal::Refusal;

pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The longest message taken. Deepgram's are a few kilobytes.
const MESSAGE_BYTES_MAX: usize = 1 << 20;

/// The read buffer of each socket. The default of 128 KiB would be most of what a call needs.
const READ_BUFFER_BYTES: usize = 8 << 10;

/// Why there is no connection, and when to try again at the earliest.
#[derive(Debug)]
pub(super) struct Lost {
    pub(super) fault: Fault,
    /// Asked for by the vendor, or by the kind of refusal.
    pub(super) after: Duration,
}

impl Lost {
    pub(super) fn of(fault: Fault) -> Self {
        Self { fault, after: Duration::ZERO }
    }
}

/// Connects, or says why not within the configured time.
pub(super) async fn dial(config: &Config, request: Request) -> Result<Socket, Lost> {
    let limits =
        WebSocketConfig::default().read_buffer_size(READ_BUFFER_BYTES).max_message_size(Some(MESSAGE_BYTES_MAX));
    let attempt = connect_async_tls_with_config(request, Some(limits), true, None);
    match timeout(config.connect, attempt).await {
        Ok(Ok((socket, response))) => {
            let id = response.headers().get("dg-request-id").and_then(|id| id.to_str().ok());
            tracing::debug!(request = id, "speech-to-text is connected");
            Ok(socket)
        }
        Ok(Err(error)) => Err(lost(config, &error)),
        Err(_) => {
            let text = format!("Deepgram did not answer our handshake within {} ms", config.connect.as_millis());
            Err(Lost::of(Fault::Retry(text)))
        }
    }
}

fn lost(config: &Config, error: &Error) -> Lost {
    match error {
        Error::Http(response) => {
            let (status, headers) = (response.status(), response.headers());
            let body = response.body().as_deref().unwrap_or_default();
            let refusal =
                Refusal { service: "speech-to-text", model: &config.model, key: &config.key, status, headers, body };
            let asked = headers.get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
            // Too many streams at once: room appears when somebody's call ends, not within milliseconds.
            let least = if status.as_u16() == 429 { 1 } else { 0 };
            Lost { fault: refusal.fault(), after: Duration::from_secs(asked.unwrap_or(least).min(5)) }
        }
        Error::Protocol(ProtocolError::WrongHttpMethod | ProtocolError::WrongHttpVersion) | Error::Url(_) => {
            Lost::of(Fault::OurMistake(format!("`{}` is no address for Deepgram: {error}", config.url)))
        }
        _ => Lost::of(Fault::Retry(format!("Deepgram cannot be reached at {}: {error}", config.url))),
    }
}
