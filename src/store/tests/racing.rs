//! Appointments: found, reserved, and never twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use engine::io::Wanted;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use statecharts::prompt::Refusal;
use tokio::task::JoinSet;

use super::*;
use crate::store::statement::Statement;
use crate::store::{Reserved, StoreError};

on_both! {
    "multi_thread":
    a_reserved_time_is_no_longer_free_and_the_nearest_are_offered,
    the_first_free_staff_takes_it_until_nobody_is_left,
    the_same_key_books_once_and_another_wish_under_it_is_refused,
    a_closed_or_past_time_is_never_booked,
    the_database_itself_forbids_an_overlap,
    questions_may_be_asked_from_any_task,
    many_racing_for_one_time_book_it_once,
    many_racing_for_many_times_never_double_and_lose_no_confirmation,
    ten_thousand_tries_that_are_moved_cancelled_and_given_up_never_double_and_lose_no_confirmation,
    what_is_kept_for_one_caller_is_nobody_elses_until_it_is_let_go,
    a_moved_appointment_leaves_its_time_free_and_is_moved_once,
    appointments_are_found_by_number_and_name_and_cancelled_once,
    what_is_needed_afterwards_keeps_the_next_away,
}

/// The Monday after [`NOW_MS`], and its first free hour.
const MONDAY_NINE: &str = "2026-11-23T09:00";

fn id_of(reserved: Reserved) -> String {
    match reserved {
        Reserved::Appointment(id) => id,
        Reserved::Taken { nearest } => panic!("taken; nearest are {nearest:?}"),
    }
}

async fn reserve(store: &Store, staff: &[&str], key: &str, service: &str, slot: &str) -> Reserved {
    let (business, reservation) = (business(staff), reservation(service, slot));
    soon(store.reserve(&business, Uuid::from_u128(1), key, &reservation, NOW_MS)).await.expect("answers")
}

fn wanted(from: &str, to: &str) -> Wanted {
    Wanted { service: "haircut".into(), from: Slot(from.into()), to: Slot(to.into()), instead_of: None }
}

async fn a_reserved_time_is_no_longer_free_and_the_nearest_are_offered(place: Place) {
    let store = place.open().await;
    let business = business(&["sam"]);
    let wish = wanted(MONDAY_NINE, MONDAY_NINE);
    let found = store.find_times(&business, Uuid::nil(), &wish, NOW_MS).await.expect("answers");
    assert!(found.wanted_is_free);
    let id = id_of(reserve(&store, &["sam"], "a", "haircut", MONDAY_NINE).await);
    let found = store.find_times(&business, Uuid::nil(), &wish, NOW_MS).await.expect("answers");
    assert_eq!((found.wanted_is_free, found.refusal), (false, Some(Refusal::Taken)));
    assert_eq!(found.nearest[0], Slot("2026-11-23T09:30".into()));
    let made = store.records().appointments(&Uuid::from_u128(1).to_string()).await.expect("readable");
    assert_eq!((made[0].id.as_str(), made[0].start_at.as_str(), made.len()), (id.as_str(), MONDAY_NINE, 1));
    // Nine in New York is two in the afternoon in UTC, in November.
    assert_eq!(made[0].start_utc.to_rfc3339(), "2026-11-23T14:00:00+00:00");
    assert_eq!(made[0].end_utc.to_rfc3339(), "2026-11-23T14:30:00+00:00");
}

async fn the_first_free_staff_takes_it_until_nobody_is_left(place: Place) {
    let store = place.open().await;
    id_of(reserve(&store, &["sam", "robin"], "a", "coloring", MONDAY_NINE).await);
    id_of(reserve(&store, &["sam", "robin"], "b", "haircut", "2026-11-23T10:00").await);
    let third = reserve(&store, &["sam", "robin"], "c", "haircut", "2026-11-23T10:00").await;
    let Reserved::Taken { nearest } = third else { panic!("nobody is free: {third:?}") };
    assert!(nearest.contains(&Slot("2026-11-23T10:30".into())), "{nearest:?}");
    let made = store.records().appointments(&Uuid::from_u128(1).to_string()).await.expect("readable");
    assert_eq!(made.iter().map(|made| made.staff.as_str()).collect::<Vec<_>>(), ["sam", "robin"]);
}

