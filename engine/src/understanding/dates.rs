//! Days as people name them, read where they stand in a sentence.
//!
//! Weeks begin on Monday. "Friday" is the next Friday after today; "next Friday" is the Friday of the week after this
//! one, so that on a Monday it is eleven days ahead; "this Friday" is the Friday of this week while it is still ahead.
//! A date without a year is the nearest one ahead, except that one gone by within a month is taken as gone by: the
//! calendar then says so, where "we don't book a year ahead" would puzzle.

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};

use super::numbers::{cardinal, ordinal};
use super::spans;
use super::words::{Pause, Word, listed, starts, starts_any, text};
use crate::calendar::HORIZON_DAYS_MAX;

/// What a date is read against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Today<'a> {
    /// The day of the call.
    pub(super) date: NaiveDate,
    /// Whose habit decides what 11/12 means.
    pub(super) country: &'a str,
    /// How many days ahead the business books.
    pub(super) horizon_days: u32,
    /// The day talked about last: "the day after" follows it.
    pub(super) in_mind: Option<NaiveDate>,
}

/// The days that some words name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// From the first to the last day; the same one for a single day.
    Span(NaiveDate, NaiveDate),
    /// Words for a day that does not exist: "November 31st", or a Friday the 24th that is a Tuesday.
    Nonsense,
}

/// The days named from the word at `at` on, and how many words that takes. The longest reading wins.
pub(super) fn days(words: &[Word], at: usize, today: &Today) -> Option<(Named, usize)> {
    let rules = [
        written,
        near,
        beside,
        ahead,
        weekday,
        spans::week,
        spans::weekend,
        spans::weekdays,
        spans::nth_weekday,
        month_day,
        spans::month,
        holiday,
        day_of_month,
    ];
    let mut best: Option<(Named, usize)> = None;
    for rule in rules {
        if let Some(found) = rule(words, at, today)
            && best.is_none_or(|(_, length)| found.1 > length)
        {
            best = Some(found);
        }
    }
    best
}

/// The weekday a word names; plurals count.
pub(super) fn weekday_of(word: &str) -> Option<Weekday> {
    let word = word.strip_suffix("days").map_or_else(|| word.to_owned(), |stem| format!("{stem}day"));
    Some(match word.as_str() {
        "monday" | "mon" => Weekday::Mon,
        "tuesday" | "tue" | "tues" => Weekday::Tue,
        "wednesday" | "wed" | "weds" => Weekday::Wed,
        "thursday" | "thu" | "thur" | "thurs" => Weekday::Thu,
        "friday" | "fri" => Weekday::Fri,
        "saturday" => Weekday::Sat,
        "sunday" => Weekday::Sun,
        _ => return None,
    })
}

/// The month a word names.
pub(super) fn month_of(word: &str) -> Option<u32> {
    const MONTHS: [(&str, &str); 12] = [
        ("january", "jan"),
        ("february", "feb"),
        ("march", "mar"),
        ("april", "apr"),
        ("may", "may"),
        ("june", "jun"),
        ("july", "jul"),
        ("august", "aug"),
        ("september", "sep"),
        ("october", "oct"),
        ("november", "nov"),
        ("december", "dec"),
    ];
    let word = if word == "sept" { "sep" } else { word };
    MONTHS.iter().position(|(long, short)| word == *long || word == *short).map(|index| index as u32 + 1)
}

pub(super) fn one(date: NaiveDate) -> Named {
    Named::Span(date, date)
}

pub(super) fn later(date: NaiveDate, days: u32) -> NaiveDate {
    date.checked_add_days(Days::new(days.into())).unwrap_or(date)
}

pub(super) fn monday_of(date: NaiveDate) -> NaiveDate {
    date.week(Weekday::Mon).first_day()
}

/// The next day of this name after `date`.
fn next_named(date: NaiveDate, weekday: Weekday) -> NaiveDate {
    let ahead = (weekday.num_days_from_monday() + 7 - date.weekday().num_days_from_monday()) % 7;
    later(date, if ahead == 0 { 7 } else { ahead })
}

