//! What all emulators of speech have in common: how they behave, what they count, and audio in any format as a body that
//! arrives while it is made.

pub(crate) mod body;
pub(crate) mod compressed;
pub(crate) mod format;

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Body;
use serde::Deserialize;

use crate::voice::Voice;
use body::Pace;
use compressed::Compressed;
use format::{Encoding, Format};

/// Latencies, limits and faults of one provider of speech. All can be changed at any time; a request looks at them once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    /// From a request to the first byte of its speech.
    pub first_byte: Duration,
    /// How fast the rest of the speech follows, as a multiple of real time; `None` is all at once.
    pub rate: Option<f64>,
    /// Requests at once; one more is refused as the provider does it.
    pub at_once_max: Option<u32>,
    /// What is broken.
    pub faults: Faults,
}

/// What is broken at the moment; nothing by default. Read from JSON, what is not named is whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Every request is answered with this status, and the provider's name for what is wrong.
    pub refuse: Option<(u16, String)>,
    /// What `retry-after` says then, in whole seconds.
    pub retry_after: Option<u64>,
    /// Requests are accepted, but bring no audio and no end.
    pub stall: bool,
    /// The body breaks off after this many bytes, without its end.
    pub cut_after: Option<usize>,
}

/// What happened since the emulator was made, for tests to look at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests for speech that were accepted.
    pub speeches: u64,
    /// Those that are being answered now.
    pub speeches_open: u32,
    /// Characters that were turned into speech.
    pub characters: u64,
    /// Requests that were refused.
    pub refused: u64,
}

/// The state of one provider's emulator. Clones share it.
#[derive(Clone)]
pub struct Speaking {
    shared: Arc<Shared>,
}

struct Shared {
    voice: Voice,
    settings: Mutex<Settings>,
    counts: Mutex<Counts>,
}

/// How speech is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// µ-law at 8 kHz.
    Mulaw,
    /// 16-bit samples, little-endian, at this rate.
    Linear16(NonZeroU32),
    /// A compressed file.
    Compressed(Compressed),
}

impl Form {
    pub(crate) const MP3: Self = Self::Compressed(Compressed::Mp3);
    pub(crate) const OPUS: Self = Self::Compressed(Compressed::Opus);

    /// 16-bit samples; the rate is one of those that a provider lists.
    pub(crate) fn linear16(rate_hz: u32) -> Self {
        Self::Linear16(NonZeroU32::new(rate_hz).expect("no provider lists a rate of nothing"))
    }

    fn raw(self) -> Option<Format> {
        let (encoding, rate_hz) = match self {
            Self::Mulaw => (Encoding::Mulaw, format::telephone_rate()),
            Self::Linear16(rate_hz) => (Encoding::Linear16, rate_hz),
            Self::Compressed(_) => return None,
        };
        Some(Format { encoding, rate_hz })
    }

    /// Speech as it is asked for, and how much of that plays for a second.
    fn written(self, speech: &[u8]) -> (Vec<u8>, f64) {
        match (self, self.raw()) {
            (_, Some(raw)) => (format::encode(speech, raw), body::bytes_per_second(raw).into()),
            (Self::Compressed(compressed), _) => {
                let ms = speech.len() as u64 / 8;
                let file = compressed.silence(ms);
                let bytes_per_second = file.len() as f64 * 1_000.0 / ms.max(1) as f64;
                (file, bytes_per_second)
            }
            (_, None) => unreachable!("what is not compressed is raw"),
        }
    }
}

impl Speaking {
    /// A provider that speaks with the sandbox's voice.
    pub fn new(voice: Voice) -> Self {
        let shared = Shared { voice, settings: Mutex::default(), counts: Mutex::default() };
        Self { shared: Arc::new(shared) }
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

    /// Counts a refusal; gives it back.
    pub(crate) fn refused<R>(&self, refusal: R) -> R {
        lock(&self.shared.counts).refused += 1;
        refusal
    }

    /// What is set to be answered to every request: a status and a name.
    pub(crate) fn refuses(&self) -> Option<(u16, String)> {
        self.settings().faults.refuse
    }

    /// Whether one more request would be one too many.
    pub(crate) fn is_full(&self) -> bool {
        self.settings().at_once_max.is_some_and(|most| self.counts().speeches_open >= most)
    }

    /// A text's speech as a body that arrives as it is made. `before` stands in front of it.
    pub(crate) async fn streamed(&self, text: &str, form: Form, before: Vec<u8>) -> Body {
        let (audio, bytes_per_second, open) = self.spoken(text, form).await;
        body::streamed([before, audio].concat(), bytes_per_second, self.pace(), open)
    }

    /// A text's speech in one piece, once all of it is made. A body that is to break off does so all the same.
    pub(crate) async fn whole(&self, text: &str, form: Form, wrap: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Body {
        let (audio, _, open) = self.spoken(text, form).await;
        body::streamed(wrap(audio), 1.0, Pace { rate: None, ..self.pace() }, open)
    }

    async fn spoken(&self, text: &str, form: Form) -> (Vec<u8>, f64, Counted) {
        let open = self.opened(text.chars().count());
        let speech = self.shared.voice.speak(text).await;
        let (audio, bytes_per_second) = form.written(&speech.audio);
        (audio, bytes_per_second, open)
    }

    fn pace(&self) -> Pace {
        let Settings { first_byte, rate, faults, .. } = self.settings();
        Pace { first_byte, rate, stall: faults.stall, cut_after: faults.cut_after }
    }

    /// Counts an answer until the returned value is dropped.
    fn opened(&self, characters: usize) -> Counted {
        let mut counts = lock(&self.shared.counts);
        counts.speeches += 1;
        counts.speeches_open += 1;
        counts.characters += characters as u64;
        Counted(self.clone())
    }
}

/// An answer that is counted while it exists.
struct Counted(Speaking);

impl Drop for Counted {
    fn drop(&mut self) {
        lock(&self.0.shared.counts).speeches_open -= 1;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
