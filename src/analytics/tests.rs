use std::collections::BTreeMap;

use engine::figures::Mood;
use engine::record::Guesses;

use super::*;

fn said(speaker: Speaker, heard: &str) -> Row {
    let (from, to) = (CallTime::from_ms(0), CallTime::from_ms(1_000));
    Row::Said {
        line: 0,
        speaker,
        heard: heard.into(),
        unheard: String::new(),
        confidence: 1.0,
        from,
        to,
        words: Vec::new(),
    }
}

fn turn(waited_ms: u64) -> Row {
    let at = |ms| CallTime::from_ms(ms);
    Row::Turn {
        turn: 0,
        stages: BTreeMap::from([(Stage::SpeechEnded, at(1_000)), (Stage::FirstFrame, at(1_000 + waited_ms))]),
        by_rules: false,
        tokens: (100, 10),
        guesses: Guesses::default(),
        late: None,
    }
}

#[test]
fn a_calls_rows_become_its_figures() {
    let mut tally = Tally::new("+15550001111", Some("en-US".into()));
    tally.voice_started(CallTime::from_ms(1_000));
    tally.voice_ended(3_000);
    tally.row(&said(Speaker::Caller, "great thank you very much indeed"));
    for waited_ms in [100, 200, 300, 400] {
        tally.row(&turn(waited_ms));
    }
    let stopped = |event| Row::Event { event, at: CallTime::from_ms(0), name: "stopped".into(), detail: "".into() };
    tally.row(&stopped(0));
    tally.row(&stopped(1));
    let figures = tally.last_figures(60_000, 7);
    assert_eq!((figures.snapshot, figures.taken_at_ms, figures.interruptions), (0, 7, 2));
    assert_eq!((figures.caller_talk_ms, figures.silence_time_ms), (3_000, 57_000));
    assert_eq!((figures.average_latency_ms, figures.p95_latency_ms), (Some(250), Some(400)));
    assert_eq!((figures.metrics.p50_latency_ms, figures.metrics.turns), (Some(200), 4));
    assert_eq!(figures.metrics.caller_words_per_minute, Some(120));
    assert_eq!(figures.metrics.assistant_words_per_minute, None);
    assert_eq!(figures.sentiment.map(|sentiment| sentiment.mood), Some(Mood::Positive));
    assert_eq!(tally.metadata().region.as_deref(), Some("US"));
}

#[test]
fn a_call_in_which_nothing_happened_has_figures_too() {
    let tally = Tally::new("", None);
    let figures = tally.last_figures(0, 0);
    assert_eq!((figures.talk_time_ms, figures.average_latency_ms, figures.sentiment), (0, None, None));
    assert_eq!(tally.metadata().network_quality, None);
}

#[test]
fn a_long_call_has_figures_every_minute() {
    let mut tally = Tally::new("", None);
    let taken: Vec<u32> =
        (0..200_000).step_by(20).filter_map(|now_ms| tally.snapshot(now_ms, 0)).map(|taken| taken.snapshot).collect();
    assert_eq!(taken, [1, 2, 3]);
}
