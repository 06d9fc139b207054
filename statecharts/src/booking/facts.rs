//! What is known of the appointment, and what a turn of the caller does to it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::proposal::{Appointment, Fact, Intent, Proposal, Slot, When};

/// What is known of the appointment that is being made. The later word replaces the earlier.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The service's id.
    pub service: Option<String>,
    /// When the caller wants to come: [`When::At`] or [`When::Within`], never another.
    pub wanted: Option<When>,
    /// The time that was chosen. The calendar has said that it is free.
    pub slot: Option<Slot>,
    /// Who comes.
    pub name: Option<String>,
    /// How to reach them: the number that calls, unless they gave another.
    pub phone: Option<String>,
    /// What else the business asked for, by id; none where it goes on without an answer.
    #[serde(default)]
    pub details: BTreeMap<String, Option<String>>,
    /// The free times that were offered last, in the order in which they were said.
    pub offered: Vec<Slot>,
    /// The two readings of a time that was asked back, before and after noon.
    pub half: Option<(Slot, Slot)>,
    /// The ids of the appointments made in this call, in order.
    pub appointments: Vec<String>,
    /// The appointment that is moved by this one; none when it is one more.
    pub replaces: Option<Appointment>,
    /// Whether the calendar has been asked about `wanted`.
    pub(super) search: Search,
}

/// Whether the calendar has been asked about the time that is wanted, for the service that is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Search {
    /// It has to be asked, once there is something to ask.
    #[default]
    Due,
    /// It has been asked and has not answered.
    Running,
    /// It has answered.
    Done,
}

/// What a turn did to the facts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Taken {
    /// Something that is read back has changed: the service, the time, the name or a detail.
    pub(super) plan: bool,
    /// The number has changed, which is read back, too, unless it is the one that calls.
    pub(super) phone: bool,
    /// The caller chose a time that was not among those offered.
    pub(super) not_offered: bool,
}

/// At most this many times are offered at once: more cannot be kept in mind over the phone.
const OFFERED_MAX: usize = 3;

impl Facts {
    /// Takes over every fact of a turn.
    pub(super) fn take(&mut self, turn: &Proposal) -> Taken {
        let before = self.clone();
        let (when, not_offered) = self.resolve(turn.when.as_ref());
        if let Some(service) = given(&turn.service) {
            self.choose_service(service);
        }
        match when {
            Some(When::EitherHalf { morning, afternoon }) => {
                self.forget(Fact::Time);
                self.half = Some((morning, afternoon));
            }
            Some(when) => self.want(when),
            None if not_offered => self.slot = None,
            None => {}
        }
        if let Some(name) = given(&turn.name) {
            self.name = Some(name);
        }
        if let Some(phone) = given(&turn.phone) {
            self.phone = Some(phone);
        }
        if let (Some(end), Some(phone)) = (given(&turn.phone_end), &mut self.phone) {
            end_in(phone, &end);
        }
        if let Some(detail) = &turn.detail {
            self.details.insert(detail.id.clone(), Some(detail.answer.clone()));
        }
        Taken { plan: !before.is_same_plan(self), phone: before.phone != self.phone, not_offered }
    }

    /// Takes over only what is not known yet. "How much is a coloring?" does not turn a haircut into a coloring.
    pub(super) fn fill(&mut self, turn: &Proposal) {
        let time_is_known = self.slot.is_some() || self.wanted.is_some() || self.half.is_some();
        let missing = Proposal {
            phone_end: None,
            service: turn.service.clone().filter(|_| self.service.is_none()),
            when: turn.when.clone().filter(|_| !time_is_known),
            name: turn.name.clone().filter(|_| self.name.is_none()),
            phone: turn.phone.clone().filter(|_| self.phone.is_none()),
            ..turn.clone()
        };
        self.take(&missing);
    }

    /// Settles on a time that the calendar said is free.
    pub(super) fn choose(&mut self, slot: Slot) {
        self.wanted = Some(When::At(slot.clone()));
        self.slot = Some(slot);
        self.half = None;
        self.search = Search::Done;
    }

