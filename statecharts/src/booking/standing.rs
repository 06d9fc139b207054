//! An appointment that stands already: it is looked for by number, and found, moved or cancelled.
//!
//! The number that calls is enough to find what is booked under it. A number that is only said opens nothing without the
//! name that goes with it. Moving is making another appointment in the place of the old one, so from the choice of the
//! appointment on it goes the way of every booking.

use serde::{Deserialize, Serialize};
use statig::prelude::*;

use super::chart::{Chart, Node, Then, is_bare};
use super::{Effect, Event};
use crate::Context;
use crate::prompt::Prompt;
use crate::proposal::{Appointment, Intent, Proposal, Slot, When};

/// At most this many are named: more cannot be kept in mind over the phone.
const NAMED_MAX: usize = 3;
/// After this many searches without a find, a person has to help.
const SEARCHES_MAX: u8 = 2;

/// What the caller wants with an appointment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Errand {
    /// To know when it is.
    Find,
    /// To have it at another time.
    Move,
    /// To have it no more.
    Cancel,
}

/// What the calendar was told and has not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Asked {
    /// To look for appointments.
    Look,
    /// To cancel the chosen one.
    Cancel,
}

/// How far an errand is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Standing {
    /// What the caller wants; none when they want nothing with an appointment that stands.
    errand: Option<Errand>,
    /// What they said of it, or of the time it is to be moved to.
    wish: Option<Proposal>,
    /// The appointments that were found, and their times.
    found: Vec<Appointment>,
    slots: Vec<Slot>,
    /// The one that is meant.
    chosen: Option<Appointment>,
    /// The one talked about last in this call: "it".
    known: Option<Appointment>,
    asked: Option<Asked>,
    /// Searches without a find.
    searches: u8,
}

impl Standing {
    /// The times of the appointments the caller may choose from.
    pub(super) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Whether the calendar was told something and has not answered.
    pub(super) fn is_waiting(&self) -> bool {
        self.asked.is_some()
    }

    /// Whether it was told to cancel.
    pub(super) fn is_cancelling(&self) -> bool {
        self.asked == Some(Asked::Cancel)
    }

    /// What the calendar was told last, to be said again.
    pub(super) fn waits_for(&self, chart: &Chart) -> Option<Effect> {
        match self.asked? {
            Asked::Look => chart.search(),
            Asked::Cancel => Some(Effect::CancelAppointment { appointment: self.chosen.as_ref()?.id.clone() }),
        }
    }

    /// From now on, "it" is this appointment.
    pub(super) fn know(&mut self, appointment: Appointment) {
        *self = Self { known: Some(appointment), ..Self::default() };
    }

    /// Wants nothing any more; what was talked about last stays "it".
    pub(super) fn drop_errand(&mut self) {
        *self = Self { known: self.known.take(), ..Self::default() };
    }

    fn find(&mut self, found: Vec<Appointment>) {
        self.found = found;
        self.found.truncate(NAMED_MAX);
        self.slots = self.found.iter().map(|appointment| appointment.slot.clone()).collect();
    }
}

impl Chart {
    /// Begins an errand, or makes another one of it.
    pub(super) fn take_up(&mut self, context: &mut Context<Effect>, errand: Errand, turn: &Proposal) -> Node {
        self.misses = 0;
        self.news = None;
        if let Some(phone) = turn.phone.clone().filter(|_| self.standing.found.is_empty()) {
            self.facts.phone = Some(phone);
        }
        if let Some(name) = turn.name.clone() {
            self.facts.name = Some(name);
        }
        self.standing.errand = Some(errand);
        self.standing.wish = Some(turn.clone());
        if self.standing.chosen.is_none() {
            let known = self.standing.known.clone();
            self.standing.chosen = known.filter(|known| turn.service.as_ref().is_none_or(|id| *id == known.service));
        }
        self.ask(context)
    }

