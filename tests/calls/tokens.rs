//! Who may ask for speech, and for what.

use std::process::Command;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::Response;
use serde_json::{Value, json};

use crate::gateway::Gateway;

const SECRET: &str = "a-secret-of-at-least-thirty-two-characters";

const KEYS: &str = "plain:a-key-of-16-letters,trusted+ssml:another-of-16-letters";

async fn gateway() -> Gateway {
    Gateway::with(|_, settings| {
        settings.insert("JWT_SECRET".to_owned(), SECRET.to_owned());
        settings.insert("API_KEYS".to_owned(), KEYS.to_owned());
    })
    .await
}

async fn asked(gateway: &Gateway, bearer: &str, text: &str) -> Response {
    let request = reqwest::Client::new().post(gateway.url("/call")).bearer_auth(bearer);
    request.json(&json!({"callId": "CA1", "text": text})).send().await.expect("an answer")
}

/// A problem's status and detail.
async fn refused(gateway: &Gateway, bearer: &str, text: &str) -> (u16, String) {
    let answer = asked(gateway, bearer, text).await;
    let status = answer.status().as_u16();
    (status, answer.text().await.expect("a text"))
}

fn issued(arguments: &[&str], secret: Option<&str>) -> Result<String, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_frontdesk"));
    command.arg("token").args(arguments).current_dir(folder.path()).env_clear();
    let output = command.envs(secret.map(|secret| ("JWT_SECRET", secret))).output().expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("text").trim().to_owned();
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

fn signed(claims: &Value) -> String {
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key).expect("signed")
}

#[tokio::test]
async fn a_token_that_the_command_issued_is_let_in_and_no_other() {
    let gateway = gateway().await;
    let token = issued(&["--client", "worker", "--good-for", "1h"], Some(SECRET)).expect("a token");
    assert_eq!(asked(&gateway, &token, "Hello.").await.status(), 200);
    let expired = signed(&json!({"sub": "worker", "aud": "frontdesk", "scope": "speech", "exp": 1_700_000_000}));
    let (status, why) = refused(&gateway, &expired, "Hello.").await;
    assert!(status == 401 && why.contains("the token has expired"), "{why}");
    let other = signed(&json!({"sub": "worker", "aud": "billing", "scope": "speech", "exp": 4_000_000_000_u64}));
    let (status, why) = refused(&gateway, &other, "Hello.").await;
    assert!(status == 401 && why.contains("its aud must be frontdesk"), "{why}");
    let unscoped = signed(&json!({"sub": "worker", "aud": "frontdesk", "exp": 4_000_000_000_u64}));
    assert_eq!(refused(&gateway, &unscoped, "Hello.").await.0, 403);
    let forged = issued(&["--client", "worker"], Some("another-secret-of-thirty-two-characters")).expect("a token");
    assert_eq!(refused(&gateway, &forged, "Hello.").await.0, 401);
    let nobody = reqwest::Client::new().post(gateway.url("/call")).body("{}").send().await.expect("an answer");
    assert_eq!(
        (nobody.status().as_u16(), &nobody.headers()["www-authenticate"]),
        (401, &"Bearer".parse().expect("a header"))
    );
}

#[test]
fn no_token_is_issued_without_a_secret_or_for_nobody() {
    assert!(issued(&["--client", "worker"], None).expect_err("no secret").contains("JWT_SECRET is not set"));
    assert!(issued(&["--client", "worker"], Some("short")).expect_err("a short one").contains("at least 32"));
    assert!(issued(&["--client", "a b"], Some(SECRET)).expect_err("no name").contains("a client is a word"));
    assert!(issued(&["--client", "a", "--good-for", "1w"], Some(SECRET)).expect_err("no time").contains("like 12h"));
}

#[tokio::test]
async fn ssml_is_taken_from_trusted_clients_only_and_never_fetches() {
    let gateway = gateway().await;
    let token = issued(&["--client", "worker", "--ssml"], Some(SECRET)).expect("a token");
    let (status, why) = refused(&gateway, "a-key-of-16-letters", "<speak>Hello.</speak>").await;
    assert!(status == 400 && why.contains("trusted clients only"), "{why}");
    for trusted in ["another-of-16-letters", &token] {
        let (status, why) = refused(&gateway, trusted, "<speak><audio src=\"http://127.0.0.1/\"/>Hi</speak>").await;
        assert!(status == 400 && why.contains("the element audio is not taken"), "{why}");
        // It is good SSML, and Deepgram reads none.
        let (status, why) = refused(&gateway, trusted, "<speak>Hello.</speak>").await;
        assert!(status == 400 && why.contains("takes no SSML"), "{why}");
    }
}
