//! What a calendar program subscribes to.

use chrono::{DateTime, Utc};
use icalendar::{Calendar, Class, Component, Event, EventLike, EventStatus};

/// One appointment in a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The same for the same appointment.
    pub id: String,
    /// When it begins.
    pub from: DateTime<Utc>,
    /// When it ends.
    pub to: DateTime<Utc>,
    /// What stands in the calendar: "a haircut: Ada Lovelace".
    pub title: String,
    /// More about it: how to reach who comes.
    pub detail: String,
}

/// The calendar of one of the staff. `made` is when it was written, which every event must tell (RFC 5545, 3.8.7.2).
pub fn feed(name: &str, entries: &[Entry], made: DateTime<Utc>) -> String {
    let mut calendar = Calendar::new();
    calendar.name(name).ttl(&chrono::Duration::minutes(15));
    for entry in entries {
        let mut event = Event::new();
        event
            .uid(&format!("{}@frontdesk", entry.id))
            .timestamp(made)
            .starts(entry.from)
            .ends(entry.to)
            .summary(&entry.title)
            .description(&entry.detail)
            .status(EventStatus::Confirmed)
            .class(Class::Private);
        calendar.push(event.done());
    }
    calendar.to_string()
}

#[cfg(test)]
mod tests {
    use super::super::busy;
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("a moment")
    }

    #[test]
    fn what_is_written_is_read_again() {
        let entry = Entry {
            id: "1".to_owned(),
            from: at("2026-11-24T20:00:00Z"),
            to: at("2026-11-24T20:30:00Z"),
            title: "a haircut: Ada; \"the first\", they say".to_owned(),
            detail: "+12125550142".to_owned(),
        };
        let text = feed("Sam", std::slice::from_ref(&entry), at("2026-11-23T15:00:00Z"));
        assert!(text.contains("UID:1@frontdesk\r\n") && text.contains("X-WR-CALNAME:Sam\r\n"), "{text}");
        assert!(
            text.contains("DTSTAMP:20261123T150000Z\r\n") && text.contains("DTSTART:20261124T200000Z\r\n"),
            "{text}"
        );
        assert!(text.lines().all(|line| line.len() <= 75), "lines are folded: {text}");
        let span = (at("2026-11-23T00:00:00Z"), at("2026-12-23T00:00:00Z"));
        assert_eq!(busy(&text, span, chrono_tz::UTC).expect("readable"), [(entry.from, entry.to)]);
    }
}
