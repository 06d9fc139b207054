//! `/api/exports/{table}.{format}`: whole tables, streamed.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse, Response};
use futures_util::TryStreamExt;

use super::{Params, Refusal};
use crate::store::export::{Export, Format, What};
use crate::web::Front;
use crate::web::access::Visitor;

const NO_SUCH_EXPORT: &str = "there is no such export; ask for calls, transcripts, turns, events, appointments, analytics or costs, \
     each as .csv, .ndjson or .parquet";

/// `GET /api/exports/{table}.{format}`.
pub(super) async fn download(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(file): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let (what, format) = file.split_once('.').ok_or(Refusal::NotFound(NO_SUCH_EXPORT))?;
    let what = What::of_name(what).ok_or(Refusal::NotFound(NO_SUCH_EXPORT))?;
    let format = Format::of_name(format).ok_or(Refusal::NotFound(NO_SUCH_EXPORT))?;
    let mut params = Params::of(query.as_deref());
    let export = Export {
        what,
        format,
        scope: visitor.scope.clone(),
        business: params.text("business"),
        from: params.moment("from"),
        to: params.moment("to"),
        shows_private: visitor.is_manager(),
    };
    params.finish()?;
    tracing::info!(who = visitor.name, what = what.name(), format = format.name(), "an export");
    let described = [
        (CONTENT_TYPE, format.content_type().to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{file}\"")),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    // A failure on the way breaks the file off, so that nobody takes it for whole.
    let bytes = front.store.records().export(export).map_ok(|chunk| chunk.bytes).inspect_err(|error| {
        tracing::warn!("an export broke off: {error}");
    });
    Ok((described, Body::from_stream(bytes)).into_response())
}
