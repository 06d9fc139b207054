//! Vendors that refuse, stall, close or talk nonsense: the call goes on, the caller is never left in silence, and the
//! fault is counted and on record.

use std::time::Duration;

use frontdesk::store::CallRecord;
use futures_util::future::join_all;
use sandbox::twilio::{Ending, Happening};
use sandbox::{deepgram, openai};

use crate::caller::{ANSWERS, Caller};
use crate::gateway::{Gateway, caller_said, events};

/// The longest that nobody may be heard: three seconds by design, and what a machine that is busy with many tests adds.
pub(crate) const SILENCE_MAX: Duration = Duration::from_millis(3_500);

const HAIRCUT: &str = "hi i'd like a haircut on tuesday at ten";

#[tokio::test]
async fn without_the_model_the_rules_book() {
    let broken = |change: fn(&mut openai::Faults)| async move {
        let gateway = Gateway::open().await;
        gateway.world.openai().set(|settings| change(&mut settings.faults));
        let mut caller = gateway.caller();
        assert_eq!(caller.books("open-tue-10").await, Ending::Completed);
        let record = booked(&gateway, &caller).await;
        assert!(record.turns.iter().any(|turn| turn.by_rules), "{:?}", record.turns);
        let faults = events(&record, "fault");
        assert!(faults.iter().any(|fault| fault.starts_with("model")), "{faults:?}");
        assert!(gateway.metric("frontdesk_events_total", "event=\"fault\"").await > 0.0);
    };
    join_all([
        broken(|faults| faults.refuse = Some(401)),
        broken(|faults| faults.refuse = Some(429)),
        broken(|faults| faults.refuse = Some(500)),
        broken(|faults| faults.out_of_quota = true),
        broken(|faults| faults.garbage = true),
        broken(|faults| faults.empty = true),
        broken(|faults| faults.refusal = true),
        broken(|faults| faults.cut_after = Some(3)),
        broken(|faults| faults.error_after = Some(3)),
    ])
    .await;
}

#[tokio::test]
async fn a_model_that_stalls_is_not_waited_for_in_silence() {
    let broken = |change: fn(&mut openai::Faults)| async move {
        let gateway = Gateway::open().await;
        gateway.world.openai().set(|settings| change(&mut settings.faults));
        let mut caller = gateway.caller();
        assert_eq!(caller.books("open-tue-10").await, Ending::Completed);
        assert!(caller.has_heard("one moment"), "{:?}", caller.heard);
        let record = booked(&gateway, &caller).await;
        assert!(record.turns.iter().all(|turn| turn.by_rules), "{:?}", record.turns);
        assert!(record.turns.iter().all(|turn| turn.first_frame_ms >= turn.first_phrase_ms), "{:?}", record.turns);
        assert!(gateway.metric("frontdesk_events_total", "event=\"fault\"").await > 0.0);
    };
    join_all([broken(|faults| faults.stall = true), broken(|faults| faults.stall_after = Some(2))]).await;
}

#[tokio::test]
async fn speech_to_text_that_refuses_for_a_while_loses_no_word() {
    let refused = |status| async move {
        let gateway = Gateway::open().await;
        hearing(&gateway, |faults| faults.refuse_listen = Some(status));
        let mut caller = gateway.caller();
        caller.hears("how can i help you").await;
        caller.says("open-tue-10").await;
        hearing(&gateway, |faults| faults.refuse_listen = None);
        caller.hears("your name").await;
        caller.line.hang_up();
        let record = gateway.record(&caller.call_sid()).await;
        assert_eq!(caller_said(&record)[0], HAIRCUT, "{status}");
        assert_fault(&gateway, &record, "speech-to-text").await;
    };
    join_all([429, 500, 503].map(refused)).await;
}

#[tokio::test]
async fn speech_to_text_that_breaks_in_the_middle_of_a_sentence_loses_no_word() {
    let broken = |change: fn(&mut deepgram::Faults)| async move {
        let gateway = Gateway::open().await;
        let mut caller = gateway.caller();
        caller.hears("how can i help you").await;
        caller.begins("open-tue-10");
        caller.passes(|what| matches!(what, Happening::Saying)).await;
        hearing(&gateway, change);
        gateway.counts("frontdesk_vendor_errors_total", "vendor=\"hearing\"").await;
        hearing(&gateway, |faults| *faults = deepgram::Faults::default());
        caller.passes(|what| matches!(what, Happening::Said)).await;
        assert_eq!(caller.answers(ANSWERS).await, Ending::Completed);
        let record = booked(&gateway, &caller).await;
        assert_eq!(caller_said(&record)[0], HAIRCUT);
        assert_fault(&gateway, &record, "speech-to-text").await;
    };
    join_all([
        broken(|faults| faults.close_listen_after = Some(Duration::from_secs(1))),
        broken(|faults| faults.drop_listen_after = Some(Duration::from_secs(1))),
    ])
    .await;
}

