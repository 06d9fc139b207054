//! What the promises need to know of a call so far.

use std::collections::{BTreeMap, BTreeSet};

use engine::io::{Input, Output, PhraseId, QueryId, ReplyId};
use engine::languages::Language;
use engine::record::{Row, Speaker};
use engine::time::CallTime;
use engine::understanding;
use statecharts::floor::State as Floor;

use crate::stepped::{Logged, Stepped, word_ends_ms};

#[derive(Default)]
pub(super) struct Facts {
    pub(super) last_at: CallTime,
    pub(super) generation: u32,
    pub(super) generations: BTreeMap<PhraseId, u32>,
    pub(super) last_phrase: Option<PhraseId>,
    /// What was ordered and has no row yet, in order.
    pub(super) sayings: Vec<Saying>,
    /// Phrases whose audio is known to be whole, and is what their words take: of others nobody can tell the words.
    pub(super) sound: BTreeSet<PhraseId>,
    pub(super) asked: BTreeSet<ReplyId>,
    /// The calendar's answer that is waited for.
    pub(super) question: Option<QueryId>,
    /// The same, while it is an appointment that is being made.
    pub(super) reserving: Option<QueryId>,
    pub(super) keys: BTreeSet<String>,
    pub(super) reserved: u32,
    /// Appointments that were cancelled.
    pub(super) cancelled: u32,
    pub(super) found: u32,
    pub(super) ends: u32,
    pub(super) is_closing: bool,
    pub(super) down_since: Option<CallTime>,
    /// When the line last went down.
    pub(super) dropped_at: Option<CallTime>,
    pub(super) voice: Voice,
    pub(super) last_final: String,
    pub(super) held_since: Option<CallTime>,
    /// A turn of the caller that waits for its answer.
    pub(super) turn_since: Option<CallTime>,
    /// When the caller, the line or we last did anything that can be heard.
    pub(super) stirred_at: CallTime,
    /// How many spans of Twilio's count were looked at.
    pub(super) spans_before: usize,
}

/// One thing to be said: its order, and the orders that went on with it after a stop.
#[derive(Debug, Clone)]
pub(super) struct Saying {
    pub(super) text: String,
    pub(super) phrases: Vec<PhraseId>,
    /// It was stopped, and may be gone on with.
    pub(super) held_since: Option<CallTime>,
}

#[derive(Default)]
pub(super) struct Voice {
    pub(super) is_on: bool,
    pub(super) since: CallTime,
    /// When words last grew.
    pub(super) words_at: Option<CallTime>,
}

impl Facts {
    pub(super) fn take(&mut self, at: CallTime, logged: &Logged, stepped: &Stepped) {
        self.last_at = at;
        match logged {
            Logged::Input(input) => {
                self.told(at, input);
                self.stirs(at, input);
            }
            Logged::Output(output) => self.ordered(at, output, stepped),
        }
    }

    pub(super) fn stepped_to(&mut self, now: CallTime, stepped: &Stepped) {
        match stepped.call().floor() {
            Floor::Held if self.down_since.is_none() => _ = self.held_since.get_or_insert(now),
            _ => self.held_since = None,
        }
        self.spans_before = stepped.twilio().spans().len();
        let heard_until = stepped.twilio().played_until().min(now);
        self.stirred_at = self.stirred_at.max(heard_until);
        if self.voice.is_on || self.down_since.is_some() {
            self.stirred_at = now;
        }
        if self.voice.is_on || self.down_since.is_some() {
            self.turn_since = self.turn_since.map(|_| now);
        } else if stepped.is_audible() {
            self.turn_since = None;
        }
    }

    /// The saying that a text belongs to which was stopped before.
    pub(super) fn held(&self, text: &str) -> Option<&Saying> {
        self.sayings.iter().find(|saying| saying.held_since.is_some() && saying.text == text)
    }

    fn told(&mut self, at: CallTime, input: &Input) {
        match input {
            Input::VoiceStarted => self.voice = Voice { is_on: true, since: at, words_at: None },
            Input::VoiceEnded { .. } => self.voice.is_on = false,
            Input::Interim { text, .. } if !text.is_empty() => self.voice.words_at = Some(at),
            Input::Final { text, ends_turn, .. } => {
                self.last_final.clone_from(text);
                if *ends_turn {
                    // The vendor heard the end of them, before the detector did.
                    self.voice.words_at = None;
                }
            }
            Input::StreamDropped => {
                (self.down_since, self.dropped_at) = (Some(at), Some(at));
                // Nobody hears how it goes on.
                self.voice.is_on = false;
            }
            Input::StreamResumed { .. } => self.down_since = None,
            Input::ReplyFinished { reply, .. } | Input::ReplyFailed { reply, .. } => _ = self.asked.remove(reply),
            Input::PhraseSynthesized { phrase, length_ms, .. } if self.is_sound(*phrase, *length_ms) => {
                self.sound.insert(*phrase);
            }
            Input::TimesFound { query, .. } => {
                self.found += 1;
                self.answered(*query);
            }
            Input::SlotReserved { query, .. } => {
                self.reserved += u32::from(self.question == Some(*query));
                self.answered(*query);
            }
            Input::SlotTaken { query, .. } => {
                self.found += 1;
                self.answered(*query);
            }
            Input::AppointmentsFound { query, .. } => self.answered(*query),
            Input::AppointmentCancelled { query } => {
                self.cancelled += u32::from(self.question == Some(*query));
                self.answered(*query);
            }
            Input::CalendarFailed { query, .. } => self.answered(*query),
            _ => {}
        }
    }