async fn the_same_key_books_once_and_another_wish_under_it_is_refused(place: Place) {
    let store = place.open().await;
    let first = reserve(&store, &["sam"], "a", "haircut", MONDAY_NINE).await;
    assert_eq!(reserve(&store, &["sam"], "a", "haircut", MONDAY_NINE).await, first);
    let other = reservation("haircut", "2026-11-23T11:00");
    let refusal = store.reserve(&business(&["sam"]), Uuid::nil(), "a", &other, NOW_MS).await.expect_err("reused");
    assert!(matches!(refusal, StoreError::KeyReused(_)), "{refusal}");
}

async fn a_closed_or_past_time_is_never_booked(place: Place) {
    let store = place.open().await;
    for slot in ["2026-11-23T08:00", "2026-11-22T09:00", "2026-11-16T09:00", "2026-11-23T16:45", "2027-11-22T09:00"] {
        let reserved = reserve(&store, &["sam"], slot, "haircut", slot).await;
        assert!(matches!(reserved, Reserved::Taken { .. }), "{slot}");
    }
    let unknown = reservation("massage", MONDAY_NINE);
    let refusal = store.reserve(&business(&["sam"]), Uuid::nil(), "x", &unknown, NOW_MS).await.expect_err("unknown");
    assert!(matches!(refusal, StoreError::UnknownService(_)), "{refusal}");
    let nonsense = store
        .find_times(&business(&["sam"]), Uuid::nil(), &wanted("soon", "soon"), NOW_MS)
        .await
        .expect_err("nonsense");
    assert!(matches!(nonsense, StoreError::NotASlot(_)), "{nonsense}");
}

async fn the_database_itself_forbids_an_overlap(place: Place) {
    let store = place.open().await;
    let at = |clock: &str| format!("2026-11-23T{clock}:00Z").parse::<DateTime<Utc>>().expect("a moment");
    let insert = async |id: &str, staff: &str, from: &str, to: &str| {
        Statement::of(
            "INSERT INTO appointments (id, business, staff, service, start_at, start_utc, end_utc, name, phone,
                                       idempotency_key, created_at)
             VALUES ($1, 'Barbers', $2, 'haircut', '', $3, $4, '', '', $1, $3)",
            [id.into(), staff.into(), at(from).into(), at(to).into()],
        )
        .run(&store.database.write())
        .await
        .map_err(|error| error.to_string())
    };
    insert("a", "sam", "14:00", "15:00").await.expect("free");
    for (from, to) in
        [("14:00", "15:00"), ("13:30", "14:01"), ("14:59", "15:30"), ("14:20", "14:30"), ("13:00", "16:00")]
    {
        let refusal = insert("b", "sam", from, to).await.expect_err("overlaps");
        assert!(refusal.contains("appointment_overlaps"), "{refusal}");
    }
    insert("c", "sam", "15:00", "15:30").await.expect("an end may touch a start");
    insert("d", "robin", "14:00", "15:00").await.expect("somebody else");
    for sql in [
        "UPDATE appointments SET start_utc = '2026-11-23T14:30:00+00:00' WHERE id = 'c'",
        "UPDATE appointments SET staff = 'sam' WHERE id = 'd'",
    ] {
        let refusal = Statement::new(sql).run(&store.database.write()).await.expect_err("overlaps").to_string();
        assert!(refusal.contains("appointment_overlaps"), "{refusal}");
    }
    let cancel = "UPDATE appointments SET status = 'cancelled' WHERE id = 'a'";
    Statement::new(cancel).run(&store.database.write()).await.expect("cancelled");
    insert("f", "sam", "14:00", "15:00").await.expect("free again");
    let revive = "UPDATE appointments SET status = 'booked' WHERE id = 'a'";
    Statement::new(revive).run(&store.database.write()).await.expect_err("taken meanwhile");
}

