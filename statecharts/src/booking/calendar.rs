//! What the calendar's answers mean. They may come while a question is being answered; so what they say about the facts
//! is taken over at once, and what the caller has to be told of it is kept until there is room.

use serde::{Deserialize, Serialize};
use statig::prelude::*;

use super::chart::{Chart, Node, Then};
use super::facts::Search;
use super::{Effect, Event};
use crate::Context;
use crate::prompt::{Prompt, Refusal};
use crate::proposal::When;

/// What the caller has to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum News {
    /// The time is not free; others are, or none.
    NotFree(Option<Refusal>),
    /// The appointment is made.
    Booked,
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
                true
            }
            Event::SlotTaken { nearest } if self.reserving => {
                self.reserving = false;
                self.facts.offer(nearest.clone());
                self.news = Some(News::NotFree(Some(Refusal::Taken)));
                true
            }
            Event::CalendarFailed if self.is_waiting() => !self.try_again(context),
            // The caller has changed their mind since the calendar was asked.
            Event::TimesFound { .. } | Event::CalendarFailed => false,
            _ => {
                context.unhandled += 1;
                false
            }
        }
    }

    /// Whether the calendar has been asked something and has not answered.
    pub(super) fn is_waiting(&self) -> bool {
        self.reserving || self.facts.search == Search::Running
    }

    /// Asks the calendar whether, or when, what is wanted can be had.
    pub(super) fn find_times(&mut self, context: &mut Context<Effect>, service: String, when: When) {
        self.facts.search = Search::Running;
        self.calendar_failures = 0;
        context.push(Effect::FindTimes { service, when });
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
            News::CalendarDown => {
                self.say(context, Prompt::CalendarDown);
                self.fall_back(context)
            }
            News::Booked => {
                if let Some(Effect::Reserve { service, slot, name, .. }) = self.reservation() {
                    self.say(context, Prompt::Booked { service, slot, name });
                }
                match self.then {
                    Then::Leave => self.leave(context),
                    Then::Person => self.person(context),
                    Then::AskForMore => {
                        self.say(context, Prompt::AnythingElse);
                        Node::Success {}
                    }
                }
            }
        }
    }

    fn try_again(&mut self, context: &mut Context<Effect>) -> bool {
        self.calendar_failures += 1;
        let same = if self.reserving { self.reservation() } else { self.question_to_calendar() };
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
        Some(Effect::FindTimes { service: self.facts.service.clone()?, when: self.facts.wanted.clone()? })
    }

    fn reservation(&self) -> Option<Effect> {
        Some(Effect::Reserve {
            service: self.facts.service.clone()?,
            slot: self.facts.slot.clone()?,
            name: self.facts.name.clone()?,
            phone: self.facts.phone.clone().unwrap_or_default(),
        })
    }
}
