//! The world stepped in virtual time: one call of the real engine and the real playout, with a caller, vendors, a network
//! and a Twilio that are made of numbers. No socket, no sleep: a ten-minute call takes a few milliseconds.
//!
//! ```text
//!  agenda (what happens when) ─► Input ─► Call ─► Output ─► playing, speech, model, calendar ─► agenda
//!                                  ▲                            │ frames, marks, clear
//!  caller ─► detector, hearing ────┴──── network, up ◄─ twilio ◄┴─ network, down
//! ```
//!
//! Scenarios put known situations on the agenda; the simulation puts random ones there. Both read the [`Log`], and
//! [`promises`] are checked against it and against what [`Twilio`] knows was heard.

mod agenda;
mod calendar;
mod caller;
mod detector;
mod hearing;
mod line;
mod model;
mod network;
mod orders;
mod playing;
pub mod promises;
pub mod random;
pub mod scenario;
mod speech;
pub mod telling;
mod twilio;

use std::collections::VecDeque;
use std::time::Duration;

use engine::audio::mark::Mark;
use engine::business::Business;
use engine::call::Call;
use engine::io::{Answered, Appointment, Fault, Input, Message, Output};
use engine::time::CallTime;

pub use crate::stepped::calendar::{Calendar, CalendarAnswer};
pub use crate::stepped::hearing::Manner;
use crate::stepped::line::Line;
pub use crate::stepped::model::{Ending, ModelAnswer};
pub use crate::stepped::network::Way;
use crate::stepped::orders::cleared;
use crate::stepped::playing::{Playing, Sent};
use crate::stepped::speech::{Part, Speech};
pub use crate::stepped::speech::{SpeechAnswer, word_ends_ms};
pub use crate::stepped::twilio::{Echo, Span, Twilio};

/// From being asked to finish to the transcript.
const FINISHING: Duration = Duration::from_millis(150);

/// Steps after which a call that does not end counts as broken.
const STEPS_MAX: u32 = 200_000;

/// How quick the vendors of a stepped world are.
#[derive(Debug, Clone)]
pub struct Vendors {
    /// From the end of speech to its final transcript.
    pub transcript: Duration,
    /// From an order to a phrase's audio, for a phrase that was not said before.
    pub synthesis: Duration,
    /// From a request to the first of the model's answer.
    pub model: Duration,
    /// From a question to the calendar's answer.
    pub calendar: Duration,
}

impl Default for Vendors {
    fn default() -> Self {
        Self {
            transcript: Duration::from_millis(450),
            synthesis: Duration::from_millis(200),
            model: Duration::from_millis(400),
            calendar: Duration::from_millis(20),
        }
    }
}

/// One thing on the agenda.
#[derive(Debug)]
enum Happening {
    /// The call is told something.
    Told(Input),
    /// Speech-to-text says something, if it can be reached.
    Transcribed(Input),
    /// Something on the caller's side of the network.
    There(line::There),
    /// A part of a phrase's audio comes.
    Speech(engine::io::PhraseId, Part),
    /// The stream is gone.
    StreamDrops,
    /// Another stream adopts the call.
    StreamResumes,
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
    agenda: agenda::Agenda<Happening>,
    pending: VecDeque<Input>,
    line: Line,
    playing: Playing,
    speech: Speech,
    /// What the model answers, request by request; where nothing is said, what it thinks.
    pub model: VecDeque<ModelAnswer>,
    /// How it thinks; it fails where it does not.
    pub thinks: Option<fn(&[Message]) -> String>,
    /// The appointments.
    pub calendar: Calendar,
    /// How quick the vendors are from now on.
    pub vendors: Vendors,
    /// How utterances are transcribed, one after the other; well where nothing is said.
    pub manners: VecDeque<Manner>,
    /// Words whose final is owed only when it is asked for.
    unfinished: Option<(CallTime, Input)>,
    hearing: Hearing,
    refused: u32,
    log: Log,
}

