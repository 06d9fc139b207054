//! Who may speak now: voice, words and deadlines go to the floor chart, and what it decides is done here.

use std::time::Duration;

use statecharts::booking::Event as Booked;
use statecharts::booking::Interruptible;
use statecharts::call::State as LineState;
use statecharts::floor::{Effect, Event, State, Wait};
use statecharts::prompt::Prompt;

use crate::call::{Armed, Call};
use crate::io::{Ending, Input, Output, Role};
use crate::patience;
use crate::record::Stage;
use crate::speaking::{Progress, Spoken};
use crate::time::{CallTime, Timer};

impl Call {
    pub(super) fn voice_started(&mut self, at: CallTime, out: &mut Vec<Output>) {
        self.stops.voice_began();
        let event = match self.floor.state() {
            State::AssistantSpeaking if self.interruptible() != Interruptible::ByAnything => Event::VoicePassedOver,
            // A sound while we think is no reason to stop thinking; words are.
            State::Thinking => Event::VoicePassedOver,
            _ => Event::VoiceStarted,
        };
        self.floor_event(at, event, out);
    }

    pub(super) fn voice_ended(&mut self, at: CallTime, voiced_ms: u32, out: &mut Vec<Output>) {
        self.last_voiced_ms = voiced_ms;
        self.floor_event(at, Event::VoiceEnded, out);
        if self.only_listened() {
            return self.floor_event(at, Event::Backchannel, out);
        }
        if self.kept.is_empty() || self.listening.has_words() {
            return;
        }
        if voiced_ms < patience::WORD_MIN_MS {
            self.say_kept(at, out);
        } else {
            self.timers.set(Timer::Kept, at + patience::KEPT);
        }
    }

    pub(super) fn words_grew(&mut self, at: CallTime, words: &str, out: &mut Vec<Output>) {
        self.words_came(words);
        self.wordless = false;
        match self.floor.state() {
            State::AssistantSpeaking if self.is_backchannel(words) || self.nothing_may_stop_us() => {}
            State::AssistantSpeaking => {
                self.floor_event(at, Event::Interrupted, out);
                self.stay(at, out);
            }
            State::Held | State::CallerSpeaking if self.speaking.is_holding() => self.weigh(at, words, out),
            _ => self.floor_event(at, Event::WordsHeard, out),
        }
    }

    /// Our own voice: what of it was heard, and when it has fallen silent.
    pub(super) fn speak(&mut self, at: CallTime, input: &Input, out: &mut Vec<Output>) {
        let mut progress = Vec::new();
        let was_a_must = self.nothing_may_stop_us();
        self.speaking.handle(at, input, &mut progress);
        for step in progress {
            match step {
                // A filler is no answer: the turn is still open.
                Progress::Started(phrase) | Progress::FirstHeard(phrase) if Some(phrase) == self.filler => {}
                Progress::Started(_) => self.journal.reached(Stage::FirstFrame, at),
                Progress::FirstHeard(_) => self.first_heard(at, out),
                Progress::Finished(spoken) => self.said(spoken, out),
                Progress::Silent => self.fell_silent(at, out),
            }
        }
        if was_a_must && !self.nothing_may_stop_us() {
            self.heed(at, out);
        }
    }

    /// All that was ordered was played. Where some of it had no audio, nobody knows what to answer, and we ask at once.
    fn fell_silent(&mut self, at: CallTime, out: &mut Vec<Output>) {
        self.floor_event(at, Event::AnswerEnded, out);
        if std::mem::take(&mut self.unspoken) && self.floor.state() == State::Open && !self.is_closing() {
            self.floor_event(at, Event::Deadline, out);
        }
    }

    pub(super) fn floor_event(&mut self, at: CallTime, event: Event, out: &mut Vec<Output>) {
        let was_held = self.floor.state() == State::Held;
        let effects = self.floor.handle(event);
        if was_held && matches!(self.floor.state(), State::CallerSpeaking | State::Thinking) {
            self.journal.event(at, "yielded", reason_to_yield(event), out);
        }
        for effect in effects {
            self.take_turns(at, effect, out);
        }
    }

    /// The floor's deadline passed. What waits to be said is the best answer to that, but nobody is talked over for it
    /// before the last deadline, nor while the words of a voice that has just ended may be on their way.
    pub(super) fn floor_due(&mut self, at: CallTime, out: &mut Vec<Output>) {
        if self.is_cut_off() {
            // Nobody is there to hear anything: the wait begins anew.
            return;
        }
        if self.floor.state() == State::Held {
            return self.decide(at, out);
        }
        let still_theirs = self.somebody_speaks() && matches!(self.floor.wait(), Wait::Filler | Wait::Rules);
        let kept = self.kept.len();
        if !still_theirs && self.timers.due(Timer::Kept).is_none() {
            self.say_kept(at, out);
        }
        if self.kept.len() == kept {
            self.floor_event(at, Event::Deadline, out);
        }
    }

