//! OpenAI's Realtime API on loopback, in its general form (no `OpenAI-Beta` header): a session hears, thinks by simple
//! rules, calls functions and speaks, so that the gateway's own adapter, or anybody's client, works against it unchanged.
//!
//! | path | what |
//! |---|---|
//! | `WS /v1/realtime?model=…` | a session |
//! | `POST /v1/realtime/client_secrets` | a key for a page, good for a while |
//!
//! It hears what the recognizer knows and speaks with the sandbox's voice. How it behaves is set, also while it runs, by
//! [`Settings`].

mod config;
mod hearing;
mod items;
mod response;
mod secrets;
mod session;
mod settings;
mod socket;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::http::header::SEC_WEBSOCKET_PROTOCOL;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, post};
use serde::Deserialize;

use crate::openai::check_key;
use crate::openai::refusal::Refusal;
use crate::recognizer::Lexicon;
use crate::voice::Voice;
use config::Config;
use secrets::Secrets;
use session::Session;
pub use settings::{Faults, Settings};

/// What a page puts before its key among the protocols that it offers.
const PROTOCOL_KEY: &str = "openai-insecure-api-key.";

/// The largest event of a client: 15 MiB of audio.
const EVENT_MAX: usize = 16 << 20;

/// The emulator's state. Clones share it.
#[derive(Clone)]
pub struct Realtime {
    shared: Arc<Shared>,
}

struct Shared {
    settings: Mutex<Settings>,
    counts: Mutex<Counts>,
    secrets: Secrets,
    voice: Voice,
    lexicon: Lexicon,
}

/// What happened since the emulator was made, for tests to look at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Sessions that were opened.
    pub sessions: u64,
    /// Responses that were asked for.
    pub responses: u64,
    /// Those that were cancelled.
    pub cancelled: u64,
    /// Items that were cut at what was heard.
    pub truncated: u64,
    /// Events that made no sense, or came at the wrong time.
    pub errors: u64,
}

impl Realtime {
    /// An emulator that speaks with this voice and hears what it knows.
    pub fn new(voice: Voice, settings: Settings) -> Self {
        let lexicon = voice.lexicon().clone();
        let shared = Shared {
            settings: Mutex::new(settings),
            counts: Mutex::default(),
            secrets: Secrets::default(),
            voice,
            lexicon,
        };
        Self { shared: Arc::new(shared) }
    }

    /// Its routes, to be served alone or merged with others. The base address of clients is this server's with `/v1`.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/v1/realtime", any(open))
            .route("/v1/realtime/client_secrets", post(secrets::create))
            .with_state(self.clone())
    }

    /// How it behaves now.
    pub fn settings(&self) -> Settings {
        lock(&self.shared.settings).clone()
    }

    /// Changes how it behaves from now on, in sessions that are open as well.
    pub fn set(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut lock(&self.shared.settings));
    }

    /// What happened so far.
    pub fn counts(&self) -> Counts {
        *lock(&self.shared.counts)
    }

    fn count(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut lock(&self.shared.counts));
    }

    fn voice(&self) -> &Voice {
        &self.shared.voice
    }

    /// Whose key came: in a header, or among the protocols as a page sends it.
    fn admit(&self, headers: &HeaderMap) -> Result<bool, Refusal> {
        let offered = headers.get(SEC_WEBSOCKET_PROTOCOL).and_then(|list| list.to_str().ok()).unwrap_or_default();
        let by_protocol = offered.split(',').find_map(|name| name.trim().strip_prefix(PROTOCOL_KEY));
        match by_protocol {
            Some(key) if self.shared.secrets.knows(key) || key.starts_with("sk-") => Ok(true),
            Some(_) => Err(Refusal::bad_key()),
            None => {
                let bearer = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
                match bearer.strip_prefix("Bearer ") {
                    Some(key) if key.starts_with("ek_") && !self.shared.secrets.knows(key) => Err(Refusal::bad_key()),
                    _ => check_key(headers).map(|()| false),
                }
            }
        }
    }
}

#[derive(Deserialize)]
struct Wanted {
    model: Option<String>,
}

async fn open(
    State(realtime): State<Realtime>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let by_protocol = match realtime.admit(&headers) {
        Ok(by_protocol) => by_protocol,
        Err(refusal) => return refusal.into_response(),
    };
    let Some(model) = wanted.model.filter(|model| !model.is_empty()) else {
        return Refusal::missing("model").into_response();
    };
    if headers.get("openai-beta").is_some_and(|beta| beta == "realtime=v1") {
        let message = "The Realtime Beta API is no longer supported. Please use /v1/realtime for the GA API.";
        return Refusal::bad("", Some("beta_api_shape_disabled"), message).into_response();
    }
    let settings = realtime.settings();
    if let Some(status) = settings.faults.refuse {
        return Refusal::of_status(status, &model, None).into_response();
    }
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade.max_message_size(EVENT_MAX).max_frame_size(EVENT_MAX),
        Err(rejection) => return rejection.into_response(),
    };
    let upgrade = if by_protocol { upgrade.protocols(["realtime"]) } else { upgrade };
    realtime.count(|counts| counts.sessions += 1);
    let config = Config::new(&model, now_s() + settings.session.as_secs());
    let session = Session::new(config, realtime.shared.lexicon.clone());
    upgrade.on_upgrade(move |socket| socket::serve(socket, session, realtime))
}

/// What clocks on the wall show; only what is told to clients depends on it.
fn now_s() -> u64 {
    #[allow(clippy::disallowed_methods)]
    let now = std::time::SystemTime::now();
    now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
