//! What a call leaves behind, row by row, as it happens. The store writes these down; nobody here knows how.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use statecharts::call::Ending;

use crate::time::CallTime;

/// Who spoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// The one who called.
    Caller,
    /// Us.
    Assistant,
}

/// The stages of one turn, in the order in which they are reached when all is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The caller's voice fell silent.
    SpeechEnded,
    /// The last words of the turn arrived.
    Transcribed,
    /// The turn was judged to be over.
    TurnEnded,
    /// The model was asked.
    ModelAsked,
    /// The model's first slot closed.
    FirstSlot,
    /// The first phrase of the answer was ordered.
    FirstPhrase,
    /// The first of that phrase's audio was there.
    FirstAudio,
    /// The first frame of the answer went out.
    FirstFrame,
    /// The first mark of the answer came back: the caller hears it.
    FirstMark,
}

impl Stage {
    /// Every stage, in order.
    pub const ALL: [Self; 9] = [
        Self::SpeechEnded,
        Self::Transcribed,
        Self::TurnEnded,
        Self::ModelAsked,
        Self::FirstSlot,
        Self::FirstPhrase,
        Self::FirstAudio,
        Self::FirstFrame,
        Self::FirstMark,
    ];

    /// Its name wherever it is written down.
    pub fn name(self) -> &'static str {
        match self {
            Self::SpeechEnded => "speech_ended",
            Self::Transcribed => "transcribed",
            Self::TurnEnded => "turn_ended",
            Self::ModelAsked => "model_asked",
            Self::FirstSlot => "first_slot",
            Self::FirstPhrase => "first_phrase",
            Self::FirstAudio => "first_audio",
            Self::FirstFrame => "first_frame",
            Self::FirstMark => "first_mark",
        }
    }
}

/// Requests to the model that were made ahead of a turn's end, and tokens that were spent for nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guesses {
    /// Requests made before the turn was over.
    pub asked: u32,
    /// The turn was answered by one of them.
    pub used: bool,
    /// Tokens read and written for answers that nobody waited for any more: estimated, because no vendor says what a
    /// cancelled request took, unless the answer was whole.
    pub wasted: (u32, u32),
}

/// From when to when something was said.
pub type Span = (CallTime, CallTime);

/// One row of the call's record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Row {
    /// Somebody said something, and this is what reached the other's ear.
    Said {
        /// Counts up within the call, so that a row written twice is one row.
        line: u32,
        /// Who.
        speaker: Speaker,
        /// The words that were heard. May be empty when a phrase was cut before its first word.
        heard: String,
        /// The words that were written but not heard.
        unheard: String,
        /// Speech-to-text's estimate for the caller, 1 for the assistant.
        confidence: f32,
        /// When it began.
        from: CallTime,
        /// When it ended.
        to: CallTime,
        /// When each word of `heard` was said; empty where nobody can tell.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        words: Vec<Span>,
    },
    /// A turn was answered, or will never be.
    Turn {
        /// Counts up within the call.
        turn: u32,
        /// When each stage was reached. A stage that was skipped is absent.
        stages: BTreeMap<Stage, CallTime>,
        /// Whether the rules answered in the model's place.
        by_rules: bool,
        /// Tokens read and written by the model for this turn.
        tokens: (u32, u32),
        /// What the model was asked before the turn was over, or for nothing.
        #[serde(default)]
        guesses: Guesses,
        /// The stage at which the answer was late, where it was ([`crate::budget`]).
        #[serde(default)]
        late: Option<Stage>,
    },
    /// A decision or a fault worth keeping: a state of the booking, an interruption, a vendor that failed.
    Event {
        /// Counts up within the call.
        event: u32,
        /// When.
        at: CallTime,
        /// What, as one word: `booking_state`, `interruption`, `fault`, `key`, ….
        name: String,
        /// More about it. Never the caller's words.
        detail: String,
    },
    /// Somebody is to be called back, or asked to pass something on. A later one of the call takes its place.
    Message {
        /// When.
        at: CallTime,
        /// The caller's words; empty where they are only to be called back.
        text: String,
        /// Who; empty while that is not known.
        name: String,
        /// How to reach them; empty while that is not known.
        phone: String,
    },
    /// The call is over.
    Ended {
        /// When.
        at: CallTime,
        /// How.
        ending: Ending,
        /// What came of it: `booked`, `moved`, `cancelled`, `confirmed`, `transferred`, `message`, `fallback` (somebody calls back),
        /// `not_booked` or `abandoned`.
        outcome: String,
    },
}
