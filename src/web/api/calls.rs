//! `/api/calls`: the list, and one call with everything.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Params, Refusal};
use crate::store::query::{CallItem, ListQuery, Order, Page, Sort, WholeCall, hidden};
use crate::web::access::{Refused, Role, Visitor, is_same_origin};
use crate::web::{Front, NotRemoved};

pub(super) const NO_SUCH_CALL: &str = "there is no such call";

/// `GET /api/calls`.
pub(super) async fn list(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<CallItem>>, Refusal> {
    let mut params = Params::of(query.as_deref());
    let query = list_query(&mut params, &visitor)?;
    params.finish()?;
    let mut page = front.store.records().list(&query).await?;
    for item in &mut page.items {
        item.caller = visitor.number(&item.caller);
    }
    Ok(Json(page))
}

/// Which page of which list is asked for.
pub(in crate::web) fn list_query(params: &mut Params, visitor: &Visitor) -> Result<ListQuery, Refusal> {
    let order = |text: &str| match text {
        "desc" => Some(Order::Descending),
        "asc" => Some(Order::Ascending),
        _ => None,
    };
    Ok(ListQuery {
        filter: params.filter(visitor)?,
        sort: params.parsed("sort", "write start_time, duration or latency", Sort::of_name).unwrap_or_default(),
        order: params.parsed("order", "write desc or asc", order).unwrap_or_default(),
        cursor: params.text("cursor"),
        limit: params.limit(),
    })
}

/// `GET /api/calls/{id}`.
pub(super) async fn show(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Refusal> {
    let is_revealed = revealed(query.as_deref())?;
    let mut call = find(&front, &visitor, &id).await?;
    if is_revealed {
        reveal(&front, &visitor, &mut call)?;
    }
    Ok(Json(json!(shown(call, &visitor))))
}

/// Whether what was taken out is wanted, too: `?reveal=true`.
pub(in crate::web) fn revealed(query: Option<&str>) -> Result<bool, Refusal> {
    let mut params = Params::of(query);
    let reveal = params.yes_or_no("reveal");
    params.finish()?;
    Ok(reveal.unwrap_or(false))
}

/// Puts back what was taken out of a call's lines. Who asked for it is in the log.
pub(in crate::web) fn reveal(front: &Front, visitor: &Visitor, call: &mut WholeCall) -> Result<(), Refusal> {
    visitor.needs(Role::Admin)?;
    let mut lines = 0;
    for line in &mut call.call.transcript {
        let Some(sealed) = &line.sealed else { continue };
        let opened = front.desk.reveal(sealed).and_then(|text| serde_json::from_str::<[String; 2]>(&text).ok());
        [line.heard, line.unheard] = opened.ok_or(Refusal::Gone(
            "what was taken out of this call is sealed, and RECORDING_KEY is not set or not the key",
        ))?;
        lines += 1;
    }
    tracing::info!(visitor = visitor.name, call = call.call.id, lines, "what was taken out of a call was shown");
    Ok(())
}

/// `DELETE /api/calls/{id}`.
pub(super) async fn delete(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    Params::of(query.as_deref()).finish()?;
    remove(&front, &visitor, &id, &headers).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a call for good. Who did is in the log.
pub(in crate::web) async fn remove(
    front: &Front,
    visitor: &Visitor,
    id: &str,
    headers: &HeaderMap,
) -> Result<(), Refusal> {
    if !is_same_origin(headers, front.public_url.as_deref()) {
        return Err(Refused::Origin.into());
    }
    let whole = find(front, visitor, id).await?;
    visitor.needs(Role::Admin)?;
    if whole.call.status == "active" {
        return Err(Refusal::Conflict("the call goes on; it can be removed when it has ended"));
    }
    front.desk.remove(&whole.call.id).await.map_err(|not| match not {
        NotRemoved::FilesStay => {
            Refusal::Conflict("a file of the call cannot be removed, so it stays; the log says why")
        }
        NotRemoved::Away => Refusal::Away,
    })?;
    tracing::info!(visitor = visitor.name, call = whole.call.id, "a call was removed");
    Ok(())
}

/// The call of an id, if it is there for the visitor.
pub(in crate::web) async fn find(front: &Front, visitor: &Visitor, id: &str) -> Result<WholeCall, Refusal> {
    let id = Uuid::try_parse(id).map_err(|_| Refusal::wrong("id", "write the id of a call: a UUID"))?;
    let found = front.store.records().whole_call(&id.hyphenated().to_string(), &visitor.scope).await?;
    found.ok_or(Refusal::NotFound(NO_SUCH_CALL))
}

/// As much of a call as the visitor may see.
pub(in crate::web) fn shown(mut call: WholeCall, visitor: &Visitor) -> WholeCall {
    if visitor.is_manager() {
        return call;
    }
    call.call.caller = visitor.number(&call.call.caller);
    for appointment in &mut call.call.appointments {
        *appointment = super::appointments::shown(appointment.clone(), visitor);
    }
    if let Some(message) = call.call.message.as_mut().filter(|_| !visitor.is_manager()) {
        (message.name, message.phone) = (hidden::name(&message.name), hidden::number(&message.phone));
    }
    call
}