    /// Does what is to be done next for an errand.
    pub(super) fn attend(&mut self, context: &mut Context<Effect>, errand: Errand) -> Node {
        if self.standing.is_waiting() {
            self.say(context, Prompt::OneMoment);
            return Node::Standing {};
        }
        match (self.standing.chosen.clone(), errand) {
            (Some(appointment), Errand::Cancel) => self.say(context, Prompt::ConfirmCancel { appointment }),
            (Some(appointment), Errand::Move) => return self.start_moving(context, appointment),
            (Some(appointment), Errand::Find) => return self.tell_when(context, vec![appointment]),
            (None, _) if !self.standing.found.is_empty() => {
                self.say(context, Prompt::WhichAppointment { appointments: self.standing.found.clone() });
            }
            (None, _) => self.look(context),
        }
        Node::Standing {}
    }

    /// What is to be done for the errand that the caller is here for, if they are for one.
    pub(super) fn errand(&self) -> Option<Errand> {
        self.standing.errand
    }

    /// Whether what was wanted with an appointment was dropped on the way out. We still know why we called.
    pub(super) fn nothing_stands_open(&self) -> bool {
        let reminds = matches!(self.asked, Some(Prompt::Remind { .. } | Prompt::AskMoveOrCancel));
        self.standing.errand.is_none() && !reminds
    }

    /// A turn in [`State::Standing`](super::State::Standing).
    pub(super) fn hear_of_standing(&mut self, context: &mut Context<Effect>, turn: &Proposal) -> Outcome<Node> {
        if self.standing.is_waiting() {
            self.say(context, Prompt::OneMoment);
            return Handled;
        }
        if self.presence_asked && is_bare(turn) && turn.intent == Intent::Confirm {
            return Super;
        }
        match self.asked.clone() {
            Some(Prompt::Remind { .. } | Prompt::AskMoveOrCancel) => self.hear_about_coming(context, turn),
            Some(Prompt::AskBookedPhone) => self.hear_booked_phone(context, turn),
            Some(Prompt::AskBookedName) if turn.name.is_some() => {
                self.facts.name.clone_from(&turn.name);
                Transition(self.go_on_with(context))
            }
            Some(Prompt::AskBookedName) if turn.intent == Intent::Deny => Transition(self.person(context)),
            Some(Prompt::WhichAppointment { .. }) => self.hear_which(context, turn),
            Some(Prompt::ConfirmCancel { .. }) => self.hear_about_cancelling(context, turn),
            _ => self.miss(context, true),
        }
    }

    /// Takes over what the calendar said of appointments that stand. Whether it is a step forward.
    pub(super) fn learn_of_standing(&mut self, event: &Event) -> bool {
        match (event, self.standing.asked) {
            (Event::AppointmentsFound { appointments }, Some(Asked::Look)) => {
                self.standing.find(appointments.clone());
                true
            }
            (Event::AppointmentCancelled, Some(Asked::Cancel)) => true,
            _ => false,
        }
    }

    /// Tells the caller what became of a search or a cancellation.
    pub(super) fn tell_of_standing(&mut self, context: &mut Context<Effect>) -> Node {
        let (asked, errand) = (self.standing.asked.take(), self.standing.errand);
        match (asked, errand, self.standing.chosen.clone()) {
            (Some(Asked::Cancel), _, Some(appointment)) => {
                self.standing = Standing::default();
                self.facts.appointments.retain(|id| *id != appointment.id);
                self.say(context, Prompt::Cancelled { appointment });
                self.go_on_when_done(context)
            }
            (Some(Asked::Look), Some(errand), _) if !self.standing.found.is_empty() => {
                self.choose_by_wish(errand);
                match (errand, &self.standing.chosen) {
                    (Errand::Find, None) => self.tell_when(context, self.standing.found.clone()),
                    _ => self.attend(context, errand),
                }
            }
            (Some(Asked::Look), Some(_), _) => self.nothing_found(context),
            _ => self.ask(context),
        }
    }

    /// The question that finds the caller's appointments, if there is enough to find them by.
    fn search(&self) -> Option<Effect> {
        let phone = self.facts.phone.clone()?;
        let is_callers = self.caller_number.as_ref() == Some(&phone);
        let name = if is_callers { None } else { Some(self.facts.name.clone()?) };
        Some(Effect::FindAppointments { phone, name })
    }

