//! One socket to the service: its handshake, and the greeting that makes it ready.

use engine::io::{Fault, Message, Role};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::Error;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::{AUTHORIZATION, USER_AGENT};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};

use super::{Config, wire};
use crate::vendors::{excerpt, key_header};

pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// An event holds up to some seconds of audio.
const EVENT_BYTES_MAX: usize = 4 << 20;

/// The read buffer of each socket.
const READ_BUFFER_BYTES: usize = 16 << 10;

/// What of an earlier conversation a new session is told: the newest of it.
const TOLD_MAX: usize = 24;

/// Opens a session that is ready: it knows how it is to hear and speak, and what has been said.
///
/// # Errors
/// Why there is none, sorted by what can be done about it.
pub(super) async fn open(config: &Config, keyterms: &[String], said: &[Message]) -> Result<Socket, Fault> {
    timeout(config.connect, greet(config, keyterms, said)).await.unwrap_or_else(|_| {
        let ms = config.connect.as_millis();
        Err(Fault::Retry(format!("the speech-to-speech model was not ready within {ms} ms")))
    })
}

async fn greet(config: &Config, keyterms: &[String], said: &[Message]) -> Result<Socket, Fault> {
    let limits = WebSocketConfig::default().read_buffer_size(READ_BUFFER_BYTES).max_message_size(Some(EVENT_BYTES_MAX));
    let attempt = connect_async_tls_with_config(request(config)?, Some(limits), true, None);
    let (mut socket, _) = attempt.await.map_err(|error| refused(config, &error))?;
    socket.send(Frame::text(wire::session(config, keyterms))).await.map_err(|error| broken(&error))?;
    loop {
        let Some(Ok(frame)) = socket.next().await else {
            return Err(Fault::Retry("the speech-to-speech model ended the session at once".to_owned()));
        };
        let Frame::Text(text) = frame else { continue };
        let event: wire::Event = serde_json::from_str(&text).unwrap_or_default();
        match (event.r#type.as_str(), event.error) {
            ("session.updated", _) => break,
            ("error", Some(problem)) => {
                return Err(Fault::OurMistake(format!(
                    "the session was refused: {}",
                    excerpt(&problem.told(), &config.key)
                )));
            }
            _ => {}
        }
    }
    let said = said.iter().filter(|message| message.role != Role::System && !message.content.is_empty());
    let said: Vec<&Message> = said.collect();
    for message in &said[said.len().saturating_sub(TOLD_MAX)..] {
        socket.send(Frame::text(wire::item(message))).await.map_err(|error| broken(&error))?;
    }
    Ok(socket)
}

/// The handshake. Without `OpenAI-Beta`, which would ask for the older form.
fn request(config: &Config) -> Result<Request, Fault> {
    let base = config.base_url.trim().trim_end_matches('/');
    let wrong =
        |what: &str| Fault::OurMistake(format!("`{base}` is no address for the speech-to-speech model: {what}"));
    let rest = base.strip_prefix("http").ok_or_else(|| wrong("it begins with neither http:// nor https://"))?;
    let model: String = form_urlencoded::byte_serialize(config.model.as_bytes()).collect();
    let address = format!("ws{rest}/realtime?model={model}");
    let mut request = address.into_client_request().map_err(|error| wrong(&error.to_string()))?;
    let key = key_header(&format!("Bearer {}", config.key.trim()), "OPENAI_API_KEY")?;
    request.headers_mut().insert(AUTHORIZATION, key);
    request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(crate::vendors::USER_AGENT));
    Ok(request)
}

fn refused(config: &Config, error: &Error) -> Fault {
    let Error::Http(response) = error else { return broken(error) };
    let body = response.body().as_deref().map(String::from_utf8_lossy).unwrap_or_default();
    let text =
        format!("the speech-to-speech model refused us with {}: {}", response.status(), excerpt(&body, &config.key));
    match response.status().as_u16() {
        400 | 404 | 422 => Fault::OurMistake(text),
        401 | 403 => Fault::GiveUp(text),
        429 if body.contains("insufficient_quota") => Fault::GiveUp(text),
        _ => Fault::Retry(text),
    }
}

fn broken(error: &Error) -> Fault {
    Fault::Retry(format!("the speech-to-speech model cannot be reached: {error}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_address_is_the_models_and_asks_for_the_general_form() {
        let config = Config {
            base_url: "https://api.openai.com/v1/".into(),
            key: "sk-1".into(),
            model: "gpt-realtime-2.1".into(),
            voice: "marin".into(),
            transcription: "t".into(),
            languages: vec!["en".into()],
            connect: Duration::from_secs(1),
            first: Duration::from_secs(1),
            renew_after: Duration::from_secs(1),
        };
        let request = request(&config).expect("a request");
        assert_eq!(request.uri().to_string(), "wss://api.openai.com/v1/realtime?model=gpt-realtime-2.1");
        assert!(!request.headers().contains_key("openai-beta"));
        assert!(!format!("{config:?}").contains("sk-1"));
    }
}
