//! Twilio's REST API for calls that are going on elsewhere: `POST …/Calls/{CA}.json` gives them new TwiML
//! (twilio.com/docs/voice/api/call-resource#update-a-call-resource).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Path, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Form, Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::twiml::{Twiml, Verb};

/// An account's calls. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Rest {
    shared: Arc<Mutex<Account>>,
}

#[derive(Debug, Default)]
struct Account {
    sid: String,
    auth_token: String,
    /// Calls that are going on, and what was played into them.
    calls: BTreeMap<String, Vec<String>>,
    asked: usize,
}

impl Rest {
    /// Who may ask.
    pub fn is_account(&self, sid: &str, auth_token: &str) {
        let mut account = self.open();
        (account.sid, account.auth_token) = (sid.to_owned(), auth_token.to_owned());
    }

    /// A call goes on from now on.
    pub fn goes_on(&self, call_sid: &str) {
        self.open().calls.insert(call_sid.to_owned(), Vec::new());
    }

    /// What was played into a call, address by address.
    pub fn played(&self, call_sid: &str) -> Vec<String> {
        self.open().calls.get(call_sid).cloned().unwrap_or_default()
    }

    /// How many requests there were.
    pub fn asked(&self) -> usize {
        self.open().asked
    }

    /// The routes.
    pub fn router(&self) -> Router {
        Router::new().route("/2010-04-01/Accounts/{account}/Calls/{call}", post(update)).with_state(self.clone())
    }

    fn open(&self) -> MutexGuard<'_, Account> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn update(
    State(rest): State<Rest>,
    Path((account_sid, call)): Path<(String, String)>,
    headers: HeaderMap,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    let mut account = rest.open();
    account.asked += 1;
    if !is_known(&account, &account_sid, &headers) {
        return refused(StatusCode::UNAUTHORIZED, 20_003, "Authenticate");
    }
    let call_sid = call.trim_end_matches(".json");
    let Some(played) = account.calls.get_mut(call_sid) else {
        return refused(StatusCode::NOT_FOUND, 20_404, "The requested resource was not found");
    };
    let twiml = form.iter().find(|(name, _)| name == "Twiml").map(|(_, twiml)| Twiml::parse(twiml));
    let Some(Ok(twiml)) = twiml else {
        return refused(StatusCode::BAD_REQUEST, 21_218, "Invalid ApplicationSid, or no Url and no Twiml");
    };
    played.extend(twiml.verbs.into_iter().filter_map(|verb| match verb {
        Verb::Play { url } => Some(url),
        _ => None,
    }));
    Json(json!({"sid": call_sid, "account_sid": account_sid, "status": "in-progress"})).into_response()
}

fn is_known(account: &Account, sid: &str, headers: &HeaderMap) -> bool {
    let expected = format!("Basic {}", STANDARD.encode(format!("{}:{}", account.sid, account.auth_token)));
    let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    sid == account.sid && given == Some(expected.as_str())
}

fn refused(status: StatusCode, code: u32, message: &str) -> Response {
    let more_info = format!("https://www.twilio.com/docs/errors/{code}");
    let body: Value = json!({"code": code, "message": message, "more_info": more_info, "status": status.as_u16()});
    (status, Json(body)).into_response()
}
