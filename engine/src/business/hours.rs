//! When a business, or somebody who works there, is at work: a usual week, and the days that differ.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, NaiveTime, Weekday};
use serde::{Deserialize, Serialize};

/// Opening hours of a week.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Hours {
    /// Monday.
    pub mon: Vec<Opening>,
    /// Tuesday.
    pub tue: Vec<Opening>,
    /// Wednesday.
    pub wed: Vec<Opening>,
    /// Thursday.
    pub thu: Vec<Opening>,
    /// Friday.
    pub fri: Vec<Opening>,
    /// Saturday.
    pub sat: Vec<Opening>,
    /// Sunday.
    pub sun: Vec<Opening>,
}

/// A stretch of one day in which the business is open, written `09:00-12:30`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Opening {
    /// The first minute.
    pub from: NaiveTime,
    /// The first minute after.
    pub to: NaiveTime,
}

/// Days that are unlike their weekday, with their own openings; none on a day that is closed.
pub type OtherDays = BTreeMap<Days, Vec<Opening>>;

/// Which days differ: one date, `2026-12-24`; a stretch, `2026-12-28..2027-01-02`; or a day of every year, `12-25`.
///
/// Where several name a day, the first in this order holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Days {
    /// One date.
    On(NaiveDate),
    /// From the first to the last date.
    Through(NaiveDate, NaiveDate),
    /// A month and a day.
    Yearly(u32, u32),
}

impl Hours {
    /// The openings of one weekday, in the order of the file.
    pub fn of(&self, weekday: Weekday) -> &[Opening] {
        use chrono::Weekday::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
        match weekday {
            Mon => &self.mon,
            Tue => &self.tue,
            Wed => &self.wed,
            Thu => &self.thu,
            Fri => &self.fri,
            Sat => &self.sat,
            Sun => &self.sun,
        }
    }
}

/// The openings of a date: those of the days that differ, else those of the week.
pub(super) fn openings_on<'a>(date: NaiveDate, week: &'a Hours, others: &'a OtherDays) -> &'a [Opening] {
    other_openings(date, others).unwrap_or_else(|| week.of(date.weekday()))
}

/// The openings of a date that differs from its weekday.
pub(super) fn other_openings(date: NaiveDate, others: &OtherDays) -> Option<&[Opening]> {
    others.iter().find(|(days, _)| days.contain(date)).map(|(_, openings)| &openings[..])
}

/// The stretches that lie in both.
pub(super) fn both(one: &[Opening], other: &[Opening]) -> Vec<Opening> {
    let pairs = one.iter().flat_map(|one| other.iter().map(move |other| (one, other)));
    pairs
        .map(|(one, other)| Opening { from: one.from.max(other.from), to: one.to.min(other.to) })
        .filter(|opening| opening.from < opening.to)
        .collect()
}

/// What is left of the stretches around a break.
pub(super) fn without(openings: Vec<Opening>, pause: &Opening) -> Vec<Opening> {
    let around = |opening: Opening| {
        [Opening { to: opening.to.min(pause.from), ..opening }, Opening { from: opening.from.max(pause.to), ..opening }]
    };
    openings.into_iter().flat_map(around).filter(|opening| opening.from < opening.to).collect()
}

impl Days {
    fn contain(self, date: NaiveDate) -> bool {
        match self {
            Self::On(day) => day == date,
            Self::Through(from, to) => (from..=to).contains(&date),
            Self::Yearly(month, day) => (date.month(), date.day()) == (month, day),
        }
    }
}

/// A stretch of opening hours that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("opening hours {0:?} are not of the form \"09:00-17:30\", with the end after the beginning")]
pub struct NotAnOpening(String);

impl TryFrom<String> for Opening {
    type Error = NotAnOpening;

    fn try_from(text: String) -> Result<Self, NotAnOpening> {
        let time = |part: &str| NaiveTime::parse_from_str(part.trim(), "%H:%M").ok();
        text.split_once('-')
            .and_then(|(from, to)| Some(Self { from: time(from)?, to: time(to)? }))
            .filter(|opening| opening.from < opening.to)
            .ok_or(NotAnOpening(text))
    }
}

