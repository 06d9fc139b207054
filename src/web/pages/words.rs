//! Figures as people read them.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use maud::{Markup, html};

/// `3:07`, from milliseconds.
pub(super) fn clock(ms: i64) -> String {
    let seconds = ms.max(0) / 1_000;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// Milliseconds, where there are any.
pub(super) fn latency(ms: Option<i64>) -> String {
    ms.map_or_else(|| "–".to_owned(), |ms| format!("{ms} ms"))
}

/// Millionths of a US dollar; more digits where it is little.
pub(super) fn money(micros: i64) -> String {
    let dollars = micros as f64 / 1_000_000.0;
    if dollars.abs() >= 1.0 || micros == 0 { format!("${dollars:.2}") } else { format!("${dollars:.4}") }
}

/// A share of 100.
pub(super) fn percent(part: i64, of: i64) -> String {
    if of == 0 { "–".to_owned() } else { format!("{:.0} %", 100.0 * part as f64 / of as f64) }
}

/// A moment by the business's clock, with the whole of it for machines.
pub(super) fn moment(at: DateTime<Utc>, zone: Tz) -> Markup {
    html! { time datetime=(at.to_rfc3339()) { (at.with_timezone(&zone).format("%a %-d %b, %H:%M")) } }
}

/// `first_slot` as words.
pub(super) fn plain(name: &str) -> String {
    name.replace('_', " ")
}

/// A caller's number, or what to call somebody without one.
pub(super) fn caller(number: &str) -> &str {
    if number.is_empty() { "unknown" } else { number }
}

/// What came of a call, as a label.
pub(super) fn outcome(status: &str, outcome: Option<&str>) -> Markup {
    let (class, text) = match (status, outcome) {
        ("active", _) => ("tag active", "live".to_owned()),
        ("interrupted", _) => ("tag bad", "cut off".to_owned()),
        (_, Some("booked")) => ("tag booked", "booked".to_owned()),
        (_, Some(outcome)) => ("tag", plain(outcome)),
        (_, None) => ("tag", "–".to_owned()),
    };
    html! { span class=(class) { (text) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short_and_never_nonsense() {
        assert_eq!((clock(0), clock(187_999), clock(-5)), ("0:00".into(), "3:07".into(), "0:00".into()));
        assert_eq!((money(0), money(1_234_000), money(4_200)), ("$0.00".into(), "$1.23".into(), "$0.0042".into()));
        assert_eq!((percent(1, 3), percent(0, 0), latency(None)), ("33 %".into(), "–".into(), "–".into()));
    }
}
