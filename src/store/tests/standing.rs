//! What is noted with an appointment that stands, and what callers left to be seen to.

use chrono::{DateTime, TimeDelta, Utc};
use engine::io::Ending;
use engine::record::Row;
use engine::time::CallTime;

use super::*;
use crate::store::query::{DaySpan, MessagesQuery, Scope};
use crate::store::rows::moment_of;
use crate::store::{CallStart, Reserved};

on_both! {
    "multi_thread":
    who_says_that_they_come_is_noted_once,
    a_message_is_open_until_somebody_has_seen_to_it,
}

async fn who_says_that_they_come_is_noted_once(place: Place) {
    let store = place.open().await;
    let business = business(&["sam"]);
    let order = reservation("haircut", "2026-11-24T09:00");
    let made = store.reserve(&business, Uuid::from_u128(1), "a", &order, NOW_MS).await.expect("answers");
    let Reserved::Appointment(id) = made else { panic!("{made:?}") };
    let noted = async || {
        let (from, to) = (moment_of(NOW_MS), moment_of(NOW_MS) + TimeDelta::days(9));
        let span = DaySpan { scope: Scope::All, business: None, from, to };
        let all = store.records().appointments_between(&span).await.expect("readable");
        all.first().and_then(|one| one.confirmed_at).map(|at: DateTime<Utc>| at.timestamp_millis())
    };
    assert_eq!(noted().await, None);
    for later_ms in [0, 60_000] {
        store.confirm_appointment(&id, NOW_MS + later_ms).await.expect("written");
        assert_eq!(noted().await, Some(NOW_MS), "the first time counts");
    }
}

async fn a_message_is_open_until_somebody_has_seen_to_it(place: Place) {
    let store = place.open().await;
    for (nth, business) in [(1, "Barbers"), (2, "Barbers"), (3, "Salon")] {
        let (call_id, at) = (Uuid::from_u128(nth), CallTime::from_ms(1_000 * nth as u64));
        store.begin(CallStart { business: business.into(), ..start(nth) });
        let (text, name, phone) = (format!("Message {nth}."), "Ada".to_owned(), "+15550001111".to_owned());
        store.record(call_id, Row::Message { at, text, name, phone });
        store.record(call_id, Row::Ended { at, ending: Ending::HungUp, outcome: "call_back".into() });
    }
    store.flush().await;
    let listed = async |scope: Scope, open: Option<bool>| {
        let query = MessagesQuery { scope, business: None, open };
        let found = store.records().messages(&query).await.expect("readable");
        found.iter().map(|one| one.text.clone()).collect::<Vec<_>>().join(" ")
    };
    let barbers = || Scope::Business("Barbers".to_owned());
    assert_eq!(listed(Scope::All, None).await, "Message 3. Message 2. Message 1.", "the last one first");
    assert_eq!(listed(barbers(), Some(true)).await, "Message 2. Message 1.");

    let first = Uuid::from_u128(1).hyphenated().to_string();
    let salon = Scope::Business("Salon".to_owned());
    assert!(!store.see_to_message(&salon, &first, true, NOW_MS).await.expect("answers"), "it is not theirs");
    assert!(store.see_to_message(&barbers(), &first, true, NOW_MS).await.expect("answers"));
    assert_eq!(listed(barbers(), Some(true)).await, "Message 2.");
    assert_eq!(listed(barbers(), Some(false)).await, "Message 1.");
    assert!(store.see_to_message(&barbers(), &first, false, NOW_MS).await.expect("answers"), "not after all");
    assert_eq!(listed(barbers(), Some(true)).await, "Message 2. Message 1.");
}
