//! The web's side of the house: Twilio's webhooks, the media socket's door, and what operators look at.
//!
//! Nothing is decided about a call in here. [`Front`] holds what the answers need, and asks the [`Desk`] about the rest.

pub mod access;
pub mod api;
mod feed;
mod health;
mod media;
mod pages;
mod problem;
mod ranges;
pub mod signature;
pub mod speech;
pub mod talk;
pub mod tickets;
pub mod tokens;
pub mod twiml;
mod voice;
mod webhook;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ws::WebSocket;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next as Rest};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use chrono_tz::Tz;
use engine::languages::Language;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

use crate::store::{RecordingRow, Store};

use access::Access;
use api::live::Live;
pub use health::{Health, Part};
pub use pages::PastDays;
use signature::AuthToken;
use speech::{Audio, Heard, NotSaid, Order, Said, Speech, WallMs};
use talk::{Secret, Talk, Used, Visit, VoiceHealth};
use tickets::{Caller, Now, Tickets};

/// The largest body that is read. Twilio's forms have about two kilobytes.
const BODY_MAX: usize = 64 * 1024;

/// How long a request may take, its body included. Twilio gives up on a voice webhook after 15 s.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// All that the pages and webhooks need. Shared by every request, changed by none.
pub struct Front {
    /// Our address as Twilio knows it, without a slash at its end: `https://frontdesk.example.com`.
    ///
    /// Without one it is taken from each request's `Host`: `http` when that is this machine itself (`localhost`,
    /// `127.…`, `[::1]`), `https` everywhere else. `X-Forwarded-…` is never read.
    pub public_url: Option<String>,
    /// Checks signatures. Without one every request is believed: the sandbox has no secrets.
    pub auth_token: Option<AuthToken>,
    /// Who takes a call that we cannot, in E.164.
    pub transfer_to: Option<String>,
    /// Tickets given out by the webhook and redeemed by whoever receives the stream.
    pub tickets: Arc<Tickets>,
    /// The process's steady clock.
    pub now: Now,
    /// What other systems ask for speech with.
    pub speech: Speech,
    /// Who may see calls.
    pub access: Access,
    /// Who may talk from a page.
    pub talk: Arc<Talk>,
    /// What calls left behind.
    pub store: Store,
    /// What calls write down as they go on.
    pub live: Live,
    /// The clock that days are counted by where nobody names another.
    pub time_zone: Tz,
    /// Figures of past days that pages showed lately.
    pub past_days: PastDays,
    /// The wall clock.
    pub wall_ms: WallMs,
    /// Who knows about calls.
    pub desk: Arc<dyn Desk>,
}

/// Who knows about calls: what the web asks, and whom it tells.
pub trait Desk: Send + Sync {
    /// Whether another call may come in.
    fn admit(&self) -> Admit;

    /// Takes a media socket over, from before its start message to its end. The socket has been upgraded and, where a
    /// token is set, its signature checked; its ticket has not.
    fn on_stream(&self, socket: WebSocket) -> BoxFuture<'static, ()>;

    /// Takes a page's socket over, from before its hello to its end. It has been upgraded and nothing else.
    fn on_page(&self, socket: WebSocket, visit: Visit) -> BoxFuture<'static, ()>;

    /// A key with which a page talks to the model by itself; none where there is none to be had.
    fn page_secret(&self, business: &str) -> BoxFuture<'_, Option<Secret>>;

    /// A page tells what its session with the model used.
    fn page_used(&self, tenant: &str, used: Used);

    /// How the parts are that sessions of pages depend on.
    fn voice_health(&self) -> BoxFuture<'_, VoiceHealth>;

