//! Call: owns the parts of one call, passes inputs to them, and holds no cleverness of its own.
//!
//! | part | knows | file |
//! |---|---|---|
//! | listening | what the caller says, and when a turn is over | `listening/` |
//! | thinking | what the model makes of a turn | `thinking/` |
//! | booking chart | what comes next in the booking | `statecharts::booking` |
//! | speaking | what the caller hears of us | `speaking.rs` |
//! | floor chart | who may speak now | `statecharts::floor` |
//! | line chart | whether there is a call | `statecharts::call` |
//! | journal | what is written down about it | `call/journal.rs` |
//!
//! The charts answer with effects; `call/conversing.rs` carries out the booking's, `call/turn_taking.rs` the floor's,
//! and `call/line.rs` the line's. Every wait of a chart becomes a [`Timer`], with its length in [`crate::patience`].

mod announcing;
mod conversing;
mod expecting;
mod going_on;
mod journal;
mod language;
mod line;
mod message;
mod own_words;
mod turn_taking;
mod turns;
mod typing;
mod unheeded;

use chrono::{DateTime, NaiveDateTime};
use statecharts::booking::{Booking, Interruptible};
use statecharts::call::{Call as Line, State as LineState};
use statecharts::floor::{Floor, State as FloorState, Wait};
use statecharts::proposal::Expect;

use crate::business::Business;
use crate::call::going_on::Stops;
use crate::call::journal::Journal;
use crate::call::message::PassedOn;
use crate::call::own_words::OwnWords;
use crate::call::turns::OpenTurn;
use crate::call::unheeded::Unheeded;
use crate::io::{Answered, Input, Message, Output, PhraseId, QueryId};
use crate::keypad::Keypad;
use crate::listening::Listening;
use crate::listening::word_times::WordTimes;
use crate::record::Stage;
use crate::speaking::Speaking;
use crate::thinking::Thinking;
use crate::time::{CallTime, Timer, Timers};

/// One call. A new one waits for [`Input::Answered`]; after its end it ignores everything.
#[derive(Default)]
pub struct Call {
    answered: Option<Answered>,
    /// The business in another language, once the call is held in it.
    spoken: Option<Business>,
    line: Line,
    floor: Floor,
    booking: Booking,
    listening: Listening,
    thinking: Thinking,
    speaking: Speaking,
    keypad: Keypad,
    journal: Journal,
    timers: Timers,
    armed: Option<Armed>,
    turn: Option<OpenTurn>,
    /// Phrases that wait for the caller to stop speaking.
    kept: Vec<Saying>,
    /// Phrases of the latest reading back that were not heard to their end yet.
    unheard_plan: Vec<String>,
    /// Words of another system that wait for a pause.
    given: Vec<String>,
    /// The last "one moment".
    filler: Option<PhraseId>,
    stops: Stops,
    unheeded: Unheeded,
    own_words: OwnWords,
    word_times: WordTimes,
    /// Whom the caller is put through to when the last word was heard.
    transfer_to: Option<String>,
    /// Something we had to say will not be heard, because its audio does not come.
    unspoken: bool,
    history: Vec<Message>,
    calendar: Calendar,
    /// When the caller last gave a name.
    named: Option<CallTime>,
    hearing_failures: u32,
    /// What speech-to-text was told to expect.
    expected: Expect,
    /// Since when nobody has said anything.
    quiet_since: Option<CallTime>,
    /// How long the caller's last sound was.
    last_voiced_ms: u32,
    /// No words came of the caller's last voice, nor any since.
    wordless: bool,
    /// Whether the caller was asked for a sign of life since their audio stopped.
    frames_asked_after: bool,
    /// The caller was told that somebody will call back.
    call_back_promised: bool,
    /// An appointment was made in this call.
    booked: bool,
    /// One that stood was moved in it.
    moved: bool,
    /// One that stood was cancelled in it.
    cancelled: bool,
    /// One that we called about was confirmed.
    confirmed: bool,
    passed_on: PassedOn,
    now: CallTime,
}

/// One phrase to say, and what may stop it.
struct Saying {
    text: String,
    interruptible: Interruptible,
}

/// The floor's wait that its timer is set for.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Armed {
    wait: Wait,
    begun: u32,
    progress: u32,
}

/// What was asked of the calendar and is not answered yet.
#[derive(Default)]
struct Calendar {
    asked_before: u32,
    waiting: Option<QueryId>,
}

impl Call {
    /// Tells the call one thing that happened, and appends everything it wants done about it.
    ///
    /// `at` must not run back. Nothing is done before [`Input::Answered`], nor after the end.
    pub fn handle(&mut self, at: CallTime, input: Input, out: &mut Vec<Output>) {
        if self.answered.is_none() || self.is_over() {
            if let Input::Answered(answered) = input
                && self.answered.is_none()
            {
                self.answer(at, *answered, out);
            }
            return;
        }
        self.now = at;
        if let Input::Final { text, words, .. } = &input {
            self.word_times.told(text, words);
        }
        self.hear(at, &input, out);
        self.think(at, &input, out);
        self.speak(at, &input, out);
        self.attend(at, input, out);
        self.forget_guesses(out);
        self.announce(at, out);
        self.close_when_said(at, out);
        self.expect_words(out);
        self.arm(at);
    }