    fn stirs(&mut self, at: CallTime, input: &Input) {
        match input {
            Input::VoiceStarted
            | Input::VoiceEnded { .. }
            | Input::Interim { .. }
            | Input::Final { .. }
            | Input::KeyPressed(_)
            | Input::Typed { .. }
            | Input::StreamDropped
            | Input::StreamResumed { .. } => {
                self.stirred_at = at;
                self.turn_since = None;
            }
            // A voice that says nothing of what it is told is the one thing that nothing can be said about.
            Input::Answered(_) | Input::SynthesisFailed { .. } => self.stirred_at = at,
            _ => {}
        }
    }

    fn is_late_politeness(&self, heard: &str) -> bool {
        let before = self.last_final.strip_suffix(heard).map(str::trim);
        understanding::is_aside(heard, Language::English) && before.is_some_and(|before| !before.is_empty())
    }

    fn is_sound(&self, phrase: PhraseId, length_ms: u32) -> bool {
        let saying = self.sayings.iter().find(|saying| saying.phrases.contains(&phrase));
        saying.is_some_and(|saying| word_ends_ms(&saying.text).last() == Some(&length_ms))
    }

    fn answered(&mut self, query: QueryId) {
        self.question.take_if(|open| *open == query);
        self.reserving.take_if(|open| *open == query);
    }

    fn ordered(&mut self, at: CallTime, output: &Output, stepped: &Stepped) {
        match output {
            Output::Speak { phrase, text, .. } => {
                self.last_phrase = Some(*phrase);
                self.generations.insert(*phrase, self.generation);
                self.turn_since = None;
                self.says(*phrase, text);
            }
            Output::ClearPlayout { generation } => {
                self.generation = *generation;
                for saying in &mut self.sayings {
                    saying.held_since.get_or_insert(at);
                }
            }
            Output::StartReply { reply, .. } => _ = self.asked.insert(*reply),
            Output::CancelReply { reply } => _ = self.asked.remove(reply),
            Output::FindTimes { query, .. } => self.question = Some(*query),
            Output::FindAppointments { query, .. } => self.question = Some(*query),
            Output::CancelAppointment { query, .. } => {
                self.question = Some(*query);
                self.reserving = Some(*query);
            }
            Output::ReserveSlot { query, key, .. } => {
                self.question = Some(*query);
                self.reserving = Some(*query);
                self.keys.insert(key.clone());
            }
            Output::CloseLeg { .. } => self.is_closing = true,
            Output::Record(row) => self.written(at, row, stepped),
            _ => {}
        }
    }

    fn says(&mut self, phrase: PhraseId, text: &str) {
        let held = self.sayings.iter_mut().find(|saying| saying.held_since.is_some() && saying.text == text);
        match held {
            Some(saying) => {
                saying.held_since = None;
                saying.phrases.push(phrase);
            }
            None => {
                let saying = Saying { text: text.to_owned(), phrases: vec![phrase], held_since: None };
                self.sayings.push(saying);
            }
        }
    }

    fn written(&mut self, at: CallTime, row: &Row, stepped: &Stepped) {
        match row {
            Row::Said { speaker: Speaker::Assistant, heard, unheard, .. } => {
                if let Some(index) = self.saying_of(heard, unheard) {
                    self.sayings.remove(index);
                }
            }
            // A politeness behind words that were answered before they were settled wants no answer, nor does what is passed over
            // while we speak.
            Row::Said { speaker: Speaker::Caller, heard, .. } if self.is_late_politeness(heard) => {}
            Row::Said { speaker: Speaker::Caller, .. }
                if !stepped.is_audible() && stepped.call().floor() != Floor::AssistantSpeaking =>
            {
                self.turn_since = Some(at);
            }
            Row::Event { name, detail, .. } if name == "fault" && detail.starts_with("calendar") => {
                self.question = None;
                self.reserving = None;
            }
            // What was to be said did not come, and is done without.
            Row::Event { name, .. } if name == "marks_missing" => self.stirred_at = at,
            Row::Said { .. } | Row::Turn { .. } | Row::Event { .. } | Row::Message { .. } => {}
            Row::Ended { .. } => {
                self.ends += 1;
                self.is_closing = true;
                self.turn_since = None;
            }
        }
    }

    /// Which saying a row is about.
    pub(super) fn saying_of(&self, heard: &str, unheard: &str) -> Option<usize> {
        let words = || heard.split_whitespace().chain(unheard.split_whitespace());
        self.sayings.iter().position(|saying| saying.text.split_whitespace().eq(words()))
    }
}
