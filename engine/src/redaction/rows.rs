//! A call's rows, redacted in their order: what was asked tells what a short number is.

use super::Redactor;
use crate::record::{Row, Speaker};

/// What a question for a number has in it.
const NUMBER_WORDS: [&str; 8] = ["number", "digits", "card", "phone", "número", "tarjeta", "teléfono", "dígitos"];

/// Redacts one call's rows.
#[derive(Debug, Clone, Copy, Default)]
pub struct RowRedactor {
    redactor: Redactor,
    /// The assistant's last words asked for a number.
    asked: bool,
}

impl RowRedactor {
    /// For a call that begins.
    pub fn new(redactor: Redactor) -> Self {
        Self { redactor, asked: false }
    }

    /// The row as it may be written down.
    pub fn row(&mut self, mut row: Row) -> Row {
        match &mut row {
            Row::Said { speaker: Speaker::Assistant, heard, unheard, .. } => {
                let said = format!("{heard} {unheard}").to_lowercase();
                self.asked = NUMBER_WORDS.iter().any(|word| said.contains(word));
                self.redact(heard, false);
                self.redact(unheard, false);
            }
            Row::Said { speaker: Speaker::Caller, heard, unheard, .. } => {
                self.redact(heard, self.asked);
                self.redact(unheard, self.asked);
            }
            Row::Event { detail, .. } => self.redact(detail, false),
            Row::Turn { .. } | Row::Ended { .. } => {}
        }
        row
    }

    fn redact(&self, text: &mut String, asked: bool) {
        let redacted = if asked { self.redactor.redact_asked(text) } else { self.redactor.redact(text) };
        if let std::borrow::Cow::Owned(redacted) = redacted {
            *text = redacted;
        }
    }
}