    /// Puts free times up for choice, in place of those before.
    pub(super) fn offer(&mut self, mut times: Vec<Slot>) {
        times.truncate(OFFERED_MAX);
        self.offered = times;
        self.slot = None;
        self.half = None;
        self.search = Search::Done;
    }

    /// Forgets a fact, so that it is asked for again.
    pub(super) fn forget(&mut self, fact: Fact) {
        match fact {
            Fact::Service => {
                self.look_up_again();
                self.service = None;
            }
            Fact::Time => {
                self.slot = None;
                self.wanted = None;
                self.half = None;
                self.offered.clear();
                self.search = Search::Due;
            }
            Fact::Name => self.name = None,
            Fact::Phone => self.phone = None,
            Fact::Details => self.details.clear(),
        }
    }

    /// Asks for the time again, with the times that were offered still standing.
    pub(super) fn reopen_time(&mut self) {
        let offered = std::mem::take(&mut self.offered);
        self.forget(Fact::Time);
        self.offered = offered;
    }

    /// Begins another appointment of the same caller.
    pub(super) fn start_over(&mut self) {
        self.replaces = None;
        self.service = None;
        self.forget(Fact::Time);
        self.forget(Fact::Details);
    }

    /// Begins to move an appointment.
    pub(super) fn start_moving(&mut self, appointment: Appointment, to: Option<When>) {
        self.start_over();
        self.service = Some(appointment.service.clone());
        self.name = Some(appointment.name.clone()).filter(|name| !name.is_empty()).or(self.name.take());
        self.replaces = Some(appointment);
        self.take(&Proposal { when: to, ..Proposal::of(Intent::Move) });
    }

    /// Whether nothing is known of what the caller wants.
    pub(super) fn is_unplanned(&self) -> bool {
        self.service.is_none() && self.wanted.is_none() && self.half.is_none()
    }

    fn is_same_plan(&self, other: &Self) -> bool {
        let plan = |facts: &Self| {
            (facts.service.clone(), facts.wanted.clone(), facts.slot.clone(), facts.half.clone(), facts.name.clone())
        };
        plan(self) == plan(other) && self.details == other.details
    }

    /// "The second one" as the time it stands for; and whether there is no such one.
    fn resolve(&self, when: Option<&When>) -> (Option<When>, bool) {
        match when {
            Some(When::Offered(index)) => match self.offered.get(*index) {
                Some(slot) => (Some(When::At(slot.clone())), false),
                None => (None, true),
            },
            other => (other.cloned(), false),
        }
    }

    /// Another service takes another time and other hands, so what was free for the one may not be for the other.
    fn choose_service(&mut self, service: String) {
        if self.service.as_ref() != Some(&service) {
            self.look_up_again();
            self.service = Some(service);
        }
    }

    fn look_up_again(&mut self) {
        if let Some(slot) = self.slot.take() {
            self.wanted = Some(When::At(slot));
        }
        self.offered.clear();
        self.search = Search::Due;
    }

    fn want(&mut self, when: When) {
        self.half = None;
        match when {
            When::At(slot) if self.slot.as_ref() == Some(&slot) => {}
            When::At(slot) if self.offered.contains(&slot) => self.choose(slot),
            when if self.search == Search::Running && self.wanted.as_ref() == Some(&when) => {}
            when => {
                self.slot = None;
                self.wanted = Some(when);
                self.search = Search::Due;
            }
        }
    }
}

/// Puts other digits in place of a number's last ones. More than there are change nothing.
fn end_in(phone: &mut String, end: &str) {
    let digits = phone.chars().filter(char::is_ascii_digit).count();
    if end.len() < digits && end.bytes().all(|digit| digit.is_ascii_digit()) {
        phone.truncate(phone.len() - end.len());
        phone.push_str(end);
    }
}

/// A fact with something in it.
fn given(fact: &Option<String>) -> Option<String> {
    fact.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}
