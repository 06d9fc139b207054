//! All providers that are set up, each with how it has been doing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use engine::audio::format::Format;
use engine::io::Fault;
use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::time::Instant;

use super::breaker::Breaker;
use super::speaking::Speaking;
use super::{Speak, Traits, text};
use crate::vendors::Watch;

/// How any provider is asked.
#[derive(Clone)]
pub struct Config {
    /// Whether audio is passed on while it comes. A phrase that is passed on whole can be asked for again when it breaks
    /// off, and takes longer to begin.
    pub is_streaming: bool,
    /// How often a provider is asked again for the same.
    pub retries_max: u32,
    /// How long the first audio of one attempt may take.
    pub try_within: Duration,
    /// How long the whole of a text may take.
    pub whole_within: Duration,
    /// Who counts requests.
    pub watch: Watch,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            is_streaming: true,
            retries_max: 3,
            try_within: Duration::from_secs(5),
            whole_within: Duration::from_secs(20),
            watch: Arc::new(|_, _| ()),
        }
    }
}

/// A text to be spoken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Whose voice.
    pub provider: String,
    /// The voice, as its provider calls it.
    pub voice: String,
    /// The words; of any length unless they are SSML, which is not cut.
    pub text: String,
    /// Whether they are SSML.
    pub is_ssml: bool,
    /// How the audio is written.
    pub format: Format,
    /// How long the first audio may take, further attempts included.
    pub first_within: Duration,
    /// Whether somebody else speaks when this provider cannot: then one that is down is not asked.
    pub has_stand_in: bool,
}

/// The providers of speech. Clones share them.
#[derive(Clone)]
pub struct Voices {
    config: Arc<Config>,
    desks: Arc<BTreeMap<&'static str, Arc<Desk>>>,
}

/// One provider, and how it has been doing.
pub(super) struct Desk {
    pub(super) provider: Box<dyn Speak>,
    breaker: Mutex<Breaker>,
}

impl Desk {
    /// Held for a glance, never across an await.
    pub(super) fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Voices {
    /// These providers, none of whom has been asked yet.
    pub fn new(config: Config, providers: Vec<Box<dyn Speak>>) -> Self {
        let desk = |provider: Box<dyn Speak>| Arc::new(Desk { provider, breaker: Mutex::default() });
        let desks = providers.into_iter().map(|provider| (provider.traits().name, desk(provider)));
        Self { config: Arc::new(config), desks: Arc::new(desks.collect()) }
    }

    /// Who is set up.
    pub fn providers(&self) -> impl Iterator<Item = Traits> {
        self.desks.values().map(|desk| desk.provider.traits())
    }

    /// What a provider can do; none for one that is not set up.
    pub fn traits(&self, provider: &str) -> Option<Traits> {
        self.desks.get(provider).map(|desk| desk.provider.traits())
    }

    /// What a provider's voices depend on beside their names; empty for one that is not set up.
    pub fn settings(&self, provider: &str) -> String {
        self.desks.get(provider).map(|desk| desk.provider.settings()).unwrap_or_default()
    }

    /// Speaks a text: its audio as it is made, in pieces cut anywhere, then the end. A text without anything to say is no
    /// audio and no error. Samples come without a header.
    ///
    /// An `Err` is the last item; what came before it is good and incomplete. Dropping the stream stops the synthesis.
    /// A failure that may pass is met with further attempts as long as nothing was given out that would be heard twice,
    /// and there is time.
    pub fn synthesize(&self, order: Order) -> BoxStream<'static, Result<Bytes, Fault>> {
        let Some(desk) = self.desks.get(&*order.provider) else {
            let fault =
                Fault::OurMistake(format!("`{}` is not set up: check TTS_PROVIDER and its key", order.provider));
            return stream::iter([Err(fault)]).boxed();
        };
        let traits = desk.provider.traits();
        if order.is_ssml && !(traits.takes_ssml && text::fits(&order.text, traits.limit)) {
            let fault = Fault::OurMistake(format!("{} reads no SSML, or none as long as this", traits.called));
            return stream::iter([Err(fault)]).boxed();
        }
        let speaking = Speaking::new(Arc::clone(desk), Arc::clone(&self.config), order, Instant::now());
        stream::unfold(Some(speaking), async |state| {
            let mut speaking = state?;
            match speaking.next().await {
                Ok(Some(audio)) => Some((Ok(audio), Some(speaking))),
                Ok(None) => None,
                Err(fault) => Some((Err(fault), None)),
            }
        })
        .boxed()
    }
}
