//! Who may see calls, and how much of them: by a key, a token, or the session of a browser that showed one of these.
//!
//! | role | sees |
//! |---|---|
//! | analyst | figures and transcripts; callers' numbers and names only in part |
//! | manager | recordings, numbers and names, too |
//! | admin | everything, and may delete |
//!
//! Each is bound to one business or to none (`*`). What belongs to another business is not there for them: 404, not 403.

mod guard;
mod session;

use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::speech::WallMs;
use super::tokens::{self, NotTrusted, Tokens};
use crate::store::query::{Scope, hidden};

pub use guard::Refused;
pub(super) use guard::is_same_origin;
pub(super) use session::{log_in, log_out};

/// How much somebody may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Figures and transcripts.
    Analyst,
    /// Recordings, numbers and names, too.
    Manager,
    /// Everything, and may delete.
    Admin,
}

impl Role {
    /// Its name in settings and tokens.
    pub fn name(self) -> &'static str {
        match self {
            Self::Analyst => "analyst",
            Self::Manager => "manager",
            Self::Admin => "admin",
        }
    }

    /// By its name.
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::Analyst, Self::Manager, Self::Admin].into_iter().find(|role| role.name() == name)
    }
}

/// Somebody who looks at calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// Who it is; stands in logs.
    pub name: String,
    /// How much they may see.
    pub role: Role,
    /// Whose calls.
    pub scope: Scope,
}

impl Visitor {
    /// Whether they may hear calls and see numbers and names.
    pub fn is_manager(&self) -> bool {
        self.role >= Role::Manager
    }

    /// A number as they may see it.
    pub fn number(&self, number: &str) -> String {
        if self.is_manager() { number.to_owned() } else { hidden::number(number) }
    }
}

/// A key, and who has it.
pub struct AccessKey {
    /// Who has it.
    pub visitor: Visitor,
    /// What shows that it is them.
    pub secret: String,
}

/// Decides who may see calls.
pub struct Access {
    keys: Vec<(Visitor, [u8; 32])>,
    tokens: Option<Tokens>,
    sessions: Tokens,
    session_secret: Vec<u8>,
    wall_ms: WallMs,
    /// Whether whoever sits at this machine is let in without a key.
    open: bool,
}

impl Access {
    /// Lets in whoever has one of the keys or a token signed with the secret. `open` lets in whoever sits at this machine
    /// where there is neither. Sessions are signed with the same secret, or else with one that ends with the process.
    pub fn new(keys: Vec<AccessKey>, secret: Option<&[u8]>, open: bool, wall_ms: WallMs) -> Self {
        let open = open && keys.is_empty() && secret.is_none();
        let session_secret = secret.map_or_else(|| rand::random::<[u8; 32]>().to_vec(), <[u8]>::to_vec);
        Self {
            keys: keys.into_iter().map(|key| (key.visitor, Sha256::digest(key.secret).into())).collect(),
            tokens: secret.map(|secret| Tokens::new(secret, Arc::clone(&wall_ms))),
            sessions: Tokens::of_sessions(&session_secret, Arc::clone(&wall_ms)),
            session_secret,
            wall_ms,
            open,
        }
    }

    /// Who shows this key or token.
    fn holder(&self, presented: &str) -> Result<Visitor, Refused> {
        match (self.find(presented), &self.tokens) {
            (Some(visitor), _) => Ok(visitor.clone()),
            (None, Some(tokens)) if tokens::is_meant(presented) => Ok(tokens.visitor(presented)?),
            (None, None) if tokens::is_meant(presented) => Err(NotTrusted::NoSecret.into()),
            (None, _) => Err(Refused::NotKnown),
        }
    }

    /// Every key is compared, and whole: how long this takes tells nothing.
    fn find(&self, secret: &str) -> Option<&Visitor> {
        let digest: [u8; 32] = Sha256::digest(secret).into();
        self.keys.iter().fold(None, |found, (visitor, known)| {
            let is_it = bool::from(known.ct_eq(&digest));
            if is_it { Some(visitor) } else { found }
        })
    }

    /// Who asks: by what the request shows, or by its session. `is_local`: it comes from this machine itself.
    pub(super) fn visitor(&self, headers: &HeaderMap, is_local: bool) -> Result<Visitor, Refused> {
        if let Some(presented) = presented(headers) {
            return self.holder(presented);
        }
        if let Some(session) = session::of(headers) {
            return Ok(self.sessions.visitor(session)?);
        }
        if self.open && is_local {
            return Ok(Visitor { name: "local".to_owned(), role: Role::Admin, scope: Scope::All });
        }
        Err(if self.open { Refused::NotLocal } else { Refused::NotKnown })
    }
}

/// The key or the token of a request.
pub(super) fn presented(headers: &HeaderMap) -> Option<&str> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = text(AUTHORIZATION.as_str()).and_then(|value| value.split_once(' '));
    let bearer = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, key)| key.trim());
    bearer.or_else(|| text("x-api-key"))
}

#[cfg(test)]
mod tests;
