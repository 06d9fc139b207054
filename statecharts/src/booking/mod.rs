//! What the assistant says next, and what it may do.
//!
//! The caller may say things in any order, several at once, and take them back; so the states are not steps but the
//! question that stands open. The next question always follows from what is known ([`Facts`]): what is there is not
//! asked for, and what is complete is read back. Two things are never done on a guess: a time is offered or confirmed
//! only after the calendar said that it is free, and a reservation is ordered only by a yes to the very words that
//! describe it.
//!
//! | file | holds |
//! |---|---|
//! | `facts` | what is known, and what a turn does to it |
//! | `chart` | the states, and what each makes of an event |
//! | `asking` | the next question, and asking again |
//! | `details` | what a business asks for beside |
//! | `standing` | an appointment that stands already: found, moved, cancelled |
//! | `leaving` | goodbye, a person now, a person who calls back, a message |
//! | `calendar` | what the calendar's answers mean |

mod asking;
mod calendar;
mod chart;
mod details;
mod facts;
mod leaving;
mod standing;

use serde::{Deserialize, Serialize};
use statig::prelude::*;

use crate::Context;
use crate::prompt::{Prompt, Refusal};
use crate::proposal::{Appointment, Detail, DetailRule, Expect, Proposal, Slot, When};
use chart::Chart;
pub use facts::Facts;

/// Where the conversation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The caller was greeted and has not said what they want.
    Greeting,
    /// A service is asked for.
    Service,
    /// A time is asked for, looked up or offered.
    Time,
    /// One more thing that the business wants to know is asked for.
    Details,
    /// A name or a number is asked for.
    Contact,
    /// All that is known was read back; yes, no, or what to change?
    Confirmation,
    /// The calendar was told to make the appointment, and has not answered.
    Booking,
    /// An appointment that stands already is looked for, chosen, or about to be cancelled.
    Standing,
    /// The appointment is made, moved or cancelled; anything else?
    Success,
    /// The appointment cannot be made here and now: somebody will call back. Anything else?
    Fallback,
    /// A question is being answered; afterwards it goes on where it was.
    Question,
    /// The caller is put through to a person.
    Transfer,
    /// Goodbye was said.
    Goodbye,
}

/// Something that happened, as far as it matters for what to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The call begins.
    Opened {
        /// The number that calls, when it can be called back.
        caller_number: Option<String>,
        /// Whether there is a person to be put through to.
        can_transfer: bool,
        /// What else the business wants to know for an appointment, in the order in which it is asked for.
        details: Vec<DetailRule>,
        /// The appointment that we call about; none when they called.
        reminds: Option<Appointment>,
    },
    /// The caller's turn was understood, as far as it could be.
    Understood(Proposal),
    /// The caller's turn had nothing usable in it.
    NotUnderstood,
    /// It goes on in another language, which is all that the turn was for: what stands open is asked again, in it.
    LanguageChanged,
    /// What the latest [`Prompt::Confirm`] tells was heard to its end.
    PlanHeard,
    /// Nobody said anything for a while.
    Silence,
    /// The caller says more, into a goodbye or into being put through: they are not leaving yet.
    Stayed,
    /// The answer to a question has been given, or cannot be given.
    Answered,
    /// The calendar's answer to the latest [`Effect::FindTimes`].
    TimesFound {
        /// Whether the one time that was asked for is free.
        wanted_is_free: bool,
        /// Why it is not.
        refusal: Option<Refusal>,
        /// The nearest free times, in order.
        nearest: Vec<Slot>,
    },
    /// The appointment of the latest [`Effect::Reserve`] is made.
    Reserved {
        /// The appointment's id.
        appointment: String,
    },
    /// The answer to the latest [`Effect::FindAppointments`].
    AppointmentsFound {
        /// What stands and is still ahead, in order.
        appointments: Vec<Appointment>,
    },
    /// The appointment of the latest [`Effect::CancelAppointment`] stands no more.
    AppointmentCancelled,
    /// Somebody else was quicker.
    SlotTaken {
        /// The nearest free times, in order.
        nearest: Vec<Slot>,
    },
    /// The calendar did not answer what it was asked or told last.
    CalendarFailed,
}

