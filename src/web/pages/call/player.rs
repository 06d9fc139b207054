//! The recording: two lanes, and what happened where.

use maud::{Markup, html};

use super::words;
use crate::store::CallRecord;
use crate::web::access::Visitor;

/// Whether there is something to hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sound {
    There,
    /// It is not for this visitor.
    Withheld,
    NotYet,
    None,
}

impl Sound {
    pub(super) fn of(call: &CallRecord, visitor: &Visitor) -> Self {
        match call {
            _ if !visitor.is_manager() => Self::Withheld,
            _ if !call.recordings.is_empty() => Self::There,
            _ if call.status == "active" => Self::NotYet,
            _ => Self::None,
        }
    }
}

pub(super) fn section(call: &CallRecord, sound: Sound) -> Markup {
    let length_ms = length(call);
    html! {
        section.card.player aria-label="Recording" {
            @match sound {
                Sound::There => (playable(call, length_ms)),
                Sound::Withheld => p.lead { "Recordings are for managers. The transcript is below." },
                Sound::NotYet => p.lead { "The call goes on; its recording is here when it has ended." },
                Sound::None => p.lead { "This call has no recording. What was said is below." },
            }
        }
    }
}

fn playable(call: &CallRecord, length_ms: i64) -> Markup {
    let seconds = length_ms / 1_000;
    html! {
        div.wave tabindex="0" role="slider" aria-label="Position in the recording" aria-valuemin="0" aria-valuemax=(seconds)
            aria-valuenow="0" data-length=(length_ms) data-peaks={ "/calls/" (call.id) "/waveform.json" } {
            svg aria-hidden="true" { (spoken(call, length_ms)) line.mid x1="0" x2="100%" y1="50%" y2="50%" {} (moments(call, length_ms)) }
            svg aria-hidden="true" {
                svg #caller y="0" height="50%" viewBox="0 0 1 100" preserveAspectRatio="none" { polygon.caller {} }
                svg #assistant y="50%" height="50%" viewBox="0 0 1 100" preserveAspectRatio="none" { polygon.assistant {} }
            }
            span.wave-side.one { "caller" } span.wave-side.two { "assistant" }
            div.head {}
        }
        p.tag.bad #no-audio role="alert" hidden { "The recording is missing or damaged. The transcript still tells the call." }
        div.controls {
            button.main #play type="button" { "Play" }
            output { (words::clock(0)) " of " (words::clock(length_ms)) }
            label { span.sr { "Speed" } select #rate { option value="1" { "1×" } option value="1.25" { "1.25×" } option value="1.5" { "1.5×" } option value="2" { "2×" } } }
            label { input.check #follow type="checkbox" checked; " follow the transcript" }
            span.hint { kbd { "space" } " play  " kbd { "←" } kbd { "→" } " 5 s  " kbd { "j" } kbd { "k" } " lines" }
            audio preload="metadata" src={ "/api/calls/" (call.id) "/audio" } {}
        }
    }
}

/// How long the recording is thought to be, until the browser knows.
fn length(call: &CallRecord) -> i64 {
    let recorded = call.recordings.first().map(|recording| recording.duration_ms as i64);
    let said = call.transcript.iter().map(|line| line.end_ms).max();
    recorded.or(call.duration_ms).or(said).unwrap_or(0).max(1)
}

/// Where each line was spoken.
fn spoken(call: &CallRecord, length_ms: i64) -> Markup {
    html! {
        @for line in &call.transcript {
            rect.spoke x=(share(line.start_ms, length_ms)) width=(share((line.end_ms - line.start_ms).max(0), length_ms))
                y=(if line.speaker == "caller" { "0" } else { "50%" }) height="50%" {}
        }
    }
}

/// Where nothing was recorded, where the line said that an answer was heard, where the caller cut in, and where the booking
/// was made.
fn moments(call: &CallRecord, length_ms: i64) -> Markup {
    html! {
        @for (from_ms, to_ms) in pauses(call, length_ms) {
            rect.paused x=(share(from_ms, length_ms)) width=(share(to_ms - from_ms, length_ms)) y="0" height="100%" {
                title { (words::clock(from_ms)) " nothing is recorded until " (words::clock(to_ms)) }
            }
        }
        @for heard_ms in call.turns.iter().filter_map(|turn| turn.first_mark_ms) {
            line.mark x1=(share(heard_ms, length_ms)) x2=(share(heard_ms, length_ms)) y1="88%" y2="100%" {
                title { (words::clock(heard_ms)) " the answer is heard" }
            }
        }
        @for event in &call.events {
            @let class = match (&*event.name, &*event.detail) {
                ("stopped", _) => Some(("cut", "the caller cuts in")),
                ("booking_state", "success") => Some(("booked", "booked")),
                _ => None,
            };
            @if let Some((class, told)) = class {
                line class=(class) x1=(share(event.at_ms, length_ms)) x2=(share(event.at_ms, length_ms)) y1="0" y2="100%" {
                    title { (words::clock(event.at_ms)) " " (told) }
                }
            }
        }
    }
}

/// From when to when nothing was recorded.
fn pauses(call: &CallRecord, length_ms: i64) -> Vec<(i64, i64)> {
    let mut pauses = Vec::new();
    let mut since = None;
    for event in call.events.iter().filter(|event| event.name == "recording") {
        match (&*event.detail, since) {
            ("paused", None) => since = Some(event.at_ms),
            ("resumed", Some(from)) => {
                pauses.push((from, event.at_ms));
                since = None;
            }
            _ => {}
        }
    }
    pauses.extend(since.map(|from| (from, length_ms.max(from))));
    pauses
}

fn share(part: i64, of: i64) -> String {
    format!("{:.2}%", 100.0 * part as f64 / of as f64)
}
