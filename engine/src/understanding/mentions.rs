//! Everything a turn says about time, found left to right.

use chrono::NaiveDate;

use super::dates::Named;
use super::picks::{Asked, asked};
use super::times::{self, Clock, LAST_MIN, MORNING, Part, Told, told};
use super::words::{Pause, Word, before, listed, preceded, starts_any, text};
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
    found.retain_mut(|mention| !is_taken_back(mention, words) || turned_round(mention));
    found
}

/// "Not in the morning" leaves the rest of the day; other things taken back leave nothing.
fn turned_round(mention: &mut Mention) -> bool {
    const NOON: u32 = 12 * 60;
    let What::Part(part) = &mut mention.what else { return false };
    *part = if part.to_min < NOON {
        Part { from_min: NOON, to_min: LAST_MIN }
    } else if part.from_min > NOON {
        Part { from_min: MORNING.from_min, to_min: part.from_min - 1 }
    } else {
        MORNING
    };
    true
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
    let points = text(words, at) == "one" && lead == "the";
    if points {
        return false;
    }
    let beside = found.last().is_some_and(|last| {
        let joined = words[last.to.min(at)..at]
            .iter()
            .all(|word| ["at", "or", "and", "to", "through", "around"].contains(&word.text.as_str()));
        joined && !matches!(last.what, What::Asked(_)) && words[at - 1].pause < Pause::Stop
    });
    let follows = words[at + length - 1].pause < Pause::Stop
        && (days(words, at + length).is_some()
            || starts_any(words, at + length, ["or", "and", "to"]).is_some() && is_hour(words, at + length + 1));
    // "The afternoon one" points; "one" is an hour where a word for hours leads to it, or where it stands alone.
    let one = text(words, at) == "one";
    let joined = ["or", "and", "to"].contains(&lead);
    if LEADS.contains(&lead) || follows || (beside && (!one || joined)) {
        return true;
    }
    let alone = at == 0 && is_hour_in_itself(words, at + length);
    let expected = match situation.expects {
        Expect::Time => true,
        Expect::YesNo | Expect::Change => {
            const INTO: &str = "time to, it to, change to, that to, move to, hour to, appointment to, said, not";
            let leads_in = preceded(words, at, listed(INTO)).is_some();
            leads_in || alone || ["it", "about", "do", "prefer", "rather", "instead", "like"].contains(&lead)
        }
        // What stands is moved.
        Expect::Anything => {
            const INTO: &str = "it to, back to, up to, change to, that to, move to, appointment to, make it, make that";
            preceded(words, at, listed(INTO)).is_some()
        }
        _ => false,
    };
    expected && (!one || alone)
}

fn is_hour(words: &[Word], at: usize) -> bool {
    matches!(told(words, at), Some((Told::Clock(_), _)))
}

/// Whether a number at the beginning is an hour: nothing, or something that is said of hours, follows.
fn is_hour_in_itself(words: &[Word], next: usize) -> bool {
    next >= words.len()
        || ["please", "would", "is", "works", "sounds", "instead", "if", "or", "thanks", "on"]
            .contains(&text(words, next))
}

/// "Not Friday", "anything but Monday", "instead of Tuesday", "I can't do Thursday", "Friday doesn't work".
fn is_taken_back(mention: &Mention, words: &[Word]) -> bool {
    const LEADS: &str = "not, not on, not at, not in the, instead of, instead of on, rather than, anything but, any day but, \
        except, except on, can not do, can not do it, can not make, can not come, can not come on, can not make it on, can not make it, \
        can not do on, do not want, do not like, not free on, not free, not available on, not available";
    const AFTER: &str = "does not work, do not work, is not good, will not work, is no good, is not possible, is out, is too late, \
        is too early, would not work";
    let leads = preceded(words, mention.from, listed(LEADS)).is_some();
    leads || starts_any(words, mention.to, listed(AFTER)).is_some()
}
