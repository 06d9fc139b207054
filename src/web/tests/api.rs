//! `/api` and `/login`, asked as analysts and strangers do.

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use axum::http::header::{AUTHORIZATION, CONTENT_RANGE, COOKIE, LOCATION, ORIGIN, RANGE, SET_COOKIE};
use engine::io::Ending;
use engine::record::{Row, Speaker};
use engine::time::CallTime;
use uuid::Uuid;

use super::*;
use crate::store::CallStart;
use crate::web::api::live::{Happened, Overheard};

const ID: &str = "00000000-0000-0000-0000-000000000001";

/// A front whose store has one call of the Barbers, with a recording of ten bytes.
async fn with_a_call() -> Arc<Front> {
    let desk = TestDesk::default();
    let wav = desk.folder.path().join("call.wav");
    std::fs::write(&wav, "0123456789").expect("written");
    let (front, desk) = front(desk).await;
    // The folder lives as long as the desk, which the front holds.
    drop(desk);
    let call_id = Uuid::from_u128(1);
    front.store.begin(CallStart {
        call_id,
        call_sid: "CA1".into(),
        stream_sid: "MZ1".into(),
        from: "+15550001234".into(),
        to: "+15552223333".into(),
        business: "Barbers".into(),
        started_at_ms: NOW_MS - 60_000,
        sandbox: true,
        outbound: false,
        agent: None,
    });
    front.store.record_with(call_id, said(), Some(r#"sealed:["A haircut, 415 555 0142",""]"#.into()));
    front.store.recorded(
        call_id,
        RecordingRow {
            file_path: wav.display().to_string(),
            format: "wav".into(),
            codec: "pcm_s16le".into(),
            sample_rate: 16_000,
            channels: 2,
            duration_ms: 5_000,
            size_bytes: 10,
            sha256: None,
            encrypted: false,
            file_url: None,
        },
    );
    let at = CallTime::from_ms(5_000);
    front.store.record(call_id, Row::Ended { at, ending: Ending::HungUp, outcome: "booked".into() });
    front.store.flush().await;
    Arc::new(front)
}

#[tokio::test]
async fn a_call_is_removed_by_admins_from_our_own_pages_and_by_programs() {
    let front = with_a_call().await;
    let delete = async |id: &str, name: &str, origin: Option<&str>| {
        let mut request = asked(&format!("/api/calls/{id}"), name);
        *request.method_mut() = axum::http::Method::DELETE;
        if let Some(origin) = origin {
            request.headers_mut().insert(ORIGIN, origin.parse().expect("an origin"));
        }
        ask(&front, request).await.0
    };
    assert_eq!(delete(ID, "manager", None).await, StatusCode::FORBIDDEN);
    assert_eq!(delete(ID, "stranger", None).await, StatusCode::NOT_FOUND, "another business's call is not there");
    assert_eq!(delete(ID, "admin", Some("https://evil.example.com")).await, StatusCode::FORBIDDEN);
    assert_eq!(delete("x", "admin", None).await, StatusCode::BAD_REQUEST);
    assert_eq!(delete(ID, "admin", Some("http://localhost:3000")).await, StatusCode::NO_CONTENT);
    let (_, page) = ask(&front, asked(&format!("/calls/{ID}"), "admin")).await;
    assert!(page.contains("Remove for good"));
    let mut request = asked(&format!("/calls/{ID}/remove"), "admin");
    *request.method_mut() = axum::http::Method::POST;
    let response = router(Arc::clone(&front)).oneshot(request).await.expect("an answer");
    assert_eq!(response.headers()[LOCATION], "/calls");
}

#[tokio::test]
async fn what_was_taken_out_is_shown_to_admins_who_ask_for_it() {
    let front = with_a_call().await;
    let path = format!("/api/calls/{ID}");
    let (status, call) = json_of(&front, &path, "admin").await;
    assert_eq!((status, &call["transcript"][0]["heard"]), (StatusCode::OK, &json!("<b>A haircut</b>")));
    assert!(!call.to_string().contains("sealed"), "{call}");
    let (status, call) = json_of(&front, &format!("{path}?reveal=true"), "admin").await;
    assert_eq!((status, &call["transcript"][0]["heard"]), (StatusCode::OK, &json!("A haircut, 415 555 0142")));
    let (status, problem) = json_of(&front, &format!("{path}?reveal=true"), "manager").await;
    assert!(status == StatusCode::FORBIDDEN && problem["detail"].to_string().contains("admin"), "{problem}");
    let (status, problem) = json_of(&front, &format!("{path}?reveal=maybe"), "admin").await;
    assert!(status == StatusCode::BAD_REQUEST && problem["detail"].to_string().contains("reveal"), "{problem}");

    let (_, page) = ask(&front, asked(&format!("/calls/{ID}"), "admin")).await;
    assert!(page.contains("Show what was taken out") && !page.contains("555 0142"));
    let (_, page) = ask(&front, asked(&format!("/calls/{ID}?reveal=true"), "admin")).await;
    assert!(page.contains("0142"), "{page}");
    let (_, page) = ask(&front, asked(&format!("/calls/{ID}"), "manager")).await;
    assert!(!page.contains("Show what was taken out"));
    let (status, _) = ask(&front, asked(&format!("/calls/{ID}?reveal=true"), "manager")).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}

fn said() -> Row {
    let (from, to) = (CallTime::from_ms(1_000), CallTime::from_ms(2_500));
    let heard = "<b>A haircut</b>".to_owned();
    Row::Said {
        line: 0,
        speaker: Speaker::Caller,
        heard,
        unheard: String::new(),
        confidence: 0.9,
        from,
        to,
        words: Vec::new(),
    }
}

fn asked(path: &str, name: &str) -> Request {
    let mut request = get_page(path);
    if !name.is_empty() {
        let key = format!("Bearer {name}'s own key").parse().expect("a header");
        request.headers_mut().insert(AUTHORIZATION, key);
    }
    request
}

async fn json_of(front: &Arc<Front>, path: &str, name: &str) -> (StatusCode, Value) {
    let (status, body) = ask(front, asked(path, name)).await;
    (status, serde_json::from_str(&body).unwrap_or_else(|error| panic!("{path}: {error}: {body}")))
}

#[tokio::test]
async fn everybody_sees_their_own_business_and_as_much_as_their_role_lets_them() {
    let front = with_a_call().await;
    for (name, caller) in [("analyst", "••••••••••34"), ("manager", "+15550001234"), ("admin", "+15550001234")]
    {
        let (status, page) = json_of(&front, "/api/calls", name).await;
        assert_eq!((status, &page["items"][0]["caller"]), (StatusCode::OK, &json!(caller)), "{name}");
        let (_, call) = json_of(&front, &format!("/api/calls/{ID}"), name).await;
        assert_eq!((&call["caller"], &call["transcript"][0]["heard"]), (&json!(caller), &json!("<b>A haircut</b>")));
    }
    let (_, page) = json_of(&front, "/api/calls", "stranger").await;
    assert_eq!(page["items"], json!([]));
    for path in [format!("/api/calls/{ID}"), format!("/api/calls/{ID}/audio")] {
        assert_eq!(json_of(&front, &path, "stranger").await.0, StatusCode::NOT_FOUND);
        let (status, problem) = json_of(&front, &path, "").await;
        assert_eq!((status, &problem["status"]), (StatusCode::UNAUTHORIZED, &json!(401)));
    }
    let audio = format!("/api/calls/{ID}/audio");
    assert_eq!(json_of(&front, &audio, "analyst").await.0, StatusCode::FORBIDDEN);
    assert_eq!(json_of(&front, "/api/calls?caller=555", "analyst").await.0, StatusCode::FORBIDDEN);
    assert_eq!(json_of(&front, "/api/calls?caller=555", "manager").await.0, StatusCode::OK);
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_by_the_name_of_the_field() {
    let front = with_a_call().await;
    for (path, field) in [
        ("/api/calls?cursor=%27%20OR%201", "cursor"),
        ("/api/calls?sort=id;DROP", "sort"),
        ("/api/calls?order=up", "order"),
        ("/api/calls?limit=0", "limit"),
        ("/api/calls?limit=1e9", "limit"),
        ("/api/calls?duration_ms_min=-1", "duration_ms_min"),
        ("/api/calls?latency_ms_max=99999999999999999999", "latency_ms_max"),
        ("/api/calls?from=yesterday", "from"),
        ("/api/calls?status=gone", "status"),
        ("/api/calls?sandbox=maybe", "sandbox"),
        ("/api/calls?text=%00", "text"),
        ("/api/calls?colour=red", "colour"),
        ("/api/calls?limit=1&limit=2", "limit"),
        ("/api/calls/..%2F..%2Fetc", "id"),
        ("/api/calls/1%20OR%201=1", "id"),
        ("/api/search", "q"),
        ("/api/search?q=%22*", "q"),
        ("/api/search?q=a&cursor=zz", "cursor"),
        ("/api/aggregates?step=year", "step"),
        ("/api/aggregates?time_zone=Mars/Olympus", "time_zone"),
        ("/api/aggregates?from=2026-02-01&to=2026-01-01", "to"),
        ("/api/appointments?from=2026-01-01&to=2028-01-01", "to"),
        ("/api/live?call=x", "call"),
    ] {
        let (status, problem) = json_of(&front, path, "admin").await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path}: {problem}");
        assert_eq!(problem["errors"][0]["field"], json!(field), "{path}");
    }
    assert_eq!(json_of(&front, "/api/nothing", "admin").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn words_are_found_and_figures_counted() {
    let front = with_a_call().await;
    let (_, hits) = json_of(&front, "/api/search?q=haircut", "analyst").await;
    assert_eq!(hits["items"][0]["snippet"][1], json!({"text": "haircut", "hit": true}).clone(), "{hits}");
    let (_, figures) =
        json_of(&front, "/api/aggregates?step=hour&from=2026-11-21T11:00:00Z&to=2026-11-21T12:00:00Z", "analyst").await;
    assert_eq!((&figures["buckets"][0]["calls"], &figures["buckets"][0]["booked"]), (&json!(1), &json!(1)));
    assert_eq!(json_of(&front, "/api/appointments", "analyst").await.1, json!({"items": []}));
}

#[tokio::test]
async fn a_recording_is_played_in_parts_and_a_lost_one_is_gone() {
    let front = with_a_call().await;
    let call = front.store.records().call("CA1").await.expect("readable").expect("there");
    let path = &call.recordings[0].file_path;
    let mut request = asked(&format!("/api/calls/{ID}/audio"), "manager");
    request.headers_mut().insert(RANGE, "bytes=2-5".parse().expect("a range"));
    let response = router(Arc::clone(&front)).oneshot(request).await.expect("an answer");
    assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(response.headers()[CONTENT_RANGE], "bytes 2-5/10");
    let body = axum::body::to_bytes(response.into_body(), 100).await.expect("a body");
    assert_eq!(&body[..], b"2345");
    let (status, whole) = ask(&front, asked(&format!("/api/calls/{ID}/audio"), "manager")).await;
    assert_eq!((status, whole.as_str()), (StatusCode::OK, "0123456789"));
    std::fs::remove_file(path).expect("removed");
    assert_eq!(json_of(&front, &format!("/api/calls/{ID}/audio"), "manager").await.0, StatusCode::GONE);
}

#[tokio::test]
async fn tables_are_downloaded_with_as_much_as_the_role_lets_see() {
    let front = with_a_call().await;
    let (status, calls) = ask(&front, asked("/api/exports/calls.csv", "analyst")).await;
    assert!(
        status == StatusCode::OK && calls.contains(",••••••••••34,") && calls.starts_with("id,call_sid"),
        "{calls}"
    );
    let (_, calls) = ask(&front, asked("/api/exports/calls.csv?from=2026-11-21", "manager")).await;
    assert!(calls.contains(",'+15550001234,"), "{calls}");
    let (_, lines) = ask(&front, asked("/api/exports/transcripts.ndjson", "stranger")).await;
    assert_eq!(lines, "");
    for path in ["/api/exports/secrets.csv", "/api/exports/calls.exe", "/api/exports/calls"] {
        assert_eq!(json_of(&front, path, "admin").await.0, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(json_of(&front, "/api/exports/calls.csv?from=x", "admin").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(json_of(&front, "/api/exports/calls.csv", "").await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn every_address_that_is_described_is_there_and_wants_a_key() {
    let front = with_a_call().await;
    let (_, described) = json_of(&front, "/api/openapi.json", "").await;
    assert_eq!(described["openapi"], json!("3.1.0"));
    let paths = described["paths"].as_object().expect("addresses");
    let mut count = 0;
    for (path, methods) in paths.iter().filter(|(path, _)| *path != "/api/openapi.json") {
        let path = path.replace("{id}", ID).replace("{table}", "calls").replace("{format}", "csv");
        for method in methods.as_object().expect("methods").keys() {
            let mut request = asked(&path, "");
            *request.method_mut() = method.to_uppercase().parse().expect("a method");
            let (status, body) = ask(&front, request).await;
            let problem: Value = serde_json::from_str(&body).unwrap_or_else(|error| panic!("{path}: {error}: {body}"));
            let wanted = (StatusCode::UNAUTHORIZED, &json!("Unauthorized"));
            assert_eq!((status, &problem["title"]), wanted, "{method} {path}");
            count += 1;
        }
    }
    assert_eq!(count, 13);
}

#[tokio::test]
async fn a_live_call_is_followed_and_a_slow_reader_told_what_it_missed() {
    let front = with_a_call().await;
    let response = router(Arc::clone(&front)).oneshot(asked("/api/live", "analyst")).await.expect("an answer");
    let stranger = router(Arc::clone(&front)).oneshot(asked("/api/live", "stranger")).await.expect("an answer");
    let mut events = response.into_body().into_data_stream();
    let mut next = async || {
        let bytes =
            timeout(Duration::from_secs(5), events.next()).await.expect("in time").expect("more").expect("whole");
        String::from_utf8(bytes.to_vec()).expect("text")
    };
    assert_eq!(next().await, "event: calls\ndata: {\"items\":[]}\n\n");
    let happened =
        Happened { business: "Barbers".into(), call_id: Uuid::from_u128(1), call_sid: "CA1".into(), row: said() };
    for _ in 0..6 {
        front.live.rows.send(happened.clone()).expect("somebody reads");
    }
    assert_eq!(next().await, "event: missed\ndata: {\"rows\":2}\n\n");
    let line = next().await;
    assert!(line.starts_with("event: line\n") && line.contains(r#""heard":"<b>A haircut</b>""#), "{line}");
    for _ in 0..3 {
        next().await;
    }
    let overheard =
        Overheard { business: "Barbers".into(), call_id: Uuid::from_u128(1), text: "a hair".into(), at_ms: 900 };
    front.live.words.send(overheard).expect("somebody reads");
    let heard = next().await;
    assert!(heard.starts_with("event: hearing\n") && heard.contains(r#""text":"a hair""#), "{heard}");
    let mut theirs = stranger.into_body().into_data_stream();
    let first = theirs.next().await.expect("the list").expect("whole");
    assert!(first.starts_with(b"event: calls"));
    let second = theirs.next().await.expect("how much was missed").expect("whole");
    assert!(second.starts_with(b"event: missed"));
    assert!(theirs.next().now_or_never().is_none(), "rows of another business are not told");
}

#[tokio::test]
async fn a_key_becomes_a_session_and_a_session_ends() {
    let front = with_a_call().await;
    let log_in = async |key: &str, origin: &str| {
        let mut request = post("/login", format!("key={key}&next=/calls"));
        request.headers_mut().insert(ORIGIN, origin.parse().expect("an origin"));
        router(Arc::clone(&front)).oneshot(request).await.expect("an answer")
    };
    let response = log_in("analyst%27s+own+key", "http://localhost:3000").await;
    assert_eq!(
        (response.status(), &response.headers()[LOCATION]),
        (StatusCode::SEE_OTHER, &"/calls".parse().expect("ok"))
    );
    let cookie = response.headers()[SET_COOKIE].to_str().expect("text").to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && !cookie.contains("own key"), "{cookie}");
    let mut request = get_page("/api/calls");
    request.headers_mut().insert(COOKIE, cookie.split(';').next().expect("a pair").parse().expect("a header"));
    assert_eq!(ask(&front, request).await.0, StatusCode::OK);
    let failed = log_in("wrong", "http://localhost:3000").await;
    assert_eq!(failed.headers()[LOCATION], "/login?failed");
    assert_eq!(log_in("analyst%27s+own+key", "https://evil.example.com").await.status(), StatusCode::FORBIDDEN);
    let out = router(Arc::clone(&front)).oneshot(post("/logout", "")).await.expect("an answer");
    assert!(out.headers()[SET_COOKIE].to_str().expect("text").contains("Max-Age=0"));
}

#[tokio::test]
async fn without_keys_this_machine_is_let_in_and_a_tunnel_on_it_is_not() {
    let (mut front, _desk) = front(TestDesk::default()).await;
    front.access = Access::new(Vec::new(), None, true, Arc::new(|| NOW_MS));
    let front = Arc::new(front);
    let from = async |peer: &str, change: fn(&mut Request)| {
        let peer: SocketAddr = peer.parse().expect("an address");
        let mut request = get_page("/api/calls");
        change(&mut request);
        request.extensions_mut().insert(ConnectInfo(peer));
        router(Arc::clone(&front)).oneshot(request).await.expect("an answer").status()
    };
    assert_eq!(from("127.0.0.1:5", |_| {}).await, StatusCode::OK);
    assert_eq!(from("[::ffff:127.0.0.1]:5", |_| {}).await, StatusCode::OK);
    assert_eq!(from("10.0.0.7:5", |_| {}).await, StatusCode::UNAUTHORIZED);
    let tunnel = |request: &mut Request| {
        request.headers_mut().insert("x-forwarded-for", "8.8.8.8".parse().expect("a header"));
    };
    assert_eq!(from("127.0.0.1:5", tunnel).await, StatusCode::UNAUTHORIZED);
    let named = |request: &mut Request| {
        request.headers_mut().insert(HOST, "desk.ngrok.app".parse().expect("a header"));
    };
    assert_eq!(from("127.0.0.1:5", named).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn messages_are_listed_and_seen_to_by_managers_of_the_business() {
    let front = with_a_call().await;
    let row = Row::Message {
        at: CallTime::from_ms(4_000),
        text: "<i>Call me.</i>".into(),
        name: "Ada Lovelace".into(),
        phone: "+15550001234".into(),
    };
    front.store.record(Uuid::from_u128(1), row);
    front.store.flush().await;
    for (name, who, phone) in [("analyst", "A.", "••••••••••34"), ("manager", "Ada Lovelace", "+15550001234")]
    {
        let (status, found) = json_of(&front, "/api/messages?open=true", name).await;
        let one = &found["items"][0];
        assert_eq!((status, &one["name"], &one["phone"]), (StatusCode::OK, &json!(who), &json!(phone)), "{name}");
        assert_eq!((&one["call_id"], &one["done_at"]), (&json!(ID), &json!(null)));
    }
    let (_, found) = json_of(&front, "/api/messages", "stranger").await;
    assert_eq!(found["items"], json!([]), "another business's");
    let (status, _) = json_of(&front, "/api/messages?open=perhaps", "manager").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (_, page) = ask(&front, asked("/messages", "manager")).await;
    assert!(page.contains("&lt;i&gt;Call me.&lt;/i&gt;") && page.contains("+15550001234"), "{page}");
    let (_, page) = ask(&front, asked("/messages", "analyst")).await;
    assert!(!page.contains("<button>Done") && !page.contains("+15550001234"), "{page}");

    let send = async |method: &str, path: &str, name: &str, origin: Option<&str>| {
        let mut request = asked(path, name);
        *request.method_mut() = method.parse().expect("a method");
        if let Some(origin) = origin {
            request.headers_mut().insert(ORIGIN, origin.parse().expect("an origin"));
        }
        ask(&front, request).await.0
    };
    let path = format!("/api/messages/{ID}/done");
    assert_eq!(send("POST", &path, "analyst", None).await, StatusCode::FORBIDDEN);
    assert_eq!(send("POST", &path, "manager", Some("https://evil.example.com")).await, StatusCode::FORBIDDEN);
    assert_eq!(send("POST", "/api/messages/x/done", "manager", None).await, StatusCode::NOT_FOUND);
    assert_eq!(send("POST", &path, "manager", None).await, StatusCode::NO_CONTENT);
    let (_, page) = ask(&front, asked("/messages", "manager")).await;
    assert!(page.contains("Nobody waits."), "{page}");
    let (_, page) = ask(&front, asked("/messages?open=false", "manager")).await;
    assert!(page.contains("Open again"), "{page}");
    assert_eq!(send("DELETE", &path, "manager", None).await, StatusCode::NO_CONTENT);
    assert_eq!(send("POST", &format!("/messages/{ID}/done"), "manager", None).await, StatusCode::SEE_OTHER);
}
