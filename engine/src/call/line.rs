//! Whether there is a call: its answer, a stream that drops and comes back, and its end.

use std::time::Duration;

use statecharts::booking::Event as Booked;
use statecharts::call::{Effect, Event, Wait};
use statecharts::floor::State as FloorState;
use statecharts::prompt::Prompt;
use statecharts::proposal::{Intent, Proposal};

use crate::business::DetailQuestion;
use crate::call::{Call, expecting};
use crate::io::{Answered, Ending, Output};
use crate::listening::Listening;
use crate::patience;
use crate::time::{CallTime, Timer};
use crate::wording;

impl Call {
    pub(super) fn answer(&mut self, at: CallTime, answered: Answered, out: &mut Vec<Output>) {
        let language = answered.language.filter(|language| *language != answered.business.language);
        out.push(Output::StartHearing { keyterms: expecting::keyterms(&answered.business, self.expected) });
        self.listening = Listening::new(answered.turns_by_vendor);
        let longest = answered.longest_ms.map_or(patience::LONGEST_CALL, Duration::from_millis);
        self.timers.set(Timer::LongestCall, at + longest.min(patience::LONGEST_CALL));
        self.answered = Some(answered);
        if let Some(language) = language {
            self.speak_language(language, out);
        }
        self.line_event(at, Event::Answered, out);
        self.arm(at);
    }

    pub(super) fn line_event(&mut self, at: CallTime, event: Event, out: &mut Vec<Output>) {
        for effect in self.line.handle(event) {
            match effect {
                Effect::Greet => self.greet(at, out),
                Effect::WelcomeBack => self.say(at, &Prompt::CutOff, out),
                Effect::SayGoodbye(_) => self.say(at, &Prompt::Goodbye, out),
                Effect::Close(ending) => {
                    self.hand_over(ending, out);
                    out.push(Output::CloseLeg { ending });
                }
                Effect::Finish(ending) => self.finish(at, ending, out),
            }
        }
        self.line_waits(at);
    }

    fn line_waits(&mut self, at: CallTime) {
        match self.line.wait() {
            Some(Wait::Resume) => self.timers.set(Timer::Resume, at + patience::RESUME),
            Some(Wait::LastWord) => {
                self.timers.set(Timer::LastWord, at + self.speaking.remaining() + patience::LAST_MARK);
            }
            None => {
                self.timers.clear(Timer::Resume);
                self.timers.clear(Timer::LastWord);
            }
        }
    }

    /// After a goodbye, the call is closed when its last word has been heard.
    pub(super) fn close_when_said(&mut self, at: CallTime, out: &mut Vec<Output>) {
        if self.is_closing() && !self.speaking.is_busy() && !self.speaking.is_holding() && self.kept.is_empty() {
            self.line_event(at, Event::LastWordHeard, out);
        }
    }

    /// Who goes on into the last words is not leaving yet.
    pub(super) fn stay(&mut self, at: CallTime, out: &mut Vec<Output>) {
        if !self.line.may_stay() {
            return;
        }
        self.journal.event(at, "stayed", "the caller has more to say", out);
        self.transfer_to = None;
        self.line_event(at, Event::CallerWentOn, out);
        self.tell_booking(at, Booked::Stayed, out);
    }

    /// Goodbye: the call ends when what is being said was heard. What was kept for the caller's sake is said now, because
    /// nothing comes after it.
    pub(super) fn farewell(&mut self, at: CallTime, ending: Ending, out: &mut Vec<Output>) {
        self.take_stop_back(at, out);
        self.line_event(at, Event::Farewell(ending), out);
        let kept = std::mem::take(&mut self.kept);
        if self.is_over() {
            return;
        }
        for saying in kept {
            self.start_saying(at, saying, out);
        }
        self.line_waits(at);
    }

    /// A person takes over, once: before the leg is closed, or when it is gone.
    fn hand_over(&mut self, ending: Ending, out: &mut Vec<Output>) {
        if ending == Ending::Transfer
            && let Some(to) = self.transfer_to.take()
        {
            let whisper = wording::whisper(self.booking.facts(), &self.answered().business, self.local(self.now));
            out.push(Output::Transfer { to, whisper });
        }
    }

    pub(super) fn frames_stopped(&mut self, at: CallTime, out: &mut Vec<Output>) {
        self.journal.event(at, "frames_stopped", "no audio of the caller comes", out);
        self.voice_is_lost(at, out);
        self.take_stop_back(at, out);
        self.timers.set(Timer::Frames, at + patience::FRAMES);
        self.frames_asked_after = false;
        // An answer that is on its way says enough.
        if self.floor.state() != FloorState::Thinking && !self.is_closing() {
            self.say(at, &Prompt::TroubleHearing, out);
        }
    }

