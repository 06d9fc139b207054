//! Who may ask for speech, and how often.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::HeaderMap;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::time::Instant;

use super::problem::Problem;
use crate::web::access::presented;
use crate::web::tokens::{self, Grant, NotTrusted, Tokens};

/// Clients whose rate is remembered at most. Past that those are forgotten who have not asked for a while.
const RATES_MAX: usize = 10_000;

/// A client's key.
pub struct Key {
    /// What whoever has it may do.
    pub grant: Grant,
    /// What shows that it is them.
    pub secret: String,
}

/// Those who may ask.
pub struct Clients {
    known: Vec<(Grant, [u8; 32])>,
    tokens: Option<Tokens>,
    /// Whether somebody without a key is let in, too.
    open: bool,
    /// Between one request of a client and the next, in the long run.
    every: Duration,
    /// How far a client may be ahead of that.
    burst: Duration,
    /// By client: when its next request would come if all came evenly.
    next: Mutex<BTreeMap<String, Instant>>,
}

impl Clients {
    /// Clients with these keys or with tokens, each with so many requests a second, and twice as many at once. `open`
    /// lets everybody in where there is neither.
    pub fn new(keys: Vec<Key>, tokens: Option<Tokens>, open: bool, requests_per_s: usize) -> Self {
        let open = open && keys.is_empty() && tokens.is_none();
        let known = keys.into_iter().map(|key| (key.grant, Sha256::digest(key.secret).into())).collect();
        let every = Duration::from_secs(1) / u32::try_from(requests_per_s.max(1)).unwrap_or(u32::MAX);
        Self { known, tokens, open, every, burst: Duration::from_secs(2), next: Mutex::default() }
    }

    /// Who asks, if they may and may now. Somebody without a name is let in by an open door.
    pub(super) fn admit(&self, headers: &HeaderMap, now: Instant) -> Result<Grant, Problem> {
        if self.open {
            return Ok(Grant::default());
        }
        let presented = presented(headers).ok_or(Problem::NotKnown)?;
        let grant = match (self.find(presented), &self.tokens) {
            (Some(grant), _) => grant.clone(),
            (None, Some(tokens)) if tokens::is_meant(presented) => tokens.check(presented)?,
            (None, None) if tokens::is_meant(presented) => return Err(NotTrusted::NoSecret.into()),
            (None, _) => return Err(Problem::NotKnown),
        };
        self.take_turn(&grant.client, now)?;
        Ok(grant)
    }

    fn take_turn(&self, client: &str, now: Instant) -> Result<(), Problem> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let due = next.get(client).map_or(now, |next| (*next).max(now));
        if due > now + self.burst {
            let after_s = (due - now - self.burst).as_secs_f64().ceil() as u64;
            return Err(Problem::TooOften { after_s: after_s.max(1) });
        }
        match next.get_mut(client) {
            Some(next) => *next = due + self.every,
            None => {
                if next.len() >= RATES_MAX {
                    next.retain(|_, next| *next > now);
                }
                next.insert(client.to_owned(), due + self.every);
            }
        }
        Ok(())
    }

    /// Every key is compared, and whole: how long this takes tells nothing.
    fn find(&self, secret: &str) -> Option<&Grant> {
        let digest: [u8; 32] = Sha256::digest(secret).into();
        self.known.iter().fold(None, |found, (grant, known)| {
            let is_it = bool::from(known.ct_eq(&digest));
            if is_it { Some(grant) } else { found }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"a secret that has at least thirty-two characters";

    fn grant(client: &str) -> Grant {
        Grant { client: client.into(), ssml: false }
    }

    fn clients(requests_per_s: usize) -> Clients {
        let key = |client: &str, secret: &str| Key { grant: grant(client), secret: secret.into() };
        let tokens = Tokens::new(SECRET, std::sync::Arc::new(|| 0));
        Clients::new(vec![key("ivr", "one"), key("worker", "two")], Some(tokens), true, requests_per_s)
    }

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        [(axum::http::HeaderName::from_static(name), value.parse().expect("a header"))].into_iter().collect()
    }

    #[test]
    fn a_client_is_known_by_its_key_and_by_nothing_else() {
        let (clients, now) = (clients(10), Instant::now());
        assert_eq!(clients.admit(&headers("authorization", "Bearer one"), now), Ok(grant("ivr")));
        assert_eq!(clients.admit(&headers("authorization", "bearer two"), now), Ok(grant("worker")));
        assert_eq!(clients.admit(&headers("x-api-key", "two"), now), Ok(grant("worker")));
        for (name, value) in [("authorization", "Bearer three"), ("authorization", "one"), ("x-api-key", "ivr")] {
            assert_eq!(clients.admit(&headers(name, value), now), Err(Problem::NotKnown), "{name}: {value}");
        }
        assert_eq!(clients.admit(&HeaderMap::new(), now), Err(Problem::NotKnown));
    }

    #[test]
    fn without_any_key_the_door_is_open_only_where_it_may_be() {
        let now = Instant::now();
        let open = |tokens, open| Clients::new(Vec::new(), tokens, open, 10).admit(&HeaderMap::new(), now);
        assert_eq!(open(None, true), Ok(grant("")));
        assert_eq!(open(None, false), Err(Problem::NotKnown));
        assert_eq!(open(Some(Tokens::new(SECRET, std::sync::Arc::new(|| 0))), true), Err(Problem::NotKnown));
    }

    #[test]
    fn a_token_is_as_good_as_a_key_and_has_the_same_rate() {
        let (clients, now) = (clients(10), Instant::now());
        let token = tokens::issue(SECRET, &grant("ivr"), 0, Duration::from_secs(60));
        let ask = |value: &str| clients.admit(&headers("authorization", &format!("Bearer {value}")), now);
        assert_eq!(ask(&token), Ok(grant("ivr")));
        assert_eq!((0..30).filter(|_| ask("one").is_ok()).count(), 20);
        assert_eq!(ask(&token), Err(Problem::TooOften { after_s: 1 }));
        let other = tokens::issue(b"another secret", &grant("ivr"), 0, Duration::from_secs(60));
        assert_eq!(ask(&other), Err(Problem::Token(NotTrusted::NotSigned)));
        let keys_only = Clients::new(Vec::new(), None, false, 10);
        let refused = keys_only.admit(&headers("authorization", &format!("Bearer {token}")), now);
        assert_eq!(refused, Err(Problem::Token(NotTrusted::NoSecret)));
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
