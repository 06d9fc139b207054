use std::path::Path;
use std::time::Duration;

use axum::http::StatusCode;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::*;
use crate::clips::{self, Clip};

/// No test waits longer for anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// The query of a telephone call, as the gateway asks.
const PHONE: &str = "/v1/listen?model=nova-3&encoding=mulaw&sample_rate=8000&channels=1&interim_results=true\
                     &endpointing=300&utterance_end_ms=1000&vad_events=true&smart_format=true";

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

fn clips(folder: &str) -> Vec<Clip> {
    clips::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(folder)).expect("clips are committed")
}

fn utterance(id: &str) -> Clip {
    clips("utterances").into_iter().find(|clip| clip.id == id).expect("a clip of this name")
}

/// An emulator on a port of its own.
async fn serve(settings: Settings) -> (Deepgram, String) {
    let lexicon = Lexicon::new(clips("utterances"));
    let deepgram = Deepgram::new(Voice::without_espeak(&clips("phrases"), lexicon), settings);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let router = deepgram.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (deepgram, address.to_string())
}

async fn try_connect(address: &str, path: &str, key: Option<&str>) -> Result<Socket, tungstenite::Error> {
    let mut request = format!("ws://{address}{path}").into_client_request().expect("a good address");
    if let Some(key) = key {
        request.headers_mut().insert("authorization", key.parse().expect("a good header"));
    }
    Ok(connect_async(request).await?.0)
}

async fn connect(address: &str, path: &str) -> Socket {
    try_connect(address, path, Some("Token abc")).await.expect("the handshake succeeds")
}

/// Sends audio in telephone frames, faster than real time.
async fn say(socket: &mut Socket, pieces: &[&[u8]]) {
    for frame in pieces.concat().chunks(160) {
        socket.send(Message::binary(frame.to_vec())).await.expect("the socket is open");
    }
}

async fn tell(socket: &mut Socket, kind: &str) {
    socket.send(Message::text(json!({ "type": kind }).to_string())).await.expect("the socket is open");
}

/// The next message; `Err` is how the socket was closed.
async fn next(socket: &mut Socket) -> Result<Value, Option<(u16, String)>> {
    match timeout(PATIENCE, socket.next()).await.expect("an answer in time") {
        Some(Ok(Message::Text(text))) => Ok(serde_json::from_str(&text).unwrap_or(json!({ "garbage": text.as_str() }))),
        Some(Ok(Message::Close(Some(frame)))) => Err(Some((frame.code.into(), frame.reason.to_string()))),
        _ => Err(None),
    }
}

/// Everything to the close, and the close.
async fn rest(socket: &mut Socket) -> (Vec<Value>, Option<(u16, String)>) {
    let mut messages = Vec::new();
    loop {
        match next(socket).await {
            Ok(message) => messages.push(message),
            Err(close) => return (messages, close),
        }
    }
}

fn transcript(message: &Value) -> &str {
    message["channel"]["alternatives"][0]["transcript"].as_str().unwrap_or_default()
}

fn finals(messages: &[Value]) -> String {
    let texts: Vec<_> = messages.iter().filter(|message| message["is_final"] == true).map(transcript).collect();
    texts.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}

fn silence(ms: usize) -> Vec<u8> {
    vec![0xff; ms * 8]
}

#[tokio::test]
async fn a_spoken_clip_becomes_interims_a_final_and_an_utterance_end() {
    let (deepgram, address) = serve(Settings::default()).await;
    let mut socket = connect(&address, PHONE).await;
    let clip = utterance("open-tue-10");
    say(&mut socket, &[&silence(500), &clip.audio, &silence(2_000)]).await;
    tell(&mut socket, "CloseStream").await;
    let (messages, close) = rest(&mut socket).await;
    assert_eq!(close, Some((1000, String::new())));
    assert_eq!(finals(&messages), clip.text);

    let kinds: Vec<_> = messages.iter().map(|message| message["type"].as_str().expect("a type")).collect();
    assert!(kinds.contains(&"SpeechStarted") && kinds.contains(&"UtteranceEnd"), "{kinds:?}");
    assert_eq!(kinds.last(), Some(&"Metadata"));
    let interims: Vec<_> = messages.iter().filter(|message| message["is_final"] == false).map(transcript).collect();
    assert!(interims.len() >= 3 && interims.iter().all(|text| clip.text.starts_with(text)), "{interims:?}");
    let last = messages.iter().find(|message| message["speech_final"] == true).expect("speech ended");
    assert_eq!(transcript(last), clip.text);
    let words = last["channel"]["alternatives"][0]["words"].as_array().expect("words");
    assert_eq!((&words[0]["word"], &words[0]["punctuated_word"]), (&json!("hi"), &json!("Hi,")));
    let utterance_end = messages.iter().find(|message| message["type"] == "UtteranceEnd").expect("checked above");
    assert_eq!(utterance_end["last_word_end"], words[8]["end"]);
    assert_eq!((deepgram.counts().listeners, deepgram.counts().refused), (1, 0));
}

