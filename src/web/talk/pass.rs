//! What lets somebody open a session: a JSON Web Token (RFC 7519), signed with our secret (HS256) or by the owner of a key
//! that we were given (RS256, EdDSA). The algorithm is never taken from the token alone: each key knows its own.
//!
//! ```json
//! { "sub": "visitor-17", "aud": "frontdesk-voice", "tenant": "Harbor Street Barbers", "jti": "4b1c…",
//!   "session_s": 600, "sessions": 2, "iat": 1796000000, "exp": 1796000060 }
//! ```
//!
//! `jti` makes it good once; `session_s` bounds how long its session may go on, `sessions` how many its visitor may have.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use crate::web::speech::WallMs;
use crate::web::tokens::is_client;

/// Whom passes are for.
const AUDIENCE: &str = "frontdesk-voice";

/// How long a pass is good that our own page is given.
pub(super) const GOOD_FOR: Duration = Duration::from_secs(60);

/// How far the clocks of whoever issues and whoever checks may be apart.
const CLOCKS_APART_MS: i64 = 30_000;

/// Passes that were used and are remembered at most; past that the ones that expire first are forgotten.
const USED_MAX: usize = 50_000;

/// Who may open a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// Who it is; stands in the call's record.
    pub visitor: String,
    /// Whose visitor it is.
    pub tenant: String,
    /// How long the session may go on.
    pub longest: Option<Duration>,
    /// How many the visitor may have at once.
    pub sessions_max: Option<usize>,
}

/// Why a token opens no session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAdmitted {
    /// None came.
    #[error("it brought no token")]
    Missing,
    /// Its time is over.
    #[error("its token has expired")]
    Expired,
    /// Its time has not come.
    #[error("its token is not good yet")]
    Early,
    /// Not signed by anybody we know.
    #[error("its token is not signed by anybody known here")]
    Forged,
    /// For somebody else.
    #[error("its token is for another service")]
    Audience,
    /// For another business.
    #[error("its token is for another business")]
    Tenant,
    /// It opened a session before.
    #[error("its token was used before")]
    Used,
    /// Something must be in it and is not.
    #[error("its token lacks who it is for, or cannot be read")]
    Unreadable,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
    aud: Audience,
    tenant: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session_s: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sessions: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<f64>,
    exp: f64,
}

/// One name or several (RFC 7519, section 4.1.3).
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// A key of somebody else who signs passes.
pub struct PublicKey {
    key: DecodingKey,
    algorithm: Algorithm,
}

impl PublicKey {
    /// Reads one in PEM, of RSA or of Ed25519; none where it is neither.
    pub fn parse(pem: &[u8]) -> Option<Self> {
        let rsa = || DecodingKey::from_rsa_pem(pem).ok().map(|key| Self { key, algorithm: Algorithm::RS256 });
        let ed = || DecodingKey::from_ed_pem(pem).ok().map(|key| Self { key, algorithm: Algorithm::EdDSA });
        rsa().or_else(ed)
    }
}

/// Issues and checks passes.
pub struct Passes {
    signing: EncodingKey,
    keys: Vec<PublicKey>,
    wall_ms: WallMs,
    /// Passes that were used, by when they expire: milliseconds since 1970, and their id.
    used: Mutex<BTreeMap<(i64, String), ()>>,
}

impl Passes {
    /// Passes that are signed with this secret, or with one that ends with the process; and those that the owner of a
    /// public key signs.
    pub fn new(secret: Option<&[u8]>, public_key: Option<PublicKey>, wall_ms: WallMs) -> Self {
        let secret = secret.map_or_else(|| rand::random::<[u8; 32]>().to_vec(), <[u8]>::to_vec);
        let own = PublicKey { key: DecodingKey::from_secret(&secret), algorithm: Algorithm::HS256 };
        let keys = std::iter::once(own).chain(public_key).collect();
        Self { signing: EncodingKey::from_secret(&secret), keys, wall_ms, used: Mutex::default() }
    }

