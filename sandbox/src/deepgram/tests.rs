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
    deepgram.set(|settings| settings.listen_max = 0);
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
    assert_eq!(speak(&address, "model=aura-2-thalia-en", "Hello.").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(speak(&address, RAW, "  ").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(speak(&address, RAW, &"a ".repeat(501)).await.0, StatusCode::PAYLOAD_TOO_LARGE);
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