impl From<Opening> for String {
    fn from(opening: Opening) -> Self {
        format!("{}-{}", opening.from.format("%H:%M"), opening.to.format("%H:%M"))
    }
}

/// Days that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the day {0:?} is none: write a date like \"2026-12-24\", a stretch like \"2026-12-28..2027-01-02\", or \"12-25\" for every year"
)]
pub struct NotDays(String);

impl TryFrom<String> for Days {
    type Error = NotDays;

    fn try_from(text: String) -> Result<Self, NotDays> {
        // Any leap year, so that February 29th may be named.
        const LEAP_YEAR: i32 = 2024;
        let date = |text: &str| NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").ok();
        let yearly = || {
            let (month, day) = text.split_once('-')?;
            let date = NaiveDate::from_ymd_opt(LEAP_YEAR, month.parse().ok()?, day.parse().ok()?)?;
            Some(Self::Yearly(date.month(), date.day()))
        };
        let days = match text.split_once("..") {
            Some((from, to)) => {
                date(from).zip(date(to)).filter(|(from, to)| from <= to).map(|(from, to)| Self::Through(from, to))
            }
            None => date(&text).map(Self::On).or_else(yearly),
        };
        days.ok_or(NotDays(text))
    }
}

impl From<Days> for String {
    fn from(days: Days) -> Self {
        match days {
            Days::On(date) => date.to_string(),
            Days::Through(from, to) => format!("{from}..{to}"),
            Days::Yearly(month, day) => format!("{month:02}-{day:02}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opening(text: &str) -> Opening {
        Opening::try_from(text.to_owned()).expect("an opening")
    }

    fn texts(openings: Vec<Opening>) -> Vec<String> {
        openings.into_iter().map(String::from).collect()
    }

    #[test]
    fn days_read_and_write_the_same() {
        for text in ["2026-12-24", "2026-12-28..2027-01-02", "12-25", "02-29"] {
            assert_eq!(String::from(Days::try_from(text.to_owned()).expect("days")), text);
        }
        for text in ["", "christmas", "2026-02-30", "13-01", "2027-01-02..2026-12-28", "02-30"] {
            assert!(Days::try_from(text.to_owned()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_date_goes_before_a_stretch_and_a_stretch_before_a_day_of_every_year() {
        let others: OtherDays = serde_json::from_value(serde_json::json!({
            "12-24": [], "2026-12-20..2026-12-31": ["10:00-12:00"], "2026-12-24": ["08:00-09:00"],
        }))
        .expect("days");
        let on = |date: &str| other_openings(date.parse().expect("a date"), &others).map(|found| texts(found.to_vec()));
        assert_eq!(on("2026-12-24"), Some(vec!["08:00-09:00".to_owned()]));
        assert_eq!(on("2026-12-31"), Some(vec!["10:00-12:00".to_owned()]));
        assert_eq!(on("2027-12-24"), Some(vec![]));
        assert_eq!(on("2027-12-25"), None);
    }

    #[test]
    fn breaks_cut_stretches_and_stretches_meet() {
        let day = vec![opening("09:00-18:00")];
        assert_eq!(texts(without(day.clone(), &opening("12:00-13:00"))), ["09:00-12:00", "13:00-18:00"]);
        assert_eq!(texts(without(day.clone(), &opening("08:00-10:00"))), ["10:00-18:00"]);
        assert_eq!(texts(without(day.clone(), &opening("18:00-19:00"))), ["09:00-18:00"]);
        assert_eq!(texts(without(day.clone(), &opening("08:00-19:00"))), [""; 0]);
        let shifts = [opening("07:00-10:00"), opening("16:00-20:00"), opening("20:00-21:00")];
        assert_eq!(texts(both(&day, &shifts)), ["09:00-10:00", "16:00-18:00"]);
    }
}
