//! A turn of the caller, from its end to what the booking makes of it: by the model, or by the rules when it cannot.

use chrono::NaiveDate;
use statecharts::booking::Event as Booked;
use statecharts::floor::{Event as FloorEvent, State as FloorState};
use statecharts::proposal::{Proposal, When};

use crate::calendar;
use crate::call::Call;
use crate::io::{Fault, Input, Message, Output, Role};
use crate::listening::{Heard, Turn};
use crate::record::Stage;
use crate::thinking::Thought;
use crate::thinking::prompt::{self, Progress};
use crate::thinking::proposing::Slots;
use crate::time::CallTime;
use crate::understanding::{self, Situation};

/// The caller's turn that is being answered.
pub(super) struct OpenTurn {
    pub(super) turn: Turn,
    /// The chart has been told what it says.
    pub(super) understood: bool,
    /// The chart wants the reply spoken, and was not told yet that it was.
    pub(super) answering: bool,
    /// Something of the reply was spoken.
    pub(super) replied: bool,
}

impl Call {
    /// The caller's words, and the ends of turns.
    pub(super) fn hear(&mut self, at: CallTime, input: &Input, out: &mut Vec<Output>) {
        let heard = self.listening.handle(at, input, &mut self.timers);
        match input {
            Input::VoiceStarted => self.voice_started(at, out),
            Input::VoiceLasted { speech_percent, .. } => self.stops.voice_lasted(*speech_percent),
            Input::VoiceEnded { voiced_ms } => self.voice_ended(at, *voiced_ms, out),
            _ => {}
        }
        match heard {
            Some(Heard::Words(words)) => self.words_grew(at, &words, out),
            Some(Heard::Turn(turn)) => self.turn_ended(at, turn, out),
            None => {}
        }
    }

    /// The model's answer, as it comes.
    pub(super) fn think(&mut self, at: CallTime, input: &Input, out: &mut Vec<Output>) {
        let mut thoughts = Vec::new();
        self.thinking.handle(input, &mut thoughts);
        for thought in thoughts {
            match thought {
                Thought::Understood(slots) => self.model_understood(at, &slots, out),
                Thought::Sentence(sentence) => self.model_said(at, sentence, out),
                Thought::Finished { tokens } => {
                    self.journal.used_tokens(tokens);
                    self.reply_finished(at, out);
                }
                Thought::Failed(fault) => {
                    if let Input::ReplyDelta { reply, .. } = input {
                        // What more it writes of such nonsense is not worth its tokens.
                        out.push(Output::CancelReply { reply: *reply });
                    }
                    self.model_failed(at, &fault, out);
                }
            }
        }
    }

    pub(super) fn turn_ended(&mut self, at: CallTime, turn: Turn, out: &mut Vec<Output>) {
        let said_to = turn.transcribed.unwrap_or(turn.speech_ended).min(at);
        self.journal.caller_said(&turn.text, turn.confidence, turn.from, said_to, out);
        if self.is_backchannel(&turn.text) && self.passed_over(at, out) {
            return;
        }
        if self.nothing_may_stop_us() {
            return self.keep_turn(turn);
        }
        self.take_turn(at, turn, out);
    }

    /// A turn that wants an answer.
    pub(super) fn take_turn(&mut self, at: CallTime, turn: Turn, out: &mut Vec<Output>) {
        self.stops.turn_taken();
        self.stay(at, out);
        self.journal.close_turn(out);
        self.journal.reached(Stage::SpeechEnded, turn.speech_ended);
        if let Some(transcribed) = turn.transcribed {
            self.journal.reached(Stage::Transcribed, transcribed);
        }
        self.journal.reached(Stage::TurnEnded, at);
        self.floor_event(at, FloorEvent::TurnEnded, out);
        self.kept.clear();
        self.open_turn(at, turn, out);
    }

    /// The rules answer the open turn, because the model cannot or must not.
    pub(super) fn answer_by_rules(&mut self, at: CallTime, out: &mut Vec<Output>) {
        let Some(open) = self.turn.as_ref().filter(|open| !open.understood) else {
            return self.reply_finished(at, out);
        };
        let proposal = understanding::understand(&open.turn.text, &self.situation(at));
        self.journal.answered_by_rules();
        self.understood(at, proposal, out);
        self.reply_finished(at, out);
    }

