//! Speaking: a text becomes audio in the format that was asked for, streamed while Deepgram makes it.
//!
//! Source of parameters and limits: `openapi.yml` in deepgram/deepgram-api-specs and
//! <https://developers.deepgram.com/docs/tts-media-output-settings>, read 2026-11.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use deepgram::speak::options::{Container, Encoding, Model, Options};
use engine::audio::format::{Format, LINEAR16_RATE_HZ};
use engine::io::Fault;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use reqwest::Response;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde::Serialize;

use crate::vendors::deepgram::refusal::Refusal;
use crate::vendors::speech::{Answer, Body, Given, Limit, Refused, Speak, Traits, Wanted, body, refusal_of, send};
use crate::vendors::{http_client, key_header};

/// What people call it.
const CALLED: &str = "Deepgram";

/// Characters in one request. Deepgram's pages name 1,000, 2,000 and 2,400; the least of them always holds.
const CHARS_MAX: usize = 1_000;

/// Settings of text to speech.
#[derive(Clone)]
pub struct Config {
    /// The address without a path of the API's own: `https://api.deepgram.com`. `http://` is taken, too.
    pub url: String,
    /// The API key.
    pub key: String,
    /// How long a connection may take.
    pub connect: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self { url: "https://api.deepgram.com".into(), key: String::new(), connect: Duration::from_millis(1_500) }
    }
}

impl fmt::Debug for Config {
    /// Everything but the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("url", &self.url).finish_non_exhaustive()
    }
}

/// Deepgram's voices, over one pool of connections. Clones share it.
#[derive(Debug, Clone)]
pub struct Speaker {
    config: Arc<Config>,
    http: reqwest::Client,
    authorization: HeaderValue,
}

#[derive(Serialize)]
struct Request {
    text: String,
}

impl Speaker {
    /// A speaker with these settings; opens nothing yet.
    ///
    /// # Errors
    /// The address or the key cannot be one.
    pub fn new(config: Config) -> Result<Self, Fault> {
        let authorization = key_header(&format!("Token {}", config.key.trim()), "DEEPGRAM_API_KEY")?;
        let http = http_client(CALLED, config.url.trim(), config.connect)?;
        Ok(Self { config: Arc::new(config), http, authorization })
    }

    fn address(&self, voice: &str, format: Format) -> String {
        let options = Options::builder().model(Model::CustomId(voice.to_owned()));
        // Without this a stream of samples begins with a WAV header, which is a click on the line.
        let bare = Container::CustomContainer("none".into());
        let options = match format {
            Format::Mulaw => options.encoding(Encoding::Mulaw).sample_rate(8_000).container(bare),
            Format::Linear16 => options.encoding(Encoding::Linear16).sample_rate(LINEAR16_RATE_HZ).container(bare),
            // Neither takes a rate: they have one each.
            Format::Mp3 => options.encoding(Encoding::Mp3),
            Format::OggOpus => options.encoding(Encoding::Opus).container(Container::Ogg),
        };
        let query = options.build().urlencoded().expect("names and numbers can always be written as a query");
        format!("{}/v1/speak?{query}", self.config.url.trim().trim_end_matches('/'))
    }

    async fn asked(self, wanted: Wanted) -> Result<Body, Refused> {
        let Wanted { voice, text, format, .. } = wanted;
        let request = self.http.post(self.address(&voice, format)).header(AUTHORIZATION, self.authorization.clone());
        let response = send(CALLED, request.json(&Request { text })).await?;
        if !response.status().is_success() {
            return Err(self.refused(&voice, &refusal_of(response).await));
        }
        let kind = kind_of(&response);
        if !may_be(format, kind) {
            return Err(Fault::OurMistake(format!("Deepgram sent `{kind}` instead of {}", format.name())).into());
        }
        Ok(body(CALLED, response))
    }

    fn refused(&self, voice: &str, answer: &Answer) -> Refused {
        let Answer { status, headers, body } = answer;
        let key = &self.config.key;
        let refusal = Refusal { service: "text-to-speech", model: voice, key, status: *status, headers, body };
        match status.as_u16() {
            401 | 404 => answer.refused(Refused::of_all(refusal.fault())),
            _ => answer.refused(refusal.fault()),
        }
    }
}

impl Speak for Speaker {
    fn traits(&self) -> Traits {
        let limit = Limit::Characters(CHARS_MAX);
        Traits { name: "deepgram", called: CALLED, limit, streams: true, takes_ssml: false }
    }

    fn given(&self, _: Format) -> Given {
        Given::AsAsked
    }

    fn ask(&self, wanted: Wanted) -> BoxFuture<'static, Result<Body, Refused>> {
        self.clone().asked(wanted).boxed()
    }
}

fn kind_of(response: &Response) -> &str {
    response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default()
}
/// Whether a body of this type can be what was asked for. Types that say nothing are believed, a µ-law WAV is unwrapped.
fn may_be(format: Format, kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let known: &[&str] = match format {
        Format::Mulaw => &[
            "audio/mulaw",
            "audio/x-mulaw",
            "audio/basic",
            "audio/pcmu",
            "audio/ulaw",
            "audio/wav",
            "audio/wave",
            "audio/x-wav",
            "audio/vnd.wave",
        ],
        Format::Linear16 => &["audio/l16", "audio/pcm"],
        Format::Mp3 => &["audio/mpeg", "audio/mp3"],
        Format::OggOpus => &["audio/ogg", "audio/opus", "application/ogg"],
    };
    known.contains(&&*kind) || matches!(&*kind, "" | "application/octet-stream" | "binary/octet-stream")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_asked_for_as_such_and_samples_without_a_container() {
        let config = Config { url: "http://127.0.0.1:9/".into(), ..Config::default() };
        let speaker = Speaker::new(config).expect("a speaker");
        for (format, query) in [
            (Format::Mulaw, "encoding=mulaw&sample_rate=8000&container=none"),
            (Format::Linear16, "encoding=linear16&sample_rate=24000&container=none"),
            (Format::Mp3, "encoding=mp3"),
            (Format::OggOpus, "encoding=opus&container=ogg"),
        ] {
            let address = format!("http://127.0.0.1:9/v1/speak?model=aura-2-thalia-en&{query}");
            assert_eq!(speaker.address("aura-2-thalia-en", format), address);
        }
    }

    #[test]
    fn a_type_that_cannot_be_what_was_asked_for_is_not_played() {
        for kind in ["audio/mulaw;rate=8000", "", "Audio/WAV", "application/octet-stream"] {
            assert!(may_be(Format::Mulaw, kind), "{kind}");
        }
        assert!(may_be(Format::OggOpus, "audio/ogg;codecs=opus") && !may_be(Format::Linear16, "audio/wav"));
        for kind in ["audio/mpeg", "application/json", "text/html; charset=utf-8", "audio/l16;rate=8000", "audio/alaw"]
        {
            assert!(!may_be(Format::Mulaw, kind), "{kind}");
        }
    }

    #[test]
    fn a_key_or_an_address_that_cannot_be_one_is_found_at_once() {
        let broken = Config { key: "a\u{7}".into(), ..Config::default() };
        assert!(matches!(Speaker::new(broken), Err(Fault::OurMistake(_))));
        let broken = Config { url: "api.deepgram.com".into(), ..Config::default() };
        assert!(matches!(Speaker::new(broken), Err(Fault::OurMistake(_))));
    }
}