    /// The next moment the call must be given [`Input::Tick`], and the timer that asks for it.
    pub fn deadline(&self) -> Option<(CallTime, Timer)> {
        self.timers.soonest()
    }

    /// Whether the call has ended, with everything about it written down.
    pub fn is_over(&self) -> bool {
        self.line.state() == LineState::Ended
    }

    /// Whether goodbye is being said.
    pub fn is_closing(&self) -> bool {
        self.line.state() == LineState::Closing
    }

    /// Events that a chart had no use for: none, if all is well.
    pub fn unhandled(&self) -> u32 {
        self.line.unhandled() + self.floor.unhandled() + self.booking.unhandled()
    }

    /// Who has the floor.
    pub fn floor(&self) -> FloorState {
        self.floor.state()
    }

    fn attend(&mut self, at: CallTime, input: Input, out: &mut Vec<Output>) {
        match input {
            Input::KeyPressed(key) => self.key_pressed(at, key, out),
            Input::PhraseArrived { phrase } if Some(phrase) != self.filler => {
                self.journal.reached(Stage::FirstAudio, at);
            }
            Input::Typed { text } => self.typed(at, &text, out),
            Input::Noted { name, detail } => self.journal.event(at, &name, detail, out),
            Input::HearingStarted => self.hearing_failures = 0,
            Input::HearingFailed(fault) => self.hearing_failed(at, &fault, out),
            Input::SynthesisFailed { phrase, fault } => self.synthesis_failed(at, phrase, &fault, out),
            Input::FramesStopped => self.frames_stopped(at, out),
            Input::FramesResumed => self.frames_resumed(at, out),
            Input::TimesFound { query, wanted_is_free, refusal, nearest } => {
                self.times_found(at, query, wanted_is_free, refusal, nearest, out);
            }
            Input::SlotReserved { query, appointment } => self.slot_reserved(at, query, appointment, out),
            Input::SlotTaken { query, nearest } => self.slot_taken(at, query, nearest, out),
            Input::AppointmentsFound { query, appointments } => self.appointments_found(at, query, appointments, out),
            Input::AppointmentCancelled { query } => self.appointment_cancelled(at, query, out),
            Input::CalendarFailed { query, fault } => self.calendar_failed(at, query, &fault, out),
            Input::StreamDropped => self.stream_dropped(at, out),
            Input::StreamResumed { stream_sid } => self.stream_resumed(at, stream_sid, out),
            Input::HungUp => self.hung_up(at, out),
            Input::Draining => self.draining(at, out),
            Input::WordsGiven { text } => self.words_given(at, text, out),
            Input::Tick => self.tick(at, out),
            _ => {}
        }
    }

    fn tick(&mut self, at: CallTime, out: &mut Vec<Output>) {
        while let Some(timer) = self.timers.take_due(at) {
            match timer {
                Timer::EndOfTurn => {
                    if let Some(turn) = self.listening.end_of_turn_due(at, &mut self.timers, out) {
                        self.turn_ended(at, turn, out);
                    }
                }
                Timer::Floor => {
                    self.armed = None;
                    self.floor_due(at, out);
                }
                Timer::Kept if self.listening.voice_is_on() || self.listening.has_words() => {}
                Timer::Kept => self.say_kept(at, out),
                Timer::Keys => self.keys_paused(at, out),
                Timer::Calendar => self.calendar_is_late(at, out),
                Timer::LastWord | Timer::Resume => self.line_due(at, out),
                Timer::Frames => self.frames_are_gone(at, out),
                Timer::LongestCall => self.too_long(at, out),
            }
        }
    }

    /// The booking's state, as it is written down and told to the model.
    fn booking_state(&self) -> String {
        format!("{:?}", self.booking.state()).to_lowercase()
    }

    /// The stream dropped, and no other has adopted the call yet.
    fn is_cut_off(&self) -> bool {
        self.line.state() == LineState::Resuming
    }

    /// The business in the language that the call is held in.
    fn business(&self) -> &Business {
        self.spoken.as_ref().unwrap_or(&self.answered().business)
    }

    fn answered(&self) -> &Answered {
        self.answered.as_ref().expect("nothing is handled before the answer")
    }

    /// The business's own time at a moment of the call.
    fn local(&self, at: CallTime) -> NaiveDateTime {
        let answered = self.answered();
        let utc_ms = answered.answered_at_ms.saturating_add(at.as_ms() as i64);
        let utc = DateTime::from_timestamp_millis(utc_ms).unwrap_or_default();
        utc.with_timezone(&answered.business.time_zone).naive_local()
    }

    /// Tells speech-to-text when something else was asked for.
    fn expect_words(&mut self, out: &mut Vec<Output>) {
        let expects = self.booking.expects();
        if expects != self.expected && !self.is_over() {
            self.expected = expects;
            out.push(Output::ExpectWords { keyterms: expecting::keyterms(self.business(), expects) });
        }
    }
}
