//! Keys for pages: good for a while, and for nothing but a session.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::openai::check_key;
use crate::openai::refusal::Refusal;
use crate::realtime::config::Config;
use crate::realtime::{Realtime, now_s};

/// How long one is good unless another time is asked for, and the least and the most that may be.
const USUAL_S: u64 = 600;
const LEAST_S: u64 = 10;
const MOST_S: u64 = 7_200;

/// Keys that were given out, by when they expire.
#[derive(Default)]
pub(super) struct Secrets {
    given: Mutex<BTreeMap<String, u64>>,
}

impl Secrets {
    pub(super) fn knows(&self, key: &str) -> bool {
        let given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        given.get(key).is_some_and(|expires_at| *expires_at > now_s())
    }

    fn give(&self, expires_at: u64) -> String {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let key = format!("ek_sandbox{:08}", given.len() + 1);
        given.insert(key.clone(), expires_at);
        key
    }
}

/// `POST /v1/realtime/client_secrets`.
pub(super) async fn create(State(realtime): State<Realtime>, headers: HeaderMap, body: Bytes) -> Response {
    answer(&realtime, &headers, &body).map_or_else(IntoResponse::into_response, |given| Json(given).into_response())
}

fn answer(realtime: &Realtime, headers: &HeaderMap, body: &[u8]) -> Result<Value, Refusal> {
    check_key(headers)?;
    if let Some(status) = realtime.settings().faults.refuse {
        return Err(Refusal::of_status(status, "gpt-realtime", None));
    }
    let body: Value = serde_json::from_slice(body).unwrap_or(json!({}));
    let seconds = match &body["expires_after"]["seconds"] {
        Value::Null => USUAL_S,
        wanted => wanted.as_u64().filter(|seconds| (LEAST_S..=MOST_S).contains(seconds)).ok_or_else(|| {
            Refusal::bad("expires_after.seconds", Some("invalid_value"), "Invalid value: it must be from 10 to 7200.")
        })?,
    };
    let model = body["session"]["model"].as_str().unwrap_or("gpt-realtime");
    let expires_at = now_s() + seconds;
    let mut config = Config::new(model, expires_at);
    if body["session"].is_object() {
        config.update(&body["session"], false).map_err(|error| {
            let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
            Refusal::bad(&text("param"), None, text("message"))
        })?;
    }
    Ok(json!({"value": realtime.shared.secrets.give(expires_at), "expires_at": expires_at, "session": config.shown()}))
}
