//! The simulated OpenAI over its socket: what a client sees, when all is well and when something is broken.
#![cfg(feature = "sockets")]

use std::time::Duration;

use futures_util::StreamExt;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use sandbox::openai::{Faults, OpenAi, Settings};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::timeout;

const DEADLINE: Duration = Duration::from_secs(10);

async fn serve(settings: Settings) -> (OpenAi, String) {
    let openai = OpenAi::new(settings);
    let router = openai.router();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has free ports");
    let base = format!("http://{}/v1", listener.local_addr().expect("a bound socket has an address"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (openai, base)
}

async fn broken(faults: Faults) -> (OpenAi, String) {
    serve(Settings { faults, ..Settings::default() }).await
}

/// A booking turn as text, because the order of the schema's members matters.
fn turn(said: &str, stream: &str) -> String {
    format!(
        r#"{{"model":"gpt-x","messages":[{{"role":"system","content":"Service haircut: a haircut, 30 minutes.\nFact: We take cards and cash."}},
        {{"role":"assistant","content":"How can I help you?"}},{{"role":"user","content":"{said}"}}],{stream}
        "response_format":{{"type":"json_schema","json_schema":{{"name":"turn","strict":true,"schema":{{"type":"object",
        "properties":{{"intent":{{"type":"string"}},"service":{{"type":["string","null"]}},
        "when_text":{{"type":["string","null"]}},"name":{{"type":["string","null"]}},
        "phone":{{"type":["string","null"]}},"reply":{{"type":["string","null"]}}}},
        "required":["intent","service","when_text","name","phone","reply"],"additionalProperties":false}}}}}}}}"#
    )
}

const STREAM: &str = r#""stream":true,"stream_options":{"include_usage":true},"#;

fn request(base: &str, body: String) -> RequestBuilder {
    Client::new().post(format!("{base}/chat/completions")).bearer_auth("key").body(body)
}

async fn ask(base: &str, body: String) -> Response {
    timeout(DEADLINE, request(base, body).send()).await.expect("an answer in time").expect("an answer")
}

/// All `data:` lines of a stream.
async fn events(response: Response) -> Vec<String> {
    let text = timeout(DEADLINE, response.text()).await.expect("the end in time").expect("a whole body");
    let events = text.split("\n\n").filter(|event| !event.is_empty());
    events.map(|event| event.strip_prefix("data: ").expect("only data lines").to_owned()).collect()
}

fn content(events: &[String]) -> String {
    let chunks = events.iter().filter_map(|event| serde_json::from_str::<Value>(event).ok());
    chunks.filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str().map(str::to_owned)).collect()
}

const HAIRCUT: &str = "I'd like a haircut on Tuesday at ten.";
const UNDERSTOOD: &str =
    r#"{"intent":"book","service":"haircut","when_text":"Tuesday at ten","name":null,"phone":null,"reply":null}"#;

#[tokio::test]
async fn a_turn_is_streamed_in_the_schemas_order_and_ends_with_usage_and_done() {
    let (openai, base) = serve(Settings::default()).await;
    let response = ask(&base, turn(HAIRCUT, STREAM)).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
    assert!(response.headers().contains_key("x-request-id"));
    let events = events(response).await;
    assert_eq!(content(&events), UNDERSTOOD);
    let [first, .., finish, usage, done] = events.as_slice() else { panic!("{events:?}") };
    let read = |event: &str| serde_json::from_str::<Value>(event).expect("JSON");
    let first = read(first);
    assert_eq!(first["choices"][0]["delta"], json!({"role": "assistant", "content": "", "refusal": null}));
    assert_eq!(first["object"], "chat.completion.chunk");
    assert!(first["obfuscation"].is_string() && first["usage"].is_null());
    assert_eq!(read(finish)["choices"][0], json!({"index": 0, "delta": {}, "logprobs": null, "finish_reason": "stop"}));
    let usage = read(usage);
    assert_eq!(usage["choices"], json!([]));
    assert_eq!(usage["usage"]["completion_tokens"], events.len() - 4);
    assert_eq!(done, "[DONE]");
    assert_eq!(openai.counts().finished, 1);
    assert!(openai.last_request().is_some_and(|body| body.contains("haircut")));
}

#[tokio::test]
async fn a_turn_in_one_piece_says_the_same() {
    let (_, base) = serve(Settings::default()).await;
    let answer: Value = ask(&base, turn(HAIRCUT, "")).await.json().await.expect("JSON");
    assert_eq!(answer["choices"][0]["message"]["content"], UNDERSTOOD);
    assert_eq!(answer["object"], "chat.completion");
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
}

#[tokio::test]
async fn obfuscation_and_usage_are_left_out_when_declined() {
    let (_, base) = serve(Settings::default()).await;
    let plain = r#""stream":true,"stream_options":{"include_obfuscation":false},"#;
    let events = events(ask(&base, turn(HAIRCUT, plain)).await).await;
    assert!(events.iter().all(|event| !event.contains("obfuscation") && !event.contains("usage")));
}

