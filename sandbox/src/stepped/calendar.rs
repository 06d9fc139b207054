//! The stepped calendar: appointments in a list, found and made by the engine's own arithmetic.

use std::collections::VecDeque;
use std::time::Duration;

use chrono::{DateTime, Duration as Span, NaiveDateTime};
use engine::business::Business;
use engine::calendar::{self, Busy};
use engine::io::{Fault, Input, QueryId, Reservation, Wanted};
use engine::time::CallTime;
use statecharts::proposal::Slot;

/// What the calendar does with the next question or order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CalendarAnswer {
    /// Answers.
    Good,
    /// Says that it cannot.
    Fails,
    /// Answers so much later.
    Late(Duration),
    /// Does what it was asked, and its answer is lost.
    Lost,
    /// Gives the time to somebody else just before.
    Taken,
}

/// Free times offered at most.
const OFFERED_MAX: usize = 3;

/// Who made the appointments that were there before.
const SOMEBODY_ELSE: &str = "somebody else";

/// The appointments of one business.
pub struct Calendar {
    business: Business,
    answered_at_ms: i64,
    busy: Vec<(String, Busy)>,
    /// Whether it answers with a fault instead.
    pub is_down: bool,
    /// What it does with what it is asked next; answers where nothing is said.
    pub answers: VecDeque<CalendarAnswer>,
}

impl Calendar {
    pub(super) fn new(business: Business, answered_at_ms: i64) -> Self {
        Self { business, answered_at_ms, busy: Vec::new(), is_down: false, answers: VecDeque::new() }
    }

    /// Fills a time for everybody who works there.
    pub fn fill(&mut self, slot: &Slot, minutes: i64) {
        let Some(from) = calendar::moment(slot) else { return };
        for staff in &self.business.staff {
            let busy = Busy { staff: staff.id.clone(), from, to: from + Span::minutes(minutes) };
            self.busy.push((SOMEBODY_ELSE.to_owned(), busy));
        }
    }

    /// The appointments made under a key.
    pub fn made(&self, key: &str) -> usize {
        self.busy.iter().filter(|(made, _)| made == key).count()
    }

    /// All appointments made under any key of this call's.
    pub fn made_here(&self) -> usize {
        self.busy.iter().filter(|(made, _)| made != SOMEBODY_ELSE).count()
    }

    /// Answers a question: what, and how much later than usual; `None` when the answer is lost.
    pub(super) fn asked(&mut self, query: QueryId, wanted: &Wanted, at: CallTime) -> Option<(Duration, Input)> {
        match self.answers.pop_front().unwrap_or(CalendarAnswer::Good) {
            CalendarAnswer::Good | CalendarAnswer::Taken => Some((Duration::ZERO, self.find(query, wanted, at))),
            CalendarAnswer::Late(later) => Some((later, self.find(query, wanted, at))),
            CalendarAnswer::Fails => Some((Duration::ZERO, down(query))),
            CalendarAnswer::Lost => None,
        }
    }

    /// Carries out an order: what came of it, and how much later than usual; `None` when that is lost.
    pub(super) fn ordered(
        &mut self,
        query: QueryId,
        key: &str,
        reservation: &Reservation,
        at: CallTime,
    ) -> Option<(Duration, Input)> {
        let answer = self.answers.pop_front().unwrap_or(CalendarAnswer::Good);
        if answer == CalendarAnswer::Fails {
            return Some((Duration::ZERO, down(query)));
        }
        if answer == CalendarAnswer::Taken {
            self.fill(&reservation.slot, 30);
        }
        let reserved = self.reserve(query, key, reservation, at);
        match answer {
            CalendarAnswer::Lost => None,
            CalendarAnswer::Late(later) => Some((later, reserved)),
            _ => Some((Duration::ZERO, reserved)),
        }
    }

    fn find(&self, query: QueryId, wanted: &Wanted, at: CallTime) -> Input {
        if self.is_down {
            return down(query);
        }
        let now = self.local(at);
        let (Some(service), Some(from), Some(to)) =
            (self.business.service(&wanted.service), calendar::moment(&wanted.from), calendar::moment(&wanted.to))
        else {
            return Input::CalendarFailed { query, fault: Fault::OurMistake("no such service or time".to_owned()) };
        };
        let found = calendar::find(&self.business, service, from, to, now, &self.busy(), OFFERED_MAX);
        Input::TimesFound {
            query,
            wanted_is_free: found.wanted_is_free,
            refusal: found.refusal,
            nearest: found.nearest,
        }
    }

    fn reserve(&mut self, query: QueryId, key: &str, reservation: &Reservation, at: CallTime) -> Input {
        if self.is_down {
            return down(query);
        }
        let appointment = format!("appointment-{key}");
        if self.made(key) > 0 {
            return Input::SlotReserved { query, appointment };
        }
        let now = self.local(at);
        let (Some(service), Some(from)) =
            (self.business.service(&reservation.service), calendar::moment(&reservation.slot))
        else {
            return Input::CalendarFailed { query, fault: Fault::OurMistake("no such service or time".to_owned()) };
        };
        match calendar::free_staff(&self.business, service, from, now, &self.busy()) {
            Ok(staff) => {
                let to = from + Span::minutes(i64::from(service.minutes));
                self.busy.push((key.to_owned(), Busy { staff: staff[0].id.clone(), from, to }));
                Input::SlotReserved { query, appointment }
            }
            Err(_) => {
                let nearest = calendar::nearest(&self.business, service, from, from, now, &self.busy(), OFFERED_MAX);
                Input::SlotTaken { query, nearest }
            }
        }
    }

    fn busy(&self) -> Vec<Busy> {
        self.busy.iter().map(|(_, busy)| busy.clone()).collect()
    }

    fn local(&self, at: CallTime) -> NaiveDateTime {
        let utc = DateTime::from_timestamp_millis(self.answered_at_ms + at.as_ms() as i64).unwrap_or_default();
        utc.with_timezone(&self.business.time_zone).naive_local()
    }
}

fn down(query: QueryId) -> Input {
    Input::CalendarFailed { query, fault: Fault::Retry("the calendar is down".to_owned()) }
}