    pub(super) fn frames_are_gone(&mut self, at: CallTime, out: &mut Vec<Output>) {
        if self.is_closing() {
            return;
        }
        if !std::mem::replace(&mut self.frames_asked_after, true) {
            self.timers.set(Timer::Frames, at + patience::FRAMES);
            return self.say(at, &Prompt::StillThere, out);
        }
        if self.person().is_some() {
            self.tell_booking(at, Booked::Understood(Proposal::of(Intent::Person)), out);
        } else {
            self.part_unheard(at, out);
        }
    }

    /// What the caller said meanwhile is lost, and they cannot know it.
    pub(super) fn frames_resumed(&mut self, at: CallTime, out: &mut Vec<Output>) {
        if self.timers.due(Timer::Frames).is_some() && !self.is_closing() {
            self.say(at, &Prompt::CutOff, out);
            self.tell_booking(at, Booked::Silence, out);
        }
        self.timers.clear(Timer::Frames);
    }

    pub(super) fn line_due(&mut self, at: CallTime, out: &mut Vec<Output>) {
        self.line_event(at, Event::Deadline, out);
    }

    pub(super) fn hung_up(&mut self, at: CallTime, out: &mut Vec<Output>) {
        self.line_event(at, Event::HungUp, out);
    }

    /// Nobody hears us, and nobody is heard. What is being said waits for the next stream; a filler does not.
    pub(super) fn stream_dropped(&mut self, at: CallTime, out: &mut Vec<Output>) {
        self.timers.clear(Timer::Frames);
        self.voice_is_lost(at, out);
        self.take_stop_back(at, out);
        self.stop_speaking(at, out);
        if self.floor.state() != FloorState::AssistantSpeaking {
            self.drop_tail(at, out);
        }
        self.line_event(at, Event::Dropped, out);
    }

    pub(super) fn stream_resumed(&mut self, at: CallTime, stream_sid: String, out: &mut Vec<Output>) {
        if let Some(answered) = &mut self.answered {
            answered.stream_sid = stream_sid;
        }
        self.take_stop_back(at, out);
        // What was ordered since then comes behind the apology, too.
        if self.speaking.is_busy() {
            self.stop_speaking(at, out);
        }
        if self.floor.state() == FloorState::CallerSpeaking && !self.listening.has_words() {
            self.nothing_to_say(at, out);
        }
        // Where the line went away in the middle of the apology, that is said anew.
        for spoken in self.speaking.drop_held_of(at, &self.phrases(&Prompt::CutOff)) {
            self.said(spoken, out);
        }
        self.line_event(at, Event::Resumed, out);
        self.resume_speaking(at, out);
        self.say_kept(at, out);
    }

    pub(super) fn too_long(&mut self, at: CallTime, out: &mut Vec<Output>) {
        self.line_event(at, Event::TooLong, out);
    }

    pub(super) fn draining(&mut self, at: CallTime, out: &mut Vec<Output>) {
        self.line_event(at, Event::Draining, out);
    }

    fn greet(&mut self, at: CallTime, out: &mut Vec<Output>) {
        let answered = self.answered();
        let caller_number = Some(answered.from.clone()).filter(|from| is_number(from));
        let can_transfer = self.person().is_some();
        let reminds = answered.reminds.clone();
        let details = answered.business.details.iter().map(DetailQuestion::rule).collect();
        self.say(at, &Prompt::Notice, out);
        self.tell_booking(at, Booked::Opened { caller_number, can_transfer, details, reminds }, out);
    }

    /// The number of somebody who answers it now.
    pub(super) fn person(&self) -> Option<String> {
        let business = &self.answered().business;
        let answers = business.transfer_when_closed || business.is_open(self.local(self.now));
        business.transfer_to.clone().filter(|_| answers)
    }

    fn finish(&mut self, at: CallTime, ending: Ending, out: &mut Vec<Output>) {
        self.hand_over(ending, out);
        self.thinking.cancel(out);
        if self.speaking.is_busy() {
            self.speaking.stop(at, out);
        }
        for spoken in self.speaking.drop_held(at) {
            self.said(spoken, out);
        }
        out.push(Output::StopHearing);
        self.journal.guessed(self.thinking.take_guesses());
        let outcome = self.outcome(ending);
        self.journal.ended(at, ending, outcome, out);
    }

    fn outcome(&self, ending: Ending) -> &'static str {
        match ending {
            _ if self.booked => "booked",
            _ if self.moved => "moved",
            _ if self.cancelled => "cancelled",
            _ if self.confirmed => "confirmed",
            Ending::Transfer => "transferred",
            _ if self.passed_on.is_left() => "message",
            _ if self.call_back_promised => "fallback",
            Ending::Goodbye => "not_booked",
            Ending::Silence | Ending::HungUp | Ending::Lost | Ending::TooLong | Ending::Draining => "abandoned",
        }
    }
}

/// Whether the carrier's word for the caller is a number that can be called back.
fn is_number(from: &str) -> bool {
    from.strip_prefix('+')
        .is_some_and(|digits| (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()))
}
