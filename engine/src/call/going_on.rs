//! Going on after a voice stopped us and nothing came of it: a lorry, a cough, a "mm-hm" that took its time.
//!
//! Within half a second of the stop it is decided who has the floor; but the rest of what we were saying is kept until
//! the caller has said something that matters, and otherwise it goes on from the very word. Words that come later than
//! that stop us again, and then for good.

use statecharts::booking::Interruptible;
use statecharts::call::State as LineState;
use statecharts::floor::{Event, State};
use statecharts::proposal::Intent;

use crate::call::Call;
use crate::io::Output;
use crate::patience;
use crate::time::CallTime;
use crate::understanding;

/// A voice that is less likely speech than this gets no floor for it.
const SPEECH_PERCENT_MIN: u8 = 50;

/// A voice less likely than this to be somebody near who talks is far away, or no voice: its words need to make sense to
/// count. One much fainter than the caller's own in this call gets a quarter of what it would (see the detector).
const FAR_PERCENT_MAX: u8 = 25;

/// After so many stops in a row of which nothing came, only words stop us: in a noisy place a sentence would be chopped to
/// pieces otherwise.
const IN_VAIN_MAX: u32 = 3;

/// What is known of the voice on the line, and of the stops that voices caused.
#[derive(Debug, Default)]
pub(super) struct Stops {
    /// When we were stopped last.
    at: CallTime,
    /// How likely the voice on the line is somebody near who talks. Before the detector says so, it may be.
    speech_percent: Option<u8>,
    /// Words came of it, which is a better witness than its sound.
    has_words: bool,
    /// The words so far of the voice that stopped us only say "go on".
    only_listens: bool,
    /// Stops since the caller's last word of which nothing came.
    in_vain: u32,
}

impl Stops {
    pub(super) fn voice_began(&mut self) {
        self.speech_percent = None;
        self.has_words = false;
    }

    /// The words so far are a turn. What sound goes on behind them is judged anew.
    pub(super) fn turn_taken(&mut self) {
        self.has_words = false;
    }

    pub(super) fn voice_lasted(&mut self, speech_percent: u8) {
        self.speech_percent = Some(speech_percent);
    }

    fn voice_is_far(&self) -> bool {
        self.speech_percent.is_some_and(|percent| percent <= FAR_PERCENT_MAX)
    }

    fn voice_may_be_speech(&self) -> bool {
        self.has_words || self.speech_percent.is_none_or(|percent| percent >= SPEECH_PERCENT_MIN)
    }
}

impl Call {
    /// Whether somebody is speaking, as far as the detector can tell.
    pub(super) fn somebody_speaks(&self) -> bool {
        self.listening.voice_is_on() && self.stops.voice_may_be_speech()
    }

    /// What may stop us now.
    pub(super) fn interruptible(&self) -> Interruptible {
        let here = match self.line.state() {
            LineState::Closing if !self.line.may_stay() => Interruptible::Never,
            LineState::Closing => Interruptible::ByWords,
            _ if self.stops.in_vain >= IN_VAIN_MAX => Interruptible::ByWords,
            _ => Interruptible::ByAnything,
        };
        self.speaking.interruptible().max(here)
    }

    /// The time for a verdict on the voice that stopped us is over, and no words helped.
    pub(super) fn decide(&mut self, at: CallTime, out: &mut Vec<Output>) {
        let noise = self.listening.voice_is_on() && !self.somebody_speaks();
        self.floor_event(at, if noise { Event::Backchannel } else { Event::Deadline }, out);
    }

    /// Words of the voice that stopped us: they take the floor, or only say "go on".
    pub(super) fn weigh(&mut self, at: CallTime, words: &str, out: &mut Vec<Output>) {
        self.stops.only_listens = self.is_backchannel(words);
        if !self.stops.only_listens {
            self.floor_event(at, Event::Interrupted, out);
        } else if self.listening.voice_is_on() {
            self.floor_event(at, Event::WordsHeard, out);
        } else {
            self.floor_event(at, Event::Backchannel, out);
        }
    }

