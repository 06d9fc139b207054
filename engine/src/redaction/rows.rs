//! A call's rows, redacted in their order: what was asked tells what a short number is.

use std::borrow::Cow;

use serde_json::Value;

use super::Redactor;
use crate::record::{Row, Speaker};
use crate::time::CallTime;

/// What a question for a number has in it.
const NUMBER_WORDS: [&str; 8] = ["number", "digits", "card", "phone", "número", "tarjeta", "teléfono", "dígitos"];

/// Redacts one call's rows.
#[derive(Debug, Clone, Copy, Default)]
pub struct RowRedactor {
    redactor: Redactor,
    /// The assistant's last words asked for a number.
    asked: bool,
    /// Nothing is recorded just now.
    paused: bool,
}

/// What stands in place of words while nothing is recorded.
const NOT_RECORDED: &str = "[not recorded]";

impl RowRedactor {
    /// For a call that begins.
    pub fn new(redactor: Redactor) -> Self {
        Self { redactor, asked: false, paused: false }
    }

    /// Whether nothing is recorded just now.
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// The row as it may be written down.
    pub fn row(&mut self, mut row: Row) -> Row {
        match &mut row {
            Row::Said { speaker, heard, unheard, words, .. } => {
                let is_caller = *speaker == Speaker::Caller;
                if !is_caller {
                    let said = format!("{heard} {unheard}").to_lowercase();
                    self.asked = NUMBER_WORDS.iter().any(|word| said.contains(word));
                }
                if is_caller && self.paused {
                    NOT_RECORDED.clone_into(heard);
                    unheard.clear();
                    words.clear();
                } else if self.redact(heard, is_caller && self.asked) | self.redact(unheard, is_caller && self.asked) {
                    // They would tell how long a number is.
                    words.clear();
                }
            }
            Row::Event { name, detail, .. } => {
                if name == "recording" {
                    self.paused = detail == "paused";
                }
                self.redact(detail, false);
            }
            // Name and number are there to call back, as those of an appointment are.
            Row::Message { text, .. } => drop(self.redact(text, false)),
            Row::Turn { .. } | Row::Ended { .. } => {}
        }
        row
    }

    /// Words of the caller that are on their way, as they may be shown.
    pub fn words(&self, text: &str) -> String {
        let mut text = text.to_owned();
        if self.paused {
            NOT_RECORDED.clone_into(&mut text);
        } else {
            self.redact(&mut text, self.asked);
        }
        text
    }

    /// A line of the call's tape, with everything taken out of its texts that is taken out of rows. It tells what happened,
    /// and cannot be replayed.
    pub fn tape_line(&self, line: &str) -> String {
        let place = line.find(['{', '[', '"']).unwrap_or(line.len());
        let (head, body) = line.split_at(place);
        match serde_json::from_str(body) {
            Ok(mut body) => {
                self.redact_all(&mut body);
                // Keys come one by one, and together they are a number.
                if let Some(key) = body.get_mut("KeyPressed").filter(|_| self.redactor.numbers) {
                    *key = "[key]".into();
                }
                format!("{head}{body}")
            }
            // A note of ours.
            Err(_) => line.to_owned(),
        }
    }

    fn redact_all(&self, value: &mut Value) {
        match value {
            // A moment of the call has digits, too: it is always told to the microsecond.
            Value::String(text) if text.parse().is_ok_and(|at: CallTime| at.to_string() == *text) => {}
            Value::String(text) => drop(self.redact(text, self.asked)),
            Value::Array(values) => values.iter_mut().for_each(|value| self.redact_all(value)),
            Value::Object(fields) => fields.values_mut().for_each(|value| self.redact_all(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Says whether there was something to be taken out.
    fn redact(&self, text: &mut String, asked: bool) -> bool {
        let redacted = if asked { self.redactor.redact_asked(text) } else { self.redactor.redact(text) };
        let Cow::Owned(redacted) = redacted else { return false };
        *text = redacted;
        true
    }
}
