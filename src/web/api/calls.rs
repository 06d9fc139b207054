//! `/api/calls`: the list, and one call with everything.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Params, Refusal};
use crate::store::query::{CallItem, ListQuery, Order, Page, Sort, WholeCall};
use crate::web::Front;
use crate::web::access::Visitor;

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
    Params::of(query.as_deref()).finish()?;
    let call = find(&front, &visitor, &id).await?;
    Ok(Json(json!(shown(call, &visitor))))
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
    call
}
