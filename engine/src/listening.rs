//! Listening: voice and transcripts in, finished turns out.
//!
//! A turn is all that the caller says before we may answer. Its words are the finals since the last turn, joined, and
//! what the last interim adds to them. It ends by whichever says so first:
//!
//! 1. the vendor: a final that ends the turn, or a gap between words ([`Input::UtteranceEnded`]);
//! 2. silence: the voice ended and words are there, but the vendor stays quiet. Then it is asked to finish, and when
//!    that brings nothing either, the turn is taken with the words that there are.
//!
//! A final that arrives after its interim was taken is dropped, so that no turn is answered twice.

use std::time::Duration;

use crate::io::{Input, Output};
use crate::time::{CallTime, Timer, Timers};

/// Silence after the voice ended, with words there, before the vendor is asked to finish. Longer than the vendor's own
/// endpointing (300 ms) and its way here, so that it is rarely needed.
const FINISH_AFTER: Duration = Duration::from_millis(900);

/// How long the vendor may take to finish before the words that there are must do.
const TAKE_AFTER: Duration = Duration::from_millis(400);

/// How long a final may be late and still be known for the words of an interim that was taken.
const LATE_FINAL_WITHIN: Duration = Duration::from_secs(3);

/// Below this, a transcript is a guess that is better asked about than believed.
const CONFIDENCE_MIN: f32 = 0.4;

/// A finished turn of the caller.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// The words, joined.
    pub text: String,
    /// The least confident part's confidence.
    pub confidence: f32,
    /// When the first of it was heard.
    pub from: CallTime,
    /// When the voice last ended, as far as it is known.
    pub speech_ended: CallTime,
    /// When the last final arrived, if any did.
    pub transcribed: Option<CallTime>,
}

impl Turn {
    /// Whether the words can be relied on.
    pub fn is_clear(&self) -> bool {
        self.confidence >= CONFIDENCE_MIN
    }
}

/// What listening makes of an input.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// The caller's words are growing: these are all of the turn so far.
    Words(String),
    /// The turn is over.
    Turn(Turn),
}

/// The caller's side of the conversation, as far as it is heard.
#[derive(Debug, Default)]
pub struct Listening {
    finals: Vec<String>,
    interim: String,
    confidence: Option<f32>,
    began: Option<CallTime>,
    voice_on: bool,
    voice_ended: Option<CallTime>,
    transcribed: Option<CallTime>,
    asked_to_finish: bool,
    taken_interim: Option<(CallTime, String)>,
    progress: u32,
}

impl Listening {
    /// Takes note of one input. Inputs that are none of its business do nothing.
    pub fn handle(&mut self, at: CallTime, input: &Input, timers: &mut Timers) -> Option<Heard> {
        match input {
            Input::VoiceStarted => {
                self.voice_on = true;
                self.began.get_or_insert(at);
                self.asked_to_finish = false;
                timers.clear(Timer::EndOfTurn);
                None
            }
            Input::VoiceEnded { .. } => {
                self.voice_on = false;
                self.voice_ended = Some(at);
                self.wait_for_the_end(at, timers);
                None
            }
            Input::Interim { text, confidence } => self.take_interim(at, text, *confidence, timers),
            Input::Final { text, confidence, ends_turn, .. } => {
                self.take_final(at, text, *confidence, *ends_turn, timers)
            }
            Input::UtteranceEnded if self.has_words() => Some(Heard::Turn(self.end_turn(at, timers))),
            _ => None,
        }
    }

    /// The end-of-turn timer fired: asks the vendor to finish, or takes the words that there are.
    pub fn end_of_turn_due(&mut self, at: CallTime, timers: &mut Timers, out: &mut Vec<Output>) -> Option<Turn> {
        if self.voice_on || !self.has_words() {
            return None;
        }
        if self.asked_to_finish {
            return Some(self.end_turn(at, timers));
        }
        self.asked_to_finish = true;
        out.push(Output::FinishUtterance);
        timers.set(Timer::EndOfTurn, at + TAKE_AFTER);
        None
    }

    /// Ends the turn now, with the words there are, if there are any.
    pub fn force(&mut self, at: CallTime, timers: &mut Timers) -> Option<Turn> {
        self.has_words().then(|| self.end_turn(at, timers))
    }

    /// Gives back a turn that was taken too early: the caller went on. Its words come before those that follow.
    pub fn resume(&mut self, turn: Turn) {
        self.finals.insert(0, turn.text);
        self.began = Some(turn.from);
        self.confidence = Some(self.confidence.map_or(turn.confidence, |known| known.min(turn.confidence)));
    }

