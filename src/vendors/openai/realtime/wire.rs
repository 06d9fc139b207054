//! The events of the Realtime API that we send and read. What is read is tolerant: an event of a kind that we do not know
//! is passed over, as the service adds some.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::audio::frame::Frame;
use engine::io::{Message, Role};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Config;

/// The function that tells what a turn says.
const UNDERSTOOD: &str = "understood";

/// What the model is before it is told anything about a turn.
const ROLE: &str = "You hear and speak for a business on the phone. You are told word for word what to say; say it exactly, \
                    in a friendly voice, and nothing else.";

/// Silence after which the service takes an utterance for finished.
const SILENCE_MS: u64 = 300;

/// An event that was read.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Event {
    #[serde(default)]
    pub(super) r#type: String,
    pub(super) response_id: Option<String>,
    pub(super) item_id: Option<String>,
    pub(super) delta: Option<String>,
    pub(super) transcript: Option<String>,
    pub(super) audio_start_ms: Option<u64>,
    pub(super) audio_end_ms: Option<u64>,
    pub(super) response: Option<Response>,
    pub(super) item: Option<Item>,
    pub(super) error: Option<Problem>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Item {
    pub(super) id: String,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Response {
    #[serde(default)]
    pub(super) id: String,
    #[serde(default)]
    pub(super) status: String,
    pub(super) status_details: Option<Details>,
    pub(super) usage: Option<Usage>,
    pub(super) metadata: Option<Value>,
}

impl Response {
    /// The number of what it was asked for.
    pub(super) fn want(&self) -> Option<u64> {
        self.metadata.as_ref()?.get("want")?.as_str()?.parse().ok()
    }
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Details {
    pub(super) reason: Option<String>,
    pub(super) error: Option<Problem>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(super) struct Usage {
    #[serde(default)]
    pub(super) input_tokens: u32,
    #[serde(default)]
    pub(super) output_tokens: u32,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Problem {
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
    pub(super) r#type: Option<String>,
}

impl Problem {
    /// The problem in a few words.
    pub(super) fn told(&self) -> String {
        let words = [self.code.as_deref().or(self.r#type.as_deref()), self.message.as_deref()];
        words.into_iter().flatten().collect::<Vec<_>>().join(": ")
    }
}

/// What a session is told first.
pub(super) fn session(config: &Config, keyterms: &[String]) -> String {
    let pcmu = json!({"type": "audio/pcmu"});
    // Names and terms of the business are what it will hear.
    let hint = keyterms.iter().take(40).cloned().collect::<Vec<_>>().join(", ");
    let mut transcription = json!({"model": config.transcription, "prompt": hint});
    // Of several it finds out by itself.
    if let [only] = &config.languages[..] {
        transcription["language"] = only.as_str().into();
    }
    let detection = json!({"type": "server_vad", "silence_duration_ms": SILENCE_MS, "create_response": false, "interrupt_response": false});
    json!({"type": "session.update", "session": {
        "type": "realtime",
        "output_modalities": ["audio"],
        "instructions": ROLE,
        "audio": {
            "input": {"format": pcmu, "noise_reduction": null, "transcription": transcription, "turn_detection": detection},
            "output": {"format": pcmu, "voice": config.voice},
        },
        "tools": [understood()],
        "tool_choice": "none",
    }})
    .to_string()
}

/// The caller's audio.
pub(super) fn audio(frame: &Frame) -> String {
    let mut text = String::with_capacity(280);
    text.push_str(r#"{"type":"input_audio_buffer.append","audio":""#);
    STANDARD.encode_string(frame, &mut text);
    text.push_str("\"}");
    text
}

pub(super) fn commit() -> String {
    json!({"type": "input_audio_buffer.commit"}).to_string()
}

/// Asks what the last turn says, beside the conversation, so that words may be said meanwhile.
pub(super) fn ask(want: u64, messages: &[Message]) -> String {
    let instructions = messages.iter().find(|message| message.role == Role::System).map(|message| &message.content);
    json!({"type": "response.create", "event_id": format!("want-{want}"), "response": {
        "conversation": "none",
        "output_modalities": ["text"],
        "instructions": instructions,
        "tools": [understood()],
        "tool_choice": {"type": "function", "name": UNDERSTOOD},
        "metadata": {"want": want.to_string()},
    }})
    .to_string()
}

/// Has words said, as a part of the conversation.
pub(super) fn say(want: u64, text: &str) -> String {
    json!({"type": "response.create", "event_id": format!("want-{want}"), "response": {
        "instructions": format!("Say exactly: {text}"),
        "tool_choice": "none",
        "metadata": {"want": want.to_string()},
    }})
    .to_string()
}

pub(super) fn cancel(response: &str) -> String {
    json!({"type": "response.cancel", "response_id": response}).to_string()
}

/// Takes out of the conversation what nobody heard.
pub(super) fn truncate(item: &str, heard_ms: u64) -> String {
    json!({"type": "conversation.item.truncate", "item_id": item, "content_index": 0, "audio_end_ms": heard_ms})
        .to_string()
}

/// Something that was said or written elsewhere.
pub(super) fn item(message: &Message) -> String {
    let (role, kind) = match message.role {
        Role::System => ("system", "input_text"),
        Role::User => ("user", "input_text"),
        Role::Assistant => ("assistant", "output_text"),
    };
    json!({"type": "conversation.item.create", "item": {
        "type": "message", "role": role, "content": [{"type": kind, "text": message.content}],
    }})
    .to_string()
}

fn understood() -> Value {
    let text = json!({"type": ["string", "null"]});
    let intents = ["book", "provide", "change", "confirm", "deny", "question", "person", "goodbye", "other"];
    json!({
        "type": "function",
        "name": UNDERSTOOD,
        "description": "What the caller's last turn says, for the booking to go on with.",
        "parameters": {
            "type": "object",
            "properties": {
                "intent": {"type": "string", "enum": intents},
                "service": text, "when_text": text, "name": text, "phone": text, "reply": text,
            },
            "required": ["intent", "service", "when_text", "name", "phone", "reply"],
            "additionalProperties": false,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_that_nobody_knows_is_read_all_the_same() {
        let event: Event = serde_json::from_str(r#"{"type":"response.weather","sun":[1]}"#).expect("an event");
        assert_eq!((event.r#type.as_str(), event.response_id), ("response.weather", None));
    }

    #[test]
    fn a_response_is_known_by_what_it_was_asked_for() {
        let text = r#"{"type":"response.done","response":{"id":"r","status":"failed","metadata":{"want":"7"},
            "status_details":{"type":"failed","error":{"type":"requests","code":"rate_limit_exceeded"}},"usage":null}}"#;
        let response = serde_json::from_str::<Event>(text).expect("an event").response.expect("a response");
        assert_eq!(response.want(), Some(7));
        let problem = response.status_details.and_then(|details| details.error).expect("a problem");
        assert_eq!(problem.told(), "rate_limit_exceeded");
    }

    #[test]
    fn a_frame_is_an_event_of_its_own() {
        let event: Value = serde_json::from_str(&audio(&[0xff; 160])).expect("JSON");
        assert_eq!(STANDARD.decode(event["audio"].as_str().expect("text")).expect("base64"), [0xff; 160]);
    }
}
