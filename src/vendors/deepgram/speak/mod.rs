//! Speaking: a text becomes audio in the format that was asked for, streamed while Deepgram makes it.
//!
//! What comes out is either the whole audio or an error at its end: a body cut in the middle is never taken for whole,
//! so that nobody keeps half a sentence. Source of parameters and limits: `openapi.yml` in
//! deepgram/deepgram-api-specs and <https://developers.deepgram.com/docs/tts-media-output-settings>, read 2026-11.

mod riff;
mod text;

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use deepgram::speak::options::{Container, Encoding, Model, Options};
use engine::audio::format::{Format, LINEAR16_RATE_HZ};
use engine::io::Fault;
use futures_util::stream::{self, BoxStream, StreamExt};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde::Serialize;
use tokio::time::{Instant, sleep, timeout_at};

use crate::vendors::deepgram::refusal::Refusal;
use crate::vendors::{Exchange, Watch, cause, http_client};
use riff::Unwrapping;

/// Settings of text to speech.
#[derive(Clone)]
pub struct Config {
    /// The address without a path of the API's own: `https://api.deepgram.com`. `http://` is taken, too.
    pub url: String,
    /// The API key.
    pub key: String,
    /// The voice where no other is asked for: `aura-2-thalia-en`. It carries the language.
    pub voice: String,
    /// How long a connection may take.
    pub connect: Duration,
    /// How long the first audio of a text may take, a second attempt included. The caller hears nothing meanwhile, and
    /// has waited for the end of the turn and for the model before: more than this makes three seconds of silence.
    pub first_byte: Duration,
    /// How long the whole of a text may take.
    pub total: Duration,
    /// Who counts requests.
    pub watch: Watch,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            url: "https://api.deepgram.com".into(),
            key: String::new(),
            voice: "aura-2-thalia-en".into(),
            connect: Duration::from_millis(1_500),
            first_byte: Duration::from_secs(2),
            total: Duration::from_secs(20),
            watch: Arc::new(|_| ()),
        }
    }
}

impl fmt::Debug for Config {
    /// Everything but the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("url", &self.url).field("voice", &self.voice).finish_non_exhaustive()
    }
}

/// Deepgram's voices, over one pool of connections. Clones share it.
#[derive(Debug, Clone)]
pub struct Speaker {
    config: Arc<Config>,
    http: reqwest::Client,
    authorization: HeaderValue,
}

impl Speaker {
    /// A speaker with these settings; opens nothing yet.
    ///
    /// # Errors
    /// The address or the key cannot be one.
    pub fn new(config: Config) -> Result<Self, Fault> {
        let key = format!("Token {}", config.key.trim());
        let mut authorization = HeaderValue::from_str(&key)
            .map_err(|_| Fault::OurMistake("DEEPGRAM_API_KEY holds a character that no key has".into()))?;
        authorization.set_sensitive(true);
        let http = http_client("Deepgram", config.url.trim(), config.connect)?;
        Ok(Self { config: Arc::new(config), http, authorization })
    }

    /// The voice used where no other is asked for.
    pub fn voice(&self) -> &str {
        &self.config.voice
    }

    /// Speaks a text: its audio as it is made, in pieces cut anywhere, then the end. An empty voice means the
    /// configured one. A text without anything to say is no audio and no error. Samples come without a header; a long
    /// text's files of MP3 or Ogg come one behind the other, as both allow.
    ///
    /// An `Err` is the last item; what came before it is good and incomplete. Dropping the stream stops the synthesis.
    /// A failure that may pass is met with one more attempt as long as no audio came and there is time.
    pub fn synthesize(&self, voice: &str, text: &str, format: Format) -> BoxStream<'static, Result<Bytes, Fault>> {
        let voice = if voice.is_empty() { self.config.voice.clone() } else { voice.to_owned() };
        let now = Instant::now();
        let synthesis = Synthesis {
            pieces: text::pieces(&text::speakable(text), text::CHARS_MAX).into(),
            address: self.address(&voice, format),
            format,
            voice,
            body: None,
            tries_left: TRIES,
            first_by: now + self.config.first_byte,
            all_by: now + self.config.total,
            speaker: self.clone(),
        };
        stream::unfold(Some(synthesis), async |state| {
            let mut synthesis = state?;
            match synthesis.next().await {
                Ok(Some(audio)) => Some((Ok(audio), Some(synthesis))),
                Ok(None) => None,
                Err(fault) => Some((Err(fault), None)),
            }
        })
        .boxed()
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
}

