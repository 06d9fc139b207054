//! Numbers as people say them: "twenty four", "24", "third", "24th".

use super::words::{Pause, Word, text};
use crate::numbers;

/// The number below a hundred, or of at most four digits, that begins at `at`, and how many words it takes.
pub(super) fn cardinal(words: &[Word], at: usize) -> Option<(u32, usize)> {
    let word = words.get(at)?;
    if word.text.bytes().all(|byte| byte.is_ascii_digit()) {
        return (word.text.len() <= 4).then(|| word.text.parse().ok()).flatten().map(|value| (value, 1));
    }
    if let Some(value) = unit(&word.text) {
        return Some((value, 1));
    }
    let value = tens(&word.text)?;
    match unit(text(words, at + 1)) {
        Some(ones @ 1..=9) if word.pause == Pause::None => Some((value + ones, 2)),
        _ => Some((value, 1)),
    }
}

/// The place in an order that begins at `at` ("third", "24th", "twenty fourth"), and how many words it takes.
pub(super) fn ordinal(words: &[Word], at: usize) -> Option<(u32, usize)> {
    let word = words.get(at)?;
    if let Some(value) = digits_ordinal(&word.text).or_else(|| unit_ordinal(&word.text)) {
        return Some((value, 1));
    }
    if let Some(value) = numbers::ordinal_tens(&word.text) {
        return Some((value, 1));
    }
    let value = tens(&word.text)?;
    let ones = unit_ordinal(text(words, at + 1)).filter(|ones| *ones < 10 && word.pause == Pause::None)?;
    Some((value + ones, 2))
}

/// The value of one number word below twenty.
pub(super) fn unit(word: &str) -> Option<u32> {
    numbers::small(word)
}

/// The value of "twenty" to "ninety".
pub(super) fn tens(word: &str) -> Option<u32> {
    let word = if word == "fourty" { "forty" } else { word };
    numbers::tens(word)
}

fn unit_ordinal(word: &str) -> Option<u32> {
    let word = if word == "forth" { "fourth" } else { word };
    numbers::small_ordinal(word)
}

fn digits_ordinal(word: &str) -> Option<u32> {
    let digits = ["st", "nd", "rd", "th"].iter().find_map(|ending| word.strip_suffix(ending))?;
    (digits.len() <= 2).then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::super::words::cut;
    use super::*;

    #[test]
    fn numbers_are_read_in_words_and_digits() {
        for (text, wanted) in [
            ("three", Some((3, 1))),
            ("24", Some((24, 1))),
            ("twenty four", Some((24, 2))),
            ("twenty-four", Some((24, 2))),
            ("twenty, four", Some((20, 1))),
            ("12345", None),
            ("tree", None),
        ] {
            assert_eq!(cardinal(&cut(text), 0), wanted, "{text:?}");
        }
        for (text, wanted) in [
            ("3rd", Some((3, 1))),
            ("twenty fourth", Some((24, 2))),
            ("thirteenth", Some((13, 1))),
            ("thirtieth", Some((30, 1))),
            ("twenty four", None),
        ] {
            assert_eq!(ordinal(&cut(text), 0), wanted, "{text:?}");
        }
    }
}