    /// Lets a ticket open a stream that lands on another instance.
    fn lend<'a>(&'a self, ticket: &'a str, caller: &'a Caller) -> BoxFuture<'a, ()>;

    /// What becomes of a call whose stream ended, here or at another instance.
    fn after_stream<'a>(&'a self, call_sid: &'a str) -> BoxFuture<'a, Next>;

    /// Twilio tells how a call or a stream is doing. May come twice, and out of order.
    fn status(&self, status: StatusCallback);

    /// Has words said. Goes on when nobody waits for it any more.
    fn say(&self, order: Order) -> BoxFuture<'static, Result<Said, NotSaid>>;

    /// Has the caller of a live call hear words. Says whether there is such a call, here or at the carrier.
    fn play(&self, heard: Heard) -> BoxFuture<'static, bool>;

    /// The phrase of an id; none when nobody knows it any more.
    fn audio(&self, id: &str) -> BoxFuture<'static, Option<Audio>>;

    /// What is kept of a call, decrypted where need be.
    fn recording<'a>(&'a self, recording: &'a RecordingRow, what: Kept) -> BoxFuture<'a, Result<Recorded, NotPlayed>>;

    /// Removes a call that is over with all that belongs to it. Appointments stay.
    fn remove(&self, call_id: &str) -> BoxFuture<'static, Result<(), NotRemoved>>;

    /// What was taken out of a line; none when the key is missing or another one.
    fn reveal(&self, sealed: &str) -> Option<String>;

    /// A request for speech was answered; to be measured.
    fn speech_answered(&self, took: Duration, is_error: bool);

    /// What somebody who answers for us is told of the caller of a call; none when there is nothing to tell.
    fn whisper<'a>(&'a self, call_sid: &'a str) -> BoxFuture<'a, Option<(String, Language)>>;

    /// What a caller speaks, as far as their call is known; else what the business that answers a number speaks.
    fn language<'a>(&'a self, call_sid: &'a str, to: &'a str) -> BoxFuture<'a, Language>;

    /// A caller who was put through is not any more, or never was: the carrier's word for it, and for how many seconds they spoke.
    fn dialled<'a>(&'a self, call_sid: &'a str, status: &'a str, duration_s: Option<i64>) -> BoxFuture<'a, ()>;

    /// The calendar of a token, in iCalendar's words; none where it is nobody's.
    fn feed<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Option<String>>;

    /// Somebody who was called about an appointment cannot be talked to: a machine answers, or no more calls are taken.
    fn remind_by_text<'a>(&'a self, appointment: &'a str) -> BoxFuture<'a, ()>;

    /// Somebody wrote a text message to one of our numbers.
    fn texted<'a>(&'a self, from: &'a str, to: &'a str, words: &'a str) -> BoxFuture<'a, ()>;

    /// How we are.
    fn health(&self) -> Health;

    /// The metrics in Prometheus's text format 0.0.4.
    fn metrics_text(&self) -> String;

    /// The metrics as JSON.
    fn metrics_json(&self) -> serde_json::Value;

    /// A webhook was answered; to be measured.
    fn webhook_answered(&self, path: &str, status: u16, took: Duration);
}

/// What is kept of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// What was heard on both sides.
    Audio,
    /// Every input and output of the call, as lines.
    Tape,
}

/// A recording that can be read.
pub struct Recorded {
    /// How long it is.
    pub size_bytes: u64,
    /// Its bytes, from wherever one wants on. Reading blocks.
    pub audio: Box<dyn Listen>,
}

/// What can be read from wherever one wants on.
pub trait Listen: std::io::Read + std::io::Seek + Send {}

impl<T: std::io::Read + std::io::Seek + Send> Listen for T {}

/// Why a recording cannot be played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotPlayed {
    /// The file is gone.
    Missing,
    /// It is not what was put there.
    Damaged,
    /// It cannot be read now.
    Unreadable,
}

/// Why a call is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotRemoved {
    /// Its files cannot be removed, and so neither can it.
    FilesStay,
    /// The database does not answer.
    Away,
}

/// Whether a call may come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admit {
    /// It may.
    Welcome,
    /// As many calls as there may be are going on.
    Busy,
    /// The process is going down.
    Draining,
}