#[tokio::test]
async fn a_file_knows_one_spelling_of_a_moment_so_that_overlaps_are_seen() {
    let store = Place::sqlite().open().await;
    let insert = |start: &str| {
        Statement::of(
            "INSERT INTO appointments (id, business, staff, service, start_at, start_utc, end_utc, name, phone,
                                       idempotency_key, created_at)
             VALUES ($1, 'Barbers', 'sam', 'haircut', '', $1, '2026-11-23T17:00:00+00:00', '', '', $1, '')",
            [start.into()],
        )
    };
    insert("2026-11-23T16:00:00Z").run(&store.database.write()).await.expect_err("another spelling");
    insert("2026-11-23T16:00:00+00:00").run(&store.database.write()).await.expect("ours");
}

/// What the racers were told, by key.
type Told = BTreeMap<String, Option<String>>;

/// Sends `tries` orders for `slots` at the database at once. A third of them is given up after a random number of turns
/// of the scheduler; of those nobody was told anything.
async fn race(store: &Store, staff: &'static [&'static str], slots: &'static [&'static str], tries: u32) -> Told {
    let business = Arc::new(business(staff));
    let mut racers = JoinSet::new();
    for nth in 0..tries {
        let (store, business) = (store.clone(), Arc::clone(&business));
        racers.spawn(async move {
            let mut random = StdRng::seed_from_u64(nth.into());
            let reservation = reservation("haircut", slots[random.random_range(0..slots.len())]);
            let key = format!("try {nth}");
            let order = store.reserve(&business, Uuid::from_u128(nth.into()), &key, &reservation, NOW_MS);
            let patience: Option<u32> = random.random_bool(0.33).then(|| random.random_range(0..400));
            match given_up_after(patience, order).await? {
                Ok(Reserved::Appointment(id)) => Some((key, Some(id))),
                Ok(Reserved::Taken { .. }) => Some((key, None)),
                // On a busy machine, some wait too long in the queue. They were told nothing, either.
                Err(StoreError::Late(_)) => None,
                Err(error) => panic!("{key}: {error}"),
            }
        });
    }
    let all = tokio::time::timeout(SOON * 6, racers.join_all()).await.expect("in time");
    all.into_iter().flatten().collect()
}

/// Checks every promise against the database, with the plainest of queries.
async fn check(store: &Store, told: &Told, places: usize) {
    let rows: Vec<(String, String, String, DateTime<Utc>)> =
        Statement::new("SELECT idempotency_key, id, staff, start_utc FROM appointments ORDER BY id")
            .all(&store.database.read())
            .await
            .expect("readable");
    let kept: BTreeMap<&str, &str> = rows.iter().map(|(key, id, ..)| (key.as_str(), id.as_str())).collect();
    let mut doubles = rows.iter().map(|(_, _, staff, start)| (staff, start)).collect::<Vec<_>>();
    doubles.sort();
    assert!(doubles.windows(2).all(|pair| pair[0] != pair[1]), "a double booking");
    assert!(rows.len() <= places, "more appointments than places");
    let confirmed = told.iter().filter_map(|(key, id)| Some((key.as_str(), id.as_deref()?)));
    for (key, id) in confirmed {
        assert_eq!(kept.get(key), Some(&id), "a confirmation that is not in the database");
    }
    for key in told.iter().filter(|(_, id)| id.is_none()).map(|(key, _)| key.as_str()) {
        assert!(!kept.contains_key(key), "an appointment nobody was told of");
    }
}

async fn many_racing_for_one_time_book_it_once(place: Place) {
    let store = place.open().await;
    let told = race(&store, &["sam"], &[MONDAY_NINE], 400).await;
    check(&store, &told, 1).await;
    assert!(told.values().flatten().count() <= 1);
}

async fn many_racing_for_many_times_never_double_and_lose_no_confirmation(place: Place) {
    let store = place.open().await;
    let slots = &["2026-11-23T09:00", "2026-11-23T09:30", "2026-11-23T10:00", "2026-11-24T09:00", "2026-11-24T16:30"];
    let told = race(&store, &["sam", "robin"], slots, 800).await;
    check(&store, &told, 10).await;
    assert!(told.values().flatten().count() >= 5, "the times were booked out");
    // Whoever tries again under the same key hears the same.
    for (key, id) in told.iter().filter(|(_, id)| id.is_some()) {
        let key_of = Statement::of("SELECT start_at FROM appointments WHERE idempotency_key = $1", [key.into()]);
        let at: (String,) = key_of.first(&store.database.read()).await.expect("readable").expect("there");
        assert_eq!(id_of(reserve(&store, &["sam", "robin"], key, "haircut", &at.0).await), id.clone().expect("told"));
    }
}

