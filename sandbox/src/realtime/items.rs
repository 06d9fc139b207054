//! What has been said in a session, as items.

use serde_json::{Value, json};

use crate::realtime::session::error;

/// One item of the conversation.
#[derive(Debug, Clone, Default)]
pub(super) struct Item {
    pub(super) id: String,
    /// `user`, `assistant` or `system`; empty for a function's call and output.
    pub(super) role: String,
    /// `message`, `function_call` or `function_call_output`.
    kind: String,
    /// How its content is called: `input_audio`, `input_text`, `output_text`, `output_audio`.
    content: String,
    /// Its words, or the function's arguments or output.
    pub(super) text: String,
    /// The function's name, and the id of its call.
    call: (String, String),
    /// How long its audio is, where it has any.
    audio_ms: Option<u64>,
}

impl Item {
    pub(super) fn said(role: &str, content: &str, text: &str) -> Self {
        let (role, content, text) = (role.to_owned(), content.to_owned(), text.to_owned());
        Self { role, content, text, kind: "message".to_owned(), ..Self::default() }
    }

    /// What the assistant says aloud.
    pub(super) fn spoken(text: &str, audio_ms: u64) -> Self {
        Self { audio_ms: Some(audio_ms), ..Self::said("assistant", "output_audio", text) }
    }

    pub(super) fn call(name: &str, call_id: &str, arguments: &str) -> Self {
        let call = (name.to_owned(), call_id.to_owned());
        Self { kind: "function_call".to_owned(), text: arguments.to_owned(), call, ..Self::default() }
    }

    /// One that a client wrote.
    pub(super) fn read(item: &Value) -> Result<Self, Value> {
        let id = item["id"].as_str().unwrap_or_default().to_owned();
        match item["type"].as_str().unwrap_or_default() {
            "message" => {
                let role = item["role"].as_str().unwrap_or_default();
                let part = &item["content"][0];
                let kind = part["type"].as_str().unwrap_or_default();
                let fits = match role {
                    "user" => matches!(kind, "input_text" | "input_audio"),
                    "assistant" => kind == "output_text",
                    "system" => kind == "input_text",
                    _ => return Err(error("invalid_value", "item.role", &format!("Invalid value: '{role}'."))),
                };
                if !fits {
                    let message = format!("Invalid value: '{kind}'. It cannot be content of the role '{role}'.");
                    return Err(error("invalid_value", "item.content[0].type", &message));
                }
                let text = part["text"].as_str().or(part["transcript"].as_str()).unwrap_or_default();
                Ok(Self { id, ..Self::said(role, kind, text) })
            }
            "function_call_output" => {
                let call_id = item["call_id"].as_str().unwrap_or_default().to_owned();
                let text = item["output"].as_str().unwrap_or_default().to_owned();
                let kind = "function_call_output".to_owned();
                Ok(Self { id, kind, text, call: (String::new(), call_id), ..Self::default() })
            }
            other => Err(error("invalid_value", "item.type", &format!("Invalid value: '{other}'."))),
        }
    }

    /// As the service shows it.
    pub(super) fn shown(&self, status: &str) -> Value {
        let shown = json!({"id": self.id, "object": "realtime.item", "type": self.kind, "status": status});
        let with = |more: Value| {
            let mut shown = shown.clone();
            if let (Some(shown), Value::Object(more)) = (shown.as_object_mut(), more) {
                shown.extend(more);
            }
            shown
        };
        match self.kind.as_str() {
            "function_call" => with(json!({"name": self.call.0, "call_id": self.call.1, "arguments": self.text})),
            "function_call_output" => with(json!({"call_id": self.call.1, "output": self.text})),
            _ => {
                let is_audio = matches!(self.content.as_str(), "input_audio" | "output_audio");
                let words = if is_audio { "transcript" } else { "text" };
                with(json!({"role": self.role, "content": [{"type": self.content, words: self.text}]}))
            }
        }
    }
}

/// All of them, in order.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    items: Vec<Item>,
    made: u64,
}

impl Conversation {
    /// The id that the next item of ours will have.
    pub(super) fn next_id(&self) -> String {
        format!("item_sandbox{:06}", self.made + 1)
    }

    /// Puts an item at the end, under an id of ours where it has none.
    pub(super) fn put(&mut self, mut item: Item) -> Item {
        if item.id.is_empty() {
            item.id = self.next_id();
            self.made += 1;
        }
        self.items.push(item.clone());
        item
    }

    /// The id of the item before this one; null for the first.
    pub(super) fn before(&self, id: &str) -> Value {
        let at = self.items.iter().position(|item| item.id == id).unwrap_or_default();
        at.checked_sub(1).map_or(Value::Null, |before| self.items[before].id.clone().into())
    }

    pub(super) fn find(&self, id: &str) -> Result<&Item, Value> {
        let missing = || error("item_not_found", "item_id", &format!("Item with item_id '{id}' does not exist."));
        self.items.iter().find(|item| item.id == id).ok_or_else(missing)
    }

    pub(super) fn delete(&mut self, id: &str) -> Result<(), Value> {
        self.find(id)?;
        self.items.retain(|item| item.id != id);
        Ok(())
    }

    /// Forgets what nobody heard. The words go with their share of the audio.
    pub(super) fn truncate(&mut self, id: &str, end_ms: u64) -> Result<(), Value> {
        self.find(id)?;
        let item = self.items.iter_mut().find(|item| item.id == id).expect("it was just found");
        let Some(audio_ms) = item.audio_ms else {
            return Err(error("invalid_value", "item_id", "Only model output audio messages can be truncated"));
        };
        if end_ms > audio_ms {
            let message = format!("Audio content of {audio_ms}ms is already shorter than {end_ms}ms");
            return Err(error("invalid_value", "audio_end_ms", &message));
        }
        let words: Vec<&str> = item.text.split_whitespace().collect();
        let kept = words.len() * end_ms as usize / audio_ms.max(1) as usize;
        item.text = words[..kept].join(" ");
        item.audio_ms = Some(end_ms);
        Ok(())
    }

    /// Whether the assistant has been heard: from then on its voice cannot be changed.
    pub(super) fn has_spoken(&self) -> bool {
        self.items.iter().any(|item| item.content == "output_audio")
    }

    /// Who said what.
    pub(super) fn messages(&self) -> Vec<(String, String)> {
        let said = self.items.iter().filter(|item| item.kind == "message");
        said.map(|item| (item.role.clone(), item.text.clone())).collect()
    }

    /// What the last item says, where it is a function's output.
    pub(super) fn last_output(&self) -> Option<Value> {
        let last = self.items.last().filter(|item| item.kind == "function_call_output")?;
        Some(serde_json::from_str(&last.text).unwrap_or_else(|_| last.text.clone().into()))
    }
}
