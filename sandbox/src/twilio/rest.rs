//! Twilio's REST API: calls that are going on elsewhere get new TwiML (`POST …/Calls/{CA}.json`), calls are placed
//! (`POST …/Calls.json`), and text messages sent (`POST …/Messages.json`).
//!
//! Sources: twilio.com/docs/voice/api/call-resource, twilio.com/docs/messaging/api/message-resource. A placed call is only
//! written down: whoever plays the callee places it on a line of theirs.

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

use super::fresh_sid;
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
    texts: Vec<Sent>,
    placed: Vec<Sent>,
    /// Numbers that want no text messages.
    opted_out: Vec<String>,
    /// How many requests from now on are answered with 500.
    failing: usize,
    asked: usize,
}

/// Something that was sent to a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// From which number.
    pub from: String,
    /// To which.
    pub to: String,
    /// The words of a message, or the address of a call's TwiML.
    pub what: String,
}

impl Rest {
    /// Every text message that was taken.
    pub fn texts(&self) -> Vec<Sent> {
        self.open().texts.clone()
    }

    /// Every call that is to be placed.
    pub fn placed(&self) -> Vec<Sent> {
        self.open().placed.clone()
    }

    /// A number wants no text messages from now on.
    pub fn opts_out(&self, number: &str) {
        self.open().opted_out.push(number.to_owned());
    }

    /// The next requests fail, so many of them.
    pub fn fails(&self, times: usize) {
        self.open().failing = times;
    }

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
        Router::new()
            .route("/2010-04-01/Accounts/{account}/Calls/{call}", post(update))
            .route("/2010-04-01/Accounts/{account}/Calls.json", post(place))
            .route("/2010-04-01/Accounts/{account}/Messages.json", post(text))
            .with_state(self.clone())
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

async fn place(
    State(rest): State<Rest>,
    Path(account_sid): Path<String>,
    headers: HeaderMap,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    let mut account = rest.open();
    match taken(&mut account, &account_sid, &headers, &form, "Url") {
        Ok(sent) => account.placed.push(sent),
        Err(refusal) => return *refusal,
    }
    let body =
        json!({"sid": fresh_sid("CA"), "account_sid": account_sid, "status": "queued", "direction": "outbound-api"});
    (StatusCode::CREATED, Json(body)).into_response()
}

async fn text(
    State(rest): State<Rest>,
    Path(account_sid): Path<String>,
    headers: HeaderMap,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    let mut account = rest.open();
    let sent = match taken(&mut account, &account_sid, &headers, &form, "Body") {
        Ok(sent) => sent,
        Err(refusal) => return *refusal,
    };
    if account.opted_out.contains(&sent.to) {
        return refused(StatusCode::BAD_REQUEST, 21_610, "Attempt to send to unsubscribed recipient");
    }
    account.texts.push(sent);
    let body = json!({"sid": fresh_sid("SM"), "account_sid": account_sid, "status": "queued", "error_code": null});
    (StatusCode::CREATED, Json(body)).into_response()
}

/// What a request asks to be sent, if it may.
fn taken(
    account: &mut Account,
    sid: &str,
    headers: &HeaderMap,
    form: &[(String, String)],
    what: &str,
) -> Result<Sent, Box<Response>> {
    account.asked += 1;
    if !is_known(account, sid, headers) {
        return Err(Box::new(refused(StatusCode::UNAUTHORIZED, 20_003, "Authenticate")));
    }
    if account.failing > 0 {
        account.failing -= 1;
        return Err(Box::new(refused(StatusCode::INTERNAL_SERVER_ERROR, 20_500, "Internal Server Error")));
    }
    let field = |name: &str| form.iter().find(|(field, _)| field == name).map(|(_, value)| value.clone());
    let number = |name: &str| {
        let missing = format!("A '{name}' phone number is required.");
        let value = field(name).filter(|value| value.starts_with('+'));
        value.ok_or_else(|| Box::new(refused(StatusCode::BAD_REQUEST, 21_211, &missing)))
    };
    let what =
        field(what).ok_or_else(|| Box::new(refused(StatusCode::BAD_REQUEST, 21_602, "Message body is required.")))?;
    Ok(Sent { from: number("From")?, to: number("To")?, what })
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
