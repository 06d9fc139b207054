//! Long numbers: "555-0142", "four one five, double five…", "cuatro uno cinco". Written digits and words may mix.

use super::words::Word;
use super::{Found, Kind, range};
use crate::languages::spanish::numbers::{SMALL as SPANISH, TENS as SPANISH_TENS};
use crate::numbers::{small, tens};

/// Words between the digits of a number that add nothing to it.
const FILLERS: [&str; 14] =
    ["um", "uh", "er", "eh", "dash", "hyphen", "guion", "guión", "space", "then", "area", "code", "and", "y"];

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

const SPANISH_HUNDREDS: [&str; 9] = [
    "ciento",
    "doscientos",
    "trescientos",
    "cuatrocientos",
    "quinientos",
    "seiscientos",
    "setecientos",
    "ochocientos",
    "novecientos",
];

/// What one or more words add to a number.
struct Piece {
    digits: String,
    words: usize,
}

/// Every number of at least so many digits.
pub(super) fn find(words: &[Word], digits_least: usize) -> Vec<Found> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let (pieces, last) = run(words, at);
        let Some(last) = last else {
            at += 1;
            continue;
        };
        found.extend(number(words, at, last, &pieces, digits_least));
        at = last + 1;
    }
    found
}

fn number(words: &[Word], first: usize, last: usize, pieces: &[String], digits_least: usize) -> Option<Found> {
    let digits = pieces.concat();
    let after_month = first > 0 && MONTHS.contains(&words[first - 1].text.as_str());
    let least = if after_month { digits_least.max(10) } else { digits_least };
    if digits.len() < least || is_counting(pieces) || is_times(pieces) {
        return None;
    }
    let kind = match digits.len() {
        13..=19 if is_card(&digits) => Kind::Card,
        7..=15 => Kind::Phone,
        _ => Kind::Number,
    };
    Some(Found { range: range(words, first, last), kind, digits })
}

/// The digits from a word on, piece by piece, and the last word that adds some.
fn run(words: &[Word], first: usize) -> (Vec<String>, Option<usize>) {
    let mut pieces = Vec::new();
    let mut last = None;
    let mut at = first;
    while at < words.len() {
        if let Some(piece) = piece(words, at) {
            at += piece.words;
            last = Some(at - 1);
            pieces.push(piece.digits);
        } else if last.is_some() && FILLERS.contains(&words[at].text.as_str()) {
            at += 1;
        } else {
            break;
        }
    }
    (pieces, last)
}

fn piece(words: &[Word], at: usize) -> Option<Piece> {
    let text = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    let word = text(at);
    if let Some(digits) = written(word) {
        return Some(Piece { digits, words: 1 });
    }
    let times = match word {
        "double" | "doble" => 2,
        "triple" | "treble" => 3,
        _ => 0,
    };
    if times > 0 {
        return single(text(at + 1)).map(|digit| Piece { digits: digit.repeat(times), words: 2 });
    }
    if word == "plus" {
        return piece(words, at + 1).map(|next| Piece { words: next.words + 1, ..next });
    }
    if let Some(place) = SPANISH_HUNDREDS.iter().position(|name| *name == word) {
        // "seiscientos doce"
        let hundreds = 100 * (place as u32 + 1);
        let rest = piece(words, at + 1).filter(|rest| rest.digits.len() <= 2);
        let value = rest.as_ref().and_then(|rest| rest.digits.parse::<u32>().ok()).unwrap_or_default();
        return Some(Piece { digits: (hundreds + value).to_string(), words: 1 + rest.map_or(0, |rest| rest.words) });
    }
    if let Some(value) = tens_of(word) {
        // "treinta y cinco"
        let skip = usize::from(text(at + 1) == "y" && SPANISH_TENS.contains(&word));
        let ones = single(text(at + 1 + skip)).filter(|ones| ones != "0" && text(at + 1 + skip) != "oh");
        return Some(match ones.and_then(|ones| ones.parse::<u32>().ok()) {
            Some(ones) => Piece { digits: (value + ones).to_string(), words: 2 + skip },
            None => Piece { digits: value.to_string(), words: 1 },
        });
    }
    let digits = single(word).or_else(|| below_thirty(word).map(|value| value.to_string()))?;
    Some(match text(at + 1) {
        "hundred" => Piece { digits: format!("{digits}00"), words: 2 },
        "thousand" => Piece { digits: format!("{digits}000"), words: 2 },
        _ => Piece { digits, words: 1 },
    })
}

/// The digits of a word that is a number, or a part of one, in figures. A time, a date, a price or a decimal is none.
fn written(word: &str) -> Option<String> {
    let digits: String = word.chars().filter(char::is_ascii_digit).collect();
    let is_plain = word.chars().all(|letter| letter.is_ascii_digit() || matches!(letter, '+' | '-' | '.' | '(' | ')'));
    if digits.is_empty() || !is_plain {
        return None;
    }
    let groups: Vec<usize> = word.split(['-', '.']).map(str::len).collect();
    let is_date = matches!(groups[..], [4, 2, 2] | [2, 2, 4] | [1, 2, 4] | [2, 1, 4] | [1, 1, 4]);
    let is_decimal = matches!(groups[..], [_, 1 | 2]) && word.contains('.');
    (!is_date && !is_decimal).then_some(digits)
}

/// One digit, in a word.
fn single(word: &str) -> Option<String> {
    let value = match word {
        "oh" | "o" | "nought" => 0,
        "una" => 1,
        _ if word.len() == 1 => word.parse().ok()?,
        _ => below_thirty(word)?,
    };
    (value < 10).then(|| value.to_string())
}

fn below_thirty(word: &str) -> Option<u32> {
    small(word).or_else(|| SPANISH.iter().position(|name| *name == word).map(|value| value as u32))
}

fn tens_of(word: &str) -> Option<u32> {
    let spanish = || SPANISH_TENS.iter().position(|name| *name == word).map(|place| 30 + 10 * place as u32);
    tens(word).or_else(spanish)
}

/// "nine, ten, eleven, twelve": somebody counts hours or prices.
fn is_counting(pieces: &[String]) -> bool {
    let values: Vec<u64> = pieces.iter().filter_map(|piece| piece.parse().ok()).collect();
    let rises = values.len() > 1 && values.len() == pieces.len() && values.windows(2).all(|two| two[0] < two[1]);
    rises && values.iter().any(|value| (10..100).contains(value)) && values.iter().all(|value| *value < 100)
}

/// "nine thirty, ten fifteen, eleven": hours, half of them or more with minutes that are told.
fn is_times(pieces: &[String]) -> bool {
    let (mut times, mut with_minutes, mut at) = (0, 0, 0);
    while at < pieces.len() {
        if !pieces[at].parse::<u32>().is_ok_and(|hour| (1..=12).contains(&hour)) {
            return false;
        }
        let is_minutes = |piece: &String| {
            piece.len() == 2 && piece.parse::<u32>().is_ok_and(|minutes| minutes < 60 && minutes.is_multiple_of(5))
        };
        // "nine ten" is 9:10 or two hours; either way a time.
        let minutes = usize::from(pieces.get(at + 1).is_some_and(is_minutes));
        times += 1;
        with_minutes += minutes;
        at += 1 + minutes;
    }
    with_minutes * 2 >= times
}

/// The check digit of a card is right (Luhn, ISO/IEC 7812-1 annex B).
fn is_card(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let value = u32::from(byte - b'0') << (place % 2);
            if value > 9 { value - 9 } else { value }
        })
        .sum();
    sum.is_multiple_of(10)
}
