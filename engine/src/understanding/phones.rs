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

/// How a country's numbers are dialled inside it.
struct Plan {
    /// ISO 3166 alpha-2.
    country: &'static str,
    /// The code dialled from abroad.
    code: &'static str,
    /// The prefix dialled inside the country, which goes when the code is put before.
    trunk: &'static str,
    /// Numbers are also told without the prefix. Elsewhere one without it is a local one, whose area nobody knows.
    trunk_optional: bool,
    /// How many digits follow the prefix.
    digits: std::ops::RangeInclusive<usize>,
}

/// Country codes and prefixes of ITU-T E.164 (list of assigned codes) and the national dialling plans.
const PLANS: [Plan; 20] = [
    plan("US", "1", "1", true, 10, 10),
    plan("CA", "1", "1", true, 10, 10),
    plan("GB", "44", "0", false, 9, 10),
    plan("IE", "353", "0", false, 7, 9),
    plan("AU", "61", "0", false, 9, 9),
    plan("NZ", "64", "0", false, 8, 10),
    plan("DE", "49", "0", false, 7, 12),
    plan("AT", "43", "0", false, 7, 12),
    plan("CH", "41", "0", false, 9, 9),
    plan("FR", "33", "0", false, 9, 9),
    plan("BE", "32", "0", false, 8, 9),
    plan("NL", "31", "0", false, 9, 9),
    plan("SE", "46", "0", false, 7, 9),
    plan("FI", "358", "0", false, 6, 11),
    plan("IN", "91", "0", true, 10, 10),
    plan("ES", "34", "", true, 9, 9),
    plan("PT", "351", "", true, 9, 9),
    plan("NO", "47", "", true, 8, 8),
    plan("DK", "45", "", true, 8, 8),
    plan("MX", "52", "", true, 10, 10),
];

const fn plan(
    country: &'static str,
    code: &'static str,
    trunk: &'static str,
    trunk_optional: bool,
    least: usize,
    most: usize,
) -> Plan {
    Plan { country, code, trunk, trunk_optional, digits: least..=most }
}

/// A number as the world dials it: E.164 where the country's plan is known and fits, else its digits. Between 7
/// digits, the shortest that reaches somebody, and 15, the most that E.164 allows.
pub(super) fn dialable(digits: &str, country: &str) -> Option<String> {
    let plain = digits.trim_start_matches('+');
    if !(7..=15).contains(&plain.len()) {
        return None;
    }
    if digits.starts_with('+') {
        return Some(digits.to_owned());
    }
    let Some(plan) = PLANS.iter().find(|plan| plan.country == country) else { return Some(plain.to_owned()) };
    let abroad = if plan.code == "1" { "011" } else { "00" };
    if let Some(rest) = plain.strip_prefix(abroad).filter(|rest| rest.len() >= 8) {
        return Some(format!("+{rest}"));
    }
    let fits = |national: &&str| {
        // Area codes of North America begin with 2 to 9 (NANP).
        plan.digits.contains(&national.len()) && !(plan.code == "1" && national.starts_with(['0', '1']))
    };
    let with_trunk = plain.strip_prefix(plan.trunk).filter(|_| !plan.trunk.is_empty()).filter(fits);
    let national = with_trunk.or_else(|| Some(plain).filter(|_| plan.trunk_optional).filter(fits));
    let with_code = plain.strip_prefix(plan.code).filter(fits);
    Some(match (national, with_code) {
        (Some(national), _) => format!("+{}{national}", plan.code),
        (None, Some(_)) => format!("+{plain}"),
        (None, None) => plain.to_owned(),
    })
}

/// How a dictated number compares with those of its country.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    /// Digits are missing.
    Short,
    /// It is as long as a number can be there, or as all are.
    Whole,
    /// It could be whole: numbers of the country differ in length, or its plan is unknown.
    Open,
}

/// Whether a number that is being dictated has all its digits.
pub(super) fn length(digits: &str, country: &str) -> Length {
    let plain = digits.trim_start_matches('+');
    let Some(plan) = PLANS.iter().find(|plan| plan.country == country).filter(|_| !digits.starts_with('+')) else {
        return if plain.len() < 7 { Length::Short } else { Length::Open };
    };
    let trunk = !plan.trunk.is_empty() && plain.starts_with(plan.trunk);
    let national = plain.len() - if trunk { plan.trunk.len() } else { 0 };
    if national >= *plan.digits.end() {
        Length::Whole
    } else if national < *plan.digits.start() {
        Length::Short
    } else {
        Length::Open
    }
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
