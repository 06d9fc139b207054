//! Twilio's REST API, as far as we need it: a phrase is played into a call that has no stream of ours, a text message is
//! sent, and a call is placed.
//!
//! Sources: <https://www.twilio.com/docs/voice/api/call-resource>, <https://www.twilio.com/docs/messaging/api/message-resource>
//! and <https://www.twilio.com/docs/api/errors>, read 2026-11.

use std::time::Duration;

use engine::io::Fault;
use serde::Deserialize;
use tokio::time::timeout;

use crate::vendors::{cause, excerpt, http_client};

/// Twilio's code for a call that is not in progress (any more).
const NOT_IN_PROGRESS: u32 = 21_220;

/// Twilio's codes for numbers that get no message of ours: opted out; no number, no mobile, not reachable.
const OPTED_OUT: u32 = 21_610;
const NO_SUCH_NUMBER: [u32; 4] = [21_211, 21_614, 21_217, 21_612];

/// What became of something that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// Twilio has it.
    Accepted,
    /// The number wants none.
    OptedOut,
    /// There is no such number, or nothing reaches it.
    NoSuchNumber(String),
}

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

/// A resource that was made has members of the same names with other things in them.
fn number<'de, D: serde::Deserializer<'de>>(value: D) -> Result<u32, D::Error> {
    let value = serde_json::Value::deserialize(value)?;
    Ok(value.as_u64().and_then(|code| code.try_into().ok()).unwrap_or_default())
}

/// What Twilio says about a refusal; what is no JSON says nothing.
#[derive(Default, Deserialize)]
struct Refusal {
    #[serde(default, deserialize_with = "number")]
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
        let twiml = format!("<Response><Play>{}</Play></Response>", escaped(audio_url));
        let (status, refusal) = self.post(&format!("Calls/{call_sid}.json"), &[("Twiml", &twiml)]).await?;
        match status {
            200 => Ok(true),
            404 => Ok(false),
            400 if refusal.code == NOT_IN_PROGRESS => Ok(false),
            status => Err(self.refused(status, &refusal)),
        }
    }

    /// Sends a text message.
    ///
    /// # Errors
    /// Twilio does not answer in time, or refuses us.
    pub async fn text(&self, from: &str, to: &str, body: &str) -> Result<Sent, Fault> {
        self.send("Messages.json", &[("From", from), ("To", to), ("Body", body)]).await
    }

    /// Places a call, whose TwiML is asked of an address with what answered it, a person or a machine.
    ///
    /// # Errors
    /// Twilio does not answer in time, or refuses us.
    pub async fn call(&self, from: &str, to: &str, twiml_url: &str) -> Result<Sent, Fault> {
        let fields =
            [("From", from), ("To", to), ("Url", twiml_url), ("MachineDetection", "Enable"), ("Timeout", "30")];
        self.send("Calls.json", &fields).await
    }

    async fn send(&self, path: &str, fields: &[(&str, &str)]) -> Result<Sent, Fault> {
        let (status, refusal) = self.post(path, fields).await?;
        match (status, refusal.code) {
            (200 | 201, _) => Ok(Sent::Accepted),
            (400, OPTED_OUT) => Ok(Sent::OptedOut),
            (400, code) if NO_SUCH_NUMBER.contains(&code) => {
                Ok(Sent::NoSuchNumber(excerpt(&refusal.message, &self.config.auth_token)))
            }
            (status, _) => Err(self.refused(status, &refusal)),
        }
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Result<(u16, Refusal), Fault> {
        let Config { url, account_sid, auth_token, within } = &self.config;
        let address = format!("{url}/2010-04-01/Accounts/{account_sid}/{path}");
        let body: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
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
        Ok((status.as_u16(), serde_json::from_slice(&body).unwrap_or_default()))
    }

    fn refused(&self, status: u16, refusal: &Refusal) -> Fault {
        let said = format!("{status}, {}, {}", refusal.code, excerpt(&refusal.message, &self.config.auth_token));
        match status {
            401 | 403 => Fault::OurMistake(format!(
                "Twilio does not know our account ({said}): check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN"
            )),
            429 | 500..=599 => Fault::Retry(format!("Twilio has no time for us ({said})")),
            _ => Fault::OurMistake(format!("Twilio refuses what we asked ({said})")),
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
