//! Numbers, put together from their words.

use super::fitting::Said;
use super::is_digits;
use super::list::Lexicon;
use crate::understanding::words::{Pause, text};

impl Lexicon {
    /// A number in words or digits, and how many words it takes: hundreds, tens and ones put together.
    pub(super) fn number(&self, said: &Said, at: usize) -> Option<(u32, usize)> {
        let words = said.words;
        let word = words.get(at)?;
        if is_digits(&word.text) {
            return (word.text.len() <= 4).then(|| word.text.parse().ok()).flatten().map(|value| (value, 1));
        }
        let value_at = |at: usize| self.numbers.get(said.plain(at)).copied();
        let unbroken = |at: usize| words.get(at).is_some_and(|word| word.pause == Pause::None);
        let (mut value, mut next) = (value_at(at)?, at + 1);
        if value < 100 && value_at(next) == Some(1_000) && unbroken(next - 1) {
            value *= 1_000;
            next += 1;
        }
        // Thousands, hundreds, and what is left, each smaller than the one before.
        while value >= 100 && unbroken(next - 1) {
            let room = if value.is_multiple_of(1_000) { 1_000 } else { 100 };
            let fits = |rest: &u32| *rest > 0 && *rest < room && value.is_multiple_of(100);
            let Some(rest) = value_at(next).filter(fits) else { break };
            value += rest;
            next += 1;
        }
        let tens = value % 100;
        if tens >= 30 && tens.is_multiple_of(10) && unbroken(next - 1) {
            let joined = usize::from(text(words, next) == self.joiner && unbroken(next));
            if let Some(ones) = value_at(next + joined).filter(|ones| (1..=9).contains(ones)) {
                value += ones;
                next += joined + 1;
            }
        }
        Some((value, next - at))
    }
}
