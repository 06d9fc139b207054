//! Which service the caller wants, by the names the business gave it.

use super::ServiceReading;
use super::words::{Pause, Word, read, starts_any, text};
use crate::business::{Business, Service};

/// A service, and the words that said it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    /// The service's id.
    pub(super) id: String,
    /// The first word.
    pub(super) from: usize,
    /// The word after the last.
    pub(super) to: usize,
}

/// The service named in the words: the longest name where names overlap, the last one after a correction, else the
/// first one.
pub(super) fn named(words: &[Word], business: &Business) -> Option<Named> {
    let mut found: Vec<Named> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        match longest(words, at, business) {
            Some(named) => {
                at = named.to;
                found.push(named);
            }
            None => at += 1,
        }
    }
    found.retain(|named| {
        starts_any(words, named.from.wrapping_sub(1), &["not", "no"]).is_none() && !has_not_before(words, named.from)
    });
    let corrected = found.len() > 1 && {
        let between = &words[found[0].to..found[found.len() - 1].from];
        super::words::has(between, &["no", "actually", "sorry", "instead", "rather", "mean", "make", "change", "to"])
    };
    if corrected { found.pop() } else { found.into_iter().next() }
}

/// What the caller wants of the business's services.
pub(super) fn reading(words: &[Word], business: &Business, expected: bool) -> ServiceReading {
    if let Some(named) = named(words, business) {
        return ServiceReading::Found(named.id);
    }
    if wants_something_else(words) || (expected && is_a_short_noun(words)) {
        ServiceReading::Unknown
    } else {
        ServiceReading::None
    }
}

fn has_not_before(words: &[Word], at: usize) -> bool {
    (1..=3).any(|back| {
        at.checked_sub(back).is_some_and(|start| {
            starts_any(words, start, &["not a", "not an", "not the", "instead of a", "instead of the", "do not want a"])
                .is_some_and(|length| length >= back)
        })
    })
}

/// The longest name of any service from `at` on.
fn longest(words: &[Word], at: usize, business: &Business) -> Option<Named> {
    let mut best: Option<Named> = None;
    for service in &business.services {
        for name in names_of(service) {
            if let Some(length) = says(words, at, &name)
                && best.as_ref().is_none_or(|best| at + length > best.to)
            {
                best = Some(Named { id: service.id.clone(), from: at, to: at + length });
            }
        }
    }
    best
}

/// All that a service is called, without articles.
fn names_of(service: &Service) -> impl Iterator<Item = String> {
    let id = service.id.replace('_', " ");
    std::iter::once(id).chain(std::iter::once(service.name.clone())).chain(service.also.iter().cloned()).map(|name| {
        let words: Vec<String> = read(&name).into_iter().map(|word| word.text).collect();
        let skip = usize::from(words.len() > 1 && ["a", "an", "the", "some"].contains(&words[0].as_str()));
        words[skip..].iter().map(|word| stem(word)).collect::<String>()
    })
}

/// Whether the words from `at` on say a name that was written together: "hair cut" says "haircut", and both ways.
fn says(words: &[Word], at: usize, name: &str) -> Option<usize> {
    if name.is_empty() {
        return None;
    }
    let mut said = String::new();
    for (index, word) in words[at..].iter().enumerate() {
        let whole = format!("{said}{}", stem(&word.text));
        if whole == name {
            return Some(index + 1);
        }
        said.push_str(&stem(&word.text));
        if !name.starts_with(&said) || word.pause >= Pause::Comma {
            // Stems inside a name may hide its plural: "beards trim" is rare enough to leave.
            return None;
        }
    }
    None
}

/// A word without its plural.
fn stem(word: &str) -> String {
    match word.strip_suffix('s') {
        Some(stem) if stem.len() >= 3 && !stem.ends_with('s') => stem.to_owned(),
        _ => word.to_owned(),
    }
}

/// "I'd like a manicure": wants something by a noun that is no service, nor anything else one asks for on the phone.
fn wants_something_else(words: &[Word]) -> bool {
    const WANTS: [&str; 22] = [
        "i would like a",
        "i would like an",
        "i would like to get a",
        "i would like to get an",
        "i would like to book a",
        "i would like to book an",
        "i need a",
        "i need an",
        "i want a",
        "i want an",
        "book a",
        "book an",
        "get a",
        "get an",
        "schedule a",
        "schedule an",
        "do you do",
        "do you offer",
        "looking for a",
        "looking for an",
        "an appointment for a",
        "appointment for a",
    ];
    (0..words.len()).any(|at| starts_any(words, at, &WANTS).is_some_and(|length| !is_neutral(noun(words, at + length))))
}

/// The words of the noun that begins at `at`.
fn noun(words: &[Word], at: usize) -> &[Word] {
    const ENDS: [&str; 21] = [
        "for", "on", "at", "tomorrow", "today", "with", "please", "and", "or", "in", "to", "next", "this", "as", "if",
        "from", "by", "around", "when", "the", "of",
    ];
    let from = at.min(words.len());
    let mut to = from;
    while to < words.len() && !ENDS.contains(&text(words, to)) {
        to += 1;
        if words[to - 1].pause >= Pause::Comma {
            break;
        }
    }
    &words[from..to]
}

/// Whether a noun is something that is asked for whatever the service, or nothing at all.
fn is_neutral(noun: &[Word]) -> bool {
    const NEUTRAL: [&str; 40] = [
        "appointment",
        "appointments",
        "booking",
        "reservation",
        "time",
        "slot",
        "spot",
        "person",
        "human",
        "one",
        "moment",
        "minute",
        "second",
        "question",
        "number",
        "name",
        "day",
        "date",
        "visit",
        "session",
        "change",
        "different",
        "another",
        "new",
        "callback",
        "call",
        "bit",
        "little",
        "lot",
        "couple",
        "few",
        "hold",
        "ride",
        "quote",
        "price",
        "person's",
        "thing",
        "something",
        "anything",
        "that",
    ];
    let timely = |word: &Word| {
        super::dates::weekday_of(&word.text).is_some()
            || super::dates::month_of(&word.text).is_some()
            || [
                "morning",
                "afternoon",
                "evening",
                "weekend",
                "later",
                "earlier",
                "walk",
                "real",
                "today",
                "tomorrow",
                "tonight",
                "yes",
                "no",
            ]
            .contains(&word.text.as_str())
            || word.text.starts_with(|c: char| c.is_ascii_digit())
    };
    noun.is_empty() || noun.iter().any(|word| NEUTRAL.contains(&word.text.as_str()) || timely(word))
}

/// A few words that could name a service, in answer to "Which service would you like?"
fn is_a_short_noun(words: &[Word]) -> bool {
    const EMPTY: [&str; 40] = [
        "a", "an", "the", "i", "we", "me", "my", "would", "like", "want", "need", "please", "just", "um", "uh", "er",
        "hmm", "well", "so", "oh", "hi", "hello", "hey", "it", "is", "to", "get", "have", "for", "of", "some", "and",
        "do", "not", "know", "sure", "you", "maybe", "thanks", "what",
    ];
    let content = words.iter().filter(|word| !EMPTY.contains(&word.text.as_str())).count();
    (1..=3).contains(&content) && words.len() <= 7 && !is_neutral(words)
}
