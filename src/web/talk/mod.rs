//! Voice in the browser: the page that talks, what it is made of, and the door of its socket.
//!
//! ```text
//!  GET  /talk/{business}          the page
//!  POST /talk/{business}/token    a pass for one session, for a page of ours or of an allowed site
//!  GET  /talk/assets/…, /talk/embed.js
//!  WS   /voice-ws                 the session (docs/browser-voice.md)
//!  GET  /api/voice/health         whether anybody can talk now
//!  POST /api/voice/secrets, /api/voice/usage   keys for pages that talk to the model by themselves
//! ```

mod door;
mod health;
mod limits;
mod page;
mod pass;
mod secrets;

use std::sync::Arc;

use axum::Router;
use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};
use axum::routing::{any, get, post};

use super::Front;
pub use door::Visit;
pub use health::VoiceHealth;
use limits::Limits;
pub use limits::{Place, TooMany};
pub use pass::{NotAdmitted, Pass, Passes, PublicKey};
pub use secrets::{Secret, Used};

/// Names that may change while the server runs.
pub type Names = Box<dyn Fn() -> Vec<String> + Send + Sync>;

/// Who may open sessions from where.
pub struct Talk {
    /// Whether anybody may talk from our own page.
    pub page: bool,
    /// Other sites that may, as browsers write them.
    pub origins: Vec<String>,
    /// Who is let in.
    pub passes: Passes,
    /// How many are.
    pub limits: Limits,
    /// The names of the businesses that are talked to, now; the main one first.
    pub businesses: Names,
    reports: secrets::Reports,
}

impl Talk {
    /// Sessions with the businesses of these names: `connections_max` at once, so many openings a minute of one address or
    /// visitor.
    pub fn new(
        businesses: Names,
        page: bool,
        origins: Vec<String>,
        passes: Passes,
        (connections_max, per_minute): (usize, usize),
    ) -> Self {
        let limits = Limits::new(connections_max, per_minute);
        Self { page, origins, passes, limits, businesses, reports: secrets::Reports::default() }
    }

    /// A business's name in an address: lower-case letters and digits, and hyphens between them.
    pub fn slug(business: &str) -> String {
        let kept = business.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' });
        kept.collect::<String>().split_whitespace().collect::<Vec<_>>().join("-")
    }

    /// The name of the business with this address.
    fn named(&self, slug: &str) -> Option<String> {
        (self.businesses)().into_iter().find(|name| Self::slug(name) == slug)
    }

    /// Who a token is for, who may talk to one of the businesses.
    ///
    /// # Errors
    /// Why it opens no session.
    pub fn redeem(&self, token: Option<&str>) -> Result<Pass, NotAdmitted> {
        self.passes.redeem(token, |tenant| (self.businesses)().iter().any(|name| name == tenant))
    }

    /// Whether a page with this origin may open a session. No page sends none: who sends none is a program, which needs a
    /// token anyway.
    fn lets_in(&self, headers: &HeaderMap, public_url: Option<&str>) -> bool {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let Some(origin) = headers.get(ORIGIN) else { return true };
        let Ok(origin) = origin.to_str() else { return false };
        let Some((_, host)) = origin.split_once("://") else { return false };
        let is_ours = text(HOST).is_some_and(|ours| ours.eq_ignore_ascii_case(host))
            || public_url.is_some_and(|url| url.eq_ignore_ascii_case(origin));
        is_ours || self.origins.iter().any(|known| known.eq_ignore_ascii_case(origin))
    }
}

/// What can be asked for, apart from the socket.
pub(super) fn routes() -> Router<Arc<Front>> {
    Router::new()
        .route("/talk/embed.js", get(page::embed))
        .route("/talk/assets/{digest}/{name}", get(page::asset))
        .route("/talk/{slug}", get(page::show))
        .route("/talk/{slug}/token", post(page::issue))
        .route("/api/voice/health", get(health::show))
        .route("/api/voice/secrets", post(secrets::give))
        .route("/api/voice/usage", post(secrets::report))
}

/// The socket, which no deadline may end.
pub(super) fn socket() -> Router<Arc<Front>> {
    Router::new().route("/voice-ws", any(door::upgrade))
}

#[cfg(test)]
mod tests;
