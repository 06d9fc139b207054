//! A disk or a database in trouble during a call: the caller books or is told that it cannot be done just now, and
//! nothing that was said is lost.

use std::path::{Path, PathBuf};
use std::process::Command;

use sandbox::twilio::Ending;
use sqlx::{Connection, SqliteConnection};

use crate::caller::{ANSWERS, Caller};
use crate::gateway::{CALLER, Gateway, caller_said, events, settings, until};
use crate::postgres::Postgres;
use crate::vendors::SILENCE_MAX;

const HAIRCUT: &str = "hi i'd like a haircut on tuesday at ten";

#[tokio::test]
async fn while_the_database_is_locked_the_call_goes_on_and_its_rows_come_later() {
    let gateway = Gateway::open().await;
    let mut caller = gateway.caller();
    caller.hears("how can i help you").await;
    let lock = Lock::take(&gateway).await;
    caller.says("open-tue-10").await;
    caller.hears("your name").await;
    caller.says("ada").await;
    caller.hears("shall i book").await;
    assert!(gateway.page("/health").await.contains("journal"), "health tells of it");
    lock.give_back().await;
    caller.says("yes-please").await;
    assert_eq!(caller.answers(ANSWERS).await, Ending::Completed);

    let record = gateway.record(&caller.call_sid()).await;
    assert_eq!(record.outcome.as_deref(), Some("booked"));
    assert_eq!(record.appointments.len(), 1);
    assert_eq!(caller_said(&record).len(), 4);
    assert_eq!(record.turns.len(), 4);
    assert_eq!(gateway.store.rows_refused(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_server_is_down_the_call_goes_on_and_its_rows_come_later() {
    let server = Postgres::start();
    let gateway = Gateway::with(|_, settings| drop(settings.insert("DATABASE_URL".into(), server.database()))).await;
    let mut caller = gateway.caller();
    caller.hears("how can i help you").await;
    caller.says("open-tue-10").await;
    caller.hears("your name").await;
    server.stop();
    caller.says("ada").await;
    caller.hears("shall i book").await;
    until("health tells of it", async || gateway.page("/health").await.contains("journal").then_some(())).await;
    server.start_again();
    caller.says("yes-please").await;
    assert_eq!(caller.answers(ANSWERS).await, Ending::Completed);

    let record = gateway.record(&caller.call_sid()).await;
    assert_eq!(record.outcome.as_deref(), Some("booked"), "{:?}", caller.heard);
    assert_eq!((record.appointments.len(), caller_said(&record).len(), record.turns.len()), (1, 4, 4));
    assert_eq!(gateway.store.rows_refused(), 0);
}

#[tokio::test]
async fn a_caller_is_told_when_the_calendar_cannot_be_reached() {
    let gateway = Gateway::open().await;
    let mut caller = gateway.caller();
    caller.hears("how can i help you").await;
    caller.says("open-tue-10").await;
    caller.hears("your name").await;
    caller.says("ada").await;
    caller.hears("shall i book").await;
    let lock = Lock::take(&gateway).await;
    caller.says("yes-please").await;
    assert_eq!(caller.answers(ANSWERS).await, Ending::Completed);
    lock.give_back().await;
    assert!(caller.has_heard("can't reach our calendar"), "{:?}", caller.heard);
    assert!(!caller.has_heard("look forward to seeing you"), "{:?}", caller.heard);
    assert!(caller.longest_silence < SILENCE_MAX, "{:?} in {:?}", caller.longest_silence, caller.heard);

    let record = gateway.record(&caller.call_sid()).await;
    assert_eq!((record.outcome.as_deref(), record.appointments.len()), (Some("fallback"), 0));
    assert!(caller_said(&record).len() >= 4, "{:?}", record.transcript);
    assert!(events(&record, "fault").iter().any(|fault| fault.starts_with("calendar")));
    assert!(gateway.metric("frontdesk_vendor_errors_total", "vendor=\"calendar\"").await > 0.0);
}

#[tokio::test]
async fn a_database_that_is_deleted_is_made_anew_and_the_call_books_in_it() {
    loses_its_database(|database| std::fs::remove_file(database).expect("it was there")).await;
}

#[tokio::test]
async fn a_database_whose_folder_is_deleted_is_made_anew_and_the_call_books_in_it() {
    loses_its_database(|database| {
        std::fs::remove_dir_all(database.parent().expect("it has a folder")).expect("it was there");
    })
    .await;
}

#[tokio::test]
async fn a_caller_is_forgotten_by_command_while_calls_are_taken() {
    let gateway = Gateway::open().await;
    let mut caller = gateway.caller();
    assert_eq!(caller.books("open-tue-10").await, Ending::Completed);
    let (record, recording) = gateway.recorded(&caller.call_sid()).await;
    let forget = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_frontdesk"));
        command.args(["forget", CALLER]).args(more).current_dir(gateway.folder.path()).env_clear();
        command.envs(settings(gateway.folder.path(), &gateway.world)).output().expect("it runs")
    };
    let refused = forget(&[]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--with-appointments"), "{refused:?}");
    assert!(recording.exists(), "nothing is done by halves");
    let done = forget(&["--with-appointments"]);
    assert!(done.status.success(), "{done:?}");
    assert!(!recording.parent().expect("it had a folder").exists());
    assert_eq!(gateway.store.records().call(&record.call_sid).await.expect("readable"), None);
    assert_eq!(gateway.store.records().appointments(&record.id).await.expect("readable"), []);
    let receipts = std::fs::read_dir(gateway.folder.path().join("recordings/receipts")).expect("there");
    let receipts: Vec<_> = receipts.flatten().map(|file| std::fs::read_to_string(file.path()).expect("text")).collect();
    assert!(
        receipts.len() == 1 && receipts[0].contains("\"calls\":1") && !receipts[0].contains(CALLER),
        "{receipts:?}"
    );
}

#[tokio::test]
async fn a_call_that_cannot_be_recorded_books_all_the_same() {
    let gateway = Gateway::open().await;
    let recordings = gateway.folder.path().join("recordings");
    std::fs::remove_dir_all(&recordings).expect("it was there");
    std::fs::write(&recordings, "in the way").expect("written");
    let mut caller = gateway.caller();
    assert_eq!(caller.books("open-tue-10").await, Ending::Completed);

    let record = gateway.record(&caller.call_sid()).await;
    assert_eq!(record.outcome.as_deref(), Some("booked"));
    assert_eq!(caller_said(&record).len(), 4);
    assert_eq!(record.recordings, []);
    assert!(gateway.page("/health").await.contains("were not recorded whole"));
}

async fn loses_its_database(how: impl Fn(&Path)) {
    let gateway = Gateway::with(|folder, settings| {
        settings.insert("DATABASE_URL".into(), format!("sqlite://{}/data/desk.db", folder.display()));
    })
    .await;
    let database = gateway.folder.path().join("data/desk.db");
    let mut caller: Caller = gateway.caller();
    caller.hears("how can i help you").await;
    how(&database);
    caller.says("open-tue-10").await;
    assert_eq!(caller.answers(ANSWERS).await, Ending::Completed);

    let record = gateway.record(&caller.call_sid()).await;
    assert_eq!(record.outcome.as_deref(), Some("booked"), "{:?}", caller.heard);
    assert_eq!(caller_said(&record)[0], HAIRCUT, "what was said after that is in the new one");
    assert!(caller.longest_silence < SILENCE_MAX, "{:?} in {:?}", caller.longest_silence, caller.heard);
    assert!(database.exists());
}

/// Another program that writes to the database and does not finish.
struct Lock {
    connection: SqliteConnection,
}

impl Lock {
    async fn take(gateway: &Gateway) -> Self {
        let database: PathBuf = gateway.folder.path().join("frontdesk.db");
        let url = format!("sqlite://{}", database.display());
        let mut connection = SqliteConnection::connect(&url).await.expect("it can be opened");
        sqlx::raw_sql("PRAGMA busy_timeout = 20000; BEGIN IMMEDIATE").execute(&mut connection).await.expect("locked");
        Self { connection }
    }

    async fn give_back(mut self) {
        sqlx::raw_sql("ROLLBACK").execute(&mut self.connection).await.expect("given back");
        self.connection.close().await.expect("closed");
    }
}
