//! `/calls/{id}`: one call to look at and to listen to.

mod about;
mod path;
mod player;
pub(super) mod transcript;
mod turns;

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;

use super::viewer::{NoPage, Viewer};
use super::{assets, layout, words};
use crate::web::Front;
use crate::web::access::Role;
use crate::web::api::calls::{self as api, find, reveal, revealed, shown};

/// `GET /calls/{id}`.
pub(super) async fn show(
    State(front): State<Arc<Front>>,
    Viewer(visitor): Viewer,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<impl IntoResponse, NoPage> {
    let is_revealed = revealed(query.as_deref())?;
    let mut whole = find(&front, &visitor, &id).await?;
    if is_revealed {
        reveal(&front, &visitor, &mut whole)?;
    }
    let whole = shown(whole, &visitor);
    let call = &whole.call;
    let has_seals = visitor.role == Role::Admin && call.transcript.iter().any(|line| line.sealed.is_some());
    let sound = player::Sound::of(call, &visitor);
    let body = html! {
        h1 { (words::caller(&call.caller)) " " (words::outcome(&call.status, call.outcome.as_deref())) }
        p.lead {
            (words::moment(call.start_time, front.time_zone)) " · " (call.business)
            @if let Some(ms) = call.duration_ms { " · " (words::clock(ms)) " min" }
            @if call.sandbox { " · simulated" }
            @if call.status == "active" { " · " a href={ "/live/" (call.id) } { "follow it live" } }
        }
        @if let Some(summary) = &call.summary { p.summary { (summary) } }
        (player::section(call, sound))
        section.card { h2 { "Path through the booking" } (path::drawn(&call.events)) }
        div.grid.call {
            section.card {
                h2 { "Transcript" }
                @match (has_seals, is_revealed) {
                    (true, false) => p.lead { a href={ "/calls/" (call.id) "?reveal=true" } { "Show what was taken out" } " The log keeps who did." },
                    (true, true) => p.lead { "With what was taken out. " a href={ "/calls/" (call.id) } { "Hide it again" } },
                    (false, _) => {}
                }
                (transcript::list(call))
            }
            div {
                section.card { h2 { "How long each answer took" } (turns::bars(&call.turns)) }
                (about::facts(&whole, front.time_zone))
                (about::snapshots(&whole.snapshots))
                (about::costs(&whole.costs))
                (about::downloads(&call.id, sound))
                (about::events(&call.events))
                @if visitor.role == Role::Admin && call.status != "active" { (about::removal(&call.id)) }
            }
        }
    };
    Ok(layout::page("Call", "/calls", Some(&visitor), Some(&assets::CALL), body))
}

/// `POST /calls/{id}/remove`.
pub(super) async fn remove(
    State(front): State<Arc<Front>>,
    Viewer(visitor): Viewer,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Redirect, NoPage> {
    api::remove(&front, &visitor, &id, &headers).await?;
    Ok(Redirect::to("/calls"))
}

/// `GET /calls/{id}/transcript.csv`.
pub(super) async fn transcript_csv(
    State(front): State<Arc<Front>>,
    Viewer(visitor): Viewer,
    Path(id): Path<String>,
) -> Result<Response, NoPage> {
    let whole = find(&front, &visitor, &id).await?;
    let name = format!("attachment; filename=\"transcript-{}.csv\"", whole.call.id);
    let headers = [(CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, name)];
    Ok((headers, transcript::csv(&whole.call.transcript)).into_response())
}
