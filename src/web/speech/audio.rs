//! `GET /audio/…`: plays a phrase to whoever has its address, whole or in parts (RFC 9110, section 14).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_RANGE, RANGE,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use http_range_header::parse_range_header;

use super::Audio;
use super::links::{Proof, has_already};
use super::problem::Problem;
use crate::web::Front;

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
    match part(headers, &etag, len) {
        Part::Whole => {
            (described, [(CONTENT_LENGTH, len.to_string())], Body::from(audio.bytes.clone())).into_response()
        }
        Part::Of(from, to) => {
            let range = format!("bytes {from}-{}/{len}", to - 1);
            let sizes = [(CONTENT_RANGE, range), (CONTENT_LENGTH, (to - from).to_string())];
            (StatusCode::PARTIAL_CONTENT, described, sizes, Body::from(audio.bytes.slice(from..to))).into_response()
        }
        Part::Beyond => {
            (StatusCode::RANGE_NOT_SATISFIABLE, [(CONTENT_RANGE, format!("bytes */{len}"))]).into_response()
        }
    }
}

/// What of a file is wanted.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Whole,
    /// From this byte up to that one, which is not among them.
    Of(usize, usize),
    Beyond,
}

/// A range that cannot be read, or of another file, is no range; of several the whole is sent, as may be.
fn part(headers: &HeaderMap, etag: &str, len: usize) -> Part {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(parsed) = text(RANGE).and_then(|range| parse_range_header(range).ok()) else { return Part::Whole };
    if text(IF_RANGE).is_some_and(|known| known != etag) {
        return Part::Whole;
    }
    match parsed.validate(len as u64).as_deref() {
        Ok([range]) => Part::Of(*range.start() as usize, *range.end() as usize + 1),
        Ok(_) => Part::Whole,
        Err(_) => Part::Beyond,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(range: &str, if_range: Option<&str>) -> Part {
        let mut headers = HeaderMap::new();
        headers.insert(RANGE, range.parse().expect("a header"));
        if let Some(tag) = if_range {
            headers.insert(IF_RANGE, tag.parse().expect("a header"));
        }
        part(&headers, "\"tag\"", 100)
    }

    #[test]
    fn a_part_is_cut_where_it_was_asked_for() {
        assert_eq!(part(&HeaderMap::new(), "", 100), Part::Whole);
        assert_eq!(wanted("bytes=0-9", None), Part::Of(0, 10));
        assert_eq!(wanted("bytes=90-", None), Part::Of(90, 100));
        assert_eq!(wanted("bytes=-10", None), Part::Of(90, 100));
        assert_eq!(wanted("bytes=90-1000", None), Part::Of(90, 100));
        assert_eq!(wanted("bytes=100-", None), Part::Beyond);
        assert_eq!(wanted("lines=1-2", None), Part::Whole);
        assert_eq!(wanted("bytes=0-1,5-6", None), Part::Whole);
        assert_eq!(wanted("bytes=0-9", Some("\"tag\"")), Part::Of(0, 10));
        assert_eq!(wanted("bytes=0-9", Some("\"other\"")), Part::Whole);
    }
}
