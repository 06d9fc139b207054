//! One session: what a client said to it, what it heard, and what it is about to say. It knows no socket and no clock;
//! whoever drives it sends what it puts out, each event after its delay.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::realtime::config::Config;
use crate::realtime::hearing::{Heard, Hearing};
use crate::realtime::items::{Conversation, Item};
use crate::recognizer::Lexicon;

/// What a session wants done.
#[derive(Debug)]
pub(super) enum Order {
    /// Send this event.
    Send(Value),
    /// Send it after a while.
    Later(Duration, Value),
    /// Make a response.
    Respond(Asked),
    /// Drop what is still to be sent of the response under way, and tell why.
    Cancel(&'static str),
    /// The same of one by its id, which may be beside the conversation.
    CancelOne(String),
}

/// A response that is asked for.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// What it is told to do.
    pub(super) instructions: String,
    /// The names of the functions it may call.
    pub(super) tools: Vec<String>,
    /// Whether it becomes part of the conversation.
    pub(super) in_conversation: bool,
    /// What has been said, by role and text.
    pub(super) messages: Vec<(String, String)>,
    /// What the last call of a function came to.
    pub(super) output: Option<Value>,
    pub(super) metadata: Value,
}

pub(super) struct Session {
    pub(super) config: Config,
    pub(super) conversation: Conversation,
    hearing: Hearing,
    /// A response of the conversation is under way.
    pub(super) responding: bool,
    /// How long a transcript takes.
    pub(super) transcript_after: Duration,
}

impl Session {
    pub(super) fn new(config: Config, lexicon: Lexicon) -> Self {
        Self {
            config,
            conversation: Conversation::default(),
            hearing: Hearing::new(lexicon),
            responding: false,
            transcript_after: Duration::ZERO,
        }
    }

    /// Takes one event of the client. Those that make no sense are answered with an error, and the session goes on.
    pub(super) fn take(&mut self, event: &Value, out: &mut Vec<Order>) {
        let result = match event["type"].as_str().unwrap_or_default() {
            "session.update" => self.update(&event["session"], out),
            "input_audio_buffer.append" => self.append(&event["audio"], out),
            "input_audio_buffer.commit" => self.commit(out),
            "input_audio_buffer.clear" => {
                self.hearing.clear();
                out.push(Order::Send(json!({"type": "input_audio_buffer.cleared"})));
                Ok(())
            }
            "conversation.item.create" => self.create(event, out),
            "conversation.item.truncate" => self.truncate(event, out),
            "conversation.item.delete" => self.delete(&event["item_id"], out),
            "conversation.item.retrieve" => self.retrieve(&event["item_id"], out),
            "response.create" => self.respond(&event["response"], out),
            "response.cancel" => self.cancel(&event["response_id"], out),
            other => Err(error("invalid_value", "type", &format!("Invalid value: '{other}'."))),
        };
        if let Err(mut error) = result {
            error["event_id"] = event["event_id"].clone();
            out.push(Order::Send(json!({"type": "error", "error": error})));
        }
    }

    fn update(&mut self, change: &Value, out: &mut Vec<Order>) -> Result<(), Value> {
        self.config.update(change, self.conversation.has_spoken())?;
        out.push(Order::Send(json!({"type": "session.updated", "session": self.config.shown()})));
        Ok(())
    }

    fn append(&mut self, audio: &Value, out: &mut Vec<Order>) -> Result<(), Value> {
        let text = audio
            .as_str()
            .ok_or_else(|| error("missing_required_parameter", "audio", "Missing required parameter: 'audio'."))?;
        let bytes =
            STANDARD.decode(text).map_err(|_| error("invalid_value", "audio", "Invalid 'audio': it is no base64."))?;
        let mut heard = Vec::new();
        self.hearing.push(&self.config.input, &bytes, self.config.detection.as_ref(), &mut heard);
        for heard in heard {
            self.heard(heard, out);
        }
        Ok(())
    }

    fn heard(&mut self, heard: Heard, out: &mut Vec<Order>) {
        let detection = self.config.detection.clone().unwrap_or_default();
        match heard {
            Heard::Started { at_ms } => {
                let item_id = self.conversation.next_id();
                let event =
                    json!({"type": "input_audio_buffer.speech_started", "audio_start_ms": at_ms, "item_id": item_id});
                out.push(Order::Send(event));
                if detection.interrupt_response && self.responding {
                    out.push(Order::Cancel("turn_detected"));
                }
            }
            Heard::Stopped { at_ms } => {
                let item_id = self.conversation.next_id();
                let event =
                    json!({"type": "input_audio_buffer.speech_stopped", "audio_end_ms": at_ms, "item_id": item_id});
                out.push(Order::Send(event));
                self.put_user_item(out);
                if detection.create_response {
                    let _ = self.respond(&Value::Null, out);
                }
            }
        }
    }

    fn commit(&mut self, out: &mut Vec<Order>) -> Result<(), Value> {
        if self.hearing.buffered_ms() < 100 {
            let message = format!(
                "Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, but buffer only has {:.2}ms of audio.",
                self.hearing.buffered_ms() as f64
            );
            return Err(error("input_audio_buffer_commit_empty", "", &message));
        }
        self.put_user_item(out);
        Ok(())
    }

