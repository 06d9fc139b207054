//! What a caller heard of us before they cut in: Twilio's own count, the transcript, what the model is told and the
//! recording all say the same.

use std::path::Path;
use std::time::Duration;

use frontdesk::store::LineRecord;
use sandbox::clips::{self, spoken};
use sandbox::heard::{Account, Words};
use serde_json::Value;

use crate::gateway::{Gateway, repository};

/// How far our count may be from Twilio's here, in milliseconds: a busy machine is late with everything. What it is on a
/// quiet one is measured (`benches/interruptions`).
const APART_MS: f64 = 150.0;

/// A pause of this many samples, at 16 kHz, divides what we said: 400 ms.
const PAUSE: usize = 6_400;

#[tokio::test]
async fn twilio_transcript_model_and_recording_agree_on_what_was_heard() {
    let gateway = Gateway::open().await;
    let mut caller = gateway.caller();
    caller.hears("how can i help you").await;
    caller.says("how-much").await;
    for (heard_ms, next) in [(700, "hours"), (1_100, "where"), (400, "parking")] {
        caller.hears_for(Duration::from_millis(heard_ms)).await;
        caller.says(next).await;
    }
    caller.hears("park").await;
    let request = gateway.world.openai().last_request().expect("the model was asked");
    caller.line.hang_up();
    caller.ends().await;
    let (record, recording) = gateway.recorded(&caller.call_sid()).await;
    gateway.store.caught_up().await;

    let account = Account::read(&std::fs::read_to_string(recording.with_file_name("tape.jsonl")).expect("a tape"));
    let phrases = clips::load(&repository().join("fixtures/phrases")).expect("the fixtures are committed");
    let words = Words::new(phrases);
    let told = told_as_ours(&request);
    assert_eq!(caller.played.cuts().len(), 3, "{:?}", record.transcript);
    for cut in caller.played.cuts() {
        let truth = cut.place(&account).expect("something was being said");
        let claim = account.stop(cut.generation).and_then(|stop| stop.heard).expect("the gateway knows how far");
        let apart_ms = account.apart_ms(truth, claim).expect("both are of what was ordered");
        assert!(apart_ms.abs() < APART_MS, "{claim:?}, in truth {truth:?}");

        let text = account.text(truth.phrase).expect("it was ordered");
        let line = cut_line(&record.transcript, text);
        let (heard, in_truth) = (line.heard.split_whitespace().count(), words.heard(text, truth.heard_ms));
        assert!(
            in_truth.is_some_and(|in_truth| heard.abs_diff(in_truth) <= 1),
            "{line:?}, in truth {in_truth:?} words"
        );
        assert!(told.contains(&line.heard), "{:?} is not what the model is told: {told:?}", line.heard);
        assert!(!told.contains(&format!("{} {}", line.heard, line.unheard)), "{told:?} was never heard");
    }
    let recorded = runs(&right_channel(&recording));
    let played: Vec<f64> = caller.sounds.iter().map(|(from, to)| (*to - *from).as_secs_f64() * 1_000.0).collect();
    assert_eq!(recorded.len(), played.len(), "{recorded:?} recorded, {played:?} played");
    for (recorded, played) in recorded.iter().zip(&played) {
        assert!((recorded - played).abs() < APART_MS, "{recorded} ms recorded of {played} ms played");
    }
}

fn cut_line<'r>(transcript: &'r [LineRecord], text: &str) -> &'r LineRecord {
    let is_it = |line: &&LineRecord| {
        let whole = spoken(&format!("{} {}", line.heard, line.unheard)) == spoken(text);
        line.speaker == "assistant" && whole && !line.unheard.is_empty()
    };
    transcript.iter().find(is_it).unwrap_or_else(|| panic!("no line says that {text:?} was cut off: {transcript:?}"))
}

/// All that the model is told that we said.
fn told_as_ours(request: &str) -> String {
    let request: Value = serde_json::from_str(request).expect("JSON");
    let messages = request["messages"].as_array().expect("messages").iter();
    let ours = messages.filter(|message| message["role"] == "assistant");
    ours.filter_map(|message| message["content"].as_str()).collect::<Vec<_>>().join(" ")
}

fn right_channel(recording: &Path) -> Vec<i16> {
    let mut reader = hound::WavReader::open(recording).expect("the recording plays");
    reader.samples().map(|sample| sample.expect("a whole sample")).skip(1).step_by(2).collect()
}

/// How long each stretch of sound is, in milliseconds.
fn runs(samples: &[i16]) -> Vec<f64> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (at, _) in samples.iter().enumerate().filter(|(_, sample)| sample.unsigned_abs() >= 400) {
        match runs.last_mut() {
            Some((_, to)) if at - *to < PAUSE => *to = at,
            _ => runs.push((at, at)),
        }
    }
    runs.into_iter().map(|(from, to)| (to - from) as f64 / 16.0).collect()
}
