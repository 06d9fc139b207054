//! Answers that the business gives to common questions, found by the words in them.

use super::words::{Word, read, starts};
use crate::business::Business;

/// What the business says to a question: the answer with the most marking words in it, the first one where equal.
pub(super) fn found<'b>(words: &[Word], business: &'b Business) -> Option<&'b str> {
    let mut best: Option<(usize, &str)> = None;
    for answer in &business.answers {
        let score = answer.ask.iter().filter_map(|mark| matched(words, mark)).sum();
        if score > best.map_or(0, |(score, _)| score) {
            best = Some((score, &answer.say));
        }
    }
    best.map(|(_, say)| say)
}

/// How many words of a mark stand in the words; a mark of several counts only whole.
fn matched(words: &[Word], mark: &str) -> Option<usize> {
    let singular = |word: &str| match word.strip_suffix('s') {
        Some(stem) if stem.len() >= 3 && !stem.ends_with('s') => stem.to_owned(),
        _ => word.to_owned(),
    };
    let plain: Vec<Word> = words.iter().cloned().map(|word| Word { text: singular(&word.text), ..word }).collect();
    let mark: Vec<String> = read(mark).iter().map(|word| singular(&word.text)).collect();
    let phrase = mark.join(" ");
    (!mark.is_empty() && (0..plain.len()).any(|at| starts(&plain, at, &phrase).is_some())).then_some(mark.len())
}
