//! Takes what identifies a person, or pays for them, out of what is written down: phone and card numbers, said, written
//! or keyed; e-mail addresses; names, where that is asked for.
//!
//! ```text
//! "it's four one five, five five five, oh one four two"  ──►  "it's [phone ****42]"
//! ```
//!
//! Times, dates, prices and lists of them have digits, too, and stay: what is taken for a number has seven digits or
//! more, or three once a number was asked for. The last digits stay, so that a person can tell two numbers apart.

mod emails;
mod names;
mod numbers;
mod rows;
#[cfg(test)]
mod tests;
mod words;

use std::borrow::Cow;
use std::ops::Range;

pub use rows::RowRedactor;

use words::Word;

/// What is taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A number that can be dialled: 7 to 15 digits (ITU-T E.164).
    Phone,
    /// 13 to 19 digits whose check digit is right (ISO/IEC 7812).
    Card,
    /// Any other long number, or a part of one.
    Number,
    /// An e-mail address.
    Email,
    /// Somebody's name.
    Name,
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where it stands, in bytes.
    pub range: Range<usize>,
    /// What it is.
    pub kind: Kind,
    /// The digits of a number; empty for everything else.
    pub digits: String,
}

impl Found {
    /// What stands in its place.
    pub fn token(&self) -> String {
        let last = |count: usize| self.digits.get(self.digits.len().saturating_sub(count)..).unwrap_or_default();
        match self.kind {
            Kind::Phone => format!("[phone ****{}]", last(2)),
            // As a receipt shows it.
            Kind::Card => format!("[card ****{}]", last(4)),
            Kind::Number => "[number ****]".to_owned(),
            Kind::Email => "[email]".to_owned(),
            Kind::Name => "[name]".to_owned(),
        }
    }
}

/// How few digits make a number.
const DIGITS_LEAST: usize = 7;

/// And how few once a number was asked for: people say them in groups of three or four.
const DIGITS_LEAST_ASKED: usize = 3;

/// What to take out. Nothing by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Redactor {
    /// Phone and card numbers, and other long ones.
    pub numbers: bool,
    /// E-mail addresses.
    pub emails: bool,
    /// Names that somebody introduces: "my name is …".
    pub names: bool,
}

impl Redactor {
    /// Whether nothing is ever taken out.
    pub fn is_off(&self) -> bool {
        *self == Self::default()
    }

    /// The text with a token in place of everything found.
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        replaced(text, &self.find(text, DIGITS_LEAST))
    }

    /// The same for an answer to a question for a number, which may be told in parts.
    pub fn redact_asked<'a>(&self, text: &'a str) -> Cow<'a, str> {
        replaced(text, &self.find(text, DIGITS_LEAST_ASKED))
    }

    /// Everything that would be taken out, in order, none overlapping another.
    pub fn find(&self, text: &str, digits_least: usize) -> Vec<Found> {
        if self.is_off() {
            return Vec::new();
        }
        let words = words::read(text);
        let mut found = Vec::new();
        if self.emails {
            found.extend(emails::find(&words));
        }
        if self.numbers {
            found.extend(numbers::find(&words, digits_least));
        }
        if self.names {
            found.extend(names::find(&words));
        }
        found.sort_by_key(|found| found.range.start);
        found.dedup_by(|later, earlier| later.range.start < earlier.range.end);
        found
    }
}

fn replaced<'a>(text: &'a str, found: &[Found]) -> Cow<'a, str> {
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut redacted = String::with_capacity(text.len());
    let mut at = 0;
    for found in found {
        redacted.push_str(&text[at..found.range.start]);
        redacted.push_str(&found.token());
        at = found.range.end;
    }
    redacted.push_str(&text[at..]);
    Cow::Owned(redacted)
}

/// The place in the text from one word to another.
fn range(words: &[Word], first: usize, last: usize) -> Range<usize> {
    words[first].range.start..words[last].range.end
}
