//! Fills the database. Everything in a row follows from its number, so that two databases are filled alike.

use std::fmt::Write;
use std::time::Instant;

use chrono::{DateTime, Duration, Utc};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

/// Lines of a call.
pub(crate) const LINES: u32 = 20;

/// Calls in one transaction.
const BATCH: u32 = 200;

/// What people say, from often to seldom.
pub(crate) const WORDS: [&str; 32] = [
    "the",
    "a",
    "i",
    "you",
    "to",
    "on",
    "at",
    "please",
    "haircut",
    "friday",
    "thanks",
    "time",
    "tomorrow",
    "coloring",
    "beard",
    "morning",
    "afternoon",
    "number",
    "name",
    "monday",
    "cancel",
    "change",
    "price",
    "open",
    "parking",
    "wait",
    "daughter",
    "wedding",
    "allergy",
    "refund",
    "complaint",
    "voucher",
];

/// The first call was answered then, and the last ninety days later.
pub(crate) fn start(call: u32, calls: u32) -> DateTime<Utc> {
    let first = DateTime::from_timestamp(1_788_220_800, 0).expect("a moment");
    first + Duration::seconds(i64::from(call) * 90 * 86_400 / i64::from(calls))
}

pub(crate) fn id(call: u32) -> String {
    // Ids are not in the order of time, as random ones are not.
    format!("{:08x}-0000-4000-8000-{:012x}", call.wrapping_mul(2_654_435_761), call)
}

pub(crate) async fn fill(url: &str, calls: u32) -> anyhow::Result<()> {
    let began = Instant::now();
    if url.starts_with("postgres") {
        let mut connection = PgConnection::connect(url).await?;
        for first in (0..calls).step_by(BATCH as usize) {
            sqlx::raw_sql(AssertSqlSafe(batch(first, calls))).execute(&mut connection).await?;
        }
        sqlx::raw_sql("VACUUM ANALYZE").execute(&mut connection).await?;
    } else {
        let mut connection = SqliteConnection::connect(url).await?;
        sqlx::raw_sql("PRAGMA synchronous = OFF").execute(&mut connection).await?;
        for first in (0..calls).step_by(BATCH as usize) {
            sqlx::raw_sql(AssertSqlSafe(batch(first, calls))).execute(&mut connection).await?;
        }
    }
    println!("filled with {calls} calls and {} lines in {:.1} s", calls * LINES, began.elapsed().as_secs_f64());
    Ok(())
}

fn batch(first: u32, calls: u32) -> String {
    let range = first..(first + BATCH).min(calls);
    let mut sql = "BEGIN;".to_owned();
    insert(&mut sql, "calls (id, call_sid, stream_sid, caller, called, business, start_time, end_time, duration_ms, status,
        outcome, ending, sandbox)", range.clone().map(|call| {
        let (id, start) = (id(call), start(call, calls));
        let duration_ms = 20_000 + i64::from(call.wrapping_mul(7_919) % 240_000);
        let end = start + Duration::milliseconds(duration_ms);
        let business = if call % 10 == 9 { "Salon" } else { "Barbers" };
        let outcome = ["booked", "booked", "abandoned", "fallback", "transferred"][(call % 5) as usize];
        format!("('{id}', 'CA{call}', 'MZ{call}', '+1555{:07}', '+15552223333', '{business}', '{}', '{}', {duration_ms},
            'completed', '{outcome}', 'goodbye', TRUE)", call % 30_000, text(start), text(end))
    }));
    insert(
        &mut sql,
        "transcripts (call_id, line, speaker, heard, unheard, confidence, start_ms, end_ms)",
        range.clone().flat_map(|call| {
            (0..LINES).map(move |line| {
                let speaker = ["assistant", "caller"][(line % 2) as usize];
                let (start_ms, end_ms) = (line * 3_000, line * 3_000 + 2_500);
                format!("('{}', {line}, '{speaker}', '{}', '', 0.9, {start_ms}, {end_ms})", id(call), said(call, line))
            })
        }),
    );
    insert(
        &mut sql,
        "turns (call_id, turn, speech_ended_ms, first_frame_ms, by_rules, tokens_in, tokens_out)",
        range.clone().flat_map(|call| {
            (0..6).map(move |turn| {
                let ended_ms = turn * 9_000;
                let gap_ms = 300 + (call.wrapping_mul(31).wrapping_add(turn * 977)) % 900;
                format!("('{}', {turn}, {ended_ms}, {}, FALSE, 900, 40)", id(call), ended_ms + gap_ms)
            })
        }),
    );
    insert(
        &mut sql,
        "events (call_id, event, at_ms, name, detail)",
        range.clone().flat_map(|call| {
            let states = ["greeting", "service", "time", "contact", "confirmation", "booking", "success"];
            let reached = 3 + (call % 5) as usize;
            (0..reached).map(move |event| {
                format!("('{}', {event}, {}, 'booking_state', '{}')", id(call), event * 8_000, states[event])
            })
        }),
    );
    insert(
        &mut sql,
        "analytics (call_id, snapshot, snapshot_time, sentiment, talk_time_ms, caller_talk_ms,
        assistant_talk_ms, silence_time_ms, interruptions, average_latency_ms, metrics)",
        range.clone().map(|call| {
            let sentiment = ["positive", "neutral", "negative"][(call % 3) as usize];
            let (at, latency_ms) = (text(start(call, calls)), 300 + call.wrapping_mul(613) % 900);
            format!("('{}', 0, '{at}', '{sentiment}', 40000, 15000, 25000, 9000, 1, {latency_ms}, '{{}}')", id(call))
        }),
    );
    insert(
        &mut sql,
        "costs (call_id, stage, quantity, unit, micros)",
        range.flat_map(|call| {
            ["telephony", "speech_to_text", "model", "text_to_speech"]
                .map(|stage| format!("('{}', '{stage}', 1.5, 'minute', {})", id(call), 1_000 + call % 9_000))
        }),
    );
    sql.push_str("COMMIT;");
    sql
}

fn insert(sql: &mut String, into: &str, rows: impl Iterator<Item = String>) {
    write!(sql, "INSERT INTO {into} VALUES {};", rows.collect::<Vec<_>>().join(", ")).expect("a string takes all");
}

/// Twelve words, the first ones of the list more often by far; and one that nobody else says.
fn said(call: u32, line: u32) -> String {
    let mut random = (u64::from(call) << 8 | u64::from(line)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut words: Vec<&str> = Vec::new();
    for _ in 0..12 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let [a, b] = [(random >> 33) % 32, (random >> 48) % 32];
        words.push(WORDS[(a * b / 32) as usize]);
    }
    format!("{} nr{call}x{line}", words.join(" "))
}

/// As the store writes moments.
fn text(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, false)
}
