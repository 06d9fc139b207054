//! Everything a turn says about time, found left to right.

use chrono::NaiveDate;

use super::dates::Named;
use super::picks::{Asked, asked};
use super::times::{self, Clock, Part, Told, told};
use super::words::{Pause, Word, before, starts_any, text};
use super::{Expect, Situation};

/// One thing said about time, and the words that said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mention {
    /// What was said.
    pub(super) what: What,
    /// Its first word.
    pub(super) from: usize,
    /// The word after its last.
    pub(super) to: usize,
}

/// What a mention says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// A day, or a stretch of days.
    Days(NaiveDate, NaiveDate),
    /// A time on the clock.
    Clock(Clock),
    /// A part of the day.
    Part(Part),
    /// So many minutes from now.
    Ahead(u32),
    /// A time without a name: "the earliest", "the second one".
    Asked(Asked),
    /// Words for a time that does not exist.
    Nonsense,
}

/// The days named at a word, and how many words name them.
type DaysAt<'a> = dyn Fn(&[Word], usize) -> Option<(Named, usize)> + 'a;

/// Every mention, in order, without those that were taken back ("not Friday").
pub(super) fn mentions(words: &[Word], situation: &Situation, days: &DaysAt) -> Vec<Mention> {
    let offered = if situation.half.is_some() { 2 } else { situation.offered.len() };
    let mut found: Vec<Mention> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let day = days(words, at);
        let time =
            told(words, at).filter(|(time, length)| is_meant(*time, words, at, *length, &found, situation, days));
        let choice = asked(words, at, offered);
        let longest = [day.map(|day| day.1), time.map(|time| time.1), choice.map(|choice| choice.1)];
        let Some(length) = longest.into_iter().flatten().max() else {
            at += 1;
            continue;
        };
        let mention = |what| Mention { what, from: at, to: at + length };
        if let Some((choice, _)) = choice.filter(|choice| choice.1 == length) {
            found.push(mention(What::Asked(choice)));
        } else if let Some((day, _)) = day.filter(|day| day.1 == length) {
            found.push(mention(match day {
                Named::Span(from, to) => What::Days(from, to),
                Named::Nonsense => What::Nonsense,
            }));
            // "Tonight" is a day and a part of it.
            if let Some((Told::Part(part), _)) = time.filter(|time| time.1 == length) {
                found.push(mention(What::Part(part)));
            }
        } else if let Some((time, _)) = time {
            found.push(mention(match time {
                Told::Clock(clock) => What::Clock(clock),
                Told::Part(part) => What::Part(part),
                Told::Ahead(minutes) => What::Ahead(minutes),
                Told::Nonsense => What::Nonsense,
            }));
        }
        at += length;
    }
    let kept: Vec<Mention> = found.iter().copied().filter(|mention| !is_taken_back(mention, words)).collect();
    kept
}

/// Whether a number is meant as a time. With minutes or "PM" it is; a bare hour needs a word or a situation for it.
fn is_meant(
    time: Told,
    words: &[Word],
    at: usize,
    length: usize,
    found: &[Mention],
    situation: &Situation,
    days: &DaysAt,
) -> bool {
    let Told::Clock(clock) = time else { return true };
    if clock.marked {
        return true;
    }
    if times::counts_something(words, at + length) {
        return false;
    }
    const LEADS: [&str; 13] =
        ["at", "around", "about", "by", "after", "before", "between", "until", "till", "past", "than", "say", "from"];
    let lead = before(words, at);
    let beside = found.last().is_some_and(|last| {
        let joined = words[last.to.min(at)..at]
            .iter()
            .all(|word| ["at", "or", "and", "to", "through", "around"].contains(&word.text.as_str()));
        joined && !matches!(last.what, What::Asked(_)) && words[at - 1].pause < Pause::Stop
    });
    let follows = words[at + length - 1].pause < Pause::Stop
        && (days(words, at + length).is_some()
            || starts_any(words, at + length, &["or", "and", "to"]).is_some() && is_hour(words, at + length + 1));
    // "The afternoon one" points; "one" is an hour where a word for hours leads to it, or where it stands alone.
    let one = text(words, at) == "one";
    let joined = ["or", "and", "to"].contains(&lead);
    if LEADS.contains(&lead) || follows || (beside && (!one || joined)) {
        return true;
    }
    let expected = match situation.expects {
        Expect::Time => true,
        Expect::YesNo | Expect::Change => {
            ["it", "about", "do", "prefer", "rather", "instead", "like"].contains(&lead)
                || at == 0 && length == words.len()
        }
        _ => false,
    };
    expected && (!one || (at == 0 && is_hour_in_itself(words, at + length)))
}

fn is_hour(words: &[Word], at: usize) -> bool {
    matches!(told(words, at), Some((Told::Clock(_), _)))
}

/// Whether a "one" at the beginning is an hour: nothing, or something polite, follows.
fn is_hour_in_itself(words: &[Word], next: usize) -> bool {
    next >= words.len()
        || ["please", "would", "is", "works", "sounds", "if", "or", "thanks", "on"].contains(&text(words, next))
}

/// "Not Friday", "anything but Monday", "instead of Tuesday", "I can't do Thursday".
fn is_taken_back(mention: &Mention, words: &[Word]) -> bool {
    const LEADS: [&str; 22] = [
        "not",
        "not on",
        "not at",
        "not in the",
        "instead of",
        "instead of on",
        "rather than",
        "anything but",
        "any day but",
        "except",
        "except on",
        "can not do",
        "can not make",
        "can not come",
        "can not come on",
        "can not make it on",
        "can not make it",
        "do not want",
        "does not work",
        "not free on",
        "not free",
        "not available on",
    ];
    let ends_there = |phrase: &&str| {
        let length = phrase.split(' ').count();
        mention.from.checked_sub(length).is_some_and(|start| starts_any(words, start, &[phrase]).is_some())
    };
    let after = starts_any(
        words,
        mention.to,
        &[
            "does not work",
            "is not good",
            "will not work",
            "is no good",
            "is not possible",
            "is out",
            "is too late",
            "is too early",
        ],
    );
    LEADS.iter().any(ends_there) || after.is_some()
}