/// "11/24", "11/24/2026", "2026-11-24".
fn written(words: &[Word], at: usize, today: &Today) -> Option<(Named, usize)> {
    let word = text(words, at);
    if let Ok(date) = NaiveDate::parse_from_str(word, "%Y-%m-%d") {
        return Some((one(date), 1));
    }
    let parts: Vec<u32> = word.split('/').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let (first, second, year) = match parts[..] {
        [first, second] => (first, second, None),
        [first, second, year] => (first, second, Some(if year < 100 { 2000 + year } else { year })),
        _ => return None,
    };
    let month_first = (matches!(today.country, "US" | "CA" | "PH") && first <= 12) || second > 12;
    let (month, day) = if month_first { (first, second) } else { (second, first) };
    Some((dated(month, day, year, today), 1))
}

/// "today", "tomorrow", "the day after tomorrow", "this morning".
fn near(words: &[Word], at: usize, today: &Today) -> Option<(Named, usize)> {
    const PARTS: [&str; 5] = ["morning", "afternoon", "evening", "night", "lunchtime"];
    if let Some(length) = starts_any(words, at, ["the day after tomorrow", "day after tomorrow"]) {
        return Some((one(later(today.date, 2)), length));
    }
    if let Some(in_mind) = today.in_mind {
        const THAT_DAY: &str = "that day, the same day, same day, that same day";
        const DAY_AFTER: &str = "the day after that, the day after, the next day, the following day, next day";
        if let Some(length) = starts_any(words, at, listed(THAT_DAY)) {
            return Some((one(in_mind), length));
        }
        if let Some(length) = starts_any(words, at, listed(DAY_AFTER)) {
            return Some((one(later(in_mind, 1)), length));
        }
        if let Some(length) = starts_any(words, at, ["the day before that", "the day before"]) {
            return Some((one(in_mind.pred_opt()?), length));
        }
    }
    if let Some(length) = starts_any(words, at, ["later today", "today", "tonight"]) {
        return Some((one(today.date), length));
    }
    if text(words, at) == "this" && PARTS.contains(&text(words, at + 1)) {
        return Some((one(today.date), 1));
    }
    match text(words, at) {
        "tomorrow" | "tomorrows" | "tommorow" | "tomorow" | "tmrw" | "tmr" => Some((one(later(today.date, 1)), 1)),
        "yesterday" => Some((one(today.date.pred_opt()?), 1)),
        _ => None,
    }
}

/// "the day after Thanksgiving", "the day before the 24th".
fn beside(words: &[Word], at: usize, today: &Today) -> Option<(Named, usize)> {
    let after = starts_any(words, at, ["the day after", "day after"]);
    let lead = after.or_else(|| starts_any(words, at, ["the day before", "day before"]))?;
    let anchors = [near, holiday, month_day, weekday, day_of_month];
    let (named, length) = anchors.iter().find_map(|anchor| anchor(words, at + lead, today))?;
    let Named::Span(from, to) = named else { return Some((Named::Nonsense, lead + length)) };
    Some((one(if after.is_some() { later(to, 1) } else { from.pred_opt()? }), lead + length))
}

