//! Tokens of clients: JSON Web Tokens (RFC 7519) that Frontdesk signs and checks itself, with one secret (HS256).
//!
//! ```json
//! { "sub": "ivr", "aud": "frontdesk", "scope": "speech ssml", "iat": 1796000000, "exp": 1796086400 }
//! { "sub": "ada", "aud": "frontdesk", "role": "analyst", "business": "Main Street Barbers", "iat": …, "exp": … }
//! ```
//!
//! The first asks for speech, the second looks at calls. A browser's session is one of the second kind with an audience of
//! its own, so that a cookie is no key.

use std::time::Duration;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use super::access::{Role, Visitor};
use super::speech::WallMs;
use crate::store::query::Scope;

/// Whom tokens are for.
const AUDIENCE: &str = "frontdesk";

/// Whom sessions of browsers are for.
const SESSION: &str = "frontdesk-session";

/// Lets a client ask for speech.
const SPEECH: &str = "speech";

/// Lets it ask in SSML.
const SSML: &str = "ssml";

/// How far the clocks of whoever issues and whoever checks a token may be apart, in seconds.
const CLOCKS_APART_S: f64 = 30.0;

/// The longest name of a client.
const CLIENT_LEN_MAX: usize = 64;

/// What somebody may do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grant {
    /// Who it is; stands in logs.
    pub client: String,
    /// Whether they are trusted with SSML.
    pub ssml: bool,
}

/// Why a token lets nobody in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotTrusted {
    /// Its time is over.
    #[error("the token has expired; issue another with `frontdesk token`")]
    Expired,
    /// Its time has not come.
    #[error("the token is not good yet; are the clocks right?")]
    Early,
    /// Signed by somebody else, or by nobody.
    #[error("the token is not signed with this server's JWT_SECRET by HS256")]
    NotSigned,
    /// Meant for something else.
    #[error("the token is for somebody else: its aud must be {AUDIENCE}")]
    Audience,
    /// Something must be in it and is not.
    #[error("the token lacks {0}")]
    Lacks(String),
    /// No token.
    #[error("the token cannot be read")]
    Unreadable,
    /// Nobody here could have signed it.
    #[error("this server takes no tokens; set JWT_SECRET on it, or send a key")]
    NoSecret,
    /// Known, and not allowed.
    #[error("the token lacks the scope {SPEECH}")]
    Scope,
}

#[derive(Serialize)]
struct Issued<'a> {
    sub: &'a str,
    aud: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    business: Option<&'a str>,
    iat: u64,
    exp: u64,
}

/// Numbers may have a fraction (RFC 7519, section 2, NumericDate).
#[derive(Deserialize)]
struct Claims {
    #[serde(default)]
    sub: String,
    exp: Option<f64>,
    nbf: Option<f64>,
    #[serde(default)]
    scope: String,
    role: Option<String>,
    business: Option<String>,
}

/// Checks tokens.
pub struct Tokens {
    key: DecodingKey,
    validation: Validation,
    wall_ms: WallMs,
}

impl Tokens {
    /// Tokens that are signed with this secret.
    pub fn new(secret: &[u8], wall_ms: WallMs) -> Self {
        Self::of(AUDIENCE, secret, wall_ms)
    }

    /// Sessions of browsers.
    pub(super) fn of_sessions(secret: &[u8], wall_ms: WallMs) -> Self {
        Self::of(SESSION, secret, wall_ms)
    }

    fn of(audience: &str, secret: &[u8], wall_ms: WallMs) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["exp", "aud", "sub"]);
        // Moments are compared below, with our own clock.
        validation.validate_exp = false;
        Self { key: DecodingKey::from_secret(secret), validation, wall_ms }
    }

    /// What a client may say; the token must be meant for that.
    pub(super) fn check(&self, token: &str) -> Result<Grant, NotTrusted> {
        let claims = self.claims(token)?;
        let has = |scope| claims.scope.split(' ').any(|given| given == scope);
        if !has(SPEECH) {
            return Err(NotTrusted::Scope);
        }
        Ok(Grant { ssml: has(SSML), client: claims.sub })
    }

    /// What somebody may see of calls; the token must be meant for that.
    pub(super) fn visitor(&self, token: &str) -> Result<Visitor, NotTrusted> {
        let claims = self.claims(token)?;
        let role = claims.role.as_deref().and_then(Role::of_name);
        let role = role.ok_or_else(|| NotTrusted::Lacks("a role: analyst, manager or admin".to_owned()))?;
        let scope = match claims.business {
            None => return Err(NotTrusted::Lacks("business: a name, or * for all".to_owned())),
            Some(all) if all == "*" => Scope::All,
            Some(name) => Scope::Business(name),
        };
        Ok(Visitor { name: claims.sub, role, scope })
    }

    fn claims(&self, token: &str) -> Result<Claims, NotTrusted> {
        let claims = jsonwebtoken::decode::<Claims>(token, &self.key, &self.validation).map_err(sorted)?.claims;
        let now_s = (self.wall_ms)() as f64 / 1_000.0;
        let exp = claims.exp.ok_or_else(|| NotTrusted::Lacks("exp".to_owned()))?;
        if exp + CLOCKS_APART_S <= now_s {
            return Err(NotTrusted::Expired);
        }
        if claims.nbf.is_some_and(|nbf| nbf - CLOCKS_APART_S > now_s) {
            return Err(NotTrusted::Early);
        }
        if !is_client(&claims.sub) {
            return Err(NotTrusted::Lacks("a sub of letters, digits, - _ and .".to_owned()));
        }
        Ok(claims)
    }
}

