//! `X-Twilio-Signature`: whether a request comes from who holds the account's auth token.
//!
//! The rules are Twilio's ("Webhooks security", read 2026-10): the token keys an HMAC-SHA1 over the address as it is
//! configured at Twilio, followed by the form's fields in order of their names. There is no time and no nonce in it, so
//! a request can be played again; tickets make sure that a stream cannot.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// The header that carries the signature.
pub const HEADER: &str = "x-twilio-signature";

/// The account's primary auth token, ready to check signatures. It never prints.
#[derive(Clone)]
pub struct AuthToken {
    keyed: Hmac<Sha1>,
}

impl fmt::Debug for AuthToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthToken(hidden)")
    }
}

/// A request as far as the signature is concerned.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// How it was asked.
    pub method: &'a Method,
    /// What was asked for: `/voice?a=b`, as it stood in the request.
    pub path_and_query: &'a str,
    /// The body's `Content-Type`; empty when there was none.
    pub content_type: &'a str,
    /// The body, byte by byte.
    pub body: &'a [u8],
    /// Whether this is a WebSocket upgrade, which is signed with `wss` in place of `https`.
    pub upgrade: bool,
    /// The signature's header; `None` when it is missing.
    pub signature: Option<&'a str>,
}

/// Why a request is not believed. The texts are for the log and for who set Frontdesk up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSigned {
    /// No signature at all.
    #[error("X-Twilio-Signature is missing. Only Twilio may call {0}; unset TWILIO_AUTH_TOKEN to try things by hand")]
    Missing(String),
    /// A signature of something else.
    #[error(
        "X-Twilio-Signature does not match. It was expected to sign {0}; PUBLIC_URL must be the address that is \
         configured at Twilio, and TWILIO_AUTH_TOKEN the account's primary auth token"
    )]
    Mismatch(String),
    /// A body that the signature does not cover, or another than the one it covers.
    #[error("the body is not what was signed: a body that is no form must match bodySHA256 in the query of {0}")]
    Body(String),
}

impl AuthToken {
    /// Takes the token as it stands in Twilio's console.
    pub fn new(token: &str) -> Self {
        Self { keyed: Hmac::new_from_slice(token.as_bytes()).expect("HMAC takes a key of any length") }
    }

    /// Checks a request against the addresses it may have been signed with.
    ///
    /// `bases` are scheme, host and port, without a slash at the end: what `PUBLIC_URL` says, or what the request makes
    /// probable when there is none. Each is tried as it is, without its port and with the port that goes without saying,
    /// as Twilio's own libraries do; an upgrade also with and without a slash at its end.
    pub fn check(&self, bases: &[String], request: Signed) -> Result<(), NotSigned> {
        let urls: Vec<String> = bases.iter().flat_map(|base| addresses(base, request)).collect();
        let expected = || urls.first().cloned().unwrap_or_default();
        let signature = request.signature.ok_or_else(|| NotSigned::Missing(expected()))?;
        let signature = STANDARD.decode(signature).map_err(|_| NotSigned::Mismatch(expected()))?;
        let fields = signed_fields(request).ok_or_else(|| NotSigned::Body(expected()))?;
        // Every address is tried, whichever matches, so that the time taken says nothing.
        let matching = urls.iter().filter(|url| self.signs(url, &fields, &signature)).count();
        if matching > 0 { Ok(()) } else { Err(NotSigned::Mismatch(expected())) }
    }

    fn signs(&self, url: &str, fields: &str, signature: &[u8]) -> bool {
        self.keyed.clone().chain_update(url).chain_update(fields).verify_slice(signature).is_ok()
    }
}

/// What follows the address in what is signed; `None` when the body is not covered.
fn signed_fields(request: Signed) -> Option<String> {
    if request.method != Method::POST || request.body.is_empty() {
        return Some(String::new());
    }
    if request.content_type.starts_with("application/x-www-form-urlencoded") {
        return Some(fields_in_order(request.body));
    }
    let query = request.path_and_query.split_once('?').map_or("", |(_, query)| query);
    let digest = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "bodySHA256")?.1;
    let body = format!("{:x}", Sha256::digest(request.body));
    body.eq_ignore_ascii_case(&digest).then(String::new)
}

