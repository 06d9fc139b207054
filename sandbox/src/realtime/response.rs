//! A response: what it says or calls, and the events that tell of it, in the service's order.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::audio::mulaw;
use engine::audio::resample::Resampler;
use serde_json::{Map, Value, json};

use crate::mind::{chat, think};
use crate::realtime::config::Format;
use crate::realtime::items::Item;
use crate::realtime::session::Asked;

/// What instructions begin with that are to be read out.
const VERBATIM: &str = "Say exactly: ";

/// A function that is called with what was understood of a turn.
const UNDERSTOOD: &str = "understood";

/// Audio in one event.
const PIECE_MS: usize = 200;

/// Tokens a second of audio, in and out.
const TOKENS_PER_S: u64 = 20;

/// What a response consists of.
pub(super) enum Content {
    /// Words, spoken.
    Speech(String),
    /// A function's call.
    Call { name: String, arguments: String },
}

/// Decides what to answer. The rules are those of the sandbox's other models; a function named `understood` is called with
/// what they made of the caller's last turn.
pub(super) fn decide(asked: &Asked, rewords: bool) -> Content {
    if let Some(text) = asked.instructions.strip_prefix(VERBATIM) {
        let text = text.trim();
        return Content::Speech(if rewords { format!("Well, {text}") } else { text.to_owned() });
    }
    if let Some(output) = &asked.output
        && let Some(say) = output["say"].as_str().or(output.as_str())
    {
        return Content::Speech(say.to_owned());
    }
    let known = think(&asked.messages);
    if asked.tools.iter().any(|tool| tool == UNDERSTOOD) {
        let members = ["intent", "service", "when_text", "name", "phone", "reply"];
        let member =
            |name: &str| (name.to_owned(), known.get(name).cloned().flatten().map_or(Value::Null, Value::from));
        let arguments: Map<String, Value> = members.iter().map(|name| member(name)).collect();
        return Content::Call { name: UNDERSTOOD.to_owned(), arguments: Value::Object(arguments).to_string() };
    }
    Content::Speech(chat(&known))
}

/// Events of one response, each with its time since the response began.
pub(super) struct Script {
    pub(super) events: Vec<(Duration, Value)>,
    /// How much audio each event leaves sent, in milliseconds; for those that carry any.
    pub(super) audio_ms: u64,
}

/// Names of what belongs to one response.
pub(super) struct Names<'a> {
    pub(super) response: &'a str,
    pub(super) metadata: &'a Value,
    pub(super) in_conversation: bool,
    pub(super) previous: Value,
}

/// A response that speaks.
pub(super) fn speech(
    names: &Names,
    item: &Item,
    text: &str,
    audio: &[u8],
    format: Format,
    aloud: bool,
    pace: f64,
) -> Script {
    let id = names.response;
    let place = |kind: &str, more: Value| {
        with(json!({"type": kind, "response_id": id, "item_id": item.id, "output_index": 0, "content_index": 0}), more)
    };
    let (part, deltas) =
        if aloud { ("audio", "response.output_audio_transcript") } else { ("text", "response.output_text") };
    let mut events = opening(names, item);
    let empty = if aloud { json!({"type": part, "transcript": ""}) } else { json!({"type": part, "text": ""}) };
    events.push((Duration::ZERO, place("response.content_part.added", json!({"part": empty}))));
    let pieces: Vec<&[u8]> = audio.chunks(PIECE_MS * 8).collect();
    let words: Vec<&str> = text.split_inclusive(' ').collect();
    let steps = if aloud { pieces.len().max(1) } else { 1 };
    let mut carrier = Carrier::new(format);
    let mut at = Duration::ZERO;
    for step in 0..steps {
        let from = words.len() * step / steps;
        let to = words.len() * (step + 1) / steps;
        if to > from {
            events.push((at, place(&format!("{deltas}.delta"), json!({"delta": words[from..to].concat()}))));
        }
        if let Some(piece) = pieces.get(step).filter(|_| aloud) {
            events.push((
                at,
                place("response.output_audio.delta", json!({"delta": STANDARD.encode(carrier.carry(piece))})),
            ));
            at += Duration::from_secs_f64(piece.len() as f64 / 8_000.0 / pace.max(0.1));
        }
    }
    if aloud {
        events.push((at, place("response.output_audio.done", json!({}))));
        events.push((at, place("response.output_audio_transcript.done", json!({"transcript": text}))));
    } else {
        events.push((at, place("response.output_text.done", json!({"text": text}))));
    }
    let whole = if aloud { json!({"type": part, "transcript": text}) } else { json!({"type": part, "text": text}) };
    events.push((at, place("response.content_part.done", json!({"part": whole}))));
    let audio_ms = audio.len() as u64 / 8;
    closing(names, item, at, usage(text, if aloud { audio_ms } else { 0 }), &mut events);
    Script { events, audio_ms }
}

