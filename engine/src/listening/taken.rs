//! Words that were taken for a turn before the vendor had settled them. What it says of the same sound later is compared
//! with them: the same words are dropped, so that no turn is answered twice, and what they add is kept.

use std::time::Duration;

use crate::letters::{distance, sound};
use crate::time::CallTime;

/// How long the vendor may be silent about the words and still come back to them.
const LATE_WITHIN: Duration = Duration::from_secs(3);

/// Letters that may differ, as a part of all: another spelling, not other words.
const DIFFERENT_PART: usize = 3;

/// An interim that became a turn, or the end of one. The vendor's segment that it belongs to is still open.
#[derive(Debug, Clone)]
pub(super) struct Taken {
    text: String,
    letters: String,
    last_at: CallTime,
}

impl Taken {
    pub(super) fn new(at: CallTime, text: String) -> Self {
        Self { letters: sound(&text), text, last_at: at }
    }

    /// The whole segment, now that more of it was taken.
    pub(super) fn and(self, at: CallTime, more: &str) -> Self {
        Self::new(at, format!("{} {more}", self.text))
    }

    /// Whether they were taken before a moment: what was said from then on is something else.
    pub(super) fn is_before(&self, moment: CallTime) -> bool {
        self.last_at < moment
    }

    /// What a transcript adds to the words that were taken, which may be nothing; `None` when it is about other sound.
    pub(super) fn added_by<'t>(&mut self, at: CallTime, text: &'t str) -> Option<&'t str> {
        if at.since(self.last_at) > LATE_WITHIN {
            return None;
        }
        let heard = sound(text);
        let from = if self.letters.starts_with(&heard) { text.len() } else { self.end_in(text)? };
        self.last_at = at;
        Some(text[from..].trim())
    }

    /// Where the words that were taken end in a transcript of the same sound.
    fn end_in(&self, text: &str) -> Option<usize> {
        let ends = text.char_indices().filter(|(_, letter)| letter.is_whitespace()).map(|(index, _)| index);
        let allowed = self.letters.len() / DIFFERENT_PART;
        ends.chain([text.len()])
            .filter_map(|end| {
                let heard = sound(&text[..end]);
                let near = heard.len().abs_diff(self.letters.len()) <= allowed;
                near.then(|| (distance(&heard, &self.letters), end))
            })
            .filter(|(apart, _)| *apart <= allowed)
            .min_by_key(|(apart, end)| (*apart, std::cmp::Reverse(*end)))
            .map(|(_, end)| end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(taken: &str, text: &str) -> Option<String> {
        Taken::new(CallTime::ZERO, taken.to_owned()).added_by(CallTime::from_ms(500), text).map(str::to_owned)
    }

    #[test]
    fn the_same_words_add_nothing_however_they_are_written() {
        for (taken, text) in [
            ("a beard trim", "A beard trim."),
            ("I'd like a hair cut", "I'd like a haircut."),
            ("ten thirty", "10:30."),
            ("five five five forty two", "555 42."),
            ("yes", "Yes."),
            ("a haircut tomorrow", "A hair"),
        ] {
            assert_eq!(added(taken, text).as_deref(), Some(""), "{taken} / {text}");
        }
    }

    #[test]
    fn what_a_transcript_adds_is_found_behind_the_words_that_were_taken() {
        for (taken, text, more) in [
            ("a haircut", "A haircut on Friday.", "on Friday."),
            ("yes", "Yes, but not on Tuesday.", "but not on Tuesday."),
            ("I'd like a hair cut", "I'd like a haircut tomorrow.", "tomorrow."),
            ("my number is four one five", "My number is 415 555 2671.", "555 2671."),
        ] {
            assert_eq!(added(taken, text).as_deref(), Some(more), "{taken} / {text}");
        }
    }

    #[test]
    fn other_words_are_other_sound() {
        for (taken, text) in [("yes", "Friday at two"), ("a haircut", "no"), ("the first one", "Yesterday at ten")] {
            assert_eq!(added(taken, text), None, "{taken} / {text}");
        }
        let late = Taken::new(CallTime::ZERO, "yes".into()).added_by(CallTime::from_ms(3_500), "Yes.").is_some();
        assert!(!late);
    }
}
