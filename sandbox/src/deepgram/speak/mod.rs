//! `/v1/speak`: Aura's speech, as a chunked body over HTTP or as binary messages on a socket.

mod options;
mod socket;
mod text;

pub(super) use socket::open;

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::deepgram::Deepgram;
use crate::deepgram::parameters::Parameters;
use crate::deepgram::refusal::{REQUEST_ID, Refusal};
use crate::deepgram::settings::Settings;
use crate::speech::body::{self, Pace};
use crate::speech::format;
use options::Options;

/// A voice's id in every answer; any value of this form will do.
const MODEL_UUID: &str = "5a11db0c-5a4d-4b0c-8000-000000000002";

#[derive(Deserialize)]
struct Request {
    text: String,
}

/// The handler of `POST /v1/speak`.
pub(super) async fn answer(
    State(deepgram): State<Deepgram>,
    headers: HeaderMap,
    Query(query): Query<Vec<(String, String)>>,
    body: Bytes,
) -> Response {
    let request_id = deepgram.next_request_id();
    let asked = deepgram.admit_speech(&headers).and_then(|()| read(&headers, Parameters(query), &body));
    let (options, text) = match asked {
        Ok(asked) => asked,
        Err(refusal) => return refusal.answer(&request_id),
    };
    let characters = text.chars().count();
    let open = deepgram.speech_opened(characters);
    let speech = deepgram.voice().speak(&text).await;
    let (audio, bytes_per_second) = written(&speech.audio, &options);
    let named = [
        (REQUEST_ID, request_id),
        (HeaderName::from_static("dg-model-name"), options.model.clone()),
        (HeaderName::from_static("dg-model-uuid"), MODEL_UUID.to_owned()),
        (HeaderName::from_static("dg-char-count"), characters.to_string()),
        (CONTENT_TYPE, options.content_type()),
    ];
    (named, body::streamed(audio, bytes_per_second, pace(&deepgram.settings()), open)).into_response()
}

fn pace(settings: &Settings) -> Pace {
    Pace {
        first_byte: settings.speak_first_byte,
        rate: settings.speak_rate,
        stall: settings.faults.stall_speak,
        cut_after: settings.faults.cut_speak_after,
    }
}

/// Speech as it was asked for, and how much of that plays for a second.
fn written(speech: &[u8], options: &Options) -> (Vec<u8>, f64) {
    if let Some(compressed) = options.compressed {
        let ms = speech.len() as u64 / 8;
        let audio = compressed.silence(ms);
        let bytes_per_second = audio.len() as f64 * 1_000.0 / ms.max(1) as f64;
        return (audio, bytes_per_second);
    }
    let mut audio = format::encode(speech, options.format);
    if options.wav {
        audio.splice(..0, body::wav_header(options.format));
    }
    (audio, body::bytes_per_second(options.format).into())
}

fn read(headers: &HeaderMap, parameters: Parameters, body: &[u8]) -> Result<(Options, String), Refusal> {
    let options = Options::of_request(&parameters)?;
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let text = match content_type.split(';').next().map(str::trim) {
        Some("application/json") => {
            let request: Request = serde_json::from_slice(body)
                .map_err(|error| Refusal::payload(format!("Could not parse JSON object with text: {error}.")))?;
            request.text
        }
        Some("text/plain") => {
            String::from_utf8(body.to_vec()).map_err(|_| Refusal::payload("The text is not valid UTF-8."))?
        }
        _ => return Err(Refusal::content_type()),
    };
    let (characters, most) = (text.chars().count(), options.characters_max());
    if text.trim().is_empty() {
        return Err(Refusal::payload("The text is empty."));
    }
    if characters > most {
        return Err(Refusal::too_long(format!("Input text exceeds maximum character limit of {most}: {characters}.")));
    }
    Ok((options, text))
}
