//! The bare relay: what carrying the same frames costs when nothing is done with them. It takes a Twilio media stream,
//! sends its µ-law to a listening socket of Deepgram's, and sends every second stretch of five seconds back as media
//! messages. Lean on purpose: one task per call, messages searched and not parsed, buffers used again.

use std::time::Duration;

use anyhow::Context;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_tungstenite::{accept_async_with_config, connect_async_with_config};

/// Frames that are sent back, and then as many that are not: about as much as an assistant speaks.
const TALK_FRAMES: usize = 250;

/// Answers webhooks and carries streams until it is killed.
pub async fn serve(port: u16, deepgram: String) -> anyhow::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    loop {
        let (tcp, _) = listener.accept().await?;
        let deepgram = deepgram.clone();
        tokio::spawn(async move {
            tcp.set_nodelay(true)?;
            let mut first = [0];
            tcp.peek(&mut first).await?;
            if first == *b"P" { answer_webhooks(tcp, port).await } else { carry(tcp, &deepgram).await }
        });
    }
}

/// Every webhook gets the same document.
async fn answer_webhooks(mut tcp: TcpStream, port: u16) -> anyhow::Result<()> {
    let twiml = format!("<Response><Connect><Stream url=\"wss://127.0.0.1:{port}/media\"/></Connect></Response>");
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\ncontent-length: {}\r\n\r\n", twiml.len());
    let mut request = [0; 16 * 1024];
    // A form comes in one or two pieces; the answer is due a moment after the last.
    while tcp.read(&mut request).await? > 0 {
        while let Ok(more) = tokio::time::timeout(Duration::from_millis(5), tcp.read(&mut request)).await {
            if more? == 0 {
                break;
            }
        }
        tcp.write_all(format!("{head}{twiml}").as_bytes()).await?;
    }
    Ok(())
}

async fn carry(tcp: TcpStream, deepgram: &str) -> anyhow::Result<()> {
    let limits = WebSocketConfig::default().read_buffer_size(4 << 10).write_buffer_size(0);
    let mut leg = accept_async_with_config(tcp, Some(limits)).await?;
    let address = deepgram.replacen("http", "ws", 1) + "/v1/listen?model=nova-3&encoding=mulaw&sample_rate=8000";
    let mut request = address.into_client_request()?;
    request.headers_mut().insert("authorization", "Token none".parse()?);
    let (mut hearing, _) = connect_async_with_config(request, Some(limits), true).await?;
    let (mut prefix, mut frames) = (String::new(), 0);
    loop {
        tokio::select! {
            message = leg.next() => {
                let Some(Ok(Message::Text(text))) = message else { return Ok(()) };
                if let Some(payload) = between(&text, "\"payload\":\"") {
                    hearing.send(Message::Binary(Bytes::from(STANDARD.decode(payload)?))).await?;
                    frames += 1;
                    if (frames / TALK_FRAMES).is_multiple_of(2) {
                        leg.send(Message::text(format!("{prefix}{payload}\"}}}}"))).await?;
                    }
                } else if prefix.is_empty() && text.contains("\"start\"") {
                    let sid = between(&text, "\"streamSid\":\"").context("a start without a stream")?;
                    prefix = format!("{{\"event\":\"media\",\"streamSid\":\"{sid}\",\"media\":{{\"payload\":\"");
                }
            }
            heard = hearing.next() => {
                heard.context("hearing hung up")??;
            }
        }
    }
}

/// What stands between these words and the next quotation mark.
fn between<'a>(text: &'a str, before: &str) -> Option<&'a str> {
    let (_, after) = text.split_once(before)?;
    after.split_once('"').map(|(found, _)| found)
}
