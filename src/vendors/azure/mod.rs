//! Azure: text to speech over REST, in the telephone's own format, streamed while it is made.
//!
//! Source: <https://learn.microsoft.com/azure/ai-services/speech-service/rest-text-to-speech>, read 2026-11.

mod ssml;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use engine::audio::format::Format;
use engine::io::Fault;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use reqwest::header::{CONTENT_TYPE, HeaderValue};

use crate::vendors::speech::{Answer, Body, Given, Limit, Refused, Speak, Traits, Wanted, audio, refusal_of, send};
use crate::vendors::{excerpt, http_client, key_header};

/// What people call it.
const CALLED: &str = "Azure";

/// Characters in one request. Azure counts minutes instead, and cuts silently after ten of them; nobody speaks this in ten.
const CHARS_MAX: usize = 5_000;

/// Settings of Azure.
#[derive(Clone)]
pub struct Config {
    /// The address without a path of the API's own: `https://westeurope.tts.speech.microsoft.com`. `http://` is taken, too.
    pub url: String,
    /// The key of the speech resource.
    pub key: String,
    /// How long a connection may take.
    pub connect: Duration,
}

impl fmt::Debug for Config {
    /// Everything but the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("url", &self.url).finish_non_exhaustive()
    }
}

/// Azure's voices, over one pool of connections. Clones share it.
#[derive(Debug, Clone)]
pub struct Speaker {
    config: Arc<Config>,
    http: reqwest::Client,
    key: HeaderValue,
}

impl Speaker {
    /// A speaker with these settings; opens nothing yet.
    ///
    /// # Errors
    /// The address or the key cannot be one.
    pub fn new(config: Config) -> Result<Self, Fault> {
        let key = key_header(config.key.trim(), "AZURE_SPEECH_KEY")?;
        let http = http_client(CALLED, config.url.trim(), config.connect)?;
        Ok(Self { config: Arc::new(config), http, key })
    }

    async fn asked(self, wanted: Wanted) -> Result<Body, Refused> {
        let address = format!("{}/cognitiveservices/v1", self.config.url.trim().trim_end_matches('/'));
        let document = if wanted.is_ssml {
            ssml::with_voice(&wanted.voice, &wanted.text)
                .ok_or_else(|| Fault::OurMistake("SSML is one element speak".into()))?
        } else {
            ssml::speak(&wanted.voice, &wanted.text)
        };
        let request = self
            .http
            .post(address)
            .header("ocp-apim-subscription-key", self.key.clone())
            .header("x-microsoft-outputformat", output_format(wanted.format))
            .header(CONTENT_TYPE, "application/ssml+xml")
            .body(document);
        let response = send(CALLED, request).await?;
        if !response.status().is_success() {
            return Err(self.sorted(&refusal_of(response).await, &wanted.voice));
        }
        Ok(audio(CALLED, response)?)
    }

    /// What a refusal means. Azure says it in the status; the body is mostly empty.
    fn sorted(&self, answer: &Answer, voice: &str) -> Refused {
        let mut said = answer.status.as_u16().to_string();
        for part in [&String::from_utf8_lossy(&answer.body), answer.header("x-requestid")] {
            let part = excerpt(part, &self.config.key);
            if !part.is_empty() {
                said.push_str(", ");
                said.push_str(&part);
            }
        }
        answer.refused(match answer.status.as_u16() {
            400 => Refused::of_this(Fault::OurMistake(format!(
                "Azure refuses our request for `{voice}` ({said}): check AZURE_SPEECH_VOICE and the table of voices"
            ))),
            401 | 403 => Refused::of_all(Fault::OurMistake(format!(
                "Azure does not know our key ({said}): check AZURE_SPEECH_KEY, and that it is of AZURE_SPEECH_REGION"
            ))),
            404 => Refused::of_all(Fault::OurMistake(format!(
                "there is no text-to-speech at this address ({said}): check AZURE_SPEECH_REGION and AZURE_SPEECH_URL"
            ))),
            408 | 429 | 500..=599 => Fault::Retry(format!("Azure has no room now ({said})")).into(),
            _ => Fault::OurMistake(format!("Azure refuses our request ({said})")).into(),
        })
    }
}

impl Speak for Speaker {
    fn traits(&self) -> Traits {
        let limit = Limit::Characters(CHARS_MAX);
        Traits { name: "azure", called: CALLED, limit, streams: true, takes_ssml: true }
    }

    fn given(&self, _: Format) -> Given {
        Given::AsAsked
    }

    fn ask(&self, wanted: Wanted) -> BoxFuture<'static, Result<Body, Refused>> {
        self.clone().asked(wanted).boxed()
    }
}

fn output_format(format: Format) -> &'static str {
    match format {
        Format::Mulaw => "raw-8khz-8bit-mono-mulaw",
        Format::Linear16 => "raw-24khz-16bit-mono-pcm",
        Format::Mp3 => "audio-24khz-48kbitrate-mono-mp3",
        Format::OggOpus => "ogg-24khz-16bit-mono-opus",
    }
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;
    use reqwest::header::HeaderMap;

    use super::*;

    #[test]
    fn a_refusal_is_sorted_by_its_status() {
        let (url, key) = ("http://127.0.0.1:9".into(), "secret".into());
        let speaker = Speaker::new(Config { url, key, connect: Duration::from_secs(1) }).expect("a speaker");
        let sort = |status: u16| {
            let status = StatusCode::from_u16(status).expect("a status");
            speaker.sorted(&Answer { status, headers: HeaderMap::new(), body: b"the secret".into() }, "v")
        };
        for status in [429, 500, 502, 503] {
            assert!(matches!(sort(status).fault, Fault::Retry(_)), "{status}");
        }
        for (status, is_of_all) in [(400, false), (401, true), (403, true), (404, true), (415, false)] {
            let refused = sort(status);
            assert!(matches!(refused.fault, Fault::OurMistake(_)) && refused.is_of_all == is_of_all, "{status}");
        }
        let Fault::OurMistake(text) = sort(401).fault else { panic!("our mistake") };
        assert!(text.contains("401, the …"), "{text}");
    }
}