    /// Sets the floor's timer when what it waits for has changed, or lasts longer than it did.
    pub(super) fn arm(&mut self, at: CallTime) {
        if self.is_over() {
            Timer::ALL.into_iter().for_each(|timer| self.timers.clear(timer));
            return;
        }
        // Nobody is there to wait for anything; the line has a deadline of its own.
        if self.line.state() == LineState::Resuming {
            self.timers.clear(Timer::Floor);
            self.armed = None;
            return;
        }
        let wait = self.floor.wait();
        let armed = Armed { wait, begun: self.floor.waits(), progress: self.progress_of(wait) };
        if self.armed == Some(armed) {
            return;
        }
        self.armed = Some(armed);
        if !matches!(wait, Wait::Silence | Wait::Words | Wait::Monologue) {
            self.quiet_since = None;
        }
        let patience = match wait {
            Wait::Silence => self.silence_left(at),
            Wait::Words if self.speaking.is_holding() => patience::WORDS_OF_A_STOP,
            Wait::Words => patience::WORDS,
            Wait::Monologue => patience::WORDLESS.min(patience::MONOLOGUE.saturating_sub(self.listening.lasted(at))),
            Wait::Filler => patience::FILLER,
            Wait::Rules => patience::RULES,
            Wait::Apology => patience::APOLOGY,
            Wait::LastMark if !self.speaking.has_begun() => patience::FIRST_AUDIO,
            Wait::LastMark => self.speaking.remaining() + patience::LAST_MARK,
            Wait::Decision => patience::DECISION,
        };
        self.timers.set(Timer::Floor, at + patience);
    }

    /// A noise does not make a silence shorter or longer: it counts from when we fell silent, or from the caller's last word.
    fn silence_left(&mut self, at: CallTime) -> Duration {
        let since = *self.quiet_since.get_or_insert(at);
        patience::SILENCE.saturating_sub(at.since(since)).max(patience::SILENCE_AFTER_NOISE)
    }

    /// What makes a wait that goes on begin anew: more was said, by us or by the caller.
    fn progress_of(&self, wait: Wait) -> u32 {
        match wait {
            Wait::LastMark => self.speaking.progress(),
            Wait::Monologue => self.listening.progress(),
            _ => 0,
        }
    }

    /// A turn that brings nothing to answer: the floor is open again, and what waited is said.
    pub(super) fn nothing_to_say(&mut self, at: CallTime, out: &mut Vec<Output>) {
        self.listening.forget(&mut self.timers);
        self.floor_event(at, Event::NothingToSay, out);
        self.say_kept(at, out);
    }

    pub(super) fn said(&mut self, spoken: Spoken, out: &mut Vec<Output>) {
        self.remember(Role::Assistant, &spoken.heard);
        if spoken.unheard.is_empty() {
            self.heard_whole(&spoken.heard, out);
        }
        self.journal.assistant_said(spoken, out);
    }

    fn take_turns(&mut self, at: CallTime, effect: Effect, out: &mut Vec<Output>) {
        match effect {
            Effect::StopPlayout if !self.speaking.is_busy() => {}
            Effect::StopPlayout => {
                self.journal.event(at, "stopped", "voice while we spoke", out);
                self.stop_speaking(at, out);
            }
            Effect::DropTail => self.drop_tail(at, out),
            Effect::ResumeTail => self.go_on(at, out),
            Effect::CancelAnswer => self.cancel_answer(at, out),
            Effect::ForceTurn => self.force_turn(at, out),
            Effect::AskStillThere => self.tell_booking(at, Booked::Silence, out),
            Effect::GiveUp => self.give_up(at, out),
            Effect::SayFiller => self.say_filler(at, out),
            Effect::AnswerByRules => self.model_is_late(at, out),
            Effect::Apologise => self.apologise(at, out),
            Effect::AssumeHeard => self.assume_heard(at, out),
        }
    }

    /// The marks of what went out did not come back. Where audio is missing by now, the caller did not hear what to answer:
    /// they are asked for a sign of life.
    fn assume_heard(&mut self, at: CallTime, out: &mut Vec<Output>) {
        self.unspoken |= self.speaking.is_incomplete();
        self.journal.event(at, "marks_missing", "the last of them did not come back", out);
        for spoken in self.speaking.assume_heard(at, out) {
            self.said(spoken, out);
        }
        self.fell_silent(at, out);
        self.quiet_since = Some(at - patience::LAST_MARK);
    }

