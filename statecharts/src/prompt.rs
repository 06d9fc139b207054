//! Everything the assistant says of its own accord, by meaning. The engine puts it into the business's words.

use serde::{Deserialize, Serialize};

use crate::booking::Interruptible;
use crate::proposal::{Appointment, Detail, Slot};

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

/// A number that is read back before it is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Number {
    /// The one that calls. It was not heard, so its digits are not said.
    Calling,
    /// One that was said or keyed, in E.164 where its country is known.
    Said(String),
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
    /// "This is …. I'm calling about your haircut tomorrow at three. Will you be there?"
    Remind {
        /// It.
        appointment: Appointment,
    },
    /// "Thank you, we'll see you then. Goodbye!"
    Confirmed,
    /// "Would you like to move it, or to cancel it?"
    AskMoveOrCancel,
    /// "Which service would you like?" with the services named.
    AskService,
    /// "I'm afraid we don't do that", followed by what the business does.
    UnknownService,
    /// "When would you like to come in?"
    AskTime,
    /// "When would you like to come instead?"
    AskNewTime,
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
    /// One more thing that the business wants to know, in its own words.
    AskDetail {
        /// Which.
        id: String,
    },
    /// "May I have your name?"
    AskName,
    /// "What number can we reach you on?"
    AskPhone,
    /// "A haircut on Tuesday, November 24th at three PM for Ada. Shall I book it?" Or move it.
    Confirm {
        /// The service's id.
        service: String,
        /// The time.
        slot: Slot,
        /// The caller's name.
        name: String,
        /// When it was to be until now, where it is moved.
        instead_of: Option<Slot>,
        /// What number they are reached on, where they left one.
        phone: Option<Number>,
        /// What else the business asked for, in its order.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        details: Vec<Detail>,
    },
    /// "Should I book that? Please say yes or no."
    ConfirmAgain,
    /// "Should I move it? Please say yes or no."
    ConfirmMoveAgain,
    /// "What would you like to change?"
    AskChange,
    /// "You're booked: …. See you then." Or moved.
    Booked {
        /// The service's id.
        service: String,
        /// The time.
        slot: Slot,
        /// The caller's name.
        name: String,
        /// When it was to be until now, where it was moved.
        instead_of: Option<Slot>,
    },
    /// "Which number was it booked under?"
    AskBookedPhone,
    /// "And under which name?" A number that is not the caller's opens nothing by itself.
    AskBookedName,
    /// "I can't find an appointment under that."
    NoAppointment,
    /// "You have a haircut on Tuesday at three." One to three of them.
    YourAppointments {
        /// In order.
        appointments: Vec<Appointment>,
    },
    /// "You have a haircut on Tuesday at three, and a beard trim on Friday at ten. Which one do you mean?"
    WhichAppointment {
        /// In order; two or three.
        appointments: Vec<Appointment>,
    },
    /// "That's a haircut on Tuesday at three, for Ada. Shall I cancel it?"
    ConfirmCancel {
        /// It.
        appointment: Appointment,
    },
    /// "It's cancelled."
    Cancelled {
        /// It.
        appointment: Appointment,
    },
    /// "All right, it stays as it is."
    Kept,
    /// "All right, I won't book it."
    NotBooked,
    /// "What shall I pass on?"
    AskMessage,
    /// "I'll pass that on."
    MessageTaken,
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
    /// Whether it reads back what a yes then orders, so that it must have been heard to its end.
    pub fn is_read_back(&self) -> bool {
        matches!(self, Self::Confirm { .. } | Self::ConfirmCancel { .. })
    }

    /// What may stop the assistant while it says this. A notice is worth nothing half heard. Who leaves has heard all
    /// that matters, and a noise shall not keep them on the line.
    pub fn interruptible(&self) -> Interruptible {
        match self {
            Self::Notice => Interruptible::Never,
            Self::Goodbye | Self::Confirmed | Self::Transferring => Interruptible::ByWords,
            _ => Interruptible::ByAnything,
        }
    }
}
