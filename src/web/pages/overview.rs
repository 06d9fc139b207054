//! `/`: how the day goes, the last two weeks, and the latest calls.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::response::IntoResponse;
use chrono::{DateTime, Days, TimeDelta, Utc};
use maud::{Markup, html};

use super::viewer::{NoPage, Viewer};
use super::{calls, charts, layout, now, words};
use crate::store::query::{Bucket, Figures, Filter, ListQuery, Scope, Spans, Step};
use crate::web::{Front, Health};

/// Days that the chart shows, today the last.
const DAYS: u64 = 14;

/// How long figures of the days before are shown again, and for how many different viewers.
const BELIEVED_FOR_MS: i64 = 10 * 60 * 1_000;
const KEPT_MAX: usize = 50;

/// Calls that are shown below it.
const LATEST: u32 = 8;

/// `GET /`.
pub(super) async fn show(
    State(front): State<Arc<Front>>,
    Viewer(visitor): Viewer,
) -> Result<impl IntoResponse, NoPage> {
    let (zone, now) = (front.time_zone, now(&front));
    let filter = Filter { scope: visitor.scope.clone(), ..Filter::default() };
    let records = front.store.records();
    let days = records.figures(&filter, &Spans::between(now, now + TimeDelta::seconds(1), Step::Day, zone)?).await?;
    let midnight = days.buckets.first().map_or(now, |today| today.from);
    let hours = Spans::between(midnight, midnight + TimeDelta::days(1), Step::Hour, zone)?;
    let hours = records.figures(&filter, &hours).await?;
    let from = midnight.checked_sub_days(Days::new(DAYS - 1)).unwrap_or(midnight);
    let mut figures = (*before_today(&front, &filter, from, midnight).await?).clone();
    figures.buckets.extend(days.buckets);
    for today in days.funnel {
        match figures.funnel.iter_mut().find(|step| step.state == today.state) {
            Some(step) => step.calls += today.calls,
            None => figures.funnel.push(today),
        }
    }
    let list = ListQuery { filter, limit: LATEST, ..ListQuery::default() };
    let mut latest = records.list(&list).await?.items;
    for item in &mut latest {
        item.caller = visitor.number(&item.caller);
    }
    let health = front.desk.health();
    let has_calls = !latest.is_empty() || figures.buckets.iter().any(|day| day.calls > 0);
    let body = html! {
        h1 { "Today" }
        p.lead { (now.with_timezone(&zone).format("%A, %-d %B")) " · " (how(&health)) }
        @if let Some(today) = figures.buckets.last() { (today_in_figures(today, health.calls_active)) }
        @if has_calls {
            section.card { h2 { "Calls today, by the hour" } (charts::bars(&hours.buckets, zone, "%H:00", 3)) }
            div.grid.two {
                section.card { h2 { "Calls a day" } (charts::bars(&figures.buckets, zone, "%-d %b", 3)) }
                section.card { h2 { "How far callers got, in two weeks" } (charts::funnel(&figures.funnel)) }
            }
            section.card { h2 { "Latest calls" } (calls::table(&latest, zone, &Default::default())) p.pages { a href="/calls" { "All calls" } } }
        } @else {
            (no_calls_yet())
        }
        (connect(&health, front.public_url.as_deref()))
    };
    Ok(layout::page("Overview", "/", Some(&visitor), None, body))
}

/// Figures of the days before today. They hardly change, and take long where there are many calls: what was read is
/// shown for ten minutes.
async fn before_today(
    front: &Front,
    filter: &Filter,
    from: DateTime<Utc>,
    midnight: DateTime<Utc>,
) -> Result<Arc<Figures>, NoPage> {
    let now_ms = (front.wall_ms)();
    let key = (filter.scope.clone(), from);
    {
        let kept = front.past_days.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.iter().find(|kept| kept.key == key && now_ms - kept.read_at_ms < BELIEVED_FOR_MS);
        if let Some(known) = known {
            return Ok(Arc::clone(&known.figures));
        }
    }
    let spans = Spans::between(from, midnight, Step::Day, front.time_zone)?;
    let figures = Arc::new(front.store.records().figures(filter, &spans).await?);
    let mut kept = front.past_days.0.lock().unwrap_or_else(PoisonError::into_inner);
    kept.retain(|kept| kept.key != key);
    kept.truncate(KEPT_MAX - 1);
    kept.push_front(Kept { key, read_at_ms: now_ms, figures: Arc::clone(&figures) });
    Ok(figures)
}

/// Figures of past days that were read lately, the latest first.
#[derive(Default)]
pub struct PastDays(Mutex<VecDeque<Kept>>);

/// Figures that were read, for whom and from when on.
struct Kept {
    key: (Scope, DateTime<Utc>),
    read_at_ms: i64,
    figures: Arc<Figures>,
}

fn today_in_figures(today: &Bucket, live: usize) -> Markup {
    let latency = &today.latency;
    html! {
        dl.figures {
            div { dt { "Calls" } dd { (today.calls) small { (words::clock(today.duration_ms)) " min in all" } } }
            div { dt { "Booked" } dd { (today.booked) small { (words::percent(today.booked, today.calls)) " of calls" } } }
            div { dt { "Answer, median" } dd { (words::latency(latency.p50_ms)) small { "p95 " (words::latency(latency.p95_ms)) } } }
            div { dt { "Cost" } dd { (words::money(today.cost_micros)) small { "saved by the cache " (words::money(today.saved_micros)) } } }
            div { dt { "Live now" } dd { (live) small { a href="/live" { "watch" } } } }
        }
    }
}

fn how(health: &Health) -> String {
    let parts: Vec<&str> =
        health.parts.iter().filter(|(_, part)| **part != crate::web::Part::Works).map(|(name, _)| *name).collect();
    match &parts[..] {
        [] => format!("all is {}", health.status()),
        parts => format!("{}: {}", health.status(), parts.join(", ")),
    }
}

fn no_calls_yet() -> Markup {
    html! {
        section.card.note {
            h2 { "No calls yet" }
            p { "Fill a week with simulated calls, or place one and watch it at " a href="/live" { "Live" } "." }
            pre { code { "frontdesk demo --calls 200\nfrontdesk demo" } }
        }
    }
}

fn connect(health: &Health, public_url: Option<&str>) -> Markup {
    let url = public_url.unwrap_or("https://your-tunnel.ngrok.app").trim_end_matches('/');
    html! {
        section.card.note {
            @if health.sandbox.is_empty() {
                h2 { "All vendors are real" }
            } @else {
                h2 { "The sandbox stands in for " (health.sandbox.join(", ")) }
                p { "No keys are needed, and nobody is really called. Set their keys in " code { ".env" } " to take real calls." }
            }
            details {
                summary { "Point a number at it" }
                p { "Open a tunnel with " code { "ngrok start frontdesk --config ngrok.yml" } ", put its address into " code { "PUBLIC_URL" } ", and set these in Twilio’s console under the number’s voice configuration, by POST:" }
                dl.facts {
                    dt { "A call comes in" } dd { code { (url) "/voice" } }
                    dt { "Primary handler fails" } dd { code { (url) "/voice/fallback" } }
                    dt { "Call status changes" } dd { code { (url) "/voice/status" } }
                }
            }
        }
    }
}
