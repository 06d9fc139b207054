//! Azure's text to speech on loopback, as its REST page has it, so that the gateway's own adapter, or anybody's client,
//! works against it unchanged.
//!
//! | path | what |
//! |---|---|
//! | `POST /cognitiveservices/v1` | speech for a document of SSML, as it is made |
//! | `POST /sts/v1.0/issueToken` | a token for ten minutes |
//! | `GET /cognitiveservices/voices/list` | the voices there are |
//!
//! Any key is good but an empty one and those that begin with `bad`; any voice whose name begins with a language is there.
//! Azure's own clients speak over a socket of their own and are not served.

mod ssml;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::speech::{Form, Speaking};
use ssml::Document;

/// The token that is issued here.
const TOKEN: &str = "sandbox.azure.token";

/// What a refusal says.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-requestid");

/// The routes of this provider.
pub fn router(speaking: &Speaking) -> Router {
    Router::new()
        .route("/cognitiveservices/v1", post(speak))
        .route("/cognitiveservices/voices/list", get(voices))
        .route("/sts/v1.0/issueToken", post(token))
        .with_state(speaking.clone())
}

/// A status and, where Azure says more than that, a text.
type Refusal = (u16, &'static str);

async fn speak(State(speaking): State<Speaking>, headers: HeaderMap, body: Bytes) -> Response {
    let number = speaking.counts().speeches;
    match read(&speaking, &headers, &body) {
        Ok((document, form, kind)) => {
            let named = [(CONTENT_TYPE, kind.to_owned()), (REQUEST_ID, format!("{number:032x}"))];
            (named, speaking.streamed(&document.text, form, Vec::new()).await).into_response()
        }
        Err((status, text)) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut response = speaking.refused((status, text)).into_response();
            if let Some(seconds) = speaking.settings().faults.retry_after {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
            }
            response
        }
    }
}

fn read(speaking: &Speaking, headers: &HeaderMap, body: &[u8]) -> Result<(Document, Form, &'static str), Refusal> {
    if let Some((status, _)) = speaking.refuses() {
        return Err((status, ""));
    }
    check_key(headers)?;
    let header = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if header(&USER_AGENT).is_empty() || header(&USER_AGENT).len() >= 255 {
        return Err((400, "User-Agent is required."));
    }
    if header(&CONTENT_TYPE).split(';').next().map(str::trim) != Some("application/ssml+xml") {
        return Err((415, ""));
    }
    let format = header(&HeaderName::from_static("x-microsoft-outputformat"));
    let (form, kind) = form_of(format).ok_or((400, "Unsupported output format."))?;
    let document = std::str::from_utf8(body).ok().and_then(Document::read).ok_or((400, "The SSML is invalid."))?;
    let is_voice = document.voice.match_indices('-').count() >= 2;
    match is_voice {
        false => Err((400, "Unsupported voice.")),
        true if speaking.is_full() => Err((429, "")),
        true => Ok((document, form, kind)),
    }
}

/// A key, or the token that was issued for one.
fn check_key(headers: &HeaderMap) -> Result<(), Refusal> {
    let text = |value: Option<&HeaderValue>| value.and_then(|value| value.to_str().ok()).map(str::to_owned);
    let key = text(headers.get("ocp-apim-subscription-key"));
    let token = text(headers.get(AUTHORIZATION));
    let good = match (key, token) {
        (Some(key), _) => !key.is_empty() && !key.starts_with("bad"),
        (None, Some(token)) => token.strip_prefix("Bearer ") == Some(TOKEN),
        (None, None) => false,
    };
    if good { Ok(()) } else { Err((401, "")) }
}

/// The formats that the sandbox makes, of those that stream.
fn form_of(name: &str) -> Option<(Form, &'static str)> {
    Some(match name {
        "raw-8khz-8bit-mono-mulaw" => (Form::Mulaw, "audio/basic"),
        "raw-8khz-16bit-mono-pcm" => (Form::linear16(8_000), "audio/pcm"),
        "raw-16khz-16bit-mono-pcm" => (Form::linear16(16_000), "audio/pcm"),
        "raw-24khz-16bit-mono-pcm" => (Form::linear16(24_000), "audio/pcm"),
        "raw-48khz-16bit-mono-pcm" => (Form::linear16(48_000), "audio/pcm"),
        "audio-16khz-32kbitrate-mono-mp3" | "audio-24khz-48kbitrate-mono-mp3" | "audio-48khz-96kbitrate-mono-mp3" => {
            (Form::MP3, "audio/mpeg")
        }
        "ogg-16khz-16bit-mono-opus" | "ogg-24khz-16bit-mono-opus" | "ogg-48khz-16bit-mono-opus" => {
            (Form::OPUS, "audio/ogg")
        }
        _ => return None,
    })
}

async fn token(headers: HeaderMap) -> Result<&'static str, StatusCode> {
    check_key(&headers).map(|()| TOKEN).map_err(|_| StatusCode::UNAUTHORIZED)
}

async fn voices(headers: HeaderMap) -> Result<Json<Value>, StatusCode> {
    check_key(&headers).map_err(|_| StatusCode::UNAUTHORIZED)?;
    let voice = json!({
        "ShortName": "en-US-JennyNeural",
        "Locale": "en-US",
        "Gender": "Female",
        "SampleRateHertz": "24000",
        "VoiceType": "Neural",
        "Status": "GA",
    });
    Ok(Json(json!([voice])))
}