    /// Forgets an attempt at speaking that never became words.
    pub fn forget(&mut self, timers: &mut Timers) {
        let late = self.taken_interim.take();
        *self = self.after_a_turn(late);
        timers.clear(Timer::EndOfTurn);
    }

    /// Whether the local detector hears a voice.
    pub fn voice_is_on(&self) -> bool {
        self.voice_on
    }

    /// Counts what arrives of the caller's words: as long as it stands still, nothing more was understood.
    pub fn progress(&self) -> u32 {
        self.progress
    }

    /// How long the turn has been going on.
    pub fn lasted(&self, at: CallTime) -> Duration {
        self.began.map_or(Duration::ZERO, |began| at.since(began))
    }

    /// What the detector hears is no voice, for all that came of it.
    pub fn distrust_voice(&mut self) {
        self.voice_on = false;
    }

    /// Whether any words of the turn are known.
    pub fn has_words(&self) -> bool {
        !self.interim.is_empty() || !self.finals.is_empty()
    }

    fn take_interim(&mut self, at: CallTime, text: &str, confidence: f32, timers: &mut Timers) -> Option<Heard> {
        if text.is_empty() || self.belongs_to_the_last_turn(at, text) {
            return None;
        }
        self.began.get_or_insert(at);
        self.progress = self.progress.wrapping_add(1);
        self.interim = text.to_owned();
        self.confidence = Some(self.confidence.unwrap_or(1.0).min(confidence.max(CONFIDENCE_MIN)));
        self.wait_for_the_end(at, timers);
        Some(Heard::Words(self.words()))
    }

    fn take_final(
        &mut self,
        at: CallTime,
        text: &str,
        confidence: f32,
        ends_turn: bool,
        timers: &mut Timers,
    ) -> Option<Heard> {
        if !text.is_empty() && self.belongs_to_the_last_turn(at, text) {
            self.taken_interim = None;
            return None;
        }
        if !text.is_empty() {
            self.began.get_or_insert(at);
            self.progress = self.progress.wrapping_add(1);
            self.finals.push(text.to_owned());
            self.confidence = Some(self.confidence.unwrap_or(1.0).min(confidence));
            self.interim.clear();
            self.transcribed = Some(at);
        } else if ends_turn && self.finals.is_empty() {
            return None;
        }
        if ends_turn && self.has_words() {
            return Some(Heard::Turn(self.end_turn(at, timers)));
        }
        self.wait_for_the_end(at, timers);
        self.has_words().then(|| Heard::Words(self.words()))
    }

    /// Words are known and no voice is heard: from here on silence counts.
    fn wait_for_the_end(&mut self, at: CallTime, timers: &mut Timers) {
        if !self.voice_on && self.has_words() && !self.asked_to_finish {
            let silent_since = self.voice_ended.unwrap_or(at);
            timers.set(Timer::EndOfTurn, (silent_since + FINISH_AFTER).max(at));
        }
    }

    fn end_turn(&mut self, at: CallTime, timers: &mut Timers) -> Turn {
        let turn = Turn {
            text: self.words(),
            confidence: self.confidence.unwrap_or(0.0),
            from: self.began.unwrap_or(at),
            speech_ended: self.voice_ended.filter(|_| !self.voice_on).unwrap_or(at),
            transcribed: self.transcribed,
        };
        let taken = (!self.interim.is_empty()).then(|| (at, std::mem::take(&mut self.interim)));
        *self = self.after_a_turn(taken);
        timers.clear(Timer::EndOfTurn);
        turn
    }

    /// What is left when a turn is taken, or forgotten.
    fn after_a_turn(&self, taken_interim: Option<(CallTime, String)>) -> Self {
        Self { voice_on: self.voice_on, progress: self.progress, taken_interim, ..Self::default() }
    }

    /// Whether words that arrive now are those of an interim that was already taken for a turn.
    fn belongs_to_the_last_turn(&self, at: CallTime, text: &str) -> bool {
        self.taken_interim
            .as_ref()
            .is_some_and(|(taken_at, taken)| at.since(*taken_at) <= LATE_FINAL_WITHIN && begins_alike(taken, text))
    }

    fn words(&self) -> String {
        let parts = self.finals.iter().chain((!self.interim.is_empty()).then_some(&self.interim));
        parts.map(|part| part.trim()).collect::<Vec<_>>().join(" ")
    }
}