/// What becomes of a call whose stream ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Next {
    /// All was said.
    Hangup,
    /// A person takes it.
    Dial {
        /// At this number.
        to: String,
        /// What they are told before they speak with the caller.
        whisper: String,
        /// In this language.
        #[serde(default)]
        language: Language,
    },
    /// It was cut off: another stream is to go on with it.
    Reconnect,
    /// It broke on our side: an apology, and somebody else if there is anybody.
    Apologise,
}

/// What Twilio's status callbacks say, of a call (`CallStatus`) or of a stream (`StreamEvent`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatusCallback {
    /// The call.
    pub call_sid: String,
    /// `ringing`, `in-progress`, `completed`, `busy`, `failed`, `no-answer`, `canceled`; empty when it is about a stream.
    pub call_status: String,
    /// How long the call took in seconds, once it is over.
    pub duration_s: Option<u64>,
    /// Where this stands among the callbacks of its call.
    pub sequence: Option<u64>,
    /// `stream-started`, `stream-stopped` or `stream-error`.
    pub stream_event: Option<String>,
    /// What went wrong with the stream.
    pub stream_error: Option<String>,
}

/// Every route, on one port.
pub fn router(front: Arc<Front>) -> Router {
    if front.auth_token.is_none() {
        tracing::warn!("TWILIO_AUTH_TOKEN is not set: webhooks and streams are believed without a signature");
    }
    // Twilio is known to sign the address with a slash at its end; whoever dials it that way is let in, too.
    // The socket stands apart: a deadline or a body limit would end a call.
    let socket = Router::new().route("/media", any(media::upgrade)).route("/media/", any(media::upgrade));
    let webhooks = Router::new()
        .route("/voice", get(voice::answer).post(voice::answer))
        .route("/voice/resume", get(voice::resume).post(voice::resume))
        .route("/voice/fallback", get(voice::fallback).post(voice::fallback))
        .route("/voice/status", get(voice::status).post(voice::status))
        .route("/voice/dialled", get(voice::dialled).post(voice::dialled))
        .route("/voice/remind", get(voice::remind).post(voice::remind))
        .route("/sms", get(voice::texted).post(voice::texted))
        .route("/voice/whisper", get(voice::whisper).post(voice::whisper))
        .route_layer(middleware::from_fn_with_state(Arc::clone(&front), measure));
    let pages = Router::new()
        .route("/health", get(health::health))
        .route("/ready", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/metrics.json", get(health::metrics_json))
        .route("/calendar/{name}", get(feed::feed));
    let within = ANSWER_WITHIN + front.speech.timeout;
    let speech = Router::new()
        .route("/call", post(speech::say))
        .route("/call/jobs/{id}", get(speech::show_job))
        .route("/audio/{name}", get(speech::play))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, within));
    let sessions = Router::new()
        .route("/login", get(pages::show_login).post(access::log_in))
        .route("/logout", post(access::log_out));
    let quick = webhooks
        .merge(pages)
        .merge(sessions)
        .merge(pages::routes())
        .merge(api::routes())
        .merge(talk::routes())
        .fallback(not_found);
    quick
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, ANSWER_WITHIN))
        .merge(speech)
        .merge(api::streams())
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .merge(socket)
        .merge(talk::socket())
        // Outermost, so that nothing can panic past it. Twilio asks the fallback address after a 500.
        .layer(CatchPanicLayer::custom(panicked))
        .with_state(front)
}

async fn measure(State(front): State<Arc<Front>>, request: Request, rest: Rest) -> Response {
    let path = request.uri().path().to_owned();
    let began = (front.now)();
    let response = rest.run(request).await;
    let took = (front.now)().saturating_duration_since(began);
    front.desk.webhook_answered(&path, response.status().as_u16(), took);
    response
}

async fn not_found() -> impl IntoResponse {
    (
        StatusCode::NOT_FOUND,
        "Nothing here. Twilio calls /voice and /media, other systems /call; people may like /, /health and /metrics.\n",
    )
}

fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no text");
    tracing::error!(panic = text, "a request panicked; this is a mistake of ours");
    (StatusCode::INTERNAL_SERVER_ERROR, "Something broke on our side; the log says what.\n").into_response()
}

#[cfg(test)]
mod tests;
