//! The whole front, asked as Twilio asks it. In `/voice` the two halves of the ticket's way meet: the webhook and the
//! socket.

mod api;
mod talking;
mod webhooks;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST};
use axum::http::{Method, Response};
use engine::audio::format::Format;
use futures_util::{FutureExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};
use tower::ServiceExt;

use super::access::{AccessKey, Role, Visitor};
use super::tickets::NotAdmitted;
use super::*;
use crate::store::query::Scope;

/// What shows that a client of speech is one.
const KEY: &str = "the-ivrs-own-key";

const FORM: &str = "application/x-www-form-urlencoded";

struct TestDesk {
    admit: Admit,
    next: Next,
    said: Mutex<Vec<StatusCallback>>,
    measured: Mutex<Vec<(String, u16)>>,
    removed: Mutex<Vec<String>>,
    panics: AtomicBool,
    folder: tempfile::TempDir,
    over: tokio::sync::watch::Sender<bool>,
}

impl Default for TestDesk {
    fn default() -> Self {
        let (said, measured) = (Mutex::default(), Mutex::default());
        let folder = tempfile::tempdir().expect("a folder");
        Self {
            removed: Mutex::default(),
            admit: Admit::Welcome,
            next: Next::Hangup,
            said,
            measured,
            panics: AtomicBool::new(false),
            folder,
            over: tokio::sync::watch::channel(false).0,
        }
    }
}

impl Desk for TestDesk {
    fn admit(&self) -> Admit {
        assert!(!self.panics.load(Ordering::Relaxed), "the desk broke");
        self.admit
    }