/// "in two weeks", "three days from now", "a week from Friday", "Friday week" is in `weekday`.
fn ahead(words: &[Word], at: usize, today: &Today) -> Option<(Named, usize)> {
    let (said_in, mut next) = match starts_any(words, at, ["in", "within", "in about", "in like"]) {
        Some(length) => (true, at + length),
        None => (false, at),
    };
    let (count, length) = amount(words, next)?;
    next += length;
    let unit = text(words, next);
    next += 1;
    if let Some(length) = starts_any(words, next, ["is time", "time"]) {
        next += length;
    }
    let mut base = today.date;
    if let Some(length) = starts_any(words, next, ["from now", "from today", "away", "out"]) {
        next += length;
    } else if ["from", "on", "after"].contains(&text(words, next)) && (!said_in || text(words, next) == "from") {
        let (Named::Span(from, to), length) = near(words, next + 1, today)
            .or_else(|| weekday(words, next + 1, today))
            .or_else(|| month_day(words, next + 1, today))?
        else {
            return None;
        };
        if from != to {
            return None;
        }
        base = from;
        next += 1 + length;
    } else if !said_in {
        return None;
    }
    let in_weeks = matches!(unit, "week" | "weeks") && said_in && text(words, next) == "on";
    if let Some(day) = weekday_of(text(words, next + 1)).filter(|_| in_weeks) {
        let monday = later(monday_of(base), 7 * count);
        return Some((one(later(monday, day.num_days_from_monday())), next + 2 - at));
    }
    let named = match unit {
        "day" | "days" => one(later(base, count)),
        "week" | "weeks" => one(later(base, 7 * count)),
        "fortnight" => one(later(base, 14 * count)),
        "month" | "months" => one(base.checked_add_months(Months::new(count))?),
        _ => return None,
    };
    Some((named, next - at))
}

/// "two", "a", "a couple of", "a few".
fn amount(words: &[Word], at: usize) -> Option<(u32, usize)> {
    const WORDS: [(&str, u32); 8] = [
        ("a couple of", 2),
        ("a couple", 2),
        ("couple of", 2),
        ("a few", 3),
        ("few", 3),
        ("a", 1),
        ("an", 1),
        ("another", 1),
    ];
    WORDS
        .iter()
        .find_map(|(phrase, value)| Some((*value, starts(words, at, phrase)?)))
        .or_else(|| cardinal(words, at).filter(|(count, _)| *count <= 365))
}

/// "Friday", "this Friday", "next Friday", "Friday the 13th", "Tuesday of next week", "Friday week".
fn weekday(words: &[Word], at: usize, today: &Today) -> Option<(Named, usize)> {
    let lead = starts_any(
        words,
        at,
        [
            "last",
            "this past",
            "past",
            "this coming",
            "this next",
            "the next",
            "the following",
            "following",
            "coming",
            "this",
            "next",
            "on",
            "the",
        ],
    );
    let lead = lead.unwrap_or(0);
    let said = words.get(at..at + lead)?.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
    let day = weekday_of(text(words, at + lead))?;
    let mut next = at + lead + 1;
    let this_week = later(monday_of(today.date), day.num_days_from_monday());
    let soonest = next_named(today.date, day);
    let mut date = match said.as_str() {
        "last" | "past" | "this past" => soonest
            .checked_sub_days(Days::new(7))
            .filter(|date| *date < today.date)
            .unwrap_or(soonest.checked_sub_days(Days::new(14))?),
        "next" => later(this_week, 7),
        "this" if this_week >= today.date => this_week,
        _ => soonest,
    };
    if let Some((Named::Span(from, to), length)) = dated_after(words, next, today)
        .or_else(|| followed_by(words, next, today, month_day))
        .or_else(|| followed_by(words, next, today, written))
    {
        let agrees = from == to && from.weekday() == day;
        return Some((if agrees { one(from) } else { Named::Nonsense }, next + length - at));
    }
    if let Some(found) = weekday_and_ordinal(words, next, day, today) {
        return Some((found.0, next + found.1 - at));
    }
    if let Some((date, length)) = beside_anchor(words, next, day, today) {
        return Some((one(date), next + length - at));
    }
    let after_that = starts_any(words, next, ["after that", "after"]).zip(today.in_mind);
    if let Some((length, in_mind)) = after_that.filter(|_| text(words, next + 1) != "next") {
        let clock_follows = text(words, next + 1) != "that" && next + 1 < words.len();
        if !clock_follows {
            return Some((one(next_named(in_mind, day)), next + length - at));
        }
    }
    if let Some(length) = starts_any(words, next, ["of next week", "in next week", "next week"]) {
        date = later(this_week, 7);
        next += length;
    } else if let Some(length) = starts_any(words, next, ["of this week", "this week"]) {
        date = if this_week >= today.date { this_week } else { soonest };
        next += length;
    } else if let Some(length) = starts_any(words, next, ["after next"]) {
        date = later(soonest, 7);
        next += length;
    } else if let Some(length) = starts_any(words, next, ["week", "in a week"]) {
        date = later(soonest, 7);
        next += length;
    }
    Some((one(date), next - at))
}

