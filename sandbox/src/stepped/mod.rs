//! The world stepped in virtual time: one call of the real engine, with a caller, vendors and a leg that are made of
//! numbers. No socket, no sleep: a ten-minute call takes a millisecond.
//!
//! ```text
//!  agenda (what happens when) ─► Input ─► Call ─► Output ─► leg, synthesizer, model, calendar ─► agenda
//! ```
//!
//! Scenarios put known situations on the agenda; the simulation puts random ones there. Both read the [`Log`].

mod calendar;
mod leg;
pub mod random;
pub mod scenario;

use std::collections::BTreeMap;
use std::time::Duration;

use engine::business::Business;
use engine::call::Call;
use engine::io::{Answered, Fault, Input, Output, ReplyId};
use engine::time::CallTime;

pub use crate::stepped::calendar::Calendar;
use crate::stepped::leg::Leg;

/// How fast the stepped synthesizer speaks, in milliseconds per character.
const CHARACTER_MS: u32 = 60;

/// Between the end of a voice and the detector's word for it.
const HANGOVER: Duration = Duration::from_millis(200);

/// Between the beginning of a voice and the detector's word for it.
const ONSET: Duration = Duration::from_millis(40);

/// Steps after which a call that does not end counts as broken.
const STEPS_MAX: u32 = 200_000;

/// How the vendors of a stepped world behave.
#[derive(Debug, Clone)]
pub struct Vendors {
    /// From the end of speech to its final transcript.
    pub transcript: Duration,
    /// From an order to a phrase's audio, for a phrase that was not said before.
    pub synthesis: Duration,
    /// From a request to the first and last of the model's answer.
    pub model: Duration,
    /// From a question to the calendar's answer.
    pub calendar: Duration,
    /// From the leg's playing a mark to our hearing of it, and from a clear to its effect.
    pub leg: Duration,
}

impl Default for Vendors {
    fn default() -> Self {
        Self {
            transcript: Duration::from_millis(450),
            synthesis: Duration::from_millis(200),
            model: Duration::from_millis(400),
            calendar: Duration::from_millis(20),
            leg: Duration::from_millis(30),
        }
    }
}

/// What the model does with the next request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelAnswer {
    /// Writes this.
    Text(String),
    /// Fails.
    Fails,
    /// Never answers.
    Stalls,
}

/// One thing on the agenda.
#[derive(Debug, Clone)]
enum Happening {
    Input(Input),
    LegPlays(leg::Played),
}

/// Everything that went in and out, in order.
pub type Log = Vec<(CallTime, Logged)>;

/// One entry of the log.
#[derive(Debug, Clone, PartialEq)]
pub enum Logged {
    /// What the call was told.
    Input(Input),
    /// What it ordered.
    Output(Output),
}

/// One stepped call and the world around it.
pub struct Stepped {
    call: Call,
    now: CallTime,
    agenda: BTreeMap<(CallTime, u64), Happening>,
    entries: u64,
    leg: Leg,
    /// What the model answers, request by request; rules only when `has_model` was false.
    pub model: std::collections::VecDeque<ModelAnswer>,
    /// The appointments.
    pub calendar: Calendar,
    /// How the vendors behave from now on.
    pub vendors: Vendors,
    synthesized: BTreeMap<String, u32>,
    cancelled: Vec<ReplyId>,
    log: Log,
}

impl Stepped {
    /// A call that was answered at zero.
    pub fn answered(business: Business, answered_at_ms: i64, from: &str, has_model: bool) -> Self {
        let mut stepped = Self {
            call: Call::default(),
            now: CallTime::ZERO,
            agenda: BTreeMap::new(),
            entries: 0,
            leg: Leg::default(),
            model: std::collections::VecDeque::new(),
            calendar: Calendar::new(business.clone(), answered_at_ms),
            vendors: Vendors::default(),
            synthesized: BTreeMap::new(),
            cancelled: Vec::new(),
            log: Vec::new(),
        };
        let answered = Answered {
            call_sid: "CA00000000000000000000000000000001".to_owned(),
            stream_sid: "MZ00000000000000000000000000000001".to_owned(),
            from: from.to_owned(),
            to: "+12125550100".to_owned(),
            answered_at_ms,
            business,
            turns_by_vendor: false,
            has_model,
        };
        stepped.put(CallTime::ZERO, Input::Answered(Box::new(answered)));
        stepped
    }

    /// Puts an input on the agenda.
    pub fn put(&mut self, at: CallTime, input: Input) {
        self.enter(at, Happening::Input(input));
    }

    /// The caller says something: the detector notices, and words follow.
    pub fn says(&mut self, at: CallTime, words: &str, lasts: Duration) {
        let ends = at + lasts;
        self.put(at + ONSET, Input::VoiceStarted);
        let split: Vec<&str> = words.split_whitespace().collect();
        for heard in 1..split.len() {
            let share = lasts.mul_f64(heard as f64 / split.len() as f64);
            let text = split[..heard].join(" ");
            self.put(at + share + self.vendors.transcript / 2, Input::Interim { text, confidence: 0.9 });
        }
        self.put(ends + HANGOVER, Input::VoiceEnded { voiced_ms: lasts.as_millis() as u32 });
        let heard = Input::Final {
            text: words.to_owned(),
            confidence: 0.95,
            from_ms: at.as_ms(),
            to_ms: ends.as_ms(),
            ends_turn: true,
        };
        self.put(ends + self.vendors.transcript.max(HANGOVER), heard);
    }

