//! What is to be told: written with what it tells of, taken by one at a time, and tried until it arrives or a day is over.

use super::*;
use crate::store::statement::Statement;
use crate::store::{Due, Outcome, Reserved};
use chrono::{DateTime, Utc};
use engine::business::RemindBy;
use statecharts::proposal::Detail;

on_both! {
    "multi_thread":
    what_is_due_is_taken_by_one_and_told_once,
    what_does_not_arrive_is_tried_again_and_after_a_day_no_more,
    a_reminder_that_does_not_arrive_is_tried_as_long,
    a_reminder_is_due_before_its_appointment_and_goes_with_it,
    an_appointment_that_is_moved_keeps_what_was_told_when_it_was_made,
    nobody_who_wants_nothing_is_told,
}

const A_MINUTE_MS: i64 = 60_000;
const AN_HOUR_MS: i64 = 60 * A_MINUTE_MS;

fn telling() -> Business {
    let mut business = business(&["sam"]);
    business.afterwards.webhook = Some("https://example.com".to_owned());
    business
}

async fn book(store: &Store, business: &Business, key: &str, slot: &str) -> String {
    let order = reservation("haircut", slot);
    match store.reserve(business, Uuid::from_u128(1), key, &order, NOW_MS).await.expect("answers") {
        Reserved::Appointment(id) => id,
        Reserved::Taken { nearest } => panic!("taken; nearest are {nearest:?}"),
    }
}

async fn due(store: &Store, now_ms: i64) -> Vec<Due> {
    store.take_due(now_ms).await.expect("readable")
}

async fn status(store: &Store, id: &str) -> (String, i64) {
    let row = Statement::of("SELECT status, attempts FROM outbox WHERE id = $1", [id.into()]);
    row.first(&store.database.read()).await.expect("readable").expect("it is there")
}

async fn what_is_due_is_taken_by_one_and_told_once(place: Place) {
    let store = place.open().await;
    let id = book(&store, &telling(), "a", "2026-11-23T09:00").await;
    let (one, other) = tokio::join!(due(&store, NOW_MS), due(&store, NOW_MS));
    let taken: Vec<&Due> = one.iter().chain(&other).collect();
    let [due_now] = &taken[..] else { panic!("one takes it: {taken:?}") };
    assert_eq!((due_now.event.as_str(), due_now.channel.as_str()), ("appointment.created", "webhook"));
    assert!(due_now.payload.contains(&id), "{}", due_now.payload);
    assert_eq!(due(&store, NOW_MS + A_MINUTE_MS / 2).await, [], "whoever took it has a minute");
    // Whoever took it died: the next one gets it.
    let again = due(&store, NOW_MS + 2 * A_MINUTE_MS).await;
    assert_eq!((again.len(), again[0].attempts), (1, 1));
    store.told(&again[0], &Outcome::Done, NOW_MS).await.expect("written");
    assert_eq!(due(&store, NOW_MS + 48 * AN_HOUR_MS).await, []);
    assert_eq!(status(&store, &again[0].id).await.0, "done");
}

async fn what_does_not_arrive_is_tried_again_and_after_a_day_no_more(place: Place) {
    let store = place.open().await;
    book(&store, &telling(), "a", "2026-11-23T09:00").await;
    is_tried_for_a_day(&store, NOW_MS).await;
}

/// Also what was written long before it was due.
async fn a_reminder_that_does_not_arrive_is_tried_as_long(place: Place) {
    let store = place.open().await;
    let mut business = business(&["sam"]);
    business.afterwards.from = Some("+15552220000".to_owned());
    business.afterwards.remind_hours = Some(24);
    book(&store, &business, "a", "2026-11-30T09:00").await;
    let begins: DateTime<Utc> = "2026-11-30T14:00:00Z".parse().expect("a moment");
    is_tried_for_a_day(&store, begins.timestamp_millis() - 24 * AN_HOUR_MS).await;
}

async fn is_tried_for_a_day(store: &Store, from_ms: i64) {
    let (mut now_ms, mut tries, mut id) = (from_ms, 0, String::new());
    while now_ms < from_ms + 72 * AN_HOUR_MS {
        for taken in due(store, now_ms).await {
            tries += 1;
            id = taken.id.clone();
            store.told(&taken, &Outcome::Again("nobody answers".to_owned()), now_ms).await.expect("written");
        }
        now_ms += A_MINUTE_MS;
    }
    assert!((25..45).contains(&tries), "{tries} tries in a day");
    assert_eq!(status(store, &id).await, ("failed".to_owned(), tries));
}

