//! Which pattern fits from a word on.

use std::collections::BTreeMap;

use super::is_digits;
use super::list::{Kind, Lexicon, Pattern, Piece};
use crate::understanding::words::{Pause, Word, text};

/// Words that are to be put into others.
pub(super) struct Said<'w> {
    pub(super) words: &'w [Word],
    /// The same without accents.
    pub(super) plain: Vec<String>,
}

impl Said<'_> {
    pub(super) fn plain(&self, at: usize) -> &str {
        self.plain.get(at).map_or("", String::as_str)
    }
}

/// A pattern that fits: how many words it takes, how many of them to the letter, and what its kinds stand for.
pub(super) struct Fit<'l> {
    pub(super) length: usize,
    pub(super) exact: usize,
    pub(super) means: &'l [String],
    pub(super) filled: Vec<(Kind, String)>,
}

impl Lexicon {
    /// The pattern that takes the most words from `at` on; of several, the one that has most of them to the letter.
    pub(super) fn best(&self, said: &Said, at: usize) -> Option<Fit<'_>> {
        let begin = self.by_word.get(said.plain(at)).into_iter().flatten();
        let fits = begin.chain(&self.others).filter_map(|pattern| self.fit(pattern, said, at));
        fits.fold(None, |best: Option<Fit>, fit| match best {
            Some(best) if (best.length, best.exact) >= (fit.length, fit.exact) => Some(best),
            _ => Some(fit),
        })
    }

    fn fit<'l>(&self, pattern: &'l Pattern, said: &Said, at: usize) -> Option<Fit<'l>> {
        let words = said.words;
        let (mut next, mut exact, mut filled) = (at, 0, Vec::new());
        for piece in &pattern.pieces {
            let word = words.get(next)?;
            // A pause parts what a pattern puts together.
            if next > at && words[next - 1].pause > Pause::None {
                return None;
            }
            match piece {
                Piece::Word { text, plain: wanted, large } => {
                    if said.plain(next) != wanted || (!large && is_name(words, next)) {
                        return None;
                    }
                    exact += usize::from(word.text == *text);
                    next += 1;
                }
                Piece::Kind(kind) => {
                    let (value, length) = self.of_kind(*kind, said, next)?;
                    filled.push((*kind, value));
                    next += length;
                }
            }
        }
        let begins = at == 0 || words[at - 1].pause >= Pause::Stop;
        let ends = next == words.len() || words[next - 1].pause >= Pause::Stop;
        if pattern.whole && !(begins && ends) {
            return None;
        }
        exact += usize::from(pattern.whole);
        Some(Fit { length: next - at, exact, means: &pattern.means, filled })
    }

    fn of_kind(&self, kind: Kind, said: &Said, at: usize) -> Option<(String, usize)> {
        let named = |names: &BTreeMap<String, String>| Some((names.get(said.plain(at))?.clone(), 1));
        let number = |range: std::ops::RangeInclusive<u32>| {
            self.number(said, at)
                .filter(|(value, _)| range.contains(value))
                .map(|(value, length)| (value.to_string(), length))
        };
        let goes_on = |length: usize| {
            said.words[at + length - 1].pause == Pause::None && self.number(said, at + length).is_some()
        };
        match kind {
            Kind::Number => number(0..=9_999),
            Kind::Hour | Kind::Hour2 => number(1..=24),
            Kind::Minute => number(1..=59).map(|(minute, length)| (format!("{minute:0>2}"), length)),
            Kind::Clock => self.minutes_on_a_clock(said, at),
            Kind::Date => number(1..=31).filter(|(_, length)| !goes_on(*length)),
            Kind::Year => number(2_000..=2_099),
            Kind::Day => named(&self.days),
            Kind::Month => named(&self.months),
        }
    }

    /// "treinta", "cero cinco", "05".
    fn minutes_on_a_clock(&self, said: &Said, at: usize) -> Option<(String, usize)> {
        let words = said.words;
        let (value, length) = self.number(said, at)?;
        if value == 0 && text(words, at) != "00" {
            let (ones, more) = self.number(said, at + length).filter(|(ones, _)| (1..=9).contains(ones))?;
            return Some((format!("0{ones}"), length + more));
        }
        let written = text(words, at).len() == 2 && is_digits(text(words, at));
        ((10..=59).contains(&value) || (written && value < 10)).then(|| (format!("{value:0>2}"), length))
    }
}

/// A capital inside a sentence.
fn is_name(words: &[Word], at: usize) -> bool {
    at > 0 && words[at - 1].pause < Pause::Stop && words[at].raw.starts_with(char::is_uppercase)
}
