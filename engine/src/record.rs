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
    /// The last final transcript of the turn arrived.
    Transcribed,
    /// The turn was judged to be over.
    TurnEnded,
    /// The model was asked.
    ModelAsked,
    /// The model's first slot closed.
    FirstSlot,
    /// The first phrase of the answer was ordered.
    FirstPhrase,
    /// The first frame of the answer went out.
    FirstFrame,
    /// The first mark of the answer came back: the caller hears it.
    FirstMark,
}

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
    /// The call is over.
    Ended {
        /// When.
        at: CallTime,
        /// How.
        ending: Ending,
        /// What came of it: `booked`, `fallback`, `transferred`, `abandoned`, ….
        outcome: String,
    },
}