/// Whether two transcripts of the same sound may be compared here: the first word decides, spelling aside.
fn begins_alike(taken: &str, text: &str) -> bool {
    let first = |words: &str| {
        let word = words.split_whitespace().next().unwrap_or_default();
        word.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>()
    };
    first(taken) == first(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Ear {
        listening: Listening,
        timers: Timers,
        out: Vec<Output>,
    }

    impl Ear {
        fn new() -> Self {
            Self { listening: Listening::default(), timers: Timers::default(), out: Vec::new() }
        }

        fn hears(&mut self, ms: u64, input: Input) -> Option<Heard> {
            self.listening.handle(CallTime::from_ms(ms), &input, &mut self.timers)
        }

        fn due(&mut self, ms: u64) -> Option<Turn> {
            let at = CallTime::from_ms(ms);
            assert_eq!(self.timers.take_due(at), Some(Timer::EndOfTurn));
            self.listening.end_of_turn_due(at, &mut self.timers, &mut self.out)
        }
    }

    fn interim(text: &str) -> Input {
        Input::Interim { text: text.into(), confidence: 0.9 }
    }

    fn last(text: &str, ends_turn: bool) -> Input {
        Input::Final { text: text.into(), confidence: 0.95, from_ms: 0, to_ms: 0, ends_turn }
    }

    fn turn_of(heard: Option<Heard>) -> String {
        match heard {
            Some(Heard::Turn(turn)) => turn.text,
            other => panic!("no turn: {other:?}"),
        }
    }

    #[test]
    fn finals_are_joined_until_the_vendor_ends_the_turn() {
        let mut ear = Ear::new();
        ear.hears(0, Input::VoiceStarted);
        ear.hears(900, last("A haircut please,", false));
        ear.hears(1_500, interim("tomorrow"));
        assert_eq!(turn_of(ear.hears(2_000, last("tomorrow at three.", true))), "A haircut please, tomorrow at three.");
        assert!(!ear.listening.has_words());
    }

    #[test]
    fn an_empty_final_that_ends_the_turn_takes_the_words_before_it() {
        let mut ear = Ear::new();
        ear.hears(900, last("Yes.", false));
        assert_eq!(turn_of(ear.hears(1_300, last("", true))), "Yes.");
        assert_eq!(ear.hears(1_400, last("", true)), None);
        assert_eq!(ear.hears(2_400, Input::UtteranceEnded), None);
    }

    #[test]
    fn a_gap_between_words_ends_the_turn_in_noise() {
        let mut ear = Ear::new();
        ear.hears(0, Input::VoiceStarted);
        ear.hears(900, last("Friday at two", false));
        assert_eq!(turn_of(ear.hears(2_000, Input::UtteranceEnded)), "Friday at two");
    }

    #[test]
    fn a_silent_vendor_is_asked_and_then_done_without() {
        let mut ear = Ear::new();
        ear.hears(0, Input::VoiceStarted);
        ear.hears(500, interim("a beard trim"));
        ear.hears(1_000, Input::VoiceEnded { voiced_ms: 800 });
        assert_eq!(ear.due(1_900), None);
        assert_eq!(ear.out, [Output::FinishUtterance]);
        assert_eq!(ear.due(2_300).expect("the words there are").text, "a beard trim");
    }

    #[test]
    fn a_final_that_comes_after_its_turn_was_taken_is_no_second_turn() {
        let mut ear = Ear::new();
        ear.hears(500, interim("a beard trim"));
        ear.listening.force(CallTime::from_ms(1_000), &mut ear.timers).expect("words are there");
        assert_eq!(ear.hears(1_400, last("A beard trim.", true)), None);
        assert_eq!(turn_of(ear.hears(2_500, last("Friday.", true))), "Friday.");
    }

    #[test]
    fn a_voice_that_comes_back_takes_the_deadline_away() {
        let mut ear = Ear::new();
        ear.hears(500, interim("on friday"));
        ear.hears(700, Input::VoiceEnded { voiced_ms: 300 });
        ear.hears(900, Input::VoiceStarted);
        assert_eq!(ear.timers.soonest(), None);
    }

    #[test]
    fn words_of_a_turn_taken_too_early_come_first() {
        let mut ear = Ear::new();
        let taken = turn_of(ear.hears(500, last("tomorrow", true)));
        let turn = Turn {
            text: taken,
            confidence: 0.9,
            from: CallTime::ZERO,
            speech_ended: CallTime::from_ms(400),
            transcribed: None,
        };
        ear.listening.resume(turn);
        assert_eq!(turn_of(ear.hears(1_500, last("at three", true))), "tomorrow at three");
    }
}