    fn on_stream(&self, mut socket: WebSocket) -> BoxFuture<'static, ()> {
        async move {
            while let Some(Ok(message)) = socket.recv().await {
                if socket.send(message).await.is_err() {
                    return;
                }
            }
        }
        .boxed()
    }

    fn on_page(&self, _: WebSocket, _: Visit) -> BoxFuture<'static, ()> {
        async {}.boxed()
    }

    fn page_secret(&self, _business: &str) -> BoxFuture<'_, Option<Secret>> {
        let secret = Secret { value: "ek_1".to_owned(), expires_at: 1 };
        async move { (self.admit == Admit::Welcome).then_some(secret) }.boxed()
    }

    fn page_used(&self, tenant: &str, used: Used) {
        self.measured.lock().expect("no test panics with it").push((tenant.to_owned(), used.input_tokens as u16));
    }

    fn voice_health(&self) -> BoxFuture<'_, VoiceHealth> {
        let model = if self.admit == Admit::Welcome { Part::Works } else { Part::Failed { why: "no".to_owned() } };
        async move { [("model", model)].into() }.boxed()
    }

    fn lend<'a>(&'a self, _: &'a str, _: &'a Caller) -> BoxFuture<'a, ()> {
        async {}.boxed()
    }

    fn after_stream<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Next> {
        async { self.next.clone() }.boxed()
    }

    fn language<'a>(&'a self, call_sid: &'a str, to: &'a str) -> BoxFuture<'a, Language> {
        let spanish = to == "+34910000000" || call_sid == "CA-spanish";
        async move { if spanish { Language::Spanish } else { Language::English } }.boxed()
    }

    fn whisper<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Option<(String, Language)>> {
        let words = match &self.next {
            Next::Dial { whisper, language, .. } => Some((whisper.clone(), *language)),
            _ => None,
        };
        async { words }.boxed()
    }

    fn dialled<'a>(&'a self, call_sid: &'a str, status: &'a str, duration_s: Option<i64>) -> BoxFuture<'a, ()> {
        let duration_s = duration_s.and_then(|seconds| seconds.try_into().ok());
        let (call_sid, call_status) = (call_sid.to_owned(), status.to_owned());
        self.status(StatusCallback { call_sid, call_status, duration_s, ..StatusCallback::default() });
        async {}.boxed()
    }

    fn feed<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Option<String>> {
        async move { (token == "known").then(|| "BEGIN:VCALENDAR".to_owned()) }.boxed()
    }

    fn remind_by_text<'a>(&'a self, appointment: &'a str) -> BoxFuture<'a, ()> {
        let call_sid = appointment.to_owned();
        async move { self.status(StatusCallback { call_sid, ..StatusCallback::default() }) }.boxed()
    }

    fn texted<'a>(&'a self, from: &'a str, _: &'a str, words: &'a str) -> BoxFuture<'a, ()> {
        let (call_sid, call_status) = (from.to_owned(), words.to_owned());
        async move { self.status(StatusCallback { call_sid, call_status, ..StatusCallback::default() }) }.boxed()
    }

    fn status(&self, status: StatusCallback) {
        self.said.lock().expect("no test panics with it").push(status);
    }

    fn say(&self, order: Order) -> BoxFuture<'static, Result<Said, NotSaid>> {
        let said = Said {
            id: "ab".repeat(32),
            audio_url: None,
            voice_id: "a-voice".to_owned(),
            tier: None,
            length_ms: Some(order.text.len() as u32),
            timings: speech::Timings::default(),
        };
        async move { if order.text == "Fail." { Err(NotSaid::Retry) } else { Ok(said) } }.boxed()
    }

    fn play(&self, heard: Heard) -> BoxFuture<'static, bool> {
        async move { heard.call_id == "CA-live" && heard.audio_url.contains("/audio/") }.boxed()
    }

    fn audio(&self, id: &str) -> BoxFuture<'static, Option<Audio>> {
        let known = id == "ab".repeat(32);
        let audio = Audio { bytes: "0123456789".into(), format: Format::Mulaw, digest: "d".to_owned() };
        async move { known.then_some(audio) }.boxed()
    }

    fn recording<'a>(&'a self, recording: &'a RecordingRow, what: Kept) -> BoxFuture<'a, Result<Recorded, NotPlayed>> {
        async move {
            let path = match what {
                Kept::Audio => recording.file_path.clone(),
                Kept::Tape => recording.file_path.replace(".wav", ".jsonl"),
            };
            let file = std::fs::File::open(path).map_err(|_| NotPlayed::Missing)?;
            let size_bytes = file.metadata().map_err(|_| NotPlayed::Unreadable)?.len();
            Ok(Recorded { size_bytes, audio: Box::new(file) })
        }
        .boxed()
    }

    fn remove(&self, call_id: &str) -> BoxFuture<'static, Result<(), NotRemoved>> {
        self.removed.lock().expect("no test panics with it").push(call_id.to_owned());
        async { Ok(()) }.boxed()
    }

    fn reveal(&self, sealed: &str) -> Option<String> {
        sealed.strip_prefix("sealed:").map(str::to_owned)
    }

    fn speech_answered(&self, _: Duration, is_error: bool) {
        let status = if is_error { 500 } else { 200 };
        self.measured.lock().expect("no test panics with it").push(("/call".to_owned(), status));
    }

    fn health(&self) -> Health {
        let why = "no space left on the device".to_owned();
        let parts = [("recordings", Part::Impaired { why })].into();
        let draining = self.admit == Admit::Draining;
        Health { version: "1.2.3", sandbox: vec!["openai"], draining, parts, ..Health::default() }
    }

    fn metrics_text(&self) -> String {
        "frontdesk_calls_active 0\n".to_owned()
    }

    fn metrics_json(&self) -> Value {
        json!({"frontdesk_calls_active": 0})
    }

    fn webhook_answered(&self, path: &str, status: u16, _: Duration) {
        self.measured.lock().expect("no test panics with it").push((path.to_owned(), status));
    }
}

