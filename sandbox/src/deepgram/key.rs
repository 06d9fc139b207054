//! Who may ask: `Authorization: Token <key>` or `Bearer <jwt>`, or the same as WebSocket subprotocols, for browsers
//! (developers.deepgram.com/guides/fundamentals/token-based-authentication).

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};

use crate::deepgram::refusal::Refusal;

/// Whether a request carries a key, or a token, in the right words. Any key is good here but an empty one and those
/// that begin with `bad`; a token must look like one, because the real service refuses a key sent as a token.
pub(super) fn check(headers: &HeaderMap) -> Result<(), Refusal> {
    let authorization = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let protocols = headers.get(SEC_WEBSOCKET_PROTOCOL).and_then(|value| value.to_str().ok());
    let said = match (authorization, protocols) {
        (Some(value), _) => value.split_once(' '),
        (None, Some(value)) => value.split_once(','),
        (None, None) => None,
    };
    let (scheme, secret) = said.ok_or_else(Refusal::bad_key)?;
    let secret = secret.trim();
    let is_token = secret.split('.').count() == 3;
    let good = match scheme.to_ascii_lowercase().as_str() {
        "token" => !secret.is_empty() && !is_token && !secret.starts_with("bad"),
        "bearer" => is_token,
        _ => false,
    };
    if good { Ok(()) } else { Err(Refusal::bad_key()) }
}

/// The subprotocol a browser must get back, when it sent its key as one.
pub(super) fn subprotocol(headers: &HeaderMap) -> Option<String> {
    let protocols = headers.get(SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?;
    protocols.split(',').next().map(|first| first.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn verdict(name: HeaderName, value: &'static str) -> bool {
        check(&HeaderMap::from_iter([(name, HeaderValue::from_static(value))])).is_ok()
    }

    #[test]
    fn a_key_is_a_token_and_a_jwt_is_a_bearer() {
        assert!(verdict(AUTHORIZATION, "Token abc"));
        assert!(verdict(AUTHORIZATION, "token abc"));
        assert!(verdict(AUTHORIZATION, "Bearer a.b.c"));
        assert!(verdict(SEC_WEBSOCKET_PROTOCOL, "token, abc"));
        for wrong in ["Bearer abc", "Token a.b.c", "Token ", "Basic abc", "abc", "Token bad-key"] {
            assert!(!verdict(AUTHORIZATION, wrong), "{wrong}");
        }
        assert!(check(&HeaderMap::new()).is_err());
    }
}
