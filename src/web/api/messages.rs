//! `/api/messages`: what callers left for the business, and who has still to be called back.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::{Params, Refusal};
use crate::store::query::{MessageItem, MessagesQuery, QueryError, hidden};
use crate::web::Front;
use crate::web::access::{Refused, Role, Visitor, is_same_origin};

/// `GET /api/messages`.
pub(super) async fn list(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Refusal> {
    let mut params = Params::of(query.as_deref());
    let (business, open) = (params.text("business"), params.yes_or_no("open"));
    params.finish()?;
    let items = find(&front, &visitor, business, open).await?;
    Ok(Json(json!({ "items": items })))
}

/// `POST /api/messages/{call_id}/done`, and `DELETE` where it is not after all.
pub(super) async fn done(
    front: State<Arc<Front>>,
    visitor: Visitor,
    id: Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    see_to(&front, &visitor, &id, true, &headers).await.map(|()| StatusCode::NO_CONTENT)
}

/// `DELETE /api/messages/{call_id}/done`.
pub(super) async fn open(
    front: State<Arc<Front>>,
    visitor: Visitor,
    id: Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    see_to(&front, &visitor, &id, false, &headers).await.map(|()| StatusCode::NO_CONTENT)
}

/// Messages, as much of them as the visitor may see.
pub(in crate::web) async fn find(
    front: &Front,
    visitor: &Visitor,
    business: Option<String>,
    open: Option<bool>,
) -> Result<Vec<MessageItem>, Refusal> {
    let query = MessagesQuery { scope: visitor.scope.clone(), business, open };
    let mut items = front.store.records().messages(&query).await?;
    for item in items.iter_mut().filter(|_| !visitor.is_manager()) {
        (item.name, item.phone) = (hidden::name(&item.name), hidden::number(&item.phone));
    }
    Ok(items)
}

/// Notes that somebody has seen to a message, or has not. Who said so is in the log.
pub(in crate::web) async fn see_to(
    front: &Front,
    visitor: &Visitor,
    id: &str,
    done: bool,
    headers: &HeaderMap,
) -> Result<(), Refusal> {
    if !is_same_origin(headers, front.public_url.as_deref()) {
        return Err(Refused::Origin.into());
    }
    visitor.needs(Role::Manager)?;
    let seen_to = front.store.see_to_message(&visitor.scope, id, done, (front.wall_ms)()).await;
    if !seen_to.map_err(QueryError::from)? {
        return Err(Refusal::NotFound("there is no such message"));
    }
    tracing::info!(visitor = visitor.name, call = id, done, "a message was seen to");
    Ok(())
}
