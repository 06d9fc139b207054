//! Speech for other systems: `POST /call` says anything once, `GET /audio/…` plays it.
//!
//! What is asked is checked here; what is to be said, and by whom, is the desk's.

mod answer;
mod audio;
mod clients;
mod idempotency;
mod jobs;
pub mod links;
mod order;
mod problem;
mod shared;
mod ssml;

use std::sync::Arc;
use std::time::Duration;

use engine::audio::format::Format;

pub(super) use answer::say;
pub(super) use audio::play;
pub use clients::{Clients, Key};
pub(super) use jobs::show as show_job;
pub use jobs::work;
pub use order::Order;

pub use idempotency::Answers;
use links::Links;
pub use shared::{JobState, NotQueued, Once, Shared, Worked};

/// What the routes of speech need.
pub struct Speech {
    /// Who may ask.
    pub clients: Clients,
    /// Makes addresses and checks them.
    pub links: Links,
    /// What a request without a format gets.
    pub format: Format,
    /// The longest text that is spoken, in characters.
    pub text_chars_max: usize,
    /// How long making a phrase may take.
    pub timeout: Duration,
    /// Whether every answer says how long its stages took.
    pub debug_timings: bool,
    /// Answers to requests that may be repeated.
    pub answers: Answers,
    /// What other instances know, too.
    pub shared: Option<Arc<dyn Shared>>,
}

/// What became of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The phrase, as it stands in addresses.
    pub id: String,
    /// Where it can be played without us, where it can.
    pub audio_url: Option<String>,
    /// The voice that speaks.
    pub voice_id: String,
    /// Where it was found; none when it had to be made.
    pub tier: Option<&'static str>,
    /// How long it plays, where that is known.
    pub length_ms: Option<u32>,
    /// How long each part took.
    pub timings: Timings,
}

/// How long each part of an order took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timings {
    /// Choosing the voice.
    pub profile: Duration,
    /// Finding the phrase.
    pub cache: Duration,
    /// Making it, the wait for its turn included.
    pub tts: Duration,
    /// Storing it, as far as anybody waited for that.
    pub upload: Duration,
    /// Its provider alone.
    pub provider: Duration,
}

/// Words that a caller is to hear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The asker's id of the call.
    pub call_id: String,
    /// The words.
    pub text: String,
    /// Where they can be played.
    pub audio_url: String,
    /// What tells words that may be asked for again from others: they are heard once.
    pub once: Option<String>,
}

/// Why an order was not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotSaid {
    /// It may be next time.
    Retry,
    /// It took too long; the phrase is made all the same.
    Late,
    /// The provider will not speak it.
    Refused,
    /// The provider of the call's voice takes no SSML.
    NoSsml,
}

/// A phrase to be played.
#[derive(Debug, Clone)]
pub struct Audio {
    /// The file.
    pub bytes: bytes::Bytes,
    /// How it is written.
    pub format: Format,
    /// What is in it: a digest.
    pub digest: String,
}

/// The wall clock: milliseconds since 1970 in UTC.
pub type WallMs = Arc<dyn Fn() -> i64 + Send + Sync>;