#[tokio::test]
async fn nonsense_from_speech_to_text_is_passed_over() {
    let gateway = Gateway::open().await;
    hearing(&gateway, |faults| faults.garbage = true);
    let mut caller = gateway.caller();
    assert_eq!(caller.books("open-tue-10").await, Ending::Completed);
    booked(&gateway, &caller).await;
}

#[tokio::test]
async fn without_speech_to_text_the_caller_is_told_and_promised_a_call_back() {
    let refused = |status| async move {
        let gateway = Gateway::open().await;
        hearing(&gateway, |faults| faults.refuse_listen = Some(status));
        let mut caller = gateway.caller();
        assert_eq!(caller.answers(&[]).await, Ending::Completed);
        assert!(caller.has_heard("trouble hearing you"), "{:?}", caller.heard);
        assert!(caller.has_heard("someone will call you back"), "{:?}", caller.heard);
        assert!(caller.has_heard("goodbye"), "{:?}", caller.heard);
        let record = gateway.record(&caller.call_sid()).await;
        assert_eq!(record.outcome.as_deref(), Some("fallback"));
        assert_fault(&gateway, &record, "speech-to-text").await;
    };
    join_all([401, 402, 403].map(refused)).await;
}

#[tokio::test]
async fn speech_to_text_that_stays_down_ends_in_a_promise_to_call_back() {
    let gateway = Gateway::open().await;
    hearing(&gateway, |faults| faults.refuse_listen = Some(500));
    let mut caller = gateway.caller();
    assert_eq!(caller.books("open-tue-10").await, Ending::Completed);
    assert!(caller.has_heard("someone will call you back"), "{:?}", caller.heard);
    let record = gateway.record(&caller.call_sid()).await;
    assert_eq!((record.outcome.as_deref(), record.appointments.len()), (Some("fallback"), 0));
    assert_fault(&gateway, &record, "speech-to-text").await;
}

#[tokio::test]
async fn a_caller_whom_nobody_hears_is_told_so_and_heard_again_later() {
    let gateway = Gateway::open().await;
    hearing(&gateway, |faults| faults.stall_listen = true);
    let mut caller = gateway.caller();
    caller.hears("how can i help you").await;
    caller.says("open-tue-10").await;
    caller.hears("didn't catch that").await;
    hearing(&gateway, |faults| faults.stall_listen = false);
    gateway.counts("frontdesk_vendor_errors_total", "vendor=\"hearing\"").await;
    assert_eq!(caller.answers(ANSWERS).await, Ending::Completed);
    let record = booked(&gateway, &caller).await;
    assert_fault(&gateway, &record, "speech-to-text").await;
}

#[tokio::test]
async fn what_cannot_be_spoken_is_left_out_and_the_call_goes_on() {
    let broken = |change: fn(&mut deepgram::Faults)| async move {
        let gateway = Gateway::open().await;
        hearing(&gateway, change);
        let mut caller = gateway.caller();
        assert_eq!(caller.books("open-tue-10").await, Ending::Completed);
        let record = booked(&gateway, &caller).await;
        assert_fault(&gateway, &record, "text-to-speech").await;
    };
    join_all([
        broken(|faults| faults.refuse_speak = Some(401)),
        broken(|faults| faults.refuse_speak = Some(402)),
        broken(|faults| faults.refuse_speak = Some(429)),
        broken(|faults| faults.refuse_speak = Some(500)),
        broken(|faults| faults.stall_speak = true),
        broken(|faults| faults.cut_speak_after = Some(8_000)),
    ])
    .await;
}

fn hearing(gateway: &Gateway, change: impl FnOnce(&mut deepgram::Faults)) {
    gateway.world.deepgram().set(|settings| change(&mut settings.faults));
}

/// The call's record, with one appointment in it, and never too long a silence on the line.
async fn booked(gateway: &Gateway, caller: &Caller) -> CallRecord {
    assert!(caller.longest_silence < SILENCE_MAX, "{:?} in {:?}", caller.longest_silence, caller.heard);
    let record = gateway.record(&caller.call_sid()).await;
    assert_eq!(record.outcome.as_deref(), Some("booked"), "{:?}", caller.heard);
    assert_eq!(record.appointments.len(), 1);
    record
}

/// The fault is on record and was counted.
async fn assert_fault(gateway: &Gateway, record: &CallRecord, who: &str) {
    let faults = events(record, "fault");
    assert!(faults.iter().any(|fault| fault.starts_with(who)), "{faults:?}");
    let vendor = if who == "speech-to-text" { "vendor=\"hearing\"" } else { "vendor=\"speech\"" };
    assert!(gateway.metric("frontdesk_vendor_errors_total", vendor).await > 0.0, "{who} is counted");
    assert!(gateway.metric("frontdesk_events_total", "event=\"fault\"").await > 0.0);
}
