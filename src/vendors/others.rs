//! Systems of a business's own: what is told them by webhook, and calendars that are read.
//!
//! A webhook is signed like this: `Frontdesk-Signature: t=1795446000,v1=<hex>`, where the hex is HMAC-SHA-256, by the
//! shared secret, of the time, a dot, and the body. Who receives one compares in constant time, and refuses a time long past.

use std::fmt::Write;
use std::time::Duration;

use engine::io::Fault;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use tokio::time::timeout;

use crate::vendors::{cause, http_client};

/// How long somebody may take to answer.
const WITHIN: Duration = Duration::from_secs(10);

/// The largest calendar that is read.
const CALENDAR_BYTES_MAX: usize = 4 << 20;

/// Reaches systems of a business's own. Clones share connections.
#[derive(Clone)]
pub struct Others {
    http: reqwest::Client,
    /// What webhooks are signed with.
    secret: Option<String>,
}

/// What somebody who is told something does with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reception {
    /// They took it.
    Taken,
    /// They want no more of it (410 Gone).
    Unwanted,
}

impl Others {
    /// Opens nothing yet.
    ///
    /// # Errors
    /// No client can be made.
    pub fn new(secret: Option<String>) -> Result<Self, Fault> {
        // The address only says which scheme is spoken; whoever is told has one of their own.
        Ok(Self { http: http_client("a webhook", "https://webhook", WITHIN)?, secret })
    }

    /// Tells something to an address, signed; the same id stands for the same thing.
    ///
    /// # Errors
    /// Nobody answers within ten seconds, or not with a 2xx.
    pub async fn tell(&self, address: &str, id: &str, body: &str, now_s: i64) -> Result<Reception, Fault> {
        let mut request = self.http.post(address).header("content-type", "application/json");
        request = request.header("idempotency-key", id).body(body.to_owned());
        if let Some(secret) = &self.secret {
            request = request.header("frontdesk-signature", format!("t={now_s},v1={}", signature(secret, now_s, body)));
        }
        let response = within(request.send()).await?;
        match response.status().as_u16() {
            200..=299 => Ok(Reception::Taken),
            410 => Ok(Reception::Unwanted),
            status => Err(Fault::Retry(format!("the webhook answered {status}"))),
        }
    }

    /// The text of a calendar.
    ///
    /// # Errors
    /// Nobody answers within ten seconds, or not with a text of at most 4 MiB.
    pub async fn calendar(&self, address: &str) -> Result<String, Fault> {
        let mut response = within(self.http.get(address).send()).await?;
        if !response.status().is_success() {
            return Err(Fault::Retry(format!("the calendar answered {}", response.status().as_u16())));
        }
        let mut bytes = Vec::new();
        while let Some(part) = within(response.chunk()).await? {
            if bytes.len() + part.len() > CALENDAR_BYTES_MAX {
                return Err(Fault::GiveUp("the calendar has more than 4 MiB".to_owned()));
            }
            bytes.extend_from_slice(&part);
        }
        String::from_utf8(bytes).map_err(|_| Fault::GiveUp("the calendar is no text".to_owned()))
    }
}

async fn within<T>(work: impl Future<Output = reqwest::Result<T>>) -> Result<T, Fault> {
    let done = timeout(WITHIN, work).await;
    let done = done.map_err(|_| Fault::Retry(format!("nobody answered within {} s", WITHIN.as_secs())))?;
    done.map_err(|error| Fault::Retry(format!("it cannot be reached: {}", cause(&error))))
}

/// The signature of a body that is told at a moment, in hex.
pub fn signature(secret: &str, now_s: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length will do");
    mac.update(format!("{now_s}.{body}").as_bytes());
    hex(&mac.finalize().into_bytes())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes any text");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_of_the_time_and_the_body() {
        // `printf '1795446000.{}' | openssl dgst -sha256 -hmac secret`
        let signed = signature("secret", 1_795_446_000, "{}");
        assert_eq!(signed, "566e2d70835b00ee647c884e301c500bfc86d426f122f039f06fb6e588b664f9");
        assert_ne!(signed, signature("secret", 1_795_446_001, "{}"));
        assert_ne!(signed, signature("other", 1_795_446_000, "{}"));
    }
}
