//! The simulated Realtime API over its socket: what a client sees, when all is well and when something is broken.
#![cfg(feature = "sockets")]

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt, StreamExt};
use sandbox::clips;
use sandbox::realtime::{Faults, Realtime, Settings};
use sandbox::recognizer::Lexicon;
use sandbox::voice::Voice;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

const DEADLINE: Duration = Duration::from_secs(10);

const TOOL: &str =
    r#"[{"type":"function","name":"understood","description":"","parameters":{"type":"object","properties":{}}}]"#;

struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

async fn serve(settings: Settings) -> (Realtime, String) {
    let load = |folder: &str| clips::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(folder));
    let (utterances, phrases) = (load("utterances").expect("clips"), load("phrases").expect("clips"));
    let voice = Voice::new(&phrases, Lexicon::new(utterances.into_iter().chain(phrases.iter().cloned())));
    let realtime = Realtime::new(voice, settings);
    let router = realtime.router();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has free ports");
    let address = listener.local_addr().expect("a bound socket has an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    (realtime, format!("127.0.0.1:{}", address.port()))
}

impl Client {
    async fn open(address: &str, key: &str) -> Result<Self, String> {
        let mut request =
            format!("ws://{address}/v1/realtime?model=gpt-realtime-x").into_client_request().expect("good");
        request.headers_mut().insert("authorization", format!("Bearer {key}").parse().expect("a header"));
        let (socket, _) = connect_async(request).await.map_err(|error| error.to_string())?;
        Ok(Self { socket })
    }

    /// A session that hears and speaks µ-law.
    async fn ready(address: &str, turn_detection: Value, tools: &str) -> Self {
        let mut client = Self::open(address, "key").await.expect("opened");
        assert_eq!(client.next().await["type"], "session.created");
        let tools: Value = serde_json::from_str(tools).expect("JSON");
        let pcmu = json!({"type": "audio/pcmu"});
        client
            .say(json!({"type": "session.update", "session": {"type": "realtime", "output_modalities": ["audio"],
                "instructions": "Service haircut: a haircut, 30 minutes.", "tools": tools,
                "audio": {"input": {"format": pcmu, "transcription": {"model": "m"}, "turn_detection": turn_detection},
                    "output": {"format": pcmu, "voice": "marin"}}}}))
            .await;
        let updated = client.next().await;
        assert_eq!(updated["type"], "session.updated", "{updated}");
        client
    }

    async fn say(&mut self, event: Value) {
        self.socket.send(Message::text(event.to_string())).await.expect("taken");
    }

    async fn hear(&mut self, audio: &[u8]) {
        for frame in audio.chunks(1_600) {
            self.say(json!({"type": "input_audio_buffer.append", "audio": STANDARD.encode(frame)})).await;
        }
    }

    async fn next(&mut self) -> Value {
        loop {
            match timeout(DEADLINE, self.socket.next()).await.expect("in time") {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).expect("JSON"),
                Some(Ok(Message::Close(frame))) => {
                    return json!({"type": "close", "code": frame.map_or(0, |frame| u16::from(frame.code))});
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return json!({"type": "gone"}),
            }
        }
    }

    /// All events to the first of this type.
    async fn until(&mut self, kind: &str) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            let event = self.next().await;
            let is_last = event["type"] == kind || event["type"] == "gone";
            events.push(event);
            if is_last {
                return events;
            }
        }
    }
}

fn utterance(id: &str) -> Vec<u8> {
    let all = clips::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/utterances")).expect("clips");
    all.into_iter().find(|clip| clip.id == id).expect("committed").audio
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap_or_default()).collect()
}

fn audio_ms(events: &[Value]) -> usize {
    let deltas = events.iter().filter(|event| event["type"] == "response.output_audio.delta");
    deltas.map(|event| STANDARD.decode(event["delta"].as_str().expect("audio")).expect("base64").len() / 8).sum()
}

#[tokio::test]
async fn a_turn_is_heard_understood_by_a_function_and_answered_aloud() {
    let (_, address) = serve(Settings::default()).await;
    let detection = json!({"type": "server_vad", "silence_duration_ms": 300, "create_response": true});
    let mut client = Client::ready(&address, detection, TOOL).await;
    client.hear(&[vec![0xff; 4_000], utterance("open-tue-10"), vec![0xff; 6_000]].concat()).await;
    let events = client.until("rate_limits.updated").await;
    let wanted = [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "response.created",
        "response.output_item.added",
        "response.function_call_arguments.done",
        "response.output_item.done",
        "response.done",
    ];
    let mut seen = types(&events).into_iter();
    for kind in wanted {
        assert!(seen.any(|seen| seen == kind), "{kind} in its order: {:?}", types(&events));
    }
    assert!(events.iter().all(|event| event["event_id"].is_string()));
    let find = |kind: &str| events.iter().find(|event| event["type"] == kind).expect(kind);
    let heard = find("conversation.item.input_audio_transcription.completed");
    assert_eq!(heard["transcript"], "Hi, I'd like a haircut on Tuesday at ten.");
    let call = find("response.function_call_arguments.done");
    let understood: Value = serde_json::from_str(call["arguments"].as_str().expect("text")).expect("JSON");
    assert_eq!((&understood["intent"], &understood["service"]), (&json!("book"), &json!("haircut")));

    let output = json!({"say": "May I have your name, please?"}).to_string();
    let item = json!({"type": "function_call_output", "call_id": call["call_id"], "output": output});
    client.say(json!({"type": "conversation.item.create", "item": item})).await;
    client.say(json!({"type": "response.create"})).await;
    let events = client.until("response.done").await;
    let spoken = events.iter().find(|event| event["type"] == "response.output_audio_transcript.done").expect("words");
    assert_eq!(spoken["transcript"], "May I have your name, please?");
    assert!(audio_ms(&events) > 1_000, "{}", audio_ms(&events));
}