    fn first_heard(&mut self, at: CallTime, out: &mut Vec<Output>) {
        self.journal.reached(Stage::FirstMark, at);
        self.close_turn(out);
    }

    pub(super) fn drop_tail(&mut self, at: CallTime, out: &mut Vec<Output>) {
        self.unspoken = false;
        for spoken in self.speaking.drop_held(at) {
            self.said(spoken, out);
        }
    }

    /// The caller went on while we were thinking: their words join the turn, unless it has been understood already.
    fn cancel_answer(&mut self, at: CallTime, out: &mut Vec<Output>) {
        self.thinking.cancel(out);
        if self.speaking.is_busy() {
            self.stop_speaking(at, out);
            self.drop_tail(at, out);
        }
        if let Some(open) = self.turn.take_if(|open| !open.understood) {
            self.history.pop();
            self.listening.resume(open.turn);
        }
    }

    fn force_turn(&mut self, at: CallTime, out: &mut Vec<Output>) {
        match self.listening.force(at, &mut self.timers) {
            // Keys have a deadline of their own.
            None if self.timers.due(Timer::Keys).is_some() => {}
            Some(turn) => self.turn_ended(at, turn, out),
            None if self.listening.voice_is_on() => {
                self.listening.distrust_voice();
                self.words_never_came(at, out);
            }
            None if self.last_voiced_ms <= self.noise_ms_max() => self.nothing_to_say(at, out),
            None => self.words_never_came(at, out),
        }
    }

    fn noise_ms_max(&self) -> u32 {
        if self.wordless { patience::WORD_MIN_MS } else { patience::NOISE_MAX_MS }
    }

    fn words_never_came(&mut self, at: CallTime, out: &mut Vec<Output>) {
        self.journal.event(at, "not_heard", "a voice without words", out);
        self.wordless = true;
        if self.speaking.is_holding() {
            return self.nothing_to_say(at, out);
        }
        self.listening.forget(&mut self.timers);
        self.floor_event(at, Event::TurnEnded, out);
        self.tell_booking(at, Booked::NotUnderstood, out);
    }

    fn give_up(&mut self, at: CallTime, out: &mut Vec<Output>) {
        self.say(at, &Prompt::Goodbye, out);
        self.farewell(at, Ending::Silence, out);
    }

    /// Plays while we go on thinking, and only where nothing else plays.
    fn say_filler(&mut self, at: CallTime, out: &mut Vec<Output>) {
        self.drop_stuck_filler(at, out);
        if !self.speaking.is_busy() && self.kept.is_empty() && !self.somebody_speaks() && !self.is_cut_off() {
            for text in self.phrases(&Prompt::OneMoment) {
                self.filler = Some(self.speaking.say(text, Prompt::OneMoment.interruptible(), out));
            }
        }
    }

    /// A filler of which the audio breaks off would hold up whatever is to be said next.
    fn drop_stuck_filler(&mut self, at: CallTime, out: &mut Vec<Output>) {
        if self.filler.is_some_and(|filler| self.speaking.is_stuck_on(filler)) {
            self.speaking.stop(at, out);
            self.drop_tail(at, out);
        }
    }

    fn model_is_late(&mut self, at: CallTime, out: &mut Vec<Output>) {
        if self.turn.as_ref().is_some_and(|open| !open.understood) {
            self.journal.event(at, "fault", "model: late: the rules answered", out);
            self.thinking.cancel(out);
            self.answer_by_rules(at, out);
        }
    }

    fn apologise(&mut self, at: CallTime, out: &mut Vec<Output>) {
        self.thinking.cancel(out);
        self.drop_stuck_filler(at, out);
        if self.calendar.waiting.is_some() {
            // It has a deadline of its own, and may be asked twice.
            self.say(at, &Prompt::OneMoment, out);
        } else if self.turn.as_ref().is_some_and(|open| open.answering) {
            self.reply_finished(at, out);
        } else {
            self.tell_booking(at, Booked::NotUnderstood, out);
        }
    }
}

/// What decided that the caller has the floor, of what may happen while that is open.
fn reason_to_yield(event: Event) -> &'static str {
    match event {
        Event::Deadline => "the voice goes on",
        Event::KeyPressed => "a key",
        Event::AnswerEnded => "all was heard",
        _ => "words",
    }
}
