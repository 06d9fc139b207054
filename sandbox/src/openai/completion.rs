//! One answer, as a single object or as a stream of chunks (openai/openai-openapi, `CreateChatCompletionResponse` and
//! `CreateChatCompletionStreamResponse`; the order and the nulls as in recorded streams).

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::{Value, json};

use super::Answering;
use super::refusal::Refusal;
use super::request::Format;
use super::request::Request;
use super::schema;
use super::settings::Settings;
use crate::mind;

/// What the model says, and how it stops.
pub(super) struct Completion {
    id: String,
    created: u64,
    model: String,
    /// The text, token by token.
    tokens: Vec<String>,
    refuses: bool,
    finish_reason: &'static str,
    prompt_tokens: u64,
}

/// Letters of the longest token.
const TOKEN_LETTERS_MAX: u64 = 7;

/// Letters that make about one token of a prompt.
const PROMPT_LETTERS_PER_TOKEN: usize = 4;

/// The moment from which answers are dated, one second each: no clock is read here.
const CREATED_FROM: u64 = 1_795_000_000;

impl Completion {
    /// Thinks. `number` is the request's own, and decides where the text is cut into tokens.
    pub(super) fn think(request: &Request, settings: &Settings, number: u64) -> Self {
        let faults = &settings.faults;
        let text = match &request.format {
            _ if faults.empty => String::new(),
            _ if faults.refusal => "I'm sorry, but I can't assist with that request.".to_owned(),
            _ if faults.garbage => "Sure! Tuesday at ten it is, I've put you down. \u{1f44d} {\"".to_owned(),
            Format::Schema(schema) => schema::fill(schema, &mind::think(&request.messages)).to_string(),
            Format::Json => json!(mind::think(&request.messages)).to_string(),
            Format::Text => mind::chat(&mind::think(&request.messages)),
        };
        let mut tokens = tokens(&text, number);
        let cut = request.tokens_max.is_some_and(|max| max < tokens.len() as u64);
        tokens.truncate(request.tokens_max.unwrap_or(u64::MAX) as usize);
        let letters: usize = request.messages.iter().map(|(_, text)| text.chars().count()).sum();
        Self {
            id: format!("chatcmpl-sandbox{number:08}"),
            created: CREATED_FROM + number,
            model: request.model.clone(),
            tokens,
            refuses: faults.refusal,
            finish_reason: if cut { "length" } else { "stop" },
            prompt_tokens: (letters / PROMPT_LETTERS_PER_TOKEN + 3 * request.messages.len()) as u64,
        }
    }

    /// The answer in one piece.
    pub(super) fn whole(&self) -> Value {
        let text = self.tokens.concat();
        let (content, refusal) = if self.refuses { (Value::Null, json!(text)) } else { (json!(text), Value::Null) };
        json!({
            "id": self.id,
            "object": "chat.completion",
            "created": self.created,
            "model": self.model,
            "choices": [{
                "index": 0,
                "message": {"role": "assistant", "content": content, "refusal": refusal, "annotations": []},
                "logprobs": null,
                "finish_reason": self.finish_reason,
            }],
            "usage": self.usage(),
            "service_tier": "default",
            "system_fingerprint": "fp_sandbox",
        })
    }

    /// How long the whole answer takes after its first token.
    pub(super) fn duration(&self, settings: &Settings) -> Duration {
        spacing(settings).saturating_mul(self.tokens.len() as u32)
    }

