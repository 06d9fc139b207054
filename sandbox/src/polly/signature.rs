//! AWS's signature, version 4, as whoever is asked checks it
//! (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).

use std::fmt::Write as _;

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, Uri};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use super::SECRET_ACCESS_KEY;
use super::refusal::Refusal;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What a client says about its signature.
struct Said<'a> {
    access_key: &'a str,
    /// `20260102/eu-west-1/polly/aws4_request`.
    scope: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

/// Whether a request was signed by somebody who knows the secret.
pub(super) fn check(method: &str, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Result<(), Refusal> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let missing = || Refusal::new(403, "MissingAuthenticationTokenException", "Missing Authentication Token");
    let authorization = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).ok_or_else(missing)?;
    let incomplete = || Refusal::new(403, "IncompleteSignatureException", "The Authorization header is not complete.");
    let said = Said::read(authorization).ok_or_else(incomplete)?;
    if said.access_key.is_empty() || said.access_key.starts_with("bad") {
        let message = "The security token included in the request is invalid.";
        return Err(Refusal::new(403, "UnrecognizedClientException", message));
    }
    let date = text("x-amz-date");
    let names: Vec<&str> = said.signed_headers.split(';').collect();
    let parts: Vec<&str> = said.scope.split('/').collect();
    let [day, region, "polly", "aws4_request"] = parts[..] else { return Err(incomplete()) };
    if !names.contains(&"host") || !names.contains(&"x-amz-date") || date.len() != 16 || !date.starts_with(day) {
        return Err(incomplete());
    }
    let request = canonical(method, uri, headers, &names, body);
    let to_sign = format!("{ALGORITHM}\n{date}\n{}\n{}", said.scope, hex(&Sha256::digest(request)));
    if hex(&signed(day, region, to_sign.as_bytes())) == said.signature {
        return Ok(());
    }
    let message = "The request signature we calculated does not match the signature you provided.";
    Err(Refusal::new(403, "SignatureDoesNotMatch", message))
}

impl<'a> Said<'a> {
    fn read(authorization: &'a str) -> Option<Self> {
        let rest = authorization.strip_prefix(ALGORITHM)?;
        let of = |name: &str| rest.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
        let (access_key, scope) = of("Credential")?.split_once('/')?;
        Some(Self { access_key, scope, signed_headers: of("SignedHeaders")?, signature: of("Signature")? })
    }
}

fn canonical(method: &str, uri: &Uri, headers: &HeaderMap, names: &[&str], body: &[u8]) -> String {
    let mut query: Vec<&str> = uri.query().unwrap_or_default().split('&').filter(|part| !part.is_empty()).collect();
    query.sort_unstable();
    let mut request = format!("{method}\n{}\n{}\n", uri.path(), query.join("&"));
    for name in names {
        let value = headers.get(*name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        writeln!(request, "{name}:{value}").expect("a string takes any text");
    }
    write!(request, "\n{}\n{}", names.join(";"), hex(&Sha256::digest(body))).expect("a string takes any text");
    request
}

fn signed(day: &str, region: &str, to_sign: &[u8]) -> Vec<u8> {
    let key = format!("AWS4{SECRET_ACCESS_KEY}").into_bytes();
    [day.as_bytes(), region.as_bytes(), b"polly", b"aws4_request", to_sign]
        .iter()
        .fold(key, |key, part| mac(&key, part))
}

fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length will do");
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string takes any text");
        hex
    })
}
