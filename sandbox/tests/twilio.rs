//! The simulated Twilio against a gateway of a few lines: what it sends, what it obeys, what it does when the gateway
//! or the network misbehaves.
#![cfg(feature = "sockets")]

mod gateway;

use std::time::Duration;

use axum::extract::ws::Message;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gateway::{CONNECT, DEADLINE, Setup, TOKEN};
use sandbox::twilio::{CallSetup, Ending, Happening, Line, Twilio, TwilioSettings, Verb, sign};
use serde_json::{Value, json};
use tokio::time::timeout;

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
        Happening::Cleared { dropped, .. } => Some(*dropped),
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
async fn a_stream_can_begin_out_of_turn_and_with_forged_parameters() {
    let mut setup = Setup::new(&[("/voice", CONNECT)]).await;
    let odd = json!({"event": "media", "media": {"payload": ""}});
    let call = CallSetup {
        forged_parameters: vec![("ticket".into(), "forged".into()), ("more".into(), "x".into())],
        before_start: vec![odd.to_string()],
        ..CallSetup::new("+14155550123", "+15550001111")
    };
    let _line = setup.twilio.place(call);
    // What stands where `start` usually does.
    let mut stream = setup.stream().await;
    assert_eq!(stream.start, odd);
    let start = stream.next().await;
    assert_eq!(start["start"]["customParameters"], json!({"ticket": "forged", "more": "x"}));
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
