//! What a call leaves, read back.

use engine::io::Ending;
use engine::record::{Guesses, Speaker, Stage};

use super::*;
use crate::store::statement::Statement;
use crate::store::{RecordingRow, Records, StoreError};

on_both! {
    "current_thread":
    a_call_is_read_back_whole,
    a_row_written_twice_is_one_row_and_the_later_words_stand,
    a_second_leg_of_a_call_keeps_its_own_rows,
    a_row_of_a_call_nobody_began_is_set_aside_and_the_others_are_written,
    calls_that_a_crash_left_open_are_closed_as_interrupted,
    a_reader_beside_the_writer_changes_nothing,
    a_second_writer_is_told_that_the_store_is_in_use,
    a_newer_schema_is_left_alone,
}

pub(super) fn recording(path: &str) -> RecordingRow {
    RecordingRow {
        file_path: path.into(),
        format: "wav".into(),
        codec: "pcm_s16le".into(),
        sample_rate: 16_000,
        channels: 2,
        duration_ms: 5_000,
        size_bytes: 320_044,
        sha256: Some("ab".repeat(32)),
        encrypted: true,
        file_url: None,
    }
}

fn said(line: u32, heard: &str, unheard: &str) -> Row {
    Row::Said {
        line,
        speaker: Speaker::Assistant,
        heard: heard.into(),
        unheard: unheard.into(),
        confidence: 1.0,
        from: CallTime::from_ms(1_000),
        to: CallTime::from_ms(2_500),
        words: Vec::new(),
    }
}

async fn a_call_is_read_back_whole(place: Place) {
    let store = place.open().await;
    let call = start(1);
    store.begin(call.clone());
    store.record(call.call_id, said(0, "I have nine,", "or ten."));
    let stages = [(Stage::SpeechEnded, CallTime::from_ms(400)), (Stage::FirstFrame, CallTime::from_ms(900))];
    store.record(
        call.call_id,
        Row::Turn {
            turn: 0,
            stages: stages.into_iter().collect(),
            by_rules: true,
            tokens: (120, 30),
            guesses: Guesses { asked: 2, used: true, wasted: (90, 5) },
            late: Some(Stage::FirstSlot),
        },
    );
    store.record(call.call_id, event(0));
    let recording = recording("recordings/x/call.wav");
    store.recorded(call.call_id, recording.clone());
    let at = CallTime::from_ms(5_000);
    store.record(call.call_id, Row::Ended { at, ending: Ending::HungUp, outcome: "booked".into() });
    soon(store.flush()).await;

    let read = store.records().call(&call.call_sid).await.expect("readable").expect("there");
    assert_eq!((read.id.as_str(), read.business.as_str()), ("00000000-0000-0000-0000-000000000001", "Barbers"));
    assert_eq!((read.status.as_str(), read.ending.as_deref()), ("completed", Some("hung_up")));
    assert_eq!((read.outcome.as_deref(), read.duration_ms, read.sandbox), (Some("booked"), Some(5_000), true));
    assert_eq!(read.start_time.timestamp_millis(), NOW_MS);
    assert_eq!(read.end_time.map(|end| end.timestamp_millis()), Some(NOW_MS + 5_000));
    assert_eq!((read.transcript[0].heard.as_str(), read.transcript[0].unheard.as_str()), ("I have nine,", "or ten."));
    assert_eq!((read.transcript[0].speaker.as_str(), read.transcript[0].end_ms), ("assistant", 2_500));
    assert_eq!((read.turns[0].speech_ended_ms, read.turns[0].model_asked_ms), (Some(400), None));
    assert_eq!((read.turns[0].first_frame_ms, read.turns[0].tokens_in), (Some(900), 120));
    assert_eq!((read.turns[0].late_stage.as_deref(), read.turns[0].guesses), (Some("first_slot"), 2));
    assert_eq!((read.turns[0].guess_used, read.turns[0].wasted_in, read.turns[0].wasted_out), (true, 90, 5));
    assert_eq!((read.events[0].name.as_str(), read.recordings), ("key", vec![recording]));
    soon(store.close()).await;
}

async fn a_row_written_twice_is_one_row_and_the_later_words_stand(place: Place) {
    let store = place.open().await;
    let call = start(1);
    for _ in 0..2 {
        store.begin(call.clone());
        store.record(call.call_id, said(0, "I have nine, or ten.", ""));
        store.record(call.call_id, said(0, "I have nine,", "or ten."));
    }
    soon(store.flush()).await;
    let read = store.records().call(&call.call_sid).await.expect("readable").expect("there");
    assert_eq!(read.transcript.len(), 1);
    assert_eq!(read.transcript[0].heard, "I have nine,");
}

async fn a_second_leg_of_a_call_keeps_its_own_rows(place: Place) {
    let store = place.open().await;
    for call in 1..=3 {
        let leg = CallStart { call_sid: "CA7".into(), ..start(call) };
        store.begin(leg.clone());
        store.record(leg.call_id, said(0, &format!("leg {call}"), ""));
    }
    soon(store.flush()).await;
    for (sid, heard) in [("CA7", "leg 1"), ("CA7#2", "leg 2"), ("CA7#3", "leg 3")] {
        let read = store.records().call(sid).await.expect("readable").expect("there");
        assert_eq!(read.transcript[0].heard, heard);
    }
}

