//! Each turn's wait as a bar of its stages, against the [budget](engine::budget).

use std::collections::BTreeMap;
use std::time::Duration;

use engine::budget;
use engine::record::Stage;
use engine::time::CallTime;
use maud::{Markup, html};

use super::words;
use crate::store::TurnRecord;

/// What a bar shows at least, so that quick turns look quick.
const WIDE_MS_MIN: f64 = 2_000.0;

/// And at most; what is longer is cut off at the edge, and its figure tells.
const WIDE_MS_MAX: f64 = 6_000.0;

/// The stages up to our first frame, as they are told, and their colours.
const STAGES: [(Stage, &str, &str); 5] = [
    (Stage::TurnEnded, "end of turn", "s1"),
    (Stage::FirstSlot, "understood", "s2"),
    (Stage::FirstPhrase, "decided", "s3"),
    (Stage::FirstAudio, "speech", "s4"),
    (Stage::FirstFrame, "sending", "s5"),
];

pub(super) fn bars(turns: &[TurnRecord]) -> Markup {
    let answered: Vec<(&TurnRecord, i64)> = turns.iter().filter_map(|turn| Some((turn, gap(turn)?))).collect();
    let longest = answered.iter().map(|(_, gap)| *gap as f64).fold(WIDE_MS_MIN, f64::max).min(WIDE_MS_MAX);
    html! {
        @if answered.is_empty() { p.lead { "No answer was measured." } } @else {
            ol.turns { @for (turn, gap) in &answered { (bar(turn, *gap, longest)) } }
            ul.key {
                @for (_, told, class) in STAGES { li { svg aria-hidden="true" { rect class=(class) width="10" height="10" rx="2" {} } (told) } }
                li { "dashed: the budget, " (budget::TOTAL.as_millis()) " ms" }
            }
        }
    }
}

fn bar(turn: &TurnRecord, gap: i64, longest: f64) -> Markup {
    let percent = |ms: f64| format!("{:.2}%", 100.0 * ms / longest);
    let spent: Vec<(Stage, Duration)> = budget::spent(&reached(turn))
        .filter(|(share, _)| share.stage <= Stage::FirstFrame)
        .map(|(share, took)| (share.stage, took))
        .collect();
    let late = turn.late_stage.as_deref();
    let told = told(turn, gap, &spent);
    let limit = percent(budget::TOTAL.as_millis() as f64);
    html! {
        li.turn {
            button.no type="button" data-from=[turn.speech_ended_ms] aria-label={ "Play turn " (turn.turn + 1) } { (turn.turn + 1) }
            svg role="img" aria-label=(told) {
                title { (told) }
                rect.back width="100%" height="16" rx="3" {}
                @for (stage, from, took) in placed(&spent) {
                    rect class=(class(stage)) x=(percent(from)) width=(percent(took)) height="16" {}
                }
                line.limit x1=(limit) x2=(limit) y1="0" y2="16" {}
            }
            span class=(if late.is_some() { "ms late" } else { "ms" }) { (gap) " ms" }
        }
    }
}

/// Where each stage's part of the bar begins and how wide it is, in milliseconds.
fn placed(spent: &[(Stage, Duration)]) -> impl Iterator<Item = (Stage, f64, f64)> {
    spent.iter().scan(0.0, |before, (stage, took)| {
        let (from, took) = (*before, took.as_millis() as f64);
        *before += took;
        Some((*stage, from, took))
    })
}

fn class(stage: Stage) -> &'static str {
    STAGES.iter().find(|(known, ..)| *known == stage).map_or("s6", |(.., class)| class)
}

fn told(turn: &TurnRecord, gap: i64, spent: &[(Stage, Duration)]) -> String {
    let stages: Vec<String> = STAGES
        .iter()
        .filter_map(|(stage, name, _)| {
            let took = spent.iter().find(|(known, _)| known == stage)?.1.as_millis();
            (took > 0).then(|| format!("{name} {took}"))
        })
        .collect();
    let by = if turn.by_rules { "the rules" } else { "the model" };
    let ahead = if turn.guess_used { ", asked ahead" } else { "" };
    let late = turn.late_stage.as_deref().map(|stage| format!("; late by {}", words::plain(stage))).unwrap_or_default();
    format!("Turn {}: {gap} ms by {by}{ahead} ({}){late}", turn.turn + 1, stages.join(", "))
}

/// From the end of the caller's speech to our first frame.
fn gap(turn: &TurnRecord) -> Option<i64> {
    Some(turn.first_frame_ms? - turn.speech_ended_ms?).filter(|gap| *gap >= 0)
}

fn reached(turn: &TurnRecord) -> BTreeMap<Stage, CallTime> {
    let stages = [
        (Stage::SpeechEnded, turn.speech_ended_ms),
        (Stage::Transcribed, turn.transcribed_ms),
        (Stage::TurnEnded, turn.turn_ended_ms),
        (Stage::ModelAsked, turn.model_asked_ms),
        (Stage::FirstSlot, turn.first_slot_ms),
        (Stage::FirstPhrase, turn.first_phrase_ms),
        (Stage::FirstAudio, turn.first_audio_ms),
        (Stage::FirstFrame, turn.first_frame_ms),
        (Stage::FirstMark, turn.first_mark_ms),
    ];
    stages.into_iter().filter_map(|(stage, ms)| Some((stage, CallTime::from_ms(u64::try_from(ms?).ok()?)))).collect()
}