    fn look(&mut self, context: &mut Context<Effect>) {
        match self.search() {
            Some(search) => {
                self.standing.asked = Some(Asked::Look);
                self.calendar_failures = 0;
                context.push(search);
            }
            None if self.facts.phone.is_none() => self.say(context, Prompt::AskBookedPhone),
            None => self.say(context, Prompt::AskBookedName),
        }
    }

    fn nothing_found(&mut self, context: &mut Context<Effect>) -> Node {
        self.standing.searches += 1;
        self.say(context, Prompt::NoAppointment);
        if self.standing.searches >= SEARCHES_MAX {
            self.standing.drop_errand();
            return self.person(context);
        }
        self.facts.phone = None;
        self.go_on_with(context)
    }

    fn go_on_with(&mut self, context: &mut Context<Effect>) -> Node {
        self.misses = 0;
        self.ask(context)
    }

    /// Picks the one that was described, or the only one. A day that was named may also be the one it is to be moved to;
    /// so it only picks where an appointment lies in it.
    fn choose_by_wish(&mut self, errand: Errand) {
        let picked = self.standing.wish.as_ref().and_then(|wish| pick(&self.standing.found, wish));
        let only = match &self.standing.found[..] {
            [only] if errand != Errand::Find => Some(only.clone()),
            _ => None,
        };
        self.standing.chosen = picked.or(only);
    }

    fn tell_when(&mut self, context: &mut Context<Effect>, appointments: Vec<Appointment>) -> Node {
        match &appointments[..] {
            [only] => self.standing.know(only.clone()),
            _ => self.standing.drop_errand(),
        }
        self.say(context, Prompt::YourAppointments { appointments });
        self.ask_for_more(context)
    }

    fn start_moving(&mut self, context: &mut Context<Effect>, appointment: Appointment) -> Node {
        let wish = self.standing.wish.take().and_then(|wish| wish.when);
        let to = wish.filter(|when| !lies_in(&appointment.slot, when) && !matches!(when, When::Offered(_)));
        self.standing.drop_errand();
        self.standing.known = Some(appointment.clone());
        self.facts.start_moving(appointment, to);
        self.ask(context)
    }

    /// Calls somebody about their appointment.
    pub(super) fn remind(&mut self, context: &mut Context<Effect>, appointment: Appointment) -> Node {
        self.standing.know(appointment.clone());
        self.say(context, Prompt::Remind { appointment });
        Node::Standing {}
    }

    /// The answer to "Will you be there?", and to "Would you like to move it, or to cancel it?"
    fn hear_about_coming(&mut self, context: &mut Context<Effect>, turn: &Proposal) -> Outcome<Node> {
        let was_asked_what = self.asked == Some(Prompt::AskMoveOrCancel);
        match turn.intent {
            Intent::Confirm if is_bare(turn) && !was_asked_what => {
                // They did not call, so nobody thanks them for it.
                self.say(context, Prompt::Confirmed);
                let appointment = self.standing.known.as_ref().map(|known| known.id.clone());
                if let Some(appointment) = appointment {
                    context.push(Effect::ConfirmAppointment { appointment });
                }
                context.push(Effect::HangUp);
                Transition(Node::Goodbye {})
            }
            Intent::Deny if is_bare(turn) && was_asked_what => Transition(self.keep(context)),
            Intent::Deny if is_bare(turn) => {
                self.say(context, Prompt::AskMoveOrCancel);
                Handled
            }
            Intent::Change | Intent::Book | Intent::Provide | Intent::Deny if turn.when.is_some() => {
                Transition(self.take_up(context, Errand::Move, turn))
            }
            _ => self.miss(context, true),
        }
    }

    /// Asks once more what was asked last of an appointment that we called about.
    pub(super) fn remind_again(&mut self, context: &mut Context<Effect>, prompt: Prompt) -> Node {
        self.say(context, prompt);
        Node::Standing {}
    }

