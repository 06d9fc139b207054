//! A database that does not answer.

use engine::io::{Ending, Fault};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

use super::*;
use crate::store::database::Database;
use crate::store::journal::Journal;
use crate::store::{CallRecord, Health, StoreError};

on_both! {
    "current_thread":
    rows_after_the_end_are_refused_and_counted,
}

fn path(place: &Place) -> std::path::PathBuf {
    place.path().join("deep/frontdesk.db")
}

/// Takes the database away from everybody else, as another program might.
async fn lock(place: &Place) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path(place)).busy_timeout(Duration::from_secs(5));
    let mut other = options.connect().await.expect("opens");
    sqlx::query("BEGIN EXCLUSIVE").execute(&mut other).await.expect("locks");
    other
}

async fn journalling(store: &Store) {
    let mut health = store.health.clone();
    soon(health.wait_for(|health| matches!(health, Health::Journalling { rows, .. } if *rows > 0)))
        .await
        .expect("runs");
}

async fn call(store: &Store, call: u128) -> CallRecord {
    store.records().call(&start(call).call_sid).await.expect("readable").expect("there")
}

fn ended() -> Row {
    Row::Ended { at: CallTime::from_ms(9_000), ending: Ending::Goodbye, outcome: "booked".into() }
}

fn numbers(call: &CallRecord) -> Vec<u32> {
    call.events.iter().map(|event| event.event).collect()
}

#[tokio::test]
async fn rows_wait_in_the_journal_while_the_database_is_locked_and_are_caught_up_in_order() {
    let place = Place::sqlite();
    let store = place.open().await;
    soon(store.flush()).await;
    let other = lock(&place).await;
    store.begin(start(1));
    for nth in 0..1_000 {
        store.record(start(1).call_id, event(nth));
    }
    store.record(start(1).call_id, ended());
    soon(store.flush()).await;
    journalling(&store).await;
    assert_eq!(store.health(), Health::Journalling { since: since(&store), rows: 1_002 });
    drop(other);
    soon(store.caught_up()).await;
    let read = call(&store, 1).await;
    assert_eq!(numbers(&read), (0..1_000).collect::<Vec<_>>());
    assert_eq!((read.status.as_str(), store.rows_refused()), ("completed", 0));
    assert_eq!(std::fs::metadata(place.path().join("deep/frontdesk.journal")).expect("there").len(), 0);
}

fn since(store: &Store) -> tokio::time::Instant {
    match store.health() {
        Health::Journalling { since, .. } => since,
        Health::Healthy => panic!("healthy"),
    }
}

#[tokio::test]
async fn the_journal_survives_the_process_and_comes_before_what_is_new() {
    let place = Place::sqlite();
    let store = place.open().await;
    soon(store.flush()).await;
    let other = lock(&place).await;
    store.begin(start(1));
    store.record(start(1).call_id, event(1));
    soon(store.close()).await;

    // The schema is there, so that even a locked database does not keep the phone from being answered.
    let store = place.open().await;
    store.begin(start(2));
    journalling(&store).await;
    soon(store.flush()).await;
    drop(other);
    soon(store.caught_up()).await;
    assert_eq!(numbers(&call(&store, 1).await), [1]);
    assert_eq!(call(&store, 1).await.status, "interrupted");
    assert_eq!(call(&store, 2).await.status, "active");
}

#[tokio::test]
async fn a_journal_that_is_written_twice_changes_nothing() {
    let place = Place::sqlite();
    let journal = place.path().join("deep/frontdesk.journal");
    let store = place.open().await;
    soon(store.flush()).await;
    let other = lock(&place).await;
    store.begin(start(1));
    (0..10).for_each(|nth| store.record(start(1).call_id, event(nth)));
    store.record(start(1).call_id, ended());
    soon(store.close()).await;
    drop(other);
    let lines = std::fs::read(&journal).expect("there");

    let store = place.open().await;
    soon(store.caught_up()).await;
    let first = call(&store, 1).await;
    soon(store.close()).await;
    // As after a crash between the database's commit and the journal's end.
    std::fs::write(&journal, lines).expect("written");
    let store = place.open().await;
    soon(store.caught_up()).await;
    assert_eq!(call(&store, 1).await, first);
    assert_eq!(first.status, "completed");
}

