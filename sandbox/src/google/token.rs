//! Tokens for service accounts (developers.google.com/identity/protocols/oauth2/service-account).

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;

use super::account::{Account, EMAIL};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// How long a statement may be good, in seconds.
const STATEMENT_S_MAX: i64 = 3_600;

/// The tokens that were granted.
#[derive(Default)]
pub(super) struct Granted(Mutex<BTreeSet<String>>);

#[derive(Deserialize)]
struct Statement {
    iss: String,
    #[serde(default)]
    scope: String,
    aud: String,
    iat: i64,
    exp: i64,
}

impl Granted {
    pub(super) fn has(&self, token: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(token)
    }

    /// A token for a statement that the account signed. Whether its time is now is not asked: there is no clock here.
    pub(super) fn grant(&self, account: &Account, grant_type: &str, assertion: &str) -> Result<String, &'static str> {
        if grant_type != GRANT {
            return Err("the grant type is not supported");
        }
        let statement = signed(account, assertion).ok_or("Invalid JWT Signature.")?;
        if statement.iss != EMAIL {
            return Err("Invalid grant: account not found");
        }
        if !(1..=STATEMENT_S_MAX).contains(&(statement.exp - statement.iat)) {
            return Err("Invalid JWT: Token must be a short-lived token and in a reasonable timeframe.");
        }
        if !statement.scope.split(' ').any(|scope| scope == SCOPE) || !statement.aud.ends_with("/token") {
            return Err("the scope or the audience is wrong");
        }
        let mut granted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let token = format!("ya29.sandbox-{}", granted.len() + 1);
        granted.insert(token.clone());
        Ok(token)
    }
}

/// What a JWT says, where it is signed with RS256 and by the account.
fn signed(account: &Account, assertion: &str) -> Option<Statement> {
    let (text, signature) = assertion.rsplit_once('.')?;
    let (header, statement) = text.split_once('.')?;
    let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
    let header: Value = serde_json::from_slice(&decoded(header)?).ok()?;
    let is_signed = header["alg"] == "RS256" && account.signed(text.as_bytes(), &decoded(signature)?);
    is_signed.then(|| serde_json::from_slice(&decoded(statement)?).ok())?
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn assertion(account: &Account, alg: &str, statement: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(&json!({ "alg": alg, "typ": "JWT" })), part(statement));
        let signature = URL_SAFE_NO_PAD.encode(account.sign(text.as_bytes()));
        format!("{text}.{signature}")
    }

    #[test]
    fn a_token_is_granted_for_a_statement_of_the_accounts_own_only() {
        let (account, granted) = (Account::default(), Granted::default());
        let good = json!({"iss": EMAIL, "scope": SCOPE, "aud": "http://x/token", "iat": 10, "exp": 3_610});
        let with = |name: &str, value: Value| {
            let mut statement = good.clone();
            statement[name] = value;
            statement
        };
        let token = granted.grant(&account, GRANT, &assertion(&account, "RS256", &good)).expect("granted");
        assert!(granted.has(&token) && !granted.has("ya29.other"));
        for wrong in [
            assertion(&account, "HS256", &good),
            assertion(&Account::default(), "RS256", &good),
            assertion(&account, "RS256", &with("exp", json!(9_999))),
            assertion(&account, "RS256", &with("scope", json!("email"))),
            assertion(&account, "RS256", &with("iss", json!("somebody@else"))),
            "no jwt".to_owned(),
        ] {
            assert!(granted.grant(&account, GRANT, &wrong).is_err(), "{wrong}");
        }
        assert!(granted.grant(&account, "password", &assertion(&account, "RS256", &good)).is_err());
    }
}
