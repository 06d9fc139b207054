//! The parameters of a query: each known by name, each once, and every fault told by its name.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use super::Refusal;
use crate::store::query::Filter;
use crate::web::access::Visitor;
use crate::web::problem::Wrong;

/// The longest value that is read, in bytes.
const VALUE_LEN_MAX: usize = 512;

/// What stands behind the `?`. Each parameter is taken out; what is left in the end nobody knows.
pub(in crate::web) struct Params {
    given: BTreeMap<String, String>,
    wrong: Vec<Wrong>,
    days_of: Tz,
}

impl Params {
    pub(in crate::web) fn of(query: Option<&str>) -> Self {
        let mut params = Self { given: BTreeMap::new(), wrong: Vec::new(), days_of: Tz::UTC };
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            let (name, value) = (name.into_owned(), value.into_owned());
            if value.len() > VALUE_LEN_MAX || name.len() > VALUE_LEN_MAX {
                params.note(name.chars().take(32).collect::<String>(), "it is too long");
            } else if value.contains('\0') {
                params.note(name, "it has a NUL in it");
            } else if params.given.insert(name.clone(), value).is_some() {
                params.note(name, "give it once");
            }
        }
        // An empty field of a form is one that was not filled in.
        params.given.retain(|_, value| !value.is_empty());
        params
    }

    /// The same, with days that begin at midnight there and not in UTC.
    pub(in crate::web) fn with_days_of(self, zone: Tz) -> Self {
        Self { days_of: zone, ..self }
    }

    fn note(&mut self, field: impl Into<std::borrow::Cow<'static, str>>, detail: &str) {
        self.wrong.push(Wrong { field: field.into(), detail: detail.to_owned() });
    }

    pub(in crate::web) fn text(&mut self, name: &str) -> Option<String> {
        self.given.remove(name)
    }

    /// A value that is read by `read`, which says none of what it cannot be.
    pub(in crate::web) fn parsed<T>(
        &mut self,
        name: &'static str,
        ought: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(name)?;
        let value = read(&text);
        if value.is_none() {
            self.note(name, ought);
        }
        value
    }

    pub(in crate::web) fn number(&mut self, name: &'static str) -> Option<i64> {
        self.parsed(name, "write a whole number, not negative", |text| text.parse().ok().filter(|number| *number >= 0))
    }

    /// A moment as RFC 3339, or a day, which begins at midnight.
    pub(in crate::web) fn moment(&mut self, name: &'static str) -> Option<DateTime<Utc>> {
        let zone = self.days_of;
        self.parsed(name, "write a moment like 2026-11-24T15:00:00Z or a day like 2026-11-24", |text| {
            moment(text, zone)
        })
    }

    pub(in crate::web) fn limit(&mut self) -> u32 {
        self.parsed("limit", "write a number from 1 to 200", |text| text.parse().ok()).unwrap_or(50)
    }

    /// One of some words.
    fn word(&mut self, name: &'static str, words: &[&str]) -> Option<String> {
        let ought = format!("write one of {}", words.join(", "));
        self.parsed(name, &ought, |text| words.contains(&text).then(|| text.to_owned()))
    }

    pub(in crate::web) fn yes_or_no(&mut self, name: &'static str) -> Option<bool> {
        self.parsed(name, "write true or false", |text| text.parse().ok())
    }

    /// Which calls, of those that somebody may see.
    pub(in crate::web) fn filter(&mut self, visitor: &Visitor) -> Result<Filter, Refusal> {
        let caller = self.text("caller");
        if caller.is_some() {
            // Whoever may not see numbers could find them out, digit by digit.
            visitor.needs(crate::web::access::Role::Manager)?;
        }
        Ok(Filter {
            scope: visitor.scope.clone(),
            business: self.text("business"),
            from: self.moment("from"),
            to: self.moment("to"),
            caller,
            status: self.word("status", &["active", "completed", "interrupted"]),
            outcome: self.text("outcome"),
            sentiment: self.word("sentiment", &["positive", "neutral", "negative"]),
            duration_ms_min: self.number("duration_ms_min"),
            duration_ms_max: self.number("duration_ms_max"),
            latency_ms_min: self.number("latency_ms_min"),
            latency_ms_max: self.number("latency_ms_max"),
            text: self.text("text"),
            sandbox: self.yes_or_no("sandbox"),
        })
    }

    /// That is all: anything else is a mistake, and better told than passed over.
    pub(in crate::web) fn finish(mut self) -> Result<(), Refusal> {
        for name in std::mem::take(&mut self.given).into_keys() {
            self.note(name.chars().take(32).collect::<String>(), "there is no such parameter");
        }
        if self.wrong.is_empty() { Ok(()) } else { Err(Refusal::Wrong(self.wrong)) }
    }
}

fn moment(text: &str, zone: Tz) -> Option<DateTime<Utc>> {
    // A "+" that was not escaped arrives as a space.
    let whole = text.replace(' ', "+");
    let moment = DateTime::parse_from_rfc3339(&whole).map(|moment| moment.to_utc()).ok();
    // Where midnight is skipped by the clock, the day begins an hour later.
    let begins = |hour| text.parse::<NaiveDate>().ok()?.and_hms_opt(hour, 0, 0)?.and_local_timezone(zone).earliest();
    let day = || begins(0).or_else(|| begins(1)).map(|begin| begin.to_utc());
    // Four digits of a year is what every database takes.
    moment.or_else(day).filter(|moment| (1970..=9999).contains(&chrono::Datelike::year(moment)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_with_their_zone_and_days_without() {
        for text in [
            "2026-11-24T15:00:00Z",
            "2026-11-24T10:00:00-05:00",
            "2026-11-24T16:00:00+01:00",
            "2026-11-24T16:00:00 01:00",
        ] {
            assert_eq!(moment(text, Tz::UTC).expect(text).to_rfc3339(), "2026-11-24T15:00:00+00:00");
        }
        let day = |zone| moment("2026-11-24", zone).expect("a day").to_rfc3339();
        assert_eq!(day(Tz::UTC), "2026-11-24T00:00:00+00:00");
        assert_eq!(day(Tz::America__New_York), "2026-11-24T05:00:00+00:00");
        // Chile's clocks go forward at midnight.
        let skipped = moment("2026-09-06", Tz::America__Santiago).expect("a day");
        assert_eq!(skipped.to_rfc3339(), "2026-09-06T04:00:00+00:00");
        for text in ["", "today", "2026-13-01", "2026-11-24T25:00:00Z", "-2026-01-01", "99999-01-01"] {
            assert_eq!(moment(text, Tz::UTC), None, "{text}");
        }
    }

    #[test]
    fn everything_wrong_is_told_by_its_name() {
        let mut params = Params::of(Some("limit=x&limit=2&status=&a=1"));
        assert_eq!((params.limit(), params.text("status")), (2, None));
        let Err(Refusal::Wrong(wrong)) = params.finish() else { panic!("refused") };
        let fields: Vec<&str> = wrong.iter().map(|wrong| &*wrong.field).collect();
        assert_eq!(fields, ["limit", "a"]);
    }
}
