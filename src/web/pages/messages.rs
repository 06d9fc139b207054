//! `/messages`: who is to be called back, and what they asked to pass on.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect};
use chrono_tz::Tz;
use maud::{Markup, html};

use super::layout;
use super::viewer::{NoPage, Viewer};
use crate::store::query::MessageItem;
use crate::web::Front;
use crate::web::access::Visitor;
use crate::web::api::messages::{find, see_to};
use crate::web::api::params::Params;

/// `GET /messages`: the open ones, or with `open=false` those that somebody has seen to.
pub(super) async fn show(
    State(front): State<Arc<Front>>,
    Viewer(visitor): Viewer,
    RawQuery(query): RawQuery,
) -> Result<impl IntoResponse, NoPage> {
    let mut params = Params::of(query.as_deref());
    let open = params.yes_or_no("open").unwrap_or(true);
    params.finish()?;
    let found = find(&front, &visitor, None, Some(open)).await?;
    let body = html! {
        h1 { "Messages" }
        p.lead { @if open { "Who is to be called back, the last caller first" } @else { "What somebody has seen to" } }
        p { @if open { a href="/messages?open=false" { "Those that somebody has seen to" } } @else { a href="/messages" { "Those that are open" } } }
        section.card { (table(&found, &visitor, front.time_zone, open)) }
    };
    Ok(layout::page("Messages", "/messages", Some(&visitor), None, body))
}

/// `POST /messages/{call_id}/done`.
pub(super) async fn done(
    front: State<Arc<Front>>,
    Viewer(visitor): Viewer,
    id: Path<String>,
    headers: HeaderMap,
) -> Result<Redirect, NoPage> {
    see_to(&front, &visitor, &id, true, &headers).await?;
    Ok(Redirect::to("/messages"))
}

/// `POST /messages/{call_id}/open`.
pub(super) async fn reopen(
    front: State<Arc<Front>>,
    Viewer(visitor): Viewer,
    id: Path<String>,
    headers: HeaderMap,
) -> Result<Redirect, NoPage> {
    see_to(&front, &visitor, &id, false, &headers).await?;
    Ok(Redirect::to("/messages?open=false"))
}

fn table(found: &[MessageItem], visitor: &Visitor, zone: Tz, open: bool) -> Markup {
    let (what, label) = if open { ("done", "Done") } else { ("open", "Open again") };
    html! {
        @if found.is_empty() { p.none { @if open { "Nobody waits." } @else { "Nothing yet." } } } @else {
            table.rows {
                thead { tr { th scope="col" { "When" } th scope="col" { "Who" } th scope="col" { "Number" } th scope="col" { "What" } th scope="col" { "Call" } th scope="col" { "Seen to" } } }
                tbody { @for one in found {
                    tr {
                        td.t { (one.at.with_timezone(&zone).format("%Y-%m-%d %H:%M")) }
                        td { (one.name) } td.t { (one.phone) }
                        td { @if one.text.is_empty() { span.tag { "call back" } } @else { (one.text) } }
                        td { a href={ "/calls/" (one.call_id) } { "listen" } }
                        td { @if visitor.is_manager() {
                            form action={ "/messages/" (one.call_id) "/" (what) } method="post" { button { (label) } }
                        } }
                    }
                } }
            }
        }
    }
}