/// Whether speech-to-text can be reached. While it cannot, the caller's audio is kept, and its words come late.
#[derive(Debug)]
enum Hearing {
    Up,
    Down(Vec<Input>),
    Gone,
}

impl Stepped {
    /// A call that was answered at zero.
    pub fn answered(business: Business, answered_at_ms: i64, from: &str, has_model: bool) -> Self {
        Self::reminding(business, answered_at_ms, from, has_model, None)
    }

    /// The same for a call that we placed, about an appointment.
    pub fn reminding(
        business: Business,
        answered_at_ms: i64,
        from: &str,
        has_model: bool,
        reminds: Option<Appointment>,
    ) -> Self {
        Self::of(Answered {
            call_sid: "CA00000000000000000000000000000001".to_owned(),
            stream_sid: "MZ00000000000000000000000000000001".to_owned(),
            from: from.to_owned(),
            to: "+12125550100".to_owned(),
            answered_at_ms,
            business,
            turns_by_vendor: false,
            has_model,
            longest_ms: None,
            reminds,
            language: None,
        })
    }

    /// A call of which everything is known.
    pub fn of(answered: Answered) -> Self {
        let calendar = Calendar::new(answered.business.clone(), answered.answered_at_ms);
        let mut stepped = Self {
            call: Call::default(),
            now: CallTime::ZERO,
            agenda: agenda::Agenda::default(),
            pending: VecDeque::new(),
            line: Line::default(),
            playing: Playing::new(Playing::silence()),
            speech: Speech::default(),
            model: VecDeque::new(),
            thinks: None,
            calendar,
            vendors: Vendors::default(),
            manners: VecDeque::new(),
            unfinished: None,
            hearing: Hearing::Up,
            refused: 0,
            log: Vec::new(),
        };
        stepped.put(CallTime::ZERO, Input::Answered(Box::new(answered)));
        stepped
    }

    /// Puts an input on the agenda, as it is.
    pub fn put(&mut self, at: CallTime, input: Input) {
        self.enter(at, Happening::Told(input));
    }

    /// What comes of the phrases that are asked for next; all of it at once where nothing is said.
    pub fn speech_answers(&mut self) -> &mut VecDeque<SpeechAnswer> {
        &mut self.speech.answers
    }

    /// The network and Twilio's end of it.
    pub fn line(&mut self) -> &mut Line {
        &mut self.line
    }

    /// What the caller heard of us.
    pub fn twilio(&self) -> &Twilio {
        &self.line.twilio
    }

    /// How long a word to the caller and its answer take at most, in milliseconds, unless the network stalls.
    pub fn round_trip_ms(&self) -> u32 {
        (self.line.up.slowest() + self.line.down.slowest()).as_millis() as u32
    }

    /// Until when news of what the caller heard was held up or lost, if it ever was.
    pub fn troubled_until(&self) -> Option<CallTime> {
        self.line.troubled_until()
    }

    /// When the next thing happens: on the agenda, because the call wants to be woken, or because frames are due.
    pub fn next_at(&self) -> Option<CallTime> {
        let due = self.call.deadline().map(|(due, _)| due);
        let frames = self.playing.due().filter(|_| self.line.is_up);
        self.agenda.next_at().into_iter().chain(due).chain(frames).min().map(|at| at.max(self.now))
    }

    /// Lets the next thing happen. Returns false when nothing is left to happen.
    pub fn step(&mut self) -> bool {
        let Some(at) = self.next_at() else { return false };
        self.now = at;
        if self.agenda.next_at().is_some_and(|planned| planned <= at) {
            let happening = self.agenda.pop().expect("it was just seen");
            self.happens(happening);
        }
        self.settle();
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
        panic!("the call does not end; the last of it:\n{}", telling::last_of(&self.log, Duration::from_secs(20)));
    }

    /// The call itself.
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// The time of the call.
    pub fn now(&self) -> CallTime {
        self.now
    }

    /// Everything so far.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Whether something of ours is audible to the caller now.
    pub fn is_audible(&self) -> bool {
        self.line.twilio.is_audible(self.now)
    }

