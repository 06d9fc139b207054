//! Asking the gateway for TwiML: addresses, form fields, signatures, deadlines.

use std::time::Duration;

use reqwest::{Client, Url, header};

use super::signature::{sign, signed_url};
use super::twiml::{Twiml, Verb};
use super::{CallSetup, TwilioSettings, Warning};

/// Twilio's own deadlines for voice webhooks (twilio.com/docs/usage/webhooks/webhooks-connection-overrides).
pub(super) const CONNECT_DEADLINE: Duration = Duration::from_secs(5);
pub(super) const ANSWER_DEADLINE: Duration = Duration::from_secs(15);

/// A form, in the order in which it is sent.
pub(super) type Fields = Vec<(String, String)>;

/// The gateway under the address Twilio knows, and under the one where it really listens.
#[derive(Debug, Clone)]
pub(super) struct Addresses {
    pub(super) public: Url,
    gateway: Url,
}

impl Addresses {
    /// # Errors
    /// An address that is none, in a sentence.
    pub(super) fn new(settings: &TwilioSettings) -> Result<Self, String> {
        let parse = |text: &str| match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
            _ => Err(format!("{text:?} is not an address; write one like https://voice.example.com")),
        };
        Ok(Self { public: parse(&settings.public_url)?, gateway: parse(&settings.gateway)? })
    }

    /// Where to connect to, for an address as Twilio knows it. Addresses of other hosts stay as they are.
    pub(super) fn real(&self, known: &Url) -> Url {
        let same = |other: &Url| known.host_str() == other.host_str() && known.port() == other.port();
        if !same(&self.public) && !same(&self.gateway) {
            return known.clone();
        }
        let encrypted = self.gateway.scheme() == "https";
        let scheme = match (known.scheme(), encrypted) {
            ("ws" | "wss", false) => "ws",
            ("ws" | "wss", true) => "wss",
            _ => self.gateway.scheme(),
        };
        let mut real = self.gateway.clone();
        real.set_scheme(scheme).expect("web schemes can be exchanged for one another");
        real.set_path(known.path());
        real.set_query(known.query());
        real
    }
}

/// Asks for documents on behalf of one Twilio account.
#[derive(Debug, Clone)]
pub(super) struct Webhooks {
    http: Client,
    auth_token: Option<AuthToken>,
    pub(super) addresses: Addresses,
}

/// The account's secret, kept out of debug output.
#[derive(Clone)]
struct AuthToken(String);

impl std::fmt::Debug for AuthToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(secret)")
    }
}

impl Webhooks {
    pub(super) fn new(settings: &TwilioSettings) -> Result<Self, String> {
        let http = Client::builder()
            .connect_timeout(CONNECT_DEADLINE)
            .timeout(ANSWER_DEADLINE)
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true)
            .no_proxy()
            .user_agent("TwilioProxy/1.1")
            .build()
            .map_err(|error| format!("no HTTP client: {error}"))?;
        let auth_token = settings.auth_token.clone().map(AuthToken);
        Ok(Self { http, auth_token, addresses: Addresses::new(settings)? })
    }

    /// The signature of a request to `url`, if this Twilio has a token to sign with.
    pub(super) fn signature(&self, url: &str, fields: &[(String, String)]) -> Option<String> {
        self.auth_token.as_ref().map(|token| sign(&token.0, url, fields))
    }

    /// Posts a form and reads the TwiML that comes back.
    pub(super) async fn fetch(&self, url: &Url, fields: &Fields) -> Result<Twiml, Warning> {
        let failed = |code, text: String| Warning { code, text: format!("POST {url}: {text}") };
        let answer = self.post(url, fields).await.map_err(|error| failed(11_205, chain(&error)))?;
        let status = answer.status();
        if !status.is_success() {
            return Err(failed(11_200, format!("answered {status}")));
        }
        let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let body = answer.text().await.map_err(|error| failed(11_200, chain(&error)))?;
        match kind.as_str() {
            "text/xml" | "application/xml" | "text/html" => {
                Twiml::parse(&body).map_err(|error| failed(error.code(), error.to_string()))
            }
            "text/plain" => Ok(Twiml { verbs: vec![Verb::Say { text: body }], warnings: Vec::new() }),
            _ => Err(failed(12_300, format!("the content type {kind:?} is not TwiML; answer with text/xml"))),
        }
    }

    /// Posts a form of which the answer does not matter.
    pub(super) async fn notify(&self, url: &Url, fields: &Fields) -> Result<(), Warning> {
        let failed = |text: String| Warning { code: 11_200, text: format!("POST {url}: {text}") };
        let answer = self.post(url, fields).await.map_err(|error| failed(chain(&error)))?;
        match answer.status().is_success() {
            true => Ok(()),
            false => Err(failed(format!("answered {}", answer.status()))),
        }
    }

    async fn post(&self, url: &Url, fields: &Fields) -> reqwest::Result<reqwest::Response> {
        let mut request = self
            .http
            .post(self.addresses.real(url))
            .header(header::HOST, authority(url))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded; charset=UTF-8")
            .body(form(fields));
        if let Some(signature) = self.signature(&signed_url(url), fields) {
            request = request.header("X-Twilio-Signature", signature);
        }
        request.send().await
    }
}

