//! The door of every page and answer that shows calls.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::{HOST, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::{Role, Visitor};
use crate::web::Front;
use crate::web::problem;
use crate::web::tokens::NotTrusted;

/// Why somebody is not let in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// 401.
    #[error(
        "send a key of ANALYST_KEYS or a token as `Authorization: Bearer …` or `X-API-Key: …`, or log in at /login"
    )]
    NotKnown,
    /// 401: it does not come from this machine.
    #[error("no keys are set, so only this machine itself is let in; set ANALYST_KEYS to let in others")]
    NotLocal,
    /// 401: a token that is not good.
    #[error(transparent)]
    Token(#[from] NotTrusted),
    /// 403: known, and may see less than that.
    #[error("this needs the role {}", .0.name())]
    Role(Role),
    /// 403: a page of another site would have something changed here.
    #[error("the request comes from another site")]
    Origin,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, challenge) = match &self {
            Self::NotKnown | Self::NotLocal => (StatusCode::UNAUTHORIZED, Some("Bearer")),
            Self::Token(_) => (StatusCode::UNAUTHORIZED, Some("Bearer error=\"invalid_token\"")),
            Self::Role(_) => (StatusCode::FORBIDDEN, Some("Bearer error=\"insufficient_scope\"")),
            Self::Origin => (StatusCode::FORBIDDEN, None),
        };
        problem::respond(status, &self.to_string(), &[], challenge, None)
    }
}

impl Visitor {
    /// Refuses whoever has less than this role.
    pub(in crate::web) fn needs(&self, role: Role) -> Result<(), Refused> {
        if self.role >= role { Ok(()) } else { Err(Refused::Role(role)) }
    }
}

impl FromRequestParts<Arc<Front>> for Visitor {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, front: &Arc<Front>) -> Result<Self, Refused> {
        front.access.visitor(&parts.headers, is_local(parts))
    }
}

/// Whether a request comes from this machine and means this machine: a tunnel or a proxy on it speaks for others, and a
/// page of another site may have had its name point here.
fn is_local(parts: &Parts) -> bool {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    let is_forwarded = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    peer.is_some_and(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback())
        && is_forwarded.iter().all(|name| !parts.headers.contains_key(*name))
        && is_this_machine(host)
}

fn is_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Whether a request that changes something comes from our own pages. Browsers say so with each post; programs that have
/// no cookies need not.
pub(in crate::web) fn is_same_origin(headers: &HeaderMap, public_url: Option<&str>) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = text(ORIGIN.as_str()) else {
        return text("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"));
    };
    let host = text(HOST.as_str()).unwrap_or_default();
    let is_host = origin.split_once("://").is_some_and(|(_, name)| !name.is_empty() && name.eq_ignore_ascii_case(host));
    is_host || public_url.is_some_and(|url| url.eq_ignore_ascii_case(origin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_few_names() {
        for host in ["localhost:3000", "127.0.0.1", "[::1]:3000", "LOCALHOST"] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in ["", "desk.example.com", "localhost.example.com", "127.0.0.1.example.com", "10.0.0.1:3000"] {
            assert!(!is_this_machine(host), "{host}");
        }
    }

    #[test]
    fn a_post_of_another_site_is_told_from_our_own() {
        let from = |name: &'static str, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, "desk.example.com".parse().expect("a host"));
            headers.insert(name, value.parse().expect("a header"));
            is_same_origin(&headers, Some("https://front.example.com"))
        };
        assert!(from("origin", "https://desk.example.com") && from("origin", "https://front.example.com"));
        assert!(from("accept", "*/*") && from("sec-fetch-site", "same-origin"));
        assert!(!from("origin", "https://evil.example.com") && !from("origin", "null"));
        assert!(!from("sec-fetch-site", "cross-site"));
    }
}