    /// A pass for one session of somebody who talks from a page.
    pub(super) fn issue(&self, tenant: &str) -> String {
        let id = format!("{:032x}", rand::random::<u128>());
        let exp = (self.wall_ms)() as f64 / 1_000.0 + GOOD_FOR.as_secs_f64();
        let claims = Claims {
            sub: format!("page-{}", &id[..12]),
            aud: Audience::One(AUDIENCE.to_owned()),
            tenant: tenant.to_owned(),
            jti: Some(id),
            session_s: None,
            sessions: None,
            nbf: None,
            exp: exp.floor(),
        };
        let header = Header::new(Algorithm::HS256);
        jsonwebtoken::encode(&header, &claims, &self.signing).expect("plain claims are signed with any secret")
    }

    /// Who a token is for, who may talk to a business that is ours. A token with an id is used up by that.
    ///
    /// # Errors
    /// Why it opens no session.
    pub(super) fn redeem(&self, token: Option<&str>, is_ours: impl Fn(&str) -> bool) -> Result<Pass, NotAdmitted> {
        let token = token.filter(|token| !token.is_empty()).ok_or(NotAdmitted::Missing)?;
        let claims = self.read(token)?;
        let now_ms = (self.wall_ms)();
        let expires_ms = (claims.exp * 1_000.0) as i64;
        let of_us = |name: &String| name == AUDIENCE;
        if !match &claims.aud {
            Audience::One(name) => of_us(name),
            Audience::Several(names) => names.iter().any(of_us),
        } {
            return Err(NotAdmitted::Audience);
        }
        if expires_ms.saturating_add(CLOCKS_APART_MS) <= now_ms {
            return Err(NotAdmitted::Expired);
        }
        if claims.nbf.is_some_and(|nbf| (nbf * 1_000.0) as i64 - CLOCKS_APART_MS > now_ms) {
            return Err(NotAdmitted::Early);
        }
        if !is_ours(&claims.tenant) {
            return Err(NotAdmitted::Tenant);
        }
        if !is_client(&claims.sub) {
            return Err(NotAdmitted::Unreadable);
        }
        if let Some(id) = claims.jti {
            self.use_up(id, expires_ms, now_ms)?;
        }
        Ok(Pass {
            visitor: claims.sub,
            tenant: claims.tenant,
            longest: claims.session_s.map(Duration::from_secs),
            sessions_max: claims.sessions,
        })
    }