/// Host and port as an HTTP `Host` header has them.
pub(super) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The fields of a voice webhook (twilio.com/docs/voice/twiml, "Twilio's request to your application").
pub(super) fn voice_fields(account_sid: &str, call_sid: &str, setup: &CallSetup, status: &str) -> Fields {
    let mut fields: Fields = Vec::new();
    let mut add = |name: &str, value: &str| fields.push((name.to_owned(), value.to_owned()));
    for (name, value) in [
        ("AccountSid", account_sid),
        ("ApiVersion", "2010-04-01"),
        ("CallSid", call_sid),
        ("CallStatus", status),
        ("Direction", "inbound"),
        ("From", &setup.from),
        ("To", &setup.to),
        ("Caller", &setup.from),
        ("Called", &setup.to),
        ("CallToken", "sandbox"),
        ("StirVerstat", "TN-Validation-Passed-A"),
    ] {
        add(name, value);
    }
    for party in ["From", "To", "Caller", "Called"] {
        for (part, value) in [("City", ""), ("State", ""), ("Zip", ""), ("Country", "US")] {
            add(&format!("{party}{part}"), value);
        }
    }
    for (name, value) in &setup.extra_fields {
        fields.retain(|(existing, _)| existing != name);
        fields.push((name.clone(), value.clone()));
    }
    fields.retain(|(name, _)| !setup.left_out.contains(name));
    fields
}

fn form(fields: &Fields) -> String {
    let mut carrier = Url::parse("http://form/").expect("a constant address");
    carrier.query_pairs_mut().extend_pairs(fields);
    carrier.query().unwrap_or_default().to_owned()
}

/// An error with its causes, which is where the interesting part of a network error is.
fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(public: &str, gateway: &str) -> Addresses {
        let settings = TwilioSettings { public_url: public.into(), ..TwilioSettings::for_gateway(gateway) };
        Addresses::new(&settings).expect("good addresses")
    }

    fn real(addresses: &Addresses, known: &str) -> String {
        addresses.real(&Url::parse(known).expect("a good address")).to_string()
    }

    #[test]
    fn public_addresses_are_reached_where_the_gateway_listens() {
        let addresses = addresses("https://voice.example.com", "http://127.0.0.1:3000");
        assert_eq!(real(&addresses, "wss://voice.example.com/media"), "ws://127.0.0.1:3000/media");
        assert_eq!(real(&addresses, "https://voice.example.com/voice?a=1"), "http://127.0.0.1:3000/voice?a=1");
        assert_eq!(real(&addresses, "wss://127.0.0.1:3000/media"), "ws://127.0.0.1:3000/media");
        assert_eq!(real(&addresses, "wss://elsewhere.example.com/media"), "wss://elsewhere.example.com/media");
    }

    #[test]
    fn an_address_that_is_none_is_named() {
        let settings = TwilioSettings::for_gateway("localhost");
        assert!(Addresses::new(&settings).expect_err("no scheme").contains("\"localhost\""));
    }

    #[test]
    fn fields_can_be_replaced_added_and_left_out() {
        let setup = CallSetup {
            extra_fields: vec![("StirVerstat".into(), "No-TN-Validation".into())],
            left_out: vec!["CallToken".into()],
            ..CallSetup::new("anonymous", "+15550001111")
        };
        let fields = voice_fields("AC1", "CA1", &setup, "ringing");
        let all = |name: &str| fields.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str()).collect::<Vec<_>>();
        assert_eq!(all("StirVerstat"), ["No-TN-Validation"]);
        assert_eq!(all("Caller"), ["anonymous"]);
        assert!(all("CallToken").is_empty());
    }

    #[test]
    fn forms_are_encoded_as_browsers_do() {
        assert_eq!(form(&vec![("From".into(), "+1 &".into()), ("X".into(), String::new())]), "From=%2B1+%26&X=");
    }
}
