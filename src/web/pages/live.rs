//! `/live`: the calls that go on, with their words as they are written down.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::IntoResponse;
use maud::html;

use super::viewer::{NoPage, Viewer};
use super::{assets, call, layout, words};
use crate::store::query::{Filter, ListQuery};
use crate::web::Front;
use crate::web::api::calls::{find, shown};

/// Calls that are shown at once; the others are in the list.
const SHOWN: u32 = 20;

/// `GET /live`.
pub(super) async fn show(
    State(front): State<Arc<Front>>,
    Viewer(visitor): Viewer,
) -> Result<impl IntoResponse, NoPage> {
    let filter = Filter { scope: visitor.scope.clone(), status: Some("active".to_owned()), ..Filter::default() };
    let query = ListQuery { filter, limit: SHOWN, ..ListQuery::default() };
    let items = front.store.records().list(&query).await?.items;
    let body = html! {
        h1 { "Live" }
        p.lead.pulse { span.dot {} span #stream role="status" { "connecting …" } }
        section.card.note #none hidden[!items.is_empty()] {
            h2 { "Nobody is on the line" }
            p { "A call appears here as soon as it is answered. Place a simulated one:" }
            pre { code { "frontdesk dial" } }
        }
        div.calls-live data-live="" {
            @for item in &items {
                article.card data-id=(item.id) {
                    h2 { a href={ "/live/" (item.id) } { (words::caller(&visitor.number(&item.caller))) } " " span.tag.active.state { "live" } }
                    ol.said {}
                }
            }
        }
    };
    Ok(layout::page("Live", "/live", Some(&visitor), Some(&assets::LIVE), body))
}

/// `GET /live/{id}`.
pub(super) async fn show_one(
    State(front): State<Arc<Front>>,
    Viewer(visitor): Viewer,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, NoPage> {
    let whole = shown(find(&front, &visitor, &id).await?, &visitor);
    let record = &whole.call;
    let body = html! {
        h1 { (words::caller(&record.caller)) }
        p.lead.pulse { span.dot {} span #stream role="status" { "connecting …" } " · answered " (words::moment(record.start_time, front.time_zone)) }
        div data-live="" data-call=(record.id) {
            article.card data-id=(record.id) {
                h2 { "Transcript " (words::outcome(&record.status, record.outcome.as_deref())) span.tag.state {} }
                ol.said aria-live="polite" { @for line in &record.transcript { (call::transcript::line(line, false)) } }
                @if record.status != "active" { a.button href={ "/calls/" (record.id) } { "Open the call" } }
            }
        }
    };
    Ok(layout::page("A live call", "/live", Some(&visitor), Some(&assets::LIVE), body))
}