    /// The vendor heard the end of words that only say "go on". A voice that is still speaking may have more to say.
    pub(super) fn pass_over_stop(&mut self, at: CallTime, out: &mut Vec<Output>) {
        self.stops.turn_taken();
        self.stops.only_listens = true;
        if !self.somebody_speaks() {
            self.floor_event(at, Event::Backchannel, out);
        }
    }

    /// The voice that stopped us was our own. It goes on sounding for as long as the line takes to return it.
    pub(super) fn stop_was_our_echo(&mut self, at: CallTime, out: &mut Vec<Output>) {
        self.stops.turn_taken();
        self.floor_event(at, Event::Backchannel, out);
    }

    /// The voice that stopped us has ended, and all its words say "go on".
    pub(super) fn only_listened(&self) -> bool {
        self.speaking.is_holding() && self.stops.only_listens
    }

    /// It was no interruption.
    pub(super) fn go_on(&mut self, at: CallTime, out: &mut Vec<Output>) {
        if !self.listening.has_words() {
            self.stops.in_vain += 1;
        }
        self.journal.event(at, "went_on", "it was no interruption", out);
        if !self.resume_speaking(at, out) {
            self.floor_event(at, Event::AnswerEnded, out);
        }
        self.say_kept(at, out);
    }

    pub(super) fn stop_speaking(&mut self, at: CallTime, out: &mut Vec<Output>) {
        self.stops.at = at;
        self.stops.only_listens = false;
        self.speaking.stop(at, out);
    }

    /// Goes on with what was stopped, from the word at which the caller stopped hearing us. After a while nobody
    /// remembers half a sentence: then from its clause, as anybody would, and no further back.
    pub(super) fn resume_speaking(&mut self, at: CallTime, out: &mut Vec<Output>) -> bool {
        if at.since(self.stops.at) > patience::MID_SENTENCE {
            self.speaking.go_back_to_clause();
        }
        self.speaking.resume(out)
    }

    /// What stopped us cannot be judged any more: the line went away.
    pub(super) fn take_stop_back(&mut self, at: CallTime, out: &mut Vec<Output>) {
        let is_kept = self.floor.state() == State::CallerSpeaking && self.speaking.is_holding();
        if self.floor.state() == State::Held || (is_kept && !self.listening.has_words()) {
            self.floor_event(at, Event::Backchannel, out);
        }
    }

    /// The voice on the line cannot be heard to its end.
    pub(super) fn voice_is_lost(&mut self, at: CallTime, out: &mut Vec<Output>) {
        self.listening.distrust_voice();
        self.floor_event(at, Event::VoiceEnded, out);
    }

    /// The caller said something, so whatever stops us now is not the place they are in.
    pub(super) fn words_came(&mut self, words: &str) {
        self.stops.in_vain = 0;
        self.stops.has_words = !self.is_far_talk(words);
        self.quiet_since = None;
    }

    /// Whether words only say "go on", or goodbye into our own. What answers a question that was heard is no such thing; a "yeah" while the
    /// appointment is still being read back agrees to nothing yet.
    pub(super) fn is_backchannel(&self, words: &str) -> bool {
        if self.is_closing() {
            return understanding::is_backchannel(words, self.business().language)
                || understanding::is_parting(words, self.business().language);
        }
        let is_answer = self.booking.takes_yes() && !self.question_is_ahead();
        (!is_answer && understanding::is_backchannel(words, self.business().language)) || self.is_far_talk(words)
    }

    /// Whether words are of a voice far away, and say nothing that anybody would say to us: a television, or others in the
    /// room. The caller, who may have turned away from the telephone, is heard by what they say.
    fn is_far_talk(&self, words: &str) -> bool {
        let means_nothing = || {
            let proposal = understanding::understand(words, &self.situation(self.now));
            proposal.intent == Intent::Other
                && !proposal.has_facts()
                && !understanding::asks_to_stop(words, self.business().language)
        };
        self.stops.voice_is_far() && means_nothing()
    }

    /// Whether a question is still to be said, behind what is being said or was cut off: nothing answers it yet.
    fn question_is_ahead(&self) -> bool {
        let mut unheard = self.speaking.unheard();
        let asks = |text: &str| text.ends_with('?');
        !unheard.next().is_some_and(asks) && unheard.any(asks)
    }
}