    /// Phrases that the playout would not take, because too many waited.
    pub fn refused(&self) -> u32 {
        self.refused
    }

    fn happens(&mut self, happening: Happening) {
        match happening {
            Happening::Told(Input::MarkReached(mark)) => self.mark_comes(mark),
            Happening::Told(input) => self.tell(input),
            Happening::Transcribed(input) => self.transcribed(input),
            Happening::There(what) => {
                for (at, happening) in self.line.happens(self.now, what) {
                    self.enter(at, happening);
                }
            }
            Happening::Speech(phrase, part) => self.speech_comes(phrase, part),
            Happening::StreamDrops => {
                if self.line.drops(self.now) {
                    self.tell(Input::StreamDropped);
                }
            }
            Happening::StreamResumes => {
                if let Some(catching_up) = self.line.resumes(self.now) {
                    self.tell(Input::StreamResumed { stream_sid: "MZ2".to_owned() });
                    for (at, happening) in catching_up {
                        self.enter(at, happening);
                    }
                }
            }
        }
    }

    fn mark_comes(&mut self, mark: Mark) {
        if let Some(heard) = self.playing.echoed(self.now, mark) {
            self.tell(cleared(mark.generation, heard));
        }
        self.tell(Input::MarkReached(mark));
    }

    fn tell(&mut self, input: Input) {
        self.pending.push_back(input);
    }

    /// Tells the call everything that is pending, carries out what it orders, and sends what is due, as the driver does.
    fn settle(&mut self) {
        if self.call.deadline().is_some_and(|(due, _)| due <= self.now) {
            self.tell(Input::Tick);
        }
        let mut out = Vec::new();
        loop {
            while let Some(input) = self.pending.pop_front() {
                self.note(&input);
                self.log.push((self.now, Logged::Input(input.clone())));
                self.call.handle(self.now, input, &mut out);
                for order in out.drain(..) {
                    self.log.push((self.now, Logged::Output(order.clone())));
                    self.carry_out(order);
                }
            }
            self.send_due();
            if self.pending.is_empty() || self.call.is_over() {
                return;
            }
        }
    }

    /// What the world remembers of what the call is told.
    fn note(&mut self, input: &Input) {
        match input {
            Input::HearingFailed(Fault::Retry(_)) if matches!(self.hearing, Hearing::Up) => {
                self.hearing = Hearing::Down(Vec::new());
            }
            Input::HearingFailed(Fault::Retry(_)) => {}
            Input::HearingFailed(_) => self.hearing = Hearing::Gone,
            Input::HearingStarted => self.hearing_is_back(),
            _ => self.line.note(input),
        }
    }

    fn send_due(&mut self) {
        while self.line.is_up
            && let Some(sent) = self.playing.next(self.now)
        {
            if let Sent::Frame { phrase, starts: true, .. } = sent {
                self.tell(Input::PhraseStarted { phrase });
            }
            if let Some((at, happening)) = self.line.sends(self.now, sent) {
                self.enter(at, happening);
            }
        }
    }

    fn transcribed(&mut self, input: Input) {
        match &mut self.hearing {
            Hearing::Up => self.tell(input),
            Hearing::Down(kept) => kept.push(input),
            Hearing::Gone => {}
        }
    }

    fn hearing_is_back(&mut self) {
        if let Hearing::Down(kept) = &mut self.hearing {
            let kept = std::mem::take(kept);
            self.hearing = Hearing::Up;
            for input in kept {
                self.enter(self.now + FINISHING, Happening::Transcribed(input));
            }
        }
    }

    fn finish_utterance(&mut self) {
        if let Some((_, words)) = self.unfinished.take_if(|(ended, _)| *ended <= self.now) {
            self.enter(self.now + FINISHING, Happening::Transcribed(words));
        }
    }

    fn enter(&mut self, at: CallTime, happening: Happening) {
        self.agenda.enter(at.max(self.now), happening);
    }
}
