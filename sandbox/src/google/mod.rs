//! Google Cloud's text to speech on loopback, version 1 over REST, and the address where service accounts get tokens, so
//! that the gateway's own adapter, or anybody's client, works against it unchanged.
//!
//! | path | what |
//! |---|---|
//! | `POST /v1/text:synthesize` | speech as base64 in JSON |
//! | `GET /v1/voices` | the voices there are |
//! | `POST /token` | a token for a signed statement |
//!
//! There is one service account, [`Account`], which gets a token for what it signed; a token that was not granted is
//! refused. Any voice is there whose name begins with its language.

mod account;
mod header;
mod refusal;
mod token;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::speech::{Form, Speaking};
pub use account::Account;
use refusal::Refusal;
use token::Granted;

/// Bytes of text in one request.
const BYTES_MAX: usize = 5_000;

/// What all of its routes share.
#[derive(Clone)]
struct Google {
    speaking: Speaking,
    account: Account,
    granted: Arc<Granted>,
}

/// The routes of this provider.
pub fn router(speaking: &Speaking, account: &Account) -> Router {
    let google = Google { speaking: speaking.clone(), account: account.clone(), granted: Arc::default() };
    Router::new()
        .route("/v1/text:synthesize", post(synthesize))
        .route("/v1/voices", get(voices))
        .route("/token", post(grant))
        .with_state(google)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Request {
    input: Input,
    voice: Voice,
    audio_config: AudioConfig,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Input {
    text: Option<String>,
    ssml: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Voice {
    language_code: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    #[allow(dead_code, reason = "it is taken and changes nothing here")]
    ssml_gender: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AudioConfig {
    audio_encoding: Value,
    #[serde(default)]
    sample_rate_hertz: Option<u32>,
    #[serde(default = "one")]
    speaking_rate: f64,
    #[serde(default)]
    pitch: f64,
    #[serde(default)]
    volume_gain_db: f64,
    #[serde(default)]
    #[allow(dead_code, reason = "it is taken and changes nothing here")]
    effects_profile_id: Vec<String>,
}

fn one() -> f64 {
    1.0
}

/// What was asked for, once it is found good.
struct Asked {
    text: String,
    form: Form,
    is_bare: bool,
}

async fn synthesize(State(google): State<Google>, headers: HeaderMap, body: Bytes) -> Response {
    let speaking = &google.speaking;
    let Asked { text, form, is_bare } = match google.read(&headers, &body) {
        Ok(asked) => asked,
        Err(refusal) => return speaking.refused(refusal).answer(speaking.settings().faults.retry_after),
    };
    let wrapped = |audio: Vec<u8>| {
        let header = if is_bare { Vec::new() } else { header::wav(form, audio.len()) };
        let audio = [header, audio].concat();
        json!({ "audioContent": STANDARD.encode(audio) }).to_string().into_bytes()
    };
    ([(CONTENT_TYPE, "application/json; charset=UTF-8")], speaking.whole(&text, form, wrapped).await).into_response()
}

impl Google {
    fn check(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let token = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let token = token.strip_prefix("Bearer ").unwrap_or_default();
        if self.granted.has(token) {
            Ok(())
        } else {
            Err(Refusal::new(401, "UNAUTHENTICATED", "Request had invalid authentication credentials."))
        }
    }

    fn read(&self, headers: &HeaderMap, body: &[u8]) -> Result<Asked, Refusal> {
        if let Some((status, name)) = self.speaking.refuses() {
            return Err(Refusal::new(status, &name, "The request is refused, as it was told to be."));
        }
        self.check(headers)?;
        let wrong = |message: String| Refusal::new(400, "INVALID_ARGUMENT", &message);
        let request: Request =
            serde_json::from_slice(body).map_err(|error| wrong(format!("Invalid JSON payload received. {error}")))?;
        let text = text_of(request.input).map_err(|message| wrong(message.to_owned()))?;
        let Voice { language_code, name, .. } = &request.voice;
        if language_code.is_empty() || !(name.is_empty() || name.starts_with(&format!("{language_code}-"))) {
            return Err(wrong(format!("Requested language code '{language_code}' doesn't match the voice '{name}'s.")));
        }
        let AudioConfig { speaking_rate, pitch, volume_gain_db, .. } = request.audio_config;
        let is_in_range = (0.25..=2.0).contains(&speaking_rate)
            && (-20.0..=20.0).contains(&pitch)
            && (-96.0..=16.0).contains(&volume_gain_db);
        if !is_in_range {
            return Err(wrong("A value of audioConfig is out of range.".to_owned()));
        }
        let (form, is_bare) = form_of(&request.audio_config).map_err(|message| wrong(message.to_owned()))?;
        if self.speaking.is_full() {
            return Err(Refusal::new(429, "RESOURCE_EXHAUSTED", "Quota exceeded for requests per minute."));
        }
        Ok(Asked { text, form, is_bare })
    }
}

fn text_of(input: Input) -> Result<String, &'static str> {
    let text = match (input.text, input.ssml) {
        (Some(text), None) => text,
        (None, Some(ssml)) if ssml.trim_start().starts_with("<speak") => without_tags(&ssml),
        (None, Some(_)) => return Err("Invalid SSML."),
        _ => return Err("Exactly one of text and ssml is to be set."),
    };
    if text.trim().is_empty() {
        return Err("Input is empty.");
    }
    if text.len() > BYTES_MAX {
        return Err("Either `input.text` or `input.ssml` is longer than the limit of 5000 bytes.");
    }
    Ok(text)
}

fn without_tags(ssml: &str) -> String {
    let mut text = String::new();
    for part in ssml.split('<') {
        text.push_str(part.split_once('>').map_or(part, |(_, after)| after));
    }
    text
}

/// How the audio is written, and whether it stays without a header. Encodings have names, and numbers in the order of the
/// description, which clients may send as well.
fn form_of(config: &AudioConfig) -> Result<(Form, bool), &'static str> {
    let name = match &config.audio_encoding {
        Value::String(name) => name.as_str(),
        Value::Number(number) => match number.as_u64() {
            Some(1) => "LINEAR16",
            Some(2) => "MP3",
            Some(3) => "OGG_OPUS",
            Some(5) => "MULAW",
            Some(7) => "PCM",
            _ => "",
        },
        _ => "",
    };
    match (name, config.sample_rate_hertz) {
        ("MULAW", Some(8_000)) => Ok((Form::Mulaw, false)),
        ("MULAW", _) => Err("The sandbox writes MULAW at 8000 Hz only."),
        ("LINEAR16" | "PCM", rate) => match rate.unwrap_or(24_000) {
            rate @ (8_000 | 16_000 | 24_000 | 44_100 | 48_000) => Ok((Form::linear16(rate), name == "PCM")),
            _ => Err("The sample rate is not supported."),
        },
        ("MP3", _) => Ok((Form::MP3, true)),
        ("OGG_OPUS", _) => Ok((Form::OPUS, true)),
        _ => Err("Invalid value at 'audio_config.audio_encoding'."),
    }
}

async fn voices(State(google): State<Google>, headers: HeaderMap) -> Response {
    let voice = json!({
        "languageCodes": ["en-US"],
        "name": "en-US-Neural2-F",
        "ssmlGender": "FEMALE",
        "naturalSampleRateHertz": 24000,
    });
    match google.check(&headers) {
        Ok(()) => Json(json!({ "voices": [voice] })).into_response(),
        Err(refusal) => refusal.answer(None),
    }
}

/// What a client of the token's address sends.
#[derive(Deserialize)]
struct Grant {
    grant_type: String,
    assertion: String,
}

async fn grant(State(google): State<Google>, form: Result<axum::Form<Grant>, FormRejection>) -> Response {
    let granted = match form {
        Ok(axum::Form(Grant { grant_type, assertion })) => {
            google.granted.grant(&google.account, &grant_type, &assertion)
        }
        Err(_) => Err("grant_type and assertion are needed"),
    };
    match granted {
        Ok(token) => {
            let body = json!({ "access_token": token, "expires_in": 3599, "token_type": "Bearer" });
            Json(body).into_response()
        }
        Err(why) => {
            let body = json!({ "error": "invalid_grant", "error_description": why });
            (StatusCode::BAD_REQUEST, Json(body)).into_response()
        }
    }
}
