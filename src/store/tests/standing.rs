//! What is noted with an appointment that stands.

use chrono::{DateTime, TimeDelta, Utc};

use super::*;
use crate::store::query::{DaySpan, Scope};
use crate::store::rows::moment_of;
use crate::store::Reserved;

on_both! {
    "multi_thread":
    who_says_that_they_come_is_noted_once,
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