    /// The answer as server-sent events, at the speed and with the faults that are set. `answering` is held until the
    /// stream has ended or the client has gone.
    pub(super) fn stream(&self, request: &Request, settings: &Settings, answering: Answering) -> Response {
        let events = self.events(request, settings);
        let state = Sending { events: events.into_iter(), pieces: Vec::new().into_iter(), answering: Some(answering) };
        let piece_bytes = settings.faults.piece_bytes;
        let body = stream::unfold(state, move |mut sending| async move {
            let piece = sending.next(piece_bytes).await?;
            Some((piece, sending))
        });
        let mut response = Body::from_stream(body).into_response();
        let kind = HeaderValue::from_static("text/event-stream; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response
    }

    fn events(&self, request: &Request, settings: &Settings) -> Vec<Event> {
        let faults = &settings.faults;
        let chunk = |delta: Value, finish: Value| Event::Data(self.chunk(request, &delta, &finish));
        let mut events = vec![chunk(json!({"role": "assistant", "content": "", "refusal": null}), Value::Null)];
        let member = if self.refuses { "refusal" } else { "content" };
        let spacing = spacing(settings);
        let sabotage = [
            (faults.cut_after, Event::Cut),
            (faults.stall_after, Event::Stall),
            (faults.error_after, Event::Data(Refusal::of_status(500, &self.model, None).body().to_string())),
        ];
        for at in 0..=self.tokens.len() {
            if let Some((_, fault)) = sabotage.iter().find(|(after, _)| *after == Some(at)) {
                events.push(fault.clone());
                return events;
            }
            let Some(token) = self.tokens.get(at) else { break };
            if at > 0 && !spacing.is_zero() {
                events.push(Event::Wait(spacing));
            }
            events.push(chunk(json!({ member: token }), Value::Null));
        }
        events.push(chunk(json!({}), json!(self.finish_reason)));
        if request.include_usage {
            events.push(Event::Data(self.usage_chunk(request)));
        }
        events.push(Event::Data("[DONE]".to_owned()));
        events
    }

    fn chunk(&self, request: &Request, delta: &Value, finish_reason: &Value) -> String {
        let (id, created) = (&self.id, self.created);
        let model = json!(self.model);
        let usage = if request.include_usage { r#","usage":null"# } else { "" };
        format!(
            r#"{{"id":"{id}","object":"chat.completion.chunk","created":{created},"model":{model},"service_tier":"default","system_fingerprint":"fp_sandbox","choices":[{{"index":0,"delta":{delta},"logprobs":null,"finish_reason":{finish_reason}}}]{usage}{}}}"#,
            padding(request, delta.to_string().len())
        )
    }

    fn usage_chunk(&self, request: &Request) -> String {
        let (id, created, usage) = (&self.id, self.created, self.usage());
        let model = json!(self.model);
        format!(
            r#"{{"id":"{id}","object":"chat.completion.chunk","created":{created},"model":{model},"service_tier":"default","system_fingerprint":"fp_sandbox","choices":[],"usage":{usage}{}}}"#,
            padding(request, 0)
        )
    }

    fn usage(&self) -> Value {
        let completion_tokens = self.tokens.len() as u64;
        json!({
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": self.prompt_tokens + completion_tokens,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": 0,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        })
    }
}

/// One thing that happens while a stream is sent.
#[derive(Debug, Clone)]
enum Event {
    Data(String),
    Wait(Duration),
    /// The connection breaks.
    Cut,
    /// Nothing happens any more.
    Stall,
}

/// A stream that is being sent.
struct Sending {
    events: std::vec::IntoIter<Event>,
    /// What is left of the present event.
    pieces: std::vec::IntoIter<Bytes>,
    answering: Option<Answering>,
}

impl Sending {
    /// The next bytes; an error breaks the connection.
    async fn next(&mut self, piece_bytes: Option<usize>) -> Option<Result<Bytes, Broken>> {
        loop {
            if let Some(piece) = self.pieces.next() {
                return Some(Ok(piece));
            }
            match self.events.next() {
                Some(Event::Wait(time)) => tokio::time::sleep(time).await,
                Some(Event::Data(data)) => {
                    let event = Bytes::from(format!("data: {data}\n\n"));
                    let size = piece_bytes.unwrap_or(event.len()).max(1);
                    let pieces: Vec<_> = event.chunks(size).map(Bytes::copy_from_slice).collect();
                    self.pieces = pieces.into_iter();
                    // Small pieces only arrive apart when the network is given a chance to send each.
                    tokio::task::yield_now().await;
                }
                Some(Event::Stall) => std::future::pending().await,
                Some(Event::Cut) => {
                    self.finish();
                    return Some(Err(Broken));
                }
                None => {
                    self.finish();
                    return None;
                }
            }
        }
    }

    fn finish(&mut self) {
        if let Some(answering) = self.answering.take() {
            answering.finish();
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the stream was cut, as it was told to be")]
struct Broken;

/// Cuts a text into tokens at places that mean nothing, the same for the same number.
fn tokens(text: &str, number: u64) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut letters = text.chars().peekable();
    let mut state = number.wrapping_add(1);
    while letters.peek().is_some() {
        // Knuth's linear congruential generator; only its high bits are any good.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let length = 1 + (state >> 33) % TOKEN_LETTERS_MAX;
        tokens.push(letters.by_ref().take(length as usize).collect());
    }
    tokens
}

/// The member that hides the length of a token from whoever watches the network, unless the client declined it.
fn padding(request: &Request, delta_bytes: usize) -> String {
    if !request.include_obfuscation {
        return String::new();
    }
    const LETTERS: &str = "aXz8QmPw3kLd";
    format!(r#","obfuscation":"{}""#, &LETTERS[..LETTERS.len() - delta_bytes % LETTERS.len()])
}

fn spacing(settings: &Settings) -> Duration {
    match settings.tokens_per_second {
        Some(rate) if rate > 0.0 => Duration::from_secs_f64(1.0 / rate),
        _ => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_cut_anywhere_and_add_up() {
        let text = "Grüße, {\"reply\":\"\\u00e4\"} 👍";
        for number in 0..50 {
            let tokens = tokens(text, number);
            assert_eq!(tokens.concat(), text);
            assert!(tokens.len() > 3);
        }
        assert_ne!(tokens(text, 1), tokens(text, 2));
    }
}
