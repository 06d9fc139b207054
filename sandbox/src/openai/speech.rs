//! `POST /v1/audio/speech`: speech in the formats that clients ask for, as it is made (CreateSpeechRequest of OpenAI's own
//! description). FLAC and AAC are not made here, and neither are events.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::Value;

use super::check_key;
use super::refusal::Refusal;
use crate::speech::{Form, Speaking};

const MODELS: [&str; 3] = ["tts-1", "tts-1-hd", "gpt-4o-mini-tts"];

const VOICES: [&str; 13] =
    ["alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar", "fable", "onyx", "nova"];

/// Characters of one request.
const CHARACTERS_MAX: usize = 4_096;

/// The route of speech.
pub fn router(speaking: &Speaking) -> Router {
    Router::new().route("/v1/audio/speech", post(speak)).with_state(speaking.clone())
}

async fn speak(State(speaking): State<Speaking>, headers: HeaderMap, body: Bytes) -> Response {
    let number = speaking.counts().speeches;
    let mut response = match read(&speaking, &headers, &body) {
        Ok((text, form, kind)) => {
            ([(CONTENT_TYPE, kind)], speaking.streamed(&text, form, Vec::new()).await).into_response()
        }
        Err(refusal) => {
            let mut response = speaking.refused(refusal).into_response();
            if let Some(seconds) = speaking.settings().faults.retry_after {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            response
        }
    };
    let id = HeaderValue::try_from(format!("req_sandboxspeech{number:08}")).expect("letters and numbers make a header");
    response.headers_mut().insert("x-request-id", id);
    response
}

fn read(speaking: &Speaking, headers: &HeaderMap, body: &[u8]) -> Result<(String, Form, &'static str), Refusal> {
    check_key(headers)?;
    let body: Value = serde_json::from_slice(body)
        .map_err(|_| Refusal::bad("", None, "We could not parse the JSON body of your request."))?;
    let text = |name: &'static str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let model = text("model");
    match speaking.refuses() {
        Some((429, name)) if name == "insufficient_quota" => return Err(Refusal::out_of_quota()),
        Some((status, _)) => return Err(Refusal::of_status(status, model, None)),
        None => {}
    }
    if !MODELS.contains(&model) {
        return Err(Refusal::no_model(model));
    }
    let input = text("input");
    if input.trim().is_empty() || input.chars().count() > CHARACTERS_MAX {
        let message = "Invalid 'input': a string of 1 to 4096 characters is expected.";
        return Err(Refusal::bad("input", Some("invalid_string_length"), message));
    }
    if !VOICES.contains(&text("voice")) {
        return Err(Refusal::bad("voice", Some("invalid_value"), "Invalid 'voice': it is none of those there are."));
    }
    if body.get("speed").is_some_and(|speed| !speed.as_f64().is_some_and(|speed| (0.25..=4.0).contains(&speed))) {
        return Err(Refusal::bad("speed", Some("decimal_out_of_range"), "Invalid 'speed': 0.25 to 4.0 is expected."));
    }
    let (form, kind) = match body.get("response_format").and_then(Value::as_str).unwrap_or("mp3") {
        "pcm" => (Form::linear16(24_000), "audio/pcm"),
        "mp3" => (Form::MP3, "audio/mpeg"),
        "opus" => (Form::OPUS, "audio/opus"),
        _ => {
            let message = "Invalid 'response_format': the sandbox speaks pcm, mp3 and opus.";
            return Err(Refusal::bad("response_format", Some("invalid_value"), message));
        }
    };
    if speaking.is_full() {
        return Err(Refusal::of_status(429, model, None));
    }
    Ok((input.to_owned(), form, kind))
}
