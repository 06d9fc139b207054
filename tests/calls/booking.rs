//! Calls in which all is well: what the caller wants is booked, and what happened is on record.

use std::path::Path;
use std::process::Command;

use age::secrecy::ExposeSecret;
use chrono::{Datelike, NaiveDateTime, Weekday};
use engine::tape;
use frontdesk::store::query::Scope;
use frontdesk::store::{CallRecord, LineRecord};
use sandbox::caller::{Book, Script, play};
use sandbox::clips::spoken;
use sandbox::twilio::{CallSetup, Ending};

use crate::caller::ANSWERS;
use crate::gateway::{CALLER, DESK, Gateway, caller_said, change_business, events, read, until};

/// The silence behind the last word of a recorded phrase, at most (`fixtures/phrases/manifest.json`: 40 to 50 ms, and the
/// rest of a frame).
const SILENT_END_MS: i64 = 60;

#[tokio::test]
async fn a_caller_books_and_all_of_the_call_is_on_record() {
    let gateway = Gateway::open().await;
    let mut caller = gateway.caller();
    assert_eq!(caller.books("open-tue-10").await, Ending::Completed);

    let (record, recording) = gateway.recorded(&caller.call_sid()).await;
    assert_eq!((record.status.as_str(), record.outcome.as_deref()), ("completed", Some("booked")));
    assert_eq!((record.caller.as_str(), record.called.as_str(), record.sandbox), (CALLER, DESK, false));
    assert_eq!(
        caller_said(&record),
        ["hi i'd like a haircut on tuesday at ten", "ada lovelace", "yes please", "no that's all thank you"]
    );
    each_word_has_its_time(&record);
    let said: Vec<_> = assistant(&record).map(|line| spoken(&line.heard)).collect();
    assert_eq!(said, caller.heard, "what is on record is what was heard");
    assert!(record.transcript.iter().all(|line| line.unheard.is_empty()));
    assert_eq!(record.turns.len(), 4);
    assert!(record.turns.iter().all(|turn| turn.first_frame_ms.is_some() && !turn.by_rules), "{:?}", record.turns);
    assert_eq!(events(&record, "fault"), Vec::<String>::new());

    let [appointment] = &record.appointments[..] else { panic!("one appointment: {:?}", record.appointments) };
    let start = start_of(&appointment.start_at);
    assert_eq!((start.weekday(), start.format("%H:%M").to_string()), (Weekday::Tue, "10:00".to_owned()));
    assert_eq!((appointment.name.as_str(), appointment.phone.as_str()), ("Ada Lovelace", CALLER));
    assert_eq!(appointment.service, "haircut");

    assert_eq!(record.recordings[0].channels, 2);
    each_side_is_heard_where_it_spoke(&record, &recording);
    replays(&recording.with_file_name("tape.jsonl"));

    comes_to_figures(&gateway, &record).await;

    let frames = gateway.metric("frontdesk_frames_in_total", "").await;
    assert!(frames > 500.0);
    assert_eq!(gateway.metric("frontdesk_frame_gap_seconds_count", "").await, frames - 1.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_callers_at_once_each_book_another_time() {
    let gateway = Gateway::with(|folder, settings| {
        // One chair, so that no two appointments may begin at the same time.
        change_business(folder, settings, |example| {
            let robin = example.find("[[staff]]\nid = \"robin\"").expect("Robin works there");
            let after = robin + example[robin..].find("[[answers]]").expect("answers follow the staff");
            format!("{}{}", &example[..robin], &example[after..])
        });
    })
    .await;
    let text = read("fixtures/callers/crowd.call");
    let script = Script::parse(&text).expect("a good script");
    let book = Book::new(gateway.world.utterances().iter().cloned());
    let calls = (0..20).map(|number| {
        let line = gateway.call_as(CallSetup::new(&format!("+1415555{number:04}"), DESK));
        let (script, book, lexicon) = (script.clone(), book.clone(), gateway.world.lexicon().clone());
        tokio::spawn(async move { play(line, &script, &book, lexicon, number, |_| {}).await })
    });
    let mut starts = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        let outcome = call.await.expect("no caller panics");
        assert_eq!(outcome.failures(&script), Vec::<String>::new(), "{:#?}", outcome.transcript);
        let record = gateway.recorded(&outcome.call_sid).await.0;
        assert_eq!(record.outcome.as_deref(), Some("booked"));
        starts.extend(record.appointments.into_iter().map(|appointment| appointment.start_at));
    }
    starts.sort();
    starts.dedup();
    assert_eq!(starts.len(), 20, "{starts:?}");
}

#[tokio::test]
async fn a_caller_who_cuts_in_on_the_greeting_is_listened_to() {
    let gateway = Gateway::open().await;
    let mut caller = gateway.caller();
    caller.hears_anything().await;
    caller.says("open-tue-10").await;
    assert_eq!(caller.clears, 1, "the greeting stopped");
    assert_eq!(caller.answers(ANSWERS).await, Ending::Completed);

    let record = gateway.record(&caller.call_sid()).await;
    assert_eq!(record.outcome.as_deref(), Some("booked"));
    let cut = assistant(&record).find(|line| !line.unheard.is_empty()).expect("what was cut off is on record");
    let whole = spoken(&format!("{} {}", cut.heard, cut.unheard));
    assert!(whole == "thanks for calling harbor street barbers" || whole == "how can i help you", "{cut:?}");
    assert!(!caller.has_heard("how can i help you"));
    assert_eq!(events(&record, "stopped").len(), 1);
}

#[tokio::test]
async fn keys_answer_yes_and_no() {
    let gateway = Gateway::open().await;
    let mut caller = gateway.caller();
    caller.hears("how can i help you").await;
    caller.says("open-wed-10").await;
    let keys = [("shall i book", "1"), ("should i book", "1"), ("anything else", "2")];
    let answers: Vec<_> = keys.iter().chain(ANSWERS).copied().collect();
    assert_eq!(caller.answers(&answers).await, Ending::Completed);

    let record = gateway.record(&caller.call_sid()).await;
    assert_eq!(record.outcome.as_deref(), Some("booked"));
    assert_eq!(events(&record, "key").len(), 2);
    assert_eq!(caller_said(&record), ["hi a haircut on wednesday at ten please", "ada lovelace"]);
}

#[tokio::test]
async fn a_caller_who_thinks_again_gets_the_other_time() {
    let gateway = Gateway::open().await;
    let mut caller = gateway.caller();
    caller.hears("how can i help you").await;
    caller.says("open-tue-10").await;
    caller.hears("your name").await;
    caller.says("ada").await;
    caller.hears("shall i book").await;
    caller.says("friday-at-two").await;
    assert_eq!(caller.answers(ANSWERS).await, Ending::Completed);

    let record = gateway.record(&caller.call_sid()).await;
    let [appointment] = &record.appointments[..] else { panic!("one appointment: {:?}", record.appointments) };
    let start = start_of(&appointment.start_at);
    assert_eq!((start.weekday(), start.format("%H:%M").to_string()), (Weekday::Fri, "14:00".to_owned()));
    assert_eq!(appointment.name, "Ada Lovelace");
}

#[tokio::test]
async fn a_caller_without_a_number_is_asked_for_one() {
    let gateway = Gateway::with(|_, settings| {
        let key = age::x25519::Identity::generate().to_string().expose_secret().to_owned();
        let more = [("RECORDING_KEY", key), ("ANALYST_KEYS", "ada:admin:*:a-key-for-the-tests".to_owned())];
        settings.extend(more.map(|(name, value)| (name.to_owned(), value)));
    })
    .await;
    let mut caller = gateway.caller_as(CallSetup::new("anonymous", DESK));
    assert_eq!(caller.books("open-thu-11").await, Ending::Completed);
    assert!(caller.has_heard("what number can we reach you on"), "{:?}", caller.heard);
    let record = gateway.record(&caller.call_sid()).await;
    assert_eq!(record.caller, "anonymous");
    assert_eq!(record.appointments[0].phone, "+12125550199");
    let said = caller_said(&record);
    assert!(said.iter().any(|line| line.contains("phone 99")), "the record does not tell the number: {said:?}");
    // Who has the key, and may see everything, is told.
    let address = gateway.url(&format!("/api/calls/{}?reveal=true", record.id));
    let request = reqwest::Client::new().get(address).bearer_auth("a-key-for-the-tests");
    let revealed = request.send().await.expect("an answer").text().await.expect("a text");
    assert!(revealed.contains("zero one nine nine") || revealed.contains("0199"), "{revealed}");
}

/// Where the business says so, the step in which a caller tells who they are is on no record: neither in words, nor in
/// sound, nor on the tape. Redacted tapes have no number on them either.
#[tokio::test]
async fn what_is_not_to_be_recorded_is_on_no_record() {
    let gateway = Gateway::with(|folder, settings| {
        change_business(folder, settings, |example| example + "\n[recording]\npause_in = [\"contact\"]\n");
        settings.insert("TAPE".into(), "auto".into());
    })
    .await;
    let mut caller = gateway.caller();
    assert_eq!(caller.books("open-tue-10").await, Ending::Completed);
    let (record, recording) = gateway.recorded(&caller.call_sid()).await;
    assert_eq!(record.outcome.as_deref(), Some("booked"));
    assert_eq!(record.appointments[0].name, "Ada Lovelace");
    let named: Vec<_> = record.transcript.iter().filter(|line| line.heard == "[not recorded]").collect();
    assert_eq!(named.len(), 1, "{:?}", record.transcript);

    assert_eq!(events(&record, "recording"), ["paused", "resumed"]);
    let bounds: Vec<i64> =
        record.events.iter().filter(|event| event.name == "recording").map(|event| event.at_ms).collect();
    let mut reader = hound::WavReader::open(&recording).expect("it plays");
    let samples: Vec<i16> = reader.samples().map(|sample| sample.expect("a whole sample")).collect();
    let loudest = |from_ms: i64, to_ms: i64| {
        samples[from_ms as usize * 32..to_ms as usize * 32].iter().map(|sample| sample.unsigned_abs()).max()
    };
    // A frame and what resampling smears.
    let silent = loudest(bounds[0] + 40, bounds[1] - 40).expect("time passed");
    assert!(silent < 50 && named[0].start_ms > bounds[0] && named[0].end_ms < bounds[1], "{silent} in {bounds:?}");
    assert!(loudest(0, bounds[0]).is_some_and(|loud| loud > 1_000));

    let tape = std::fs::read_to_string(recording.with_file_name("tape.jsonl")).expect("a tape");
    assert!(
        tape.contains("[phone ****23]") && !tape.contains(CALLER) && !tape.to_lowercase().contains("ada"),
        "{tape}"
    );
    let note = tape.lines().last().expect("a line");
    assert!(note.contains(" ! the recording is paused"), "{note}");
    assert!(matches!(tape::replay(&tape), Err(tape::Difference::Missing { line: 1, .. })));
}

fn assistant(record: &CallRecord) -> impl Iterator<Item = &LineRecord> {
    record.transcript.iter().filter(|line| line.speaker == "assistant")
}

fn start_of(start_at: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(start_at, "%Y-%m-%dT%H:%M").expect("a time of the business's clock")
}

/// Of every line, within it and in order.
fn each_word_has_its_time(record: &CallRecord) {
    for line in &record.transcript {
        let words = &line.words.as_ref().expect("they are on record").0;
        assert!(line.heard.split_whitespace().eq(words.iter().map(|word| word.word.as_str())), "{line:?}");
        let times: Vec<i64> = words.iter().flat_map(|word| [word.start_ms, word.end_ms]).collect();
        assert!(times.is_sorted(), "{line:?}");
        let (first, last) = (times[0], times[times.len() - 1]);
        // When a caller's line begins is known from the voice, and when its words do, from who heard them.
        let apart_ms = if line.speaker == "caller" { 300 } else { 20 };
        assert!(first >= line.start_ms - apart_ms && last <= line.end_ms + apart_ms, "{line:?}");
    }
}

/// The caller is on the left, the assistant on the right, each at the time that the transcript has.
/// Who was heard for how long, what the caller waited for and what it cost.
async fn comes_to_figures(gateway: &Gateway, record: &CallRecord) {
    let whole = until("the model summed the call up", async || {
        let whole =
            gateway.store.records().whole_call(&record.id, &Scope::All).await.expect("readable").expect("there");
        whole.call.summary.is_some().then_some(whole)
    })
    .await;
    assert_eq!(
        whole.call.summary.as_deref(),
        Some("The caller said: Hi, I'd like a haircut on Tuesday at ten. What came of it: booked.")
    );
    assert!(whole.call.agent.is_some());
    let figures = whole.analytics.expect("figures are written before the recording is");
    let duration_ms = record.duration_ms.expect("it ended");
    assert!((1_000..10_000).contains(&figures.caller_talk_ms), "{figures:?}");
    assert!((5_000..duration_ms).contains(&figures.assistant_talk_ms), "{figures:?}");
    assert!((figures.talk_time_ms + figures.silence_time_ms - duration_ms).abs() < 500, "{figures:?} of {duration_ms}");
    assert_eq!((figures.interruptions, figures.metrics["turns"].as_i64()), (0, Some(4)));
    assert_eq!((figures.sentiment.as_deref(), figures.sentiment_by.as_deref()), (Some("neutral"), Some("model")));
    assert!(figures.average_latency_ms.is_some_and(|waited_ms| (50..5_000).contains(&waited_ms)), "{figures:?}");
    let stages: Vec<_> = whole.costs.iter().map(|cost| cost.stage.as_str()).collect();
    assert_eq!(stages, ["model", "speech_to_text", "telephony", "text_to_speech"]);
    assert!(whole.costs.iter().all(|cost| cost.stage == "text_to_speech" || cost.micros > 0), "{:?}", whole.costs);
    let metadata = whole.metadata.expect("metadata");
    assert_eq!((metadata.region.as_deref(), metadata.device_type.as_deref()), (Some("US"), Some("phone")));
}

fn each_side_is_heard_where_it_spoke(record: &CallRecord, recording: &Path) {
    let mut reader = hound::WavReader::open(recording).expect("the recording plays");
    let spec = reader.spec();
    assert_eq!((spec.channels, spec.sample_rate, spec.bits_per_sample), (2, 16_000, 16));
    let samples: Vec<i16> = reader.samples().map(|sample| sample.expect("a whole sample")).collect();
    let loudness = |channel: usize, start_ms: i64, end_ms: i64| {
        let frames = (start_ms as usize * 16)..(end_ms as usize * 16).min(samples.len() / 2);
        let squares: f64 = frames.clone().map(|frame| f64::from(samples[frame * 2 + channel]).powi(2)).sum();
        (squares / frames.len().max(1) as f64).sqrt()
    };
    assert!(samples.len() as i64 / 32 >= record.transcript.last().expect("lines").start_ms, "to the end of the call");
    for line in &record.transcript {
        let (speaks, listens) = if line.speaker == "caller" { (0, 1) } else { (1, 0) };
        // A phrase ends with some silence, and this caller answers as soon as the last word is known.
        let last_word_ms = line.end_ms - if line.speaker == "assistant" { SILENT_END_MS } else { 0 };
        let loud = loudness(speaks, line.start_ms, line.end_ms);
        let quiet = loudness(listens, line.start_ms, last_word_ms);
        assert!(loud > 300.0 && quiet < loud / 10.0, "{line:?}: {loud} against {quiet}");
    }
}

/// The tape gives the same outputs again, here and on the command line.
fn replays(tape: &Path) {
    let text = std::fs::read_to_string(tape).expect("a tape");
    let replayed = tape::replay(&text).expect("the same again");
    assert!(replayed.inputs > 20 && replayed.outputs > 20, "{replayed:?}");
    let replay = Command::new(env!("CARGO_BIN_EXE_frontdesk")).arg("replay").arg(tape).output().expect("it starts");
    assert!(replay.status.success(), "{replay:?}");
}
