//! What the calendar's answers mean. They may come while a question is being answered; so what they say about the facts
//! is taken over at once, and what the caller has to be told of it is kept until there is room.

use serde::{Deserialize, Serialize};
use statig::prelude::*;

use super::chart::{Chart, Node, Then};
use super::facts::Search;
use super::{Effect, Event};
use crate::Context;
use crate::prompt::{Prompt, Refusal};
use crate::proposal::{Appointment, When};

/// What the caller has to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum News {
    /// The time is not free; others are, or none.
    NotFree(Option<Refusal>),
    /// The appointment is made.
    Booked,
    /// Appointments that stand were looked for, or one was cancelled.
    Standing,
    /// The calendar cannot be asked.
    CalendarDown,
}

/// The calendar is tried this often before a person has to see to it.
const CALENDAR_TRIES_MAX: u8 = 2;

impl Chart {
    /// Takes over what the calendar said, and tells the caller.
    pub(super) fn tell_what_calendar_said(&mut self, context: &mut Context<Effect>, event: &Event) -> Outcome<Node> {
        if self.learn_from_calendar(context, event) { Transition(self.ask(context)) } else { Handled }
    }

    /// Takes over what the calendar said. Whether it is a step forward; a second try, and an answer to something that is
    /// not wanted any more, are not.
    pub(super) fn learn_from_calendar(&mut self, context: &mut Context<Effect>, event: &Event) -> bool {
        match event {
            Event::TimesFound { wanted_is_free, refusal, nearest } if self.facts.search == Search::Running => {
                self.calendar_failures = 0;
                match (&self.facts.wanted, wanted_is_free) {
                    (Some(When::At(slot)), true) => self.facts.choose(slot.clone()),
                    _ => {
                        self.facts.offer(nearest.clone());
                        self.news = Some(News::NotFree(*refusal));
                    }
                }
                true
            }
            Event::Reserved { appointment } if self.reserving => {
                self.reserving = false;
                self.facts.appointments.push(appointment.clone());
                self.news = Some(News::Booked);
                self.know(appointment);
                true
            }
            Event::SlotTaken { nearest } if self.reserving => {
                self.reserving = false;
                self.facts.offer(nearest.clone());
                self.news = Some(News::NotFree(Some(Refusal::Taken)));
                true
            }
            Event::AppointmentsFound { .. } | Event::AppointmentCancelled if self.learn_of_standing(event) => {
                self.calendar_failures = 0;
                self.news = Some(News::Standing);
                true
            }
            Event::CalendarFailed if self.is_waiting() => !self.try_again(context),
            // The caller has changed their mind since the calendar was asked.
            Event::TimesFound { .. } | Event::AppointmentsFound { .. } | Event::CalendarFailed => false,
            _ => {
                context.unhandled += 1;
                false
            }
        }
    }

    /// Whether the calendar has been asked something and has not answered.
    pub(super) fn is_waiting(&self) -> bool {
        self.reserving || self.facts.search == Search::Running || self.standing.is_waiting()
    }

    /// Asks the calendar whether, or when, what is wanted can be had.
    pub(super) fn find_times(&mut self, context: &mut Context<Effect>, service: String, when: When) {
        self.facts.search = Search::Running;
        self.calendar_failures = 0;
        context.push(Effect::FindTimes { service, when, instead_of: self.replaces() });
    }

    /// Orders the appointment that was read back and said yes to.
    pub(super) fn reserve(&mut self, context: &mut Context<Effect>) -> Node {
        let Some(reserve) = self.reservation() else { return self.ask(context) };
        self.reserving = true;
        self.then = Then::AskForMore;
        self.calendar_failures = 0;
        self.misses = 0;
        context.push(reserve);
        Node::Booking {}
    }

    /// Tells the caller what the calendar said.
    pub(super) fn tell(&mut self, context: &mut Context<Effect>, news: News) -> Node {
        match news {
            News::NotFree(_) if self.facts.offered.is_empty() => {
                self.say(context, Prompt::NothingFree);
                Node::Time {}
            }
            News::NotFree(refusal) => {
                self.say(context, Prompt::Offer { refusal, times: self.facts.offered.clone() });
                Node::Time {}
            }
            News::Standing => self.tell_of_standing(context),
            News::CalendarDown => {
                self.say(context, Prompt::CalendarDown);
                self.fall_back(context)
            }
            News::Booked => {
                if let Some(Effect::Reserve { service, slot, name, .. }) = self.reservation() {
                    let instead_of = self.facts.replaces.take().map(|moved| moved.slot);
                    self.say(context, Prompt::Booked { service, slot, name, instead_of });
                }
                self.go_on_when_done(context)
            }
        }
    }

    fn try_again(&mut self, context: &mut Context<Effect>) -> bool {
        self.calendar_failures += 1;
        let standing = self.standing.waits_for(self);
        let same = if self.reserving { self.reservation() } else { standing.or_else(|| self.question_to_calendar()) };
        if self.calendar_failures < CALENDAR_TRIES_MAX
            && let Some(same) = same
        {
            context.push(same);
            return true;
        }
        self.reserving = false;
        self.facts.search = Search::Due;
        self.news = Some(News::CalendarDown);
        false
    }

    fn question_to_calendar(&self) -> Option<Effect> {
        let (service, when) = (self.facts.service.clone()?, self.facts.wanted.clone()?);
        Some(Effect::FindTimes { service, when, instead_of: self.replaces() })
    }

    fn reservation(&self) -> Option<Effect> {
        Some(Effect::Reserve {
            service: self.facts.service.clone()?,
            slot: self.facts.slot.clone()?,
            name: self.facts.name.clone()?,
            phone: self.facts.phone.clone().unwrap_or_default(),
            details: self.details_told(),
            replaces: self.replaces(),
        })
    }

    fn replaces(&self) -> Option<String> {
        self.facts.replaces.as_ref().map(|moved| moved.id.clone())
    }

    /// "It" is the appointment that was just made.
    fn know(&mut self, id: &str) {
        if let Some(Effect::Reserve { service, slot, name, .. }) = self.reservation() {
            self.standing.know(Appointment { id: id.to_owned(), service, slot, name });
        }
    }
}
