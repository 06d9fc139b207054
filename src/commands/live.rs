//! A call as it happens, on the terminal: who says what, where the booking stands, how long each answer took.

use engine::budget;
use engine::record::{Guesses, Row, Speaker, Stage};
use engine::time::CallTime;

use crate::commands::show::{Tone, say, toned};

/// Shows one row of a call, if a person would want to see it.
pub(super) fn show(row: &Row) {
    match row {
        Row::Said { speaker, heard, unheard, from, .. } => show_words(*speaker, heard, unheard, *from),
        Row::Event { at, name, detail, .. } if name == "booking_state" => {
            note(*at, &format!("booking: {detail}"));
        }
        Row::Event { at, name, detail, .. } if name == "fault" => note(*at, detail),
        Row::Event { at, name, .. } if name == "stopped" => note(*at, "the caller cuts in"),
        Row::Turn { stages, by_rules, guesses, late, .. } => {
            if let (Some(silent), Some(spoke)) = (stages.get(&Stage::SpeechEnded), stages.get(&Stage::FirstFrame)) {
                let who = if *by_rules { "the rules" } else { "the model" };
                let gap_ms = spoke.since(*silent).as_millis();
                note(*spoke, &format!("answered after {gap_ms} ms, by {who} ({}){}", shares(stages), lateness(*late)));
                show_guesses(*spoke, guesses);
            }
        }
        Row::Message { at, text, .. } => {
            note(*at, if text.is_empty() { "somebody will call back" } else { "a message is written down" });
        }
        Row::Event { .. } | Row::Ended { .. } => {}
    }
}

fn show_words(speaker: Speaker, heard: &str, unheard: &str, from: CallTime) {
    let (who, tone) = match speaker {
        Speaker::Caller => ("caller", Tone::Caller),
        Speaker::Assistant => ("assistant", Tone::Assistant),
    };
    let unheard =
        if unheard.is_empty() { String::new() } else { toned(Tone::Quiet, &format!(" [not heard: {unheard}]")) };
    say(&format!("{from:>8.1}  {}  {heard}{unheard}", toned(tone, &format!("{who:<9}"))));
}

fn note(at: CallTime, text: &str) {
    say(&toned(Tone::Quiet, &format!("{at:>8.1}             · {text}")));
}

/// What each stage of a turn took, where it took anything.
fn shares(stages: &std::collections::BTreeMap<Stage, CallTime>) -> String {
    let steps = stages.iter().zip(stages.iter().skip(1));
    let shares = steps.filter_map(|((_, before), (stage, at))| {
        let took_ms = at.since(*before).as_millis();
        let name = match stage {
            Stage::SpeechEnded | Stage::ModelAsked => return None,
            Stage::Transcribed => "transcript",
            Stage::TurnEnded => "end of turn",
            Stage::FirstSlot => "understood",
            Stage::FirstPhrase => "decided",
            Stage::FirstAudio => "speech",
            Stage::FirstFrame => "sending",
            Stage::FirstMark => "heard",
        };
        (took_ms > 0).then(|| format!("{name} {took_ms}"))
    });
    shares.collect::<Vec<_>>().join(", ")
}

fn lateness(late: Option<Stage>) -> String {
    let Some(stage) = late else { return String::new() };
    format!("; later than {} ms, by {}", budget::TOTAL.as_millis(), stage.name().replace('_', " "))
}

/// What was asked of the model before the turn was over, and what it cost for nothing.
fn show_guesses(at: CallTime, guesses: &Guesses) {
    let (read, written) = guesses.wasted;
    if guesses.used {
        note(at, "the model was asked before the turn was over");
    }
    if read + written > 0 {
        note(at, &format!("thrown away: about {} tokens", read + written));
    }
}
