//! What a call comes to in numbers, written and read back.

use engine::figures::{Cost, Figures, Metadata, Metrics, Mood, Sentiment, Summary};

use super::*;
use crate::store::query::Scope;

on_both! {
    "current_thread":
    figures_costs_and_metadata_are_read_back_and_written_twice_are_one,
    what_the_model_says_takes_the_place_of_what_was_counted,
}

fn figures(snapshot: u32, interruptions: u32) -> Figures {
    Figures {
        snapshot,
        taken_at_ms: NOW_MS,
        sentiment: Some(Sentiment { mood: Mood::Negative, score: -0.5, by: "lexicon".into() }),
        caller_talk_ms: 2_000,
        assistant_talk_ms: 3_000,
        talk_time_ms: 4_500,
        silence_time_ms: 500,
        interruptions,
        average_latency_ms: Some(700),
        p95_latency_ms: None,
        metrics: Metrics {
            turns: 3,
            p50_latency_ms: Some(650),
            p90_latency_ms: None,
            p99_latency_ms: None,
            caller_words_per_minute: Some(120),
            assistant_words_per_minute: None,
            overtalk_ms: 500,
            pauses: 1,
            longest_pause_ms: 1_200,
            late_turns: 1,
            turns_by_rules: 0,
            faults: 0,
        },
    }
}

/// What was counted is written first, again and again where a journal is replayed; the model's word stands.
async fn what_the_model_says_takes_the_place_of_what_was_counted(place: Place) {
    let store = place.open().await;
    let call = CallStart { agent: Some("thalia".into()), ..start(1) };
    store.begin(call.clone());
    let sentiment = Sentiment { mood: Mood::Positive, score: 0.5, by: "model".into() };
    let summary = Summary { text: "A haircut was wanted. It was booked.".into(), sentiment };
    for _ in 0..2 {
        store.figured(call.call_id, figures(0, 1));
        store.summed(call.call_id, summary.clone());
    }
    soon(store.flush()).await;
    let id = call.call_id.hyphenated().to_string();
    let whole = store.records().whole_call(&id, &Scope::All).await.expect("readable").expect("there");
    assert_eq!(whole.call.summary.as_deref(), Some("A haircut was wanted. It was booked."));
    assert_eq!(whole.call.agent.as_deref(), Some("thalia"));
    let last = whole.analytics.expect("figures");
    assert_eq!((last.sentiment.as_deref(), last.sentiment_score), (Some("positive"), Some(0.5)));
    assert_eq!((last.sentiment_by.as_deref(), last.interruptions), (Some("model"), 1));
    soon(store.close()).await;
}

async fn figures_costs_and_metadata_are_read_back_and_written_twice_are_one(place: Place) {
    let store = place.open().await;
    let call = start(1);
    store.begin(call.clone());
    let cost = |micros| Cost {
        stage: "model".into(),
        quantity: 1_600.0,
        unit: "token".into(),
        micros,
        saved_micros: 0,
        wasted_micros: 500,
    };
    let metadata = Metadata {
        language: Some("en-US".into()),
        region: Some("US".into()),
        device_type: "phone".into(),
        network_quality: None,
    };
    store.figured(call.call_id, figures(1, 1));
    for interruptions in [1, 2] {
        store.figured(call.call_id, figures(0, interruptions));
        store.cost(call.call_id, vec![cost(1_000 + i64::from(interruptions))]);
        store.described(call.call_id, metadata.clone());
    }
    soon(store.flush()).await;

    let id = call.call_id.hyphenated().to_string();
    let whole = store.records().whole_call(&id, &Scope::All).await.expect("readable").expect("there");
    let last = whole.analytics.expect("figures");
    assert_eq!((last.interruptions, last.talk_time_ms, last.silence_time_ms), (2, 4_500, 500));
    assert_eq!((last.sentiment.as_deref(), last.sentiment_score), (Some("negative"), Some(-0.5)));
    assert_eq!((last.average_latency_ms, last.p95_latency_ms), (Some(700), None));
    assert_eq!(last.metrics["caller_words_per_minute"], 120);
    assert_eq!(whole.snapshots.iter().map(|taken| taken.snapshot).collect::<Vec<_>>(), [1]);
    let [cost] = &whole.costs[..] else { panic!("one stage: {:?}", whole.costs) };
    assert_eq!((cost.micros, cost.wasted_micros, cost.unit.as_str()), (1_002, 500, "token"));
    let read = whole.metadata.expect("metadata");
    assert_eq!(
        (read.language.as_deref(), read.region.as_deref(), read.network_quality),
        (Some("en-US"), Some("US"), None)
    );
    soon(store.close()).await;
}
