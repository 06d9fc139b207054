//! One call, from the first webhook to the last status: the verbs of the TwiML, one after the other.

use std::time::Duration;

use reqwest::Url;
use tokio::time::{Instant, timeout_at};

use super::line::{Ending, Happening, Order, Wire};
use super::stream::{Stream, StreamEnd, open};
use super::twiml::{StreamNoun, Twiml, Verb};
use super::webhook::{Fields, Webhooks, voice_fields};
use super::wire::Outbox;
use super::{CallSetup, Dialled, TwilioSettings, Warning, fresh_sid};

/// Documents that one call may work through; more is a loop.
const DOCUMENTS_MAX: u32 = 50;

/// A call in progress.
pub(super) struct Call {
    pub(super) settings: TwilioSettings,
    pub(super) webhooks: Webhooks,
    pub(super) setup: CallSetup,
    pub(super) call_sid: String,
    pub(super) wire: Wire,
}

/// What follows a verb.
enum Next {
    Verb,
    Document { url: Url, more_fields: Fields },
    End(Ending),
}

impl Call {
    /// Carries the call to its end and tells the line.
    pub(super) async fn run(mut self) {
        let ending = self.follow_documents().await;
        self.report_status(&ending).await;
        let event = super::LineEvent { at: self.wire.reporter.now(), what: Happening::Ended(ending) };
        // A line that was dropped does not want to know.
        let _ = self.wire.ended.send(event);
    }

    async fn follow_documents(&mut self) -> Ending {
        let mut url = match self.url(&self.settings.voice_path) {
            Ok(url) => url,
            Err(warning) => return Ending::Failed(warning),
        };
        let mut fields = self.fields("ringing");
        for document in 0..DOCUMENTS_MAX {
            let twiml = match self.fetch(&url, &fields).await {
                Ok(twiml) => twiml,
                Err(warning) => return Ending::Failed(warning),
            };
            if document == 0 {
                let took = self.wire.reporter.now();
                self.wire.reporter.count(|tally| tally.webhook = Some(took));
            }
            match self.follow(twiml, &url).await {
                Next::Verb => return Ending::Completed,
                Next::End(ending) => return ending,
                Next::Document { url: next, more_fields } => {
                    url = next;
                    fields = self.fields("in-progress");
                    fields.extend(more_fields);
                }
            }
        }
        Ending::Failed(Warning { code: 11_215, text: format!("the TwiML went round {DOCUMENTS_MAX} times") })
    }

    /// Fetches a document, or the fallback's when that fails.
    async fn fetch(&mut self, url: &Url, fields: &Fields) -> Result<Twiml, Warning> {
        let failure = match self.webhooks.fetch(url, fields).await {
            Ok(twiml) => return Ok(twiml),
            Err(failure) => failure,
        };
        self.wire.reporter.warn(failure.code, failure.text.clone());
        let Some(path) = self.settings.fallback_path.clone() else { return Err(failure) };
        let mut fields = fields.clone();
        fields.push(("ErrorCode".to_owned(), failure.code.to_string()));
        fields.push(("ErrorUrl".to_owned(), url.to_string()));
        let fallback = self.url(&path)?;
        self.webhooks.fetch(&fallback, &fields).await
    }

    async fn follow(&mut self, twiml: Twiml, base: &Url) -> Next {
        for warning in twiml.warnings {
            self.wire.reporter.warn(12_200, warning);
        }
        for verb in twiml.verbs {
            match self.carry_out(verb, base).await {
                Next::Verb => {}
                next => return next,
            }
        }
        Next::Verb
    }

    async fn carry_out(&mut self, verb: Verb, base: &Url) -> Next {
        if let Verb::Connect { stream, action } = &verb {
            return match self.connect(stream, base).await {
                StreamEnd::CallerHungUp => Next::End(Ending::CallerHungUp),
                StreamEnd::Closed => document(base, action.as_deref(), Vec::new()),
            };
        }
        self.wire.reporter.tell(Happening::Verb(verb.clone()));
        match verb {
            Verb::Redirect { url } => document(base, Some(&url), Vec::new()),
            Verb::Hangup => Next::End(Ending::Completed),
            Verb::Reject { busy } => Next::End(Ending::Rejected { busy }),
            Verb::Pause { seconds } => self.pause(Duration::from_secs(seconds)).await,
            Verb::Dial { action, whisper, .. } => {
                let status = self.setup.dial_status.name();
                let is_answered = self.setup.dial_status == Dialled::Completed;
                if let Some(address) = whisper.filter(|_| is_answered) {
                    self.whisper(&address, base).await;
                }
                let bridged = if is_answered { "true" } else { "false" };
                let done = [("DialCallStatus", status), ("DialCallDuration", "0"), ("DialBridged", bridged)];
                let fields = done.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
                document(base, action.as_deref(), fields)
            }
            Verb::Say { .. } | Verb::Play { .. } | Verb::Unknown { .. } | Verb::Connect { .. } => Next::Verb,
        }
    }

