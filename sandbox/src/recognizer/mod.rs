//! What the sandbox's speech-to-text hears: decided by the audio that arrives, by nothing else.
//!
//! It is no real recognizer. It knows recorded speech by its sound, as one knows a song: a [`Lexicon`] of clips with
//! their words. A stream's audio is compared with them while it arrives, and the words of a clip are heard as they go by,
//! whatever the framing and whatever came before. Audio that is not known to the sample but sounds like a clip has that
//! clip's words with less confidence, and any other audio has none.
//!
//! Who asks decides what makes an utterance: an [`Ear`] tells where words and voice are in the stream's own time.

mod activity;
mod anchors;
mod exact;
mod features;
mod guess;
mod lexicon;
mod likeness;

pub use lexicon::{LEARNED_MAX, Lexicon};

use activity::{Activity, HOP};
use exact::Exact;
use guess::Guess;

/// How far back an ear remembers, in samples: a minute. A transcript must have been asked for by then.
pub const MEMORY: u64 = 60 * 8_000;

/// A word in a stream. Positions are samples at 8 kHz since the stream began.
#[derive(Debug, Clone, PartialEq)]
pub struct HeardWord {
    /// As it is written, with its capital letters and punctuation.
    pub text: String,
    /// Its first sample.
    pub from: u64,
    /// The sample after its last.
    pub to: u64,
    /// From 0 to 1; near 1 when the very samples were known.
    pub confidence: f32,
}

/// One stream being listened to.
#[derive(Debug)]
pub struct Ear {
    lexicon: Lexicon,
    position: u64,
    activity: Activity,
    exact: Exact,
    guess: Guess,
}

impl Ear {
    /// An ear at the beginning of a stream.
    pub fn new(lexicon: Lexicon) -> Self {
        Self { lexicon, position: 0, activity: Activity::new(), exact: Exact::new(), guess: Guess::new() }
    }

    /// Takes µ-law at 8 kHz in pieces of any length.
    pub fn push(&mut self, audio: &[u8]) {
        for hop in audio.chunks(HOP) {
            self.exact.push(&self.lexicon, self.position, hop);
            self.activity.push(hop);
            self.position += hop.len() as u64;
            self.guess.push(&self.lexicon, hop, self.position, &self.activity, self.exact.last());
        }
    }

    /// How many samples were heard.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Where the present or latest stretch of speech began. Pauses for breath, up to 300 ms, do not begin another.
    pub fn voice_started(&self) -> Option<u64> {
        self.activity.started()
    }

    /// Where voice was last heard: loud enough, or known to be speech however quiet. The distance to
    /// [`position`](Self::position) is how long it has been silent.
    pub fn last_voice(&self) -> Option<u64> {
        self.activity.last_voice().max(self.exact.last())
    }

    /// The words that went by and have ended, oldest first; no further back than [`MEMORY`].
    pub fn words(&self) -> Vec<HeardWord> {
        let mut words = self.exact.words(self.position);
        // A likeness lies where its clip would lie, which may be a little ahead of the speech.
        words.extend(self.guess.words().into_iter().map(|word| HeardWord {
            from: word.from.min(self.position),
            to: word.to.min(self.position),
            ..word
        }));
        words.sort_by_key(|word| word.from);
        words
    }
}

#[cfg(test)]
mod tests;
