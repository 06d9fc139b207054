//! What is written down about a call while it happens: who said what, how long each turn took, and what went wrong.

use std::collections::BTreeMap;

use crate::budget;
use crate::io::{Ending, Fault, Output};
use crate::record::{Guesses, Row, Span, Speaker, Stage};
use crate::speaking::Spoken;
use crate::time::CallTime;

/// Counts rows, so that one written twice is one, and keeps the stages of the turn being answered.
#[derive(Default)]
pub(super) struct Journal {
    lines: u32,
    turns: u32,
    events: u32,
    stages: BTreeMap<Stage, CallTime>,
    by_rules: bool,
    tokens: (u32, u32),
    guesses: Guesses,
}

impl Journal {
    pub(super) fn caller_said(
        &mut self,
        text: &str,
        words: Vec<Span>,
        confidence: f32,
        (from, to): Span,
        out: &mut Vec<Output>,
    ) {
        let spoken = Spoken { heard: text.to_owned(), unheard: String::new(), from, to, words };
        self.said(Speaker::Caller, spoken, confidence, out);
    }

    pub(super) fn assistant_said(&mut self, spoken: Spoken, out: &mut Vec<Output>) {
        self.said(Speaker::Assistant, spoken, 1.0, out);
    }

    pub(super) fn event(&mut self, at: CallTime, name: &str, detail: impl Into<String>, out: &mut Vec<Output>) {
        let row = Row::Event { event: self.events, at, name: name.to_owned(), detail: detail.into() };
        self.events += 1;
        out.push(Output::Record(row));
    }

    pub(super) fn fault(&mut self, at: CallTime, who: &str, fault: &Fault, out: &mut Vec<Output>) {
        let (kind, what) = match fault {
            Fault::Retry(what) => ("retry", what),
            Fault::GiveUp(what) => ("give up", what),
            Fault::OurMistake(what) => ("our mistake", what),
        };
        self.event(at, "fault", format!("{who}: {kind}: {what}"), out);
    }

    /// Notes when a stage of the turn was reached first. Audio, frames and marks count once a phrase of the answer was
    /// ordered: those before it are of something else.
    pub(super) fn reached(&mut self, stage: Stage, at: CallTime) {
        let of_the_answer = stage <= Stage::FirstPhrase || self.stages.contains_key(&Stage::FirstPhrase);
        if of_the_answer && (!self.stages.is_empty() || stage <= Stage::TurnEnded) {
            self.stages.entry(stage).or_insert(at);
        }
    }

    pub(super) fn answered_by_rules(&mut self) {
        self.by_rules = true;
    }

    pub(super) fn used_tokens(&mut self, tokens: (u32, u32)) {
        self.tokens = add(self.tokens, tokens);
    }

    /// What was asked ahead, or for nothing, since the last turn was written down.
    pub(super) fn guessed(&mut self, guesses: Guesses) {
        self.guesses.asked += guesses.asked;
        self.guesses.used |= guesses.used;
        self.guesses.wasted = add(self.guesses.wasted, guesses.wasted);
    }

    /// Writes the turn down, if one is open: its answer is heard, or the next turn begins.
    pub(super) fn close_turn(&mut self, out: &mut Vec<Output>) {
        if self.stages.is_empty() {
            return;
        }
        self.write_turn(out);
    }

    pub(super) fn ended(&mut self, at: CallTime, ending: Ending, outcome: &str, out: &mut Vec<Output>) {
        if !self.stages.is_empty() || self.tokens != (0, 0) || self.guesses != Guesses::default() {
            self.write_turn(out);
        }
        out.push(Output::Record(Row::Ended { at, ending, outcome: outcome.to_owned() }));
    }

    fn write_turn(&mut self, out: &mut Vec<Output>) {
        let stages = std::mem::take(&mut self.stages);
        let row = Row::Turn {
            turn: self.turns,
            late: budget::late(&stages),
            stages,
            by_rules: std::mem::take(&mut self.by_rules),
            tokens: std::mem::take(&mut self.tokens),
            guesses: std::mem::take(&mut self.guesses),
        };
        self.turns += 1;
        out.push(Output::Record(row));
    }

    fn said(&mut self, speaker: Speaker, spoken: Spoken, confidence: f32, out: &mut Vec<Output>) {
        let Spoken { heard, unheard, from, to, words } = spoken;
        let row = Row::Said { line: self.lines, speaker, heard, unheard, confidence, from, to, words };
        self.lines += 1;
        out.push(Output::Record(row));
    }
}

fn add(one: (u32, u32), other: (u32, u32)) -> (u32, u32) {
    (one.0.saturating_add(other.0), one.1.saturating_add(other.1))
}