    /// Whoever was dialled answers, and hears this before the caller.
    async fn whisper(&mut self, address: &str, base: &Url) {
        let Ok(url) = base.join(address) else { return };
        let mut fields = self.fields("in-progress");
        fields.retain(|(name, _)| name != "CallSid");
        fields.push(("CallSid".to_owned(), fresh_sid("CA")));
        fields.push(("ParentCallSid".to_owned(), self.call_sid.clone()));
        match self.webhooks.fetch(&url, &fields).await {
            Ok(twiml) => twiml.verbs.into_iter().for_each(|verb| self.wire.reporter.tell(Happening::Whispered(verb))),
            Err(warning) => self.wire.reporter.warn(warning.code, warning.text),
        }
    }

    async fn connect(&mut self, noun: &StreamNoun, base: &Url) -> StreamEnd {
        let reporter = &self.wire.reporter;
        let began = reporter.now();
        // The address is signed as it stands; a relative one is first completed.
        let url = match base.join(&noun.url) {
            Ok(mut url) if !noun.url.contains("://") => {
                // Both schemes of the web have a port and a host, so the exchange holds.
                let _ = url.set_scheme("wss");
                url.to_string()
            }
            _ => noun.url.clone(),
        };
        let signature = self.webhooks.signature(&url, &[]);
        let socket = match open(&url, signature, &self.webhooks.addresses).await {
            Ok(socket) => socket,
            Err(warning) => {
                reporter.warn(warning.code, warning.text);
                reporter.tell(Happening::Closed { code: None, properly: false });
                return StreamEnd::Closed;
            }
        };
        let took = reporter.now() - began;
        reporter.count(|tally| tally.connect = tally.connect.or(Some(took)));
        let outbox = Outbox::new(&self.settings.account_sid, &self.call_sid, &fresh_sid("MZ"));
        let forged = &self.setup.forged_parameters;
        let genuine = noun.parameters.iter().filter(|(name, _)| !forged.iter().any(|(other, _)| other == name));
        let parameters: Vec<_> = genuine.chain(forged).cloned().collect();
        let stream = Stream::new(socket, reporter, outbox, self.setup.network, self.setup.echo);
        stream.carry(&self.setup.before_start, &parameters, &mut self.wire.orders).await
    }

    /// Waits; the caller can hang up meanwhile, and nothing else.
    async fn pause(&mut self, length: Duration) -> Next {
        let until = Instant::now() + length;
        loop {
            match timeout_at(until, self.wire.orders.recv()).await {
                Ok(Some(Order::HangUp) | None) => return Next::End(Ending::CallerHungUp),
                Ok(Some(_)) => {}
                Err(_) => return Next::Verb,
            }
        }
    }

    async fn report_status(&mut self, ending: &Ending) {
        let Some(path) = self.settings.status_path.clone() else { return };
        let status = match ending {
            Ending::Rejected { busy: true } => "busy",
            Ending::Rejected { busy: false } => "no-answer",
            Ending::Failed(_) => "failed",
            Ending::CallerHungUp | Ending::Completed => "completed",
        };
        let mut fields = self.fields(status);
        let seconds = self.wire.reporter.now().as_secs().to_string();
        fields.push(("CallDuration".to_owned(), seconds));
        let told = match self.url(&path) {
            Ok(url) => self.webhooks.notify(&url, &fields).await,
            Err(warning) => Err(warning),
        };
        if let Err(warning) = told {
            self.wire.reporter.warn(warning.code, warning.text);
        }
    }

    fn fields(&self, status: &str) -> Fields {
        voice_fields(&self.settings.account_sid, &self.call_sid, &self.setup, status)
    }

    fn url(&self, path: &str) -> Result<Url, Warning> {
        self.webhooks.addresses.public.join(path).map_err(|error| bad_address(path, &error.to_string()))
    }
}

/// The document that comes next, if an address was given for it.
fn document(base: &Url, address: Option<&str>, more_fields: Fields) -> Next {
    let Some(address) = address else { return Next::Verb };
    match base.join(address) {
        Ok(url) => Next::Document { url, more_fields },
        Err(error) => Next::End(Ending::Failed(bad_address(address, &error.to_string()))),
    }
}

fn bad_address(address: &str, error: &str) -> Warning {
    Warning { code: 11_100, text: format!("{address:?} is not an address: {error}") }
}
