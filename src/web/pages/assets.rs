//! Style sheet and scripts, built into the program. Their address has a digest in it, so that a browser keeps them for
//! ever and never one of another version.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

/// One file.
pub(super) struct Asset {
    /// Where it is: `/assets/desk.1a2b3c4d.css`.
    pub(super) path: String,
    kind: &'static str,
    text: &'static str,
}

/// The style sheet of every page.
pub(super) static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::of("desk", "css", "text/css; charset=utf-8", include_str!("assets/desk.css")));

/// Plays a call.
pub(super) static CALL: LazyLock<Asset> =
    LazyLock::new(|| Asset::of("call", "js", "text/javascript; charset=utf-8", include_str!("assets/call.js")));

/// Follows calls that go on.
pub(super) static LIVE: LazyLock<Asset> =
    LazyLock::new(|| Asset::of("live", "js", "text/javascript; charset=utf-8", include_str!("assets/live.js")));

impl Asset {
    fn of(name: &str, extension: &str, kind: &'static str, text: &'static str) -> Self {
        let digest: String = Sha256::digest(text).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        Self { path: format!("/assets/{name}.{digest}.{extension}"), kind, text }
    }
}

/// `GET /assets/{name}`.
pub(super) async fn show(Path(name): Path<String>) -> Response {
    let all = [&*STYLE, &*CALL, &*LIVE];
    let Some(asset) = all.into_iter().find(|asset| asset.path.strip_prefix("/assets/") == Some(&name)) else {
        return (StatusCode::NOT_FOUND, "There is no such file; load the page again.\n").into_response();
    };
    let headers = [
        (CONTENT_TYPE, asset.kind),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, asset.text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_pages_fetch_is_light() {
        let bytes: usize = [&*STYLE, &*CALL, &*LIVE].iter().map(|asset| asset.text.len()).sum();
        assert!(bytes < 60_000, "{bytes} bytes");
    }
}
