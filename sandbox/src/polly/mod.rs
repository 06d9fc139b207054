//! Amazon Polly on loopback: `POST /v1/speech`, as botocore's description has it, with signatures checked, so that the
//! gateway's own adapter, or anybody's client, works against it unchanged.
//!
//! Any access key is good but an empty one and those that begin with `bad`, and the secret of each is
//! [`SECRET_ACCESS_KEY`]. Any voice with a name like `Joanna` is there for every engine.

mod refusal;
mod signature;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::Deserialize;

use crate::speech::{Form, Speaking};
use refusal::Refusal;

/// The secret of every access key.
pub const SECRET_ACCESS_KEY: &str = "sandbox-secret";

/// Characters of one request.
const CHARACTERS_MAX: usize = 3_000;

/// The routes of this provider.
pub fn router(speaking: &Speaking) -> Router {
    Router::new().route("/v1/speech", post(speak)).with_state(speaking.clone())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Request {
    output_format: String,
    text: String,
    voice_id: String,
    #[serde(default = "standard")]
    engine: String,
    sample_rate: Option<String>,
    #[serde(default = "plain")]
    text_type: String,
    #[allow(dead_code, reason = "it is taken and changes nothing here")]
    language_code: Option<String>,
}

fn standard() -> String {
    "standard".to_owned()
}

fn plain() -> String {
    "text".to_owned()
}

async fn speak(State(speaking): State<Speaking>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let (request, form, kind) = match read(&speaking, &uri, &headers, &body) {
        Ok(asked) => asked,
        Err(refusal) => return speaking.refused(refusal).answer(speaking.settings().faults.retry_after),
    };
    let named = [
        (CONTENT_TYPE, kind.to_owned()),
        (HeaderName::from_static("x-amzn-requestcharacters"), request.text.chars().count().to_string()),
        (HeaderName::from_static("x-amzn-requestid"), refusal::request_id()),
    ];
    (named, speaking.streamed(&request.text, form, Vec::new()).await).into_response()
}

fn read(
    speaking: &Speaking,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(Request, Form, &'static str), Refusal> {
    if let Some((status, name)) = speaking.refuses() {
        return Err(Refusal::new(status, &name, "The request is refused, as it was told to be."));
    }
    signature::check("POST", uri, headers, body)?;
    let wrong = |message: String| Refusal::new(400, "ValidationException", &message);
    let request: Request = serde_json::from_slice(body).map_err(|error| wrong(error.to_string()))?;
    if !matches!(&*request.engine, "standard" | "neural" | "long-form" | "generative") {
        return Err(wrong(format!("Value '{}' at 'engine' failed to satisfy constraint.", request.engine)));
    }
    let is_name = request.voice_id.starts_with(|letter: char| letter.is_ascii_uppercase());
    if !is_name || !request.voice_id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(wrong(format!("Value '{}' at 'voiceId' failed to satisfy constraint.", request.voice_id)));
    }
    let is_ssml = match &*request.text_type {
        "text" => false,
        "ssml" => true,
        other => return Err(wrong(format!("Value '{other}' at 'textType' failed to satisfy constraint."))),
    };
    if is_ssml && !(request.text.starts_with("<speak") && request.text.ends_with("</speak>")) {
        return Err(Refusal::new(400, "InvalidSsmlException", "Invalid SSML request"));
    }
    if request.text.chars().count() > CHARACTERS_MAX {
        return Err(Refusal::new(400, "TextLengthExceededException", "Maximum text length has been exceeded"));
    }
    let (form, kind) = form_of(&request)?;
    if speaking.is_full() {
        return Err(Refusal::new(400, "ThrottlingException", "Rate exceeded"));
    }
    Ok((request, form, kind))
}

fn form_of(request: &Request) -> Result<(Form, &'static str), Refusal> {
    let rate = request.sample_rate.as_deref();
    let is_one_of = |rates: &[&str]| rate.is_none_or(|rate| rates.contains(&rate));
    let rates: &[&str] = &["8000", "16000", "22050", "24000", "44100", "48000"];
    let (form, kind, is_good) = match &*request.output_format {
        "mulaw" => (Form::Mulaw, "audio/mulaw", is_one_of(&["8000"])),
        "pcm" => {
            let rate_hz = if rate == Some("8000") { 8_000 } else { 16_000 };
            (Form::linear16(rate_hz), "audio/pcm", is_one_of(&["8000", "16000"]))
        }
        "mp3" => (Form::MP3, "audio/mpeg", is_one_of(rates)),
        "ogg_opus" => (Form::OPUS, "audio/ogg", is_one_of(&["48000"])),
        other => {
            let message = format!("The sandbox speaks mulaw, pcm, mp3 and ogg_opus, not '{other}'.");
            return Err(Refusal::new(400, "ValidationException", &message));
        }
    };
    if is_good {
        Ok((form, kind))
    } else {
        Err(Refusal::new(400, "InvalidSampleRateException", "The specified sample rate is not valid."))
    }
}
