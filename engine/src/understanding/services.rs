//! Which service the caller wants, by the names the business gave it.

use super::ServiceReading;
use super::phrasebook as book;
use super::picks::{Asked, asked};
use super::words::{Pause, Word, has, listed, preceded, read, starts_any, text};
use crate::business::{Business, Service};
use crate::languages::Language;
use crate::letters::distance;

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
    let names: Vec<(&Service, String)> = names(business).collect();
    let mut found: Vec<Named> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        match longest(words, at, &names) {
            Some(named) => {
                at = named.to;
                found.push(named);
            }
            None => at += 1,
        }
    }
    found.retain(|named| !is_taken_back(words, named.from));
    let corrected = found.len() > 1 && {
        let between = &words[found[0].to..found[found.len() - 1].from];
        has(between, ["no", "actually", "sorry", "instead", "rather", "mean", "make", "change", "to"])
    };
    if corrected { found.pop() } else { found.into_iter().next() }
}

/// What the caller wants of the business's services. Where a service was asked for, one that is almost named counts,
/// and other words name one that the business does not have.
pub(super) fn reading(words: &[Word], business: &Business, asked_for: bool) -> ServiceReading {
    let found = named(words, business).map(|named| named.id);
    let found = found.or_else(|| almost(words, business).filter(|_| asked_for));
    match found {
        Some(id) => ServiceReading::Found(id),
        None if wants_something_else(words) || (asked_for && is_a_short_noun(words)) => ServiceReading::Unknown,
        None => ServiceReading::None,
    }
}

/// One of the services by its place in the list that was read out: "the first one".
pub(super) fn chosen(words: &[Word], business: &Business) -> Option<String> {
    let services = &business.services;
    let index = (0..words.len()).find_map(|at| match asked(words, at, services.len())?.0 {
        Asked::Nth(index) => Some(index),
        Asked::Last => services.len().checked_sub(1),
        _ => None,
    })?;
    // "Either" leaves the choice open, and a list of services is not ordered by time.
    let by_place = !has(words, ["either", "any of those", "any of them", "whichever", "earlier", "later"]);
    services.get(index).filter(|_| by_place).map(|service| service.id.clone())
}

/// "Not a haircut", "instead of a haircut".
fn is_taken_back(words: &[Word], at: usize) -> bool {
    const LEADS: &str = "not, not a, not an, not the, instead of, instead of a, instead of the, do not want a, no more";
    preceded(words, at, listed(LEADS)).is_some() && words[at - 1].pause == Pause::None
}

/// The longest name of any service from `at` on.
fn longest(words: &[Word], at: usize, names: &[(&Service, String)]) -> Option<Named> {
    let said = names.iter().filter_map(|(service, name)| Some((*service, says(words, at, name)?)));
    // The first of equally long names.
    let best = said.fold(None, |best: Option<(&Service, usize)>, found| match best {
        Some(best) if best.1 >= found.1 => Some(best),
        _ => Some(found),
    });
    best.map(|(service, length)| Named { id: service.id.clone(), from: at, to: at + length })
}

/// All names of all services.
fn names(business: &Business) -> impl Iterator<Item = (&Service, String)> {
    let of = |service| names_of(service, business.language).map(move |name| (service, name));
    business.services.iter().flat_map(of)
}

/// All that a service is called, without articles and spaces, each word by its root.
fn names_of(service: &Service, language: Language) -> impl Iterator<Item = String> {
    let id = service.id.replace('_', " ");
    let names = std::iter::once(id).chain(std::iter::once(service.name.clone())).chain(service.also.iter().cloned());
    names.map(move |name| joined(&read(&name, language)))
}

/// Words without articles in front, put together root by root.
fn joined(words: &[Word]) -> String {
    let skip = usize::from(words.len() > 1 && ["a", "an", "the", "some"].contains(&text(words, 0)));
    words[skip.min(words.len())..].iter().map(|word| root(&word.text)).collect()
}

/// Where a name of anything is said last, and in how many words.
pub(super) fn last_said(words: &[Word], name: &str, language: Language) -> Option<(usize, usize)> {
    let name = joined(&read(name, language));
    (0..words.len()).rev().find_map(|at| Some((at, says(words, at, &name)?)))
}

/// Whether the words from `at` on say a name, and how many do: "hair cut" says "haircut", and both ways. A long name may
/// have been heard with one letter wrong: "bear trim".
fn says(words: &[Word], at: usize, name: &str) -> Option<usize> {
    const LONG: usize = 8;
    const WORDS_MOST: usize = 4;
    let mut said = String::new();
    for (index, word) in words[at..].iter().take(WORDS_MOST).enumerate() {
        said.push_str(&root(&word.text));
        let nearly =
            name.len() >= LONG && said.as_bytes().first() == name.as_bytes().first() && distance(&said, name) <= 1;
        if !name.is_empty() && (said == name || nearly) {
            return Some(index + 1);
        }
        if word.pause >= Pause::Comma {
            break;
        }
    }
    None
}

