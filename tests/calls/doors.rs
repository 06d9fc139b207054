//! Who may come in, and what becomes of messages that make no sense: nobody is believed without a signature and a
//! ticket, no vendor hears of those who are not, and nonsense ends no call.

use sandbox::twilio::{Ending, sign};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::caller::ANSWERS;
use crate::gateway::{AUTH_TOKEN, Gateway, PUBLIC_URL, caller_said, until};
use crate::peer::Signature;

const CALL: &str = "CA0123456789abcdef0123456789abcdef";
const OTHER_CALL: &str = "CAfedcba9876543210fedcba9876543210";

#[tokio::test]
async fn nonsense_on_the_stream_is_counted_and_the_call_goes_on() {
    let gateway = Gateway::open().await;
    let mut caller = gateway.caller();
    caller.hears("how can i help you").await;
    for text in ["{\"event\":", "no json at all", "[]", "{\"event\":\"media\",\"streamSid\":\"MZother\"}"] {
        caller.line.send_text(text);
    }
    caller.line.send_binary(vec![0; 1_000]);
    caller.says("open-tue-10").await;
    assert_eq!(caller.answers(ANSWERS).await, Ending::Completed);
    for (kind, count) in [("message", 3.0), ("stream_sid", 1.0), ("binary", 1.0)] {
        let labels = format!("kind=\"{kind}\"");
        assert_eq!(gateway.metric("frontdesk_malformed_messages_total", &labels).await, count, "{kind}");
    }
    assert_eq!(gateway.record(&caller.call_sid()).await.outcome.as_deref(), Some("booked"));
    assert_eq!(caller.streams, 1);
}

#[tokio::test]
async fn a_message_beyond_all_bounds_ends_its_stream_and_the_call_goes_on_with_the_next() {
    let gateway = Gateway::open().await;
    let mut caller = gateway.caller();
    caller.hears("how can i help you").await;
    caller.line.send_text("x".repeat(64 * 1024 + 1));
    caller.hears("we were cut off").await;
    assert_eq!(caller.streams, 2);
    caller.says("open-tue-10").await;
    assert_eq!(caller.answers(ANSWERS).await, Ending::Completed);
    assert_eq!(gateway.record(&caller.call_sid()).await.outcome.as_deref(), Some("booked"));
}

#[tokio::test]
async fn media_before_the_start_is_forgiven() {
    let gateway = Gateway::open().await;
    let ticket = gateway.ticket("/voice", CALL).await;
    let mut peer = gateway.peer(Signature::Right).await.expect("let in");
    for _ in 0..5 {
        peer.send(peer.silence()).await;
    }
    peer.start("MZ1", CALL, Some(&ticket)).await;
    peer.hears_something().await;
}

#[tokio::test]
async fn words_are_heard_in_pieces_of_any_length() {
    let gateway = Gateway::open().await;
    let clip = gateway.world.utterances().iter().find(|clip| clip.id == "open-wed-9").expect("a clip").clone();
    for (number, piece_bytes) in [1, 37, 159, 1_001].into_iter().enumerate() {
        let call_sid = format!("CA{number:032}");
        let ticket = gateway.ticket("/voice", &call_sid).await;
        let mut peer = gateway.peer(Signature::Right).await.expect("let in");
        peer.start("MZ1", &call_sid, Some(&ticket)).await;
        // A byte a message would be eight thousand messages a second: more than a test needs to show.
        let audio = if piece_bytes == 1 { &clip.audio[..800] } else { &clip.audio[..] };
        peer.says(audio, piece_bytes).await;
        peer.send(json!({"event": "stop", "streamSid": "MZ1", "stop": {"callSid": call_sid}})).await;
        let record = gateway.record(&call_sid).await;
        assert_eq!(record.ending.as_deref(), Some("hung_up"));
        if piece_bytes > 1 {
            assert_eq!(caller_said(&record), ["hello i want to book a haircut on wednesday at nine"], "{piece_bytes}");
        }
    }
    assert_eq!(gateway.metric("frontdesk_malformed_messages_total", "").await, 0.0);
}

#[tokio::test]
async fn a_stream_without_a_good_ticket_is_closed_and_no_vendor_hears_of_it() {
    let gateway = Gateway::open().await;
    let (deepgram, openai) = (gateway.world.deepgram().counts(), gateway.world.openai().counts());
    let others = gateway.ticket("/voice", OTHER_CALL).await;
    let forged = format!("{}-{}", others.split('-').next().expect("a number"), "0".repeat(32));
    for ticket in [None, Some("nonsense"), Some(forged.as_str()), Some(others.as_str())] {
        let mut peer = gateway.peer(Signature::Right).await.expect("its signature is right");
        peer.start("MZ1", CALL, ticket).await;
        assert_eq!(peer.next().await, None, "{ticket:?}");
    }
    assert_eq!(gateway.metric("frontdesk_malformed_messages_total", "kind=\"ticket\"").await, 4.0);
    assert_eq!(gateway.world.deepgram().counts(), deepgram);
    assert_eq!(gateway.world.openai().counts(), openai);
}