async fn front(desk: TestDesk) -> (Front, Arc<TestDesk>) {
    let url = format!("sqlite://{}", desk.folder.path().join("frontdesk.db").display());
    let config = crate::store::Config { url, journal: desk.folder.path().join("journal") };
    let store = Store::open(config).await.expect("opens");
    let desk = Arc::new(desk);
    let now: Now = Arc::new(Instant::now);
    let front = Front {
        public_url: Some("https://desk.example.com".to_owned()),
        auth_token: None,
        transfer_to: None,
        tickets: Arc::new(Tickets::new(Arc::clone(&now))),
        now,
        speech: Speech {
            clients: speech::Clients::new(
                vec![speech::Key { grant: tokens::Grant { client: "ivr".into(), ssml: false }, secret: KEY.into() }],
                None,
                false,
                100,
            ),
            links: speech::links::Links::new(b"secret", 60, Arc::new(|| 1_000_000)),
            format: Format::Mulaw,
            text_chars_max: 100,
            timeout: Duration::from_secs(1),
            debug_timings: false,
            answers: speech::Answers::new(Duration::from_secs(60), None),
            shared: None,
        },
        access: Access::new(keys(), None, false, Arc::new(|| NOW_MS)),
        talk: Arc::new(Talk::new(
            Box::new(|| vec!["Harbor Street \"Barbers\"".to_owned(), "Bob's".to_owned()]),
            true,
            vec!["https://shop.example.com".to_owned()],
            talk::Passes::new(None, None, Arc::new(|| NOW_MS)),
            (10, 5),
        )),
        store,
        live: Live {
            words: tokio::sync::broadcast::channel(16).0,
            rows: tokio::sync::broadcast::channel(4).0,
            over: desk.over.subscribe(),
        },
        time_zone: Tz::UTC,
        past_days: PastDays::default(),
        wall_ms: Arc::new(|| NOW_MS),
        desk: Arc::clone(&desk) as Arc<dyn Desk>,
    };
    (front, desk)
}

async fn ask(front: &Arc<Front>, request: Request) -> (StatusCode, String) {
    let response: Response<Body> = router(Arc::clone(front)).oneshot(request).await.expect("routers do not fail");
    let status = response.status();
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.expect("a whole body");
    (status, String::from_utf8(body.to_vec()).expect("text"))
}

/// 2026-11-21 12:00 UTC.
const NOW_MS: i64 = 1_795_262_400_000;

/// One of each role, named by it, with its name and a word as the key; and one of another business.
fn keys() -> Vec<AccessKey> {
    let of = |name: &str, role, scope| AccessKey {
        visitor: Visitor { name: name.to_owned(), role, scope },
        secret: format!("{name}'s own key"),
    };
    let barbers = || Scope::Business("Barbers".to_owned());
    vec![
        of("analyst", Role::Analyst, barbers()),
        of("manager", Role::Manager, barbers()),
        of("admin", Role::Admin, Scope::All),
        of("stranger", Role::Admin, Scope::Business("Salon".to_owned())),
    ]
}

fn post(path: &str, body: impl Into<Body>) -> Request {
    let request = axum::http::Request::post(path).header(CONTENT_TYPE, FORM).header(HOST, "localhost:3000");
    request.body(body.into()).expect("a request")
}

fn get_page(path: &str) -> Request {
    axum::http::Request::get(path).header(HOST, "localhost:3000").body(Body::empty()).expect("a request")
}

const CALL: &str = "CallSid=CA1&AccountSid=AC1&From=anonymous&To=%2B15551230000&CallStatus=ringing";

fn with_token(front: Front) -> Arc<Front> {
    let url = Some("https://example.com".to_owned());
    Arc::new(Front { public_url: url, auth_token: Some(AuthToken::new("12345")), ..front })
}

