use super::*;
use crate::record::{Row, Speaker};
use crate::time::CallTime;

const ALL: Redactor = Redactor { numbers: true, emails: true, names: true };

/// Said, and what is left of it. A line without an arrow stays as it is.
const TABLE: &str = include_str!("tests.table");

#[test]
fn every_line_of_the_table_comes_out_as_it_says() {
    let mut wrong = Vec::new();
    for line in TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (said, wanted) = line.split_once(" -> ").unwrap_or((line, line));
        let redacted = ALL.redact(said);
        if redacted != wanted {
            wrong.push(format!("{said}\n  wanted {wanted}\n  came   {redacted}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_is_taken_out_that_was_not_asked_for() {
    let said = "my name is Ada, 415 555 0142, ada@example.com";
    assert_eq!(Redactor::default().redact(said), said);
    let only = |redactor: Redactor| redactor.redact(said).into_owned();
    assert_eq!(only(Redactor { emails: true, ..Redactor::default() }), "my name is Ada, 415 555 0142, [email]");
    assert_eq!(
        only(Redactor { numbers: true, ..Redactor::default() }),
        "my name is Ada, [phone ****42], ada@example.com"
    );
}

#[test]
fn what_was_redacted_stays_as_it_is() {
    for line in TABLE.lines() {
        let (said, _) = line.split_once(" -> ").unwrap_or((line, line));
        let once = ALL.redact(said).into_owned();
        assert_eq!(ALL.redact(&once), once);
    }
}

#[test]
fn any_text_is_redacted_without_harm() {
    for said in
        ["", " ", "-", "--", "@", "at", "at at dot com", "double", "+", "ñ-5", "çé 😀 at x dot com", "my name is"]
    {
        ALL.redact(said);
        ALL.redact_asked(said);
    }
}

#[test]
fn a_number_told_in_parts_is_taken_out_once_it_was_asked_for() {
    let mut redactor = RowRedactor::new(ALL);
    let mut said = |speaker, words: &str| {
        let (from, to) = (CallTime::from_ms(0), CallTime::from_ms(1));
        let row = Row::Said { line: 0, speaker, heard: words.into(), unheard: "".into(), confidence: 1.0, from, to };
        let Row::Said { heard, .. } = redactor.row(row) else { panic!("what was said stays said") };
        heard
    };
    assert_eq!(said(Speaker::Caller, "four one five"), "four one five");
    said(Speaker::Assistant, "What number can we reach you on?");
    assert_eq!(said(Speaker::Caller, "it's four one five"), "it's [number ****]");
    assert_eq!(said(Speaker::Caller, "five five five"), "[number ****]");
    assert_eq!(said(Speaker::Caller, "at three thirty"), "at three thirty");
    said(Speaker::Assistant, "Shall I book it?");
    assert_eq!(said(Speaker::Caller, "one two three"), "one two three");
}
