//! A text's words, and where they stand in it.

use std::ops::Range;

/// One word without the punctuation around it.
#[derive(Debug)]
pub(super) struct Word {
    /// In lower case.
    pub(super) text: String,
    /// As it was written.
    pub(super) is_capital: bool,
    /// In bytes of the whole text.
    pub(super) range: Range<usize>,
    /// A sentence may end after it.
    pub(super) ends: bool,
}

/// The words of a text. What a token is made of stays with its brackets and stars, so that it is no word any more.
/// "forty-five" is two, "555-1234" and "ada@example.com" are one.
pub(super) fn read(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut at = 0;
    for chunk in text.split_whitespace() {
        // Chunks come in order, so each is found at or after the end of the one before.
        let start = at + text[at..].find(chunk).expect("a chunk of a text is in it");
        at = start + chunk.len();
        let has_digit = chunk.bytes().any(|byte| byte.is_ascii_digit());
        let in_parts = chunk.contains('-') && !has_digit && !chunk.contains('@');
        let mut part_start = start;
        for part in chunk.split(|letter| in_parts && letter == '-') {
            push(part, part_start, &mut words);
            part_start += part.len() + 1;
        }
    }
    words
}

fn push(part: &str, start: usize, words: &mut Vec<Word>) {
    let is_kept =
        |letter: char| letter.is_alphanumeric() || matches!(letter, '+' | '$' | '€' | '£' | '%' | '_' | '[' | '*');
    let Some(first) = part.find(is_kept) else { return };
    let from = if part[..first].ends_with('(') { first - 1 } else { first };
    let core = part[from..].trim_end_matches(|letter| !is_kept(letter));
    let range = start + from..start + from + core.len();
    let ends = part[from + core.len()..].contains(['.', '?', '!', ';']);
    words.push(Word { text: core.to_lowercase(), is_capital: core.starts_with(char::is_uppercase), range, ends });
}
