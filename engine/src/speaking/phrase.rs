//! One phrase that was ordered: its words, where each of them ends in its audio, and how far it was heard.

use std::time::Duration;

use statecharts::booking::Interruptible;

use crate::audio::words;
use crate::io::PhraseId;
use crate::record::Span;
use crate::speaking::Spoken;
use crate::time::CallTime;

/// A word of which this share was heard counts as heard.
const WORD_HEARD_SHARE: f32 = 0.5;

/// What is left of a word after this share of it was heard is not worth repeating.
const WORD_DONE_SHARE: f32 = 0.85;

/// A word begins at most this long before its end: what is longer begins with a pause.
const WORD_MS_MAX: f32 = 500.0;

#[derive(Debug, Clone)]
pub(super) struct Phrase {
    pub(super) id: PhraseId,
    pub(super) text: String,
    pub(super) interruptible: Interruptible,
    /// Where the order began: a phrase that goes on after a stop begins in its middle.
    pub(super) from_ms: u32,
    /// How much of it was heard before this order.
    before_ms: u32,
    /// Where it was stopped.
    stopped_ms: Option<u32>,
    /// It is to go on from the beginning of its clause.
    from_clause: bool,
    length_ms: Option<u32>,
    word_ends_ms: Vec<u32>,
    /// The first frame of this order went out.
    pub(super) began: bool,
    first_heard: Option<CallTime>,
    /// When the first of this order was heard.
    begun: Option<CallTime>,
}

impl Phrase {
    pub(super) fn new(id: PhraseId, text: String, interruptible: Interruptible) -> Self {
        Self {
            id,
            text,
            interruptible,
            from_ms: 0,
            before_ms: 0,
            stopped_ms: None,
            from_clause: false,
            length_ms: None,
            word_ends_ms: Vec::new(),
            began: false,
            first_heard: None,
            begun: None,
        }
    }

    /// Its audio is whole.
    pub(super) fn synthesized(&mut self, length_ms: u32, word_ends_ms: &[u32]) {
        self.length_ms = Some(length_ms);
        if word_ends_ms.len() == self.words().count() {
            self.word_ends_ms = word_ends_ms.to_vec();
        }
    }

    /// Whether all of its audio is there.
    pub(super) fn is_whole(&self) -> bool {
        self.length_ms.is_some()
    }

    pub(super) fn length_ms(&self) -> u32 {
        self.length_ms.unwrap_or_else(|| words::length_ms(&self.text))
    }

    /// How much longer it should take.
    pub(super) fn remaining_ms(&self) -> u32 {
        self.length_ms().saturating_sub(self.from_ms)
    }

    /// It was heard up to here. Says whether nothing of it had been heard before.
    pub(super) fn reached(&mut self, at: CallTime, offset_ms: u32) -> bool {
        let heard_ms = offset_ms.saturating_sub(self.from_ms);
        let begun = *self.begun.get_or_insert(at - Duration::from_millis(u64::from(heard_ms)));
        let is_first = self.first_heard.is_none();
        self.first_heard.get_or_insert(begun);
        is_first
    }

    /// It was cleared when this much had been heard.
    pub(super) fn stopped(&mut self, at: CallTime, heard_ms: u32) {
        self.stopped_ms = Some(heard_ms);
        if heard_ms > self.from_ms {
            self.reached(at, heard_ms);
        }
    }

    /// What was guessed of where it was stopped is known better.
    pub(super) fn forget_stop(&mut self) {
        self.stopped_ms = None;
    }

    pub(super) fn go_back_to_clause(&mut self) {
        self.from_clause = true;
    }

    /// The same phrase as an order that begins where the caller stopped hearing: with the word that was being said, or
    /// with its clause.
    pub(super) fn going_on(self, id: PhraseId) -> Self {
        let before_ms = self.heard_ms();
        let from_ms = if self.from_clause { self.clause_begin_ms(before_ms) } else { self.word_begin_ms(before_ms) };
        Self { id, from_ms, before_ms, stopped_ms: None, from_clause: false, began: false, begun: None, ..self }
    }

    pub(super) fn whole(self, at: CallTime) -> Spoken {
        let (from, words) = (self.first_heard.unwrap_or(at), self.heard_at(self.words().count(), at));
        Spoken { heard: self.text, unheard: String::new(), from, to: at, words }
    }

    /// Splits at the word up to which it was heard.
    pub(super) fn cut(self, at: CallTime) -> Spoken {
        let heard_ms = self.heard_ms();
        let split: Vec<&str> = self.words().collect();
        let count = self.words_until(heard_ms, WORD_HEARD_SHARE);
        let (heard, unheard) = split.split_at(count);
        let from = self.first_heard.unwrap_or(at);
        let lasted_ms = heard_ms.saturating_sub(self.from_ms);
        let to = self.begun.map_or(from, |begun| begun + Duration::from_millis(u64::from(lasted_ms)));
        let (to, words) = (to.max(from).min(at), self.heard_at(count, at));
        Spoken { heard: heard.join(" "), unheard: unheard.join(" "), from, to, words }
    }

    /// When each of the first words was heard, by `at` at the latest.
    fn heard_at(&self, count: usize, at: CallTime) -> Vec<Span> {
        let (Some(first_heard), Some(begun)) = (self.first_heard, self.begun) else { return Vec::new() };
        // What lies before the place where it went on was heard when it was said first.
        let moment = |ms: u32| match ms.checked_sub(self.from_ms) {
            Some(into) => begun + Duration::from_millis(u64::from(into)),
            None => (first_heard + Duration::from_millis(u64::from(ms))).min(begun),
        };
        let mut before_ms = 0;
        let span = |end_ms: u32| {
            let from_ms = before_ms.max(end_ms.saturating_sub(WORD_MS_MAX as u32));
            before_ms = end_ms;
            (moment(from_ms).min(at), moment(end_ms).min(at))
        };
        self.word_ends_ms().into_iter().take(count).map(span).collect()
    }

    fn heard_ms(&self) -> u32 {
        self.stopped_ms.unwrap_or(0).max(self.before_ms)
    }

    /// Where the word begins that was being said at `heard_ms`, or the one after it when nearly all of it was heard.
    fn word_begin_ms(&self, heard_ms: u32) -> u32 {
        match self.words_until(heard_ms, WORD_DONE_SHARE) {
            0 => 0,
            heard => self.word_ends_ms()[heard - 1],
        }
    }

    /// Where the clause begins that was being said at `heard_ms`: behind the last comma or stop before it.
    fn clause_begin_ms(&self, heard_ms: u32) -> u32 {
        let heard = self.words_until(heard_ms, WORD_DONE_SHARE);
        let words: Vec<&str> = self.words().take(heard).collect();
        let clause = words.iter().rposition(|word| word.ends_with([',', '.', '?', '!', ';', ':']));
        clause.map_or(0, |last| self.word_ends_ms()[last])
    }

    /// How many words lie before a point, one of which this share lies before it counted in.
    fn words_until(&self, heard_ms: u32, share: f32) -> usize {
        let mut begins = 0.0;
        for (index, end) in self.word_ends_ms().into_iter().enumerate() {
            let end = end as f32;
            let lasts = (end - begins).min(WORD_MS_MAX);
            if end - lasts * (1.0 - share) > heard_ms as f32 {
                return index;
            }
            begins = end;
        }
        self.words().count()
    }

    pub(super) fn word_ends_ms(&self) -> Vec<u32> {
        if self.word_ends_ms.is_empty() {
            return words::ends_by_text(&self.text, self.length_ms());
        }
        self.word_ends_ms.clone()
    }

    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        self.text.split_whitespace()
    }
}
