//! ElevenLabs: text to speech over HTTP, streamed while it is made, in the telephone's own format.
//!
//! Source: ElevenLabs' OpenAPI description and <https://elevenlabs.io/docs/api-reference/text-to-speech/stream>, read
//! 2026-11.

mod refusal;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use engine::audio::format::Format;
use engine::io::Fault;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use reqwest::header::HeaderValue;
use serde::Serialize;

use crate::vendors::speech::{Body, Given, Limit, Refused, Speak, Traits, Wanted, audio, refusal_of, send};
use crate::vendors::{http_client, key_header};

/// What people call it.
const CALLED: &str = "ElevenLabs";

/// Characters in one request. Models take 5,000 and more; accounts that do not pay are held to this.
const CHARS_MAX: usize = 2_500;

/// Settings of ElevenLabs.
#[derive(Clone)]
pub struct Config {
    /// The address without a path of the API's own: `https://api.elevenlabs.io`. `http://` is taken, too.
    pub url: String,
    /// The API key.
    pub key: String,
    /// The model: `eleven_flash_v2_5` is the quickest.
    pub model: String,
    /// How long a connection may take.
    pub connect: Duration,
}

impl fmt::Debug for Config {
    /// Everything but the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("url", &self.url).field("model", &self.model).finish_non_exhaustive()
    }
}

/// ElevenLabs' voices, over one pool of connections. Clones share it.
#[derive(Debug, Clone)]
pub struct Speaker {
    config: Arc<Config>,
    http: reqwest::Client,
    key: HeaderValue,
}

#[derive(Serialize)]
struct Request<'a> {
    text: &'a str,
    model_id: &'a str,
}

impl Speaker {
    /// A speaker with these settings; opens nothing yet.
    ///
    /// # Errors
    /// The address or the key cannot be one.
    pub fn new(config: Config) -> Result<Self, Fault> {
        let key = key_header(config.key.trim(), "ELEVENLABS_API_KEY")?;
        let http = http_client(CALLED, config.url.trim(), config.connect)?;
        Ok(Self { config: Arc::new(config), http, key })
    }

    fn address(&self, wanted: &Wanted) -> Result<String, Fault> {
        let Wanted { voice, format, is_streamed, .. } = wanted;
        // It becomes a part of the path.
        if voice.is_empty() || !voice.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
            return Err(Fault::OurMistake(format!("`{voice}` is no id of a voice at {CALLED}")));
        }
        let format = match format {
            Format::Mulaw => "ulaw_8000",
            Format::Linear16 => "pcm_24000",
            // Higher rates need a plan that is paid for.
            Format::Mp3 => "mp3_44100_128",
            Format::OggOpus => "opus_48000_64",
        };
        let stream = if *is_streamed { "/stream" } else { "" };
        let url = self.config.url.trim().trim_end_matches('/');
        Ok(format!("{url}/v1/text-to-speech/{voice}{stream}?output_format={format}"))
    }

    async fn asked(self, wanted: Wanted) -> Result<Body, Refused> {
        let request = Request { text: &wanted.text, model_id: &self.config.model };
        let request = self.http.post(self.address(&wanted)?).header("xi-api-key", self.key.clone()).json(&request);
        let response = send(CALLED, request).await?;
        if !response.status().is_success() {
            return Err(refusal::sorted(&refusal_of(response).await, &wanted.voice, &self.config));
        }
        Ok(audio(CALLED, response)?)
    }
}

impl Speak for Speaker {
    fn traits(&self) -> Traits {
        let limit = Limit::Characters(CHARS_MAX);
        Traits { name: "elevenlabs", called: CALLED, limit, streams: true, takes_ssml: false }
    }

    fn given(&self, _: Format) -> Given {
        Given::AsAsked
    }

    fn settings(&self) -> String {
        self.config.model.clone()
    }

    fn ask(&self, wanted: Wanted) -> BoxFuture<'static, Result<Body, Refused>> {
        self.clone().asked(wanted).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn speaker() -> Speaker {
        let (url, key, model) = ("http://127.0.0.1:9/".into(), "k".into(), "eleven_flash_v2_5".into());
        Speaker::new(Config { url, key, model, connect: Duration::from_secs(1) }).expect("a speaker")
    }

    fn wanted(voice: &str, format: Format, is_streamed: bool) -> Wanted {
        Wanted { voice: voice.into(), text: "Hello.".into(), is_ssml: false, format, is_streamed }
    }

    #[test]
    fn every_format_is_asked_for_in_the_query() {
        for (format, name) in [
            (Format::Mulaw, "ulaw_8000"),
            (Format::Linear16, "pcm_24000"),
            (Format::Mp3, "mp3_44100_128"),
            (Format::OggOpus, "opus_48000_64"),
        ] {
            let address = format!("http://127.0.0.1:9/v1/text-to-speech/abc/stream?output_format={name}");
            assert_eq!(speaker().address(&wanted("abc", format, true)), Ok(address));
        }
        let whole = speaker().address(&wanted("abc", Format::Mulaw, false)).expect("an address");
        assert!(whole.ends_with("/v1/text-to-speech/abc?output_format=ulaw_8000"), "{whole}");
    }

    #[test]
    fn a_voice_cannot_change_the_address() {
        for voice in ["", "../voices", "a/b", "a?b", "a%2fb", "ä"] {
            let address = speaker().address(&wanted(voice, Format::Mulaw, true));
            assert!(matches!(address, Err(Fault::OurMistake(_))), "{voice}");
        }
    }
}