#[tokio::test]
async fn without_being_asked_there_are_no_interims_no_events_and_no_punctuation() {
    let (_, address) = serve(Settings::default()).await;
    let mut socket = connect(&address, "/v1/listen?model=nova-3&encoding=mulaw&sample_rate=8000&endpointing=300").await;
    say(&mut socket, &[&utterance("grace").audio, &silence(1_500)]).await;
    socket.send(Message::binary(Vec::new())).await.expect("the socket is open");
    let (messages, close) = rest(&mut socket).await;
    assert_eq!(close, Some((1000, String::new())), "an empty audio message ends the stream");
    assert_eq!(finals(&messages), "my name is grace hopper");
    for message in &messages {
        assert!(message["type"] == "Metadata" || message["is_final"] == true, "{message}");
    }
}

#[tokio::test]
async fn finalize_brings_the_words_so_far_at_once() {
    let (_, address) = serve(Settings::default()).await;
    let mut socket = connect(&address, PHONE).await;
    let clip = utterance("open-tue-10");
    say(&mut socket, &[&clip.audio[..clip.words[4].to as usize + 160]]).await;
    tell(&mut socket, "Finalize").await;
    let message = loop {
        let message = next(&mut socket).await.expect("the socket is open");
        if message["from_finalize"] == true {
            break message;
        }
    };
    assert_eq!((transcript(&message), &message["is_final"]), ("Hi, I'd like a haircut", &json!(true)));
    say(&mut socket, &[&clip.audio[clip.words[4].to as usize + 160..], &silence(500)]).await;
    tell(&mut socket, "CloseStream").await;
    assert_eq!(finals(&rest(&mut socket).await.0), "on Tuesday at ten.");
}

