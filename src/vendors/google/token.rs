//! Tokens for a service account: a signed statement of who we are is exchanged for a token that is good for an hour.
//!
//! Source: <https://developers.google.com/identity/protocols/oauth2/service-account>, read 2026-11.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use engine::io::Fault;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::CALLED;
use crate::vendors::speech::{Answer, Refused, refusal_of, send};
use crate::vendors::{cause, excerpt};

const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// How long a statement is good, in seconds; an hour is the most that is taken.
const STATEMENT_S: i64 = 3_600;

/// A token is not used in its last minute: it might end on the way.
const LAST: Duration = Duration::from_secs(60);

/// The file that `GOOGLE_APPLICATION_CREDENTIALS` names.
#[derive(Deserialize)]
struct Account {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    client_email: String,
    #[serde(default)]
    private_key: String,
    #[serde(default)]
    private_key_id: Option<String>,
    #[serde(default = "token_uri")]
    token_uri: String,
}

fn token_uri() -> String {
    "https://oauth2.googleapis.com/token".to_owned()
}

/// What is signed.
#[derive(Serialize)]
struct Statement<'a> {
    iss: &'a str,
    scope: &'static str,
    aud: &'a str,
    iat: i64,
    exp: i64,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    #[serde(default)]
    expires_in: u64,
}

/// The account's tokens: one at a time, fetched by the first who needs it.
pub(super) struct Tokens {
    email: String,
    token_uri: String,
    header: Header,
    key: EncodingKey,
    http: reqwest::Client,
    wall_ms: Arc<dyn Fn() -> i64 + Send + Sync>,
    /// Held while a token is fetched, so that all others wait for the same. Whoever waits has a deadline.
    current: Mutex<Option<(String, Instant)>>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("email", &self.email).finish_non_exhaustive()
    }
}

impl Tokens {
    /// The tokens of an account, from the text of its file.
    pub(super) fn new(
        account: &str,
        http: reqwest::Client,
        wall_ms: Arc<dyn Fn() -> i64 + Send + Sync>,
    ) -> Result<Self, Fault> {
        let wrong = |what: &str| {
            Fault::OurMistake(format!(
                "the file of GOOGLE_APPLICATION_CREDENTIALS {what}; download the service account's key again"
            ))
        };
        // What serde says of a wrong file may show a part of it.
        let account: Account = serde_json::from_str(account).map_err(|_| wrong("is no service account"))?;
        if account.kind != "service_account" {
            return Err(wrong(&format!("is of the type `{}`, not `service_account`", account.kind)));
        }
        let key =
            EncodingKey::from_rsa_pem(account.private_key.as_bytes()).map_err(|_| wrong("has no RSA key in it"))?;
        let header = Header { kid: account.private_key_id, ..Header::new(Algorithm::RS256) };
        let (email, token_uri) = (account.client_email, account.token_uri);
        Ok(Self { email, token_uri, header, key, http, wall_ms, current: Mutex::default() })
    }

    /// A token that is good for a minute at least.
    pub(super) async fn token(&self) -> Result<String, Refused> {
        let mut current = self.current.lock().await;
        if let Some((token, until)) = &*current
            && Instant::now() < *until
        {
            return Ok(token.clone());
        }
        let granted = self.granted().await?;
        let lasts = Duration::from_secs(granted.expires_in).saturating_sub(LAST);
        *current = Some((granted.access_token.clone(), Instant::now() + lasts));
        Ok(granted.access_token)
    }

    /// This token is not believed: the next one is a new one.
    pub(super) async fn forget(&self, token: &str) {
        let mut current = self.current.lock().await;
        if current.as_ref().is_some_and(|(current, _)| current == token) {
            *current = None;
        }
    }

    async fn granted(&self) -> Result<Granted, Refused> {
        let statement = self.statement()?;
        let form: String = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
            .append_pair("assertion", &statement)
            .finish();
        let request = self.http.post(&self.token_uri).header("content-type", "application/x-www-form-urlencoded");
        let response = send(CALLED, request.body(form)).await?;
        if !response.status().is_success() {
            return Err(refused(&refusal_of(response).await, &statement));
        }
        let granted = response.json().await;
        granted.map_err(|error| Fault::Retry(format!("{CALLED}'s token makes no sense: {}", cause(&error))).into())
    }

    fn statement(&self) -> Result<String, Fault> {
        let iat = (self.wall_ms)() / 1_000;
        let statement = Statement { iss: &self.email, scope: SCOPE, aud: &self.token_uri, iat, exp: iat + STATEMENT_S };
        jsonwebtoken::encode(&self.header, &statement, &self.key).map_err(|error| {
            Fault::OurMistake(format!("nothing can be signed with the service account's key: {error}"))
        })
    }
}

fn refused(answer: &Answer, statement: &str) -> Refused {
    let said = excerpt(&String::from_utf8_lossy(&answer.body), statement);
    let said = format!("{}, {said}", answer.status.as_u16());
    answer.refused(match answer.status.as_u16() {
        408 | 429 | 500..=599 => Fault::Retry(format!("{CALLED} grants no token now ({said})")).into(),
        _ => Refused::of_all(Fault::OurMistake(format!(
            "{CALLED} does not believe our service account ({said}): check GOOGLE_APPLICATION_CREDENTIALS and the clock"
        ))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(account: &str) -> Result<Tokens, Fault> {
        Tokens::new(account, reqwest::Client::new(), Arc::new(|| 0))
    }

    #[test]
    fn a_file_that_is_no_service_account_is_named_and_not_shown() {
        for account in [
            "",
            "secret",
            r#"{"type":"authorized_user","client_email":"secret"}"#,
            r#"{"type":"service_account","private_key":"secret"}"#,
        ] {
            let Err(Fault::OurMistake(text)) = tokens(account) else { panic!("{account} is none") };
            assert!(text.contains("GOOGLE_APPLICATION_CREDENTIALS") && !text.contains("secret"), "{text}");
        }
    }
}