#[tokio::test]
async fn a_ticket_is_good_for_one_stream() {
    let gateway = Gateway::open().await;
    let ticket = gateway.ticket("/voice", CALL).await;
    let mut first = gateway.peer(Signature::Right).await.expect("let in");
    first.start("MZ1", CALL, Some(&ticket)).await;
    first.hears_something().await;
    let mut second = gateway.peer(Signature::Right).await.expect("its signature is right");
    second.start("MZ2", CALL, Some(&ticket)).await;
    assert_eq!(second.next().await, None);
    first.hears_something().await;
    assert_eq!(gateway.world.deepgram().counts().listeners, 1);
}

#[tokio::test]
async fn a_second_stream_of_a_call_takes_it_over_only_with_a_ticket_of_its_own() {
    let gateway = Gateway::open().await;
    let ticket = gateway.ticket("/voice", CALL).await;
    let mut first = gateway.peer(Signature::Right).await.expect("let in");
    first.start("MZ1", CALL, Some(&ticket)).await;
    first.hears_something().await;

    let mut stranger = gateway.peer(Signature::Right).await.expect("its signature is right");
    stranger.start("MZ2", CALL, None).await;
    assert_eq!(stranger.next().await, None);
    first.hears_something().await;

    let next = gateway.ticket("/voice/resume", CALL).await;
    let mut second = gateway.peer(Signature::Right).await.expect("let in");
    second.start("MZ3", CALL, Some(&next)).await;
    second.hears_something().await;
    first.is_closed().await;
    second.send(json!({"event": "stop", "streamSid": "MZ3", "stop": {"callSid": CALL}})).await;
    let record = gateway.record(CALL).await;
    assert_eq!(record.ending.as_deref(), Some("hung_up"));
    assert_eq!(gateway.metric("frontdesk_calls_total", "").await, 1.0, "it was one call all the time");
}

#[tokio::test]
async fn nobody_but_twilio_is_believed() {
    let gateway = Gateway::open().await;
    let fields = [("CallSid".to_owned(), CALL.to_owned())];
    for path in ["/voice", "/voice/resume", "/voice/fallback", "/voice/status"] {
        let address = format!("{PUBLIC_URL}{path}");
        let elsewhere = sign(AUTH_TOKEN, &format!("{PUBLIC_URL}/elsewhere"), &fields);
        let others = sign("another secret", &address, &fields);
        for signature in [None, Some("nonsense"), Some(elsewhere.as_str()), Some(others.as_str())] {
            let (status, text) = gateway.post_signed(path, &fields, signature).await;
            assert_eq!(status, 403, "{path} {signature:?}: {text}");
            assert!(text.contains("X-Twilio-Signature") && !text.contains(AUTH_TOKEN), "{text}");
        }
    }
    assert_eq!(gateway.peer(Signature::Missing).await.err(), Some(403));
    assert_eq!(gateway.peer(Signature::Wrong).await.err(), Some(403));
    assert_eq!(gateway.world.deepgram().counts().listeners, 0);
}

#[tokio::test]
async fn a_missing_field_is_named() {
    let gateway = Gateway::open().await;
    for path in ["/voice", "/voice/resume", "/voice/status"] {
        let (status, text) = gateway.post(path, &[("From", "+14155550123")]).await;
        assert_eq!((status, text.contains("CallSid")), (400, true), "{path}: {text}");
    }
    let (status, text) = gateway.post("/voice", &[("CallSid", &"C".repeat(10_000))]).await;
    assert_eq!((status, text.contains("CallSid")), (400, true), "{text}");
    let (status, _) = gateway.post("/voice", &[("CallSid", CALL), ("Junk", &"j".repeat(100_000))]).await;
    assert_eq!(status, 413);
}

#[tokio::test]
async fn a_socket_that_never_starts_a_stream_is_closed() {
    let gateway = Gateway::open().await;
    let mut peer = gateway.peer(Signature::Right).await.expect("let in");
    for _ in 0..20 {
        peer.send_message(Message::text("hello?")).await;
    }
    peer.is_closed().await;
    until("it is counted", async || {
        (gateway.metric("frontdesk_malformed_messages_total", "kind=\"start\"").await > 0.0).then_some(())
    })
    .await;
}