    fn hear_booked_phone(&mut self, context: &mut Context<Effect>, turn: &Proposal) -> Outcome<Node> {
        let own = self.caller_number.clone().filter(|_| turn.intent == Intent::Confirm);
        match turn.phone.clone().or(own) {
            Some(phone) => {
                self.facts.phone = Some(phone);
                if turn.name.is_some() {
                    self.facts.name.clone_from(&turn.name);
                }
                Transition(self.go_on_with(context))
            }
            None if turn.intent == Intent::Deny => Transition(self.person(context)),
            None => self.miss(context, true),
        }
    }

    fn hear_which(&mut self, context: &mut Context<Effect>, turn: &Proposal) -> Outcome<Node> {
        let by_place = match turn.when {
            Some(When::Offered(index)) => self.standing.found.get(index).cloned(),
            _ => None,
        };
        match by_place.or_else(|| pick(&self.standing.found, turn)) {
            Some(appointment) => {
                self.standing.chosen = Some(appointment);
                Transition(self.go_on_with(context))
            }
            None if turn.intent == Intent::Deny => Transition(self.keep(context)),
            None => self.miss(context, true),
        }
    }

    fn hear_about_cancelling(&mut self, context: &mut Context<Effect>, turn: &Proposal) -> Outcome<Node> {
        match turn.intent {
            Intent::Confirm if is_bare(turn) && self.plan_heard => {
                self.standing.asked = Some(Asked::Cancel);
                self.then = Then::AskForMore;
                self.calendar_failures = 0;
                self.misses = 0;
                let cancel = self.standing.waits_for(self);
                cancel.into_iter().for_each(|cancel| context.push(cancel));
                Transition(Node::Standing {})
            }
            Intent::Deny if is_bare(turn) => Transition(self.keep(context)),
            Intent::Change | Intent::Deny if turn.when.is_some() => {
                Transition(self.take_up(context, Errand::Move, turn))
            }
            _ => self.miss(context, true),
        }
    }

    /// Nothing is done with the appointment after all.
    pub(super) fn keep(&mut self, context: &mut Context<Effect>) -> Node {
        self.standing.drop_errand();
        self.facts.start_over();
        self.say(context, Prompt::Kept);
        self.ask_for_more(context)
    }

    /// What follows once the calendar has done what it was told.
    pub(super) fn go_on_when_done(&mut self, context: &mut Context<Effect>) -> Node {
        match self.then {
            Then::Leave => self.leave(context),
            Then::Person => self.person(context),
            Then::AskForMore => self.ask_for_more(context),
        }
    }

    fn ask_for_more(&mut self, context: &mut Context<Effect>) -> Node {
        self.misses = 0;
        self.say(context, Prompt::AnythingElse);
        Node::Success {}
    }
}

/// The only appointment that a turn describes by its service or its time.
fn pick(found: &[Appointment], turn: &Proposal) -> Option<Appointment> {
    let service = |appointment: &&Appointment| turn.service.as_ref().is_none_or(|id| *id == appointment.service);
    let time = |appointment: &&Appointment| turn.when.as_ref().is_none_or(|when| lies_in(&appointment.slot, when));
    if turn.service.is_none() && turn.when.is_none() {
        return None;
    }
    let only = |mut fitting: Box<dyn Iterator<Item = &Appointment> + '_>| {
        fitting.next().filter(|_| fitting.next().is_none()).cloned()
    };
    only(Box::new(found.iter().filter(service).filter(time)))
        // "Move my haircut to Friday": the day is where it goes.
        .or_else(|| turn.service.as_ref().and_then(|_| only(Box::new(found.iter().filter(service)))))
}

/// Whether a time is the one that is meant. Moments are written so that they compare as texts.
fn lies_in(slot: &Slot, when: &When) -> bool {
    match when {
        When::At(at) => at == slot,
        When::Within { from, to } => (from..=to).contains(&slot),
        When::EitherHalf { morning, afternoon } => slot == morning || slot == afternoon,
        When::Offered(_) => false,
    }
}
