//! Twilio's webhooks: a call comes, goes on, ends, and is asked about; signed where there is a token.

use super::*;

#[tokio::test]
async fn a_call_is_connected_to_a_stream_with_a_ticket_that_knows_the_caller() {
    let (front, _) = front(TestDesk::default()).await;
    let front = Arc::new(front);
    let (status, twiml) = ask(&front, post("/voice", CALL)).await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        twiml.contains(r#"<Connect><Stream url="wss://desk.example.com/media"><Parameter name="ticket""#),
        "{twiml}"
    );
    let redirect = r#"</Connect><Redirect method="POST">https://desk.example.com/voice/resume</Redirect></Response>"#;
    assert!(twiml.ends_with(redirect), "{twiml}");
    let caller = front.tickets.redeem(ticket_in(&twiml), "CA1").expect("a good ticket");
    assert_eq!((caller.from.as_str(), caller.to.as_str()), ("anonymous", "+15551230000"));
    assert_eq!(front.tickets.redeem(ticket_in(&twiml), "CA1"), Err(NotAdmitted::Used));
}

#[tokio::test]
async fn a_number_that_calls_by_get_is_answered_and_never_cached() {
    let (front, _) = front(TestDesk::default()).await;
    let response = router(Arc::new(front)).oneshot(get_page(&format!("/voice?{CALL}"))).await.expect("an answer");
    assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
    assert_eq!(response.headers()[CONTENT_TYPE], "text/xml; charset=utf-8");
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test]
async fn without_a_public_address_the_host_is_answered() {
    let cases = [
        ("localhost:3000", "ws://localhost:3000/media"),
        ("127.0.0.1:4000", "ws://127.0.0.1:4000/media"),
        ("[::1]:3000", "ws://[::1]:3000/media"),
        ("name.ngrok.app", "wss://name.ngrok.app/media"),
        ("192.168.1.2:3000", "wss://192.168.1.2:3000/media"),
    ];
    for (host, address) in cases {
        let (front, _) = front(TestDesk::default()).await;
        let front = Arc::new(Front { public_url: None, ..front });
        let mut request = post("/voice", CALL);
        request.headers_mut().insert(HOST, host.parse().expect("a host"));
        let (status, twiml) = ask(&front, request).await;
        assert_eq!(status, StatusCode::OK, "{twiml}");
        assert!(twiml.contains(&format!(r#"<Stream url="{address}">"#)), "{twiml}");
    }
    let (front, _) = front(TestDesk::default()).await;
    let front = Arc::new(Front { public_url: None, ..front });
    for host in ["", "a b", "\"><Hangup/>"] {
        let mut request = post("/voice", CALL);
        request.headers_mut().insert(HOST, host.parse().expect("a header"));
        let (status, text) = ask(&front, request).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{host:?}");
        assert!(text.contains("PUBLIC_URL"), "{text}");
    }
}

#[tokio::test]
async fn missing_and_endless_fields_are_named() {
    let (front, _) = front(TestDesk::default()).await;
    let front = Arc::new(front);
    for path in ["/voice", "/voice/resume", "/voice/status"] {
        for body in ["", "From=anonymous", "CallSid="] {
            let (status, text) = ask(&front, post(path, body)).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{path} {body}");
            assert!(text.contains("CallSid is missing"), "{text}");
        }
    }
    let (status, text) = ask(&front, post("/voice", format!("CallSid={}", "C".repeat(300)))).await;
    assert_eq!((status, text.contains("CallSid")), (StatusCode::BAD_REQUEST, true), "{text}");
    let (status, _) = ask(&front, post("/voice", vec![b'a'; BODY_MAX + 1])).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    let (status, _) = ask(&front, post("/voice", &b"\xff%zz=%&&CallSid=CA1&=%00"[..])).await;
    assert_eq!(status, StatusCode::OK, "odd bytes beside the field that counts");
}

#[tokio::test]
async fn a_full_house_is_busy_and_a_closing_one_says_so() {
    let (front, _) = front(TestDesk { admit: Admit::Busy, ..TestDesk::default() }).await;
    let (_, twiml) = ask(&Arc::new(front), post("/voice", CALL)).await;
    assert!(twiml.contains(r#"<Response><Reject reason="busy"/></Response>"#), "{twiml}");
    let (front, _) = self::front(TestDesk { admit: Admit::Draining, ..TestDesk::default() }).await;
    let (_, twiml) = ask(&Arc::new(front), post("/voice", CALL)).await;
    assert!(twiml.contains("<Say>We are sorry") && twiml.ends_with("<Hangup/></Response>"), "{twiml}");
    let (front, _) = self::front(TestDesk { admit: Admit::Draining, ..TestDesk::default() }).await;
    let spanish = "CallSid=CA1&From=%2B34600000000&To=%2B34910000000";
    let (_, twiml) = ask(&Arc::new(front), post("/voice", spanish)).await;
    assert!(twiml.contains(r#"<Say language="es-US">Lo sentimos"#), "{twiml}");
}

#[tokio::test]
async fn after_the_stream_the_desk_decides() {
    let (front, _) = front(TestDesk::default()).await;
    let (_, twiml) = ask(&Arc::new(front), post("/voice/resume", CALL)).await;
    assert!(twiml.ends_with("<Response><Hangup/></Response>"), "{twiml}");
    let next = Next::Dial {
        to: "+15550001111".to_owned(),
        whisper: "Ada, about a haircut.".to_owned(),
        language: Language::English,
    };
    let (front, desk) = self::front(TestDesk { next, ..TestDesk::default() }).await;
    let front = Arc::new(front);
    let (_, twiml) = ask(&front, post("/voice/resume", CALL)).await;
    let number = "<Number url=\"https://desk.example.com/voice/whisper\">+15550001111</Number>";
    assert!(twiml.contains("<Dial action=\"https://desk.example.com/voice/dialled\">"), "{twiml}");
    assert!(twiml.contains(number), "{twiml}");

    let (_, twiml) = ask(&front, post("/voice/whisper", "CallSid=CA2&ParentCallSid=CA1")).await;
    assert!(twiml.ends_with("<Response><Say>Ada, about a haircut.</Say></Response>"), "{twiml}");
    let spoke = format!("{CALL}&DialCallStatus=completed&DialCallDuration=61");
    let (_, twiml) = ask(&front, post("/voice/dialled", spoke)).await;
    assert!(twiml.ends_with("<Response><Hangup/></Response>"), "{twiml}");
    let (_, twiml) = ask(&front, post("/voice/dialled", format!("{CALL}&DialCallStatus=busy"))).await;
    assert!(twiml.contains("<Say>I&apos;m sorry, nobody can take your call") && twiml.contains("<Stream"), "{twiml}");
    let theirs = "CallSid=CA-spanish&From=%2B34600000000&To=%2B15557654321&DialCallStatus=busy";
    let (_, twiml) = ask(&front, post("/voice/dialled", theirs)).await;
    assert!(twiml.contains(r#"<Say language="es-US">"#), "in what the call was held in: {twiml}");
    let said = desk.said.lock().expect("no test panics with it");
    let told: Vec<_> = said.iter().map(|said| (&*said.call_status, said.duration_s)).collect();
    assert_eq!(told, [("completed", Some(61)), ("busy", None), ("busy", None)]);
}

#[tokio::test]
async fn whoever_cannot_be_talked_to_is_reminded_by_text() {
    for (admit, answered_by, talks) in [
        (Admit::Welcome, "human", true),
        (Admit::Welcome, "machine_start", false),
        (Admit::Busy, "human", false),
        (Admit::Draining, "human", false),
    ] {
        let (front, desk) = front(TestDesk { admit, ..TestDesk::default() }).await;
        let body = format!("{CALL}&AnsweredBy={answered_by}");
        let (_, twiml) = ask(&Arc::new(front), post("/voice/remind?appointment=A1", body)).await;
        assert_eq!(twiml.contains("<Stream"), talks, "{admit:?}, {answered_by}: {twiml}");
        let said = desk.said.lock().expect("no test panics with it");
        let by_text: Vec<&str> = said.iter().map(|said| said.call_sid.as_str()).collect();
        assert_eq!(by_text, if talks { vec![] } else { vec!["A1"] }, "{admit:?}, {answered_by}");
    }
}

#[tokio::test]
async fn a_call_that_was_cut_off_is_connected_again_five_times() {
    let (front, _) = front(TestDesk { next: Next::Reconnect, ..TestDesk::default() }).await;
    let front = Arc::new(front);
    let mut address = "/voice/resume".to_owned();
    for _ in 0..5 {
        let (_, twiml) = ask(&front, post(&address, CALL)).await;
        assert!(front.tickets.redeem(ticket_in(&twiml), "CA1").is_ok());
        let (_, after) = twiml.split_once("https://desk.example.com").expect("a redirect");
        address = after.split_once("</Redirect>").expect("its end").0.to_owned();
    }
    let (_, twiml) = ask(&front, post(&address, CALL)).await;
    assert!(!twiml.contains("<Connect>") && twiml.contains("<Say>We are sorry"), "{twiml}");
}

#[tokio::test]
async fn the_fallback_apologises_and_finds_a_person_if_there_is_one() {
    let (front, _) = front(TestDesk::default()).await;
    let body = "CallSid=CA1&ErrorCode=11200&ErrorUrl=https%3A%2F%2Fdesk.example.com%2Fvoice";
    let (_, twiml) = ask(&Arc::new(front), post("/voice/fallback", body)).await;
    assert!(twiml.contains("<Say>We are sorry") && twiml.ends_with("<Hangup/></Response>"), "{twiml}");
    let (front, _) = self::front(TestDesk::default()).await;
    let front = Front { transfer_to: Some("+15550001111".to_owned()), ..front };
    let (_, twiml) = ask(&Arc::new(front), post("/voice/fallback", "")).await;
    assert!(twiml.contains("<Dial>+15550001111</Dial>"), "{twiml}");
}

#[tokio::test]
async fn status_callbacks_reach_the_desk() {
    let (front, desk) = front(TestDesk::default()).await;
    let body = "CallSid=CA1&CallStatus=completed&CallDuration=42&SequenceNumber=3&Timestamp=x";
    let (status, text) = ask(&Arc::new(front), post("/voice/status", body)).await;
    assert_eq!((status, text.as_str()), (StatusCode::NO_CONTENT, ""));
    let said = desk.said.lock().expect("no test panics with it");
    assert_eq!((said[0].call_status.as_str(), said[0].duration_s, said[0].sequence), ("completed", Some(42), Some(3)));
    assert_eq!(*desk.measured.lock().expect("no test panics with it"), [("/voice/status".to_owned(), 204)]);
}

#[tokio::test]
async fn with_a_token_only_signed_requests_are_answered() {
    let (front, _) = front(TestDesk::default()).await;
    let front = with_token(front);
    for path in ["/voice", "/voice/resume", "/voice/fallback", "/voice/status"] {
        for signature in [None, Some("L/OH5YylLD5NRKLltdqwSvS0BnU=")] {
            let mut request = post(path, CALL);
            if let Some(signature) = signature {
                request.headers_mut().insert(signature::HEADER, signature.parse().expect("a header"));
            }
            let (status, text) = ask(&front, request).await;
            assert_eq!(status, StatusCode::FORBIDDEN);
            assert!(text.contains(&format!("https://example.com{path}")), "{text}");
        }
    }
    let mut request = post("/voice", "CallSid=CA1");
    // base64(HMAC-SHA1("12345", "https://example.com/voiceCallSidCA1")), computed with Python's hmac.
    request.headers_mut().insert(signature::HEADER, SIGNED.parse().expect("a header"));
    assert_eq!(ask(&front, request).await.0, StatusCode::OK);
}

const SIGNED: &str = "7kudyaTQh+NyYH/ui/OOeke6ryw=";

fn ticket_in(twiml: &str) -> &str {
    let (_, rest) = twiml.split_once(r#"name="ticket" value=""#).expect("a ticket");
    rest.split_once('"').expect("its end").0
}
