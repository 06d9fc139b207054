//! ElevenLabs on loopback: text to speech over HTTP, whole or streamed, as its OpenAPI description has it, so that the
//! gateway's own adapter, or anybody's client, works against it unchanged.
//!
//! | path | what |
//! |---|---|
//! | `POST /v1/text-to-speech/{voice_id}` | speech in one piece |
//! | `POST /v1/text-to-speech/{voice_id}/stream` | speech as it is made |
//!
//! Any key is good but an empty one and those that begin with `bad`; any voice with an id of twenty letters and digits is
//! there, and speaks with the sandbox's voice. Of raw audio, A-law is not made.

mod refusal;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::Deserialize;
use serde_json::Value;

use crate::speech::{Form, Speaking};
use refusal::Refusal;

/// What is spoken where a request names no format.
const FORMAT: &str = "mp3_44100_128";

/// What speaks where a request names no model.
const MODEL: &str = "eleven_multilingual_v2";

/// The routes of this provider.
pub fn router(speaking: &Speaking) -> Router {
    Router::new()
        .route("/v1/text-to-speech/{voice_id}", post(whole))
        .route("/v1/text-to-speech/{voice_id}/stream", post(streamed))
        .with_state(speaking.clone())
}

#[derive(Deserialize)]
struct Asked {
    output_format: Option<String>,
}

/// What is read of a request's body; everything else changes nothing here.
#[derive(Debug)]
struct Text {
    text: String,
    model: String,
}

async fn whole(
    State(speaking): State<Speaking>,
    Path(voice): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match read(&speaking, &voice, &asked, &headers, &body) {
        Ok((text, form)) => answer(&speaking, form, speaking.whole(&text, form, |audio| audio).await),
        Err(refusal) => speaking.refused(refusal).answer(speaking.settings().faults.retry_after),
    }
}

async fn streamed(
    State(speaking): State<Speaking>,
    Path(voice): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match read(&speaking, &voice, &asked, &headers, &body) {
        Ok((text, form)) => answer(&speaking, form, speaking.streamed(&text, form, Vec::new()).await),
        Err(refusal) => speaking.refused(refusal).answer(speaking.settings().faults.retry_after),
    }
}

fn answer(speaking: &Speaking, form: Form, body: Body) -> Response {
    let kind = match form {
        Form::Mulaw => "audio/basic",
        Form::Linear16(_) => "audio/pcm",
        Form::Compressed(compressed) => compressed.content_type(),
    };
    let counts = speaking.counts();
    let most = speaking.settings().at_once_max.unwrap_or(5);
    let named = [
        (CONTENT_TYPE, kind.to_owned()),
        (HeaderName::from_static("request-id"), format!("sandbox{:013}", counts.speeches)),
        (HeaderName::from_static("current-concurrent-requests"), counts.speeches_open.to_string()),
        (HeaderName::from_static("maximum-concurrent-requests"), most.to_string()),
    ];
    (named, body).into_response()
}

fn read(
    speaking: &Speaking,
    voice: &str,
    asked: &Asked,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<(String, Form), Refusal> {
    if let Some((status, name)) = speaking.refuses() {
        return Err(Refusal::named(status, &name));
    }
    let key = headers.get("xi-api-key").and_then(|key| key.to_str().ok()).unwrap_or_default();
    if key.is_empty() || key.starts_with("bad") {
        return Err(Refusal::named(401, "invalid_api_key"));
    }
    let Text { text, model } = text_of(body)?;
    let form = form_of(asked.output_format.as_deref().unwrap_or(FORMAT))?;
    if voice.len() != 20 || !voice.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(Refusal::named(404, "voice_not_found"));
    }
    match characters_max(&model) {
        None => Err(Refusal::named(400, "model_not_found")),
        Some(most) if text.chars().count() > most => Err(Refusal::named(400, "max_character_limit_exceeded")),
        Some(_) if speaking.is_full() => Err(Refusal::named(429, "too_many_concurrent_requests")),
        Some(_) => Ok((text, form)),
    }
}

fn text_of(body: &[u8]) -> Result<Text, Refusal> {
    let body: Value =
        serde_json::from_slice(body).map_err(|_| Refusal::wrong("body", "JSON decode error", "json_invalid"))?;
    let text = body.get("text").ok_or_else(|| Refusal::wrong("text", "Field required", "missing"))?;
    let text = text.as_str().ok_or_else(|| Refusal::wrong("text", "Input should be a valid string", "string_type"))?;
    if text.trim().is_empty() {
        return Err(Refusal::named(400, "input_text_empty"));
    }
    let model = body.get("model_id").and_then(Value::as_str).unwrap_or(MODEL);
    Ok(Text { text: text.to_owned(), model: model.to_owned() })
}

/// The longest text of each model, in characters.
fn characters_max(model: &str) -> Option<usize> {
    Some(match model {
        "eleven_flash_v2_5" | "eleven_turbo_v2_5" => 40_000,
        "eleven_flash_v2" | "eleven_turbo_v2" => 30_000,
        "eleven_multilingual_v2" | "eleven_multilingual_v1" | "eleven_monolingual_v1" => 10_000,
        "eleven_v3" => 5_000,
        _ => return None,
    })
}

fn form_of(name: &str) -> Result<Form, Refusal> {
    let wrong = || Refusal::wrong("output_format", "Input should be one of the formats listed", "enum");
    let mut parts = name.split('_');
    let (kind, rate_hz, kbps) = (parts.next(), parts.next(), parts.next());
    let rate_hz: u32 = rate_hz.and_then(|rate| rate.parse().ok()).ok_or_else(wrong)?;
    match (kind, rate_hz, kbps) {
        (Some("ulaw"), 8_000, None) => Ok(Form::Mulaw),
        (Some("pcm"), 8_000 | 16_000 | 22_050 | 24_000 | 44_100 | 48_000, None) => Ok(Form::linear16(rate_hz)),
        (Some("mp3"), 22_050 | 24_000 | 44_100, Some(_)) => Ok(Form::MP3),
        (Some("opus"), 48_000, Some("32" | "64" | "96" | "128" | "192")) => Ok(Form::OPUS),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_those_of_the_description() {
        for (name, form) in [
            ("ulaw_8000", Form::Mulaw),
            ("pcm_24000", Form::linear16(24_000)),
            ("mp3_44100_128", Form::MP3),
            ("opus_48000_64", Form::OPUS),
        ] {
            assert_eq!(form_of(name), Ok(form), "{name}");
        }
        for name in ["", "ulaw", "ulaw_16000", "pcm_12000", "opus_48000_50", "wav_8000"] {
            assert!(form_of(name).is_err(), "{name}");
        }
    }
}