/// Names and values in the order of their bytes. A name that comes several times stands once for each value it has.
fn fields_in_order(form: &[u8]) -> String {
    let mut fields: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(form) {
        fields.entry(name).or_default().insert(value);
    }
    let pairs =
        fields.iter().flat_map(|(name, values)| values.iter().map(move |value| [name.as_ref(), value.as_ref()]));
    pairs.flatten().collect()
}

/// Every way in which the address of a request may have been written when it was signed.
fn addresses(base: &str, request: Signed) -> Vec<String> {
    let (scheme, rest) = base.split_once("://").unwrap_or(("https", base));
    let (authority, prefix) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (name, port) = split_port(host);
    let scheme = match (request.upgrade, scheme) {
        (true, "http") => "ws",
        (true, _) => "wss",
        (false, scheme) => scheme,
    };
    let default_port = if matches!(scheme, "http" | "ws") { "80" } else { "443" };
    let with_port = format!("{name}:{}", port.unwrap_or(default_port));
    let mut addresses = Vec::new();
    for path in paths(request) {
        for host in [authority, name, &with_port] {
            let address = format!("{scheme}://{host}{prefix}{path}");
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
    }
    addresses
}

fn paths(request: Signed) -> Vec<String> {
    let path = request.path_and_query;
    if !request.upgrade || path.contains('?') {
        return vec![path.to_owned()];
    }
    let bare = path.trim_end_matches('/');
    vec![bare.to_owned(), format!("{bare}/")]
}

fn split_port(host: &str) -> (&str, Option<&str>) {
    // An IPv6 address has colons of its own, inside brackets.
    match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (host, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "application/x-www-form-urlencoded";
    const CALL: &[u8] =
        b"To=%2B18005551212&CallSid=CA1234567890ABCDE&Caller=%2B14158675310&Digits=1234&From=%2B14158675310";

    fn post<'a>(path_and_query: &'a str, body: &'a [u8], signature: &'a str) -> Signed<'a> {
        let signature = Some(signature);
        Signed { method: &Method::POST, path_and_query, content_type: FORM, body, upgrade: false, signature }
    }

    fn upgrade<'a>(path_and_query: &'a str, signature: &'a str) -> Signed<'a> {
        Signed { method: &Method::GET, upgrade: true, content_type: "", ..post(path_and_query, b"", signature) }
    }

    fn check(base: &str, request: Signed) -> Result<(), NotSigned> {
        AuthToken::new("12345").check(&[base.to_owned()], request)
    }

    fn sign(url: &str, fields: &str) -> String {
        let mac = AuthToken::new("12345").keyed.chain_update(url).chain_update(fields).finalize();
        STANDARD.encode(mac.into_bytes())
    }

    #[test]
    fn signatures_of_twilios_own_examples_are_believed() {
        let path = "/myapp.php?foo=1&bar=2";
        assert_eq!(check("https://example.com", post(path, CALL, "L/OH5YylLD5NRKLltdqwSvS0BnU=")), Ok(()));
        let other = String::from_utf8_lossy(CALL).replace("14158675310", "12349013030");
        let request = post(path, other.as_bytes(), "0/KCTR6DLpKmkAf8muzZqo1nDgQ=");
        assert_eq!(check("https://mycompany.com", request), Ok(()));
    }

    #[test]
    fn an_upgrade_is_signed_as_wss_with_or_without_a_slash() {
        for path in ["/media", "/media/"] {
            for signature in ["7PR3qMkpDyEJtMrVOY/LDyNq8J8=", "T+WBXwUXC0/CyoZ1DA+p9ilZORs="] {
                assert_eq!(check("https://example.com", upgrade(path, signature)), Ok(()), "{path} {signature}");
            }
        }
    }

    #[test]
    fn a_json_body_is_covered_by_its_digest() {
        let path = "/hook?bodySHA256=015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862";
        let signature = "2e7mH/NA6FwzvUqLZxhsETU/4bw=";
        let json = |body| Signed { content_type: "application/json", ..post(path, body, signature) };
        assert_eq!(check("https://example.com", json(b"{\"a\":1}")), Ok(()));
        assert!(matches!(check("https://example.com", json(b"{\"a\":2}")), Err(NotSigned::Body(_))));
        let bare = Signed { path_and_query: "/hook", ..json(b"{\"a\":1}") };
        assert!(matches!(check("https://example.com", bare), Err(NotSigned::Body(_))));
    }

    #[test]
    fn a_get_is_its_address_and_nothing_else() {
        let signature = sign("https://example.com/voice?CallSid=CA1&From=%2B1", "");
        let request = Signed { method: &Method::GET, ..post("/voice?CallSid=CA1&From=%2B1", b"", &signature) };
        assert_eq!(check("https://example.com", request), Ok(()));
    }

    #[test]
    fn fields_are_ordered_by_bytes_and_doubles_counted_once() {
        assert_eq!(fields_in_order(b"b=2&a=2&a=1&a=2&B=+x%20&c="), "B x a1a2b2c");
        let signature = sign("https://example.com/voice", "a1a2");
        assert_eq!(check("https://example.com", post("/voice", b"a=2&a=1&a=2", &signature)), Ok(()));
    }

    #[test]
    fn ports_and_users_may_be_left_out_of_what_was_signed() {
        for signed in ["https://example.com/voice", "https://example.com:443/voice", "https://u:p@example.com/voice"] {
            assert_eq!(check("https://u:p@example.com", post("/voice", b"", &sign(signed, ""))), Ok(()), "{signed}");
        }
        let request = |signature: &str| check("https://example.com:8443", post("/voice", b"", signature));
        assert_eq!(request(&sign("https://example.com/voice", "")), Ok(()));
        assert_eq!(request(&sign("https://example.com:8443/voice", "")), Ok(()));
        assert!(request(&sign("https://example.com:9999/voice", "")).is_err());
        let local = check("http://[::1]:3000", post("/voice", b"", &sign("http://[::1]:3000/voice", "")));
        assert_eq!(local, Ok(()));
    }

    #[test]
    fn a_base_may_have_a_path_of_its_own() {
        let request = post("/voice", b"", "x");
        assert_eq!(addresses("https://example.com/desk", request)[0], "https://example.com/desk/voice");
    }

    #[test]
    fn what_is_not_signed_is_refused_with_the_address_that_was_expected() {
        let good = "L/OH5YylLD5NRKLltdqwSvS0BnU=";
        let path = "/myapp.php?foo=1&bar=2";
        let missing = Signed { signature: None, ..post(path, CALL, good) };
        assert!(matches!(check("https://example.com", missing), Err(NotSigned::Missing(_))));
        for signature in ["", "nonsense", "****", "MDAwMDAwMDAwMDAwMDAwMDAwMDA="] {
            let refused = check("https://example.com", post(path, CALL, signature)).expect_err("no signature");
            assert!(refused.to_string().contains("https://example.com/myapp.php?foo=1&bar=2"), "{refused}");
        }
        assert!(check("https://example.org", post(path, CALL, good)).is_err(), "another host");
        assert!(check("https://example.com", post("/myapp.php?foo=1", CALL, good)).is_err(), "another query");
        assert!(check("https://example.com", post(path, &CALL[1..], good)).is_err(), "another field");
        assert!(AuthToken::new("54321").check(&["https://example.com".to_owned()], post(path, CALL, good)).is_err());
    }

    #[test]
    fn the_token_never_prints() {
        assert_eq!(format!("{:?}", AuthToken::new("12345")), "AuthToken(hidden)");
    }
}
