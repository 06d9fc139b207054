//! The simulated Twilio against a gateway of a few lines: what it sends, what it obeys, what it does when the gateway
//! or the network misbehaves.
#![cfg(feature = "sockets")]

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
use sandbox::twilio::{CallSetup, Ending, Happening, Line, Twilio, TwilioSettings, Verb, sign};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::timeout;

const PUBLIC: &str = "https://voice.example.com";
const TOKEN: &str = "12345";
const DEADLINE: Duration = Duration::from_secs(10);

const CONNECT: &str = r#"<Response><Connect><Stream url="wss://voice.example.com/media"><Parameter name="ticket" value="t1"/></Stream></Connect><Redirect>/voice/resume</Redirect></Response>"#;

/// What a gateway is asked, and how it answers.
#[derive(Clone)]
struct Gateway {
    /// The TwiML of each path; a path that is missing answers 500.
    pages: Arc<BTreeMap<&'static str, String>>,
    /// Every form posted: path, signature, fields.
    posted: Arc<Mutex<Vec<Posted>>>,
    /// Streams that were opened, with the upgrade's headers.
    streams: mpsc::Sender<(WebSocket, HeaderMap)>,
}

struct Posted {
    path: String,
    signature: Option<String>,
    fields: Vec<(String, String)>,
}

/// A gateway that is up, and a Twilio that dials it.
struct Setup {
    gateway: Gateway,
    streams: mpsc::Receiver<(WebSocket, HeaderMap)>,
    twilio: Twilio,
}