async fn a_reminder_is_due_before_its_appointment_and_goes_with_it(place: Place) {
    let store = place.open().await;
    let mut business = business(&["sam"]);
    business.afterwards.from = Some("+15552220000".to_owned());
    business.afterwards.remind_hours = Some(24);
    business.afterwards.remind_by = RemindBy::Call;
    let id = book(&store, &business, "a", "2026-11-24T09:00").await;
    let begins: DateTime<Utc> = "2026-11-24T14:00:00Z".parse().expect("a moment");
    let day_before_ms = begins.timestamp_millis() - 24 * AN_HOUR_MS;
    assert_eq!(due(&store, day_before_ms - 1).await, []);
    let reminders = due(&store, day_before_ms).await;
    assert_eq!((reminders[0].event.as_str(), reminders[0].channel.as_str()), ("appointment.reminder", "call"));
    // A machine answers: a text instead, once.
    for _ in 0..2 {
        store.remind_by_text(&id, day_before_ms).await.expect("written");
    }
    let texts: Vec<Due> = due(&store, day_before_ms).await;
    assert_eq!(texts.iter().map(|text| text.channel.as_str()).collect::<Vec<_>>(), ["text"]);
    // What is moved is reminded of at its new time only, and what is cancelled not at all.
    let later = Reservation { replaces: Some(id.clone()), ..reservation("haircut", "2026-11-25T09:00") };
    let call = Uuid::from_u128(1);
    let moved = store.reserve(&business, call, "b", &later, NOW_MS).await.expect("answers");
    let Reserved::Appointment(moved) = moved else { panic!("{moved:?}") };
    assert!(!store.stands(&id).await.expect("readable") && store.stands(&moved).await.expect("readable"));
    let next = due(&store, day_before_ms + 24 * AN_HOUR_MS).await;
    assert!(next.iter().all(|due| due.payload.contains(&moved)) && next.len() == 1, "{next:?}");
    store.cancel_appointment(&business, &moved, NOW_MS).await.expect("answers");
    assert_eq!(due(&store, day_before_ms + 25 * AN_HOUR_MS).await, []);
}

async fn an_appointment_that_is_moved_keeps_what_was_told_when_it_was_made(place: Place) {
    let store = place.open().await;
    let business = telling();
    let call = Uuid::from_u128(1);
    let told = Detail { id: "first_visit".to_owned(), answer: "yes".to_owned() };
    let order = Reservation { details: vec![told], ..reservation("haircut", "2026-11-24T09:00") };
    let made = store.reserve(&business, call, "a", &order, NOW_MS).await.expect("answers");
    let Reserved::Appointment(made) = made else { panic!("{made:?}") };
    let later = Reservation { replaces: Some(made), ..reservation("haircut", "2026-11-25T09:00") };
    store.reserve(&business, call, "b", &later, NOW_MS).await.expect("answers");
    let payloads: Vec<serde_json::Value> =
        due(&store, NOW_MS).await.iter().map(|due| serde_json::from_str(&due.payload).expect("JSON")).collect();
    let details: Vec<String> = payloads.iter().map(|payload| payload["appointment"]["details"].to_string()).collect();
    assert_eq!(details, [r#"{"first_visit":"yes"}"#, r#"{"first_visit":"yes"}"#], "{payloads:?}");
    let plain = reservation("haircut", "2026-11-25T11:00");
    store.reserve(&business, call, "c", &plain, NOW_MS).await.expect("answers");
    assert!(due(&store, NOW_MS).await[0].payload.contains(r#""details":{}"#));
}

async fn nobody_who_wants_nothing_is_told(place: Place) {
    let store = place.open().await;
    let business = business(&["sam"]);
    let id = book(&store, &business, "a", "2026-11-23T09:00").await;
    store.cancel_appointment(&business, &id, NOW_MS).await.expect("answers");
    assert_eq!(due(&store, NOW_MS + AN_HOUR_MS).await, []);
    let (salon, number) = ("Barbers", "+15550001111");
    for out in [true, true, false] {
        store.opt_out(salon, number, out, NOW_MS).await.expect("written");
        assert_eq!(store.has_opted_out(salon, number).await.expect("readable"), out);
    }
}
