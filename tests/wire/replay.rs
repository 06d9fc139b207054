//! The exact bytes of a listening stream, against a server that is told what to do.

use std::time::Duration;

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::any;
use engine::audio::frame::FRAME_LEN;
use engine::io::Input;
use frontdesk::vendors::deepgram::listen::Config;
use tokio::sync::mpsc;

use crate::scene::{Call, hurried, next, serve};

/// Hands every socket that is opened to the test.
async fn sockets() -> (String, mpsc::Receiver<WebSocket>) {
    async fn open(State(sockets): State<mpsc::Sender<WebSocket>>, upgrade: WebSocketUpgrade) -> Response {
        upgrade.on_upgrade(async move |socket| sockets.send(socket).await.expect("the test takes it"))
    }
    let (sender, receiver) = mpsc::channel(4);
    let url = serve(Router::new().route("/v1/listen", any(open)).with_state(sender)).await;
    (url, receiver)
}

/// Reads audio until there are so many bytes.
async fn audio(socket: &mut WebSocket, len: usize) -> Vec<u8> {
    let mut audio = Vec::new();
    while audio.len() < len {
        match message(socket).await {
            Message::Binary(bytes) => {
                assert!(!bytes.is_empty(), "an empty message ends the stream");
                audio.extend_from_slice(&bytes);
            }
            other => panic!("not audio: {other:?}"),
        }
    }
    audio
}

async fn message(socket: &mut WebSocket) -> Message {
    let next = tokio::time::timeout(crate::scene::PATIENCE, socket.recv()).await;
    next.expect("a message in time").expect("an open socket").expect("a sound message")
}

async fn result(socket: &mut WebSocket, start: f64, duration: f64, is_final: bool, text: &str) {
    let json = format!(
        r#"{{"type":"Results","channel_index":[0,1],"start":{start},"duration":{duration},"is_final":{is_final},"channel":{{"alternatives":[{{"transcript":"{text}","confidence":0.9,"words":[]}}]}}}}"#
    );
    socket.send(Message::Text(json.into())).await.expect("an open socket");
}

/// Two seconds of frames that all differ, quiet enough to be no voice.
fn numbered() -> Vec<u8> {
    (0..100_u8).flat_map(|n| [0xff - n % 16, 0x7f - n / 16].into_iter().cycle().take(FRAME_LEN)).collect()
}

#[tokio::test]
async fn after_a_break_audio_is_sent_again_from_the_last_word_that_was_settled() {
    let (url, mut opened) = sockets().await;
    let spoken = numbered();
    let mut call = Call::listening(hurried(url));
    let mut socket = next(&mut opened).await.expect("a socket");
    call.says(&spoken).await;
    assert_eq!(audio(&mut socket, spoken.len()).await, spoken, "in order, each once");
    result(&mut socket, 0.0, 0.4, true, "one").await;
    result(&mut socket, 0.4, 1.0, false, "two thr").await;
    call.expect(&Input::HearingStarted).await;
    let (from_ms, to_ms) = (10_000, 10_400);
    let confidence = 0.9;
    call.expect(&Input::Final { text: "one".into(), confidence, from_ms, to_ms, ends_turn: false, words: Vec::new() })
        .await;
    assert!(matches!(next(&mut call.facts).await, Some(Input::Interim { .. })));
    drop(socket);
    call.fails().await;
    let mut socket = next(&mut opened).await.expect("another socket");
    assert_eq!(audio(&mut socket, spoken.len() - 20 * FRAME_LEN).await, &spoken[20 * FRAME_LEN..]);
    result(&mut socket, 0.0, 1.0, true, "two three").await;
    call.expect(&Input::HearingStarted).await;
    let (from_ms, to_ms) = (10_400, 11_400);
    call.expect(&Input::Final {
        text: "two three".into(),
        confidence,
        from_ms,
        to_ms,
        ends_turn: false,
        words: Vec::new(),
    })
    .await;
}

#[tokio::test]
async fn a_pause_is_bridged_with_text_messages_and_the_end_is_announced() {
    let (url, mut opened) = sockets().await;
    let mut call = Call::listening(Config { keep_alive: Duration::from_millis(30), ..hurried(url) });
    let mut socket = next(&mut opened).await.expect("a socket");
    call.is_silent_for(100).await;
    audio(&mut socket, 5 * FRAME_LEN).await;
    for _ in 0..2 {
        assert_eq!(message(&mut socket).await, Message::Text(r#"{"type":"KeepAlive"}"#.into()));
    }
    drop(call);
    loop {
        match message(&mut socket).await {
            Message::Text(text) if text.contains("KeepAlive") => {}
            last => {
                assert_eq!(last, Message::Text(r#"{"type":"CloseStream"}"#.into()));
                return;
            }
        }
    }
}

#[tokio::test]
async fn words_that_were_thought_better_of_are_taken_back() {
    let (url, mut opened) = sockets().await;
    let mut call = Call::listening(hurried(url));
    let mut socket = next(&mut opened).await.expect("a socket");
    call.is_silent_for(100).await;
    result(&mut socket, 0.0, 0.1, false, "").await;
    result(&mut socket, 0.0, 0.1, false, "uh").await;
    result(&mut socket, 0.0, 0.1, true, "").await;
    call.expect(&Input::HearingStarted).await;
    let mut texts = Vec::new();
    while texts.len() < 2 {
        match next(&mut call.facts).await {
            Some(Input::Interim { text, .. }) => texts.push(text),
            other => panic!("not an interim: {other:?}"),
        }
    }
    assert_eq!(texts, ["uh", ""]);
}

#[tokio::test]
async fn the_handshake_carries_the_key_our_name_and_what_the_crate_of_the_vendor_would_ask_for() {
    let (sender, mut seen) = mpsc::channel(1);
    let open = async move |headers: axum::http::HeaderMap, Query(query): Query<Vec<(String, String)>>| {
        sender.send((headers, query)).await.expect("the test takes it");
        axum::http::StatusCode::FORBIDDEN
    };
    let url = serve(Router::new().route("/v1/listen", any(open))).await;
    let mut call = Call::listening(Config { key: "k-1".into(), ..hurried(url) });
    let (headers, query) = next(&mut seen).await.expect("a handshake");
    assert_eq!(headers["authorization"], "Token k-1");
    assert!(headers["user-agent"].to_str().is_ok_and(|name| name.starts_with("frontdesk/")));
    let has = |name: &str, value: &str| query.contains(&(name.to_owned(), value.to_owned()));
    for (name, value) in [
        ("model", "nova-3"),
        ("encoding", "mulaw"),
        ("sample_rate", "8000"),
        ("interim_results", "true"),
        ("endpointing", "300"),
        ("utterance_end_ms", "1000"),
        ("vad_events", "true"),
        ("keyterm", "haircut"),
    ] {
        assert!(has(name, value), "{name}={value} in {query:?}");
    }
    call.fails().await;
}
