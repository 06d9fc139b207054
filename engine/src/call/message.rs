//! What the business has to see to after the call: whom to call back, and what they asked to pass on.
//!
//! It is written down as soon as it is promised, and again when more becomes known; so a caller who hangs up in the middle
//! is called back all the same.

use crate::call::Call;
use crate::io::Output;
use crate::record::Row;
use crate::time::CallTime;

/// Letters of a message that are kept: a few minutes of speech.
const WORDS_MAX: usize = 2_000;

/// A message, as far as it was given.
#[derive(Default)]
pub(super) struct PassedOn {
    /// The caller's own words; none where they are only to be called back.
    words: Option<String>,
    /// What was written down last: words, name, number.
    written: Option<[String; 3]>,
}

impl PassedOn {
    /// Takes the caller's words, behind those they gave before.
    pub(super) fn keep(&mut self, words: &str) {
        let kept = self.words.get_or_insert_default();
        if !kept.is_empty() {
            kept.push(' ');
        }
        kept.extend(words.trim().chars().take(WORDS_MAX.saturating_sub(kept.chars().count())));
    }

    /// Whether the caller left words.
    pub(super) fn is_left(&self) -> bool {
        self.words.is_some()
    }
}

impl Call {
    /// Writes down what is known of a message, or of a promise to call back, where that is news.
    pub(super) fn write_message(&mut self, at: CallTime, out: &mut Vec<Output>) {
        if !self.call_back_promised && !self.passed_on.is_left() {
            return;
        }
        let facts = self.booking.facts();
        let words = self.passed_on.words.clone().unwrap_or_default();
        let known = [words, facts.name.clone().unwrap_or_default(), facts.phone.clone().unwrap_or_default()];
        if self.passed_on.written.as_ref() != Some(&known) {
            self.passed_on.written = Some(known.clone());
            let [text, name, phone] = known;
            out.push(Output::Record(Row::Message { at, text, name, phone }));
        }
    }
}
