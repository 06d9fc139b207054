//! Google Cloud: text to speech over REST, in the telephone's own format. It comes in one piece, as base64 in JSON: Google
//! streams over gRPC only, and only some voices.
//!
//! Source: `google/cloud/texttospeech/v1/cloud_tts.proto` in googleapis/googleapis and
//! <https://docs.cloud.google.com/text-to-speech/quotas>, read 2026-11.

mod refusal;
mod token;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use engine::audio::format::{Format, LINEAR16_RATE_HZ};
use engine::io::Fault;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt};
use reqwest::Response;
use serde::{Deserialize, Serialize};

use crate::vendors::speech::{Body, Given, Limit, Refused, Speak, Traits, Wanted, refusal_of, send};
use crate::vendors::{cause, http_client};
use token::Tokens;

/// What people call it.
const CALLED: &str = "Google";

/// Bytes of text in one request; not to be raised.
const BYTES_MAX: usize = 5_000;

/// Settings of Google.
#[derive(Clone)]
pub struct Config {
    /// The address without a path of the API's own: `https://texttospeech.googleapis.com`. `http://` is taken, too.
    pub url: String,
    /// The text of the service account's file.
    pub account: String,
    /// How long a connection may take.
    pub connect: Duration,
    /// The wall clock: milliseconds since 1970 in UTC.
    pub wall_ms: Arc<dyn Fn() -> i64 + Send + Sync>,
}

impl fmt::Debug for Config {
    /// Everything but the account.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("url", &self.url).finish_non_exhaustive()
    }
}

/// Google's voices, over one pool of connections. Clones share it.
#[derive(Debug, Clone)]
pub struct Speaker {
    address: Arc<str>,
    http: reqwest::Client,
    tokens: Arc<Tokens>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    input: Input<'a>,
    voice: Voice<'a>,
    audio_config: AudioConfig,
}

#[derive(Serialize)]
struct Input<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ssml: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Voice<'a> {
    language_code: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AudioConfig {
    audio_encoding: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sample_rate_hertz: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    effects_profile_id: Vec<&'static str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spoken {
    audio_content: String,
}

impl Speaker {
    /// A speaker with these settings; opens nothing yet.
    ///
    /// # Errors
    /// The address cannot be one, or the account is none that can sign.
    pub fn new(config: Config) -> Result<Self, Fault> {
        let http = http_client(CALLED, config.url.trim(), config.connect)?;
        let address = format!("{}/v1/text:synthesize", config.url.trim().trim_end_matches('/')).into();
        let tokens = Arc::new(Tokens::new(&config.account, http.clone(), config.wall_ms)?);
        Ok(Self { address, http, tokens })
    }

    async fn asked(self, wanted: Wanted) -> Result<Body, Refused> {
        let token = self.tokens.token().await?;
        let request = self.http.post(&*self.address).bearer_auth(&token).json(&request(&wanted));
        let response = send(CALLED, request).await?;
        if response.status().as_u16() == 401 {
            self.tokens.forget(&token).await;
        }
        if !response.status().is_success() {
            return Err(refusal::sorted(&refusal_of(response).await, &wanted.voice, &token));
        }
        let audio = audio_of(response).await?;
        Ok(stream::iter([Ok(audio)]).boxed())
    }
}

impl Speak for Speaker {
    fn traits(&self) -> Traits {
        Traits { name: "google", called: CALLED, limit: Limit::Bytes(BYTES_MAX), streams: false, takes_ssml: true }
    }

    fn given(&self, _: Format) -> Given {
        Given::AsAsked
    }

    fn ask(&self, wanted: Wanted) -> BoxFuture<'static, Result<Body, Refused>> {
        self.clone().asked(wanted).boxed()
    }
}

fn request(wanted: &Wanted) -> Request<'_> {
    let (audio_encoding, sample_rate_hertz) = match wanted.format {
        Format::Mulaw => ("MULAW", Some(8_000)),
        Format::Linear16 => ("LINEAR16", Some(LINEAR16_RATE_HZ)),
        Format::Mp3 => ("MP3", None),
        Format::OggOpus => ("OGG_OPUS", None),
    };
    // Evened out for the telephone's narrow band.
    let effects_profile_id =
        if wanted.format == Format::Mulaw { vec!["telephony-class-application"] } else { Vec::new() };
    let said = Some(&*wanted.text);
    let input = if wanted.is_ssml { Input { text: None, ssml: said } } else { Input { text: said, ssml: None } };
    Request {
        input,
        voice: Voice { language_code: language(&wanted.voice), name: &wanted.voice },
        audio_config: AudioConfig { audio_encoding, sample_rate_hertz, effects_profile_id },
    }
}

/// A voice carries its language in front: `en-US-Neural2-F`.
fn language(voice: &str) -> &str {
    match voice.match_indices('-').nth(1) {
        Some((end, _)) => &voice[..end],
        None => "en-US",
    }
}

async fn audio_of(response: Response) -> Result<Bytes, Fault> {
    let body = response.bytes().await;
    let body = body.map_err(|error| Fault::Retry(format!("{CALLED}'s speech was cut off: {}", cause(&error))))?;
    let spoken: Spoken = serde_json::from_slice(&body)
        .map_err(|error| Fault::OurMistake(format!("{CALLED}'s answer makes no sense: {error}")))?;
    let audio = STANDARD.decode(spoken.audio_content);
    audio.map(Bytes::from).map_err(|error| Fault::OurMistake(format!("{CALLED}'s audio makes no sense: {error}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_telephones_format_is_asked_for_at_its_rate() {
        let wanted = |format| Wanted {
            voice: "en-GB-Neural2-F".into(),
            text: "Hello.".into(),
            is_ssml: false,
            format,
            is_streamed: true,
        };
        let written = |format| serde_json::to_value(request(&wanted(format))).expect("JSON");
        assert_eq!(
            written(Format::Mulaw),
            json!({
                "input": {"text": "Hello."},
                "voice": {"languageCode": "en-GB", "name": "en-GB-Neural2-F"},
                "audioConfig": {
                    "audioEncoding": "MULAW",
                    "sampleRateHertz": 8000,
                    "effectsProfileId": ["telephony-class-application"],
                },
            })
        );
        let ssml = Wanted { is_ssml: true, ..wanted(Format::Mp3) };
        assert_eq!(serde_json::to_value(request(&ssml)).expect("JSON")["input"], json!({"ssml": "Hello."}));
        assert_eq!(written(Format::Mp3)["audioConfig"], json!({"audioEncoding": "MP3"}));
        assert_eq!(written(Format::Linear16)["audioConfig"]["sampleRateHertz"], 24_000);
    }
}
