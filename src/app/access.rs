//! Who may see calls, as the settings say.

use std::sync::Arc;

use crate::app::OpenError;
use crate::clock::Clock;
use crate::config::{Role as Set, Settings};
use crate::store::query::Scope;
use crate::web::access::{Access, AccessKey, Role, Visitor};
use crate::web::talk::{Names, Passes, PublicKey, Talk};

/// Those who have keys; and whoever sits at this machine where nobody has and the sandbox answers.
pub(super) fn access(settings: &Settings) -> Access {
    let (keys, secret) = (&settings.server.analyst_keys, &settings.speech.jwt_secret);
    let is_open = settings.stand_ins.deepgram;
    match (keys.is_empty() && secret.is_none(), is_open) {
        (true, true) => tracing::info!("ANALYST_KEYS is not set: calls are shown to this machine only, without a key"),
        (true, false) => tracing::info!("neither ANALYST_KEYS nor JWT_SECRET is set: calls are shown to nobody"),
        (false, _) => {}
    }
    let keys = keys.iter().map(|key| {
        let scope = key.business.clone().map_or(Scope::All, Scope::Business);
        let visitor = Visitor { name: key.name.clone(), role: role(key.role), scope };
        AccessKey { visitor, secret: key.key.expose().to_owned() }
    });
    let secret = secret.as_ref().map(|secret| secret.expose().as_bytes());
    Access::new(keys.collect(), secret, is_open, Arc::new(|| Clock.wall_ms()))
}

/// Who may talk from a page.
pub(super) fn talk(settings: &Settings, businesses: Names) -> Result<Talk, OpenError> {
    let browser = &settings.browser;
    let key = browser.public_key_file.as_ref().map(|path| {
        let unusable = |why: String| OpenError::PublicKey { path: path.clone(), why };
        let pem = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
        PublicKey::parse(&pem).ok_or_else(|| unusable("it is something else".to_owned()))
    });
    let secret = settings.speech.jwt_secret.as_ref().map(|secret| secret.expose().as_bytes());
    let passes = Passes::new(secret, key.transpose()?, Arc::new(|| Clock.wall_ms()));
    let limits = (browser.connections_max, browser.rate_limit_per_minute);
    Ok(Talk::new(businesses, browser.talk_page, browser.origins.clone(), passes, limits))
}

fn role(role: Set) -> Role {
    match role {
        Set::Analyst => Role::Analyst,
        Set::Manager => Role::Manager,
        Set::Admin => Role::Admin,
    }
}