/// "The Saturday after Thanksgiving", "the Friday before the 10th of December": behind the weekday.
fn beside_anchor(words: &[Word], at: usize, day: Weekday, today: &Today) -> Option<(NaiveDate, usize)> {
    let after = match text(words, at) {
        "after" => true,
        "before" => false,
        _ => return None,
    };
    let (Named::Span(from, to), length) =
        followed_by(words, at + 1, today, holiday).or_else(|| followed_by(words, at + 1, today, month_day))?
    else {
        return None;
    };
    let week_before = from.checked_sub_days(Days::new(8))?;
    Some((if after { next_named(to, day) } else { next_named(week_before, day) }, 1 + length))
}

/// Reads days from a word on.
type Rule = fn(&[Word], usize, &Today) -> Option<(Named, usize)>;

/// A rule that may begin at `at` or after a "the" there.
pub(super) fn followed_by(words: &[Word], at: usize, today: &Today, rule: Rule) -> Option<(Named, usize)> {
    match text(words, at) {
        "the" => rule(words, at + 1, today).map(|(named, length)| (named, length + 1)),
        _ => rule(words, at, today),
    }
}

/// An exact date right behind a weekday: "Tuesday, November 24th". A date that does not exist is left to its own rule.
fn dated_after(words: &[Word], at: usize, today: &Today) -> Option<(Named, usize)> {
    if at > 0 && words.get(at - 1).is_some_and(|word| word.pause >= Pause::Stop) {
        return None;
    }
    followed_by(words, at, today, month_day)
}

/// "Friday the 13th": the first such day the business books, or nonsense when there is none.
fn weekday_and_ordinal(words: &[Word], at: usize, day: Weekday, today: &Today) -> Option<(Named, usize)> {
    let the = usize::from(text(words, at) == "the");
    let (number, length) = ordinal(words, at + the)?;
    if counts_something(words, at + the + length) {
        return None;
    }
    let found = (0..=today.horizon_days.clamp(31, HORIZON_DAYS_MAX))
        .map(|ahead| later(today.date, ahead))
        .find(|date| date.day() == number && date.weekday() == day);
    Some((found.map_or(Named::Nonsense, one), the + length))
}

/// "November 24th", "the 24th of November", "24 November", with or without a year.
pub(super) fn month_day(words: &[Word], at: usize, today: &Today) -> Option<(Named, usize)> {
    let (month, day, mut length) = if let Some(month) = month_of(text(words, at)) {
        let the = usize::from(text(words, at + 1) == "the");
        let (day, length) = ordinal(words, at + 1 + the).or_else(|| cardinal(words, at + 1 + the))?;
        (month, day, 1 + the + length)
    } else {
        let the = usize::from(text(words, at) == "the");
        let (day, length) = ordinal(words, at + the).or_else(|| cardinal(words, at + the))?;
        let of = usize::from(text(words, at + the + length) == "of");
        let month = month_of(text(words, at + the + length + of))?;
        (month, day, the + length + of + 1)
    };
    if !(1..=99).contains(&day) {
        return None;
    }
    let year = year(words, at + length);
    length += year.map_or(0, |(_, length)| length);
    Some((dated(month, day, year.map(|(year, _)| year), today), length))
}

