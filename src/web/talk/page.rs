//! The page that talks, and what it is made of.

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};

use axum::Json;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, ORIGIN,
    REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::pass::GOOD_FOR;
use crate::web::{Admit, Front, problem};

/// What the page is made of stands under a digest of all of it: a browser keeps it for ever, and never one of another
/// version beside one of this.
const KEPT: &str = "public, max-age=31536000, immutable";

/// The button stands on other sites under one address: a browser asks every hour whether it changed.
const ASKED_AFTER: &str = "public, max-age=3600, stale-while-revalidate=86400";

static DIGEST: LazyLock<String> = LazyLock::new(|| {
    let all = ASSETS.iter().fold(Sha256::new(), |all, (.., text)| all.chain_update(text));
    hex(&all.finalize())
});

/// Nothing but our own files runs on the page; its socket goes to this server.
const ONLY_OURS: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ws: wss:; \
                         worker-src 'self'; media-src blob:; img-src 'self' data:; base-uri 'none'; form-action 'none'";

const HTML: &str = include_str!("assets/talk.html");
const JS: &str = "text/javascript; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";

/// What the page is made of: name, kind, text.
const ASSETS: [(&str, &str, &str); 5] = [
    ("talk.js", JS, include_str!("assets/talk.js")),
    ("session.js", JS, include_str!("assets/session.js")),
    ("audio.js", JS, include_str!("assets/audio.js")),
    ("audio-worklet-processor.js", JS, include_str!("assets/audio-worklet-processor.js")),
    ("talk.css", CSS, include_str!("assets/talk.css")),
];

/// `GET /talk/{slug}`: the page of a business.
pub(super) async fn show(State(front): State<Arc<Front>>, Path(slug): Path<String>) -> Response {
    let Some(business) = front.talk.named(&slug).filter(|_| front.talk.page) else { return nobody_here() };
    let html = HTML.replace("{{name}}", &escaped(&business)).replace("{{slug}}", &escaped(&slug));
    let html = html.replace("{{assets}}", &format!("/talk/assets/{}", *DIGEST));
    let sites = front.talk.origins.iter().fold("'self'".to_owned(), |sites, origin| format!("{sites} {origin}"));
    let policy = format!("{ONLY_OURS}; frame-ancestors {sites}");
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (CACHE_CONTROL, "no-cache".to_owned()),
        (CONTENT_SECURITY_POLICY, policy),
        (HeaderName::from_static("permissions-policy"), "microphone=(self)".to_owned()),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin".to_owned()),
        (HeaderName::from_static("cross-origin-embedder-policy"), "require-corp".to_owned()),
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin".to_owned()),
        (REFERRER_POLICY, "no-referrer".to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    (headers, html).into_response()
}

/// `POST /talk/{slug}/token`: a pass for one session.
pub(super) async fn issue(
    State(front): State<Arc<Front>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Some(business) = front.talk.named(&slug).filter(|_| front.talk.page) else { return nobody_here() };
    let refuse = |status, why: &str, after_s| problem::respond(status, why, &[], None, after_s);
    if !headers.contains_key(ORIGIN) || !front.talk.lets_in(&headers, front.public_url.as_deref()) {
        return refuse(StatusCode::FORBIDDEN, "sessions may not be opened from this site; see VOICE_CORS_ORIGIN", None);
    }
    match front.desk.admit() {
        Admit::Welcome => {}
        Admit::Busy => return refuse(StatusCode::SERVICE_UNAVAILABLE, "no line is free", Some(15)),
        Admit::Draining => return refuse(StatusCode::SERVICE_UNAVAILABLE, "the server goes down", Some(5)),
    }
    let address = peer.ip().to_canonical().to_string();
    if let Err(too_many) = front.talk.limits.open_another(&address, (front.now)()) {
        return refuse(StatusCode::TOO_MANY_REQUESTS, &too_many.to_string(), Some(60));
    }
    let token = front.talk.passes.issue(&business);
    let mut response = Json(json!({"token": token, "expires_in": GOOD_FOR.as_secs()})).into_response();
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // A page of an allowed site may read it, too.
    if let Some(origin) = headers.get(ORIGIN) {
        response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        response.headers_mut().insert(VARY, HeaderValue::from_static("origin"));
    }
    response
}

/// `GET /talk/assets/{digest}/{name}`.
pub(super) async fn asset(Path((digest, name)): Path<(String, String)>) -> Response {
    let asset = ASSETS.iter().find(|(known, ..)| *known == name).filter(|_| digest == *DIGEST);
    match asset {
        Some((_, kind, text)) => (head(kind, KEPT), *text).into_response(),
        None => (StatusCode::NOT_FOUND, "There is no such file; load the page again.\n").into_response(),
    }
}

/// `GET /talk/embed.js`: the button for other sites.
pub(super) async fn embed(headers: HeaderMap) -> Response {
    let text = include_str!("assets/embed.js");
    let tag = format!("\"{}\"", hex(&Sha256::digest(text)));
    let is_known = headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let head = (head(JS, ASKED_AFTER), [(ETAG, tag)]);
    if is_known { (StatusCode::NOT_MODIFIED, head).into_response() } else { (head, text).into_response() }
}

/// Cross-origin, because the button stands on other sites, and an isolated page takes only what says so.
fn head(kind: &'static str, kept: &'static str) -> [(HeaderName, &'static str); 5] {
    [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, kept),
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
        (HeaderName::from_static("cross-origin-embedder-policy"), "require-corp"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ]
}

fn hex(digest: &[u8]) -> String {
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn nobody_here() -> Response {
    (StatusCode::NOT_FOUND, "Nobody talks here. The page of a business is /talk/ and its name.\n").into_response()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_the_page_fetches_is_light() {
        let bytes: usize = ASSETS.iter().map(|(.., text)| text.len()).sum::<usize>() + HTML.len();
        assert!(bytes < 110_000, "{bytes} bytes, before they are packed");
    }

    #[test]
    fn a_name_cannot_break_out_of_the_page() {
        assert_eq!(escaped("<\"A\" & B>"), "&lt;&quot;A&quot; &amp; B&gt;");
    }
}
