//! Bringing a database to this program's schema by command.

use super::*;
use crate::store::{StoreError, migrate, migrations};

on_both! {
    "current_thread":
    a_database_says_what_it_lacks_and_then_lacks_nothing,
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
