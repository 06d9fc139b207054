//! What was said, line by line and word by word, with what happened in between.

use maud::{Markup, html};

use super::words;
use crate::store::{CallRecord, EventRecord, LineRecord};

/// Below this the recognizer was not sure.
const SURE: f64 = 0.6;

/// Characters with which a spreadsheet would begin a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// What stands in the transcript.
enum Entry<'a> {
    Said(&'a LineRecord),
    Happened(&'a EventRecord, &'static str),
}

pub(super) fn list(call: &CallRecord) -> Markup {
    let happened = call.events.iter().filter_map(|event| Some((event.at_ms, Entry::Happened(event, note(event)?))));
    let said = call.transcript.iter().map(|line| (line.start_ms, Entry::Said(line)));
    let mut entries: Vec<(i64, Entry<'_>)> = said.chain(happened).collect();
    entries.sort_by_key(|(at_ms, _)| *at_ms);
    html! {
        @if call.transcript.is_empty() { p.lead { "Nobody said anything." } }
        ol.said {
            @for (_, entry) in entries {
                @match entry {
                    Entry::Said(said) => (line(said, true)),
                    Entry::Happened(event, told) => (aside(event, told)),
                }
            }
        }
    }
}

/// One line; with its words to be clicked where there is audio to go to.
pub(in crate::web::pages) fn line(said: &LineRecord, clickable: bool) -> Markup {
    let who = if said.speaker == "caller" { "Caller" } else { "Assistant" };
    let at = words::clock(said.start_ms);
    html! {
        li #{ "line-" (said.line) } class=(said.speaker) data-from=(said.start_ms) data-key={ "l" (said.line) } {
            @if clickable {
                button.at type="button" data-from=(said.start_ms) aria-label={ "Play from " (at) } { (at) }
            } @else { span.at { (at) } }
            div {
                span.by { (who) }
                @if clickable { (in_words(said)) } @else { (said.heard) }
                @if !said.unheard.is_empty() { " " s { (said.unheard) } " " span.label { "not heard" } }
                @if said.speaker == "caller" && said.confidence < SURE {
                    " " span.unsure { "heard with " (format!("{:.0} %", said.confidence * 100.0)) " confidence" }
                }
            }
        }
    }
}

/// Each word with the time at which it was said.
fn in_words(said: &LineRecord) -> Markup {
    let known = said.words.as_ref().map(|words| words.0.as_slice()).unwrap_or_default();
    if said.heard.split_whitespace().eq(known.iter().map(|word| word.word.as_str())) {
        return html! { @for word in known { span.w data-from=(word.start_ms) { (word.word) } " " } };
    }
    by_letters(said)
}

/// The same where it is not known: a line's time, shared out by letters.
fn by_letters(said: &LineRecord) -> Markup {
    let letters = said.heard.chars().count().max(1) as i64;
    let lasts_ms = (said.end_ms - said.start_ms).max(0);
    let words = said.heard.split_whitespace().scan(0, |before, word| {
        let from_ms = said.start_ms + lasts_ms * *before / letters;
        *before += word.chars().count() as i64 + 1;
        Some((from_ms, word))
    });
    html! {
        @for (from_ms, word) in words { span.w data-from=(from_ms) { (word) } " " }
    }
}

fn aside(event: &EventRecord, told: &str) -> Markup {
    let class = if event.name == "stopped" { "aside cut" } else { "aside" };
    html! {
        li.between { span.at { (words::clock(event.at_ms)) } span class=(class) { (told) @if event.name == "fault" { ": " (event.detail) } } }
    }
}

/// What of the events a reader of the transcript wants to know.
fn note(event: &EventRecord) -> Option<&'static str> {
    Some(match &*event.name {
        "stopped" => "the caller cuts in: the assistant stops",
        "went_on" => "it was no interruption: the assistant goes on",
        "fault" => "fault",
        "key" => "the caller presses a key",
        "frames_stopped" => "no audio of the caller comes",
        "marks_missing" => "the line did not say what was heard",
        "announced" => "another system’s words were said",
        "recording" if event.detail == "paused" => "nothing is recorded from here",
        "recording" => "it is recorded again",
        "booking_state" if event.detail == "success" => "the appointment is made",
        _ => return None,
    })
}

/// The transcript as a spreadsheet reads it.
pub(super) fn csv(lines: &[LineRecord]) -> String {
    let mut file = csv::Writer::from_writer(Vec::new());
    let head = ["line", "speaker", "start_ms", "end_ms", "heard", "unheard", "confidence"].map(str::to_owned);
    let rows = lines.iter().map(|line| {
        [
            line.line.to_string(),
            line.speaker.clone(),
            line.start_ms.to_string(),
            line.end_ms.to_string(),
            harmless(&line.heard),
            harmless(&line.unheard),
            format!("{:.2}", line.confidence),
        ]
    });
    for row in std::iter::once(head).chain(rows) {
        file.write_record(&row).expect("memory takes what is written");
    }
    String::from_utf8(file.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// Text that no spreadsheet takes for a formula.
fn harmless(text: &str) -> String {
    if text.starts_with(FORMULA) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(heard: &str, unheard: &str) -> LineRecord {
        LineRecord {
            line: 3,
            speaker: "caller".to_owned(),
            heard: heard.to_owned(),
            unheard: unheard.to_owned(),
            confidence: 0.4,
            start_ms: 1_000,
            end_ms: 2_000,
            words: None,
            sealed: None,
        }
    }

    #[test]
    fn words_of_callers_are_text_and_what_was_not_heard_is_struck() {
        let shown = line(&said("<script>alert(1)</script> please", "\"onload=\""), true).into_string();
        assert!(!shown.contains("<script>") && shown.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
        assert!(shown.contains("<s>&quot;onload=&quot;</s>") && shown.contains("40 %"));
    }

    #[test]
    fn a_word_begins_where_its_letters_do() {
        let shown = in_words(&said("abcd efgh ij", "")).into_string();
        assert!(shown.contains("data-from=\"1000\">abcd") && shown.contains("data-from=\"1416\">efgh"), "{shown}");
    }

    #[test]
    fn no_line_of_a_spreadsheet_is_a_formula() {
        let text = csv(&[said("=1+1", "@SUM(A1)"), said("a, \"b\"", "")]);
        assert!(text.contains("'=1+1,'@SUM(A1),0.40") && text.contains("\"a, \"\"b\"\"\""), "{text}");
    }
}
