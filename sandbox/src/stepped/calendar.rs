//! The stepped calendar: appointments in a list, found and made by the engine's own arithmetic.

use std::collections::VecDeque;
use std::time::Duration;

use chrono::{DateTime, Duration as Span, NaiveDateTime};
use engine::business::Business;
use engine::calendar::{self, Busy};
use engine::io::{Appointment, Fault, Input, QueryId, Reservation, Wanted};
use engine::time::CallTime;
use engine::understanding::is_same_name;
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

/// One appointment.
struct Made {
    /// What it was ordered under.
    key: String,
    appointment: Appointment,
    phone: String,
    busy: Busy,
    stands: bool,
}

/// The appointments of one business.
pub struct Calendar {
    business: Business,
    answered_at_ms: i64,
    made: Vec<Made>,
    /// Whether it answers with a fault instead.
    pub is_down: bool,
    /// What it does with what it is asked next; answers where nothing is said.
    pub answers: VecDeque<CalendarAnswer>,
}

impl Calendar {
    pub(super) fn new(business: Business, answered_at_ms: i64) -> Self {
        Self { business, answered_at_ms, made: Vec::new(), is_down: false, answers: VecDeque::new() }
    }

    /// Fills a time for everybody who works there.
    pub fn fill(&mut self, slot: &Slot, minutes: i64) {
        for staff in self.business.staff.iter().map(|staff| staff.id.clone()).collect::<Vec<_>>() {
            self.add(SOMEBODY_ELSE, &staff, minutes, "haircut", slot, "", "");
        }
    }

    /// Puts an appointment there that was made before, with the first of the staff.
    pub fn book(&mut self, service: &str, slot: &Slot, name: &str, phone: &str) {
        let staff = self.business.staff.first().map(|staff| staff.id.clone()).unwrap_or_default();
        let minutes = self.business.service(service).map_or(30, |service| service.minutes.into());
        self.add(SOMEBODY_ELSE, &staff, minutes, service, slot, name, phone);
    }

    /// The appointments that stand under a key.
    pub fn made(&self, key: &str) -> usize {
        self.standing().filter(|made| made.key == key).count()
    }

    /// All appointments that stand under any key of this call's.
    pub fn made_here(&self) -> usize {
        self.standing().filter(|made| made.key != SOMEBODY_ELSE).count()
    }

    /// Everything that stands, in the order in which it was made: service, time and name.
    pub fn appointments(&self) -> impl Iterator<Item = &Appointment> {
        self.standing().map(|made| &made.appointment)
    }

    /// What stands under any key of this call's.
    pub fn appointments_made_here(&self) -> impl Iterator<Item = (&Appointment, &str)> {
        self.standing().filter(|made| made.key != SOMEBODY_ELSE).map(|made| (&made.appointment, &*made.phone))
    }

    fn standing(&self) -> impl Iterator<Item = &Made> {
        self.made.iter().filter(|made| made.stands)
    }

    #[expect(clippy::too_many_arguments, reason = "an appointment has that many parts, and nobody else makes one")]
    fn add(&mut self, key: &str, staff: &str, minutes: i64, service: &str, slot: &Slot, name: &str, phone: &str) {
        let Some(from) = calendar::moment(slot).and_then(|at| calendar::instant(&self.business, at)) else { return };
        let busy = Busy { staff: staff.to_owned(), from, to: from + Span::minutes(minutes) };
        let appointment = Appointment {
            id: format!("appointment-{}", self.made.len()),
            service: service.to_owned(),
            slot: slot.clone(),
            name: name.to_owned(),
        };
        self.made.push(Made { key: key.to_owned(), appointment, phone: phone.to_owned(), busy, stands: true });
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

    /// Looks for appointments under a number: what is found, and how much later than usual.
    pub(super) fn looked_for(
        &mut self,
        query: QueryId,
        phone: &str,
        name: Option<&str>,
        at: CallTime,
    ) -> Option<(Duration, Input)> {
        let now = calendar::slot(self.local(at));
        let mut appointments: Vec<Appointment> = self
            .standing()
            .filter(|made| made.phone == phone && made.appointment.slot > now)
            .filter(|made| name.is_none_or(|name| is_same_name(name, &made.appointment.name)))
            .map(|made| made.appointment.clone())
            .collect();
        appointments.sort_by(|one, other| one.slot.cmp(&other.slot));
        appointments.truncate(OFFERED_MAX);
        self.answer_with(query, Input::AppointmentsFound { query, appointments })
    }

    /// Cancels an appointment.
    pub(super) fn told_to_cancel(&mut self, query: QueryId, appointment: &str) -> Option<(Duration, Input)> {
        let fails = self.is_down || self.answers.front() == Some(&CalendarAnswer::Fails);
        if !fails {
            self.cancel(appointment);
        }
        self.answer_with(query, Input::AppointmentCancelled { query })
    }

    fn answer_with(&mut self, query: QueryId, answer: Input) -> Option<(Duration, Input)> {
        let answer = if self.is_down { down(query) } else { answer };
        match self.answers.pop_front().unwrap_or(CalendarAnswer::Good) {
            CalendarAnswer::Good | CalendarAnswer::Taken => Some((Duration::ZERO, answer)),
            CalendarAnswer::Late(later) => Some((later, answer)),
            CalendarAnswer::Fails => Some((Duration::ZERO, down(query))),
            CalendarAnswer::Lost => None,
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
        let busy = self.busy(wanted.instead_of.as_deref());
        let found = calendar::find(&self.business, service, from, to, now, &busy, OFFERED_MAX);
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
        let there =
            |calendar: &Self| calendar.standing().find(|made| made.key == key).map(|made| made.appointment.id.clone());
        if let Some(appointment) = there(self) {
            return Input::SlotReserved { query, appointment };
        }
        let now = self.local(at);
        let (Some(service), Some(from)) =
            (self.business.service(&reservation.service).cloned(), calendar::moment(&reservation.slot))
        else {
            return Input::CalendarFailed { query, fault: Fault::OurMistake("no such service or time".to_owned()) };
        };
        let busy = self.busy(reservation.replaces.as_deref());
        match calendar::free_staff(&self.business, &service, from, now, &busy) {
            Ok(staff) => {
                let (staff, minutes) = (staff[0].id.clone(), i64::from(service.minutes + service.buffer_min));
                if let Some(old) = &reservation.replaces {
                    self.cancel(old);
                }
                let Reservation { service, slot, name, phone, .. } = reservation;
                self.add(key, &staff, minutes, service, slot, name, phone);
                Input::SlotReserved { query, appointment: there(self).unwrap_or_default() }
            }
            Err(_) => {
                let nearest = calendar::nearest(&self.business, &service, from, from, now, &busy, OFFERED_MAX);
                Input::SlotTaken { query, nearest }
            }
        }
    }

    fn cancel(&mut self, id: &str) {
        self.made.iter_mut().filter(|made| made.appointment.id == id).for_each(|made| made.stands = false);
    }

    fn busy(&self, but: Option<&str>) -> Vec<Busy> {
        let others = self.standing().filter(|made| Some(&*made.appointment.id) != but);
        others.map(|made| made.busy.clone()).collect()
    }

    fn local(&self, at: CallTime) -> NaiveDateTime {
        let utc = DateTime::from_timestamp_millis(self.answered_at_ms + at.as_ms() as i64).unwrap_or_default();
        utc.with_timezone(&self.business.time_zone).naive_local()
    }
}

fn down(query: QueryId) -> Input {
    Input::CalendarFailed { query, fault: Fault::Retry("the calendar is down".to_owned()) }
}