    /// A sound that the detector takes for a voice, and that has no words.
    pub fn noise(&mut self, at: CallTime, lasts: Duration) {
        self.put(at + ONSET, Input::VoiceStarted);
        self.put(at + lasts + HANGOVER, Input::VoiceEnded { voiced_ms: lasts.as_millis() as u32 });
    }

    /// When the next thing happens: on the agenda, or because the call wants to be woken.
    pub fn next_at(&self) -> Option<CallTime> {
        let planned = self.agenda.keys().next().map(|(at, _)| *at);
        let due = self.call.deadline().map(|(due, _)| due);
        planned.into_iter().chain(due).min()
    }

    /// Lets the next thing happen. Returns false when nothing is left to happen.
    pub fn step(&mut self) -> bool {
        let Some(at) = self.next_at() else { return false };
        self.now = self.now.max(at);
        let planned = self.agenda.first_key_value().is_some_and(|((planned, _), _)| *planned <= at);
        if !planned {
            self.tell(Input::Tick);
            return true;
        }
        match self.agenda.pop_first().expect("it was just seen").1 {
            Happening::Input(input) => self.tell(input),
            Happening::LegPlays(played) => {
                for (at, input) in self.leg.plays(self.now, played, self.vendors.leg) {
                    self.put(at, input);
                }
                self.plan_leg();
            }
        }
        true
    }

    /// Steps until a moment, or until the call is over.
    pub fn run_until(&mut self, end: CallTime) {
        while !self.call.is_over() && self.next_at().is_some_and(|at| at <= end) {
            self.step();
        }
        self.now = self.now.max(end);
    }

    /// Steps until the call is over.
    ///
    /// # Panics
    /// When it does not end: that is what is being tested.
    pub fn run(&mut self) {
        for _ in 0..STEPS_MAX {
            if self.call.is_over() || !self.step() {
                return;
            }
        }
        panic!("the call does not end; the last of it:\n{:#?}", &self.log[self.log.len().saturating_sub(20)..]);
    }

    /// The call itself.
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// Everything so far.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Whether something of ours is audible to the caller now.
    pub fn is_audible(&self) -> bool {
        self.leg.is_audible()
    }

    fn tell(&mut self, input: Input) {
        let mut out = Vec::new();
        self.log.push((self.now, Logged::Input(input.clone())));
        self.call.handle(self.now, input, &mut out);
        for order in out {
            self.log.push((self.now, Logged::Output(order.clone())));
            self.carry_out(order);
        }
    }

    fn carry_out(&mut self, order: Output) {
        match order {
            Output::Speak { phrase, text, from_ms, .. } => self.speak(phrase, &text, from_ms),
            Output::ClearPlayout { generation } => {
                self.agenda.retain(|_, happening| !matches!(happening, Happening::LegPlays(_)));
                for (at, input) in self.leg.clear(self.now, generation, self.vendors.leg) {
                    self.put(at, input);
                }
            }
            Output::StartReply { reply, .. } => self.answer(reply),
            Output::CancelReply { reply } => self.cancelled.push(reply),
            Output::FindTimes { query, wanted } => {
                let found = self.calendar.find(query, &wanted, self.now);
                self.put(self.now + self.vendors.calendar, found);
            }
            Output::ReserveSlot { query, key, reservation } => {
                let reserved = self.calendar.reserve(query, &key, &reservation, self.now);
                self.put(self.now + self.vendors.calendar, reserved);
            }
            Output::FinishUtterance
            | Output::StartHearing { .. }
            | Output::ExpectWords { .. }
            | Output::StopHearing
            | Output::Transfer { .. }
            | Output::Record(_)
            | Output::CloseLeg { .. } => {}
        }
    }

    fn speak(&mut self, phrase: engine::io::PhraseId, text: &str, from_ms: u32) {
        let length_ms = text.chars().count() as u32 * CHARACTER_MS;
        let cached = self.synthesized.insert(text.to_owned(), length_ms).is_some();
        let ready = if cached { self.now } else { self.now + self.vendors.synthesis };
        self.put(ready, Input::PhraseSynthesized { phrase, length_ms, word_ends_ms: Vec::new(), cached });
        self.leg.append(phrase, ready, from_ms, length_ms);
        self.plan_leg();
    }

    fn plan_leg(&mut self) {
        self.agenda.retain(|_, happening| !matches!(happening, Happening::LegPlays(_)));
        if let Some((at, played)) = self.leg.next(self.now) {
            self.enter(at, Happening::LegPlays(played));
        }
    }

    fn answer(&mut self, reply: ReplyId) {
        let at = self.now + self.vendors.model;
        match self.model.pop_front().unwrap_or(ModelAnswer::Fails) {
            ModelAnswer::Text(text) => {
                let middle = text.char_indices().nth(text.chars().count() / 2).map_or(0, |(index, _)| index);
                let (head, tail) = text.split_at(middle);
                self.put(at, Input::ReplyDelta { reply, text: head.to_owned() });
                self.put(at + Duration::from_millis(150), Input::ReplyDelta { reply, text: tail.to_owned() });
                self.put(at + Duration::from_millis(160), Input::ReplyFinished { reply, tokens: Some((400, 40)) });
            }
            ModelAnswer::Fails => {
                let fault = Fault::Retry("the stepped model has nothing to say".to_owned());
                self.put(at, Input::ReplyFailed { reply, fault });
            }
            ModelAnswer::Stalls => {}
        }
    }

    fn enter(&mut self, at: CallTime, happening: Happening) {
        self.entries += 1;
        self.agenda.insert((at.max(self.now), self.entries), happening);
    }
}
