//! Amazon Polly: text to speech over its REST API, in the telephone's own format, streamed while it is made.
//!
//! Source: `botocore/data/polly/2016-06-10/service-2.json` in boto/botocore and
//! <https://docs.aws.amazon.com/polly/latest/dg/API_SynthesizeSpeech.html>, read 2026-11.

mod refusal;
mod signature;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use engine::audio::format::Format;
use engine::io::Fault;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::Serialize;

use crate::vendors::http_client;
use crate::vendors::speech::{Body, Given, Limit, Refused, Speak, Traits, Wanted, audio, refusal_of, send};

/// What people call it.
const CALLED: &str = "Polly";

/// Characters in one request that are paid for.
const CHARS_MAX: usize = 3_000;

/// Polly's samples come at this rate at most, in hertz.
const PCM_RATE_HZ: u32 = 16_000;

/// Settings of Polly.
#[derive(Clone)]
pub struct Config {
    /// The address without a path of the API's own: `https://polly.eu-west-1.amazonaws.com`. `http://` is taken, too.
    pub url: String,
    /// The region that is signed for.
    pub region: String,
    /// The access key's id.
    pub access_key_id: String,
    /// The access key's secret.
    pub secret_access_key: String,
    /// With temporary credentials, their token.
    pub session_token: Option<String>,
    /// `standard`, `neural`, `long-form` or `generative`; not every voice has each.
    pub engine: String,
    /// How long a connection may take.
    pub connect: Duration,
    /// The wall clock: milliseconds since 1970 in UTC. AWS takes five minutes' difference from its own.
    pub wall_ms: Arc<dyn Fn() -> i64 + Send + Sync>,
}

impl fmt::Debug for Config {
    /// Everything but the keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, region, engine, .. } = self;
        let mut shown = f.debug_struct("Config");
        shown.field("url", url).field("region", region).field("engine", engine).finish_non_exhaustive()
    }
}

/// Polly's voices, over one pool of connections. Clones share it.
#[derive(Debug, Clone)]
pub struct Speaker {
    config: Arc<Config>,
    http: reqwest::Client,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Request<'a> {
    engine: &'a str,
    output_format: &'static str,
    sample_rate: &'static str,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    text_type: Option<&'static str>,
    voice_id: &'a str,
}

impl Speaker {
    /// A speaker with these settings; opens nothing yet.
    ///
    /// # Errors
    /// The address cannot be one.
    pub fn new(config: Config) -> Result<Self, Fault> {
        let http = http_client(CALLED, config.url.trim(), config.connect)?;
        Ok(Self { config: Arc::new(config), http })
    }

    async fn asked(self, wanted: Wanted) -> Result<Body, Refused> {
        let address = format!("{}/v1/speech", self.config.url.trim().trim_end_matches('/'));
        let text = serde_json::to_vec(&request(&wanted, &self.config.engine)).expect("names and numbers are JSON");
        let mut request = self.http.post(&address).header("content-type", "application/json");
        for (name, value) in signature::headers(&self.config, &address, &text)? {
            request = request.header(name, value);
        }
        let response = send(CALLED, request.body(text)).await?;
        if !response.status().is_success() {
            return Err(refusal::sorted(&refusal_of(response).await, &wanted.voice, &self.config));
        }
        Ok(audio(CALLED, response)?)
    }
}

impl Speak for Speaker {
    fn traits(&self) -> Traits {
        let limit = Limit::Characters(CHARS_MAX);
        Traits { name: "polly", called: CALLED, limit, streams: true, takes_ssml: true }
    }

    fn given(&self, format: Format) -> Given {
        match format {
            Format::Linear16 => Given::Samples { rate_hz: PCM_RATE_HZ },
            Format::Mulaw | Format::Mp3 | Format::OggOpus => Given::AsAsked,
        }
    }

    fn settings(&self) -> String {
        self.config.engine.clone()
    }

    fn ask(&self, wanted: Wanted) -> BoxFuture<'static, Result<Body, Refused>> {
        self.clone().asked(wanted).boxed()
    }
}

fn request<'a>(wanted: &'a Wanted, engine: &'a str) -> Request<'a> {
    let (output_format, sample_rate) = match wanted.format {
        Format::Mulaw => ("mulaw", "8000"),
        Format::Linear16 => ("pcm", "16000"),
        Format::Mp3 => ("mp3", "24000"),
        Format::OggOpus => ("ogg_opus", "48000"),
    };
    let text_type = wanted.is_ssml.then_some("ssml");
    Request { engine, output_format, sample_rate, text: &wanted.text, text_type, voice_id: &wanted.voice }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The account of the documented example.
    pub(super) fn config() -> Config {
        Config {
            url: "https://polly.eu-west-1.amazonaws.com".into(),
            region: "eu-west-1".into(),
            access_key_id: "AKIDEXAMPLE".into(),
            secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into(),
            session_token: None,
            engine: "neural".into(),
            connect: Duration::from_secs(1),
            wall_ms: Arc::new(|| 1_767_323_045_000),
        }
    }

    #[test]
    fn a_request_is_written_as_the_service_describes_it() {
        let wanted = Wanted {
            voice: "Joanna".into(),
            text: "Hi".into(),
            is_ssml: false,
            format: Format::Mulaw,
            is_streamed: true,
        };
        assert_eq!(
            serde_json::to_string(&request(&wanted, "neural")).expect("JSON"),
            r#"{"Engine":"neural","OutputFormat":"mulaw","SampleRate":"8000","Text":"Hi","VoiceId":"Joanna"}"#
        );
        let ssml = Wanted { is_ssml: true, ..wanted };
        assert_eq!(serde_json::to_value(request(&ssml, "neural")).expect("JSON")["TextType"], "ssml");
    }
}
