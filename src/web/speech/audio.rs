//! `GET /audio/…`: plays a phrase to whoever has its address, whole or in parts (RFC 9110, section 14).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::Audio;
use super::links::{Proof, has_already};
use super::problem::Problem;
use crate::web::Front;
use crate::web::ranges::{Part, part};

/// `GET /audio/{id}.{extension}`, and `HEAD`.
pub(in crate::web) async fn play(
    State(front): State<Arc<Front>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let proof = Proof::of(query.as_deref().unwrap_or_default());
    let (id, left_s) = match front.speech.links.check(&name, &proof) {
        Ok(checked) => checked,
        Err(problem) => return problem.into_response(),
    };
    match front.desk.audio(id).await {
        Some(audio) => played(&audio, left_s, &headers),
        None => Problem::NotFound.into_response(),
    }
}

fn played(audio: &Audio, left_s: u64, headers: &HeaderMap) -> Response {
    let etag = format!("\"{}\"", audio.digest);
    let described = [
        (CONTENT_TYPE, audio.format.content_type().to_owned()),
        (ACCEPT_RANGES, "bytes".to_owned()),
        // What an address plays never changes; how long it may be played does.
        (CACHE_CONTROL, format!("private, max-age={left_s}, immutable")),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (ETAG, etag.clone()),
    ];
    if has_already(headers, &etag) {
        return (StatusCode::NOT_MODIFIED, described).into_response();
    }
    let len = audio.bytes.len();
    match part(headers, &etag, len as u64) {
        Part::Whole => {
            (described, [(CONTENT_LENGTH, len.to_string())], Body::from(audio.bytes.clone())).into_response()
        }
        Part::Of(from, to) => {
            let range = format!("bytes {from}-{}/{len}", to - 1);
            let sizes = [(CONTENT_RANGE, range), (CONTENT_LENGTH, (to - from).to_string())];
            (StatusCode::PARTIAL_CONTENT, described, sizes, Body::from(audio.bytes.slice(from as usize..to as usize)))
                .into_response()
        }
        Part::Beyond => {
            (StatusCode::RANGE_NOT_SATISFIABLE, [(CONTENT_RANGE, format!("bytes */{len}"))]).into_response()
        }
    }
}
