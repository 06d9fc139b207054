//! OpenAI's speech: 24 kHz samples, streamed while they are made. It has no format of the telephone's; we write that
//! ourselves.
//!
//! Every model of this address ends on 6 January 2027. Source: `openapi.json` in openai/openai-openapi
//! (CreateSpeechRequest) and the guide "Text to speech", read 2026-11.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use engine::audio::format::{Format, LINEAR16_RATE_HZ};
use engine::io::Fault;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;

use super::failure::Complaint;
use crate::vendors::speech::{Answer, Body, Given, Limit, Refused, Speak, Traits, Wanted, audio, refusal_of, send};
use crate::vendors::{http_client, key_header};

/// What people call it.
const CALLED: &str = "OpenAI";

/// Characters in one request.
const CHARS_MAX: usize = 4_096;

/// Settings of OpenAI's speech.
#[derive(Clone)]
pub struct Config {
    /// The address, its version included: `https://api.openai.com/v1`. `http://` is taken, too.
    pub base_url: String,
    /// The API key.
    pub key: String,
    /// The organization to bill, if the key has several.
    pub org: Option<String>,
    /// The model: `gpt-4o-mini-tts`.
    pub model: String,
    /// How long a connection may take.
    pub connect: Duration,
}

impl fmt::Debug for Config {
    /// Everything but the key and whom it bills.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { base_url, model, .. } = self;
        f.debug_struct("Config").field("base_url", base_url).field("model", model).finish_non_exhaustive()
    }
}

/// OpenAI's voices, over one pool of connections. Clones share it.
#[derive(Debug, Clone)]
pub struct Speaker {
    config: Arc<Config>,
    http: reqwest::Client,
    headers: HeaderMap,
}

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    input: &'a str,
    voice: &'a str,
    response_format: &'static str,
}

impl Speaker {
    /// A speaker with these settings; opens nothing yet.
    ///
    /// # Errors
    /// The address, the key or the organization cannot be one.
    pub fn new(config: Config) -> Result<Self, Fault> {
        let key = key_header(&format!("Bearer {}", config.key.trim()), "OPENAI_API_KEY")?;
        let mut headers = HeaderMap::from_iter([(AUTHORIZATION, key)]);
        if let Some(org) = config.org.as_deref().map(str::trim).filter(|org| !org.is_empty()) {
            let org = HeaderValue::from_str(org)
                .map_err(|_| Fault::OurMistake("OPENAI_ORG_ID holds a character that no id has".into()))?;
            headers.insert(HeaderName::from_static("openai-organization"), org);
        }
        let http = http_client(CALLED, config.base_url.trim(), config.connect)?;
        Ok(Self { config: Arc::new(config), http, headers })
    }

    async fn asked(self, wanted: Wanted) -> Result<Body, Refused> {
        let address = format!("{}/audio/speech", self.config.base_url.trim().trim_end_matches('/'));
        let request = Request {
            model: &self.config.model,
            input: &wanted.text,
            voice: &wanted.voice,
            response_format: response_format(wanted.format),
        };
        let request = self.http.post(address).headers(self.headers.clone()).json(&request);
        let response = send(CALLED, request).await?;
        if !response.status().is_success() {
            return Err(self.sorted(&refusal_of(response).await, &wanted.voice));
        }
        Ok(audio(CALLED, response)?)
    }

    fn sorted(&self, answer: &Answer, voice: &str) -> Refused {
        let complaint = Complaint::in_body(&answer.body);
        let request = Some(answer.header("x-request-id")).filter(|id| !id.is_empty());
        let said = complaint.said(Some(answer.status.as_u16()), request, &self.config.key);
        let model = &self.config.model;
        answer.refused(match answer.status.as_u16() {
            401 => Refused::of_all(Fault::OurMistake(format!(
                "OpenAI does not know our key ({said}): check OPENAI_API_KEY and OPENAI_ORG_ID"
            ))),
            403 => Fault::GiveUp(format!("OpenAI does not allow us `{model}` ({said}): check the key's project")).into(),
            404 => Refused::of_all(Fault::OurMistake(format!(
                "OpenAI has no model `{model}` for us ({said}): it may be retired; set OPENAI_TTS_MODEL to another, or take \
                 openai out of TTS_PROVIDER"
            ))),
            402 => Fault::GiveUp(format!("OpenAI's credit is used up ({said}): top it up")).into(),
            429 if complaint.is_about_money() => {
                Fault::GiveUp(format!("OpenAI's credit is used up ({said}): top it up")).into()
            }
            408 | 409 | 425 | 429 | 500..=599 => {
                Fault::Retry(format!("OpenAI has no room for `{model}` now ({said})")).into()
            }
            _ => Refused::of_this(Fault::OurMistake(format!(
                "OpenAI refuses our request for `{model}` with `{voice}` ({said})"
            ))),
        })
    }
}

impl Speak for Speaker {
    fn traits(&self) -> Traits {
        let limit = Limit::Characters(CHARS_MAX);
        Traits { name: "openai", called: CALLED, limit, streams: true, takes_ssml: false }
    }

    fn given(&self, format: Format) -> Given {
        match format {
            Format::Mulaw => Given::Samples { rate_hz: LINEAR16_RATE_HZ },
            Format::Linear16 | Format::Mp3 | Format::OggOpus => Given::AsAsked,
        }
    }

    fn settings(&self) -> String {
        self.config.model.clone()
    }

    fn ask(&self, wanted: Wanted) -> BoxFuture<'static, Result<Body, Refused>> {
        self.clone().asked(wanted).boxed()
    }
}

fn response_format(format: Format) -> &'static str {
    match format {
        Format::Mulaw | Format::Linear16 => "pcm",
        Format::Mp3 => "mp3",
        Format::OggOpus => "opus",
    }
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;

    use super::*;

    #[test]
    fn a_refusal_is_sorted_and_a_retired_model_named_with_its_remedy() {
        let (base_url, key, model) = ("http://127.0.0.1:9/v1".into(), "sk-1".into(), "tts-1".into());
        let config = Config { base_url, key, org: None, model, connect: Duration::from_secs(1) };
        let speaker = Speaker::new(config).expect("a speaker");
        let sort = |status: u16, code: &str| {
            let body = format!(r#"{{"error":{{"message":"no sk-1","type":"t","code":"{code}"}}}}"#).into_bytes();
            let status = StatusCode::from_u16(status).expect("a status");
            speaker.sorted(&Answer { status, headers: HeaderMap::new(), body }, "alloy")
        };
        assert!(matches!(sort(429, "rate_limit_exceeded").fault, Fault::Retry(_)));
        assert!(matches!(sort(429, "insufficient_quota").fault, Fault::GiveUp(_)));
        assert!(matches!(sort(503, "").fault, Fault::Retry(_)));
        assert!(!sort(400, "").is_of_all && sort(401, "").is_of_all);
        let Fault::OurMistake(text) = sort(404, "model_not_found").fault else { panic!("our mistake") };
        assert!(text.contains("`tts-1`") && text.contains("OPENAI_TTS_MODEL") && !text.contains("sk-1"), "{text}");
    }
}
