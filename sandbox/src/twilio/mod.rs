//! A Twilio that dials: it posts the voice webhook, reads the TwiML, opens the media stream, speaks and hears in real
//! time, and goes on with the next verb when the stream ends. Everything goes over the real wire, signed as Twilio
//! signs it, so that a gateway cannot tell it from the real one.
//!
//! ```no_run
//! # async fn example(haircut: &[u8]) -> Result<(), sandbox::twilio::BadAddress> {
//! use sandbox::twilio::{CallSetup, Happening, Twilio, TwilioSettings};
//!
//! let twilio = Twilio::new(TwilioSettings::for_gateway("http://127.0.0.1:3000"))?;
//! let mut line = twilio.place(CallSetup::new("+14155550123", "+15550001111"));
//! line.say(haircut);
//! while let Some(event) = line.next().await {
//!     if let Happening::Heard(audio) = event.what {
//!         println!("{:?}: {} bytes", event.at, audio.len());
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! What is simpler than the real one: `<Say>`, `<Play>` and `<Dial>` are told to the line and take no time; a dialled
//! party answers and hangs up at once; redirects of HTTP itself, cookies, `<Start><Stream>` and the status callbacks of
//! streams are not there.

mod call;
mod echo;
mod line;
mod playback;
mod rest;
mod signature;
mod stream;
mod tally;
mod twiml;
mod way;
mod webhook;
mod wire;
mod xml;

use std::hash::{BuildHasher, Hasher, RandomState};

pub use echo::Echo;
pub use line::{Ending, Happening, Line, LineEvent, Warning};
pub use rest::Rest;
pub use signature::sign;
pub use tally::{Spread, Tally};
pub use twiml::{BadTwiml, StreamNoun, Twiml, Verb};
pub use way::Network;
pub use xml::NotXml;

/// A Twilio account with one number, pointed at one gateway.
#[derive(Debug, Clone)]
pub struct Twilio {
    settings: TwilioSettings,
    webhooks: webhook::Webhooks,
}

/// What would be set in Twilio's console.
#[derive(Clone)]
pub struct TwilioSettings {
    /// Where the gateway really listens: `http://127.0.0.1:3000`.
    pub gateway: String,
    /// The address under which Twilio knows the gateway, and which is signed: `https://voice.example.com`. Whatever is
    /// addressed to it is sent to [`TwilioSettings::gateway`].
    pub public_url: String,
    /// The number's voice webhook.
    pub voice_path: String,
    /// Where to go when the voice webhook fails.
    pub fallback_path: Option<String>,
    /// Where to report the end of each call.
    pub status_path: Option<String>,
    /// The account's id.
    pub account_sid: String,
    /// The account's secret. Nothing is signed without it.
    pub auth_token: Option<String>,
}

/// What becomes of somebody who is dialled, as `DialCallStatus` has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Dialled {
    /// They answer, and speak with the caller.
    #[default]
    Completed,
    /// They are on the phone.
    Busy,
    /// They do not answer.
    NoAnswer,
}

impl Dialled {
    fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Busy => "busy",
            Self::NoAnswer => "no-answer",
        }
    }
}

/// A call to be placed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallSetup {
    /// Who calls: E.164, or a word like `anonymous`.
    pub from: String,
    /// The number that is dialled.
    pub to: String,
    /// The call's id; a fresh one when absent.
    pub call_sid: Option<String>,
    /// Form fields to add, or to use in place of the usual ones of the same name.
    pub extra_fields: Vec<(String, String)>,
    /// Form fields to leave out, by name.
    pub left_out: Vec<String>,
    /// Parameters of streams to add, or to use in place of those of the same name in the TwiML: forgeries.
    pub forged_parameters: Vec<(String, String)>,
    /// How far the gateway is away, for streams; webhooks take no time.
    pub network: Network,
    /// What the caller's line returns of what it plays. Nothing, by default.
    pub echo: Option<Echo>,
    /// What becomes of whoever is dialled.
    pub dial_status: Dialled,
    /// Messages to send on each stream after `connected` and before `start`, as they are, which Twilio never does.
    pub before_start: Vec<String>,
}

/// Settings that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the simulated Twilio cannot dial: {0}")]
pub struct BadAddress(String);

impl TwilioSettings {
    /// The usual paths of a gateway that is known under the address where it listens. Nothing is signed.
    pub fn for_gateway(gateway: &str) -> Self {
        Self {
            gateway: gateway.to_owned(),
            public_url: gateway.to_owned(),
            voice_path: "/voice".to_owned(),
            fallback_path: Some("/voice/fallback".to_owned()),
            status_path: Some("/voice/status".to_owned()),
            account_sid: format!("AC{:032x}", 1),
            auth_token: None,
        }
    }
}

impl std::fmt::Debug for TwilioSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TwilioSettings")
            .field("gateway", &self.gateway)
            .field("public_url", &self.public_url)
            .field("account_sid", &self.account_sid)
            .field("signs", &self.auth_token.is_some())
            .finish_non_exhaustive()
    }
}

impl CallSetup {
    /// A call between two numbers, with nothing unusual about it.
    pub fn new(from: &str, to: &str) -> Self {
        Self { from: from.to_owned(), to: to.to_owned(), ..Self::default() }
    }
}

impl Twilio {
    /// Sets up an account. Nothing is connected to yet.
    ///
    /// # Errors
    /// An address in the settings that is none.
    pub fn new(settings: TwilioSettings) -> Result<Self, BadAddress> {
        let webhooks = webhook::Webhooks::new(&settings).map_err(BadAddress)?;
        Ok(Self { settings, webhooks })
    }

    /// Places a call and returns the caller's end of it at once; must be called on a tokio runtime, where one task
    /// carries the call. What goes wrong is told as events of the line.
    pub fn place(&self, setup: CallSetup) -> Line {
        let call_sid = setup.call_sid.clone().unwrap_or_else(|| fresh_sid("CA"));
        let (line, wire) = Line::new(call_sid.clone());
        let call =
            call::Call { settings: self.settings.clone(), webhooks: self.webhooks.clone(), setup, call_sid, wire };
        tokio::spawn(call.run());
        line
    }
}

/// An id of Twilio's form that was never used before: two letters and 32 hexadecimal digits.
fn fresh_sid(prefix: &str) -> String {
    // The standard library's hash keys are the one source of chance that costs no dependency; ids need no secrecy.
    let half = || RandomState::new().build_hasher().finish();
    format!("{prefix}{:016x}{:016x}", half(), half())
}