impl Setup {
    async fn new(pages: &[(&'static str, &str)]) -> Self {
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

    fn place(&self) -> Line {
        self.twilio.place(CallSetup::new("+14155550123", "+15550001111"))
    }

    /// The next stream, with `connected` and `start` read.
    async fn stream(&mut self) -> Stream {
        let (socket, headers) =
            timeout(DEADLINE, self.streams.recv()).await.expect("a stream in time").expect("the server is up");
        let mut stream = Stream { socket, headers, start: Value::Null };
        assert_eq!(stream.next().await, json!({"event": "connected", "protocol": "Call", "version": "1.0.0"}));
        stream.start = stream.next().await;
        stream
    }

    fn paths(&self) -> Vec<String> {
        self.gateway.posted.lock().expect("no panics").iter().map(|posted| posted.path.clone()).collect()
    }
}

/// The gateway's end of a stream.
struct Stream {
    socket: WebSocket,
    headers: HeaderMap,
    start: Value,
}

impl Stream {
    async fn next(&mut self) -> Value {
        let message = timeout(DEADLINE, self.socket.recv()).await.expect("a message in time");
        match message.expect("the stream is open").expect("the stream is sound") {
            Message::Text(text) => serde_json::from_str(&text).expect("Twilio sends JSON"),
            other => panic!("not a text message: {other:?}"),
        }
    }

    /// The next message of one kind; others are passed over.
    async fn next_of(&mut self, event: &str) -> Value {
        loop {
            let message = self.next().await;
            if message["event"] == event {
                return message;
            }
        }
    }

    async fn send(&mut self, mut message: Value) {
        message["streamSid"] = self.start["streamSid"].clone();
        self.socket.send(Message::text(message.to_string())).await.expect("the stream is open");
    }

    async fn play(&mut self, audio: &[u8]) {
        self.send(json!({"event": "media", "media": {"payload": STANDARD.encode(audio)}})).await;
    }

    async fn mark(&mut self, name: &str) {
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

/// The next event that `wanted` makes something of; others are passed over.
async fn event<T>(line: &mut Line, mut wanted: impl FnMut(&Happening) -> Option<T>) -> T {
    let search = async {
        while let Some(event) = line.next().await {
            if let Some(found) = wanted(&event.what) {
                return Some(found);
            }
        }
        None
    };
    timeout(DEADLINE, search).await.expect("the event in time").expect("the event before the end of the call")
}

async fn ending(line: &mut Line) -> Ending {
    event(line, |what| match what {
        Happening::Ended(ending) => Some(ending.clone()),
        _ => None,
    })
    .await
}

#[tokio::test]
async fn the_webhook_and_the_upgrade_are_signed_under_the_public_address() {
    let mut setup = Setup::new(&[("/voice", CONNECT)]).await;
    let line = setup.place();
    let stream = setup.stream().await;
    assert_eq!(stream.headers["x-twilio-signature"], sign(TOKEN, "wss://voice.example.com/media", &[]));
    assert_eq!(stream.headers["host"], "voice.example.com");
    let posted = setup.gateway.posted.lock().expect("no panics");
    let fields = &posted[0].fields;
    assert_eq!(posted[0].signature, Some(sign(TOKEN, "https://voice.example.com/voice", fields)));
    let field = |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
    assert_eq!(field("CallSid"), Some(line.call_sid()));
    assert_eq!(field("From"), Some("+14155550123"));
    assert_eq!(field("CallStatus"), Some("ringing"));
    assert_eq!(stream.start["start"]["customParameters"], json!({"ticket": "t1"}));
    assert_eq!(stream.start["start"]["callSid"], line.call_sid());
}

#[tokio::test]
async fn what_the_caller_says_goes_out_in_frames_with_silence_around_it() {
    let mut setup = Setup::new(&[("/voice", CONNECT)]).await;
    let line = setup.place();
    let mut stream = setup.stream().await;
    assert!(line.say(&[0x12; 200]));
    let mut said = Vec::new();
    let (mut last_chunk, mut last_ms) = (0, None);
    while said.len() < 320 {
        let message = stream.next_of("media").await;
        let number =
            |value: &Value| value.as_str().and_then(|text| text.parse::<u64>().ok()).expect("a number as text");
        assert_eq!(number(&message["media"]["chunk"]), last_chunk + 1);
        last_chunk += 1;
        let ms = number(&message["media"]["timestamp"]);
        assert!(last_ms.is_none_or(|last| ms == last + 20));
        last_ms = Some(ms);
        let audio = STANDARD.decode(message["media"]["payload"].as_str().expect("a text")).expect("base64");
        if audio.contains(&0x12) || !said.is_empty() {
            said.extend(audio);
        }
    }
    assert_eq!(said, [[0x12; 200].as_slice(), &[0xff; 120]].concat());
}

#[tokio::test]
async fn a_key_that_is_pressed_is_one_message() {
    let mut setup = Setup::new(&[("/voice", CONNECT)]).await;
    let line = setup.place();
    let mut stream = setup.stream().await;
    assert!(line.press('7'));
    assert_eq!(stream.next_of("dtmf").await["dtmf"]["digit"], "7");
}

#[tokio::test]
async fn audio_is_played_in_real_time_and_marks_follow_it() {
    let mut setup = Setup::new(&[("/voice", CONNECT)]).await;
    let mut line = setup.place();
    let mut stream = setup.stream().await;
    stream.mark("empty").await;
    stream.play(&[0x21; 1_600]).await;
    stream.mark("end").await;
    assert_eq!(stream.next_of("mark").await["mark"]["name"], "empty");
    assert_eq!(stream.next_of("mark").await["mark"]["name"], "end");
    let mut heard = Vec::new();
    event(&mut line, |what| {
        match what {
            Happening::Heard(audio) => heard.extend_from_slice(audio),
            Happening::Mark { name, .. } if name == "end" => return Some(()),
            _ => {}
        }
        None
    })
    .await;
    assert_eq!(heard, [0x21; 1_600]);
    let tally = line.tally();
    assert_eq!((tally.marks, tally.frames_received), (2, 1));
}

#[tokio::test]
async fn a_clear_drops_the_rest_and_echoes_pending_marks_at_once() {
    let mut setup = Setup::new(&[("/voice", CONNECT)]).await;
    let mut line = setup.place();
    let mut stream = setup.stream().await;
    stream.play(&vec![0x21; 8_000 * 60]).await;
    stream.mark("far").await;
    event(&mut line, |what| matches!(what, Happening::Heard(_)).then_some(())).await;
    stream.send(json!({"event": "clear"})).await;
    assert_eq!(stream.next_of("mark").await["mark"]["name"], "far");
    let dropped = event(&mut line, |what| match what {
        Happening::Cleared { dropped } => Some(*dropped),
        _ => None,
    })
    .await;
    assert!(dropped > Duration::from_secs(40), "{dropped:?}");
    let mark = event(&mut line, |what| match what {
        Happening::Mark { name, cleared } => Some((name.clone(), *cleared)),
        _ => None,
    })
    .await;
    assert_eq!(mark, ("far".to_owned(), true));
}

#[tokio::test]
async fn the_verbs_after_connect_follow_when_the_gateway_closes() {
    let resume = "<Response><Say>Goodbye &amp; thanks</Say><Hangup/></Response>";
    let mut setup =
        Setup::new(&[("/voice", CONNECT), ("/voice/resume", resume), ("/voice/status", "<Response/>")]).await;
    let mut line = setup.place();
    let stream = setup.stream().await;
    drop(stream.socket);
    let said = event(&mut line, |what| match what {
        Happening::Verb(Verb::Say { text }) => Some(text.clone()),
        _ => None,
    })
    .await;
    assert_eq!(said, "Goodbye & thanks");
    assert_eq!(ending(&mut line).await, Ending::Completed);
    assert_eq!(line.next().await, None);
    assert_eq!(setup.paths(), ["/voice", "/voice/resume", "/voice/status"]);
    let posted = setup.gateway.posted.lock().expect("no panics");
    assert!(posted[2].fields.contains(&("CallStatus".to_owned(), "completed".to_owned())));
}

#[tokio::test]
async fn hanging_up_says_stop_and_ends_the_call() {
    let mut setup = Setup::new(&[("/voice", CONNECT)]).await;
    let mut line = setup.place();
    let mut stream = setup.stream().await;
    line.hang_up();
    let stop = stream.next_of("stop").await;
    assert_eq!(stop["stop"]["callSid"], line.call_sid());
    drop(stream);
    assert_eq!(ending(&mut line).await, Ending::CallerHungUp);
    assert_eq!(setup.paths(), ["/voice", "/voice/status"]);
}

#[tokio::test]
async fn dropping_the_line_hangs_up() {
    let mut setup = Setup::new(&[("/voice", CONNECT)]).await;
    let line = setup.place();
    let mut stream = setup.stream().await;
    drop(line);
    stream.next_of("stop").await;
}

#[tokio::test]
async fn a_socket_that_drops_makes_twilio_follow_the_redirect() {
    let mut setup = Setup::new(&[("/voice", CONNECT), ("/voice/resume", CONNECT)]).await;
    let mut line = setup.place();
    let first = setup.stream().await;
    line.drop_socket();
    let second = setup.stream().await;
    assert_eq!(second.start["start"]["callSid"], first.start["start"]["callSid"]);
    assert_ne!(second.start["streamSid"], first.start["streamSid"]);
    event(&mut line, |what| matches!(what, Happening::Closed { properly: false, .. }).then_some(())).await;
}

#[tokio::test]
async fn a_failing_webhook_leads_to_the_fallback() {
    let setup = Setup::new(&[("/voice/fallback", "<Response><Say>Sorry</Say></Response>")]).await;
    let mut line = setup.place();
    assert_eq!(ending(&mut line).await, Ending::Completed);
    let posted = setup.gateway.posted.lock().expect("no panics");
    assert!(posted[1].fields.contains(&("ErrorCode".to_owned(), "11200".to_owned())));
}

#[tokio::test]
async fn a_gateway_that_is_not_there_fails_the_call_with_twilios_number() {
    let twilio = Twilio::new(TwilioSettings::for_gateway("http://127.0.0.1:9")).expect("good settings");
    let mut line = twilio.place(CallSetup::new("anonymous", "+15550001111"));
    match ending(&mut line).await {
        Ending::Failed(warning) => assert_eq!(warning.code, 11_205),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn nonsense_from_the_gateway_is_reported_once_and_the_stream_goes_on() {
    let mut setup = Setup::new(&[("/voice", CONNECT)]).await;
    let mut line = setup.place();
    let mut stream = setup.stream().await;
    for nonsense in ["not json", r#"{"event":"clear","streamSid":"MZother"}"#] {
        stream.socket.send(Message::text(nonsense)).await.expect("the stream is open");
    }
    stream.socket.send(Message::binary(vec![1, 2])).await.expect("the stream is open");
    stream.mark("after").await;
    assert_eq!(stream.next_of("mark").await["mark"]["name"], "after");
    let mut codes = Vec::new();
    event(&mut line, |what| {
        match what {
            Happening::Warned(warning) => codes.push(warning.code),
            Happening::Mark { .. } => return Some(()),
            _ => {}
        }
        None
    })
    .await;
    assert_eq!(codes, [31_951, 31_950]);
    assert_eq!(line.tally().warnings, 3);
}

#[tokio::test]
async fn raw_messages_of_the_test_reach_the_gateway_as_they_are() {
    let mut setup = Setup::new(&[("/voice", CONNECT)]).await;
    let line = setup.place();
    let mut stream = setup.stream().await;
    line.lose_frames(2);
    line.send_text(r#"{"event":"odd"}"#);
    assert_eq!(stream.next_of("odd").await, json!({"event": "odd"}));
    line.send_binary(vec![7]);
    let found = async {
        loop {
            if let Some(Ok(Message::Binary(bytes))) = stream.socket.recv().await {
                return bytes;
            }
        }
    };
    assert_eq!(timeout(DEADLINE, found).await.expect("in time").as_ref(), [7]);
}

#[tokio::test]
async fn an_address_that_is_not_wss_is_refused_as_twilio_refuses_it() {
    let twiml = r#"<Response><Connect><Stream url="ws://voice.example.com/media"/></Connect></Response>"#;
    let setup = Setup::new(&[("/voice", twiml)]).await;
    let mut line = setup.place();
    let code = event(&mut line, |what| match what {
        Happening::Warned(warning) => Some(warning.code),
        _ => None,
    })
    .await;
    assert_eq!(code, 31_922);
    assert_eq!(ending(&mut line).await, Ending::Completed);
}
