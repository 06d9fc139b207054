//! What the call orders, as the world carries it out.

use std::sync::Arc;

use engine::audio::ear::Heard;
use engine::io::{Fault, Input, Output, PhraseId};

use super::playing::Sent;
use super::speech::{Fetched, Part, word_ends_ms};
use super::{Happening, ModelAnswer, Stepped, model};

impl Stepped {
    pub(super) fn carry_out(&mut self, order: Output) {
        match order {
            Output::Speak { phrase, text, from_ms, .. } => self.speak(phrase, &text, from_ms),
            Output::ClearPlayout { generation } => self.clear(generation),
            Output::StartReply { reply, messages } => {
                let thought = || self.thinks.map_or(ModelAnswer::Fails, |think| ModelAnswer::Text(think(&messages)));
                let answer = self.model.pop_front().unwrap_or_else(thought);
                for (after, input) in model::answered(reply, answer, self.vendors.model) {
                    self.put(self.now + after, input);
                }
            }
            Output::FindTimes { query, wanted } => {
                if let Some((later, found)) = self.calendar.asked(query, &wanted, self.now) {
                    self.put(self.now + self.vendors.calendar + later, found);
                }
            }
            Output::ReserveSlot { query, key, reservation } => {
                if let Some((later, reserved)) = self.calendar.ordered(query, &key, &reservation, self.now) {
                    self.put(self.now + self.vendors.calendar + later, reserved);
                }
            }
            Output::FindAppointments { query, phone, name } => {
                let looked = self.calendar.looked_for(query, &phone, name.as_deref(), self.now);
                if let Some((later, found)) = looked {
                    self.put(self.now + self.vendors.calendar + later, found);
                }
            }
            Output::CancelAppointment { query, appointment } => {
                if let Some((later, cancelled)) = self.calendar.told_to_cancel(query, &appointment) {
                    self.put(self.now + self.vendors.calendar + later, cancelled);
                }
            }
            Output::FinishUtterance => self.finish_utterance(),
            Output::StartHearing { .. }
            | Output::ExpectWords { .. }
            | Output::StopHearing
            | Output::CancelReply { .. }
            | Output::HoldSlot { .. }
            | Output::SpeakLanguage { .. }
            | Output::ConfirmAppointment { .. }
            | Output::Transfer { .. }
            | Output::PauseRecording
            | Output::ResumeRecording
            | Output::Record(_)
            | Output::CloseLeg { .. } => {}
        }
    }

    fn speak(&mut self, phrase: PhraseId, text: &str, from_ms: u32) {
        if !self.playing.append(phrase, from_ms) {
            self.refused += 1;
            let fault = Fault::OurMistake("too many phrases wait to be played".to_owned());
            return self.tell(Input::SynthesisFailed { phrase, fault });
        }
        self.line.texts.insert(phrase, Arc::from(text));
        match self.speech.fetch(self.now, phrase, text, self.vendors.synthesis) {
            Fetched::Comes(parts) => {
                for (at, phrase, part) in parts {
                    self.enter(at, Happening::Speech(phrase, part));
                }
            }
            Fetched::Kept { length_ms } => {
                self.playing.fill(phrase, length_ms);
                self.playing.end(phrase);
                self.tell(Input::PhraseArrived { phrase });
                self.tell_synthesized(phrase, length_ms, true);
            }
        }
    }

    pub(super) fn speech_comes(&mut self, phrase: PhraseId, part: Part) {
        match part {
            Part::Audio { ms, is_first } => {
                self.playing.fill(phrase, ms);
                if is_first {
                    self.tell(Input::PhraseArrived { phrase });
                }
            }
            Part::End { length_ms } => {
                self.playing.end(phrase);
                self.tell_synthesized(phrase, length_ms, false);
            }
            Part::Failed(fault) => {
                self.playing.fail(phrase, fault.clone());
                self.tell(Input::SynthesisFailed { phrase, fault });
            }
        }
    }

    fn tell_synthesized(&mut self, phrase: PhraseId, length_ms: u32, cached: bool) {
        let text = self.line.texts.get(&phrase).cloned().unwrap_or_default();
        let word_ends_ms = word_ends_ms(&text).into_iter().map(|end| end.min(length_ms)).collect();
        self.tell(Input::PhraseSynthesized { phrase, length_ms, word_ends_ms, cached });
    }

    pub(super) fn clear(&mut self, generation: u32) {
        let cut = self.playing.clear(self.now, generation);
        let mut coming = self.line.clears(self.now);
        if let Some((heard, behind_it)) = cut {
            if self.line.is_up {
                coming.extend(self.line.sends(self.now, Sent::Mark(behind_it)));
            }
            self.pending.push_front(cleared(generation, heard));
        }
        for (at, happening) in coming {
            self.enter(at, happening);
        }
    }
}

pub(super) fn cleared(generation: u32, heard: Heard) -> Input {
    Input::PlayoutCleared { generation, phrase: heard.phrase, heard_ms: heard.heard_ms }
}
