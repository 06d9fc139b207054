//! `/api/search`: lines that have some words.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};

use super::{Params, Refusal};
use crate::store::query::{Page, SearchHit, SearchQuery};
use crate::web::Front;
use crate::web::access::Visitor;

/// `GET /api/search`.
pub(super) async fn find(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<SearchHit>>, Refusal> {
    let mut params = Params::of(query.as_deref());
    let query = SearchQuery {
        text: params.text("q").unwrap_or_default(),
        filter: params.filter(&visitor)?,
        cursor: params.text("cursor"),
        limit: params.limit(),
    };
    params.finish()?;
    let mut page = front.store.records().search(&query).await?;
    for hit in &mut page.items {
        hit.caller = visitor.number(&hit.caller);
    }
    Ok(Json(page))
}