    /// By the one key whose algorithm the token names. Times and audience are compared by us, with our own clock.
    fn read(&self, token: &str) -> Result<Claims, NotAdmitted> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| NotAdmitted::Unreadable)?;
        let known = self.keys.iter().find(|known| known.algorithm == header.alg).ok_or(NotAdmitted::Forged)?;
        let mut validation = Validation::new(known.algorithm);
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.set_required_spec_claims::<&str>(&[]);
        let read = jsonwebtoken::decode::<Claims>(token, &known.key, &validation);
        read.map(|read| read.claims).map_err(|error| match error.into_kind() {
            jsonwebtoken::errors::ErrorKind::InvalidSignature => NotAdmitted::Forged,
            _ => NotAdmitted::Unreadable,
        })
    }

    fn use_up(&self, id: String, expires_ms: i64, now_ms: i64) -> Result<(), NotAdmitted> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        while used.first_key_value().is_some_and(|((expires_ms, _), ())| expires_ms + CLOCKS_APART_MS <= now_ms) {
            used.pop_first();
        }
        if used.len() >= USED_MAX {
            used.pop_first();
        }
        match used.insert((expires_ms, id), ()) {
            None => Ok(()),
            Some(()) => Err(NotAdmitted::Used),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use serde_json::{Value, json};

    use super::*;

    const SECRET: &[u8] = b"a secret that has at least thirty-two characters";
    const BUSINESS: &str = "Harbor Street Barbers";

    fn is_ours(business: &str) -> bool {
        business == BUSINESS
    }

    fn passes() -> (Passes, Arc<AtomicI64>) {
        let wall_ms = Arc::new(AtomicI64::new(1_000_000_000));
        let clock = Arc::clone(&wall_ms);
        (Passes::new(Some(SECRET), None, Arc::new(move || clock.load(Ordering::Relaxed))), wall_ms)
    }

    fn signed(claims: &Value) -> String {
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &EncodingKey::from_secret(SECRET)).expect("signed")
    }

    #[test]
    fn a_pass_of_ours_opens_one_session_within_its_minute() {
        let (passes, wall_ms) = passes();
        let token = passes.issue(BUSINESS);
        let pass = passes.redeem(Some(&token), is_ours).expect("a pass");
        assert!(pass.visitor.starts_with("page-") && pass.tenant == BUSINESS, "{pass:?}");
        assert_eq!(passes.redeem(Some(&token), is_ours), Err(NotAdmitted::Used));
        let late = passes.issue(BUSINESS);
        wall_ms.fetch_add(90_000, Ordering::Relaxed);
        assert_eq!(passes.redeem(Some(&late), is_ours), Err(NotAdmitted::Expired));
    }

    #[test]
    fn whatever_else_is_shown_opens_nothing() {
        let (passes, _) = passes();
        let good = json!({"sub": "ada", "aud": "frontdesk-voice", "tenant": BUSINESS, "exp": 1_000_060,
            "session_s": 600, "sessions": 2});
        let with = |name: &str, value: Value| {
            let mut claims = good.clone();
            claims[name] = value;
            signed(&claims)
        };
        let pass = passes.redeem(Some(&signed(&good)), is_ours).expect("good");
        assert_eq!((pass.longest, pass.sessions_max), (Some(Duration::from_secs(600)), Some(2)));
        assert!(passes.redeem(Some(&signed(&good)), is_ours).is_ok(), "without an id it is good again");
        let refused = |token: &str| passes.redeem(Some(token), is_ours).expect_err("refused");
        assert_eq!(refused(&with("aud", json!("frontdesk"))), NotAdmitted::Audience);
        assert_eq!(refused(&with("tenant", json!("Others"))), NotAdmitted::Tenant);
        assert_eq!(refused(&with("exp", json!(999_970))), NotAdmitted::Expired);
        assert_eq!(refused(&with("nbf", json!(1_000_031))), NotAdmitted::Early);
        assert_eq!(refused(&with("sub", json!("a b"))), NotAdmitted::Unreadable);
        assert_eq!(refused(&with("exp", Value::Null)), NotAdmitted::Unreadable);
        assert_eq!(refused("nonsense"), NotAdmitted::Unreadable);
        assert_eq!(passes.redeem(Some(""), is_ours), Err(NotAdmitted::Missing));
        let other = EncodingKey::from_secret(b"another secret that has thirty-two characters!");
        let forged = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &good, &other).expect("signed");
        assert_eq!(refused(&forged), NotAdmitted::Forged);
        let stronger = Header::new(Algorithm::HS512);
        let other = jsonwebtoken::encode(&stronger, &good, &EncodingKey::from_secret(SECRET)).expect("signed");
        assert_eq!(refused(&other), NotAdmitted::Forged);
        // {"alg":"none","typ":"JWT"}
        let claims = signed(&good);
        let claims = claims.split('.').nth(1).expect("claims");
        assert!(passes.redeem(Some(&format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}.")), is_ours).is_err());
    }

    /// Made for this test by `openssl genpkey -algorithm ed25519`, and its public half.
    const PRIVATE: &[u8] = include_bytes!("../../../fixtures/keys/ed25519-private.pem");
    const PUBLIC: &[u8] = include_bytes!("../../../fixtures/keys/ed25519-public.pem");

    #[test]
    fn a_key_of_somebody_else_signs_passes_and_is_no_secret() {
        let key = PublicKey::parse(PUBLIC).expect("a key");
        let passes = Passes::new(Some(SECRET), Some(key), Arc::new(|| 1_000_000_000));
        let claims = json!({"sub": "ada", "aud": ["x", "frontdesk-voice"], "tenant": BUSINESS, "exp": 1_000_060});
        let theirs = EncodingKey::from_ed_pem(PRIVATE).expect("a key");
        let token = jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), &claims, &theirs).expect("signed");
        assert_eq!(passes.redeem(Some(&token), is_ours).map(|pass| pass.visitor), Ok("ada".to_owned()));
        let as_secret = EncodingKey::from_secret(PUBLIC);
        let confused = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &as_secret).expect("signed");
        assert_eq!(passes.redeem(Some(&confused), is_ours), Err(NotAdmitted::Forged));
        assert!(PublicKey::parse(b"-----BEGIN NOTHING-----").is_none());
    }
}