    fn put_user_item(&mut self, out: &mut Vec<Order>) {
        let words = self.hearing.commit();
        let item = self.conversation.put(Item::said("user", "input_audio", &words));
        let previous = self.conversation.before(&item.id);
        let committed =
            json!({"type": "input_audio_buffer.committed", "previous_item_id": previous, "item_id": item.id});
        out.push(Order::Send(committed));
        self.tell_item(&item, &previous, out);
        if self.config.transcribes {
            let delta = json!({"type": "conversation.item.input_audio_transcription.delta", "item_id": item.id, "content_index": 0, "delta": words});
            let whole = json!({"type": "conversation.item.input_audio_transcription.completed", "item_id": item.id, "content_index": 0,
                "transcript": words, "usage": {"type": "duration", "seconds": 1}});
            if !words.is_empty() {
                out.push(Order::Later(self.transcript_after, delta));
            }
            out.push(Order::Later(self.transcript_after, whole));
        }
    }

    fn tell_item(&self, item: &Item, previous: &Value, out: &mut Vec<Order>) {
        for kind in ["conversation.item.added", "conversation.item.done"] {
            out.push(Order::Send(json!({"type": kind, "previous_item_id": previous, "item": item.shown("completed")})));
        }
    }

    fn create(&mut self, event: &Value, out: &mut Vec<Order>) -> Result<(), Value> {
        let item = Item::read(&event["item"])?;
        let item = self.conversation.put(item);
        let previous = self.conversation.before(&item.id);
        self.tell_item(&item, &previous, out);
        Ok(())
    }

    fn truncate(&mut self, event: &Value, out: &mut Vec<Order>) -> Result<(), Value> {
        let id = event["item_id"].as_str().unwrap_or_default();
        let end_ms = event["audio_end_ms"].as_u64().ok_or_else(|| {
            error("missing_required_parameter", "audio_end_ms", "Missing required parameter: 'audio_end_ms'.")
        })?;
        self.conversation.truncate(id, end_ms)?;
        out.push(Order::Send(
            json!({"type": "conversation.item.truncated", "item_id": id, "content_index": 0, "audio_end_ms": end_ms}),
        ));
        Ok(())
    }

    fn delete(&mut self, id: &Value, out: &mut Vec<Order>) -> Result<(), Value> {
        self.conversation.delete(id.as_str().unwrap_or_default())?;
        out.push(Order::Send(json!({"type": "conversation.item.deleted", "item_id": id})));
        Ok(())
    }

    fn retrieve(&mut self, id: &Value, out: &mut Vec<Order>) -> Result<(), Value> {
        let item = self.conversation.find(id.as_str().unwrap_or_default())?;
        out.push(Order::Send(json!({"type": "conversation.item.retrieved", "item": item.shown("completed")})));
        Ok(())
    }

    fn respond(&mut self, wanted: &Value, out: &mut Vec<Order>) -> Result<(), Value> {
        let in_conversation = wanted["conversation"].as_str() != Some("none");
        if in_conversation && self.responding {
            let message = "Conversation already has an active response in progress. Wait until the response is finished before creating a new one.";
            return Err(error("conversation_already_has_active_response", "", message));
        }
        self.responding |= in_conversation;
        out.push(Order::Respond(self.asked(wanted, in_conversation)?));
        Ok(())
    }

    fn asked(&self, wanted: &Value, in_conversation: bool) -> Result<Asked, Value> {
        let instructions = wanted["instructions"].as_str().unwrap_or(&self.config.instructions).to_owned();
        let choice = wanted.get("tool_choice").unwrap_or(&self.config.tool_choice);
        let tools = wanted.get("tools").unwrap_or(&self.config.tools);
        let names = tools.as_array().into_iter().flatten().filter_map(|tool| tool["name"].as_str().map(str::to_owned));
        let tools = if choice == "none" { Vec::new() } else { names.collect() };
        let mut messages = vec![("system".to_owned(), instructions.clone())];
        match wanted["input"].as_array() {
            Some(input) => {
                for item in input {
                    let item = Item::read(item)?;
                    messages.push((item.role, item.text));
                }
            }
            None => messages.extend(self.conversation.messages()),
        }
        let output = self.conversation.last_output();
        Ok(Asked { instructions, tools, in_conversation, messages, output, metadata: wanted["metadata"].clone() })
    }

    fn cancel(&mut self, response: &Value, out: &mut Vec<Order>) -> Result<(), Value> {
        if let Some(id) = response.as_str() {
            out.push(Order::CancelOne(id.to_owned()));
            return Ok(());
        }
        if !self.responding {
            return Err(error("response_cancel_not_active", "", "Cancellation failed: no active response found"));
        }
        out.push(Order::Cancel("client_cancelled"));
        Ok(())
    }
}

/// An error as the service words it; the session goes on.
pub(super) fn error(code: &str, param: &str, message: &str) -> Value {
    let param = if param.is_empty() { Value::Null } else { param.into() };
    json!({"type": "invalid_request_error", "code": code, "message": message, "param": param, "event_id": null})
}
