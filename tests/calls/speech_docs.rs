//! The examples of `docs/speech-cache.md`, run as they are printed.

use std::env;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::gateway::{API_KEYS, Gateway, repository};
use crate::redis::Redis;

/// What tokens are signed with.
const JWT_SECRET: &str = "a-secret-of-at-least-thirty-two-characters";

/// A block of the page: its kind, and what is in it.
fn blocks(page: &str) -> Vec<(String, String)> {
    let parts: Vec<&str> = page.split("\n```").collect();
    let inside = parts.iter().skip(1).step_by(2);
    inside
        .map(|part| part.split_once('\n').expect("a kind and a text"))
        .map(|(kind, text)| (kind.into(), text.into()))
        .collect()
}

async fn run(script: &str, gateway: &Gateway) -> String {
    let binaries = Path::new(env!("CARGO_BIN_EXE_frontdesk")).parent().expect("it is in a folder");
    let mut shell = Command::new("bash")
        .args(["-euo", "pipefail"])
        .current_dir(gateway.folder.path())
        .env("FRONTDESK", gateway.url(""))
        .env("PATH", format!("{}:{}", binaries.display(), env::var("PATH").unwrap_or_default()))
        .env("JWT_SECRET", JWT_SECRET)
        .env("KEY", API_KEYS.split_once(':').expect("a client and a key").1)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("bash is there");
    let mut stdin = shell.stdin.take().expect("piped");
    stdin.write_all(script.as_bytes()).await.expect("it reads");
    drop(stdin);
    let output = shell.wait_with_output().await.expect("it ends");
    assert!(output.status.success(), "{script}\n{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stdout).expect("text")
}

/// The same names in the same places; what they hold changes from run to run.
fn same_shape(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| other.get(name).is_some_and(|it| same_shape(value, it)))
        }
        (Value::Array(one), Value::Array(other)) => one.len() == other.len(),
        (Value::Number(_), Value::Number(_)) => true,
        (Value::String(_), Value::String(_)) => true,
        (one, other) => one == other,
    }
}

#[tokio::test]
async fn every_example_works_as_it_is_printed() {
    let redis = Redis::start().await;
    let gateway = Gateway::with(|_, settings| {
        settings.insert("REDIS_URL".to_owned(), redis.url());
        settings.insert("JWT_SECRET".to_owned(), JWT_SECRET.to_owned());
        settings.remove("PUBLIC_URL");
    })
    .await;
    let page = std::fs::read_to_string(repository().join("docs/speech-cache.md")).expect("the page");
    let (mut printed, mut compared) = (String::new(), 0);
    for (kind, text) in blocks(&page) {
        match kind.as_str() {
            "sh setup" => assert!(text.contains("FRONTDESK=http://localhost:3000")),
            "sh" => printed = run(&text, &gateway).await,
            "json" => {
                let (expected, found) = (serde_json::from_str(&text), serde_json::from_str(&printed));
                let (expected, found): (Value, Value) = (expected.expect("JSON"), found.expect("JSON"));
                assert!(same_shape(&expected, &found), "{found} is not like {expected}");
                compared += 1;
            }
            "text" => {
                assert_eq!(printed.trim(), text.trim());
                compared += 1;
            }
            other => panic!("what is a block of {other}?"),
        }
    }
    assert_eq!(compared, 6);
}
