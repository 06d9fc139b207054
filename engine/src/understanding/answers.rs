//! Questions: what the business answers to common ones, and what the file itself can tell.

use chrono::{NaiveDate, NaiveDateTime};
use statecharts::proposal::{Expect, When};

use super::phrasebook as book;
use super::words::{Word, has, listed, read, starts};
use super::{Reading, Situation, services};
use crate::business::Business;
use crate::calendar::moment;

/// What a question is about that the business's file answers without anybody having written an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Topic {
    /// The opening hours, of one day or all.
    Hours(Option<NaiveDate>),
    /// How long a service takes, by its id, or all of them.
    Length(Option<String>),
    /// What a service costs, by its id, or all of them.
    Price(Option<String>),
    /// What can be booked.
    Services,
    /// Who is on the line.
    Business,
    /// Whether a person is on the line.
    Robot,
    /// "How are you?"
    SmallTalk,
    /// "Are you there?"
    Presence,
}

/// What the business says to a question: the answer with the most marking words in it, the first one where equal.
pub(super) fn found<'b>(words: &[Word], business: &'b Business) -> Option<&'b str> {
    let mut best: Option<(usize, &str)> = None;
    for answer in &business.answers {
        let score = answer.ask.iter().filter_map(|mark| matched(words, &read(mark, business.language))).sum();
        if score > best.map_or(0, |(score, _)| score) {
            best = Some((score, &answer.say));
        }
    }
    best.map(|(_, say)| say)
}

/// What a question is about.
pub(super) fn topic(words: &[Word], business: &Business, now: NaiveDateTime) -> Option<Topic> {
    const PERSON: &str =
        "robot, machine, computer, real person, human, a person, ai, a i, recording, automated, a bot, real";
    const WHO: &str = "who am i speaking, who am i talking, who is this, what is this place, have i reached, did i reach, \
        is this the, who are you, what business, what company, what shop, what salon";
    const SERVICES: &str = "what services, which services, what do you offer, what do you do, what can i book, what can i get, \
        what can you do, what treatments, what are my options, what are the options, what kind of services";
    const PRICE: &str = "how much, cost, costs, price, prices, charge, expensive";
    const HOURS: &str = "open, hours, close, closed, closing, how late, how early";
    const THERE: &str = "are you there, is anyone there, is anybody there, can you hear me, do you hear me, anybody there, \
        anyone there, is somebody there, are you still there";
    let service = || services::named(words, business).map(|named| named.id);
    if has(words, listed(THERE)) {
        Some(Topic::Presence)
    } else if has(words, ["how long"]) {
        Some(Topic::Length(service()))
    } else if has(words, listed(PRICE)) {
        Some(Topic::Price(service()))
    } else if has(words, listed(SERVICES)) {
        Some(Topic::Services)
    } else if has(words, listed(book::WHO_IS_THERE)) && has(words, listed(PERSON)) {
        Some(Topic::Robot)
    } else if has(words, listed(HOURS)) {
        Some(Topic::Hours(day(words, business, now)))
    } else if has(words, listed(WHO)) || asks_for_name(words, business) {
        Some(Topic::Business)
    } else {
        has(words, listed(book::SMALL_TALK)).then_some(Topic::SmallTalk)
    }
}

/// "Is this Harbor Street Barbers?"
fn asks_for_name(words: &[Word], business: &Business) -> bool {
    let name: Vec<String> = read(&business.name, business.language).into_iter().map(|word| word.text).collect();
    has(words, ["is this", "is that"]) && name.iter().any(|part| part.len() > 3 && has(words, [part]))
}

/// The one day that a question names.
fn day(words: &[Word], business: &Business, now: NaiveDateTime) -> Option<NaiveDate> {
    let situation = Situation {
        business,
        now,
        expects: Expect::Anything,
        offered: &[],
        half: None,
        day_in_mind: None,
        half_name: None,
        detail: None,
        service: None,
    };
    if has(words, ["now", "today"]) {
        return Some(now.date());
    }
    let Reading::Found(When::Within { from, to }) = super::when::reading(words, &situation) else { return None };
    let (from, to) = (moment(&from)?.date(), moment(&to)?.date());
    (from == to).then_some(from)
}

/// How many words of a mark stand in the words; a mark of several counts only whole.
fn matched(words: &[Word], mark: &[Word]) -> Option<usize> {
    let singular = |word: &str| match word.strip_suffix('s') {
        Some(stem) if stem.len() >= 3 && !stem.ends_with('s') => stem.to_owned(),
        _ => word.to_owned(),
    };
    let plain: Vec<Word> = words.iter().cloned().map(|word| Word { text: singular(&word.text), ..word }).collect();
    let mark: Vec<String> = mark.iter().map(|word| singular(&word.text)).collect();
    let phrase = mark.join(" ");
    (!mark.is_empty() && (0..plain.len()).any(|at| starts(&plain, at, &phrase).is_some())).then_some(mark.len())
}
