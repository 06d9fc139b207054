//! Sessions of browsers: a key is shown once, and a cookie with a signed token stands for it until it expires.

use std::sync::Arc;
use std::time::Duration;

use axum::Form;
use axum::extract::State;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::{Refused, is_same_origin};
use crate::web::{Front, tokens};

/// The cookie.
const NAME: &str = "frontdesk";

/// How long a session is good: a working day.
const GOOD_FOR: Duration = Duration::from_secs(10 * 3_600);

/// What the login form sends.
#[derive(Deserialize)]
pub(in crate::web) struct Login {
    /// A key or a token.
    #[serde(default)]
    key: String,
    /// The page to go on to, on this site.
    #[serde(default)]
    next: String,
}

/// `POST /login`: takes a key, gives a session, and goes on to the page that was wanted. A key that is none leads back to
/// `/login?failed`.
pub(in crate::web) async fn log_in(
    State(front): State<Arc<Front>>,
    headers: HeaderMap,
    Form(form): Form<Login>,
) -> Response {
    if !is_same_origin(&headers, front.public_url.as_deref()) {
        return Refused::Origin.into_response();
    }
    match front.access.session(form.key.trim()) {
        Ok(token) => {
            let cookie = cookie(&token, GOOD_FOR.as_secs(), is_secure(&front, &headers));
            ([(SET_COOKIE, cookie)], Redirect::to(page(&form.next))).into_response()
        }
        Err(refused) => {
            tracing::info!("somebody could not log in: {refused}");
            Redirect::to("/login?failed").into_response()
        }
    }
}

/// `POST /logout`: forgets the session.
pub(in crate::web) async fn log_out(State(front): State<Arc<Front>>, headers: HeaderMap) -> Response {
    if !is_same_origin(&headers, front.public_url.as_deref()) {
        return Refused::Origin.into_response();
    }
    let cookie = cookie("", 0, is_secure(&front, &headers));
    (StatusCode::SEE_OTHER, [(SET_COOKIE, cookie)], Redirect::to("/login")).into_response()
}

/// The token in the cookie of a request.
pub(super) fn of(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(name, token)| *name == NAME && !token.is_empty()).map(|(_, token)| token).next()
}

impl super::Access {
    /// A session for whoever holds a key or a token.
    fn session(&self, key: &str) -> Result<String, Refused> {
        let visitor = self.holder(key)?;
        let now_s = u64::try_from((self.wall_ms)() / 1_000).unwrap_or_default();
        Ok(tokens::issue_session(&self.session_secret, &visitor, now_s, GOOD_FOR))
    }
}

fn cookie(token: &str, seconds: u64, is_secure: bool) -> HeaderValue {
    let secure = if is_secure { "; Secure" } else { "" };
    let cookie = format!("{NAME}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&cookie).expect("a token has letters, digits, - _ and .")
}

/// Whether the browser came by TLS; a tunnel or proxy that ends it says so, and at worst the cookie is stricter.
fn is_secure(front: &Front, headers: &HeaderMap) -> bool {
    let forwarded = headers.get("x-forwarded-proto").is_some_and(|value| value == "https");
    forwarded
        || front.public_url.as_deref().is_some_and(|url| url.starts_with("https://") && is_same_host(url, headers))
}

fn is_same_host(url: &str, headers: &HeaderMap) -> bool {
    let host = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
    url.split_once("://").is_some_and(|(_, name)| name.eq_ignore_ascii_case(host))
}

/// A page of this site, and never another's.
fn page(next: &str) -> &str {
    let is_ours = next.starts_with('/')
        && !next.starts_with("//")
        && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_ours { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logging_in_leads_to_our_own_pages_only() {
        assert_eq!(page("/calls?text=a%20b"), "/calls?text=a%20b");
        for next in ["", "https://evil.example.com", "//evil.example.com", "/\\evil.example.com", "/a\r\nb", "calls"] {
            assert_eq!(page(next), "/", "{next:?}");
        }
    }

    #[test]
    fn the_session_is_found_among_other_cookies() {
        let with = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, value.parse().expect("a header"));
            of(&headers).map(str::to_owned)
        };
        assert_eq!(with("a=b; frontdesk=eyJ.x.y; c=d").as_deref(), Some("eyJ.x.y"));
        assert_eq!((with("notfrontdesk=x"), with("frontdesk=")), (None, None));
    }
}
