//! When somebody is busy by a calendar of theirs.
//!
//! An event counts unless it is cancelled or marked as free time (`TRANSP:TRANSPARENT`). Times without a zone, and whole
//! days, are the business's own. An event with a `RECURRENCE-ID` stands for that occurrence of its series: it was moved,
//! shortened or cancelled by itself (RFC 5545, section 3.8.4.4).

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use icalendar::{
    Calendar, CalendarComponent, CalendarDateTime, Component, DatePerhapsTime, Event, EventLike, EventStatus,
};

/// From the first moment to the first after.
pub type Span = (DateTime<Utc>, DateTime<Utc>);

/// Occurrences of one series that are looked at.
const OCCURRENCES_MAX: u16 = 1_000;

/// Busy times that are kept of one calendar.
const BUSY_MAX: usize = 5_000;

/// A text that is no calendar.
#[derive(Debug, thiserror::Error)]
#[error("it is no calendar (RFC 5545): {0}")]
pub struct NotACalendar(String);

/// The busy times of a calendar that overlap a span, in order.
///
/// # Errors
/// When the text is no calendar.
pub fn busy(text: &str, (from, to): Span, zone: Tz) -> Result<Vec<Span>, NotACalendar> {
    if !text.trim_start().starts_with("BEGIN:VCALENDAR") {
        return Err(NotACalendar("it does not begin with BEGIN:VCALENDAR".to_owned()));
    }
    let calendar: Calendar = text.parse().map_err(NotACalendar)?;
    let events = || {
        calendar.components.iter().filter_map(|component| match component {
            CalendarComponent::Event(event) => Some(event),
            _ => None,
        })
    };
    let apart: BTreeSet<(&str, DateTime<Utc>)> = events().filter_map(|event| stands_for(event, zone)).collect();
    let mut all = Vec::new();
    for event in events() {
        let is_free = event.property_value("TRANSP").is_some_and(|value| value.eq_ignore_ascii_case("TRANSPARENT"));
        if is_free || event.get_status() == Some(EventStatus::Cancelled) {
            continue;
        }
        let series = event.get_uid().filter(|_| event.get_recurrence_id().is_none());
        let is_told_apart = |begins: DateTime<Utc>| series.is_some_and(|series| apart.contains(&(series, begins)));
        all.extend(occurrences(event, from, to, zone).into_iter().filter(|(begins, _)| !is_told_apart(*begins)));
    }
    all.retain(|(begins, ends)| *begins < to && *ends > from && begins < ends);
    all.sort_unstable();
    all.dedup();
    all.truncate(BUSY_MAX);
    Ok(all)
}

/// Which occurrence of which series an event takes the place of.
fn stands_for(event: &Event, zone: Tz) -> Option<(&str, DateTime<Utc>)> {
    Some((event.get_uid()?, moment(&event.get_recurrence_id()?, zone)?))
}

fn occurrences(event: &Event, from: DateTime<Utc>, to: DateTime<Utc>, zone: Tz) -> Vec<Span> {
    let Some(start) = event.get_start() else { return Vec::new() };
    let Some(begins) = moment(&start, zone) else { return Vec::new() };
    let length = length(event, &start, begins, zone);
    let repeats = event.property_value("RRULE").is_some() || event.property_value("RDATE").is_some();
    let Some(set) = repeats.then(|| event.get_recurrence().ok()).flatten() else {
        return vec![(begins, begins + length)];
    };
    let utc = |at: DateTime<Utc>| at.with_timezone(&icalendar::rrule::Tz::UTC);
    let dates = set.after(utc(from - length)).before(utc(to)).all(OCCURRENCES_MAX).dates;
    dates
        .into_iter()
        .map(|at| {
            let floats =
                matches!(start, DatePerhapsTime::Date(_) | DatePerhapsTime::DateTime(CalendarDateTime::Floating(_)));
            let begins = if floats { local(at.naive_local(), zone) } else { at.with_timezone(&Utc) };
            (begins, begins + length)
        })
        .collect()
}

/// How long it takes: to its end, for its duration, or, where neither is told, the whole of its day or no time.
fn length(event: &Event, start: &DatePerhapsTime, begins: DateTime<Utc>, zone: Tz) -> Duration {
    let end = event.get_end().and_then(|end| moment(&end, zone));
    let told = event.property_value("DURATION").and_then(duration);
    match (end, told, start) {
        (Some(end), ..) => end - begins,
        (None, Some(duration), _) => duration,
        (None, None, DatePerhapsTime::Date(_)) => Duration::days(1),
        (None, None, DatePerhapsTime::DateTime(_)) => Duration::zero(),
    }
}

/// `PT1H30M`, `P1DT2H`, `P2W`.
fn duration(text: &str) -> Option<Duration> {
    let mut sum = Duration::zero();
    let mut number = String::new();
    for letter in text.trim_start_matches('+').strip_prefix('P')?.chars() {
        match letter {
            '0'..='9' => number.push(letter),
            'T' => {}
            unit => {
                let count: i64 = std::mem::take(&mut number).parse().ok().filter(|count| *count < 10_000)?;
                sum += match unit {
                    'W' => Duration::weeks(count),
                    'D' => Duration::days(count),
                    'H' => Duration::hours(count),
                    'M' => Duration::minutes(count),
                    'S' => Duration::seconds(count),
                    _ => return None,
                };
            }
        }
    }
    Some(sum)
}

