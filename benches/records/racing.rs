//! Many who want the same few times at once: how long it takes until each has their answer, and whether anything stands
//! twice or is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use engine::business::Business;
use engine::io::Reservation;
use frontdesk::store::query::{DaySpan, Scope};
use frontdesk::store::{Reserved, Store};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use statecharts::proposal::Slot;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use uuid::Uuid;

/// How many are at it at once.
const AT_ONCE: usize = 48;

/// Saturday, November 21st 2026, noon in UTC.
const NOW_MS: i64 = 1_795_262_400_000;

/// What one of them was told last.
enum Last {
    Stands(String),
    Cancelled(String),
    Nothing,
}

/// Half-hour appointments on three days with three of the staff; nine in ten who get one cancel it again.
pub(crate) async fn race(store: &Store, tries: u32) -> anyhow::Result<()> {
    let business = Arc::new(business());
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let began = Instant::now();
    let mut racers = JoinSet::new();
    for nth in 0..tries {
        let (store, business, room) = (store.clone(), Arc::clone(&business), Arc::clone(&room));
        racers.spawn(async move {
            let _room = room.acquire_owned().await?;
            one(&store, &business, nth).await
        });
    }
    let (mut took, mut last) = (Vec::new(), Vec::new());
    while let Some(done) = racers.join_next().await {
        let (answered, told) = done??;
        took.push(answered);
        last.push(told);
    }
    let all = began.elapsed();
    took.sort();
    let at = |percent: usize| took[(took.len() * percent / 100).min(took.len() - 1)].as_secs_f64() * 1_000.0;
    println!(
        "{tries} tries, {AT_ONCE} at once, in {:.1} s: {:.0} a second",
        all.as_secs_f64(),
        f64::from(tries) / all.as_secs_f64()
    );
    println!("until one is answered: p50 {:.1} ms, p99 {:.1} ms, most {:.1} ms", at(50), at(99), at(100));
    judge(store, &last).await
}

async fn one(store: &Store, business: &Business, nth: u32) -> anyhow::Result<(Duration, Last)> {
    const DAYS: [&str; 3] = ["2026-11-23", "2026-11-24", "2026-11-25"];
    let mut random = StdRng::seed_from_u64(nth.into());
    let minutes = 30 * random.random_range(18..34);
    let slot = format!("{}T{:02}:{:02}", DAYS[random.random_range(0..3)], minutes / 60, minutes % 60);
    let wish = Reservation {
        service: "haircut".into(),
        slot: Slot(slot),
        name: "Ada".into(),
        phone: "+15550001111".into(),
        details: Vec::new(),
        replaces: None,
        language: Default::default(),
    };
    let began = Instant::now();
    let reserved = store.reserve(business, Uuid::from_u128(nth.into()), &format!("try {nth}"), &wish, NOW_MS).await?;
    let took = began.elapsed();
    let Reserved::Appointment(id) = reserved else { return Ok((took, Last::Nothing)) };
    if random.random_bool(0.9) {
        store.cancel_appointment(business, &id, NOW_MS).await?;
        return Ok((took, Last::Cancelled(id)));
    }
    Ok((took, Last::Stands(id)))
}

async fn judge(store: &Store, last: &[Last]) -> anyhow::Result<()> {
    let moment = |text: &str| text.parse::<DateTime<Utc>>();
    let span = DaySpan {
        scope: Scope::Business("Barbers".into()),
        business: None,
        from: moment("2026-11-01T00:00:00Z")?,
        to: moment("2026-12-31T00:00:00Z")?,
    };
    let rows = store.records().appointments_between(&span).await?;
    let standing: Vec<_> = rows.iter().filter(|row| row.status == "booked").collect();
    let places: BTreeSet<_> = standing.iter().map(|row| (row.staff.as_str(), row.start_utc)).collect();
    let status: BTreeMap<&str, &str> = rows.iter().map(|row| (row.id.as_str(), row.status.as_str())).collect();
    // No more are read at once than a page shows; what is not among them is not counted as lost.
    let is = |id: &str, wanted: &str| status.get(id).is_none_or(|status| *status == wanted);
    let lost = last.iter().filter(|last| match last {
        Last::Stands(id) => !is(id, "booked"),
        Last::Cancelled(id) => !is(id, "cancelled"),
        Last::Nothing => false,
    });
    let kept = last.iter().filter(|last| matches!(last, Last::Stands(_))).count();
    println!(
        "{} doubles, {} lost, {kept} kept of {} that stand",
        standing.len() - places.len(),
        lost.count(),
        standing.len()
    );
    Ok(())
}

fn business() -> Business {
    let all_day = serde_json::json!(["09:00-17:00"]);
    let staff = ["sam", "robin", "kim"].map(|id| serde_json::json!({ "id": id, "name": id }));
    serde_json::from_value(serde_json::json!({
        "name": "Barbers",
        "time_zone": "America/New_York",
        "hours": { "mon": all_day, "tue": all_day, "wed": all_day },
        "services": [{ "id": "haircut", "name": "a haircut", "minutes": 30 }],
        "staff": staff,
    }))
    .expect("a business")
}