#[derive(Serialize)]
struct Request<'a> {
    text: &'a str,
}

/// Attempts before the first audio.
const TRIES: u32 = 2;

/// Between a failure and the second attempt: room for speech appears when another text is spoken to its end.
const RETRY_PAUSE: Duration = Duration::from_millis(150);

/// A text being spoken, piece by piece.
struct Synthesis {
    speaker: Speaker,
    voice: String,
    format: Format,
    address: String,
    /// What is still to be asked for; the first is being spoken while there is a body.
    pieces: VecDeque<String>,
    body: Option<Body>,
    /// Attempts before the first audio; none once some came.
    tries_left: u32,
    first_by: Instant,
    all_by: Instant,
}

struct Body {
    chunks: BoxStream<'static, reqwest::Result<Bytes>>,
    unwrapping: Unwrapping,
    is_empty: bool,
}

impl Synthesis {
    /// The next audio, none at the end of the text.
    async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        loop {
            if self.body.is_none() && self.pieces.is_empty() {
                return Ok(None);
            }
            match self.step().await {
                Ok(None) => {}
                Ok(Some(audio)) => {
                    self.tries_left = 0;
                    return Ok(Some(audio));
                }
                Err(Fault::Retry(text)) if self.tries_left > 1 && Instant::now() < self.first_by => {
                    tracing::debug!(text, "text-to-speech is asked again");
                    self.tries_left -= 1;
                    self.body = None;
                    sleep(RETRY_PAUSE).await;
                }
                Err(fault) => return Err(fault),
            }
        }
    }

    /// Opens the next piece's body, or reads on in the open one.
    async fn step(&mut self) -> Result<Option<Bytes>, Fault> {
        let deadline = if self.tries_left > 0 { self.first_by } else { self.all_by };
        let Some(body) = &mut self.body else {
            let opened = timeout_at(deadline, self.open()).await;
            self.body = Some(opened.map_err(|_| self.late())??);
            return Ok(None);
        };
        match timeout_at(deadline, body.chunks.next()).await {
            Err(_) => Err(self.late()),
            Ok(Some(Ok(chunk))) => {
                let audio = body.unwrapping.push(chunk)?;
                body.is_empty &= audio.is_empty();
                Ok((!audio.is_empty()).then_some(audio))
            }
            Ok(Some(Err(error))) => Err(Fault::Retry(format!("Deepgram's speech was cut off: {}", cause(&error)))),
            Ok(None) if body.is_empty || !body.unwrapping.is_audio() => {
                Err(Fault::Retry("Deepgram said that it spoke and sent no audio".into()))
            }
            Ok(None) => {
                self.body = None;
                self.pieces.pop_front();
                Ok(None)
            }
        }
    }

    async fn open(&mut self) -> Result<Body, Fault> {
        let (watch, asked_at) = (&self.speaker.config.watch, Instant::now());
        watch(Exchange::Asked { again: (1..TRIES).contains(&self.tries_left) });
        let Some(text) = self.pieces.front() else { unreachable!("a body is opened for a piece only") };
        let request = self.speaker.http.post(&self.address).header(AUTHORIZATION, self.speaker.authorization.clone());
        let response = request.json(&Request { text }).send().await;
        let response =
            response.map_err(|error| Fault::Retry(format!("Deepgram cannot be reached: {}", cause(&error))))?;
        watch(Exchange::Answered { after: asked_at.elapsed() });
        if !response.status().is_success() {
            return Err(self.refused(response).await);
        }
        let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !may_be(self.format, kind) {
            return Err(Fault::OurMistake(format!("Deepgram sent `{kind}` instead of {}", self.format.name())));
        }
        let unwrapping = if self.format == Format::Mulaw { Unwrapping::new() } else { Unwrapping::Audio };
        Ok(Body { chunks: response.bytes_stream().boxed(), unwrapping, is_empty: true })
    }

    async fn refused(&mut self, response: reqwest::Response) -> Fault {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await.unwrap_or_default();
        let key = &self.speaker.config.key;
        Refusal { service: "text-to-speech", model: &self.voice, key, status, headers: &headers, body: &body }.fault()
    }

    fn late(&self) -> Fault {
        let Config { first_byte, total, .. } = &*self.speaker.config;
        Fault::Retry(if self.tries_left > 0 {
            format!("Deepgram sent no speech within {} ms", first_byte.as_millis())
        } else {
            format!("Deepgram's speech was not whole within {} ms", total.as_millis())
        })
    }
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