async fn a_row_of_a_call_nobody_began_is_set_aside_and_the_others_are_written(place: Place) {
    let store = place.open().await;
    store.begin(start(1));
    store.record(Uuid::from_u128(99), event(0));
    store.record(start(1).call_id, event(1));
    soon(store.flush()).await;
    let read = store.records().call(&start(1).call_sid).await.expect("readable").expect("there");
    assert_eq!(read.events.len(), 1);
    let rejected = std::fs::read_to_string(place.path().join("deep/frontdesk.journal.rejected")).expect("there");
    assert_eq!(rejected.lines().count(), 1);
    assert!(rejected.contains("00000000-0000-0000-0000-000000000063"));
}

async fn calls_that_a_crash_left_open_are_closed_as_interrupted(place: Place) {
    let store = place.open().await;
    store.begin(start(1));
    store.record(start(1).call_id, event(700));
    soon(store.close()).await;
    let store = place.open().await;
    soon(store.flush()).await;
    let read = store.records().call(&start(1).call_sid).await.expect("readable").expect("there");
    assert_eq!((read.status.as_str(), read.duration_ms), ("interrupted", Some(700)));
    assert_eq!(read.end_time.map(|end| end.timestamp_millis()), Some(NOW_MS + 700));
}

async fn a_reader_beside_the_writer_changes_nothing(place: Place) {
    let missing = Records::open(&place.config().url).await.expect_err("nothing there yet");
    assert!(matches!(missing, StoreError::Missing { .. }), "{missing}");
    let store = place.open().await;
    store.begin(start(1));
    soon(store.flush()).await;
    let records = Records::open(&place.config().url).await.expect("opens");
    assert_eq!(records.call(&start(1).call_sid).await.expect("readable").expect("there").status, "active");
}

async fn a_second_writer_is_told_that_the_store_is_in_use(place: Place) {
    let _store = place.open().await;
    let refusal = Store::open(place.config()).await.expect_err("in use");
    assert!(matches!(refusal, StoreError::InUse { .. }), "{refusal}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_named_with_a_remedy() {
    let place = Place::sqlite();
    let path = place.path().join("deep/frontdesk.db");
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
    std::fs::write(&path, "this is a shopping list, and long enough to be taken for a page of a database".repeat(20))
        .expect("written");
    let refusal = Store::open(place.config()).await.expect_err("no database");
    assert!(matches!(refusal, StoreError::Unreadable { .. }), "{refusal:?}");
    let text = refusal.to_string();
    assert!(text.contains("frontdesk.db") && text.contains("Check that it is an SQLite file"), "{text}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named_with_a_remedy() {
    let place = Place::sqlite();
    std::fs::write(place.path().join("deep"), "a file where the folder should be").expect("written");
    let refusal = Store::open(place.config()).await.expect_err("no folder");
    assert!(matches!(refusal, StoreError::Folder { .. }), "{refusal:?}");
}

#[tokio::test]
async fn an_older_database_keeps_its_turns_and_takes_new_ones() {
    let place = Place::sqlite();
    let store = place.open().await;
    store.begin(start(1));
    soon(store.flush()).await;
    // What the second version of the schema did not have yet.
    let undone = "DELETE FROM _sqlx_migrations WHERE version = 3; ALTER TABLE turns DROP COLUMN first_audio_ms;
        ALTER TABLE turns DROP COLUMN late_stage; ALTER TABLE turns DROP COLUMN guesses;
        ALTER TABLE turns DROP COLUMN guess_used; ALTER TABLE turns DROP COLUMN wasted_in;
        ALTER TABLE turns DROP COLUMN wasted_out;
        INSERT INTO turns (call_id, turn, first_frame_ms, by_rules, tokens_in, tokens_out)
        SELECT id, 0, 900, FALSE, 120, 30 FROM calls";
    for sql in undone.split(';') {
        Statement::new(sql).run(&store.database.write()).await.expect("as it was");
    }
    soon(store.close()).await;
    let store = place.open().await;
    let stages = [(Stage::FirstAudio, CallTime::from_ms(80))].into_iter().collect();
    let guesses = Guesses::default();
    let turn = Row::Turn { turn: 1, stages, by_rules: false, tokens: (0, 0), guesses, late: None };
    store.record(start(1).call_id, turn);
    soon(store.flush()).await;
    let turns = store.records().call(&start(1).call_sid).await.expect("readable").expect("there").turns;
    assert_eq!((turns[0].first_frame_ms, turns[0].tokens_in, turns[0].guesses), (Some(900), 120, 0));
    assert_eq!((turns[1].first_audio_ms, turns[1].late_stage.as_deref()), (Some(80), None));
    soon(store.close()).await;
}

#[test]
fn a_turn_journalled_by_an_earlier_version_is_read() {
    let line = r#"{"Turn":{"turn":3,"stages":{"turn_ended":"1.400000"},"by_rules":true,"tokens":[12,3]}}"#;
    let Row::Turn { turn: 3, guesses, late: None, .. } = serde_json::from_str(line).expect("a row") else {
        panic!("the turn")
    };
    assert_eq!(guesses, Guesses::default());
}

async fn a_newer_schema_is_left_alone(place: Place) {
    let store = place.open().await;
    let later = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
        SELECT 99, 'later', success, checksum, execution_time FROM _sqlx_migrations WHERE version = 4";
    Statement::new(later).run(&store.database.write()).await.expect("written");
    soon(store.close()).await;
    let refusal = Store::open(place.config()).await.expect_err("newer");
    assert!(matches!(refusal, StoreError::NewerSchema { found: 99, .. }), "{refusal:?}");
}
