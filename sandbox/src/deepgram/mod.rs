//! Deepgram on loopback: hears and speaks over its real wire protocols, so that the gateway's own adapter, or anybody's
//! client, works against it unchanged.
//!
//! | path | what |
//! |---|---|
//! | `WS /v1/listen` | streaming transcription, Nova: results, endpointing, utterance end |
//! | `WS /v2/listen` | streaming transcription, Flux: the caller's turns |
//! | `POST /v1/speak` | speech as a chunked body |
//! | `WS /v1/speak` | speech sentence by sentence, with flush and clear |
//! | `POST /v1/auth/grant` | a short-lived token |
//!
//! What it hears is decided by the audio ([`crate::recognizer`]); what it says is real speech where there is any
//! ([`crate::voice`]). How it behaves is set, also while it runs, by [`Settings`].

mod flux;
mod format;
mod key;
mod listen;
mod opening;
mod outbox;
mod parameters;
mod refusal;
mod settings;
mod socket;
mod speak;

pub use settings::{Faults, Settings};

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, post};
use axum::{Json, Router};
use serde_json::json;

use crate::recognizer::Lexicon;
use crate::voice::Voice;
use refusal::Refusal;

/// The emulator's state. Clones share it.
#[derive(Clone)]
pub struct Deepgram {
    shared: Arc<Shared>,
}

struct Shared {
    voice: Voice,
    settings: Mutex<Settings>,
    counts: Mutex<Counts>,
    requests: AtomicU64,
}

/// What happened since the emulator was made, for tests to look at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Listening sockets that were accepted.
    pub listeners: u64,
    /// Those that are open now.
    pub listeners_open: u32,
    /// Audio heard on all of them, in samples at 8 kHz.
    pub samples_heard: u64,
    /// Requests for speech that were accepted, over HTTP or as a flush on a socket.
    pub speeches: u64,
    /// Those that are being answered now over HTTP.
    pub speeches_open: u32,
    /// Characters that were turned into speech.
    pub characters: u64,
    /// Requests and handshakes that were refused.
    pub refused: u64,
}

impl Deepgram {
    /// An emulator that hears what the voice's lexicon knows, and speaks with the voice.
    pub fn new(voice: Voice, settings: Settings) -> Self {
        let shared = Shared {
            voice,
            settings: Mutex::new(settings),
            counts: Mutex::new(Counts::default()),
            requests: AtomicU64::new(1),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Its routes, to be served alone or merged with others.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/v1/listen", any(listen::open))
            .route("/v2/listen", any(flux::open))
            .route("/v1/speak", post(speak::answer).get(speak::open))
            .route("/v1/auth/grant", post(grant))
            .with_state(self.clone())
    }

    /// How it behaves now.
    pub fn settings(&self) -> Settings {
        lock(&self.shared.settings).clone()
    }

    /// Changes how it behaves from now on, also for sessions that are open.
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

    fn lexicon(&self) -> &Lexicon {
        self.shared.voice.lexicon()
    }

    /// Unique in this process; in the form the service uses.
    fn next_request_id(&self) -> String {
        let number = self.shared.requests.fetch_add(1, Ordering::Relaxed);
        format!("00000000-0000-4000-8000-{number:012x}")
    }

    /// Whether another listening socket may open.
    fn admit_listener(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let settings = self.settings();
        let open = self.counts().listeners_open;
        self.counted(match settings.faults.refuse_listen {
            Some(status) => Err(Refusal::of_status(status)),
            None if settings.listen_max.is_some_and(|most| open >= most) => Err(Refusal::of_status(429)),
            None => key::check(headers),
        })
    }

    /// Whether another request for speech may be made.
    fn admit_speech(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let settings = self.settings();
        let open = self.counts().speeches_open;
        self.counted(match settings.faults.refuse_speak {
            Some(status) => Err(Refusal::of_status(status)),
            None if settings.speak_max.is_some_and(|most| open >= most) => Err(Refusal::of_status(429)),
            None => key::check(headers),
        })
    }

    fn counted(&self, verdict: Result<(), Refusal>) -> Result<(), Refusal> {
        if verdict.is_err() {
            self.count(|counts| counts.refused += 1);
        }
        verdict
    }

    /// Counts a listening socket until the returned value is dropped.
    fn listener_opened(&self) -> Counted {
        self.count(|counts| {
            counts.listeners += 1;
            counts.listeners_open += 1;
        });
        Counted { deepgram: self.clone(), close: |counts| counts.listeners_open -= 1 }
    }

    /// Counts an answer of speech until the returned value is dropped.
    fn speech_opened(&self, characters: usize) -> Counted {
        self.count(|counts| {
            counts.speeches += 1;
            counts.speeches_open += 1;
            counts.characters += characters as u64;
        });
        Counted { deepgram: self.clone(), close: |counts| counts.speeches_open -= 1 }
    }
}

/// Something that is counted while it exists.
struct Counted {
    deepgram: Deepgram,
    close: fn(&mut Counts),
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.deepgram.count(self.close);
    }
}

/// `POST /v1/auth/grant`: a token that is good for the handshake of a socket.
async fn grant(State(deepgram): State<Deepgram>, headers: HeaderMap) -> Response {
    let request_id = deepgram.next_request_id();
    match key::check(&headers) {
        Ok(()) => {
            Json(json!({ "access_token": format!("sandbox.{request_id}.token"), "expires_in": 30 })).into_response()
        }
        Err(refusal) => refusal.answer(&request_id),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
