//! OpenAI on loopback: chat completions over the real wire protocol, whole or streamed, bound to a schema or not, so
//! that the gateway's own adapter, or anybody's client, works against it unchanged.
//!
//! | path | what |
//! |---|---|
//! | `POST /v1/chat/completions` | an answer, or a stream of its tokens |
//! | `GET /v1/models`, `GET /v1/models/{model}` | the models there are |
//! | `POST /v1/audio/speech` | speech, apart from the rest ([`speech`]) |
//!
//! What it says is decided by simple rules (`mind`), after the schema that was asked for. Tools may be offered to it
//! and are never called. How it behaves is set, also while it runs, by [`Settings`].

mod completion;
mod ordered;
pub(crate) mod refusal;
mod request;
mod schema;
mod settings;
pub mod speech;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use completion::Completion;
use refusal::Refusal;
use request::Request;
pub use settings::{Faults, Settings};

/// The emulator's state. Clones share it.
#[derive(Clone, Default)]
pub struct OpenAi {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    settings: Mutex<Settings>,
    counts: Mutex<Counts>,
    last_request: Mutex<Option<String>>,
}

/// What happened since the emulator was made, for tests to look at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests for a completion, of every outcome.
    pub requests: u64,
    /// Those that were refused, or that said something wrong.
    pub refused: u64,
    /// Those that were answered to the end, or to a break that was set.
    pub finished: u64,
    /// Those whose client went away before.
    pub cancelled: u64,
}

impl OpenAi {
    /// An emulator that behaves like this.
    pub fn new(settings: Settings) -> Self {
        let openai = Self::default();
        openai.set(|current| *current = settings);
        openai
    }

    /// Its routes, to be served alone or merged with others. The base address of clients is this server's with `/v1`.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/v1/chat/completions", post(complete).fallback(no_address))
            .route("/v1/models", get(models))
            .route("/v1/models/{model}", get(model))
            .with_state(self.clone())
    }

    /// How it behaves now.
    pub fn settings(&self) -> Settings {
        lock(&self.shared.settings).clone()
    }

    /// Changes how it behaves towards requests from now on.
    pub fn set(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut lock(&self.shared.settings));
    }

    /// What happened so far.
    pub fn counts(&self) -> Counts {
        *lock(&self.shared.counts)
    }

    /// The body of the latest request for a completion, as it came.
    pub fn last_request(&self) -> Option<String> {
        lock(&self.shared.last_request).clone()
    }

    fn count(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut lock(&self.shared.counts));
    }

    /// Takes a request, and answers it as far as the answer does not take time.
    fn accept(&self, headers: &HeaderMap, body: &[u8], settings: &Settings) -> Result<Request, Refusal> {
        check_key(headers)?;
        let faults = &settings.faults;
        let request = Request::read(body)?;
        if faults.out_of_quota {
            return Err(Refusal::out_of_quota());
        }
        if let Some(status) = faults.refuse {
            return Err(Refusal::of_status(status, &request.model, faults.retry_after));
        }
        exists(settings, &request.model)?;
        Ok(request)
    }
}

/// A request that is being answered. It counts as cancelled if it is dropped before its end.
struct Answering {
    openai: OpenAi,
    finished: bool,
}

impl Answering {
    fn finish(mut self) {
        self.finished = true;
        self.openai.count(|counts| counts.finished += 1);
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        if !self.finished {
            self.openai.count(|counts| counts.cancelled += 1);
        }
    }
}

async fn complete(State(openai): State<OpenAi>, headers: HeaderMap, body: Bytes) -> Response {
    let mut number = 0;
    openai.count(|counts| {
        counts.requests += 1;
        number = counts.requests;
    });
    *lock(&openai.shared.last_request) = Some(String::from_utf8_lossy(&body).into_owned());
    let settings = openai.settings();
    let request = match openai.accept(&headers, &body, &settings) {
        Ok(request) => request,
        Err(refusal) => {
            openai.count(|counts| counts.refused += 1);
            return told(refusal.into_response(), number, Duration::ZERO);
        }
    };
    // From here on the client may go away at any point of waiting, which drops this future and counts.
    let answering = Answering { openai: openai.clone(), finished: false };
    if settings.faults.stall {
        std::future::pending::<()>().await;
    }
    let completion = Completion::think(&request, &settings, number);
    let wait = if request.stream { Duration::ZERO } else { completion.duration(&settings) };
    tokio::time::sleep(settings.first_token + wait).await;
    let response = if request.stream {
        completion.stream(&request, &settings, answering)
    } else {
        answering.finish();
        Json(completion.whole()).into_response()
    };
    told(response, number, settings.first_token + wait)
}

/// Adds the headers that every answer has.
fn told(mut response: Response, number: u64, took: Duration) -> Response {
    let mut set = |name: &'static str, value: String| {
        let value = HeaderValue::try_from(value).expect("numbers and letters make a header");
        response.headers_mut().insert(HeaderName::from_static(name), value);
    };
    set("x-request-id", format!("req_sandbox{number:08}"));
    set("openai-processing-ms", took.as_millis().to_string());
    set("openai-version", "2020-10-01".to_owned());
    set("openai-organization", "org-sandbox".to_owned());
    set("x-ratelimit-limit-requests", "10000".to_owned());
    set("x-ratelimit-remaining-requests", "9999".to_owned());
    set("x-ratelimit-reset-requests", "6ms".to_owned());
    response
}

async fn models(State(openai): State<OpenAi>, headers: HeaderMap) -> Result<Json<Value>, Refusal> {
    check_key(&headers)?;
    let models: Vec<_> = openai.settings().models.iter().map(|name| described(name)).collect();
    Ok(Json(json!({"object": "list", "data": models})))
}

async fn model(
    State(openai): State<OpenAi>,
    headers: HeaderMap,
    Path(name): Path<String>,
) -> Result<Json<Value>, Refusal> {
    check_key(&headers)?;
    exists(&openai.settings(), &name)?;
    Ok(Json(described(&name)))
}

fn described(name: &str) -> Value {
    json!({"id": name, "object": "model", "created": 1_715_367_049, "owned_by": "system"})
}

async fn no_address(method: Method, uri: Uri) -> Refusal {
    Refusal::no_address(method.as_str(), uri.path())
}

fn exists(settings: &Settings, model: &str) -> Result<(), Refusal> {
    let known = settings.models.is_empty() || settings.models.iter().any(|name| name == model);
    if known { Ok(()) } else { Err(Refusal::no_model(model)) }
}

/// Any key is good but an empty one and those that begin with `bad`.
pub(crate) fn check_key(headers: &HeaderMap) -> Result<(), Refusal> {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match authorization.strip_prefix("Bearer ").map(str::trim) {
        None | Some("") => Err(Refusal::no_key()),
        Some(key) if key.starts_with("bad") => Err(Refusal::bad_key()),
        Some(_) => Ok(()),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