async fn questions_may_be_asked_from_any_task(place: Place) {
    let store = place.open().await;
    let asked = tokio::spawn(async move {
        let week = wanted("2026-11-23T00:00", "2026-11-29T00:00");
        store.find_times(&business(&["sam"]), Uuid::nil(), &week, NOW_MS).await
    });
    let found = soon(asked).await.expect("runs").expect("answers");
    assert_eq!((found.wanted_is_free, found.refusal, found.nearest.len()), (false, None, 3));
}

/// What one of many callers was told last of their appointment.
#[derive(Debug)]
enum Last {
    Stands(String),
    Cancelled(String),
    /// They gave up in the middle of something.
    Unknown,
    Nothing,
}

async fn ten_thousand_tries_that_are_moved_cancelled_and_given_up_never_double_and_lose_no_confirmation(place: Place) {
    const TRIES: u32 = 10_000;
    const AT_ONCE: usize = 48;
    let store = place.open().await;
    let business = Arc::new(business(&["sam", "robin", "kim"]));
    let room = Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
    let mut callers = JoinSet::new();
    for nth in 0..TRIES {
        let (store, business, room) = (store.clone(), Arc::clone(&business), Arc::clone(&room));
        callers.spawn(async move {
            let _room = room.acquire_owned().await.expect("the test goes on");
            one_of_many(&store, &business, nth).await
        });
    }
    let told = tokio::time::timeout(SOON * 6, callers.join_all()).await.expect("in time");

    let rows: Vec<(String, String, DateTime<Utc>, String)> =
        Statement::new("SELECT id, staff, start_utc, status FROM appointments ORDER BY id")
            .all(&store.database.read())
            .await
            .expect("readable");
    let status: BTreeMap<&str, &str> = rows.iter().map(|(id, _, _, status)| (id.as_str(), status.as_str())).collect();
    let mut standing: Vec<_> =
        rows.iter().filter(|(.., status)| status == "booked").map(|(_, staff, start, _)| (staff, start)).collect();
    let count = standing.len();
    standing.sort();
    standing.dedup();
    assert_eq!(standing.len(), count, "a double booking");
    let (mut stand, mut cancelled) = (0, 0);
    for last in &told {
        match last {
            Last::Stands(id) => {
                stand += 1;
                assert_eq!(status.get(id.as_str()), Some(&"booked"), "a confirmation that was lost");
            }
            Last::Cancelled(id) => {
                cancelled += 1;
                assert_eq!(status.get(id.as_str()), Some(&"cancelled"), "a cancellation that was lost");
            }
            Last::Unknown | Last::Nothing => {}
        }
    }
    assert!(stand > 100 && cancelled > 1_000, "{stand} stand, {cancelled} were cancelled: too tame a test");
    let holds: Vec<(String,)> =
        Statement::new("SELECT call_id FROM holds").all(&store.database.read()).await.expect("readable");
    assert_eq!(holds, [], "what was kept was let go");
}

