//! A turn of the caller, from its end to what the booking makes of it: by the model, or by the rules when it cannot.

use std::time::Duration;

use chrono::{NaiveDate, NaiveDateTime};
use statecharts::booking::{Booking, Event as Booked};
use statecharts::floor::{Event as FloorEvent, State as FloorState};
use statecharts::proposal::{Intent, Proposal, When};

use crate::business::Business;
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

/// The rest of a name follows its first word within this time, if it is one: longer than the pause that ends the turn, and
/// about as long as it takes until the name is read back.
const HALF_NAME_WITHIN: Duration = Duration::from_secs(4);

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
        let mut heard = Vec::new();
        let callers = self.without_our_words(at, input, out);
        let input = callers.as_ref().unwrap_or(input);
        let now = self.local(at);
        // Not through `self`, which listening changes meanwhile.
        let business = self.spoken.as_ref().or(self.answered.as_ref().map(|answered| &answered.business));
        let business = business.expect("nothing is heard before the answer");
        let situation = situation(business, &self.booking, now, half_name(&self.booking, self.named, at));
        self.listening.handle(at, input, &situation, &mut self.timers, &mut heard);
        match input {
            Input::VoiceStarted => self.voice_started(at, out),
            Input::VoiceLasted { speech_percent, .. } => self.stops.voice_lasted(*speech_percent),
            Input::VoiceEnded { voiced_ms } => self.voice_ended(at, *voiced_ms, out),
            _ => {}
        }
        self.heard(at, heard, out);
        self.hear_again(at, out);
    }

    /// Words that joined those of a turn taken too early may be all of it.
    fn hear_again(&mut self, at: CallTime, out: &mut Vec<Output>) {
        let mut heard = Vec::new();
        let now = self.local(at);
        // Not through `self`, which listening changes meanwhile.
        let business = self.spoken.as_ref().or(self.answered.as_ref().map(|answered| &answered.business));
        let business = business.expect("nothing is heard before the answer");
        let situation = situation(business, &self.booking, now, half_name(&self.booking, self.named, at));
        self.listening.look_again(at, &situation, &mut self.timers, &mut heard);
        self.heard(at, heard, out);
    }

    fn heard(&mut self, at: CallTime, heard: Vec<Heard>, out: &mut Vec<Output>) {
        for heard in heard {
            match heard {
                Heard::Words(words) => {
                    self.thinking.words_are(&words, out);
                    self.words_grew(at, &words, out);
                }
                Heard::LikelyOver(words) => self.guess(at, &words, out),
                Heard::GoesOn => self.thinking.drop_guess(out),
                Heard::Turn(turn) => self.turn_ended(at, turn, out),
                Heard::Aside(words) => self.hear_aside(at, &words, out),
            }
        }
    }

    /// A politeness that came after its turn was answered: it is kept, and wants no answer.
    fn hear_aside(&mut self, at: CallTime, words: &str, out: &mut Vec<Output>) {
        self.journal.caller_said(words, Vec::new(), 1.0, (at, at), out);
        self.remember(Role::User, words);
    }

    /// The model's answer, as it comes.
    pub(super) fn think(&mut self, at: CallTime, input: &Input, out: &mut Vec<Output>) {
        let mut thoughts = Vec::new();
        self.thinking.handle(input, &mut thoughts, out);
        self.take_thoughts(at, thoughts, out);
    }

    fn take_thoughts(&mut self, at: CallTime, thoughts: Vec<Thought>, out: &mut Vec<Output>) {
        for thought in thoughts {
            match thought {
                Thought::Understood(slots) => self.model_understood(at, &slots, out),
                Thought::Sentence(sentence) => self.model_said(at, sentence, out),
                Thought::Finished { tokens } => {
                    self.journal.used_tokens(tokens);
                    self.reply_finished(at, out);
                }
                Thought::Failed(fault) => self.model_failed(at, &fault, out),
            }
        }
    }

    pub(super) fn turn_ended(&mut self, at: CallTime, turn: Turn, out: &mut Vec<Output>) {
        let said_to = turn.speech_ended.max(turn.from).min(at);
        let words = self.word_times.of_line(&turn.text, turn.from, said_to);
        self.journal.caller_said(&turn.text, words, turn.confidence, (turn.from, said_to), out);
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
        let turn = self.joined(turn, out);
        self.close_turn(out);
        self.journal.reached(Stage::SpeechEnded, turn.speech_ended);
        if let Some(transcribed) = turn.transcribed {
            self.journal.reached(Stage::Transcribed, transcribed);
        }
        self.journal.reached(Stage::TurnEnded, at);
        self.floor_event(at, FloorEvent::TurnEnded, out);
        self.kept.clear();
        self.open_turn(at, turn, out);
    }

    /// A turn that ends while the one before it is not understood yet is the rest of it.
    fn joined(&mut self, turn: Turn, out: &mut Vec<Output>) -> Turn {
        let Some(open) = self.turn.take_if(|open| !open.understood) else { return turn };
        self.thinking.cancel(out);
        self.history.pop();
        turn.behind(open.turn)
    }

    /// Writes the turn down, with what was asked of the model for nothing.
    pub(super) fn close_turn(&mut self, out: &mut Vec<Output>) {
        self.journal.guessed(self.thinking.take_guesses());
        self.journal.close_turn(out);
    }

    /// Asks the model ahead of the turn's end, while nothing else is being asked and the caller has the floor.
    fn guess(&mut self, at: CallTime, words: &str, out: &mut Vec<Output>) {
        let theirs = matches!(self.floor.state(), FloorState::CallerSpeaking | FloorState::Open);
        if theirs && self.answered().has_model && !self.is_closing() && self.thinking.may_guess(words) {
            let messages = self.request(at, words);
            self.thinking.guess(words, messages, out);
        }
    }

    /// A guess at words that came to nothing.
    pub(super) fn forget_guesses(&mut self, out: &mut Vec<Output>) {
        if !self.listening.has_words() {
            self.thinking.drop_guess(out);
        }
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
        let from = self.turn.as_ref().filter(|open| !open.understood).map_or(at, |open| open.turn.from);
        situation(self.business(), &self.booking, self.local(at), half_name(&self.booking, self.named, from))
    }

    /// Tells the chart what the turn says, and does what it wants done.
    pub(super) fn understood(&mut self, at: CallTime, proposal: Proposal, out: &mut Vec<Output>) {
        self.kept.clear();
        if let Some(open) = &mut self.turn {
            open.understood = true;
        }
        self.journal.reached(Stage::FirstSlot, at);
        if proposal.name.is_some() {
            self.named = self.turn.as_ref().map(|open| open.turn.speech_ended);
        }
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
        let only_language = is_clear && self.follow_language(at, &turn.text, out);
        let messages = self.request(at, &turn.text);
        let guessed = self.thinking.confirm(&turn.text);
        self.history.push(Message { role: Role::User, content: turn.text.clone() });
        self.turn = Some(OpenTurn { turn, understood: false, answering: false, replied: false });
        if !is_clear {
            self.thinking.cancel(out);
            self.turn_is_done(at, Booked::NotUnderstood, out);
        } else if only_language {
            self.thinking.cancel(out);
            self.turn_is_done(at, Booked::LanguageChanged, out);
        } else if let Some(thoughts) = guessed {
            self.journal.reached(Stage::ModelAsked, at);
            self.take_thoughts(at, thoughts, out);
        } else if self.answered().has_model {
            self.journal.reached(Stage::ModelAsked, at);
            self.thinking.ask(messages, out);
        } else {
            self.answer_by_rules(at, out);
        }
    }

    /// A turn that nothing more is to be made of.
    fn turn_is_done(&mut self, at: CallTime, told: Booked, out: &mut Vec<Output>) {
        if let Some(open) = &mut self.turn {
            open.understood = true;
        }
        self.tell_booking(at, told, out);
    }

    fn request(&self, at: CallTime, turn: &str) -> Vec<Message> {
        let facts = self.booking.facts();
        let progress = Progress {
            state: self.booking_state(),
            service: facts.service.clone(),
            slot: facts.slot.clone(),
            name: facts.name.clone(),
            offered: self.booking.choices().to_vec(),
        };
        prompt::messages(self.business(), self.local(at), &progress, &self.history, turn)
    }

    fn model_understood(&mut self, at: CallTime, slots: &Slots, out: &mut Vec<Output>) {
        let Some(open) = self.turn.as_ref() else { return };
        let proposal = slots.proposal(&open.turn.text, &self.situation(at));
        if slots.intent == Some(Intent::Confirm) && proposal.intent != Intent::Confirm {
            let heard = format!("a yes, which the words are not: {:?}", proposal.intent).to_lowercase();
            self.journal.event(at, "model_overruled", heard, out);
        }
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

fn situation<'a>(
    business: &'a Business,
    booking: &'a Booking,
    now: NaiveDateTime,
    half_name: Option<&'a str>,
) -> Situation<'a> {
    let facts = booking.facts();
    Situation {
        business,
        now,
        expects: booking.expects(),
        offered: booking.choices(),
        half: booking.half().map(|(morning, afternoon)| (morning.clone(), afternoon.clone())),
        day_in_mind: day_in_mind(booking),
        service: facts.service.as_deref(),
        half_name,
        detail: booking.detail_asked().and_then(|id| business.detail(id)),
    }
}

/// A name of one word, if it was given shortly before the moment at which more is said.
fn half_name(booking: &Booking, named: Option<CallTime>, moment: CallTime) -> Option<&str> {
    let is_recent = named.is_some_and(|named| moment.since(named) <= HALF_NAME_WITHIN);
    booking.facts().name.as_deref().filter(|name| is_recent && !name.contains(' '))
}

/// The day that was talked about last: of the time that is chosen, wanted or offered.
fn day_in_mind(booking: &Booking) -> Option<NaiveDate> {
    let facts = booking.facts();
    let wanted = match &facts.wanted {
        Some(When::At(slot) | When::Within { from: slot, .. }) => Some(slot),
        _ => None,
    };
    let slot = facts.slot.as_ref().or(wanted).or(facts.offered.first())?;
    Some(calendar::moment(slot)?.date())
}
