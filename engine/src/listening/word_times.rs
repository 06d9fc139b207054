//! When each word of the caller was said: what the vendor tells of single words, kept until there is a line with them.
//!
//! A line is not always what the vendor sent: words of ours that came back are taken out of it, and words that were taken
//! early come again. So its words are looked for in order among those that were told. One that is not among them lies
//! between its neighbours.

use std::collections::VecDeque;
use std::time::Duration;

use crate::record::Span;
use crate::time::CallTime;

/// Words that wait for their line; older ones are forgotten.
const WORDS_MAX: usize = 400;

/// Words that are passed over at most, looking for the next one.
const PASSED_OVER_MAX: usize = 12;

/// The times of words that are in no line yet.
#[derive(Debug, Default)]
pub(crate) struct WordTimes(VecDeque<(String, Span)>);

impl WordTimes {
    /// Words that will not change, and when each of them was said. Where the times are not one for each word, they are none.
    pub(crate) fn told(&mut self, text: &str, times: &[Span]) {
        if text.split_whitespace().count() != times.len() {
            return;
        }
        for (word, span) in text.split_whitespace().zip(times) {
            if self.0.len() == WORDS_MAX {
                self.0.pop_front();
            }
            self.0.push_back((bare(word), *span));
        }
    }

    /// When each word of a line was said, which began and ended at these moments; empty where nothing is known of any.
    pub(crate) fn of_line(&mut self, text: &str, from: CallTime, to: CallTime) -> Vec<Span> {
        let known: Vec<Option<Span>> = text.split_whitespace().map(|word| self.next(&bare(word))).collect();
        if known.iter().all(Option::is_none) {
            return Vec::new();
        }
        (0..known.len()).map(|index| known[index].unwrap_or_else(|| between(&known, index, from, to))).collect()
    }

    fn next(&mut self, word: &str) -> Option<Span> {
        let place = self.0.iter().take(PASSED_OVER_MAX).position(|(told, _)| told == word)?;
        self.0.drain(..=place).next_back().map(|(_, span)| span)
    }
}

/// An even share of the time between the nearest words that are known.
fn between(known: &[Option<Span>], index: usize, from: CallTime, to: CallTime) -> Span {
    let before = known[..index].iter().rposition(Option::is_some);
    let behind = known[index..].iter().position(Option::is_some).map(|ahead| index + ahead);
    let begin = before.and_then(|place| known[place]).map_or(from, |(_, end)| end);
    let end = behind.and_then(|place| known[place]).map_or(to, |(begin, _)| begin).max(begin);
    let (first, last) = (before.map_or(0, |place| place + 1), behind.unwrap_or(known.len()));
    let share_us = (end.as_us() - begin.as_us()) / (last - first) as u64;
    let at = |nth: usize| begin + Duration::from_micros(share_us * nth as u64);
    (at(index - first), at(index - first + 1))
}

fn bare(word: &str) -> String {
    word.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(from: u64, to: u64) -> Span {
        (CallTime::from_ms(from), CallTime::from_ms(to))
    }

    fn line(words: &mut WordTimes, text: &str) -> Vec<(u64, u64)> {
        let spans = words.of_line(text, CallTime::from_ms(0), CallTime::from_ms(1_000));
        spans.into_iter().map(|(from, to)| (from.as_ms(), to.as_ms())).collect()
    }

    #[test]
    fn a_line_has_the_times_of_its_words_however_they_are_written() {
        let mut words = WordTimes::default();
        words.told("hi there", &[ms(100, 200), ms(200, 400)]);
        words.told("A haircut,", &[ms(600, 650), ms(650, 900)]);
        assert_eq!(line(&mut words, "Hi there. A haircut"), [(100, 200), (200, 400), (600, 650), (650, 900)]);
        assert_eq!(line(&mut words, "Hi"), [], "they are in a line");
    }

    #[test]
    fn what_was_taken_out_is_passed_over_and_what_was_not_told_lies_between() {
        let mut words = WordTimes::default();
        words.told(
            "how can I help you on friday",
            &[ms(0, 1), ms(1, 2), ms(2, 3), ms(3, 4), ms(4, 5), ms(500, 600), ms(800, 900)],
        );
        assert_eq!(
            line(&mut words, "um on next friday morning"),
            [(0, 500), (500, 600), (600, 800), (800, 900), (900, 1_000)]
        );
    }

    #[test]
    fn times_that_do_not_fit_are_none_and_nothing_is_kept_for_ever() {
        let mut words = WordTimes::default();
        words.told("one two", &[ms(0, 1)]);
        assert_eq!(line(&mut words, "one two"), []);
        for nth in 0..2 * WORDS_MAX as u64 {
            words.told("word", &[ms(nth, nth + 1)]);
        }
        assert_eq!(words.0.len(), WORDS_MAX);
    }
}