/// Something to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Say this.
    Say(Prompt),
    /// Answer the question that the turn contained: with the model's words, or the business's. Then
    /// [`Event::Answered`].
    Answer,
    /// Ask the calendar. An earlier question is void.
    FindTimes {
        /// The service's id.
        service: String,
        /// [`When::At`] or [`When::Within`], never another.
        when: When,
        /// The id of the appointment that is moved, and so in nobody's way.
        instead_of: Option<String>,
    },
    /// Keep a free time for this caller while they decide, in place of one kept before. Wants no answer.
    Hold {
        /// The service's id.
        service: String,
        /// When it begins.
        slot: Slot,
    },
    /// Make the appointment. Said a second time after [`Event::CalendarFailed`]; it is the same appointment then.
    Reserve {
        /// The service's id.
        service: String,
        /// When it begins; the calendar said that it is free.
        slot: Slot,
        /// Who comes.
        name: String,
        /// How to reach them; empty when they would not say.
        phone: String,
        /// What else the business asked for and was told, in its order.
        details: Vec<Detail>,
        /// The id of the appointment that is moved by it, and stands no more afterwards.
        replaces: Option<String>,
    },
    /// Look for appointments that stand and are still ahead.
    FindAppointments {
        /// Under this number.
        phone: String,
        /// And this name, where the number is not the one that calls.
        name: Option<String>,
    },
    /// Cancel an appointment. Said a second time after [`Event::CalendarFailed`].
    CancelAppointment {
        /// Its id.
        appointment: String,
    },
    /// Note that whoever was reminded of an appointment will be there. Wants no answer.
    ConfirmAppointment {
        /// Its id.
        appointment: String,
    },
    /// The turn that was just understood is a message for the business: keep its words.
    KeepMessage,
    /// Put the caller through to a person, after what was said was heard.
    Transfer,
    /// End the call, after what was said was heard.
    HangUp,
}

/// What may stop the assistant while it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interruptible {
    /// Any voice.
    ByAnything,
    /// Words; a voice without words does not stop it.
    ByWords,
    /// Nothing: it must be heard to its end.
    Never,
}

/// The chart of one conversation.
#[derive(Clone, Serialize, Deserialize)]
pub struct Booking {
    machine: StateMachine<Chart>,
    context: Context<Effect>,
}

impl std::fmt::Debug for Booking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Booking").field("state", &self.state()).field("chart", self.machine.inner()).finish()
    }
}

impl Default for Booking {
    fn default() -> Self {
        Self::new()
    }
}

impl Booking {
    /// A conversation that has not begun. The first event is [`Event::Opened`].
    pub fn new() -> Self {
        Self { machine: Chart::default().state_machine(), context: Context::default() }
    }

    /// Tells the chart what happened; gives what is to be done about it, in order.
    pub fn handle(&mut self, event: &Event) -> Vec<Effect> {
        self.machine.handle_with_context(event, &mut self.context);
        std::mem::take(&mut self.context.effects)
    }

    /// Where the conversation is.
    pub fn state(&self) -> State {
        self.machine.state().name()
    }

    /// What is known of the appointment.
    pub fn facts(&self) -> &Facts {
        &self.machine.inner().facts
    }

    /// The two readings of a time that were just asked back, before and after noon.
    pub fn half(&self) -> Option<(&Slot, &Slot)> {
        self.facts().half.as_ref().map(|(morning, afternoon)| (morning, afternoon))
    }

    /// What the caller may choose from by its place: the times that were offered, or their appointments.
    pub fn choices(&self) -> &[Slot] {
        let chart = self.machine.inner();
        if self.expects() == Expect::Appointment { chart.standing.slots() } else { &chart.facts.offered }
    }

    /// What was asked last, so that a bare answer can be read.
    pub fn expects(&self) -> Expect {
        self.machine.inner().asked.as_ref().and_then(asking::expected_by).unwrap_or(Expect::Anything)
    }

    /// Which detail was asked for last, if one was.
    pub fn detail_asked(&self) -> Option<&str> {
        match &self.machine.inner().asked {
            Some(Prompt::AskDetail { id }) => Some(id),
            _ => None,
        }
    }

    /// Whether a bare "yes" answers what was asked last.
    pub fn takes_yes(&self) -> bool {
        let chart = self.machine.inner();
        chart.presence_asked || chart.asked.as_ref().is_some_and(asking::takes_yes)
    }

    /// Events so far that no state had a use for. Each is a mistake of the driver.
    pub fn unhandled(&self) -> u32 {
        self.context.unhandled
    }
}
