//! Bringing a database to this program's schema by command.

use super::*;
use crate::store::query::Scope;
use crate::store::statement::Statement;
use crate::store::{StoreError, migrate, migrations};

on_both! {
    "current_thread":
    a_database_says_what_it_lacks_and_then_lacks_nothing,
    columns_of_a_later_version_do_not_disturb_one_that_runs,
}

async fn a_database_says_what_it_lacks_and_then_lacks_nothing(place: Place) {
    let url = place.config().url;
    let before = migrations(&url).await.expect("readable");
    assert!(before.len() >= 3 && before.iter().all(|step| !step.applied), "{before:?}");
    migrate(&url).await.expect("migrates");
    migrate(&url).await.expect("and has nothing left to do");
    let after = migrations(&url).await.expect("readable");
    assert!(after.iter().all(|step| step.applied), "{after:?}");
    soon(place.open().await.close()).await;
}

#[tokio::test]
async fn a_server_that_lets_nobody_in_is_named_without_the_password() {
    let url = "postgres://ada:secret@127.0.0.1:1/desk";
    for refusal in [migrations(url).await.expect_err("nobody there"), migrate(url).await.expect_err("nobody there")] {
        assert!(matches!(refusal, StoreError::Unreachable { .. }), "{refusal}");
        let text = refusal.to_string();
        assert!(
            text.contains("127.0.0.1:1/desk") && text.contains("DATABASE_URL") && !text.contains("secret"),
            "{text}"
        );
    }
}

async fn columns_of_a_later_version_do_not_disturb_one_that_runs(place: Place) {
    let store = place.open().await;
    store.begin(start(1));
    store.record(start(1).call_id, event(0));
    store.recorded(start(1).call_id, records::recording("recordings/1/call.wav"));
    soon(store.flush()).await;
    let id = start(1).call_id.hyphenated().to_string();
    let read = async || store.records().whole_call(&id, &Scope::All).await.expect("readable").expect("there");
    // Often enough that every connection has its plans.
    for _ in 0..20 {
        read().await;
    }
    for table in
        ["calls", "transcripts", "turns", "events", "recordings", "appointments", "analytics", "costs", "call_metadata"]
    {
        let mut later = Statement::default();
        later.push(&format!("ALTER TABLE {table} ADD COLUMN later TEXT"), []);
        later.run(&store.database.write()).await.expect("altered");
    }
    for _ in 0..20 {
        assert_eq!(read().await.call.events.len(), 1);
    }
    store.record(start(1).call_id, event(1));
    soon(store.caught_up()).await;
    assert_eq!(read().await.call.events.len(), 2);
    soon(store.close()).await;
}
