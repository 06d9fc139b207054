//! Names spelled letter by letter, and how names are written.

use super::words::{Pause, Word, starts_any, text};

/// Small words inside names. They keep their small letter, and never are a name alone.
pub(super) const PARTICLES: [&str; 18] = [
    "van", "de", "der", "den", "von", "bin", "ibn", "al", "el", "la", "le", "di", "da", "dos", "del", "los", "las",
    "st",
];

/// Letters said one by one, "A as in apple" and "double L" among them, and how many words they take. At least two, so
/// that a middle initial is none.
pub(super) fn spelled(words: &[Word], at: usize) -> Option<(String, usize)> {
    let mut letters = String::new();
    let mut next = at;
    // Commas between all letters part nothing; one after letters without commas parts two names, as a space does that
    // stands among hyphens.
    let mut in_one_breath = false;
    while let Some((letter, times, length)) = letter_at(words, next) {
        letters.extend(std::iter::repeat_n(letter, times));
        next += length;
        if let Some(length) = starts_any(words, next, ["as in", "like", "for", "is for", "like in"]) {
            let named = text(words, next + length).starts_with(letter);
            next += if named { length + 1 } else { 0 };
        }
        let pause = words[next - 1].pause;
        let follows = letter_at(words, next).is_some();
        let new_word = words[next - 1].hyphened && words.get(next).is_some_and(|word| !word.hyphened);
        if pause >= Pause::Stop || new_word || (pause == Pause::Comma && (in_one_breath || !follows)) {
            break;
        }
        in_one_breath |= pause == Pause::None && follows;
    }
    (letters.chars().count() >= 2).then(|| (written(&letters), next - at))
}

/// One letter, how often it is meant, and how many words say so.
fn letter_at(words: &[Word], at: usize) -> Option<(char, usize, usize)> {
    let one = |word: &str| {
        let mut chars = word.chars();
        chars.next().filter(|letter| letter.is_alphabetic() && chars.next().is_none())
    };
    match text(words, at) {
        "double" => Some((one(text(words, at + 1))?, 2, 2)),
        "capital" => Some((one(text(words, at + 1))?, 1, 2)),
        word => Some((one(word)?, 1, 1)),
    }
}

/// Letters after a word that begins like them say how that word is written; else they are a word of their own.
pub(super) fn put(parts: &mut Vec<String>, spelled: &str) {
    let first = |text: &str| text.chars().next().map(|letter| letter.to_ascii_lowercase());
    match parts.iter_mut().rev().find(|part| first(part) == first(spelled)) {
        Some(part) => *part = spelled.to_owned(),
        None => parts.push(spelled.to_owned()),
    }
}

/// A name with its capitals: as it was written where it has small letters beside a large first one ("McDonald"), else
/// with one at the front of each part ("O'Brien").
pub(super) fn written(raw: &str) -> String {
    const TITLES: [&str; 4] = ["Mr", "Mrs", "Ms", "Dr"];
    let kept = raw.starts_with(char::is_uppercase) && raw.chars().any(char::is_lowercase);
    let name = if kept || (PARTICLES.contains(&raw) && raw != "st") {
        raw.to_owned()
    } else {
        raw.split('\'').map(capital).collect::<Vec<_>>().join("'")
    };
    if TITLES.contains(&name.as_str()) { format!("{name}.") } else { name }
}

fn capital(part: &str) -> String {
    let mut letters = part.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters.flat_map(char::to_lowercase)).collect())
        .unwrap_or_default()
}
