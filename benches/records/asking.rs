//! The questions, and how long they took.

use std::pin::pin;
use std::time::{Duration, Instant};

use chrono_tz::Tz;
use frontdesk::store::Records;
use frontdesk::store::export::{Export, Format, What};
use frontdesk::store::query::{Filter, ListQuery, Order, Scope, SearchQuery, Sort, Spans, Step};
use futures_util::StreamExt;

use crate::filling::{WORDS, id, start};

pub(crate) async fn ask_all(records: &Records, calls: u32, asks: u32) -> anyhow::Result<()> {
    println!("{:<34} {:>9} {:>9} {:>9}", "question", "p50 ms", "p95 ms", "max ms");
    lists(records, calls, asks).await?;
    searches(records, calls, asks).await?;
    let mut times = Vec::new();
    for ask in 0..asks {
        let id = id(ask * (calls / asks.max(1)).max(1) % calls);
        let began = Instant::now();
        anyhow::ensure!(records.whole_call(&id, &Scope::All).await?.is_some(), "the call is there");
        times.push(began.elapsed());
    }
    told("one call with everything", times);
    figures(records, calls).await?;
    exports(records).await
}

async fn lists(records: &Records, calls: u32, asks: u32) -> anyhow::Result<()> {
    let salon = || Filter { scope: Scope::Business("Salon".into()), ..Filter::default() };
    let filters: Vec<(&str, Filter)> = vec![
        ("list, newest", Filter::default()),
        ("list, one business", salon()),
        (
            "list, outcome and sentiment",
            Filter { outcome: Some("fallback".into()), sentiment: Some("negative".into()), ..salon() },
        ),
        (
            "list, one week",
            Filter {
                from: Some(start(calls / 2, calls)),
                to: Some(start(calls / 2 + calls / 13, calls)),
                ..Filter::default()
            },
        ),
        ("list, part of a number", Filter { caller: Some("0012345".into()), ..Filter::default() }),
        (
            "list, long and slow calls",
            Filter { duration_ms_min: Some(200_000), latency_ms_min: Some(1_100), ..Filter::default() },
        ),
        ("list, a common word", Filter { text: Some("haircut".into()), ..Filter::default() }),
        ("list, two words", Filter { text: Some("refund complaint".into()), ..Filter::default() }),
        ("list, a word said once", Filter { text: Some(format!("nr{}x7", calls / 3)), ..Filter::default() }),
    ];
    let mut all = Vec::new();
    for (name, filter) in filters {
        let mut times = Vec::new();
        for (sort, order) in [
            (Sort::StartTime, Order::Descending),
            (Sort::StartTime, Order::Ascending),
            (Sort::Duration, Order::Descending),
            (Sort::Latency, Order::Descending),
        ] {
            let mut cursor = None;
            for _ in 0..asks / 40 {
                let query = ListQuery { filter: filter.clone(), sort, order, cursor: cursor.take(), limit: 50 };
                let began = Instant::now();
                let page = records.list(&query).await?;
                times.push(began.elapsed());
                cursor = page.next;
            }
        }
        all.extend(times.iter().copied());
        told(name, times);
    }
    told("list, all of these", all);
    Ok(())
}

async fn searches(records: &Records, calls: u32, asks: u32) -> anyhow::Result<()> {
    let mut times = Vec::new();
    for ask in 0..asks {
        let (one, other) = (WORDS[(ask % 32) as usize], WORDS[(ask * 7 % 32) as usize]);
        let text = match ask % 4 {
            0 => one.to_owned(),
            1 => format!("{one} {other}"),
            2 => format!("nr{}x3", ask * 37 % calls),
            _ => one.chars().take(3).collect(),
        };
        let query = SearchQuery { text, limit: 20, ..SearchQuery::default() };
        let began = Instant::now();
        let page = records.search(&query).await?;
        times.push(began.elapsed());
        anyhow::ensure!(ask % 4 != 2 || page.items.len() == 1, "it was said once");
    }
    told("search", times);
    Ok(())
}

async fn figures(records: &Records, calls: u32) -> anyhow::Result<()> {
    let end = start(calls, calls);
    for (name, days, step) in [
        ("figures, a day by the hour", 1, Step::Hour),
        ("figures, a week by the day", 7, Step::Day),
        ("figures, ninety days by the week", 90, Step::Week),
    ] {
        let spans = Spans::between(end - chrono::Duration::days(days), end, step, Tz::America__New_York)?;
        let mut times = Vec::new();
        for _ in 0..5 {
            let began = Instant::now();
            records.figures(&Filter::default(), &spans).await?;
            times.push(began.elapsed());
        }
        told(name, times);
    }
    Ok(())
}

async fn exports(records: &Records) -> anyhow::Result<()> {
    for format in [Format::Csv, Format::Ndjson, Format::Parquet] {
        let what = What::Transcripts;
        let export =
            Export { what, format, scope: Scope::All, business: None, from: None, to: None, shows_private: true };
        let began = Instant::now();
        let mut bytes = 0;
        let mut chunks = pin!(records.export(export));
        while let Some(chunk) = chunks.next().await {
            bytes += chunk?.bytes.len();
        }
        let mb = bytes as f64 / 1e6;
        println!(
            "export, transcripts as {:<11} {:>6.1} s  {mb:>7.1} MB  {:>5.0} MB resident at most",
            format.name(),
            began.elapsed().as_secs_f64(),
            peak_mb()
        );
    }
    Ok(())
}

/// The most memory this process ever had, filling and asking included.
fn peak_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kb: f64 = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default();
    kb / 1_024.0
}

fn told(name: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |percent: usize| times[(times.len() * percent).div_ceil(100).max(1) - 1].as_secs_f64() * 1_000.0;
    println!("{name:<34} {:>9.2} {:>9.2} {:>9.2}", at(50), at(95), at(100));
}
