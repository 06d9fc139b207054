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
fn a_line_of_the_tape_loses_what_rows_lose_and_stays_a_line() {
    let mut redactor = RowRedactor::new(ALL);
    for (line, wanted) in [
        (r#"0.000000 < {"Answered":{"from":"+14155550142","hours":["09:00-18:00"]}}"#, "[phone ****42]"),
        (r#"4.100000 < {"Heard":{"text":"it's 415-555-0142","final":true}}"#, "it's [phone ****42]"),
        (r#"5.100000 > {"at":"612.367282"}"#, r#""at":"612.367282""#),
        (r#"5.100000 < {"KeyPressed":"5"}"#, r#"{"KeyPressed":"[key]"}"#),
        (r#"0.000000 ! words are left out"#, "0.000000 ! words are left out"),
        (r#"4.100000 < "VoiceStarted""#, "4.100000 < \"VoiceStarted\""),
    ] {
        let redacted = redactor.tape_line(line);
        assert!(redacted.contains(wanted) && !redacted.contains("555"), "{redacted}");
        assert_eq!(redacted[..11], line[..11]);
    }
    let parts = r#"4.100000 < {"Heard":{"text":"four one five"}}"#;
    assert!(redactor.tape_line(parts).contains("four one five"));
    let (from, to) = (CallTime::from_ms(0), CallTime::from_ms(1));
    let heard = "What number can we reach you on?".to_owned();
    let (line, speaker, unheard, confidence) = (0, Speaker::Assistant, String::new(), 1.0);
    redactor.row(Row::Said { line, speaker, heard, unheard, confidence, from, to, words: Vec::new() });
    assert!(redactor.tape_line(parts).contains("[number ****]"));
}

#[test]
fn while_nothing_is_recorded_no_word_of_the_caller_is_written_down() {
    let mut redactor = RowRedactor::new(Redactor::default());
    let at = CallTime::from_ms(0);
    let mut said = |speaker, recording: &str| {
        let (event, name, detail) = (0, "recording".to_owned(), recording.to_owned());
        redactor.row(Row::Event { event, at, name, detail });
        let heard = "my secret word".to_owned();
        let (line, unheard, confidence) = (0, String::new(), 1.0);
        match redactor.row(Row::Said { line, speaker, heard, unheard, confidence, from: at, to: at, words: Vec::new() })
        {
            Row::Said { heard, .. } => heard,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(said(Speaker::Caller, "paused"), "[not recorded]");
    assert_eq!(said(Speaker::Assistant, "paused"), "my secret word");
    assert_eq!(said(Speaker::Caller, "resumed"), "my secret word");
}

#[test]
fn a_number_told_in_parts_is_taken_out_once_it_was_asked_for() {
    let mut redactor = RowRedactor::new(ALL);
    let mut said = |speaker, words: &str| {
        let (from, to) = (CallTime::from_ms(0), CallTime::from_ms(1));
        let row = Row::Said {
            line: 0,
            speaker,
            heard: words.into(),
            unheard: "".into(),
            confidence: 1.0,
            from,
            to,
            words: Vec::new(),
        };
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
