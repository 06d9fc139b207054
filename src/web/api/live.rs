//! `/api/live`: calls as they go on, as server-sent events (html.spec.whatwg.org, section 9.2).
//!
//! ```text
//! event: calls    the calls that go on, first thing: { "items": [ … ] }
//! event: hearing  what the caller is saying, as far as it is heard; the line takes its place
//! event: line     somebody said something
//! event: turn     a turn was answered: when each stage was reached
//! event: event    a decision or a fault
//! event: ended    a call is over
//! event: missed   the reader was too slow: { "rows": 12 } are not told, and are in the record
//! ```
//!
//! Rows are numbered within their call, so whoever reads the record, too, tells which ones they have.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{RawQuery, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use engine::record::{Row, Speaker};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use uuid::Uuid;

use super::{Params, Refusal};
use crate::store::query::{Filter, ListQuery, PAGE_ROWS_MAX, Scope, hidden};
use crate::web::Front;
use crate::web::access::Visitor;

/// Readers at a time.
const READERS_MAX: usize = 200;

/// A reader asks again after this, and shows anew who they are.
const READ_WITHIN: Duration = Duration::from_secs(3_600);

/// A row of a call, as it happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Happened {
    /// Whose call it is.
    pub business: Arc<str>,
    /// The call, by our own id.
    pub call_id: Uuid,
    /// The carrier's id.
    pub call_sid: String,
    /// What.
    pub row: Row,
}

/// What a caller is saying.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overheard {
    /// Whose call it is.
    pub business: Arc<str>,
    /// The call, by our own id.
    pub call_id: Uuid,
    /// The words so far, with what is taken out of lines taken out of them.
    pub text: String,
    /// When, in milliseconds of the call.
    pub at_ms: u64,
}

/// What calls write down as they go on, at this instance.
#[derive(Debug, Clone)]
pub struct Live {
    /// Rows. A reader that is too far behind misses some.
    pub rows: broadcast::Sender<Happened>,
    /// Words on their way. They may be missed: the line has them all.
    pub words: broadcast::Sender<Overheard>,
    /// Whether no more will come.
    pub over: watch::Receiver<bool>,
}

/// `GET /api/live`; with `call`, rows of that call only.
pub(super) async fn follow(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let mut params = Params::of(query.as_deref());
    let call = params.parsed("call", "write the id of a call: a UUID", |text| Uuid::try_parse(text).ok());
    params.finish()?;
    let live = &front.live;
    if live.rows.receiver_count() >= READERS_MAX {
        return Err(Refusal::Away);
    }
    // Before the list is read: what comes between is told twice and never not at all.
    let (rows, words) = (live.rows.subscribe(), live.words.subscribe());
    let filter = Filter { scope: visitor.scope.clone(), status: Some("active".to_owned()), ..Filter::default() };
    let mut page =
        front.store.records().list(&ListQuery { filter, limit: PAGE_ROWS_MAX, ..ListQuery::default() }).await?;
    for item in &mut page.items {
        item.caller = visitor.number(&item.caller);
    }
    let calls = Event::default().event("calls").data(json!({ "items": page.items }).to_string());
    let (scope, is_manager) = (visitor.scope.clone(), visitor.is_manager());
    let is_theirs = move |business: &str| match &scope {
        Scope::All => true,
        Scope::Business(name) => name == business,
    };
    let mut over = live.over.clone();
    let ends = async move {
        let ended = async { over.wait_for(|over| *over).await.is_ok() };
        let _ = tokio::time::timeout(READ_WITHIN, ended).await;
    };
    let is_wanted =
        Arc::new(move |business: &str, call_id: Uuid| is_theirs(business) && call.is_none_or(|call| call == call_id));
    let told = stream::unfold((rows, words, is_wanted), move |(mut rows, mut words, is_wanted)| async move {
        loop {
            let event = tokio::select! {
                biased;
                row = rows.recv() => match row {
                    Ok(happened) if is_wanted(&happened.business, happened.call_id) => told(&happened, is_manager),
                    Ok(_) => continue,
                    Err(RecvError::Lagged(missed)) => {
                        Event::default().event("missed").data(json!({ "rows": missed }).to_string())
                    }
                    Err(RecvError::Closed) => return None,
                },
                Ok(Overheard { business, call_id, text, at_ms }) = words.recv() => {
                    if !is_wanted(&business, call_id) {
                        continue;
                    }
                    let data = json!({ "call_id": call_id, "text": text, "at_ms": at_ms });
                    Event::default().event("hearing").data(data.to_string())
                }
            };
            return Some((event, (rows, words, is_wanted)));
        }
    });
    let events = stream::iter([calls]).chain(told).map(Ok::<_, Infallible>).take_until(Box::pin(ends));
    Ok(Sse::new(events).keep_alive(KeepAlive::default()).into_response())
}

fn told(happened: &Happened, is_manager: bool) -> Event {
    let (name, mut data) = described(&happened.row, is_manager);
    data["call_id"] = json!(happened.call_id);
    data["call_sid"] = json!(happened.call_sid);
    Event::default().event(name).data(data.to_string())
}

fn described(row: &Row, is_manager: bool) -> (&'static str, Value) {
    match row {
        Row::Said { line, speaker, heard, unheard, confidence, from, to, .. } => {
            let speaker = if *speaker == Speaker::Caller { "caller" } else { "assistant" };
            let (start_ms, end_ms) = (from.as_ms(), to.as_ms());
            (
                "line",
                json!({ "line": line, "speaker": speaker, "heard": heard, "unheard": unheard,
                "confidence": confidence, "start_ms": start_ms, "end_ms": end_ms }),
            )
        }
        Row::Turn { turn, stages, by_rules, late, .. } => {
            let stages: serde_json::Map<String, Value> =
                stages.iter().map(|(stage, at)| (format!("{}_ms", stage.name()), json!(at.as_ms()))).collect();
            let late = late.map(engine::record::Stage::name);
            ("turn", json!({ "turn": turn, "stages": stages, "by_rules": by_rules, "late_stage": late }))
        }
        Row::Event { event, at, name, detail } => {
            ("event", json!({ "event": event, "at_ms": at.as_ms(), "name": name, "detail": detail }))
        }
        Row::Message { at, text, name, phone } => {
            let hidden = (hidden::name(name), hidden::number(phone));
            let (name, phone) = if is_manager { (name.clone(), phone.clone()) } else { hidden };
            ("message", json!({ "at_ms": at.as_ms(), "text": text, "name": name, "phone": phone }))
        }
        Row::Ended { at, ending, outcome } => {
            ("ended", json!({ "at_ms": at.as_ms(), "ending": ending, "outcome": outcome }))
        }
    }
}
