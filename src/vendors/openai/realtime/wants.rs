//! What the model was asked for, and what came of it: one question beside the conversation, and one phrase after another
//! in it.

use std::collections::{BTreeMap, VecDeque};

use engine::io::{PhraseId, ReplyId};
use tokio::time::Instant;

/// Phrases whose items are remembered, for what of them was heard.
const ITEMS_MAX: usize = 64;

/// Samples of µ-law in a millisecond.
const BYTES_PER_MS: usize = 8;

/// A question that is being answered.
#[derive(Debug)]
pub(super) struct Asking {
    pub(super) want: u64,
    pub(super) reply: ReplyId,
    pub(super) response: Option<String>,
    pub(super) asked: Instant,
}

/// A phrase that is being said.
#[derive(Debug)]
pub(super) struct Saying {
    pub(super) want: u64,
    pub(super) phrase: PhraseId,
    pub(super) text: String,
    pub(super) response: Option<String>,
    pub(super) item: Option<String>,
    pub(super) audio: Vec<u8>,
    /// What the model says that it says.
    pub(super) transcript: String,
    pub(super) asked: Instant,
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Wants {
    asked: u64,
    pub(super) asking: Option<Asking>,
    pub(super) saying: Option<Saying>,
    pub(super) to_say: VecDeque<(PhraseId, String)>,
    /// Which item of the conversation a phrase is, and how long, in milliseconds.
    items: BTreeMap<PhraseId, (String, u64)>,
    /// A phrase of which only so much was heard, while it was still being said.
    cut: Option<(PhraseId, u64)>,
}

impl Wants {
    /// A number for what is asked for next.
    pub(super) fn number(&mut self) -> u64 {
        self.asked += 1;
        self.asked
    }

    /// The next phrase, when none is being said.
    pub(super) fn next_to_say(&mut self) -> Option<(PhraseId, String)> {
        if self.saying.is_some() { None } else { self.to_say.pop_front() }
    }

    /// Whether nothing is being said, asked or to be said.
    pub(super) fn is_idle(&self) -> bool {
        self.saying.is_none() && self.asking.is_none() && self.to_say.is_empty()
    }

    /// Since when the model owes us the first of something.
    pub(super) fn owed_since(&self) -> Option<Instant> {
        let asking = self.asking.as_ref().filter(|asking| asking.response.is_none()).map(|asking| asking.asked);
        let saying = self.saying.as_ref().filter(|saying| saying.audio.is_empty()).map(|saying| saying.asked);
        asking.into_iter().chain(saying).min()
    }

    /// Ends the phrase that is being said, and remembers its item. Gives it, and where it is to be cut already.
    pub(super) fn said(&mut self) -> Option<(Saying, Option<(String, u64)>)> {
        let saying = self.saying.take()?;
        let mut cut = None;
        if let Some(item) = saying.item.clone() {
            let length_ms = (saying.audio.len() / BYTES_PER_MS) as u64;
            if self.items.len() >= ITEMS_MAX {
                self.items.pop_first();
            }
            self.items.insert(saying.phrase, (item.clone(), length_ms));
            let heard = self.cut.take_if(|(phrase, _)| saying.phrase >= *phrase);
            cut = heard
                .map(|(phrase, heard_ms)| (item, if phrase == saying.phrase { heard_ms.min(length_ms) } else { 0 }));
        }
        Some((saying, cut))
    }

    /// Of this phrase so much was heard, and nothing of those after it: what is to be cut where. Never more than was sent.
    pub(super) fn heard(&mut self, phrase: PhraseId, heard_ms: u64) -> Vec<(String, u64)> {
        if self.saying.as_ref().is_some_and(|saying| saying.phrase >= phrase) {
            self.cut = Some((phrase, heard_ms));
        }
        let unheard = self.items.range_mut(phrase..);
        let cuts = unheard.map(|(of, (item, length_ms))| {
            let kept = if *of == phrase { heard_ms.min(*length_ms) } else { 0 };
            let is_shorter = kept < *length_ms;
            *length_ms = kept;
            (is_shorter, (item.clone(), kept))
        });
        cuts.filter(|(is_shorter, _)| *is_shorter).map(|(_, cut)| cut).collect()
    }
}

/// Whether what was said are the words that were ordered, whatever their signs and capitals.
pub(super) fn is_the_same(ordered: &str, said: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        let kept = text.chars().map(|c| if c.is_alphanumeric() || c == '\'' { c } else { ' ' });
        kept.collect::<String>().to_lowercase().split_whitespace().map(str::to_owned).collect()
    };
    words(ordered) == words(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saying(phrase: u64, item: &str, ms: usize) -> Saying {
        Saying {
            want: phrase,
            phrase: PhraseId(phrase as _),
            text: String::new(),
            response: None,
            item: Some(item.to_owned()),
            audio: vec![0xff; ms * BYTES_PER_MS],
            transcript: String::new(),
            asked: Instant::now(),
        }
    }

    #[test]
    fn what_was_not_heard_is_cut_and_never_beyond_what_was_sent() {
        let mut wants = Wants::default();
        for (phrase, item) in [(1, "a"), (2, "b"), (3, "c")] {
            wants.saying = Some(saying(phrase, item, 1_000));
            assert_eq!(wants.said().and_then(|(_, cut)| cut), None);
        }
        assert_eq!(wants.heard(PhraseId(2), 400), [("b".to_owned(), 400), ("c".to_owned(), 0)]);
        assert_eq!(wants.heard(PhraseId(2), 9_000), [], "nothing grows back");
        assert_eq!(wants.heard(PhraseId(1), 1_000), [("b".to_owned(), 0)], "the first was heard whole, and no more");
    }

    #[test]
    fn a_phrase_that_is_still_being_said_is_cut_when_it_ends() {
        let mut wants = Wants { saying: Some(saying(1, "a", 500)), ..Wants::default() };
        assert_eq!(wants.heard(PhraseId(1), 800), []);
        assert_eq!(wants.said().and_then(|(_, cut)| cut), Some(("a".to_owned(), 500)));
        wants.saying = Some(saying(2, "b", 500));
        assert_eq!(wants.said().and_then(|(_, cut)| cut), None, "only once");
    }

    #[test]
    fn words_are_compared_and_not_their_signs() {
        assert!(is_the_same("That's a haircut, at ten AM.", "that's a haircut at ten AM"));
        assert!(!is_the_same("at ten AM", "at ten PM"));
    }
}