#[tokio::test]
async fn handshakes_the_service_refuses_are_refused_with_a_reason() {
    let (deepgram, address) = serve(Settings::default()).await;
    let refused = async |path: &str, key| match try_connect(&address, path, key).await {
        Err(tungstenite::Error::Http(response)) => *response,
        other => panic!("{path} was not refused: {}", other.is_ok()),
    };
    let response = refused(PHONE, None).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert!(response.headers().contains_key("dg-error") && response.headers().contains_key("dg-request-id"));
    let body: Value = serde_json::from_slice(response.body().as_ref().expect("a body")).expect("JSON");
    assert_eq!(body["err_code"], "INVALID_AUTH");
    let flux = PHONE.replace("nova-3", "flux-general-en");
    assert_eq!(refused(&flux, Some("Token abc")).await.status(), StatusCode::BAD_REQUEST);
    deepgram.set(|settings| settings.faults.refuse_listen = Some(402));
    assert_eq!(refused(PHONE, Some("Token abc")).await.status(), StatusCode::PAYMENT_REQUIRED);
    deepgram.set(|settings| settings.faults = Faults::default());
    deepgram.set(|settings| settings.listen_max = Some(0));
    assert_eq!(refused(PHONE, Some("Token abc")).await.status(), StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_stream_without_audio_is_closed_and_keep_alive_keeps_one_that_had_some() {
    let idle_after = Duration::from_millis(300);
    let (_, address) = serve(Settings { idle_after, ..Settings::default() }).await;
    let mut silent = connect(&address, PHONE).await;
    let mut kept = connect(&address, PHONE).await;
    say(&mut kept, &[&silence(20)]).await;
    let (mut alive, mut dead) = (0, None);
    while dead.is_none() {
        tell(&mut kept, "KeepAlive").await;
        // Keep-alives alone do not keep a stream that never had audio.
        let _ = silent.send(Message::text(r#"{"type":"KeepAlive"}"#)).await;
        alive += 1;
        dead = timeout(Duration::from_millis(50), next(&mut silent)).await.ok();
    }
    assert_eq!(dead, Some(Err(Some((1011, "NET-0001".into())))));
    assert!(alive > 2);
    tell(&mut kept, "CloseStream").await;
    assert_eq!(rest(&mut kept).await.1, Some((1000, String::new())));
}

#[tokio::test]
async fn a_listener_can_be_broken_and_mended_while_it_runs() {
    let (deepgram, address) = serve(Settings::default()).await;
    deepgram.set(|settings| settings.faults.close_listen_after = Some(Duration::from_millis(200)));
    let mut socket = connect(&address, PHONE).await;
    say(&mut socket, &[&silence(200)]).await;
    assert_eq!(rest(&mut socket).await.1, Some((1011, "NET-0000".into())));

    deepgram.set(|settings| settings.faults = Faults { garbage: true, ..Faults::default() });
    let mut socket = connect(&address, PHONE).await;
    let clip = utterance("yes-please");
    say(&mut socket, &[&clip.audio, &silence(500)]).await;
    let (mut garbage, mut heard) = (0, String::new());
    while heard.is_empty() {
        let message = next(&mut socket).await.expect("the socket is open");
        garbage += usize::from(message.get("garbage").is_some());
        heard = finals(&[message]);
    }
    assert_eq!(heard, clip.text);
    assert!(garbage > 0);

    deepgram.set(|settings| settings.faults = Faults { stall_listen: true, ..Faults::default() });
    say(&mut socket, &[&clip.audio, &silence(500)]).await;
    tell(&mut socket, "CloseStream").await;
    assert_eq!(rest(&mut socket).await, (vec![], Some((1000, String::new()))));
}

/// Asks for speech; the answer's status, headers and as much of the body as came.
async fn speak(address: &str, query: &str, text: &str) -> (StatusCode, reqwest::header::HeaderMap, Vec<u8>, bool) {
    let request = reqwest::Client::new().post(format!("http://{address}/v1/speak?{query}"));
    let request = request.header("authorization", "Token abc").json(&json!({ "text": text }));
    let mut response = timeout(PATIENCE, request.send()).await.expect("an answer in time").expect("an answer");
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = Vec::new();
    let whole = loop {
        match timeout(PATIENCE, response.chunk()).await.expect("an answer in time") {
            Ok(Some(chunk)) => body.extend(chunk),
            Ok(None) => break true,
            Err(_) => break false,
        }
    };
    (status, headers, body, whole)
}

const RAW: &str = "model=aura-2-thalia-en&encoding=mulaw&sample_rate=8000&container=none";

#[tokio::test]
async fn a_standard_phrase_is_spoken_as_recorded() {
    let (deepgram, address) = serve(Settings::default()).await;
    let phrase = clips("phrases").remove(0);
    let (status, headers, body, _) = speak(&address, RAW, &phrase.text).await;
    assert_eq!((status, &body), (StatusCode::OK, &phrase.audio));
    assert_eq!(headers["content-type"], "audio/mulaw;rate=8000");
    assert_eq!(headers["dg-model-name"], "aura-2-thalia-en");
    assert_eq!(headers["dg-char-count"], phrase.text.len().to_string());
    assert!(headers.contains_key("dg-request-id"));
    assert_eq!(deepgram.counts().characters, phrase.text.len() as u64);

    let (_, headers, body, _) = speak(&address, "model=aura-2-thalia-en&encoding=mulaw", &phrase.text).await;
    assert_eq!(headers["content-type"], "audio/wav");
    assert_eq!((&body[..4], &body[44..]), (&b"RIFF"[..], &phrase.audio[..]));
    let (_, _, body, _) = speak(&address, "encoding=linear16&container=none", &phrase.text).await;
    assert_eq!(body.len(), phrase.audio.len() * 6);
}

#[tokio::test]
async fn speech_that_cannot_be_made_is_refused() {
    let (deepgram, address) = serve(Settings::default()).await;
    assert_eq!(speak(&address, "encoding=flac", "Hello.").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(speak(&address, RAW, "  ").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(speak(&address, RAW, &"a ".repeat(501)).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    deepgram.set(|settings| settings.speak_max = Some(0));
    assert_eq!(speak(&address, RAW, "Hello.").await.0, StatusCode::TOO_MANY_REQUESTS);
    deepgram.set(|settings| settings.faults.refuse_speak = Some(503));
    assert_eq!(speak(&address, RAW, "Hello.").await.0, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_body_that_is_cut_is_seen_to_be_cut() {
    let (deepgram, address) = serve(Settings::default()).await;
    deepgram.set(|settings| settings.faults.cut_speak_after = Some(2_000));
    let (status, _, body, whole) = speak(&address, RAW, "Goodbye.").await;
    assert!(status == StatusCode::OK && body.len() <= 2_000 && !whole);
    deepgram.set(|settings| settings.faults = Faults::default());
    assert!(speak(&address, RAW, "Goodbye.").await.3);
    assert_eq!(deepgram.counts().speeches_open, 0);
}

const FLUX: &str = "/v2/listen?model=flux-general-en&encoding=mulaw&sample_rate=8000";

fn events(messages: &[Value]) -> Vec<(&str, u64, &str)> {
    let told = messages.iter().filter(|message| message["type"] == "TurnInfo" && message["event"] != "Update");
    told.map(|turn| (turn["event"].as_str(), turn["turn_index"].as_u64(), turn["transcript"].as_str()))
        .map(|(event, turn, text)| (event.unwrap_or_default(), turn.unwrap_or(9), text.unwrap_or_default()))
        .collect()
}

#[tokio::test]
async fn flux_follows_two_turns() {
    let (_, address) = serve(Settings::default()).await;
    let mut socket = connect(&address, FLUX).await;
    let (one, other) = (utterance("open-tue-10"), utterance("ada"));
    say(&mut socket, &[&silence(500), &one.audio, &silence(1_000), &other.audio, &silence(1_000)]).await;
    tell(&mut socket, "CloseStream").await;
    let (messages, close) = rest(&mut socket).await;
    assert_eq!(close, Some((1000, String::new())));
    assert_eq!(messages[0]["type"], "Connected");
    for (n, message) in messages.iter().enumerate() {
        assert_eq!(message["sequence_id"], n);
    }
    let events = events(&messages);
    let expected = [
        ("StartOfTurn", 0, "Hi,"),
        ("EndOfTurn", 0, "Hi, I'd like a haircut on Tuesday at ten."),
        ("StartOfTurn", 1, "Ada"),
        ("EndOfTurn", 1, "Ada Lovelace."),
    ];
    assert_eq!(events, expected);
    let updates = messages.iter().filter(|message| message["event"] == "Update").count();
    assert!(updates > 10, "{updates}");
}

#[tokio::test]
async fn flux_takes_back_an_end_that_came_too_early() {
    let (_, address) = serve(Settings::default()).await;
    let mut socket = connect(&address, &format!("{FLUX}&eager_eot_threshold=0.3")).await;
    let clip = utterance("open-tue-10");
    let pause_at = clip.words[5].from as usize - 40;
    say(&mut socket, &[&clip.audio[..pause_at], &silence(600), &clip.audio[pause_at..], &silence(1_000)]).await;
    tell(&mut socket, "CloseStream").await;
    let (messages, _) = rest(&mut socket).await;
    let expected = [
        ("StartOfTurn", 0, "Hi,"),
        ("EagerEndOfTurn", 0, "Hi, I'd like a haircut"),
        ("TurnResumed", 0, "Hi, I'd like a haircut"),
        ("EagerEndOfTurn", 0, "Hi, I'd like a haircut on Tuesday at ten."),
        ("EndOfTurn", 0, "Hi, I'd like a haircut on Tuesday at ten."),
    ];
    assert_eq!(events(&messages), expected);
}

#[tokio::test]
async fn flux_is_moved_by_audio_alone() {
    let (_, address) = serve(Settings::default()).await;
    let mut socket = connect(&address, FLUX).await;
    let clip = utterance("ada");
    say(&mut socket, &[&clip.audio]).await;
    let configure = json!({ "type": "Configure", "thresholds": { "eot_threshold": 0.8 } });
    socket.send(Message::text(configure.to_string())).await.expect("the socket is open");
    let mut before = Vec::new();
    while before.last().is_none_or(|message: &Value| message["type"] != "ConfigureSuccess") {
        before.push(next(&mut socket).await.expect("the socket is open"));
    }
    assert_eq!(before.last().expect("it came")["thresholds"]["eot_timeout_ms"], 5_000);
    assert!(events(&before).iter().all(|(event, ..)| *event != "EndOfTurn"));
    tell(&mut socket, "ForceEndTurn").await;
    let end = next(&mut socket).await.expect("the socket is open");
    assert_eq!((&end["event"], &end["trigger"]), (&json!("EndOfTurn"), &json!("manual")));
    tell(&mut socket, "KeepAlive").await;
    let (messages, close) = rest(&mut socket).await;
    assert_eq!(messages.last().expect("a message")["code"], "UNPARSABLE_CLIENT_MESSAGE");
    assert_eq!(close.map(|(code, _)| code), Some(1008));
}

const SPEAK: &str = "/v1/speak?model=aura-2-thalia-en&encoding=mulaw&sample_rate=8000";

async fn order(socket: &mut Socket, message: Value) {
    socket.send(Message::text(message.to_string())).await.expect("the socket is open");
}

/// Audio up to the next text message, and that message.
async fn audio_until_text(socket: &mut Socket) -> (Vec<u8>, Value) {
    let mut audio = Vec::new();
    loop {
        match timeout(PATIENCE, socket.next()).await.expect("an answer in time") {
            Some(Ok(Message::Binary(chunk))) => audio.extend(chunk),
            Some(Ok(Message::Text(text))) => return (audio, serde_json::from_str(&text).expect("JSON")),
            other => panic!("the socket ended: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_speaking_socket_says_what_it_is_told_up_to_the_flush() {
    let (_, address) = serve(Settings::default()).await;
    let mut socket = connect(&address, SPEAK).await;
    assert_eq!(audio_until_text(&mut socket).await.1["type"], "Metadata");
    let phrases = clips("phrases");
    for piece in [&phrases[0].text[..10], &phrases[0].text[10..], " ", &phrases[1].text] {
        order(&mut socket, json!({ "type": "Speak", "text": piece })).await;
    }
    order(&mut socket, json!({ "type": "Flush" })).await;
    let (audio, flushed) = audio_until_text(&mut socket).await;
    assert_eq!(audio, [&phrases[0].audio[..], &phrases[1].audio].concat());
    assert_eq!(flushed, json!({ "type": "Flushed", "sequence_id": 0 }));
    order(&mut socket, json!({ "type": "Speak", "text": phrases[2].text })).await;
    order(&mut socket, json!({ "type": "Close" })).await;
    let mut audio = Vec::new();
    let close = loop {
        match timeout(PATIENCE, socket.next()).await.expect("an answer in time") {
            Some(Ok(Message::Binary(chunk))) => audio.extend(chunk),
            Some(Ok(Message::Close(Some(frame)))) => break u16::from(frame.code),
            other => panic!("the socket ended: {other:?}"),
        }
    };
    assert_eq!((audio, close), (phrases[2].audio.clone(), 1000));
}

#[tokio::test]
async fn clearing_stops_speech_that_was_not_sent() {
    let (_, address) = serve(Settings { speak_rate: Some(2.0), ..Settings::default() }).await;
    let mut socket = connect(&address, SPEAK).await;
    audio_until_text(&mut socket).await;
    let phrase = clips("phrases").remove(0);
    order(&mut socket, json!({ "type": "Speak", "text": phrase.text })).await;
    order(&mut socket, json!({ "type": "Flush" })).await;
    assert!(matches!(socket.next().await, Some(Ok(Message::Binary(_)))));
    order(&mut socket, json!({ "type": "Clear" })).await;
    let (audio, cleared) = audio_until_text(&mut socket).await;
    assert!(audio.len() + 1_601 < phrase.audio.len(), "{} of {}", audio.len(), phrase.audio.len());
    assert_eq!(cleared, json!({ "type": "Cleared", "sequence_id": 0 }));
}

#[tokio::test]
async fn a_speaking_socket_is_closed_for_what_it_does_not_take() {
    let (_, address) = serve(Settings::default()).await;
    let too_much = json!({ "type": "Speak", "text": "a".repeat(2_001) }).to_string();
    for (message, code) in [
        (Message::binary(vec![1, 2, 3]), 1003),
        (Message::text("{\"type\":\"Sing\"}"), 1008),
        (Message::text("nonsense"), 1008),
        (Message::text(too_much), 1009),
    ] {
        let mut socket = connect(&address, SPEAK).await;
        audio_until_text(&mut socket).await;
        socket.send(message).await.expect("the socket is open");
        assert_eq!(next(&mut socket).await.expect_err("it closes").map(|(code, _)| code), Some(code));
    }
    let mut socket = connect(&address, SPEAK).await;
    audio_until_text(&mut socket).await;
    for _ in 0..21 {
        order(&mut socket, json!({ "type": "Flush" })).await;
    }
    let mut kinds = Vec::new();
    for _ in 0..21 {
        kinds.push(audio_until_text(&mut socket).await.1["type"].as_str().unwrap_or_default().to_owned());
    }
    assert_eq!(kinds.iter().filter(|kind| *kind == "Warning").count(), 1);
}
