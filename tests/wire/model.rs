//! The model over `/v1/chat/completions`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Json, Router};
use engine::io::{Fault, Input, Message, ReplyId, Role};
use frontdesk::vendors::openai::{Asking, Config, Model};
use sandbox::openai::Faults;
use sandbox::world::World;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::scene::{next, serve, until, world};

const REPLY: ReplyId = ReplyId(7);

fn config(world: &World) -> Config {
    Config { base_url: world.openai_base_url(), key: "sk-a-key".into(), ..Config::default() }
}

fn ask(config: &Config) -> (Asking, mpsc::Receiver<Input>) {
    let (sender, facts) = mpsc::channel(8);
    let model = Model::new(config).expect("good settings");
    let message = |role, content: &str| Message { role, content: content.into() };
    let messages =
        vec![message(Role::System, "You book."), message(Role::User, "I'd like a haircut on Tuesday at nine.")];
    (model.ask(REPLY, messages, sender), facts)
}

/// All of an answer's text, and how it ended.
async fn answer(facts: &mut mpsc::Receiver<Input>) -> (String, Input) {
    let mut whole = String::new();
    loop {
        match next(facts).await.expect("an end") {
            Input::ReplyDelta { reply: REPLY, text } => whole.push_str(&text),
            last => return (whole, last),
        }
    }
}

async fn fault(config: &Config) -> Fault {
    let (_asking, mut facts) = ask(config);
    match answer(&mut facts).await.1 {
        Input::ReplyFailed { reply: REPLY, fault } => fault,
        other => panic!("no failure but {other:?}"),
    }
}

fn broken(world: &World, faults: Faults) {
    world.openai().set(|settings| settings.faults = faults);
}

#[tokio::test]
async fn an_answer_comes_in_pieces_in_the_schemas_order_and_is_counted() {
    let world = world();
    let (_asking, mut facts) = ask(&config(&world));
    let (text, end) = answer(&mut facts).await;
    let Input::ReplyFinished { reply: REPLY, tokens: Some((read, written)) } = end else { panic!("{end:?}") };
    assert!(read > 0 && written > 0);
    let places: Vec<_> = ["intent", "service", "when_text", "name", "phone", "reply"]
        .map(|name| text.find(&format!("\"{name}\"")).expect("every member"))
        .into();
    assert!(places.is_sorted(), "{text}");
    let value: Value = serde_json::from_str(&text).expect("JSON");
    assert!(value["intent"].is_string());
    let sent: Value = serde_json::from_str(&world.openai().last_request().expect("a request")).expect("JSON");
    assert_eq!(sent["stream"], true);
    assert_eq!(sent["stream_options"]["include_usage"], true);
    assert_eq!(sent["reasoning_effort"], "none");
    assert_eq!(sent.get("temperature"), None);
    assert_eq!(sent["messages"][0], json!({"role": "system", "content": "You book."}));
}

#[tokio::test]
async fn an_answer_that_arrives_in_single_bytes_is_the_same() {
    let world = world();
    let (_asking, mut facts) = ask(&config(&world));
    let (whole, _) = answer(&mut facts).await;
    broken(&world, Faults { piece_bytes: Some(1), ..Faults::default() });
    let (_asking, mut facts) = ask(&config(&world));
    let (in_pieces, end) = answer(&mut facts).await;
    assert_eq!(in_pieces, whole);
    assert!(matches!(end, Input::ReplyFinished { .. }));
}

#[tokio::test]
async fn a_refusal_is_sorted_and_never_tried_again() {
    let world = world();
    let config = config(&world);
    let refuse = |status| Faults { refuse: Some(status), retry_after: Some(5), ..Faults::default() };
    for status in [429, 500, 503] {
        broken(&world, refuse(status));
        assert!(matches!(fault(&config).await, Fault::Retry(_)), "{status}");
    }
    broken(&world, refuse(403));
    assert!(matches!(fault(&config).await, Fault::GiveUp(_)));
    broken(&world, refuse(401));
    let text = match fault(&config).await {
        Fault::OurMistake(text) => text,
        other => panic!("{other:?}"),
    };
    assert!(text.contains("OPENAI_API_KEY") && !text.contains("sk-a-key"), "{text}");
    broken(&world, Faults { out_of_quota: true, ..Faults::default() });
    assert!(matches!(fault(&config).await, Fault::GiveUp(_)));
    assert_eq!(world.openai().counts().requests, 6);
}

#[tokio::test]
async fn a_model_that_is_gone_is_named_with_its_remedy() {
    let world = world();
    world.openai().set(|settings| settings.models = vec!["another".into()]);
    let config = Config { model: "retired-1".into(), ..config(&world) };
    let Fault::OurMistake(text) = fault(&config).await else { panic!("our mistake") };
    assert!(text.contains("`retired-1`") && text.contains("OPENAI_MODEL"), "{text}");
    let readiness = Model::new(&config).expect("good settings").warm().await.expect("a list");
    assert_eq!(readiness.is_listed, Some(false));
    assert!(readiness.warning.is_some_and(|text| text.contains("`retired-1`")));
    let config = Config { model: "another".into(), ..config };
    let readiness = Model::new(&config).expect("good settings").warm().await.expect("a list");
    assert_eq!(readiness.is_listed, Some(true));
}

