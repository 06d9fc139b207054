//! Everything the assistant says of its own accord, by meaning. The engine puts it into the business's words.

use serde::{Deserialize, Serialize};

use crate::booking::Interruptible;
use crate::proposal::Slot;

/// Why a time the caller wanted cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Somebody else has it.
    Taken,
    /// The business is closed then.
    Closed,
    /// It has gone by, or is too soon to prepare for.
    Past,
    /// It is further ahead than the business books.
    TooFar,
    /// Appointments begin at other minutes: 3:10 where they begin on the hour and half past.
    OffGrid,
}

/// One thing to say. A prompt may become several phrases; its fixed sentences stay apart from those with facts in
/// them, so that the fixed ones are found in the cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prompt {
    /// What the law wants said first: "This call may be recorded."
    Notice,
    /// "Thanks for calling …. How can I help you?"
    Greeting,
    /// "Which service would you like?" with the services named.
    AskService,
    /// "I'm afraid we don't do that", followed by what the business does.
    UnknownService,
    /// "When would you like to come in?"
    AskTime,
    /// "Sorry, which day and time was that?"
    UnclearTime,
    /// "Is that three in the morning, or in the afternoon?"
    AskHalf {
        /// The reading before noon.
        morning: Slot,
        /// The reading after noon.
        afternoon: Slot,
    },
    /// "I have nine, ten thirty, or two on Friday. Which suits you?"; two or three times at most.
    Offer {
        /// Why not the time that was asked for, if one was.
        refusal: Option<Refusal>,
        /// The free times, in order.
        times: Vec<Slot>,
    },
    /// "I'm sorry, there is nothing free then. Which other day would suit you?"
    NothingFree,
    /// "May I have your name?"
    AskName,
    /// "What number can we reach you on?"
    AskPhone,
    /// "A haircut on Tuesday, November 24th at three PM for Ada. Shall I book it?"
    Confirm {
        /// The service's id.
        service: String,
        /// The time.
        slot: Slot,
        /// The caller's name.
        name: String,
    },
    /// "Should I book that? Please say yes or no."
    ConfirmAgain,
    /// "What would you like to change?"
    AskChange,
    /// "You're booked: …. See you then."
    Booked {
        /// The service's id.
        service: String,
        /// The time.
        slot: Slot,
        /// The caller's name.
        name: String,
    },
    /// "I can't reach our calendar just now. I've taken your details, and somebody will call you back."
    CalendarDown,
    /// "Is there anything else I can do for you?"
    AnythingElse,
    /// "I'm not sure about that", when a question has no answer here.
    NoAnswer,
    /// "Sorry, I didn't catch that."
    NotUnderstood,
    /// "Let me put you through to somebody."
    Transferring,
    /// "Somebody will call you back", when there is nobody to be put through to.
    CallBack,
    /// "Goodbye."
    Goodbye,
    /// "Are you still there?"
    StillThere,
    /// "One moment, please."
    OneMoment,
    /// "I'm having trouble hearing you", when speech-to-text is gone.
    TroubleHearing,
    /// "We were cut off for a moment."
    CutOff,
}

impl Prompt {
    /// What may stop the assistant while it says this. A notice is worth nothing half heard. Who leaves has heard all
    /// that matters, and a noise shall not keep them on the line.
    pub fn interruptible(&self) -> Interruptible {
        match self {
            Self::Notice => Interruptible::Never,
            Self::Goodbye | Self::Transferring => Interruptible::ByWords,
            _ => Interruptible::ByAnything,
        }
    }
}