/// "2026" or "twenty twenty six" behind a date.
fn year(words: &[Word], at: usize) -> Option<(u32, usize)> {
    let (first, length) = cardinal(words, at)?;
    if (2000..2100).contains(&first) {
        return Some((first, length));
    }
    let (second, more) = cardinal(words, at + length).filter(|_| first == 20 && text(words, at) == "twenty")?;
    (20..100).contains(&second).then_some((2000 + second, length + more))
}

/// A month and a day, in the year that is meant.
fn dated(month: u32, day: u32, year: Option<u32>, today: &Today) -> Named {
    const GONE_BY_DAYS: u64 = 31;
    if let Some(year) = year {
        let date = NaiveDate::from_ymd_opt(year as i32, month, day).filter(|_| (1900..2200).contains(&year));
        return date.map_or(Named::Nonsense, one);
    }
    let earliest = today.date.checked_sub_days(Days::new(GONE_BY_DAYS)).unwrap_or(today.date);
    // Four years ahead, so that February 29th is found.
    (today.date.year() - 1..=today.date.year() + 4)
        .filter_map(|year| NaiveDate::from_ymd_opt(year, month, day))
        .find(|date| *date >= earliest)
        .map_or(Named::Nonsense, one)
}

/// "the 3rd", "on the twenty fourth".
fn day_of_month(words: &[Word], at: usize, today: &Today) -> Option<(Named, usize)> {
    let the = usize::from(text(words, at) == "the");
    let (day, length) = ordinal(words, at + the)?;
    let in_digits = text(words, at + the).starts_with(|c: char| c.is_ascii_digit());
    let of_month = starts_any(words, at + the + length, ["of this month", "of the month", "of next month"]);
    if counts_something(words, at + the + length) || !(the == 1 || in_digits) {
        return None;
    }
    let from = if starts(words, at + the + length, "of next month").is_some() {
        today.date.with_day(1)?.checked_add_months(Months::new(1))?
    } else {
        today.date
    };
    let date = (0..62).map(|ahead| later(from, ahead)).find(|date| date.day() == day);
    Some((date.map_or(Named::Nonsense, one), the + length + of_month.unwrap_or(0)))
}

/// Whether what follows an ordinal is counted by it: "the first one", "the second time".
fn counts_something(words: &[Word], at: usize) -> bool {
    const COUNTED: [&str; 18] = [
        "one",
        "ones",
        "time",
        "times",
        "thing",
        "option",
        "slot",
        "choice",
        "available",
        "opening",
        "appointment",
        "visit",
        "floor",
        "free",
        "spot",
        "name",
        "you",
        "possible",
    ];
    let follows = at > 0 && words.get(at - 1).is_some_and(|word| word.pause == Pause::None);
    follows && COUNTED.contains(&text(words, at))
}

/// The few holidays that people name instead of a date.
fn holiday(words: &[Word], at: usize, today: &Today) -> Option<(Named, usize)> {
    const FIXED: [(&str, u32, u32); 8] = [
        ("christmas eve", 12, 24),
        ("christmas day", 12, 25),
        ("christmas", 12, 25),
        ("new years eve", 12, 31),
        ("new year is eve", 12, 31),
        ("new years day", 1, 1),
        ("new year is day", 1, 1),
        ("valentines day", 2, 14),
    ];
    if let Some(length) = starts_any(words, at, ["thanksgiving day", "thanksgiving", "black friday"]) {
        let after = i64::from(text(words, at) == "black");
        let date = (today.date.year()..=today.date.year() + 1)
            .filter_map(|year| NaiveDate::from_weekday_of_month_opt(year, 11, Weekday::Thu, 4))
            .map(|thursday| thursday + chrono::TimeDelta::days(after))
            .find(|date| *date >= today.date)?;
        return Some((one(date), length));
    }
    let (month, day, length) =
        FIXED.iter().find_map(|(name, month, day)| Some((*month, *day, starts(words, at, name)?)))?;
    Some((dated(month, day, None, today), length))
}