    /// What the words of a turn have to be read against.
    pub(super) fn situation(&self, at: CallTime) -> Situation<'_> {
        let facts = self.booking.facts();
        Situation {
            business: &self.answered().business,
            now: self.local(at),
            expects: self.booking.expects(),
            offered: &facts.offered,
            half: self.booking.half().map(|(morning, afternoon)| (morning.clone(), afternoon.clone())),
            day_in_mind: self.day_in_mind(),
            service: facts.service.as_deref(),
        }
    }

    /// The day that was talked about last: of the time that is chosen, wanted or offered.
    fn day_in_mind(&self) -> Option<NaiveDate> {
        let facts = self.booking.facts();
        let wanted = match &facts.wanted {
            Some(When::At(slot) | When::Within { from: slot, .. }) => Some(slot),
            _ => None,
        };
        let slot = facts.slot.as_ref().or(wanted).or(facts.offered.first())?;
        Some(calendar::moment(slot)?.date())
    }

    /// Tells the chart what the turn says, and does what it wants done.
    pub(super) fn understood(&mut self, at: CallTime, proposal: Proposal, out: &mut Vec<Output>) {
        self.kept.clear();
        if let Some(open) = &mut self.turn {
            open.understood = true;
        }
        self.journal.reached(Stage::FirstSlot, at);
        self.tell_booking(at, Booked::Understood(proposal), out);
    }

    /// The reply is over: whoever wanted it spoken is told, with an answer of our own when it was empty.
    pub(super) fn reply_finished(&mut self, at: CallTime, out: &mut Vec<Output>) {
        let Some(open) = self.turn.as_mut().filter(|open| open.understood) else { return };
        if !open.answering {
            return;
        }
        open.answering = false;
        if !open.replied {
            let words = open.turn.text.clone();
            self.answer_ourselves(at, &words, out);
        }
        self.tell_booking(at, Booked::Answered, out);
    }

    fn open_turn(&mut self, at: CallTime, turn: Turn, out: &mut Vec<Output>) {
        let is_clear = turn.is_clear();
        let messages = self.request(at, &turn.text);
        self.history.push(Message { role: Role::User, content: turn.text.clone() });
        self.turn = Some(OpenTurn { turn, understood: false, answering: false, replied: false });
        if !is_clear {
            self.turn_is_unclear(at, out);
        } else if self.answered().has_model {
            self.journal.reached(Stage::ModelAsked, at);
            self.thinking.ask(messages, out);
        } else {
            self.answer_by_rules(at, out);
        }
    }

    fn turn_is_unclear(&mut self, at: CallTime, out: &mut Vec<Output>) {
        if let Some(open) = &mut self.turn {
            open.understood = true;
        }
        self.tell_booking(at, Booked::NotUnderstood, out);
    }

    fn request(&self, at: CallTime, turn: &str) -> Vec<Message> {
        let facts = self.booking.facts();
        let progress = Progress {
            state: self.booking_state(),
            service: facts.service.clone(),
            slot: facts.slot.clone(),
            name: facts.name.clone(),
            offered: facts.offered.clone(),
        };
        prompt::messages(&self.answered().business, self.local(at), &progress, &self.history, turn)
    }

    fn model_understood(&mut self, at: CallTime, slots: &Slots, out: &mut Vec<Output>) {
        let Some(open) = self.turn.as_ref() else { return };
        let proposal = slots.proposal(&open.turn.text, &self.situation(at));
        self.understood(at, proposal, out);
    }

    fn model_said(&mut self, at: CallTime, sentence: String, out: &mut Vec<Output>) {
        let Some(open) = self.turn.as_mut().filter(|open| open.answering) else { return };
        open.replied = true;
        self.say_text(at, sentence, out);
    }

    fn model_failed(&mut self, at: CallTime, fault: &Fault, out: &mut Vec<Output>) {
        self.journal.fault(at, "model", fault, out);
        self.answer_by_rules(at, out);
    }

    /// Words that only say "go on" while we speak, or that cut us off: they take no turn. Returns whether they were such
    /// here.
    fn passed_over(&mut self, at: CallTime, out: &mut Vec<Output>) -> bool {
        match self.floor.state() {
            FloorState::Held => self.pass_over_stop(at, out),
            FloorState::AssistantSpeaking => {}
            FloorState::CallerSpeaking if self.speaking.is_holding() => self.pass_over_stop(at, out),
            _ => return false,
        }
        true
    }
}
