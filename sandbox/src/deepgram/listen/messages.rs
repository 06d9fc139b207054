//! What `/v1/listen` says, field by field in the order the service writes them.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::deepgram::listen::transcript::Alternative;

/// The model's id in every answer; any value of this form will do.
const MODEL_UUID: &str = "5a11db0c-5a4d-4b0c-8000-000000000001";
const MODEL_VERSION: &str = "2026-01-01.0";

#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type")]
pub(super) enum Message {
    Results {
        channel_index: [u32; 2],
        duration: f64,
        start: f64,
        is_final: bool,
        speech_final: bool,
        channel: Channel,
        metadata: ResultMetadata,
        from_finalize: bool,
    },
    SpeechStarted {
        channel: [u32; 2],
        timestamp: f64,
    },
    UtteranceEnd {
        channel: [u32; 2],
        last_word_end: f64,
    },
    Metadata {
        transaction_key: &'static str,
        request_id: String,
        sha256: String,
        created: &'static str,
        duration: f64,
        channels: u32,
        models: [&'static str; 1],
        model_info: Map<String, Value>,
    },
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Channel {
    pub(super) alternatives: [Alternative; 1],
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct ResultMetadata {
    request_id: String,
    model_info: Value,
    model_uuid: &'static str,
}

impl ResultMetadata {
    pub(super) fn new(request_id: &str, model: &str) -> Self {
        Self { request_id: request_id.to_owned(), model_info: model_info(model), model_uuid: MODEL_UUID }
    }
}

impl Message {
    /// The last message of a session. `created` is a fixed date, because the sandbox reads no clock; `sha256` is of no
    /// audio, because nobody has been seen to check it.
    pub(super) fn metadata(request_id: &str, model: &str, duration: f64) -> Self {
        Self::Metadata {
            transaction_key: "deprecated",
            request_id: request_id.to_owned(),
            sha256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".into(),
            created: "2026-01-01T00:00:00.000Z",
            duration,
            channels: 1,
            models: [MODEL_UUID],
            model_info: Map::from_iter([(MODEL_UUID.to_owned(), model_info(model))]),
        }
    }
}

fn model_info(model: &str) -> Value {
    let name = model.strip_suffix("-general").unwrap_or(model);
    json!({ "name": format!("general-{name}"), "version": MODEL_VERSION, "arch": name })
}
