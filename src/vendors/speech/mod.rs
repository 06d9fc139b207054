//! Text to speech, whoever does it: what a provider is to the rest of Frontdesk, and what all of them have in common.
//!
//! A provider answers one request for a text that it can hold ([`Speak`]); each stands in a file or folder of its own.
//! What is the same for all stands here and around it: what a voice cannot read is taken out and what is too long is cut
//! (`text`), failures that may pass are met with further attempts (`retry`), a provider that is down is not waited for
//! (`breaker`), headers are taken off samples (`riff`), and what a provider cannot write is converted (`samples`), and the files of a long text's pieces become one (`joined`).
//!
//! ```text
//!  Voices ─► Speaking: one text ─► its pieces ─► attempts ─► Speak::ask ─► the provider
//!    audio ◄── joined ◄── converted ◄── unwrapped ◄── a body, cut anywhere ◄──┘
//! ```

mod breaker;
mod joined;
mod retry;
mod riff;
mod samples;
mod speaking;
mod text;
mod voices;
mod wire;

use std::time::Duration;

use bytes::Bytes;
use engine::audio::format::Format;
use engine::io::Fault;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

pub use voices::{Config, Order, Voices};
pub(super) use wire::{Answer, audio, body, refusal_of, send};

/// A provider of speech.
pub trait Speak: Send + Sync {
    /// What it can do.
    fn traits(&self) -> Traits;

    /// What comes when this format is asked for.
    fn given(&self, format: Format) -> Given;

    /// What a voice's sound depends on beside its name, for the cache: the provider's model, where it has several.
    fn settings(&self) -> String {
        String::new()
    }

    /// Sends one request and waits for the beginning of its answer; whoever asks sets the deadline.
    fn ask(&self, wanted: Wanted) -> BoxFuture<'static, Result<Body, Refused>>;
}

/// What a provider can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traits {
    /// Its name in settings, tables and metrics: `deepgram`.
    pub name: &'static str,
    /// What people call it: `Deepgram`.
    pub called: &'static str,
    /// The longest text of one request.
    pub limit: Limit,
    /// Whether audio comes while it is still being made.
    pub streams: bool,
    /// Whether it reads SSML.
    pub takes_ssml: bool,
}

/// The longest text of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// In Unicode scalar values.
    Characters(usize),
    /// In bytes of UTF-8.
    Bytes(usize),
}

/// What comes when a format is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// That format.
    AsAsked,
    /// 16-bit samples, little-endian, at this rate: the provider cannot write the format, and we do.
    Samples {
        /// In hertz.
        rate_hz: u32,
    },
}

/// What one request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The voice, as the provider calls it.
    pub voice: String,
    /// The text, not longer than the provider's limit.
    pub text: String,
    /// Whether that is SSML. Only a provider that reads it is asked so.
    pub is_ssml: bool,
    /// How the audio is to be written.
    pub format: Format,
    /// Whether it is passed on while it comes.
    pub is_streamed: bool,
}

/// Audio as it comes, cut anywhere. An `Err` is the last item and means that it is not whole.
pub type Body = BoxStream<'static, Result<Bytes, Fault>>;

/// Why a request brings no speech.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// What can be done about it.
    pub fault: Fault,
    /// How long the provider wants not to be asked.
    pub retry_after: Option<Duration>,
    /// Whether other texts would meet the same. What is only about this one says nothing about how the provider does.
    pub is_of_all: bool,
}

impl Refused {
    /// A fault that any text would meet: a key that is not known.
    pub(super) fn of_all(fault: Fault) -> Self {
        Self { fault, retry_after: None, is_of_all: true }
    }

    /// A fault of this text alone.
    pub(super) fn of_this(fault: Fault) -> Self {
        Self { fault, retry_after: None, is_of_all: false }
    }
}

impl From<Fault> for Refused {
    /// A mistake of ours is taken for one about this text.
    fn from(fault: Fault) -> Self {
        let is_of_all = !matches!(fault, Fault::OurMistake(_));
        Self { fault, retry_after: None, is_of_all }
    }
}