#[tokio::test]
async fn what_was_not_heard_is_cut_and_no_more_than_was_sent() {
    let (realtime, address) = serve(Settings { pace: 1.0, ..Settings::default() }).await;
    let mut client = Client::ready(&address, Value::Null, "[]").await;
    let verbatim = json!({"instructions": "Say exactly: We're open Tuesday to Friday from nine to six."});
    client.say(json!({"type": "response.create", "response": verbatim})).await;
    let added = client.until("response.output_item.added").await.pop().expect("an item");
    client.until("response.output_audio.delta").await;
    client.say(json!({"type": "response.create"})).await;
    let error = client.until("error").await.pop().expect("an error");
    assert_eq!(error["error"]["code"], "conversation_already_has_active_response");
    client.say(json!({"type": "response.cancel", "event_id": "mine"})).await;
    let done = client.until("response.done").await.pop().expect("done");
    assert_eq!(
        (&done["response"]["status"], &done["response"]["status_details"]["reason"]),
        (&json!("cancelled"), &json!("client_cancelled"))
    );
    let truncate = |end_ms: u64| json!({"type": "conversation.item.truncate", "item_id": added["item"]["id"], "content_index": 0, "audio_end_ms": end_ms});
    client.say(truncate(60_000)).await;
    let error = client.next().await;
    assert!(error["error"]["message"].as_str().is_some_and(|message| message.contains("already shorter")), "{error}");
    client.say(truncate(0)).await;
    assert_eq!(client.next().await["type"], "conversation.item.truncated");
    assert_eq!((realtime.counts().cancelled, realtime.counts().truncated), (1, 1));
}

#[tokio::test]
async fn a_voice_interrupts_a_response_where_the_session_says_so() {
    let (_, address) = serve(Settings { pace: 1.0, ..Settings::default() }).await;
    let detection = json!({"type": "server_vad", "create_response": false, "interrupt_response": true});
    let mut client = Client::ready(&address, detection, "[]").await;
    client.say(json!({"type": "response.create", "response": {"instructions": "Say exactly: We look forward to seeing you."}})).await;
    client.until("response.output_audio.delta").await;
    client.hear(&[vec![0xff; 1_600], utterance("wait")].concat()).await;
    let events = client.until("response.done").await;
    assert!(types(&events).contains(&"input_audio_buffer.speech_started"));
    assert_eq!(events.last().expect("done")["response"]["status_details"]["reason"], "turn_detected");
}

#[tokio::test]
async fn events_that_make_no_sense_are_told_and_end_nothing() {
    let (_, address) = serve(Settings::default()).await;
    let mut client = Client::ready(&address, Value::Null, "[]").await;
    for (event, code) in [
        (json!({"type": "dance", "event_id": "e1"}), "invalid_value"),
        (json!({"type": "session.update", "session": {}}), "missing_required_parameter"),
        (json!({"type": "input_audio_buffer.commit"}), "input_audio_buffer_commit_empty"),
        (json!({"type": "response.cancel"}), "response_cancel_not_active"),
        (json!({"type": "conversation.item.delete", "item_id": "none"}), "item_not_found"),
        (
            json!({"type": "session.update", "session": {"type": "realtime", "output_modalities": ["audio", "text"]}}),
            "invalid_value",
        ),
    ] {
        client.say(event.clone()).await;
        let answer = client.next().await;
        assert_eq!((&answer["type"], &answer["error"]["code"]), (&json!("error"), &json!(code)), "{event}");
        assert_eq!(answer["error"]["event_id"], event["event_id"]);
    }
    client.say(json!({"type": "response.create", "response": {"instructions": "Say exactly: Goodbye!"}})).await;
    client.until("response.done").await;
    client
        .say(
            json!({"type": "session.update", "session": {"type": "realtime", "audio": {"output": {"voice": "cedar"}}}}),
        )
        .await;
    assert_eq!(client.until("error").await.pop().expect("an error")["error"]["code"], "cannot_update_voice");
}

#[tokio::test]
async fn a_session_ends_at_its_cap_and_keys_of_pages_open_one() {
    let (_, address) = serve(Settings { session: Duration::from_millis(300), ..Settings::default() }).await;
    assert!(Client::open(&address, "bad-key").await.is_err());
    assert!(Client::open(&address, "ek_nobody").await.is_err());
    let secrets = format!("http://{address}/v1/realtime/client_secrets");
    let body = json!({"expires_after": {"anchor": "created_at", "seconds": 60}, "session": {"type": "realtime", "model": "gpt-realtime-x"}});
    let request = reqwest::Client::new().post(secrets).bearer_auth("key").body(body.to_string());
    let given: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    let mut client = Client::open(&address, given["value"].as_str().expect("a key")).await.expect("opened");
    let events = client.until("close").await;
    assert_eq!(types(&events), ["session.created", "error", "close"]);
    assert_eq!((&events[1]["error"]["code"], &events[2]["code"]), (&json!("session_expired"), &json!(1001)));
}

#[tokio::test]
async fn faults_are_as_the_service_has_them() {
    let faults = Faults { rate_limited: true, ..Faults::default() };
    let (realtime, address) = serve(Settings { faults, ..Settings::default() }).await;
    let mut client = Client::ready(&address, Value::Null, "[]").await;
    client.say(json!({"type": "response.create"})).await;
    let done = client.until("response.done").await.pop().expect("done");
    assert_eq!(done["response"]["status_details"]["error"]["code"], "rate_limit_exceeded");
    realtime.set(|settings| settings.faults = Faults { refuse: Some(503), ..Faults::default() });
    assert!(Client::open(&address, "key").await.is_err_and(|error| error.contains("503")));
}