#[tokio::test]
async fn an_answer_longer_than_allowed_is_cut_and_says_so() {
    let (_, base) = serve(Settings::default()).await;
    let answer: Value = ask(&base, turn(HAIRCUT, r#""max_completion_tokens":3,"#)).await.json().await.expect("JSON");
    assert_eq!(answer["choices"][0]["finish_reason"], "length");
    assert_eq!(answer["usage"]["completion_tokens"], 3);
}

#[tokio::test]
async fn keys_models_and_addresses_are_checked() {
    let (_, base) = serve(Settings { models: vec!["gpt-y".into()], ..Settings::default() }).await;
    let error = async |request: RequestBuilder| {
        let answer = request.send().await.expect("an answer");
        let status = answer.status();
        let body: Value = answer.json().await.expect("JSON");
        (status, body["error"]["code"].as_str().map(str::to_owned))
    };
    let url = format!("{base}/chat/completions");
    let body = turn("Hi", "");
    let unauthorized = StatusCode::UNAUTHORIZED;
    assert_eq!(error(Client::new().post(&url).body(body.clone())).await, (unauthorized, None));
    let bad_key = error(Client::new().post(&url).bearer_auth("bad-key").body(body.clone())).await;
    assert_eq!(bad_key, (unauthorized, Some("invalid_api_key".into())));
    assert_eq!(error(request(&base, body)).await, (StatusCode::NOT_FOUND, Some("model_not_found".into())));
    assert_eq!(error(Client::new().get(&url).bearer_auth("key")).await.0, StatusCode::NOT_FOUND);
    let list: Value = Client::new()
        .get(format!("{base}/models"))
        .bearer_auth("key")
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("JSON");
    assert_eq!(list["data"][0]["id"], "gpt-y");
}

#[tokio::test]
async fn each_status_that_is_set_comes_with_its_body() {
    let (openai, base) = serve(Settings::default()).await;
    for (status, code) in [(401, Some("invalid_api_key")), (429, Some("rate_limit_exceeded")), (500, None), (503, None)]
    {
        openai.set(|settings| {
            settings.faults = Faults { refuse: Some(status), retry_after: Some(2), ..Faults::default() }
        });
        let answer = ask(&base, turn("Hi", STREAM)).await;
        assert_eq!(answer.status(), status);
        assert_eq!(answer.headers()["retry-after"], "2");
        let body: Value = answer.json().await.expect("JSON");
        assert_eq!(body["error"]["code"].as_str(), code);
    }
    openai.set(|settings| settings.faults = Faults { out_of_quota: true, ..Faults::default() });
    let answer = ask(&base, turn("Hi", STREAM)).await;
    assert_eq!(answer.status(), 429);
    let body: Value = answer.json().await.expect("JSON");
    assert_eq!(body["error"]["type"], "insufficient_quota");
    assert_eq!(openai.counts().refused, 5);
}

#[tokio::test]
async fn a_stream_that_is_cut_breaks_without_its_end() {
    let (_, base) = broken(Faults { cut_after: Some(2), ..Faults::default() }).await;
    let mut body = ask(&base, turn(HAIRCUT, STREAM)).await.bytes_stream();
    let mut text = String::new();
    let error = loop {
        match body.next().await.expect("an error before the end") {
            Ok(bytes) => text += &String::from_utf8_lossy(&bytes),
            Err(error) => break error,
        }
    };
    assert!(error.is_body() || error.is_decode(), "{error:?}");
    assert!(!text.contains("[DONE]") && !text.contains("\"stop\""));
}

#[tokio::test]
async fn a_failure_halfway_is_an_event_with_an_error() {
    let (_, base) = broken(Faults { error_after: Some(1), ..Faults::default() }).await;
    let events = events(ask(&base, turn(HAIRCUT, STREAM)).await).await;
    let last: Value = serde_json::from_str(events.last().expect("events")).expect("JSON");
    assert_eq!(last["error"]["type"], "server_error");
}

#[tokio::test]
async fn a_client_that_leaves_a_stalled_answer_is_counted() {
    for faults in [Faults { stall: true, ..Faults::default() }, Faults { stall_after: Some(1), ..Faults::default() }] {
        let (openai, base) = broken(faults).await;
        let answer = tokio::spawn(async move { request(&base, turn(HAIRCUT, STREAM)).send().await?.text().await });
        let cancelled = async |wanted| {
            while openai.counts().cancelled != wanted || openai.counts().requests != 1 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(DEADLINE, cancelled(0)).await.expect("the request arrives");
        answer.abort();
        timeout(DEADLINE, cancelled(1)).await.expect("the server notices");
    }
}

#[tokio::test]
async fn a_model_can_talk_nonsense_refuse_or_say_nothing() {
    let (openai, base) = serve(Settings::default()).await;
    let set = async |faults: Faults| {
        openai.set(|settings| settings.faults = faults);
        events(ask(&base, turn(HAIRCUT, STREAM)).await).await
    };
    let garbage = set(Faults { garbage: true, piece_bytes: Some(3), ..Faults::default() }).await;
    assert!(serde_json::from_str::<Value>(&content(&garbage)).is_err());
    let refusal = set(Faults { refusal: true, ..Faults::default() }).await;
    assert!(refusal[1].contains("\"refusal\":\"") && content(&refusal).is_empty());
    let empty = set(Faults { empty: true, ..Faults::default() }).await;
    assert_eq!(content(&empty), "");
    assert!(empty[1].contains("\"stop\""));
}
