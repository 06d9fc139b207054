use engine::io::{Ending, PhraseId, ReplyId};

use super::*;

fn turn(stages: &[(Stage, u64)]) -> Output {
    let stages = stages.iter().map(|(stage, ms)| (*stage, CallTime::from_ms(*ms))).collect();
    let guesses = Guesses::default();
    Output::Record(Row::Turn { turn: 1, stages, by_rules: false, tokens: (100, 20), guesses, late: None })
}

fn has(telemetry: &Telemetry, line: &str) {
    let text = telemetry.text();
    assert!(text.lines().any(|written| written == line), "{line} is not in:\n{text}");
}

#[test]
fn a_call_is_active_until_its_guard_is_dropped_even_by_a_panic() {
    let telemetry = Telemetry::new();
    let call = telemetry.call_started();
    has(&telemetry, "frontdesk_calls_active 1");
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _call = call;
        panic!("a call broke");
    }));
    assert!(panicked.is_err());
    has(&telemetry, "frontdesk_calls_active 0");
}

#[test]
fn a_turns_stages_are_measured_from_one_to_the_next() {
    let telemetry = Telemetry::new();
    let stages = [
        (Stage::SpeechEnded, 1_000),
        (Stage::Transcribed, 1_250),
        (Stage::TurnEnded, 1_300),
        (Stage::FirstPhrase, 1_301),
        (Stage::FirstFrame, 1_304),
    ];
    telemetry.ordered(&[turn(&stages)]);
    has(&telemetry, r#"frontdesk_turn_stage_seconds_sum{stage="transcribed"} 0.25"#);
    has(&telemetry, r#"frontdesk_turn_stage_seconds_sum{stage="turn_ended"} 0.05"#);
    has(&telemetry, r#"frontdesk_turn_stage_seconds_sum{stage="first_phrase"} 0.001"#);
    assert!(!telemetry.text().contains(r#"stage="first_slot""#), "a stage that was skipped is not measured");
    has(&telemetry, "frontdesk_response_gap_seconds_sum 0.304");
    has(&telemetry, r#"frontdesk_turns_total{by="model"} 1"#);
    has(&telemetry, r#"frontdesk_model_tokens_total{direction="written"} 20"#);
}

#[test]
fn late_turns_and_guesses_are_counted_by_what_became_of_them() {
    let telemetry = Telemetry::new();
    let mut late_turn = turn(&[]);
    if let Output::Record(Row::Turn { guesses, late, .. }) = &mut late_turn {
        *guesses = Guesses { asked: 2, used: true, wasted: (350, 8) };
        *late = Some(Stage::FirstSlot);
    }
    telemetry.ordered(&[late_turn]);
    has(&telemetry, r#"frontdesk_late_turns_total{stage="first_slot"} 1"#);
    has(&telemetry, r#"frontdesk_guesses_total{fate="used"} 1"#);
    has(&telemetry, r#"frontdesk_guesses_total{fate="dropped"} 1"#);
    has(&telemetry, r#"frontdesk_model_tokens_wasted_total{direction="read"} 350"#);
}

#[test]
fn turns_that_skipped_their_stages_are_counted_and_not_measured() {
    let telemetry = Telemetry::new();
    telemetry.ordered(&[turn(&[]), turn(&[(Stage::FirstMark, 5)])]);
    has(&telemetry, r#"frontdesk_turns_total{by="model"} 2"#);
    has(&telemetry, "frontdesk_response_gap_seconds_count 0");
}

#[test]
fn inputs_and_outputs_are_counted() {
    let telemetry = Telemetry::new();
    let at = CallTime::from_ms(90_000);
    let fault = Fault::GiveUp("402 no credit".to_owned());
    telemetry.told(&Input::ReplyFailed { reply: ReplyId(1), fault });
    telemetry.ordered(&[Output::ClearPlayout { generation: 1 }]);
    telemetry.told(&Input::HearingFailed(Fault::Retry("closed".to_owned())));
    let phrase =
        Input::PhraseSynthesized { phrase: PhraseId(1), length_ms: 900, word_ends_ms: Vec::new(), cached: true };
    let ended = Row::Ended { at, ending: Ending::Goodbye, outcome: "booked".to_owned() };
    telemetry.told(&phrase);
    telemetry.ordered(&[Output::Record(ended)]);
    has(&telemetry, r#"frontdesk_vendor_errors_total{kind="give_up",vendor="model"} 1"#);
    has(&telemetry, r#"frontdesk_vendor_errors_total{kind="retry",vendor="hearing"} 1"#);
    has(&telemetry, r#"frontdesk_phrases_total{source="cache"} 1"#);
    has(&telemetry, r#"frontdesk_calls_total{outcome="booked"} 1"#);
    has(&telemetry, "frontdesk_call_seconds_sum 90");
    has(&telemetry, "frontdesk_clears_total 1");
}

#[test]
fn the_media_plane_is_counted() {
    let telemetry = Telemetry::new();
    telemetry.frame_in();
    telemetry.frame_gap(Duration::from_millis(20));
    telemetry.frame_out(Duration::from_micros(150));
    telemetry.frames_dropped("hearing", 3);
    telemetry.malformed("payload");
    telemetry.clear_sent(Duration::from_micros(300));
    telemetry.webhook_answered("/voice", 200, Duration::from_millis(1));
    has(&telemetry, "frontdesk_frames_in_total 1");
    has(&telemetry, "frontdesk_frames_out_total 1");
    has(&telemetry, r#"frontdesk_frame_lateness_seconds_bucket{le="0.0002"} 1"#);
    has(&telemetry, r#"frontdesk_frame_gap_seconds_bucket{le="0.02"} 1"#);
    has(&telemetry, r#"frontdesk_dropped_frames_total{where="hearing"} 3"#);
    has(&telemetry, r#"frontdesk_malformed_messages_total{kind="payload"} 1"#);
    has(&telemetry, r#"frontdesk_clear_seconds_count 1"#);
    has(&telemetry, r#"frontdesk_webhook_seconds_count{path="/voice",status="200"} 1"#);
}

#[test]
fn both_expositions_have_the_process_and_the_calls() {
    let telemetry = Telemetry::new();
    assert!(telemetry.text().contains("process_resident_memory_bytes"));
    let json = telemetry.json();
    assert_eq!(json["frontdesk_calls_active"]["samples"][0]["value"], 0.0);
    assert_eq!(json["frontdesk_response_gap_seconds"]["samples"][0]["count"], 0);
}