#[tokio::test]
async fn operators_see_how_it_is() {
    let (front, _) = front(TestDesk::default()).await;
    let front = Arc::new(front);
    let (status, text) = ask(&front, get_page("/health")).await;
    let health: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(status, StatusCode::OK);
    assert_eq!((&health["status"], &health["sandbox"]), (&json!("impaired"), &json!(["openai"])));
    assert_eq!(health["parts"]["recordings"]["state"], "impaired");
    assert_eq!(ask(&front, get_page("/ready")).await.0, StatusCode::OK);
    assert!(ask(&front, get_page("/metrics")).await.1.contains("frontdesk_calls_active 0"));
    assert_eq!(ask(&front, get_page("/metrics.json")).await.1, r#"{"frontdesk_calls_active":0}"#);
    assert_eq!(ask(&front, get_page("/")).await.0, StatusCode::SEE_OTHER, "to the login");
    let mut overview = get_page("/");
    overview.headers_mut().insert("x-api-key", "admin's own key".parse().expect("a header"));
    let (status, page) = ask(&front, overview).await;
    assert!(status == StatusCode::OK && page.contains("https://desk.example.com/voice"), "{page}");
    assert_eq!(ask(&front, get_page("/nothing")).await.0, StatusCode::NOT_FOUND);
    let put = axum::http::Request::builder().method(Method::PUT).uri("/voice").body(Body::empty()).expect("a request");
    assert_eq!(ask(&front, put).await.0, StatusCode::METHOD_NOT_ALLOWED);
    let (front, _) = self::front(TestDesk { admit: Admit::Draining, ..TestDesk::default() }).await;
    assert_eq!(ask(&Arc::new(front), get_page("/ready")).await.0, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_panic_is_a_500_that_keeps_its_secret() {
    let (front, desk) = front(TestDesk::default()).await;
    desk.panics.store(true, Ordering::Relaxed);
    let (status, text) = ask(&Arc::new(front), post("/voice", CALL)).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!text.contains("the desk broke"), "{text}");
}

async fn serve(front: Arc<Front>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    tokio::spawn(async move { axum::serve(listener, router(front)).await });
    format!("ws://{address}/media")
}

#[tokio::test]
async fn a_socket_is_handed_on_and_a_huge_message_ends_it() {
    use futures_util::SinkExt;
    let (front, _) = front(TestDesk::default()).await;
    let address = serve(Arc::new(front)).await;
    let (mut socket, _) = tokio_tungstenite::connect_async(&address).await.expect("an upgrade");
    socket.send(Message::text("hello")).await.expect("sent");
    let echo = timeout(Duration::from_secs(5), socket.next()).await.expect("in time");
    assert_eq!(echo.expect("an answer").expect("a message"), Message::text("hello"));
    // The server may hang up before it has read all of this.
    let _ = socket.send(Message::text("x".repeat(1 << 20))).await;
    let rest = socket.filter_map(async |message| message.ok().filter(Message::is_text)).collect::<Vec<_>>();
    assert_eq!(timeout(Duration::from_secs(5), rest).await.expect("the socket ends"), []);
}

#[tokio::test]
async fn an_unsigned_socket_is_refused_before_the_upgrade() {
    let (front, _) = front(TestDesk::default()).await;
    let address = serve(with_token(front)).await;
    let refused = tokio_tungstenite::connect_async(&address).await.expect_err("no signature");
    let SocketError::Http(response) = refused else { panic!("{refused}") };
    assert_eq!(response.status(), 403);
    let mut request = address.as_str().into_client_request().expect("a request");
    let signature = "7PR3qMkpDyEJtMrVOY/LDyNq8J8=".parse().expect("a header");
    request.headers_mut().insert(signature::HEADER, signature);
    tokio_tungstenite::connect_async(request.clone()).await.expect("signed as wss://example.com/media");
    let with_slash = format!("{address}/").parse().expect("an address");
    *request.uri_mut() = with_slash;
    tokio_tungstenite::connect_async(request).await.expect("and with the slash that Twilio may sign");
}

#[tokio::test]
async fn a_plain_request_to_the_socket_is_told_to_upgrade() {
    let (front, _) = front(TestDesk::default()).await;
    let (status, _) = ask(&Arc::new(front), get_page("/media")).await;
    assert!(status.is_client_error(), "{status}");
}

fn call(body: Value, headers: &[(&'static str, &str)]) -> Request {
    let mut request = axum::http::Request::post("/call").header(HOST, "localhost:3000");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body.to_string().into()).expect("a request")
}

/// The answer to an order, and what it says.
async fn order(front: &Arc<Front>, body: Value, headers: &[(&'static str, &str)]) -> (StatusCode, Value) {
    let (status, text) = ask(front, call(body, headers)).await;
    (status, serde_json::from_str(&text).expect("JSON"))
}

#[tokio::test]
async fn words_are_said_and_can_be_played_where_the_answer_says() {
    let (front, _) = front(TestDesk::default()).await;
    let front = Arc::new(front);
    let key = [("x-api-key", KEY)];
    let (status, said) = order(&front, json!({"callId": "CA1", "text": "Hello.", "debug": true}), &key).await;
    assert_eq!((status, &said["cached"], &said["played"]), (StatusCode::OK, &json!(false), &json!(false)));
    assert_eq!((&said["voiceId"], &said["stages"]["tier"]), (&json!("a-voice"), &json!("none")));
    for part in ["profile", "cache", "tts", "upload", "provider", "total"] {
        assert!(said["timings"][part].is_number(), "{said}");
    }
    let (_, live) = order(&front, json!({"callId": "CA-live", "text": "Hello."}), &key).await;
    assert_eq!(live["played"], json!(true));
    let url = said["audioUrl"].as_str().expect("an address");
    let path = url.strip_prefix("https://desk.example.com").expect("our own address");
    assert_eq!(ask(&front, get_page(path)).await, (StatusCode::OK, "0123456789".to_owned()));
    let mut part = get_page(path);
    part.headers_mut().insert("range", "bytes=2-4".parse().expect("a header"));
    assert_eq!(ask(&front, part).await, (StatusCode::PARTIAL_CONTENT, "234".to_owned()));
    let (changed, _) = ask(&front, get_page(&path.replace("abab", "baba"))).await;
    let (unsigned, _) = ask(&front, get_page(path.split('?').next().expect("a path"))).await;
    assert_eq!((changed, unsigned), (StatusCode::FORBIDDEN, StatusCode::FORBIDDEN));
}

#[tokio::test]
async fn a_request_for_speech_that_cannot_be_used_is_told_why() {
    let (front, desk) = front(TestDesk::default()).await;
    let front = Arc::new(front);
    let good = json!({"callId": "CA1", "text": "Hello."});
    let (status, problem) = order(&front, good.clone(), &[]).await;
    assert_eq!((status, &problem["status"]), (StatusCode::UNAUTHORIZED, &json!(401)));
    let key = ("x-api-key", KEY);
    let (status, problem) = order(&front, json!({"callId": "a b"}), &[key]).await;
    assert_eq!((status, &problem["title"]), (StatusCode::BAD_REQUEST, &json!("Bad Request")));
    assert_eq!((&problem["errors"][0]["field"], &problem["errors"][1]["field"]), (&json!("callId"), &json!("text")));
    let (status, _) = order(&front, json!({"callId": "CA1", "text": "Fail."}), &[key]).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    let large = json!({"callId": "CA1", "text": "x".repeat(BODY_MAX)});
    assert_eq!(order(&front, large, &[key]).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    let repeated = [key, ("idempotency-key", "one")];
    let first = order(&front, good.clone(), &repeated).await;
    assert_eq!(order(&front, good, &repeated).await, first);
    let (status, _) = order(&front, json!({"callId": "CA2", "text": "Hello."}), &repeated).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let measured = desk.measured.lock().expect("no test panics with it");
    assert_eq!(measured.iter().filter(|(path, status)| path == "/call" && *status == 200).count(), 2);
    assert_eq!(measured.iter().filter(|(path, status)| path == "/call" && *status == 500).count(), 5);
}
