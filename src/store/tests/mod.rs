//! The store against real databases: what a call leaves, appointments under a race, and a database that fails.

mod analytics;
mod clearing;
mod instances;
mod migrating;
mod outage;
mod outbox;
pub(super) mod place;
#[path = "../../../tests/calls/postgres.rs"]
mod postgres;
mod racing;
mod records;
mod standing;
mod uploads;

use std::time::Duration;

use engine::business::Business;
use engine::io::Reservation;
use engine::record::Row;
use engine::time::CallTime;
use statecharts::proposal::Slot;
use uuid::Uuid;

use super::{CallStart, Config, Store};
use place::{Place, on_both};
use postgres::Postgres;

/// 2026-11-21 12:00 UTC, a Saturday, seven in the morning in New York.
const NOW_MS: i64 = 1_795_262_400_000;

/// The deadline of everything that is waited for.
const SOON: Duration = Duration::from_secs(60);

async fn soon<T>(wait: impl Future<Output = T>) -> T {
    tokio::time::timeout(SOON, wait).await.expect("in time")
}

fn start(call: u128) -> CallStart {
    CallStart {
        call_id: Uuid::from_u128(call),
        call_sid: format!("CA{call:032x}"),
        stream_sid: format!("MZ{call:032x}"),
        from: "+15550001111".into(),
        to: "+15552223333".into(),
        business: "Barbers".into(),
        started_at_ms: NOW_MS,
        sandbox: true,
        outbound: false,
        agent: None,
    }
}

fn event(event: u32) -> Row {
    Row::Event { event, at: CallTime::from_ms(event.into()), name: "key".into(), detail: format!("{event}") }
}

fn business(staff: &[&str]) -> Business {
    let staff = staff.iter().map(|id| serde_json::json!({ "id": id, "name": id })).collect::<Vec<_>>();
    let all_day = serde_json::json!(["09:00-17:00"]);
    serde_json::from_value(serde_json::json!({
        "name": "Barbers",
        "time_zone": "America/New_York",
        "hours": { "mon": all_day, "tue": all_day, "wed": all_day },
        "services": [{ "id": "haircut", "name": "a haircut", "minutes": 30 },
                     { "id": "coloring", "name": "a coloring", "minutes": 90 }],
        "staff": staff,
    }))
    .expect("a business")
}

fn reservation(service: &str, slot: &str) -> Reservation {
    Reservation {
        service: service.into(),
        slot: Slot(slot.into()),
        name: "Ada".into(),
        phone: "+15550001111".into(),
        details: Vec::new(),
        replaces: None,
        language: Default::default(),
    }
}
