//! Somebody who opens a media socket and says what they like: Twilio with bad luck, or somebody who is not Twilio.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::audio::frame::{FRAME_LEN, SILENCE};
use futures_util::{SinkExt, StreamExt};
use sandbox::twilio::sign;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::gateway::{AUTH_TOKEN, Gateway, PATIENCE, PUBLIC_URL};

pub(crate) struct Peer {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub(crate) stream_sid: String,
}

/// What the socket was signed with.
pub(crate) enum Signature {
    Right,
    Wrong,
    Missing,
}

impl Gateway {
    /// Opens the media socket.
    ///
    /// # Errors
    /// The status with which the upgrade was refused.
    pub(crate) async fn peer(&self, signature: Signature) -> Result<Peer, u16> {
        let mut request = format!("ws://{}/media", self.address).into_client_request().expect("an address");
        let known = format!("{}/media", PUBLIC_URL.replacen("https", "wss", 1));
        let signature = match signature {
            Signature::Right => Some(sign(AUTH_TOKEN, &known, &[])),
            Signature::Wrong => Some(sign("another secret", &known, &[])),
            Signature::Missing => None,
        };
        if let Some(signature) = signature {
            let signature = signature.parse().expect("base64 is a header");
            request.headers_mut().insert("x-twilio-signature", signature);
        }
        match tokio_tungstenite::connect_async(request).await {
            Ok((socket, _)) => Ok(Peer { socket, stream_sid: String::new() }),
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("no socket: {error}"),
        }
    }

    /// The ticket that the voice webhook gives out for a call.
    pub(crate) async fn ticket(&self, path: &str, call_sid: &str) -> String {
        let (status, twiml) = self.post(path, &[("CallSid", call_sid), ("From", "+14155550123")]).await;
        assert_eq!(status, 200, "{twiml}");
        let rest = twiml.split("name=\"ticket\" value=\"").nth(1).expect("a ticket in the TwiML");
        rest.split('"').next().expect("a value in quotes").to_owned()
    }
}

impl Peer {
    /// Says that a stream starts, with the ticket if there is one.
    pub(crate) async fn start(&mut self, stream_sid: &str, call_sid: &str, ticket: Option<&str>) {
        self.stream_sid = stream_sid.to_owned();
        let parameters = ticket.map_or(json!({}), |ticket| json!({"ticket": ticket}));
        self.send(json!({"event": "connected", "protocol": "Call", "version": "1.0.0"})).await;
        self.send(json!({
            "event": "start", "sequenceNumber": "1", "streamSid": stream_sid,
            "start": {
                "streamSid": stream_sid, "accountSid": "AC1", "callSid": call_sid, "tracks": ["inbound"],
                "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
                "customParameters": parameters,
            },
        }))
        .await;
    }

    pub(crate) async fn send(&mut self, message: Value) {
        self.send_message(Message::text(message.to_string())).await;
    }

    /// Sends anything. That the other side has gone is no failure here: it shows in what it says next.
    pub(crate) async fn send_message(&mut self, message: Message) {
        let _ = timeout(PATIENCE, self.socket.send(message)).await.expect("the peer reads");
    }

    /// Says something in pieces of so many bytes, in real time, and then stays silent for a moment.
    pub(crate) async fn says(&mut self, audio: &[u8], piece_bytes: usize) {
        let mut audio = audio.to_vec();
        audio.resize(audio.len() + 8_000, SILENCE);
        let (began, mut sent) = (Instant::now(), 0);
        for piece in audio.chunks(piece_bytes) {
            let media =
                json!({"track": "inbound", "timestamp": (sent / 8).to_string(), "payload": STANDARD.encode(piece)});
            sent += piece.len();
            sleep_until(began + Duration::from_micros(125) * sent as u32).await;
            self.send(json!({"event": "media", "streamSid": self.stream_sid, "media": media})).await;
        }
    }

    /// One silent frame.
    pub(crate) fn silence(&self) -> Value {
        let payload = STANDARD.encode([SILENCE; FRAME_LEN]);
        json!({"event": "media", "streamSid": self.stream_sid, "media": {"payload": payload}})
    }

    /// The next message; none when the other side closed or went away.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            match timeout(PATIENCE, self.socket.next()).await.expect("the other side goes on or closes")? {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).expect("JSON")),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// Waits until audio comes.
    pub(crate) async fn hears_something(&mut self) {
        while let Some(message) = self.next().await {
            if message["event"] == "media" {
                return;
            }
        }
        panic!("the stream was closed and nothing was heard");
    }

    /// Waits until the other side closed.
    pub(crate) async fn is_closed(&mut self) {
        while self.next().await.is_some() {}
    }
}