/// A word without its ending: "haircuts", "coloring", "colored", "trimming" and "shaved" have the roots of "haircut",
/// "color", "trim" and "shave". Good for comparing, not for reading.
fn root(word: &str) -> String {
    const ENDINGS: [&str; 4] = ["ings", "ing", "ed", "s"];
    const SHORTEST: usize = 3;
    let bare = ENDINGS.iter().find_map(|ending| word.strip_suffix(ending).filter(|stem| stem.len() >= SHORTEST));
    let mut root = bare.filter(|_| !word.ends_with("ss")).unwrap_or(word).to_owned();
    if root.len() > SHORTEST && root.ends_with('e') {
        root.pop();
    }
    let doubled = root.len() > SHORTEST && bare.is_some() && {
        let mut letters = root.chars().rev();
        letters.next() == letters.next()
    };
    if doubled && !root.ends_with("ss") && !root.ends_with("ll") {
        root.pop();
    }
    root
}

/// A service whose name was heard with a letter wrong, or only begun: "bear trim", "hair". Only one may fit.
fn almost(words: &[Word], business: &Business) -> Option<String> {
    const LETTERS_LEAST: usize = 6;
    const BEGINNING_LEAST: usize = 4;
    let windows = (0..words.len()).flat_map(|at| (1..=3).filter_map(move |length| words.get(at..at + length)));
    let said: Vec<String> = windows.map(joined).collect();
    let fits = |service: &&Service| {
        names_of(service, business.language).any(|name| {
            said.iter().any(|said| {
                let one_off = name.len() >= LETTERS_LEAST && distance(said, &name) <= 1;
                one_off || (said.len() >= BEGINNING_LEAST && name.starts_with(said.as_str()))
            })
        })
    };
    let mut fitting = business.services.iter().filter(fits);
    fitting.next().filter(|_| fitting.next().is_none()).map(|service| service.id.clone())
}

/// "I'd like a manicure": wants something by a noun that is no service, nor anything else one asks for on the phone.
fn wants_something_else(words: &[Word]) -> bool {
    const WANTS: &str = "i would like a, i would like an, i would like to get a, i would like to get an, i would like to book a, \
        i would like to book an, i would like to schedule a, i need a, i need an, i want a, i want an, book a, book an, get a, \
        get an, schedule a, schedule an, do you do, do you offer, looking for a, looking for an, appointment for a";
    (0..words.len())
        .any(|at| starts_any(words, at, listed(WANTS)).is_some_and(|length| !is_neutral(noun(words, at + length))))
}

/// The words of the noun that begins at `at`.
fn noun(words: &[Word], at: usize) -> &[Word] {
    const ENDS: &str = "for, on, at, tomorrow, today, with, please, and, or, in, to, next, this, as, if, from, by, around, when, the, of";
    let from = at.min(words.len());
    let mut to = from;
    while to < words.len() && starts_any(words, to, listed(ENDS)).is_none() {
        to += 1;
        if words[to - 1].pause >= Pause::Comma {
            break;
        }
    }
    &words[from..to]
}

/// Whether a noun is something that is asked for whatever the service, or nothing at all.
fn is_neutral(noun: &[Word]) -> bool {
    const NEUTRAL: &str = "appointment, appointments, booking, reservation, time, slot, spot, person, human, one, moment, minute, \
        second, question, number, name, day, date, visit, session, change, different, another, new, callback, call, bit, little, \
        lot, couple, few, hold, ride, quote, price, thing, something, anything, that, both, usual, same, regular, morning, \
        afternoon, evening, weekend, later, earlier, walk, real, today, tomorrow, tonight, yes, no, recommend, suggest";
    let oil_change = has(noun, ["oil change"]);
    let timely = |word: &Word| {
        super::dates::weekday_of(&word.text).is_some()
            || super::dates::month_of(&word.text).is_some()
            || word.text.starts_with(|c: char| c.is_ascii_digit())
    };
    let neutral = |word: &Word| timely(word) || listed(NEUTRAL).any(|neutral| neutral == word.text);
    noun.is_empty() || (noun.iter().any(neutral) && !oil_change)
}

/// A few words that could name a service, in answer to "Which service would you like?"
fn is_a_short_noun(words: &[Word]) -> bool {
    const EMPTY: &str = "a, an, the, i, we, me, my, would, like, want, need, please, just, um, uh, er, hmm, well, so, oh, hi, \
        hello, hey, it, is, am, are, be, to, get, have, for, of, some, and, do, not, know, sure, you, maybe, thanks, thank, what, \
        guess, think, let, us, see, ok, sorry, can, could, give, with, wait, moment, second, on";
    let content = words.iter().filter(|word| !listed(EMPTY).any(|empty| empty == word.text)).count();
    let heard_badly = has(words, listed(book::REPEAT));
    (1..=3).contains(&content) && words.len() <= 7 && !is_neutral(words) && !heard_badly
}
