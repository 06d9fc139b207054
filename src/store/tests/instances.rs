//! Several processes with one database.

use chrono::Utc;

use super::*;
use crate::store::Reserved;

on_both! {
    "current_thread":
    a_stream_that_comes_twice_is_numbered_and_refused_never,
}

async fn a_stream_that_comes_twice_is_numbered_and_refused_never(place: Place) {
    let store = place.open().await;
    for call in 1..=3 {
        store.begin(CallStart { stream_sid: "MZ7".into(), ..start(call) });
    }
    soon(store.flush()).await;
    for (call, stream_sid) in [(1, "MZ7"), (2, "MZ7#2"), (3, "MZ7#3")] {
        let read = store.records().call(&start(call).call_sid).await.expect("readable").expect("there");
        assert_eq!(read.stream_sid, stream_sid);
    }
}

#[tokio::test]
async fn an_instance_that_starts_again_closes_its_own_calls_and_no_others() {
    let ours = Place::postgres();
    let theirs = ours.beside();
    let (store, other) = (ours.open().await, theirs.open().await);
    let just_now = |call| CallStart { started_at_ms: Utc::now().timestamp_millis(), ..start(call) };
    store.begin(just_now(1));
    other.begin(just_now(2));
    soon(store.close()).await;
    soon(other.flush()).await;
    let store = ours.open().await;
    soon(store.flush()).await;
    let status =
        async |call| store.records().call(&start(call).call_sid).await.expect("readable").expect("there").status;
    assert_eq!((status(1).await.as_str(), status(2).await.as_str()), ("interrupted", "active"));
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_that_race_for_one_time_book_it_once() {
    let place = Place::postgres();
    let beside = place.beside();
    let (store, other) = tokio::join!(place.open(), beside.open());
    let business = business(&["sam"]);
    let order = reservation("haircut", "2026-11-23T09:00");
    for round in 0..20 {
        let (a, b) = (format!("a{round}"), format!("b{round}"));
        let order =
            &Reservation { slot: Slot(format!("2026-11-2{}T{:02}:00", 3 + round / 7, 9 + round % 7)), ..order.clone() };
        let (first, second) = tokio::join!(
            store.reserve(&business, Uuid::nil(), &a, order, NOW_MS),
            other.reserve(&business, Uuid::nil(), &b, order, NOW_MS)
        );
        let booked = [first, second].into_iter().filter(|done| matches!(done, Ok(Reserved::Appointment(_)))).count();
        assert_eq!(booked, 1, "round {round}");
        // The same key from both sides is one appointment.
        let (first, second) = tokio::join!(
            store.reserve(&business, Uuid::nil(), &a, order, NOW_MS),
            other.reserve(&business, Uuid::nil(), &a, order, NOW_MS)
        );
        assert_eq!(first.expect("answers"), second.expect("answers"));
    }
}
