//! `/api/calls/{id}/audio` and `…/tape`: what is kept of a call, whole or in parts.

use std::io::SeekFrom;
use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use super::{Params, Refusal, calls};
use crate::web::access::{Role, Visitor};
use crate::web::ranges::{Part, part};
use crate::web::{Front, Kept, Listen, NotPlayed};

/// Bytes that are read and sent at once.
const CHUNK_LEN: u64 = 64 * 1024;

/// `GET`, and `HEAD`; the route says of what.
pub(super) async fn give(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    Extension(what): Extension<Kept>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    Params::of(query.as_deref()).finish()?;
    let whole = calls::find(&front, &visitor, &id).await?;
    visitor.needs(Role::Manager)?;
    let recording = whole.call.recordings.first().ok_or(Refusal::NotFound("this call has no recording"))?;
    let recorded = front.desk.recording(recording, what).await.map_err(|not| match (not, what) {
        (NotPlayed::Missing, Kept::Audio) => Refusal::Gone("the recording of this call is not kept any more"),
        (NotPlayed::Missing, Kept::Tape) => Refusal::Gone("no tape of this call is kept"),
        (NotPlayed::Damaged, _) => Refusal::Gone("the recording of this call is damaged"),
        (NotPlayed::Unreadable, _) => Refusal::Away,
    })?;
    let content_type = match what {
        Kept::Audio => format!("audio/{}", recording.format),
        Kept::Tape => "application/jsonl".to_owned(),
    };
    let len = recorded.size_bytes;
    let etag = format!("\"{}-{len}\"", whole.call.id);
    let described = [
        (CONTENT_TYPE, content_type),
        (ACCEPT_RANGES, "bytes".to_owned()),
        (CACHE_CONTROL, "private, no-cache".to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (ETAG, etag.clone()),
    ];
    let (status, from, to) = match part(&headers, &etag, len) {
        Part::Whole => (StatusCode::OK, 0, len),
        Part::Of(from, to) => (StatusCode::PARTIAL_CONTENT, from, to),
        Part::Beyond => {
            let range = [(CONTENT_RANGE, format!("bytes */{len}"))];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, range).into_response());
        }
    };
    let body = read(recorded.audio, from, to).await.map_err(|error| {
        tracing::warn!("a recording cannot be read: {error}");
        Refusal::Away
    })?;
    let mut response = (status, described, [(CONTENT_LENGTH, (to - from).to_string())], body).into_response();
    if status == StatusCode::PARTIAL_CONTENT {
        let range = format!("bytes {from}-{}/{len}", to - 1).parse().expect("digits are a header's value");
        response.headers_mut().insert(CONTENT_RANGE, range);
    }
    Ok(response)
}

/// A stretch of a recording, read as fast as it is taken, where reading may block.
async fn read(mut audio: Box<dyn Listen>, from: u64, to: u64) -> std::io::Result<Body> {
    let audio = blocking(move || audio.seek(SeekFrom::Start(from)).map(|_| audio)).await?;
    Ok(Body::from_stream(stream::try_unfold((audio, to - from), |(mut audio, left)| async move {
        let mut chunk = vec![0; left.min(CHUNK_LEN) as usize];
        if chunk.is_empty() {
            return Ok::<_, std::io::Error>(None);
        }
        // A file that ends too early breaks the answer off, so that nobody takes it for whole.
        let read = move || audio.read_exact(&mut chunk).map(|()| (Bytes::from(chunk), audio));
        let (chunk, audio) = blocking(read).await?;
        let left = left - chunk.len() as u64;
        Ok(Some((chunk, (audio, left))))
    })))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> std::io::Result<T> + Send + 'static) -> std::io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other)?
}