#[tokio::test]
async fn an_answer_that_is_late_or_stops_fails_in_time() {
    let world = world();
    let (first_token, total) = (Duration::from_millis(100), Duration::from_millis(200));
    let config = Config { first_token, total, ..config(&world) };
    broken(&world, Faults { stall: true, ..Faults::default() });
    assert!(matches!(fault(&config).await, Fault::Retry(text) if text.contains("begin to answer within 100 ms")));
    broken(&world, Faults { stall_after: Some(3), ..Faults::default() });
    assert!(matches!(fault(&config).await, Fault::Retry(text) if text.contains("finish its answer within 200 ms")));
}

#[tokio::test]
async fn an_answer_that_is_cut_or_refused_or_too_long_is_no_answer() {
    let world = world();
    let config = config(&world);
    for faults in [
        Faults { cut_after: Some(3), ..Faults::default() },
        Faults { error_after: Some(3), ..Faults::default() },
        Faults { refusal: true, ..Faults::default() },
    ] {
        broken(&world, faults.clone());
        assert!(matches!(fault(&config).await, Fault::Retry(_)), "{faults:?}");
    }
    broken(&world, Faults::default());
    let short = Config { tokens_max: 2, ..config };
    assert!(matches!(fault(&short).await, Fault::Retry(text) if text.contains("longer than 2 tokens")));
}

#[tokio::test]
async fn a_cancelled_request_closes_its_connection() {
    let world = world();
    for faults in [Faults { stall: true, ..Faults::default() }, Faults { stall_after: Some(2), ..Faults::default() }] {
        broken(&world, faults);
        let counts = world.openai().counts();
        let (asking, mut facts) = ask(&config(&world));
        until("the request is there", async || world.openai().counts().requests == counts.requests + 1).await;
        drop(asking);
        until("the vendor saw us go", async || world.openai().counts().cancelled == counts.cancelled + 1).await;
        while let Some(fact) = next(&mut facts).await {
            assert!(matches!(fact, Input::ReplyDelta { .. }), "a cancelled request neither ends nor fails: {fact:?}");
        }
    }
}

#[tokio::test]
async fn what_a_model_does_not_know_is_left_out_from_then_on() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let complete = async move |Json(request): Json<Value>| {
        count.fetch_add(1, Ordering::Relaxed);
        let refused = ["stream_options", "reasoning_effort"].into_iter().find(|name| request.get(name).is_some());
        if let Some(name) = refused {
            let error = json!({"error": {"message": "no", "param": name, "code": "unsupported_parameter"}});
            return (StatusCode::BAD_REQUEST, Json(error)).into_response();
        }
        "data: {\"choices\":[{\"delta\":{\"content\":\"{}\"}}]}\r\n\r\n: a comment\n\n\
         data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\n\n"
            .into_response()
    };
    let base_url = serve(Router::new().route("/chat/completions", post(complete))).await;
    let model = Model::new(&Config { base_url, ..Config::default() }).expect("good settings");
    for _ in 0..2 {
        let (sender, mut facts) = mpsc::channel(8);
        let _asking = model.ask(REPLY, Vec::new(), sender);
        let (text, end) = answer(&mut facts).await;
        assert_eq!((text.as_str(), end), ("{}", Input::ReplyFinished { reply: REPLY, tokens: None }));
    }
    assert_eq!(asked.load(Ordering::Relaxed), 4);
}

#[tokio::test]
async fn a_server_that_talks_nonsense_is_a_fault_and_not_a_panic() {
    for (status, body) in [
        (200, "data: not json\n\n"),
        (200, ""),
        (200, "<html>"),
        (200, "data: {\"choices\":7}\n\n"),
        (401, "<html>no</html>"),
        (404, ""),
        (418, "[]"),
    ] {
        let complete = async move || (StatusCode::from_u16(status).expect("a status"), body);
        let base_url = serve(Router::new().route("/chat/completions", post(complete))).await;
        let fault = fault(&Config { base_url, ..Config::default() }).await;
        assert_eq!(matches!(fault, Fault::Retry(_)), status == 200, "{status} {body}: {fault:?}");
    }
}

#[tokio::test]
async fn nobody_there_is_worth_another_try() {
    let gone = Config { base_url: "http://127.0.0.1:9/v1".into(), ..Config::default() };
    assert!(matches!(fault(&gone).await, Fault::Retry(_)));
    assert!(matches!(Model::new(&gone).expect("good settings").warm().await, Err(Fault::Retry(_))));
    let world = world();
    let base_url = world.openai_base_url().replace("http://", "https://");
    assert!(matches!(fault(&Config { base_url, ..gone }).await, Fault::Retry(_)), "it does not speak TLS");
}
