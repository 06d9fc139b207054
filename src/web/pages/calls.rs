//! `/calls`: every call, filtered and searched. The whole state of the page is its address.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::IntoResponse;
use chrono::Duration;
use chrono_tz::Tz;
use maud::{Markup, html};

use super::viewer::{NoPage, Viewer};
use super::{layout, words};
use crate::store::Records;
use crate::store::query::{CallItem, Filter, ListQuery, Order, SearchHit, SearchQuery, Sort};
use crate::web::Front;
use crate::web::access::Visitor;
use crate::web::api::calls::list_query;
use crate::web::api::params::Params;

/// Lines of which the hits on a page are taken.
const HITS_MAX: u32 = 200;

/// The first line of each call that has the words of the search.
pub(super) type Hits = BTreeMap<String, SearchHit>;

/// `GET /calls`.
pub(super) async fn show(
    State(front): State<Arc<Front>>,
    Viewer(visitor): Viewer,
    RawQuery(query): RawQuery,
) -> Result<impl IntoResponse, NoPage> {
    // Whoever fills in a day means one of the business.
    let mut params = Params::of(query.as_deref()).with_days_of(front.time_zone);
    let asked = list_query(&mut params, &visitor)?;
    params.finish()?;
    let state = Address::of(query.as_deref());
    let records = front.store.records();
    let mut page = records.list(&asked).await?;
    let hits = hits(&records, &asked, &page.items).await?;
    for item in &mut page.items {
        item.caller = visitor.number(&item.caller);
    }
    let body = html! {
        h1 { "Calls" }
        p.lead { "Search what was said, or narrow the list; the address of this page can be shared." }
        section.card { (filters(&state, &visitor)) }
        section.card {
            @if page.items.is_empty() {
                (nothing_found(&state))
            } @else {
                (table(&page.items, front.time_zone, &hits))
            }
            nav.pages aria-label="Pages of the list" {
                @let (before, behind) = beside(asked.sort, asked.order);
                span { @if let Some(cursor) = &page.previous { a.button rel="prev" href=(state.with("cursor", cursor)) { "← " (before) } } }
                span { @if let Some(cursor) = &page.next { a.button rel="next" href=(state.with("cursor", cursor)) { (behind) " →" } } }
            }
        }
    };
    Ok(layout::page("Calls", "/calls", Some(&visitor), None, body))
}

/// What the pages before and behind one hold.
fn beside(sort: Sort, order: Order) -> (&'static str, &'static str) {
    let (most, least) = match sort {
        Sort::StartTime => ("Newer", "Older"),
        Sort::Duration => ("Longer", "Shorter"),
        Sort::Latency => ("Slower", "Quicker"),
    };
    if order == Order::Descending { (most, least) } else { (least, most) }
}

/// What the address says, to be said again with one thing changed.
struct Address(BTreeMap<String, String>);

impl Address {
    fn of(query: Option<&str>) -> Self {
        let given = form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned();
        Self(given.filter(|(name, value)| name != "cursor" && !value.is_empty()).collect())
    }

    fn value(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    fn with(&self, name: &str, value: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.0.iter().filter(|(given, _)| *given != name)).append_pair(name, value);
        format!("/calls?{}", query.finish())
    }
}

/// Where the words of a search stand in the calls of a page.
async fn hits(records: &Records, asked: &ListQuery, items: &[CallItem]) -> Result<Hits, NoPage> {
    let Some(text) = &asked.filter.text else { return Ok(Hits::new()) };
    let times = || items.iter().map(|item| item.start_time);
    let (Some(from), Some(to)) = (times().min(), times().max()) else { return Ok(Hits::new()) };
    let filter = Filter { from: Some(from), to: Some(to + Duration::milliseconds(1)), ..asked.filter.clone() };
    let search = SearchQuery { text: text.clone(), filter, cursor: None, limit: HITS_MAX };
    let found = records.search(&search).await?.items.into_iter();
    Ok(found.map(|hit| (hit.call_id.clone(), hit)).collect())
}

fn filters(state: &Address, visitor: &Visitor) -> Markup {
    let choice = |name: &'static str, label: &'static str, any: &'static str, of: &[&'static str]| {
        html! {
            label { (label)
                select name=(name) {
                    option value="" { (any) }
                    @for value in of { option value=(value) selected[state.value(name) == *value] { (words::plain(value)) } }
                }
            }
        }
    };
    html! {
        form.filters action="/calls" role="search" {
            label.wide { "Words in the transcript" input type="search" name="text" value=(state.value("text")) placeholder="beard trim"; }
            (choice("outcome", "Outcome", "any", &["booked", "moved", "cancelled", "confirmed", "message", "fallback", "transferred", "not_booked", "abandoned"]))
            (choice("status", "Status", "any", &["active", "completed", "interrupted"]))
            (choice("sentiment", "Felt", "any", &["positive", "neutral", "negative"]))
            (choice("sort", "Sorted by", "time", &["duration", "latency"]))
            label { "From" input type="date" name="from" value=(state.value("from")); }
            label { "Before" input type="date" name="to" value=(state.value("to")); }
            label { "Slower than, ms" input type="number" min="0" name="latency_ms_min" value=(state.value("latency_ms_min")); }
            label { "Longer than, ms" input type="number" min="0" name="duration_ms_min" value=(state.value("duration_ms_min")); }
            @if visitor.is_manager() { label { "Caller" input name="caller" inputmode="tel" value=(state.value("caller")); } }
            div.actions { button.main { "Show" } @if !state.0.is_empty() { a href="/calls" { "Clear" } } }
        }
    }
}

fn nothing_found(state: &Address) -> Markup {
    html! {
        @if state.0.is_empty() {
            h2 { "No calls yet" }
            p { "Fill a week with simulated calls:" }
            pre { code { "frontdesk demo --calls 200" } }
        } @else {
            h2 { "No call is like that" }
            p { "Take a filter away, or search for fewer words. The last word may be the beginning of one." }
        }
    }
}

/// Calls as a table; on a phone each is a card.
pub(super) fn table(items: &[CallItem], zone: Tz, hits: &Hits) -> Markup {
    html! {
        table.rows {
            thead { tr {
                th scope="col" { "Answered" } th scope="col" { "Caller" } th scope="col" { "Outcome" } th scope="col" { "Said" }
                th.n scope="col" { "Length" } th.n scope="col" { "Answer" } th.n scope="col" { "Cost" }
            } }
            tbody { @for item in items { (row(item, zone, hits.get(&item.id))) } }
        }
    }
}

fn row(item: &CallItem, zone: Tz, hit: Option<&SearchHit>) -> Markup {
    let path = format!("/calls/{}", item.id);
    html! {
        tr {
            td.t { a href=(path) { (words::moment(item.start_time, zone)) } }
            td.t.end { (words::caller(&item.caller)) }
            td { (words::outcome(&item.status, item.outcome.as_deref())) }
            td.words {
                @if let Some(hit) = hit {
                    a href={ (path) "?at=" (hit.start_ms) "#line-" (hit.line) } {
                        @for piece in &hit.snippet { @if piece.hit { mark { (piece.text) } } @else { (piece.text) } }
                    }
                } @else if let Some(words) = &item.first_words { (words) }
            }
            td.n.end { (item.duration_ms.map_or_else(|| "–".to_owned(), words::clock)) }
            td.n.less { (words::latency(item.average_latency_ms)) }
            td.n.less { (item.cost_micros.map_or_else(|| "–".to_owned(), words::money)) }
        }
    }
}