fn moment(at: &DatePerhapsTime, zone: Tz) -> Option<DateTime<Utc>> {
    Some(match at {
        DatePerhapsTime::Date(day) => local(day.and_time(NaiveTime::MIN), zone),
        DatePerhapsTime::DateTime(CalendarDateTime::Utc(at)) => *at,
        DatePerhapsTime::DateTime(CalendarDateTime::Floating(at)) => local(*at, zone),
        DatePerhapsTime::DateTime(CalendarDateTime::WithTimezone { date_time, tzid }) => {
            // A zone by a name of the program's own is taken for the business's.
            local(*date_time, tzid.parse().unwrap_or(zone))
        }
    })
}

/// A moment of a zone's clock: the first of two, and the next one there is where the clock was put forward.
fn local(at: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    let later = (0..=24 * 4).map(|quarters| at + Duration::minutes(15 * quarters));
    let found = later.filter_map(|at| zone.from_local_datetime(&at).earliest()).next();
    found.map_or_else(|| at.and_utc(), |at| at.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is busy in the week from Monday, November 23rd, in New York's own clock.
    fn week(events: &str) -> Vec<String> {
        let zone: Tz = "America/New_York".parse().expect("a zone");
        let span =
            ("2026-11-23T05:00:00Z".parse().expect("a moment"), "2026-11-30T05:00:00Z".parse().expect("a moment"));
        let text =
            format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{}END:VCALENDAR\r\n", events.replace('\n', "\r\n"));
        let local = |at: DateTime<Utc>| at.with_timezone(&zone).format("%a %H:%M").to_string();
        let busy = busy(&text, span, zone).expect("a calendar");
        busy.into_iter().map(|(from, to)| format!("{} to {}", local(from), local(to))).collect()
    }

    fn event(lines: &str) -> String {
        format!("BEGIN:VEVENT\nUID:1\nDTSTAMP:20261101T000000Z\n{lines}\nEND:VEVENT\n")
    }

    #[test]
    fn times_are_read_in_utc_in_a_zone_floating_and_as_days() {
        assert_eq!(week(&event("DTSTART:20261124T140000Z\nDTEND:20261124T150000Z")), ["Tue 09:00 to Tue 10:00"]);
        let berlin = event("DTSTART;TZID=Europe/Berlin:20261124T150000\nDURATION:PT1H30M");
        assert_eq!(week(&berlin), ["Tue 09:00 to Tue 10:30"]);
        assert_eq!(week(&event("DTSTART:20261124T120000\nDTEND:20261124T130000")), ["Tue 12:00 to Tue 13:00"]);
        assert_eq!(week(&event("DTSTART;VALUE=DATE:20261126")), ["Thu 00:00 to Fri 00:00"]);
        let odd = event("DTSTART;TZID=Eastern Time:20261124T090000\nDTEND;TZID=Eastern Time:20261124T100000");
        assert_eq!(week(&odd), ["Tue 09:00 to Tue 10:00"]);
    }

    #[test]
    fn what_repeats_is_busy_each_time_and_what_is_free_or_cancelled_never() {
        let daily = event(
            "DTSTART;TZID=America/New_York:20261102T120000\nDTEND;TZID=America/New_York:20261102T123000\nRRULE:FREQ=WEEKLY;BYDAY=TU,TH\nEXDATE;TZID=America/New_York:20261126T120000",
        );
        assert_eq!(week(&daily), ["Tue 12:00 to Tue 12:30"]);
        let free = event("DTSTART:20261124T140000Z\nDTEND:20261124T150000Z\nTRANSP:TRANSPARENT");
        let cancelled = event("DTSTART:20261125T140000Z\nDTEND:20261125T150000Z\nSTATUS:CANCELLED");
        assert_eq!(week(&format!("{free}{cancelled}")), [""; 0]);
    }

    #[test]
    fn an_occurrence_that_was_moved_or_cancelled_by_itself_is_busy_there_or_nowhere() {
        let weekly = event(
            "DTSTART;TZID=America/New_York:20261102T120000\nDTEND;TZID=America/New_York:20261102T123000\nRRULE:FREQ=WEEKLY;BYDAY=TU,WE,TH",
        );
        let moved = event(
            "RECURRENCE-ID;TZID=America/New_York:20261124T120000\nDTSTART;TZID=America/New_York:20261124T150000\nDTEND;TZID=America/New_York:20261124T160000",
        );
        let cancelled = event("RECURRENCE-ID:20261126T170000Z\nDTSTART:20261126T170000Z\nSTATUS:CANCELLED");
        for text in [format!("{weekly}{moved}{cancelled}"), format!("{cancelled}{moved}{weekly}")] {
            assert_eq!(week(&text), ["Tue 15:00 to Tue 16:00", "Wed 12:00 to Wed 12:30"]);
        }
    }

    #[test]
    fn what_is_no_calendar_is_refused_and_what_is_odd_is_passed_over() {
        let span = (DateTime::UNIX_EPOCH, Utc::now());
        for text in ["", "<html>not found</html>", "BEGIN:VCALENDAR\r\nnonsense"] {
            assert!(busy(text, span, chrono_tz::UTC).is_err(), "{text}");
        }
        assert_eq!(week(&event("SUMMARY:no time")), [""; 0]);
        assert_eq!(week(&event("DTSTART:20261124T150000Z\nDTEND:20261124T140000Z")), [""; 0]);
        assert_eq!(duration("P1DT2H"), Some(Duration::hours(26)));
        assert_eq!(duration("soon"), None);
    }
}