/// A response that calls a function.
pub(super) fn call(names: &Names, item: &Item, name: &str, call_id: &str, arguments: &str) -> Script {
    let place = |kind: &str, more: Value| {
        with(
            json!({"type": kind, "response_id": names.response, "item_id": item.id, "output_index": 0, "call_id": call_id}),
            more,
        )
    };
    let mut events = opening(names, item);
    let letters: Vec<char> = arguments.chars().collect();
    for piece in letters.chunks(16) {
        let delta: String = piece.iter().collect();
        events.push((Duration::ZERO, place("response.function_call_arguments.delta", json!({"delta": delta}))));
    }
    events.push((
        Duration::ZERO,
        place("response.function_call_arguments.done", json!({"name": name, "arguments": arguments})),
    ));
    closing(names, item, Duration::ZERO, usage(arguments, 0), &mut events);
    Script { events, audio_ms: 0 }
}

/// The last event of a response that came to nothing.
pub(super) fn ended(names: &Names, status: &str, details: Value) -> Value {
    json!({"type": "response.done", "response": described(names, status, details, &[], usage("", 0))})
}

fn opening(names: &Names, item: &Item) -> Vec<(Duration, Value)> {
    let started = item.shown("in_progress");
    let mut events = vec![
        json!({"type": "response.created", "response": described(names, "in_progress", Value::Null, &[], Value::Null)}),
        json!({"type": "response.output_item.added", "response_id": names.response, "output_index": 0, "item": started}),
    ];
    if names.in_conversation {
        events.push(json!({"type": "conversation.item.added", "previous_item_id": names.previous, "item": started}));
    }
    events.into_iter().map(|event| (Duration::ZERO, event)).collect()
}

fn closing(names: &Names, item: &Item, at: Duration, usage: Value, events: &mut Vec<(Duration, Value)>) {
    let item = item.shown("completed");
    let mut last = vec![
        json!({"type": "response.output_item.done", "response_id": names.response, "output_index": 0, "item": item}),
    ];
    if names.in_conversation {
        last.push(json!({"type": "conversation.item.done", "previous_item_id": names.previous, "item": item}));
    }
    last.push(json!({"type": "response.done", "response": described(names, "completed", Value::Null, &[item], usage)}));
    last.push(json!({"type": "rate_limits.updated", "rate_limits": [
        {"name": "requests", "limit": 10_000, "remaining": 9_999, "reset_seconds": 0.006},
        {"name": "tokens", "limit": 4_000_000, "remaining": 3_999_000, "reset_seconds": 0.015},
    ]}));
    events.extend(last.into_iter().map(|event| (at, event)));
}

fn described(names: &Names, status: &str, details: Value, output: &[Value], usage: Value) -> Value {
    let conversation = if names.in_conversation { json!("conv_sandbox") } else { Value::Null };
    json!({"object": "realtime.response", "id": names.response, "status": status, "status_details": details, "output": output,
        "conversation_id": conversation, "output_modalities": ["audio"], "max_output_tokens": "inf", "usage": usage,
        "metadata": names.metadata,
        "audio": {"output": {"format": {"type": "audio/pcmu"}, "voice": "marin"}}})
}

fn usage(text: &str, audio_ms: u64) -> Value {
    let (written, spoken) = (text.split_whitespace().count() as u64 * 4 / 3, audio_ms * TOKENS_PER_S / 1_000);
    json!({"total_tokens": 200 + written + spoken, "input_tokens": 200, "output_tokens": written + spoken,
        "input_token_details": {"text_tokens": 150, "audio_tokens": 50, "cached_tokens": 0,
            "cached_tokens_details": {"text_tokens": 0, "audio_tokens": 0}},
        "output_token_details": {"text_tokens": written, "audio_tokens": spoken}})
}

fn with(mut event: Value, more: Value) -> Value {
    if let (Some(event), Value::Object(more)) = (event.as_object_mut(), more) {
        event.extend(more);
    }
    event
}

/// Turns µ-law into what the session is carried in.
struct Carrier {
    wide: Option<Resampler>,
}

impl Carrier {
    fn new(format: Format) -> Self {
        let wide = || Resampler::new(Format::Pcmu.rate_hz(), format.rate_hz());
        Self { wide: (format == Format::Pcm24).then(wide) }
    }

    fn carry(&mut self, piece: &[u8]) -> Vec<u8> {
        let Some(wide) = &mut self.wide else { return piece.to_vec() };
        let samples: Vec<i16> = piece.iter().map(|code| mulaw::decode(*code)).collect();
        let mut out = Vec::new();
        wide.push(&samples, &mut out);
        out.into_iter().flat_map(i16::to_le_bytes).collect()
    }
}