#[tokio::test]
async fn rows_stay_in_memory_while_the_journal_cannot_be_written_either() {
    let place = Place::sqlite();
    let Config { url, journal } = place.config();
    let mut journal = Journal::open(&journal).expect("opens");
    journal.limit(0);
    let store = Store::start(Database::open(&url).await.expect("opens"), Uuid::nil(), journal);
    soon(store.caught_up()).await;
    let other = lock(&place).await;
    store.begin(start(1));
    (0..600).for_each(|nth| store.record(start(1).call_id, event(nth)));
    journalling(&store).await;
    drop(other);
    soon(store.caught_up()).await;
    assert_eq!(numbers(&call(&store, 1).await), (0..600).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_calendar_says_soon_that_a_locked_database_cannot_be_asked() {
    let place = Place::sqlite();
    let store = place.open().await;
    soon(store.flush()).await;
    let other = lock(&place).await;
    let reservation = reservation("haircut", "2026-11-23T09:00");
    let business = business(&["sam"]);
    let locked = soon(store.reserve(&business, Uuid::nil(), "a", &reservation, NOW_MS)).await.expect_err("locked");
    assert!(matches!(locked.fault(), Fault::Retry(_)), "{locked}");
    drop(other);
    soon(store.reserve(&business, Uuid::nil(), "a", &reservation, NOW_MS)).await.expect("free again");
}

#[tokio::test]
async fn a_first_start_with_a_locked_database_says_who_is_in_the_way() {
    let place = Place::sqlite();
    std::fs::create_dir_all(place.path().join("deep")).expect("made");
    let options = SqliteConnectOptions::new().filename(path(&place)).create_if_missing(true);
    let mut other = options.connect().await.expect("opens");
    sqlx::query("BEGIN EXCLUSIVE").execute(&mut other).await.expect("locks");
    let refusal = Store::open(place.config()).await.expect_err("locked");
    assert!(matches!(refusal, StoreError::Locked { .. }), "{refusal:?}");
    other.close().await.expect("closes");
}

#[tokio::test]
async fn a_database_that_is_taken_away_is_made_anew_with_the_calls_that_go_on() {
    let place = Place::sqlite();
    let store = place.open().await;
    store.begin(start(1));
    store.begin(start(2));
    store.record(start(2).call_id, ended());
    soon(store.flush()).await;
    for suffix in ["", "-wal", "-shm"] {
        let file = place.path().join(format!("deep/frontdesk.db{suffix}"));
        std::fs::rename(&file, file.with_extension("moved")).expect("moved");
    }
    let business = business(&["sam"]);
    let order = reservation("haircut", "2026-11-23T09:00");
    let gone = soon(store.reserve(&business, Uuid::nil(), "a", &order, NOW_MS)).await.expect_err("gone");
    assert!(matches!(gone, StoreError::Gone { .. }), "{gone}");
    store.record(start(1).call_id, event(5));
    soon(store.caught_up()).await;
    assert_eq!(numbers(&call(&store, 1).await), [5]);
    soon(store.reserve(&business, Uuid::nil(), "a", &order, NOW_MS)).await.expect("a calendar again");
}

async fn rows_after_the_end_are_refused_and_counted(place: Place) {
    let store = place.open().await;
    let late = store.clone();
    soon(store.close()).await;
    late.begin(start(1));
    soon(late.flush()).await;
    assert_eq!(late.rows_refused(), 1);
}

#[tokio::test]
async fn more_rows_than_the_queue_holds_are_refused_and_counted_and_never_waited_for() {
    let place = Place::sqlite();
    let store = place.open().await;
    // On this test's one thread the writer cannot run before the next await.
    let given = crate::store::QUEUE_ROWS_MAX as u32 + 100;
    store.begin(start(1));
    (1..given).for_each(|nth| store.record(start(1).call_id, event(nth)));
    assert_eq!(store.rows_refused(), 100);
    soon(store.caught_up()).await;
    assert_eq!(call(&store, 1).await.events.len(), crate::store::QUEUE_ROWS_MAX - 1);
}

/// A server of the test's own, which it may stop.
fn server() -> (Postgres, Place) {
    let server = Postgres::start();
    let place = Place::at(&server);
    (server, place)
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_wait_in_the_journal_while_the_server_is_down_and_are_caught_up_in_order() {
    let (server, place) = server();
    let store = place.open().await;
    store.begin(start(1));
    soon(store.caught_up()).await;
    server.stop();
    (0..600).for_each(|nth| store.record(start(1).call_id, event(nth)));
    store.record(start(1).call_id, ended());
    journalling(&store).await;
    let order = reservation("haircut", "2026-11-23T09:00");
    let refusal = soon(store.reserve(&business(&["sam"]), Uuid::nil(), "a", &order, NOW_MS)).await.expect_err("down");
    assert!(matches!(refusal.fault(), Fault::Retry(_)), "{refusal}");
    soon(store.flush()).await;
    server.start_again();
    soon(store.caught_up()).await;
    let read = call(&store, 1).await;
    assert_eq!(numbers(&read), (0..600).collect::<Vec<_>>());
    assert_eq!((read.status.as_str(), store.rows_refused()), ("completed", 0));
    soon(store.reserve(&business(&["sam"]), Uuid::nil(), "a", &order, NOW_MS)).await.expect("a calendar again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_without_the_server_answers_calls_and_catches_up_later() {
    let (server, place) = server();
    server.stop();
    let store = place.open().await;
    store.begin(start(1));
    store.record(start(1).call_id, event(1));
    journalling(&store).await;
    soon(store.close()).await;
    let store = place.open().await;
    store.begin(start(2));
    journalling(&store).await;
    server.start_again();
    soon(store.caught_up()).await;
    assert_eq!((call(&store, 1).await.status.as_str(), numbers(&call(&store, 1).await)), ("interrupted", vec![1]));
    assert_eq!(call(&store, 2).await.status, "active");
}
