//! Phone numbers as they are dictated: "five five five, one two three, forty five sixty seven", "double oh seven".

use super::numbers::{tens, unit};
use super::words::{Word, text};

/// A number, and the words that said it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dialled {
    /// The digits, with a `+` before them when one was said.
    pub(super) digits: String,
    /// The first word.
    pub(super) from: usize,
    /// The word after the last.
    pub(super) to: usize,
}

/// The longest run of digits in the words, however short.
pub(super) fn dialled(words: &[Word]) -> Option<Dialled> {
    let mut best: Option<Dialled> = None;
    let mut at = 0;
    while at < words.len() {
        let run = run(words, at);
        at = run.to.max(at + 1);
        if !run.digits.is_empty() && best.as_ref().is_none_or(|best| run.digits.len() > best.digits.len()) {
            best = Some(run);
        }
    }
    best
}

/// The digits from `at` on, until a word that has no place in a number.
fn run(words: &[Word], at: usize) -> Dialled {
    let mut digits = String::new();
    let mut next = at;
    let mut to = at;
    while next < words.len() {
        let Some((piece, length)) = piece(words, next, &digits) else {
            if !digits.is_empty() && is_filler(&words[next].text) {
                next += 1;
                continue;
            }
            break;
        };
        digits.push_str(&piece);
        next += length;
        to = next;
    }
    if digits == "+" {
        digits.clear();
    }
    Dialled { digits, from: at, to }
}

/// Words inside a number that add nothing.
pub(super) fn is_filler(word: &str) -> bool {
    ["um", "uh", "er", "and", "then", "dash", "hyphen", "area", "code", "space", "dot", "ok", "so", "it", "is"]
        .contains(&word)
}

/// The digits one or more words say.
fn piece(words: &[Word], at: usize, before: &str) -> Option<(String, usize)> {
    let word = text(words, at);
    if word == "plus" && before.is_empty() {
        return Some(("+".to_owned(), 1));
    }
    if let Some(rest) = word.strip_prefix('+').filter(|_| before.is_empty()) {
        let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
        return (!digits.is_empty() && rest.chars().all(|c| c.is_ascii_digit() || c == '.'))
            .then(|| (format!("+{digits}"), 1));
    }
    if !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return Some((word.replace('.', ""), 1)).filter(|(digits, _)| !digits.is_empty());
    }
    let times = match word {
        "double" => 2,
        "triple" | "treble" => 3,
        _ => 0,
    };
    if times > 0 {
        return Some((digit(text(words, at + 1))?.repeat(times), 2));
    }
    if let Some(digit) = digit(word) {
        return Some(match text(words, at + 1) {
            "hundred" => (format!("{digit}00"), 2),
            "thousand" => (format!("{digit}000"), 2),
            _ => (digit, 1),
        });
    }
    if let Some(value) = unit(word) {
        let hundreds = text(words, at + 1) == "hundred";
        return Some(if hundreds { (format!("{value}00"), 2) } else { (value.to_string(), 1) });
    }
    let value = tens(word)?;
    Some(match unit(text(words, at + 1)).filter(|ones| (1..=9).contains(ones)) {
        Some(ones) => ((value + ones).to_string(), 2),
        None => (value.to_string(), 1),
    })
}

/// One digit, in a word or written.
fn digit(word: &str) -> Option<String> {
    match word {
        "oh" | "o" | "nought" | "nil" => Some("0".to_owned()),
        "to" | "too" | "for" => None,
        _ if word.len() == 1 && word.bytes().all(|byte| byte.is_ascii_digit()) => Some(word.to_owned()),
        _ => unit(word).filter(|value| *value < 10).map(|value| value.to_string()),
    }
}
