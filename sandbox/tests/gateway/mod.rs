//! A gateway of a few lines, to be dialled by the simulated Twilio.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sandbox::twilio::{CallSetup, Line, Twilio, TwilioSettings};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::timeout;

pub(crate) const PUBLIC: &str = "https://voice.example.com";
pub(crate) const TOKEN: &str = "12345";
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

pub(crate) const CONNECT: &str = r#"<Response><Connect><Stream url="wss://voice.example.com/media"><Parameter name="ticket" value="t1"/></Stream></Connect><Redirect>/voice/resume</Redirect></Response>"#;

/// What a gateway is asked, and how it answers.
#[derive(Clone)]
pub(crate) struct Gateway {
    /// The TwiML of each path; a path that is missing answers 500.
    pages: Arc<BTreeMap<&'static str, String>>,
    /// Every form posted: path, signature, fields.
    pub(crate) posted: Arc<Mutex<Vec<Posted>>>,
    /// Streams that were opened, with the upgrade's headers.
    streams: mpsc::Sender<(WebSocket, HeaderMap)>,
}

pub(crate) struct Posted {
    pub(crate) path: String,
    pub(crate) signature: Option<String>,
    pub(crate) fields: Vec<(String, String)>,
}

/// A gateway that is up, and a Twilio that dials it.
pub(crate) struct Setup {
    pub(crate) gateway: Gateway,
    streams: mpsc::Receiver<(WebSocket, HeaderMap)>,
    pub(crate) twilio: Twilio,
}

impl Setup {
    pub(crate) async fn new(pages: &[(&'static str, &str)]) -> Self {
        let (sender, streams) = mpsc::channel(4);
        let pages = pages.iter().map(|(path, twiml)| (*path, (*twiml).to_owned())).collect();
        let gateway = Gateway { pages: Arc::new(pages), posted: Arc::default(), streams: sender };
        let routes =
            Router::new().route("/media", any(media)).route("/{*path}", post(page)).with_state(gateway.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has free ports");
        let address = listener.local_addr().expect("a bound socket has an address");
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let settings = TwilioSettings {
            public_url: PUBLIC.to_owned(),
            auth_token: Some(TOKEN.to_owned()),
            ..TwilioSettings::for_gateway(&format!("http://{address}"))
        };
        Self { gateway, streams, twilio: Twilio::new(settings).expect("good settings") }
    }

    pub(crate) fn place(&self) -> Line {
        self.twilio.place(CallSetup::new("+14155550123", "+15550001111"))
    }

    /// The next stream, with `connected` and `start` read.
    pub(crate) async fn stream(&mut self) -> Stream {
        let (socket, headers) =
            timeout(DEADLINE, self.streams.recv()).await.expect("a stream in time").expect("the server is up");
        let mut stream = Stream { socket, headers, start: Value::Null };
        assert_eq!(stream.next().await, json!({"event": "connected", "protocol": "Call", "version": "1.0.0"}));
        stream.start = stream.next().await;
        stream
    }

    pub(crate) fn paths(&self) -> Vec<String> {
        self.gateway.posted.lock().expect("no panics").iter().map(|posted| posted.path.clone()).collect()
    }
}

/// The gateway's end of a stream.
pub(crate) struct Stream {
    pub(crate) socket: WebSocket,
    pub(crate) headers: HeaderMap,
    pub(crate) start: Value,
}

impl Stream {
    pub(crate) async fn next(&mut self) -> Value {
        let message = timeout(DEADLINE, self.socket.recv()).await.expect("a message in time");
        match message.expect("the stream is open").expect("the stream is sound") {
            Message::Text(text) => serde_json::from_str(&text).expect("Twilio sends JSON"),
            other => panic!("not a text message: {other:?}"),
        }
    }

    /// The next message of one kind; others are passed over.
    pub(crate) async fn next_of(&mut self, event: &str) -> Value {
        loop {
            let message = self.next().await;
            if message["event"] == event {
                return message;
            }
        }
    }

    pub(crate) async fn send(&mut self, mut message: Value) {
        message["streamSid"] = self.start["streamSid"].clone();
        self.socket.send(Message::text(message.to_string())).await.expect("the stream is open");
    }

    pub(crate) async fn play(&mut self, audio: &[u8]) {
        self.send(json!({"event": "media", "media": {"payload": STANDARD.encode(audio)}})).await;
    }

    pub(crate) async fn mark(&mut self, name: &str) {
        self.send(json!({"event": "mark", "mark": {"name": name}})).await;
    }
}

async fn page(State(gateway): State<Gateway>, request: axum::extract::Request) -> Response {
    let path = request.uri().path().to_owned();
    let signature =
        request.headers().get("x-twilio-signature").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let Ok(Form(fields)) = axum::RequestExt::extract::<Form<Vec<(String, String)>>, _>(request).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    gateway.posted.lock().expect("no panics").push(Posted { path: path.clone(), signature, fields });
    match gateway.pages.get(path.as_str()) {
        Some(twiml) => ([(header::CONTENT_TYPE, "text/xml")], twiml.clone()).into_response(),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn media(State(gateway): State<Gateway>, headers: HeaderMap, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(async move |socket| {
        let _ = gateway.streams.send((socket, headers)).await;
    })
}
