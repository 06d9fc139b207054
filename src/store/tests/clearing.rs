//! Calls that are taken away, and what is left of them.

use chrono::{DateTime, TimeDelta, Utc};
use engine::record::Speaker;

use super::*;
use crate::store::statement::Statement;
use crate::store::{Cleaner, Extent, Going};

on_both! {
    "current_thread":
    old_calls_go_with_all_that_belongs_to_them_and_others_stay,
    one_caller_is_forgotten_and_nobody_else,
}

const OTHER: &str = "+15559998888";

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(NOW_MS).expect("a moment")
}

/// Call 1 is old, call 2 of somebody else, call 3 goes on.
async fn filled(place: &Place) -> Store {
    let store = place.open().await;
    let day_ms = 86_400_000;
    store.begin(CallStart { started_at_ms: NOW_MS - 40 * day_ms, ..start(1) });
    store.begin(CallStart { from: OTHER.into(), ..start(2) });
    store.begin(CallStart { from: "+15557776666".into(), started_at_ms: NOW_MS - 40 * day_ms, ..start(3) });
    for call in 1..=2 {
        let (from, to) = (CallTime::from_ms(0), CallTime::from_ms(900));
        let (speaker, unheard, confidence) = (Speaker::Caller, String::new(), 1.0);
        let heard = format!("my word is zanzibar{call}");
        store.record(
            start(call).call_id,
            Row::Said { line: 0, speaker, heard, unheard, confidence, from, to, words: Vec::new() },
        );
        let (text, name, phone) = (format!("tell them zanzibar{call}"), "Ada".to_owned(), String::new());
        store.record(start(call).call_id, Row::Message { at: to, text, name, phone });
        store.transferred(&start(call).call_sid, "no-answer", None, NOW_MS);
        store.record(start(call).call_id, event(0));
        store.recorded(start(call).call_id, records::recording(&format!("recordings/{call}/call.wav")));
        let at = CallTime::from_ms(5_000);
        let ending = engine::io::Ending::HungUp;
        store.record(start(call).call_id, Row::Ended { at, ending, outcome: "booked".into() });
    }
    soon(store.flush()).await;
    store
}

async fn clear(cleaner: &Cleaner, going: &Going) -> Vec<String> {
    let (mut files, mut last) = (Vec::new(), None);
    loop {
        let leaving = cleaner.next(going, last.as_ref()).await.expect("readable");
        let Some(end) = leaving.last() else { return files };
        last = Some(end.clone());
        files.extend(leaving.iter().flat_map(|call| call.files.iter().map(|(file, _)| file.clone())));
        cleaner.remove(&leaving, going.recordings_only).await.expect("removed");
    }
}

async fn is_there(store: &Store, call: u128) -> bool {
    store.records().call(&start(call).call_sid).await.expect("readable").is_some()
}

async fn old_calls_go_with_all_that_belongs_to_them_and_others_stay(place: Place) {
    let store = filled(&place).await;
    let cleaner = Cleaner::open(&place.config().url).await.expect("opens beside the writer");
    let old = Going { ended_before: Some(now() - TimeDelta::days(30)), ..Going::default() };
    let extent = cleaner.extent(&old).await.expect("readable");
    assert_eq!(extent, Extent { calls: 1, recordings: 1, bytes: 320_044 });
    let elsewhere = Going { business: Some("Salon".into()), ..old.clone() };
    assert_eq!(cleaner.extent(&elsewhere).await.expect("readable"), Extent::default());
    let sound = Going { recordings_only: true, ..old.clone() };
    assert_eq!(clear(&cleaner, &sound).await, ["recordings/1/call.wav"]);
    assert!(is_there(&store, 1).await, "only its recording went");
    assert_eq!(clear(&cleaner, &old).await, Vec::<String>::new());
    assert_eq!((is_there(&store, 1).await, is_there(&store, 2).await), (false, true));
    assert!(is_there(&store, 3).await, "a call that goes on is never old");
    for table in ["transcripts", "messages", "transfers"] {
        assert_eq!(count(&store, table).await, 1, "{table}");
    }
}

async fn count(store: &Store, table: &str) -> i64 {
    let count = Statement::new(&format!("SELECT count(*) FROM {table}"));
    let rows: Vec<(i64,)> = count.all(&store.database.read()).await.expect("readable");
    rows[0].0
}

async fn one_caller_is_forgotten_and_nobody_else(place: Place) {
    let store = filled(&place).await;
    let mut business = business(&["sam"]);
    business.afterwards.webhook = Some("https://example.com".to_owned());
    let caller = "+15550001111";
    // Made in somebody else's call, for the caller's number as it is said.
    let order = Reservation { phone: "555-000-1111".into(), ..reservation("haircut", "2026-11-23T09:00") };
    store.reserve(&business, start(2).call_id, "a", &order, NOW_MS).await.expect("booked");
    let short = Reservation { phone: "000-1111".into(), ..reservation("haircut", "2026-11-23T11:00") };
    store.reserve(&business, start(3).call_id, "c", &short, NOW_MS).await.expect("booked");
    let theirs = Reservation { phone: "+15553334444".into(), ..reservation("haircut", "2026-11-23T10:00") };
    store.reserve(&business, start(3).call_id, "b", &theirs, NOW_MS).await.expect("booked");
    let cleaner = store.cleaner();
    assert_eq!(cleaner.appointments_of(caller, now()).await.expect("readable"), (0, 1));
    assert!(cleaner.is_calling("+15557776666").await.expect("readable"));
    assert!(!cleaner.is_calling(caller).await.expect("readable"));
    let going = Going { caller: Some(caller.into()), ..Going::default() };
    assert_eq!(clear(&cleaner, &going).await, ["recordings/1/call.wav", "recordings/2/call.wav"]);
    // Seven digits without their area are anybody's.
    assert_eq!(cleaner.appointments_of("+442070001111", now()).await.expect("readable"), (0, 0));
    assert_eq!(cleaner.remove_appointments_of(caller).await.expect("removed"), 1);
    assert_eq!(count(&store, "outbox").await, 2, "what is to be told of the others");
    cleaner.wipe().await.expect("wiped");
    assert_eq!((is_there(&store, 1).await, is_there(&store, 2).await, is_there(&store, 3).await), (false, false, true));
    assert_eq!(cleaner.appointments_of("+15553334444", now()).await.expect("readable"), (0, 1));
}

#[tokio::test]
async fn a_file_that_was_wiped_holds_no_remains() {
    let place = Place::sqlite();
    let store = filled(&place).await;
    let cleaner = store.cleaner();
    clear(&cleaner, &Going { caller: Some("+15550001111".into()), ..Going::default() }).await;
    cleaner.wipe().await.expect("wiped");
    soon(store.close()).await;
    let folder = place.path().join("deep");
    let mut bytes = Vec::new();
    for file in std::fs::read_dir(&folder).expect("there").flatten() {
        bytes.extend(std::fs::read(file.path()).expect("readable"));
    }
    let holds = |word: &str| bytes.windows(word.len()).any(|part| part == word.as_bytes());
    assert!(holds("zanzibar2") && holds(OTHER), "the other call is there");
    for gone in ["zanzibar1", "+15550001111", &start(1).call_sid] {
        assert!(!holds(gone), "{gone}");
    }
}
