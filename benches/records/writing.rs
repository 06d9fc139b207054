//! A thousand calls at once that leave rows, and whether their frames wait for that.

use std::time::{Duration, Instant};

use chrono::Utc;
use engine::io::Ending;
use engine::record::{Row, Speaker};
use engine::time::CallTime;
use frontdesk::store::{CallStart, Health, Store};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use uuid::Uuid;

/// How often a call's task wakes.
const FRAME: Duration = Duration::from_millis(20);

/// A frame that is later than the next one is due is late.
const LATE: Duration = FRAME;

/// Frames between two rows of a call: as many as a conversation leaves, about one a second.
const FRAMES_PER_ROW: u32 = 50;

/// The same frames without and with a store behind them.
pub(crate) async fn write(store: &Store, calls: u32, seconds: u32) -> anyhow::Result<()> {
    println!(
        "{calls} calls for {seconds} s, a frame every 20 ms{:>9} {:>9} {:>9} {:>9}",
        "p50 ms", "p99 ms", "max ms", "late"
    );
    frames("without rows", None, calls, seconds).await?;
    let began = Instant::now();
    let rows = frames("with a row a second each", Some(store), calls, seconds).await?;
    store.caught_up().await;
    anyhow::ensure!(store.rows_refused() == 0 && store.health() == Health::Healthy, "every row is in the database");
    println!("{rows} rows, all of them in the database after {:.1} s", began.elapsed().as_secs_f64());
    Ok(())
}

async fn frames(name: &str, store: Option<&Store>, calls: u32, seconds: u32) -> anyhow::Result<u64> {
    let mut tasks = JoinSet::new();
    for call in 0..calls {
        let store = store.cloned();
        tasks.spawn(async move { one(call, store, seconds).await });
    }
    let (mut late_by, mut rows) = (Vec::new(), 0);
    while let Some(done) = tasks.join_next().await {
        let (late, left) = done?;
        late_by.extend(late);
        rows += left;
    }
    late_by.sort();
    let at =
        |permille: usize| late_by[(late_by.len() * permille / 1_000).min(late_by.len() - 1)].as_secs_f64() * 1_000.0;
    let late = late_by.iter().filter(|by| **by > LATE).count();
    println!("{name:<46} {:>9.2} {:>9.2} {:>9.2} {late:>9}", at(500), at(990), at(1_000));
    Ok(rows)
}

/// One call: how late its frames were, and how many rows it left.
async fn one(call: u32, store: Option<Store>, seconds: u32) -> (Vec<Duration>, u64) {
    let call_id = Uuid::new_v4();
    if let Some(store) = &store {
        store.begin(CallStart {
            call_id,
            call_sid: format!("CA{}", call_id.simple()),
            stream_sid: format!("MZ{}", call_id.simple()),
            from: format!("+1555{call:07}"),
            to: "+15552223333".to_owned(),
            business: "Barbers".to_owned(),
            started_at_ms: Utc::now().timestamp_millis(),
            sandbox: true,
            outbound: false,
            agent: None,
        });
    }
    // Calls do not begin on one beat.
    let first =
        tokio::time::Instant::now() + FRAME * (call % 50) + Duration::from_micros(u64::from(call * 37 % 20_000));
    let mut frames = tokio::time::interval_at(first, FRAME);
    frames.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (mut late_by, mut rows) = (Vec::new(), 0);
    for frame in 0..seconds * 50 {
        let due = frames.tick().await;
        late_by.push(due.elapsed());
        if let Some(store) = &store
            && frame % FRAMES_PER_ROW == call % FRAMES_PER_ROW
        {
            store.record(call_id, row(frame / FRAMES_PER_ROW));
            rows += 1;
        }
    }
    if let Some(store) = &store {
        let at = CallTime::from_ms(u64::from(seconds) * 1_000);
        store.record(call_id, Row::Ended { at, ending: Ending::Goodbye, outcome: "booked".to_owned() });
        rows += 2;
    }
    (late_by, rows)
}

fn row(nth: u32) -> Row {
    let at = CallTime::from_ms(u64::from(nth) * 1_000);
    if nth.is_multiple_of(2) {
        let (name, detail) = ("booking_state".to_owned(), "contact".to_owned());
        return Row::Event { event: nth, at, name, detail };
    }
    Row::Said {
        line: nth,
        speaker: Speaker::Caller,
        heard: "I would like a haircut on Friday afternoon, please.".to_owned(),
        unheard: String::new(),
        confidence: 0.97,
        from: at,
        to: at,
        words: Vec::new(),
    }
}