/// Keeps a time, books it, and then moves it, cancels it, books it once more under the same key, or gives up in the middle.
async fn one_of_many(store: &Store, business: &Business, nth: u32) -> Last {
    const DAYS: [&str; 3] = ["2026-11-23", "2026-11-24", "2026-11-25"];
    let mut random = StdRng::seed_from_u64(nth.into());
    let mut slot = || {
        let minutes = 30 * random.random_range(18..33);
        format!("{}T{:02}:{:02}", DAYS[random.random_range(0..3)], minutes / 60, minutes % 60)
    };
    let (first, second) = (slot(), slot());
    let (call, key) = (Uuid::from_u128(nth.into()), format!("try {nth}"));
    if random.random_bool(0.3) {
        soon(store.hold(business, call, "haircut", &Slot(first.clone()), NOW_MS)).await.expect("answers");
    }
    let book = |slot: &str, replaces: Option<&str>| Reservation {
        replaces: replaces.map(str::to_owned),
        ..reservation("haircut", slot)
    };
    let wish = book(&first, None);
    let order = store.reserve(business, call, &key, &wish, NOW_MS);
    let patience: Option<u32> = random.random_bool(0.1).then(|| random.random_range(0..60));
    let booked = match given_up_after(patience, order).await {
        None => Last::Unknown,
        Some(Ok(Reserved::Appointment(id))) => Last::Stands(id),
        Some(Ok(Reserved::Taken { .. }) | Err(StoreError::Late(_))) => Last::Nothing,
        Some(Err(error)) => panic!("{key}: {error}"),
    };
    let after = match booked {
        Last::Stands(id) => match random.random_range(0..100) {
            // Most let it go again, or there would soon be nothing left to race for.
            0..90 => match soon(store.cancel_appointment(business, &id, NOW_MS)).await {
                Ok(()) => Last::Cancelled(id),
                Err(_) => Last::Unknown,
            },
            90..97 => {
                let (wish, key) = (book(&second, Some(&id)), format!("move {nth}"));
                match soon(store.reserve(business, call, &key, &wish, NOW_MS)).await {
                    Ok(Reserved::Appointment(moved)) => Last::Stands(moved),
                    // The old one stands: nothing was moved.
                    Ok(Reserved::Taken { .. }) => Last::Stands(id),
                    Err(_) => Last::Unknown,
                }
            }
            97 => {
                let again = soon(store.reserve(business, call, &key, &wish, NOW_MS)).await;
                assert!(
                    matches!(again, Ok(Reserved::Appointment(ref same)) if *same == id) || again.is_err(),
                    "{again:?}"
                );
                Last::Stands(id)
            }
            _ => Last::Stands(id),
        },
        other => other,
    };
    soon(store.let_go(call)).await.expect("lets go");
    after
}

/// What came of some work, unless it was dropped after so many turns of the scheduler.
async fn given_up_after<T>(patience: Option<u32>, work: impl Future<Output = T>) -> Option<T> {
    let given_up = async {
        for _ in 0..patience.unwrap_or(0) {
            tokio::task::yield_now().await;
        }
        if patience.is_none() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        biased;
        done = work => Some(done),
        () = given_up => None,
    }
}

async fn what_is_kept_for_one_caller_is_nobody_elses_until_it_is_let_go(place: Place) {
    const TEN_MINUTES_MS: i64 = 600_000;
    let store = place.open().await;
    let business = business(&["sam"]);
    let (ada, bob) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let nine = Slot(MONDAY_NINE.into());
    let wish = wanted(MONDAY_NINE, MONDAY_NINE);
    let is_free =
        async |call, now_ms| store.find_times(&business, call, &wish, now_ms).await.expect("answers").wanted_is_free;
    assert!(store.hold(&business, ada, "haircut", &nine, NOW_MS).await.expect("answers"));
    assert!(is_free(ada, NOW_MS).await && !is_free(bob, NOW_MS).await);
    assert!(!store.hold(&business, bob, "haircut", &nine, NOW_MS).await.expect("answers"), "it is kept for another");
    let order = reservation("haircut", MONDAY_NINE);
    let reserved = store.reserve(&business, bob, "bob", &order, NOW_MS).await.expect("answers");
    assert!(matches!(reserved, Reserved::Taken { .. }));
    store.let_go(ada).await.expect("answers");
    assert!(is_free(bob, NOW_MS).await, "she hung up");
    assert!(store.hold(&business, ada, "haircut", &nine, NOW_MS).await.expect("answers"));
    assert!(is_free(bob, NOW_MS + TEN_MINUTES_MS).await, "she took too long");
    id_of(store.reserve(&business, ada, "ada", &order, NOW_MS).await.expect("answers"));
    assert!(!store.hold(&business, bob, "haircut", &nine, NOW_MS).await.expect("answers"), "it is booked");
    let kept: Vec<(String,)> =
        Statement::new("SELECT call_id FROM holds").all(&store.database.read()).await.expect("readable");
    assert_eq!(kept, [], "what was booked is not kept beside it");
}

