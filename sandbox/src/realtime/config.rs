//! What a session was told about itself.

use std::num::NonZeroU32;

use serde_json::{Value, json};

use crate::realtime::session::error;

/// How audio is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// µ-law at 8 kHz.
    Pcmu,
    /// 16-bit samples at 24 kHz, little-endian.
    Pcm24,
}

impl Format {
    fn read(format: &Value, param: &str) -> Result<Self, Value> {
        let wrong = |message: String| error("invalid_value", param, &message);
        match format["type"].as_str().unwrap_or_default() {
            "audio/pcmu" => Ok(Self::Pcmu),
            "audio/pcm" if format["rate"].as_u64().is_none_or(|rate| rate == 24_000) => Ok(Self::Pcm24),
            "audio/pcm" => Err(wrong(format!("Invalid value: '{}'. Supported values are: 24000.", format["rate"]))),
            "audio/pcma" => Err(wrong("This sandbox carries audio/pcmu and audio/pcm only.".to_owned())),
            other => Err(wrong(format!("Invalid value: '{other}'."))),
        }
    }

    fn shown(self) -> Value {
        match self {
            Self::Pcmu => json!({"type": "audio/pcmu"}),
            Self::Pcm24 => json!({"type": "audio/pcm", "rate": 24_000}),
        }
    }

    pub(super) fn rate_hz(self) -> NonZeroU32 {
        NonZeroU32::new(if self == Self::Pcmu { 8_000 } else { 24_000 }).expect("neither is 0")
    }
}

/// How the service decides whose turn it is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Detection {
    pub(super) silence_ms: u64,
    pub(super) prefix_ms: u64,
    pub(super) create_response: bool,
    pub(super) interrupt_response: bool,
    kind: String,
}

impl Default for Detection {
    fn default() -> Self {
        let kind = "server_vad".to_owned();
        Self { silence_ms: 500, prefix_ms: 300, create_response: true, interrupt_response: true, kind }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Config {
    pub(super) model: String,
    pub(super) instructions: String,
    pub(super) tools: Value,
    pub(super) tool_choice: Value,
    pub(super) input: Format,
    pub(super) output: Format,
    /// None: the client says when a turn is over.
    pub(super) detection: Option<Detection>,
    pub(super) transcribes: bool,
    voice: String,
    modality: String,
    expires_at: u64,
}

impl Config {
    /// What a session begins with.
    pub(super) fn new(model: &str, expires_at: u64) -> Self {
        Self {
            model: model.to_owned(),
            instructions: String::new(),
            tools: json!([]),
            tool_choice: "auto".into(),
            input: Format::Pcm24,
            output: Format::Pcm24,
            detection: Some(Detection::default()),
            transcribes: false,
            voice: "alloy".to_owned(),
            modality: "audio".to_owned(),
            expires_at,
        }
    }

    /// Takes what a `session.update` names, and leaves the rest.
    pub(super) fn update(&mut self, change: &Value, has_spoken: bool) -> Result<(), Value> {
        match change["type"].as_str() {
            Some("realtime") => {}
            None => {
                return Err(error(
                    "missing_required_parameter",
                    "session.type",
                    "Missing required parameter: 'session.type'.",
                ));
            }
            Some(other) => return Err(error("invalid_value", "session.type", &format!("Invalid value: '{other}'."))),
        }
        let mut next = self.clone();
        if let Some(instructions) = change["instructions"].as_str() {
            instructions.clone_into(&mut next.instructions);
        }
        if let Some(tools) = change.get("tools") {
            next.tools = tools.clone();
        }
        if let Some(choice) = change.get("tool_choice") {
            next.tool_choice = choice.clone();
        }
        match change["output_modalities"].as_array().map(Vec::as_slice) {
            None => {}
            Some([one]) if one == "audio" || one == "text" => {
                next.modality = one.as_str().unwrap_or_default().to_owned()
            }
            Some(_) => {
                return Err(error(
                    "invalid_value",
                    "session.output_modalities",
                    "Invalid value: supported combinations are: ['text'] and ['audio'].",
                ));
            }
        }
        next.update_input(&change["audio"]["input"])?;
        next.update_output(&change["audio"]["output"], has_spoken)?;
        *self = next;
        Ok(())
    }

    fn update_input(&mut self, input: &Value) -> Result<(), Value> {
        if input["format"].is_object() {
            self.input = Format::read(&input["format"], "session.audio.input.format")?;
        }
        if let Some(transcription) = input.get("transcription") {
            self.transcribes = !transcription.is_null();
        }
        match input.get("turn_detection") {
            None => {}
            Some(Value::Null) => self.detection = None,
            Some(wanted) => {
                let kind = wanted["type"].as_str().unwrap_or("server_vad");
                if !matches!(kind, "server_vad" | "semantic_vad") {
                    return Err(error(
                        "invalid_value",
                        "session.audio.input.turn_detection.type",
                        &format!("Invalid value: '{kind}'."),
                    ));
                }
                let usual = Detection::default();
                self.detection = Some(Detection {
                    silence_ms: wanted["silence_duration_ms"].as_u64().unwrap_or(usual.silence_ms),
                    prefix_ms: wanted["prefix_padding_ms"].as_u64().unwrap_or(usual.prefix_ms),
                    create_response: wanted["create_response"].as_bool().unwrap_or(true),
                    interrupt_response: wanted["interrupt_response"].as_bool().unwrap_or(true),
                    kind: kind.to_owned(),
                });
            }
        }
        Ok(())
    }

    fn update_output(&mut self, output: &Value, has_spoken: bool) -> Result<(), Value> {
        if output["format"].is_object() {
            self.output = Format::read(&output["format"], "session.audio.output.format")?;
        }
        if let Some(voice) = output["voice"].as_str() {
            if has_spoken && voice != self.voice {
                let message = "Cannot update a conversation's voice if assistant audio is present.";
                return Err(error("cannot_update_voice", "session.audio.output.voice", message));
            }
            voice.clone_into(&mut self.voice);
        }
        Ok(())
    }

    pub(super) fn speaks(&self) -> bool {
        self.modality == "audio"
    }

    /// As the service shows it.
    pub(super) fn shown(&self) -> Value {
        let detection = self.detection.as_ref().map(|detection| {
            json!({"type": detection.kind, "threshold": 0.5, "prefix_padding_ms": detection.prefix_ms,
                "silence_duration_ms": detection.silence_ms, "create_response": detection.create_response,
                "interrupt_response": detection.interrupt_response, "idle_timeout_ms": null})
        });
        let transcription =
            self.transcribes.then(|| json!({"model": "gpt-4o-mini-transcribe", "language": "en", "prompt": null}));
        json!({
            "type": "realtime", "object": "realtime.session", "id": "sess_sandbox", "model": self.model,
            "output_modalities": [self.modality], "instructions": self.instructions, "tools": self.tools,
            "tool_choice": self.tool_choice, "max_output_tokens": "inf", "tracing": null, "truncation": "auto",
            "prompt": null, "expires_at": self.expires_at, "include": null,
            "audio": {
                "input": {"format": self.input.shown(), "transcription": transcription, "noise_reduction": null, "turn_detection": detection},
                "output": {"format": self.output.shown(), "voice": self.voice, "speed": 1.0},
            },
        })
    }
}
