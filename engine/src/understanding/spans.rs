//! Stretches of days as people name them: "next week", "early December", "the first Tuesday in December".

use chrono::{Datelike, Months, NaiveDate, Weekday};

use super::dates::{Named, Today, followed_by, later, monday_of, month_day, month_of, one, weekday_of};
use super::numbers::ordinal;
use super::words::{Word, before, listed, starts_any, text};

/// Which third of a stretch is meant: "early next week", "the end of the month".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    Whole,
    Early,
    Middle,
    Late,
}

/// "this week", "next week", "early next week", "next week on Tuesday", "the week of the 30th".
pub(super) fn week(words: &[Word], at: usize, today: &Today) -> Option<(Named, usize)> {
    let (piece, lead) = piece_of(words, at);
    let at_week = at + lead;
    let monday = monday_of(today.date);
    let whole = |monday, length| Some((span_of(piece, monday, 7, today), lead + length));
    if let Some(length) = starts_any(words, at_week, ["the week after next", "week after next"]) {
        return whole(later(monday, 14), length);
    }
    if let Some(length) = starts_any(words, at_week, ["next week", "the following week", "the week after"]) {
        let monday = later(monday, 7);
        let on = usize::from(["on", "is"].contains(&text(words, at_week + length)));
        if let Some(day) = weekday_of(text(words, at_week + length + on)).filter(|_| lead == 0) {
            return Some((one(later(monday, day.num_days_from_monday())), length + on + 1));
        }
        return whole(monday, length);
    }
    if let Some(length) = starts_any(words, at_week, ["this week", "the week"]) {
        let said = lead > 0 || text(words, at) == "this";
        return whole(monday, length).filter(|_| said);
    }
    let length = starts_any(words, at_week, ["the week of", "week of"])?;
    let (Named::Span(date, _), more) = followed_by(words, at_week + length, today, month_day)? else { return None };
    whole(monday_of(date), length + more)
}

/// "this weekend", "the weekend", "next weekend".
pub(super) fn weekend(words: &[Word], at: usize, today: &Today) -> Option<(Named, usize)> {
    let saturday = later(monday_of(today.date), 5);
    if let Some(length) = starts_any(words, at, ["next weekend", "the weekend after"]) {
        return Some((Named::Span(later(saturday, 7), later(saturday, 8)), length));
    }
    let length = starts_any(words, at, ["this weekend", "the weekend", "on the weekend", "weekend", "weekends"])?;
    Some((Named::Span(saturday.max(today.date), later(saturday, 1)), length))
}

/// "weekdays", "during the week": from today to Friday, or all of next week's on a weekend.
pub(super) fn weekdays(words: &[Word], at: usize, today: &Today) -> Option<(Named, usize)> {
    let length = starts_any(words, at, ["weekdays", "a weekday", "weekday", "during the week"])?;
    let monday = monday_of(today.date);
    let monday = if today.date > later(monday, 4) { later(monday, 7) } else { monday };
    Some((Named::Span(monday.max(today.date), later(monday, 4)), length))
}

/// "next month", "in December", "early December", "the end of the month", "in the new year".
pub(super) fn month(words: &[Word], at: usize, today: &Today) -> Option<(Named, usize)> {
    let (piece, lead) = piece_of(words, at);
    let (first, length) = month_at(words, at, lead, today)?;
    Some((span_of(piece, first, first.num_days_in_month().into(), today), lead + length))
}

/// "the first Tuesday in December", "the last Friday of the month".
pub(super) fn nth_weekday(words: &[Word], at: usize, today: &Today) -> Option<(Named, usize)> {
    let the = usize::from(text(words, at) == "the");
    let (nth, length) = match text(words, at + the) {
        "last" => (None, 1),
        _ => ordinal(words, at + the).map(|(nth, length)| (Some(nth), length))?,
    };
    let mut next = at + the + length;
    let day = weekday_of(text(words, next))?;
    next += 1 + starts_any(words, next + 1, ["of", "in"])?;
    let (first, more) = month_at(words, next, 0, today).or_else(|| {
        let length = starts_any(words, next, ["the month", "this month"])?;
        Some((today.date.with_day(1)?, length))
    })?;
    let in_month = |first: NaiveDate| match nth {
        Some(nth) => NaiveDate::from_weekday_of_month_opt(first.year(), first.month(), day, u8::try_from(nth).ok()?),
        None => last_of_month(first, day),
    };
    Some((in_month(first).map_or(Named::Nonsense, one), next + more - at))
}

fn last_of_month(first: NaiveDate, day: Weekday) -> Option<NaiveDate> {
    (4..=5).rev().find_map(|nth| NaiveDate::from_weekday_of_month_opt(first.year(), first.month(), day, nth))
}

/// The first day of the month named at `at + lead`, and how many words name it.
fn month_at(words: &[Word], at: usize, lead: usize, today: &Today) -> Option<(NaiveDate, usize)> {
    let first_of_this = today.date.with_day(1)?;
    if let Some(length) = starts_any(words, at + lead, ["next month"]) {
        return Some((first_of_this.checked_add_months(Months::new(1))?, length));
    }
    if let Some(length) = starts_any(words, at + lead, ["this month", "the month"]) {
        let said = lead > 0 || text(words, at) == "this";
        return said.then_some((first_of_this, length));
    }
    if let Some(length) = starts_any(words, at + lead, ["the new year", "the beginning of the year"]) {
        return Some((NaiveDate::from_ymd_opt(today.date.year() + 1, 1, 1)?, length));
    }
    // "May" and "march" are verbs, too.
    let word = text(words, at + lead);
    let verb = ["may", "march", "mar"].contains(&word);
    if verb && lead == 0 && !["in", "of", "until", "next"].contains(&before(words, at)) {
        return None;
    }
    let month = month_of(word)?;
    let year = today.date.year() + i32::from(month < today.date.month());
    Some((NaiveDate::from_ymd_opt(year, month, 1)?, 1))
}

fn piece_of(words: &[Word], at: usize) -> (Piece, usize) {
    const PIECES: [(Piece, &str); 3] = [
        (Piece::Early, "early, early in, earlier in, the beginning of, beginning of, the start of, start of"),
        (Piece::Middle, "mid, the middle of, middle of"),
        (Piece::Late, "late, later, late in, later in, the end of, end of, towards the end of"),
    ];
    PIECES
        .iter()
        .find_map(|(piece, phrases)| Some((*piece, starts_any(words, at, listed(phrases))?)))
        .unwrap_or((Piece::Whole, 0))
}

/// A stretch of `length` days, or the third of it that is meant, without what has gone by.
fn span_of(piece: Piece, first: NaiveDate, length: u32, today: &Today) -> Named {
    // Two days of seven and ten of thirty: what people call the beginning, and the end of a working week.
    let third = (length / 3).max(1);
    let (from, to) = match (piece, length) {
        (Piece::Whole, _) => (0, length - 1),
        (Piece::Early, _) => (0, third - 1),
        (Piece::Middle, 7) => (2, 3),
        (Piece::Late, 7) => (3, 5),
        (Piece::Middle, _) => (third, 2 * third - 1),
        (Piece::Late, _) => (2 * third, length - 1),
    };
    let to = later(first, to);
    Named::Span(later(first, from).max(today.date).min(to), to)
}
