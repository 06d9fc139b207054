//! Who may ask for speech, and how often.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::time::Instant;

use super::problem::Problem;

/// A client's key.
pub struct Key {
    /// Who it is; stands in logs.
    pub client: String,
    /// What shows that it is them.
    pub secret: String,
}

/// Those who may ask.
pub struct Clients {
    known: Vec<Client>,
    /// Whether somebody without a key is let in, too.
    open: bool,
    /// Between one request of a client and the next, in the long run.
    every: Duration,
    /// How far a client may be ahead of that.
    burst: Duration,
}

struct Client {
    name: String,
    digest: [u8; 32],
    /// When the next request would come if all came evenly.
    next: Mutex<Option<Instant>>,
}

impl Clients {
    /// Clients with these keys, each with so many requests a second, and twice as many at once. `open` lets everybody in
    /// where there is no key at all.
    pub fn new(keys: Vec<Key>, open: bool, requests_per_s: usize) -> Self {
        let open = open && keys.is_empty();
        let known = keys.into_iter().map(|key| Client {
            name: key.client,
            digest: Sha256::digest(key.secret).into(),
            next: Mutex::default(),
        });
        let every = Duration::from_secs(1) / u32::try_from(requests_per_s.max(1)).unwrap_or(u32::MAX);
        Self { known: known.collect(), open, every, burst: Duration::from_secs(2) }
    }

    /// Who asks, if they may and may now. Somebody without a name is let in by an open door.
    pub(super) fn admit(&self, headers: &HeaderMap, now: Instant) -> Result<&str, Problem> {
        if self.open {
            return Ok("");
        }
        let client = self.find(presented(headers).ok_or(Problem::NotKnown)?).ok_or(Problem::NotKnown)?;
        let mut next = client.next.lock().unwrap_or_else(PoisonError::into_inner);
        let due = next.map_or(now, |next| next.max(now));
        if due > now + self.burst {
            let after_s = (due - now - self.burst).as_secs_f64().ceil() as u64;
            return Err(Problem::TooOften { after_s: after_s.max(1) });
        }
        *next = Some(due + self.every);
        Ok(&client.name)
    }

    /// Every key is compared, and whole: how long this takes tells nothing.
    fn find(&self, secret: &str) -> Option<&Client> {
        let digest: [u8; 32] = Sha256::digest(secret).into();
        self.known.iter().fold(None, |found, client| {
            let is_it = bool::from(client.digest.ct_eq(&digest));
            if is_it { Some(client) } else { found }
        })
    }
}

fn presented(headers: &HeaderMap) -> Option<&str> {
    let text = |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
    let bearer = text(AUTHORIZATION.as_str()).and_then(|value| value.split_once(' '));
    let bearer = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, key)| key.trim());
    bearer.or_else(|| text("x-api-key"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clients(requests_per_s: usize) -> Clients {
        let key = |client: &str, secret: &str| Key { client: client.into(), secret: secret.into() };
        Clients::new(vec![key("ivr", "one"), key("worker", "two")], true, requests_per_s)
    }

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        [(axum::http::HeaderName::from_static(name), value.parse().expect("a header"))].into_iter().collect()
    }

    #[test]
    fn a_client_is_known_by_its_key_and_by_nothing_else() {
        let (clients, now) = (clients(10), Instant::now());
        assert_eq!(clients.admit(&headers("authorization", "Bearer one"), now), Ok("ivr"));
        assert_eq!(clients.admit(&headers("authorization", "bearer two"), now), Ok("worker"));
        assert_eq!(clients.admit(&headers("x-api-key", "two"), now), Ok("worker"));
        for (name, value) in [("authorization", "Bearer three"), ("authorization", "one"), ("x-api-key", "ivr")] {
            assert_eq!(clients.admit(&headers(name, value), now), Err(Problem::NotKnown), "{name}: {value}");
        }
        assert_eq!(clients.admit(&HeaderMap::new(), now), Err(Problem::NotKnown));
    }

    #[test]
    fn without_any_key_the_door_is_open_only_where_it_may_be() {
        let now = Instant::now();
        assert_eq!(Clients::new(Vec::new(), true, 10).admit(&HeaderMap::new(), now), Ok(""));
        assert_eq!(Clients::new(Vec::new(), false, 10).admit(&HeaderMap::new(), now), Err(Problem::NotKnown));
    }

    #[test]
    fn a_burst_is_answered_and_then_the_rate_holds_for_each_client_alone() {
        let (clients, now) = (clients(10), Instant::now());
        let ask = |value, at| clients.admit(&headers("x-api-key", value), at).map(|_| ());
        assert_eq!((0..30).filter(|_| ask("one", now).is_ok()).count(), 21);
        assert_eq!(ask("one", now), Err(Problem::TooOften { after_s: 1 }));
        assert!(ask("two", now).is_ok());
        let later = now + Duration::from_millis(100);
        assert!(ask("one", later).is_ok() && ask("one", later).is_err());
    }
}
