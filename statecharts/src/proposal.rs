//! What one caller's turn may contain: the words the model, the rules and the keypad share with the booking chart.
//!
//! A proposal is a suggestion. It says what the caller seems to want; whether that happens is the chart's decision.

use serde::{Deserialize, Serialize};

/// What the caller wants with this turn. The names are the model's wire names too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// To make an appointment.
    Book,
    /// To give a fact that was asked for, or one that was not.
    Provide,
    /// To change something said before: "no, make that Friday".
    Change,
    /// Yes.
    Confirm,
    /// No.
    Deny,
    /// To know something about the business.
    Question,
    /// To know when an appointment is that stands already.
    Find,
    /// To have one at another time.
    Move,
    /// To have one no more.
    Cancel,
    /// To leave a message.
    Message,
    /// To talk to a person.
    Person,
    /// To end the call.
    Goodbye,
    /// Anything else: small talk, a noise that became words.
    Other,
}

/// A moment of the business's own clock, `2026-11-24T15:00`: local, to the minute, without a zone.
///
/// To a chart it is a name to compare and hand on, never a number to reckon with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Slot(pub String);

/// An appointment that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appointment {
    /// The store's name for it.
    pub id: String,
    /// The service's id.
    pub service: String,
    /// When it begins.
    pub slot: Slot,
    /// Who comes.
    pub name: String,
}

/// When the caller wants to come, as far as the words said it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum When {
    /// A day and a time of day: "tomorrow at three".
    At(Slot),
    /// A stretch to look in, from the first to the last possible start: "Friday morning", "the earliest you have".
    Within {
        /// The earliest start that would do.
        from: Slot,
        /// The latest start that would do.
        to: Slot,
    },
    /// An hour that is in opening hours both before and after noon: "eight o'clock". Asked back, never guessed.
    EitherHalf {
        /// The reading before noon.
        morning: Slot,
        /// The reading after noon.
        afternoon: Slot,
    },
    /// One of the times just offered, counted from 0: "the second one".
    Offered(usize),
}

/// One of the facts that make an appointment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// What is done.
    Service,
    /// When.
    Time,
    /// Who comes.
    Name,
    /// How to reach them.
    Phone,
    /// What else the business asks for.
    Details,
}

/// One more thing that a business wants to know for an appointment, by its file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetailRule {
    /// Its id.
    pub id: String,
    /// The services that it is asked for, by id; all when empty.
    pub services: Vec<String>,
    /// Whether it goes on without an answer.
    pub optional: bool,
}

/// What a caller said to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Detail {
    /// The rule's id.
    pub id: String,
    /// The answer as it is written down.
    pub answer: String,
}

/// What the assistant has just asked for, so that a bare "three", "Ada" or "no" can be read as the answer to it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expect {
    /// Nothing in particular: "How can I help you?"
    #[default]
    Anything,
    /// A service of the business.
    Service,
    /// A day and a time, or one of the times offered.
    Time,
    /// A name.
    Name,
    /// A phone number.
    Phone,
    /// Yes or no.
    YesNo,
    /// Which fact is to change, and to what.
    Change,
    /// Which of the caller's appointments.
    Appointment,
    /// Yes or no to a cancellation, where "cancel it" is a yes and "keep it" a no.
    Cancelling,
    /// A message, in any words.
    Message,
    /// One more thing that the business wants to know.
    Detail,
}

/// One caller's turn, understood as far as it could be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// What the caller wants.
    pub intent: Intent,
    /// The id of a service that the business has.
    pub service: Option<String>,
    /// The caller named a service that the business does not have.
    pub unknown_service: bool,
    /// When the caller wants to come.
    pub when: Option<When>,
    /// Words about time were said that nobody could make sense of.
    pub unclear_when: bool,
    /// The caller's name, as it should be written.
    pub name: Option<String>,
    /// The caller's number in E.164, or its digits when no country could be told.
    pub phone: Option<String>,
    /// How the number that was read back ends instead: "no, it ends in forty two".
    #[serde(default)]
    pub phone_end: Option<String>,
    /// The answer to a question of the business's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Detail>,
    /// The fact that is to change, where it was named without a new value: "the time", "you got my name wrong".
    #[serde(default)]
    pub about: Option<Fact>,
}

impl Proposal {
    /// A proposal with an intent and no facts.
    pub fn of(intent: Intent) -> Self {
        Self {
            intent,
            service: None,
            unknown_service: false,
            when: None,
            unclear_when: false,
            name: None,
            phone: None,
            phone_end: None,
            detail: None,
            about: None,
        }
    }

    /// Whether the turn gave the chart any fact to work with.
    pub fn has_facts(&self) -> bool {
        let of_phone = self.phone.is_some() || self.phone_end.is_some();
        self.service.is_some() || self.when.is_some() || self.name.is_some() || of_phone || self.detail.is_some()
    }
}
