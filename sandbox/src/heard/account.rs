//! What the gateway says of a call: its tape.

use std::collections::BTreeMap;

use engine::io::{Input, Output, PhraseId};
use engine::record::{Row, Speaker};
use engine::time::CallTime;

/// A point of a phrase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// Which.
    pub phrase: PhraseId,
    /// How much of its audio lies before it, in milliseconds.
    pub heard_ms: f64,
}

/// Something that was ordered to be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// What is said.
    pub phrase: PhraseId,
    /// How many clears came before.
    pub generation: u32,
    /// Its words.
    pub text: String,
    /// Where in its audio it begins: what was stopped goes on in its middle.
    pub from_ms: u32,
}

/// A clear that was ordered, and what came of it before the next.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stop {
    /// When.
    pub at: CallTime,
    /// What was decided about it, in order.
    pub decisions: Vec<(CallTime, Decision)>,
    /// How far the caller heard us, as well as the gateway knew in the end.
    pub heard: Option<Place>,
    /// What was put on record of what we said.
    pub lines: Vec<Line>,
}

/// What a stop came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The caller has the floor.
    Yielded,
    /// It was nothing: we go on.
    WentOn,
}

/// A line of the transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The words that the caller heard, as the gateway believes.
    pub heard: String,
    /// The words that they did not.
    pub unheard: String,
}

/// One call's tape, as far as it is about what was heard.
#[derive(Debug, Clone, Default)]
pub struct Account {
    orders: Vec<Order>,
    lengths_ms: BTreeMap<PhraseId, u32>,
    /// By the generation that each begins.
    stops: BTreeMap<u32, Stop>,
}

impl Account {
    /// Reads a tape. Lines that say nothing about it, or nothing at all, are passed over.
    pub fn read(tape: &str) -> Self {
        let mut account = Self::default();
        for line in tape.lines() {
            let Some((at, rest)) = line.split_once(' ') else { continue };
            let Ok(at) = at.parse() else { continue };
            match rest.split_once(' ') {
                Some(("<", body)) => account.take_input(body),
                Some((">", body)) => account.take_output(at, body),
                _ => {}
            }
        }
        account
    }

    /// What was ordered between two clears, in order.
    pub fn orders_of(&self, generation: u32) -> impl Iterator<Item = &Order> {
        self.orders.iter().filter(move |order| order.generation == generation)
    }

    /// The clear that begins a generation.
    pub fn stop(&self, generation: u32) -> Option<&Stop> {
        self.stops.get(&generation)
    }

    /// What a phrase says.
    pub fn text(&self, phrase: PhraseId) -> Option<&str> {
        self.orders.iter().find(|order| order.phrase == phrase).map(|order| order.text.as_str())
    }

    /// How much later the second place is to be heard than the first, in milliseconds; nothing when they are not of the
    /// same generation, or the audio between them never came.
    pub fn apart_ms(&self, one: Place, other: Place) -> Option<f64> {
        let generation = self.orders.iter().find(|order| order.phrase == one.phrase)?.generation;
        let along = |place: Place| {
            let mut before = 0.0;
            for order in self.orders_of(generation) {
                if order.phrase == place.phrase {
                    return Some(before + place.heard_ms - f64::from(order.from_ms));
                }
                before += f64::from(self.lengths_ms.get(&order.phrase)?.saturating_sub(order.from_ms));
            }
            None
        };
        Some(along(other)? - along(one)?)
    }

    fn take_input(&mut self, body: &str) {
        match serde_json::from_str(body) {
            Ok(Input::PhraseSynthesized { phrase, length_ms, .. }) => {
                self.lengths_ms.insert(phrase, length_ms);
            }
            Ok(Input::PlayoutCleared { generation, phrase, heard_ms }) => {
                let heard = Place { phrase, heard_ms: f64::from(heard_ms) };
                self.stops.entry(generation).or_default().heard = Some(heard);
            }
            _ => {}
        }
    }

    fn take_output(&mut self, at: CallTime, body: &str) {
        let row = match serde_json::from_str(body) {
            Ok(Output::Speak { phrase, generation, text, from_ms }) => {
                return self.orders.push(Order { phrase, generation, text, from_ms });
            }
            Ok(Output::ClearPlayout { generation }) => {
                self.stops.insert(generation, Stop { at, ..Stop::default() });
                return;
            }
            Ok(Output::Record(row)) => row,
            _ => return,
        };
        let Some(mut last) = self.stops.last_entry() else { return };
        match row {
            Row::Event { name, .. } if name == "yielded" => last.get_mut().decisions.push((at, Decision::Yielded)),
            Row::Event { name, .. } if name == "went_on" => last.get_mut().decisions.push((at, Decision::WentOn)),
            Row::Said { speaker: Speaker::Assistant, heard, unheard, .. } => {
                last.get_mut().lines.push(Line { heard, unheard });
            }
            _ => {}
        }
    }
}
