//! Addresses of phrases: signed, so that nobody plays what they were not given, and good for a time.

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use engine::audio::format::Format;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::WallMs;
use super::problem::Problem;

/// Makes addresses and checks them.
pub struct Links {
    keyed: Hmac<Sha256>,
    good_for_s: u64,
    wall_ms: WallMs,
}

/// What an address brings to show that it is one of ours.
#[derive(Debug, Default)]
pub(super) struct Proof {
    expires: u64,
    signature: String,
}

impl Proof {
    /// What a query brings; of what it does not bring, nothing.
    pub(super) fn of(query: &str) -> Self {
        let mut proof = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "expires" => proof.expires = value.parse().unwrap_or_default(),
                "signature" => proof.signature = value.into_owned(),
                _ => {}
            }
        }
        proof
    }
}

impl Links {
    /// Addresses that are signed with this secret and good for so many seconds.
    pub fn new(secret: &[u8], good_for_s: u64, wall_ms: WallMs) -> Self {
        let keyed = Hmac::new_from_slice(secret).expect("a key of any length will do");
        Self { keyed, good_for_s, wall_ms }
    }

    /// Where a phrase can be played from now on, seen from our own address.
    pub(super) fn path(&self, id: &str, format: Format) -> String {
        let (name, expires) = (format!("{id}.{}", format.extension()), self.now_s() + self.good_for_s);
        let signature = URL_SAFE_NO_PAD.encode(self.mac(&name, expires).finalize().into_bytes());
        format!("/audio/{name}?expires={expires}&signature={signature}")
    }

    /// The id of a name, and for how many more seconds it may be played.
    pub(super) fn check<'a>(&self, name: &'a str, proof: &Proof) -> Result<(&'a str, u64), Problem> {
        let signature = URL_SAFE_NO_PAD.decode(&proof.signature).map_err(|_| Problem::NotSigned)?;
        self.mac(name, proof.expires).verify_slice(&signature).map_err(|_| Problem::NotSigned)?;
        let left_s = proof.expires.checked_sub(self.now_s()).filter(|left_s| *left_s > 0).ok_or(Problem::Expired)?;
        let (id, _) = name.split_once('.').ok_or(Problem::NotSigned)?;
        Ok((id, left_s))
    }

    fn mac(&self, name: &str, expires: u64) -> Hmac<Sha256> {
        self.keyed.clone().chain_update(name).chain_update("\n").chain_update(expires.to_string())
    }

    fn now_s(&self) -> u64 {
        u64::try_from((self.wall_ms)() / 1_000).unwrap_or(0)
    }
}

/// Whether a client has the very thing already (RFC 9110, section 13.1.2).
pub(super) fn has_already(headers: &HeaderMap, etag: &str) -> bool {
    let known = headers.get("if-none-match").and_then(|value| value.to_str().ok()).unwrap_or_default();
    known.split(',').map(|tag| tag.trim().trim_start_matches("W/")).any(|tag| tag == etag || tag == "*")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    #[test]
    fn an_address_is_good_until_it_expires_and_only_as_it_was_given() {
        let wall_ms = Arc::new(AtomicI64::new(1_000_000));
        let clock = Arc::clone(&wall_ms);
        let links = Links::new(b"secret", 60, Arc::new(move || clock.load(Ordering::Relaxed)));
        let path = links.path("ab12", Format::Mp3);
        let (name, query) = path.strip_prefix("/audio/").and_then(|rest| rest.split_once('?')).expect("a query");
        let (expires, signature) = query.split_once("&signature=").expect("a signature");
        assert_eq!((name, expires), ("ab12.mp3", "expires=1060"));
        let proof = |expires, signature: &str| Proof { expires, signature: signature.to_owned() };
        assert_eq!(links.check(name, &proof(1_060, signature)), Ok(("ab12", 60)));
        assert_eq!(links.check(name, &proof(1_061, signature)), Err(Problem::NotSigned));
        assert_eq!(links.check("cd34.mp3", &proof(1_060, signature)), Err(Problem::NotSigned));
        assert_eq!(links.check(name, &Proof::default()), Err(Problem::NotSigned));
        let other = Links::new(b"other", 60, Arc::new(|| 1_000_000));
        assert_eq!(other.check(name, &proof(1_060, signature)), Err(Problem::NotSigned));
        wall_ms.store(1_060_000, Ordering::Relaxed);
        assert_eq!(links.check(name, &proof(1_060, signature)), Err(Problem::Expired));
    }
}