fn sorted(error: jsonwebtoken::errors::Error) -> NotTrusted {
    match error.into_kind() {
        ErrorKind::InvalidSignature | ErrorKind::InvalidAlgorithm => NotTrusted::NotSigned,
        ErrorKind::InvalidAudience => NotTrusted::Audience,
        ErrorKind::MissingRequiredClaim(claim) => NotTrusted::Lacks(claim),
        _ => NotTrusted::Unreadable,
    }
}

/// Whether something presented is meant as a token: three parts of base64, of which the first is a JSON object.
pub(super) fn is_meant(presented: &str) -> bool {
    presented.starts_with("eyJ") && presented.split('.').count() == 3
}

/// Whether this can be a client's name: it stands in logs.
pub fn is_client(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=CLIENT_LEN_MAX).contains(&name.len()) && name.bytes().all(plain)
}

/// A token with which a client asks for speech, good for so long from now on: seconds since 1970.
pub fn issue(secret: &[u8], grant: &Grant, now_s: u64, good_for: Duration) -> String {
    let scope = if grant.ssml { format!("{SPEECH} {SSML}") } else { SPEECH.to_owned() };
    let (iat, exp) = (now_s, now_s + good_for.as_secs());
    let claims =
        Issued { sub: &grant.client, aud: AUDIENCE, scope: Some(&scope), role: None, business: None, iat, exp };
    signed(secret, &claims)
}

/// A token with which somebody looks at calls.
pub fn issue_visitor(secret: &[u8], visitor: &Visitor, now_s: u64, good_for: Duration) -> String {
    of_visitor(AUDIENCE, secret, visitor, now_s, good_for)
}

/// The session of a browser.
pub(super) fn issue_session(secret: &[u8], visitor: &Visitor, now_s: u64, good_for: Duration) -> String {
    of_visitor(SESSION, secret, visitor, now_s, good_for)
}

fn of_visitor(aud: &str, secret: &[u8], visitor: &Visitor, now_s: u64, good_for: Duration) -> String {
    let business = match &visitor.scope {
        Scope::All => "*",
        Scope::Business(name) => name,
    };
    let (sub, role, business) = (&*visitor.name, Some(visitor.role.name()), Some(business));
    signed(secret, &Issued { sub, aud, scope: None, role, business, iat: now_s, exp: now_s + good_for.as_secs() })
}

fn signed(secret: &[u8], claims: &Issued<'_>) -> String {
    let (header, key) = (Header::new(Algorithm::HS256), EncodingKey::from_secret(secret));
    jsonwebtoken::encode(&header, claims, &key).expect("plain claims are signed with any secret")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use serde_json::{Value, json};

    use super::*;

    const SECRET: &[u8] = b"a secret that has at least thirty-two characters";

    fn tokens() -> (Tokens, Arc<AtomicI64>) {
        let wall_ms = Arc::new(AtomicI64::new(1_000_000_000));
        let clock = Arc::clone(&wall_ms);
        (Tokens::new(SECRET, Arc::new(move || clock.load(Ordering::Relaxed))), wall_ms)
    }

    fn signed_by(claims: &Value, algorithm: Algorithm, secret: &[u8]) -> String {
        jsonwebtoken::encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(secret)).expect("signed")
    }

    #[test]
    fn a_token_is_good_until_it_expires() {
        let (tokens, wall_ms) = tokens();
        let grant = Grant { client: "ivr".to_owned(), ssml: true };
        let token = issue(SECRET, &grant, 1_000_000, Duration::from_secs(60));
        assert!(is_meant(&token));
        assert_eq!(tokens.check(&token), Ok(grant));
        wall_ms.store(1_000_089_000, Ordering::Relaxed);
        assert!(tokens.check(&token).is_ok(), "clocks differ");
        wall_ms.store(1_000_090_000, Ordering::Relaxed);
        assert_eq!(tokens.check(&token), Err(NotTrusted::Expired));
    }

    #[test]
    fn a_token_of_anybody_else_or_for_anything_else_is_refused() {
        let (tokens, _) = tokens();
        let good = json!({"sub": "ivr", "aud": "frontdesk", "scope": "speech", "exp": 1_000_060});
        let with = |name: &str, value: Value| {
            let mut claims = good.clone();
            claims[name] = value;
            signed_by(&claims, Algorithm::HS256, SECRET)
        };
        assert_eq!(tokens.check(&with("aud", json!(["other", "frontdesk"]))).map(|grant| grant.ssml), Ok(false));
        assert_eq!(tokens.check(&with("aud", json!("other"))), Err(NotTrusted::Audience));
        assert_eq!(tokens.check(&with("scope", json!("ssml speeches"))), Err(NotTrusted::Scope));
        assert_eq!(tokens.check(&with("nbf", json!(1_000_031))), Err(NotTrusted::Early));
        assert!(matches!(tokens.check(&with("sub", json!("a b"))), Err(NotTrusted::Lacks(_))));
        assert_eq!(tokens.check(&with("exp", Value::Null)), Err(NotTrusted::Lacks("exp".to_owned())));
        assert_eq!(tokens.check(&signed_by(&good, Algorithm::HS256, b"another secret")), Err(NotTrusted::NotSigned));
        assert_eq!(tokens.check(&signed_by(&good, Algorithm::HS512, SECRET)), Err(NotTrusted::NotSigned));
    }

    #[test]
    fn a_token_that_nobody_signed_is_none() {
        // {"alg":"none","typ":"JWT"}, and good claims.
        let header = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
        let token = issue(SECRET, &Grant { client: "ivr".to_owned(), ssml: false }, 1_000_000, Duration::from_secs(60));
        let claims = token.split('.').nth(1).expect("claims");
        for unsigned in [format!("{header}.{claims}."), format!("{header}.{claims}.AAAA")] {
            assert!(tokens().0.check(&unsigned).is_err(), "{unsigned}");
        }
    }
}