async fn a_moved_appointment_leaves_its_time_free_and_is_moved_once(place: Place) {
    let store = place.open().await;
    let business = business(&["sam"]);
    let call = Uuid::from_u128(1);
    let nine = id_of(reserve(&store, &["sam"], "a", "coloring", MONDAY_NINE).await);
    // Half an hour later overlaps with itself, and nobody else.
    let later = Reservation { replaces: Some(nine.clone()), ..reservation("coloring", "2026-11-23T09:30") };
    let wish = Wanted {
        service: "coloring".into(),
        instead_of: Some(nine.clone()),
        ..wanted("2026-11-23T09:30", "2026-11-23T09:30")
    };
    assert!(store.find_times(&business, call, &wish, NOW_MS).await.expect("answers").wanted_is_free);
    let moved = id_of(store.reserve(&business, call, "b", &later, NOW_MS).await.expect("answers"));
    assert_eq!(id_of(store.reserve(&business, call, "b", &later, NOW_MS).await.expect("answers")), moved);
    let found = store.find_appointments(&business, "+15550001111", None, NOW_MS).await.expect("answers");
    assert_eq!(found.iter().map(|one| (&*one.id, &*one.slot.0)).collect::<Vec<_>>(), [(&*moved, "2026-11-23T09:30")]);
    // Where the new time is taken, the old one stands.
    id_of(reserve(&store, &["sam"], "c", "haircut", "2026-11-24T09:00").await);
    let taken = Reservation { replaces: Some(moved.clone()), ..reservation("coloring", "2026-11-24T09:00") };
    let refused = store.reserve(&business, call, "d", &taken, NOW_MS).await.expect("answers");
    assert!(matches!(refused, Reserved::Taken { .. }));
    let found = store.find_appointments(&business, "+15550001111", None, NOW_MS).await.expect("answers");
    assert_eq!(found[0].id, moved);
}

async fn appointments_are_found_by_number_and_name_and_cancelled_once(place: Place) {
    let store = place.open().await;
    let business = business(&["sam"]);
    let id = id_of(reserve(&store, &["sam"], "a", "haircut", MONDAY_NINE).await);
    let found = async |phone: &str, name: Option<&str>, now_ms: i64| {
        store.find_appointments(&business, phone, name, now_ms).await.expect("answers").len()
    };
    assert_eq!(found("+15550001111", None, NOW_MS).await, 1);
    assert_eq!(found("+15550001111", Some("Ada Lovelace"), NOW_MS).await, 1);
    assert_eq!(found("+15550001111", Some("Grace"), NOW_MS).await, 0, "another name opens nothing");
    assert_eq!(found("+15550002222", None, NOW_MS).await, 0);
    const A_WEEK_MS: i64 = 7 * 86_400_000;
    assert_eq!(found("+15550001111", None, NOW_MS + A_WEEK_MS).await, 0, "what is over is over");
    for _ in 0..2 {
        store.cancel_appointment(&business, &id, NOW_MS).await.expect("answers");
        assert_eq!(found("+15550001111", None, NOW_MS).await, 0);
    }
    id_of(reserve(&store, &["sam"], "b", "haircut", MONDAY_NINE).await);
}

async fn what_is_needed_afterwards_keeps_the_next_away(place: Place) {
    let store = place.open().await;
    let mut business = business(&["sam"]);
    business.services[0].buffer_min = 15;
    let order = async |key: &str, slot: &str| {
        let order = reservation("haircut", slot);
        store.reserve(&business, Uuid::from_u128(1), key, &order, NOW_MS).await.expect("answers")
    };
    id_of(order("a", MONDAY_NINE).await);
    assert!(matches!(order("b", "2026-11-23T09:30").await, Reserved::Taken { .. }));
    id_of(order("c", "2026-11-23T10:00").await);
    // The database itself reckons with it, whoever writes there.
    let squeezed = Statement::new(
        "INSERT INTO appointments (id, business, staff, service, start_at, start_utc, end_utc, name, phone,
                                   idempotency_key, created_at)
         VALUES ('00000000-0000-0000-0000-000000000001', 'Barbers', 'sam', 'haircut', '', '2026-11-23T14:30:00+00:00',
                 '2026-11-23T14:40:00+00:00', '', '', 'x', '2026-11-23T14:30:00+00:00')",
    );
    let refusal = squeezed.run(&store.database.write()).await.expect_err("overlaps").to_string();
    assert!(refusal.contains("appointment_overlaps"), "{refusal}");
}
