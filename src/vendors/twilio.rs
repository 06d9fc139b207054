//! Twilio's REST API, as far as we need it: a phrase is played into a call that has no stream of ours.
//!
//! Source: <https://www.twilio.com/docs/voice/api/call-resource#update-a-call-resource>, read 2026-11.

use std::time::Duration;

use engine::io::Fault;
use serde::Deserialize;
use tokio::time::timeout;

use crate::vendors::{cause, excerpt, http_client};

/// Twilio's code for a call that is not in progress (any more).
const NOT_IN_PROGRESS: u32 = 21_220;

/// Settings of the REST API.
#[derive(Clone)]
pub struct Config {
    /// Its address: `https://api.twilio.com`.
    pub url: String,
    /// The account.
    pub account_sid: String,
    /// The account's auth token.
    pub auth_token: String,
    /// How long an answer may take; somebody waits for it.
    pub within: Duration,
}

/// One account. Clones share its connections.
#[derive(Clone)]
pub struct Carrier {
    config: Config,
    http: reqwest::Client,
}

/// What Twilio says about a refusal; what is no JSON says nothing.
#[derive(Default, Deserialize)]
struct Refusal {
    #[serde(default)]
    code: u32,
    #[serde(default)]
    message: String,
}

impl Carrier {
    /// Opens nothing yet.
    ///
    /// # Errors
    /// The address cannot be one.
    pub fn new(config: Config) -> Result<Self, Fault> {
        let http = http_client("Twilio", &config.url, config.within)?;
        Ok(Self { config, http })
    }

    /// Plays what an address has into a call, in place of what the call was doing. Says whether the call is there and
    /// going on.
    ///
    /// # Errors
    /// Twilio does not answer in time, or refuses us.
    pub async fn play(&self, call_sid: &str, audio_url: &str) -> Result<bool, Fault> {
        let Config { url, account_sid, auth_token, within } = &self.config;
        let twiml = format!("<Response><Play>{}</Play></Response>", escaped(audio_url));
        let address = format!("{url}/2010-04-01/Accounts/{account_sid}/Calls/{call_sid}.json");
        let body: String = form_urlencoded::Serializer::new(String::new()).append_pair("Twiml", &twiml).finish();
        let request = self.http.post(address).basic_auth(account_sid, Some(auth_token));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        let answer = async {
            let response = request.send().await?;
            Ok::<_, reqwest::Error>((response.status(), response.bytes().await?))
        };
        let answer = timeout(*within, answer).await;
        let answer =
            answer.map_err(|_| Fault::Retry(format!("Twilio did not answer within {} ms", within.as_millis())))?;
        let (status, body) =
            answer.map_err(|error| Fault::Retry(format!("Twilio cannot be reached: {}", cause(&error))))?;
        let refusal: Refusal = serde_json::from_slice(&body).unwrap_or_default();
        match status.as_u16() {
            200 => Ok(true),
            404 => Ok(false),
            400 if refusal.code == NOT_IN_PROGRESS => Ok(false),
            status => Err(self.refused(status, &refusal)),
        }
    }

    fn refused(&self, status: u16, refusal: &Refusal) -> Fault {
        let said = format!("{status}, {}, {}", refusal.code, excerpt(&refusal.message, &self.config.auth_token));
        match status {
            401 | 403 => Fault::OurMistake(format!(
                "Twilio does not know our account ({said}): check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN"
            )),
            429 | 500..=599 => Fault::Retry(format!("Twilio has no time for us ({said})")),
            _ => Fault::OurMistake(format!("Twilio refuses to play into a call ({said})")),
        }
    }
}

/// Whether an id can be a call of Twilio's: `CA` and 32 hexadecimal digits.
pub fn is_call_sid(id: &str) -> bool {
    let digits = id.strip_prefix("CA").unwrap_or_default();
    digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// An address within XML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_twilios_own_ids_are_asked_about() {
        assert!(is_call_sid("CA0123456789abcdef0123456789abcdef"));
        for id in ["", "CA1", "MZ0123456789abcdef0123456789abcdef", "CA0123456789abcdef0123456789abcde/"] {
            assert!(!is_call_sid(id), "{id}");
        }
    }

    #[test]
    fn an_address_is_written_as_xml() {
        assert_eq!(escaped("https://a.example/x?a=1&b=<2>"), "https://a.example/x?a=1&amp;b=&lt;2&gt;");
    }
}
