//! Understanding: one streamed, schema-bound chat completion for each turn of the caller.
//!
//! The answer's JSON is handed on as it arrives, cut anywhere; the engine reads it while it grows. Its members come in
//! the order of the schema (`schema.rs`), which is the order the call needs them in. Every answer ends with
//! [`Input::ReplyFinished`] or [`Input::ReplyFailed`], unless it is cancelled. Nothing is retried here: a caller waits,
//! and the engine's rules answer sooner than a second attempt would.
//!
//! Sources: `openapi.json` in openai/openai-openapi and the guides "Structured model outputs" and "Error codes", read
//! 2026-11.

pub mod answer;
mod failure;
pub mod realtime;
mod schema;
pub mod speech;
mod summary;
mod transport;
mod warm;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use engine::io::{Fault, Input, Message, ReplyId};
use futures_util::StreamExt;
use reqwest::header::HeaderValue;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout, timeout_at};
use tracing::Instrument;

use crate::vendors::http_client;
use answer::{Answer, Chunk, Step};
pub use warm::Readiness;

/// Settings of the model.
#[derive(Clone)]
pub struct Config {
    /// The address, its version included: `https://api.openai.com/v1`. `http://` is taken, too.
    pub base_url: String,
    /// The API key.
    pub key: String,
    /// The organization to bill, if the key has several.
    pub org: Option<String>,
    /// The model. The default, `gpt-5.4-mini`, is the one the vendor names for low latency
    /// (<https://developers.openai.com/docs/models>, read 2026-11). Its likely alternatives are going away:
    /// `gpt-5-mini` and `gpt-5-nano` in December 2026, `gpt-4o-mini` and `gpt-4.1-mini` in January 2027.
    pub model: String,
    /// How long the model may reason; `none` for an answer at once. Left out when none, and from the moment a model
    /// refuses it.
    pub reasoning_effort: Option<String>,
    /// Left out when none: reasoning models refuse it.
    pub temperature: Option<f32>,
    /// The longest answer, in tokens. A turn's is about 60; past this the model is babbling.
    pub tokens_max: u32,
    /// How long a connection may take.
    pub connect: Duration,
    /// How long the first piece of the answer may take. Then the rules carry the turn.
    pub first_token: Duration,
    /// How long the whole answer may take.
    pub total: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            base_url: "https://api.openai.com/v1".into(),
            key: String::new(),
            org: None,
            model: "gpt-5.4-mini".into(),
            reasoning_effort: Some("none".into()),
            temperature: None,
            tokens_max: 400,
            connect: Duration::from_secs(1),
            first_token: Duration::from_millis(2_500),
            total: Duration::from_secs(8),
        }
    }
}

impl fmt::Debug for Config {
    /// Everything but the key and whom it bills.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { base_url, model, .. } = self;
        f.debug_struct("Config").field("base_url", base_url).field("model", model).finish_non_exhaustive()
    }
}

/// The model, over one pool of connections. Clones share it.
#[derive(Clone)]
pub struct Model {
    config: Arc<Config>,
    http: reqwest::Client,
    client: Client<OpenAIConfig>,
    /// The bits of [`OPTIONAL`] that the configured model refused. Learnt from its refusals.
    left_out: Arc<AtomicU8>,
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model").field("config", &self.config).finish_non_exhaustive()
    }
}

/// A request under way. Dropping it cancels the request and closes its connection, so that nothing more is generated
/// or paid for.
#[derive(Debug)]
#[must_use = "dropping it cancels the request"]
pub struct Asking(AbortHandle);

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Members of a request that an answer can do without. Models without reasoning refuse the first, servers other than
/// OpenAI's the others; a limit on tokens and a count of them are not worth losing the model for.
const OPTIONAL: [&str; 3] = ["reasoning_effort", "stream_options", "max_completion_tokens"];

/// After `finish_reason` only the count of tokens is missing. Not worth a pause the caller hears.
const USAGE_WAIT_MAX: Duration = Duration::from_millis(200);

impl Model {
    /// The model with these settings; opens nothing yet.
    ///
    /// # Errors
    /// The address, the key or the organization cannot be one.
    pub fn new(config: &Config) -> Result<Self, Fault> {
        let base_url = config.base_url.trim().trim_end_matches('/').to_owned();
        let (key, org) = (config.key.trim(), config.org.as_deref().unwrap_or_default().trim());
        // The client would panic on these with the first request.
        for (name, value) in [("OPENAI_API_KEY", key), ("OPENAI_ORG_ID", org)] {
            if HeaderValue::from_str(value).is_err() {
                return Err(Fault::OurMistake(format!("{name} holds a character that it cannot have")));
            }
        }
        let http = http_client("OpenAI", &base_url, config.connect)?;
        let account =
            OpenAIConfig::new().with_api_base(&base_url).with_api_key(key).with_org_id(org).with_project_id("");
        let client = Client::with_config(account).with_http_service(transport::service(http.clone()));
        let config = Config { base_url, key: key.to_owned(), ..config.clone() };
        Ok(Self { config: Arc::new(config), http, client, left_out: Arc::default() })
    }

    /// Asks the model to answer this conversation. Returns at once; must be called within a tokio runtime.
    ///
    /// `facts` gets the answer under the id `reply`. When `facts` is full the answer waits for room; when it is closed
    /// the request is cancelled.
    pub fn ask(&self, reply: ReplyId, messages: Vec<Message>, facts: mpsc::Sender<Input>) -> Asking {
        let model = self.clone();
        let asking = async move {
            let asked = Instant::now();
            let outcome = model.answer(reply, &messages, &facts, asked).await;
            let took_ms = asked.elapsed().as_millis();
            let last = match outcome {
                Ok(tokens) => {
                    tracing::debug!(reply = reply.0, took_ms, ?tokens, "the model answered");
                    Input::ReplyFinished { reply, tokens }
                }
                Err(Stop::Gone) => return,
                Err(Stop::Failed(fault)) => {
                    tracing::warn!(reply = reply.0, took_ms, ?fault, "the model gave no answer");
                    Input::ReplyFailed { reply, fault }
                }
            };
            let _ = facts.send(last).await;
        };
        Asking(tokio::spawn(asking.in_current_span()).abort_handle())
    }

    /// Asks at start-up whether the model is there and will stay, and opens the first connection on the way.
    ///
    /// # Errors
    /// The vendor cannot be reached or refuses our key.
    pub async fn warm(&self) -> Result<Readiness, Fault> {
        warm::warm(&self.http, &self.config).await
    }

    async fn answer(
        &self,
        reply: ReplyId,
        messages: &[Message],
        facts: &mpsc::Sender<Input>,
        asked: Instant,
    ) -> Result<Option<(u32, u32)>, Stop> {
        let (first_by, all_by) = (asked + self.config.first_token, asked + self.config.total);
        let opened = timeout_at(first_by, self.open(messages)).await;
        let mut chunks = opened.map_err(|_| self.late())??;
        let mut answer = Answer::default();
        loop {
            let deadline = if answer.has_begun() { all_by } else { first_by.min(all_by) };
            let chunk = if answer.is_whole() {
                // Whatever goes wrong from here on, the answer is there.
                timeout(USAGE_WAIT_MAX, chunks.next()).await.unwrap_or(None).and_then(Result::ok)
            } else {
                let next = timeout_at(deadline, chunks.next()).await.map_err(|_| self.late_after(&answer))?;
                next.transpose().map_err(|error| failure::sort(&error, &self.config))?
            };
            let Some(chunk) = chunk else { return Ok(answer.end(&self.config)?) };
            match answer.take(chunk, &self.config)? {
                Step::Nothing => {}
                Step::Text(text) => {
                    facts.send(Input::ReplyDelta { reply, text }).await.map_err(|_| Stop::Gone)?;
                }
            }
        }
    }

    async fn open(&self, messages: &[Message]) -> Result<Chunks, Fault> {
        let mut left_out = self.left_out.load(Ordering::Relaxed);
        loop {
            let request = self.request(messages, schema::turn(), self.config.tokens_max, left_out);
            let usage_known = left_out & (1 << 1) == 0;
            let stream_options = usage_known.then_some(StreamOptions { include_usage: true });
            let streamed = Streamed { request, stream: true, stream_options };
            match self.client.chat().create_stream_byot(&streamed).await {
                Ok(chunks) => return Ok(chunks),
                Err(error) => left_out = self.without(left_out, &error)?,
            }
        }
    }

    /// What is to be left out of a request after this refusal.
    ///
    /// # Errors
    /// The refusal, when it is about something else.
    fn without(&self, left_out: u8, error: &OpenAIError) -> Result<u8, Fault> {
        let unknown = (0..OPTIONAL.len())
            .find(|member| left_out & (1 << member) == 0 && failure::is_about(error, OPTIONAL[*member]));
        let Some(unknown) = unknown else { return Err(failure::sort(error, &self.config)) };
        let (model, member) = (&self.config.model, OPTIONAL[unknown]);
        tracing::info!(model, member, "the model does not know this member; it is left out from now on");
        let left_out = left_out | 1 << unknown;
        self.left_out.fetch_or(left_out, Ordering::Relaxed);
        Ok(left_out)
    }

    fn request<'a, F>(
        &'a self,
        messages: &'a [Message],
        response_format: F,
        tokens_max: u32,
        left_out: u8,
    ) -> Request<'a, F> {
        let [effort_known, limit_known] = [0, 2].map(|member| left_out & (1 << member) == 0);
        let effort = self.config.reasoning_effort.as_deref().filter(|effort| !effort.is_empty());
        Request {
            model: &self.config.model,
            messages,
            response_format,
            max_completion_tokens: limit_known.then_some(tokens_max),
            temperature: self.config.temperature,
            reasoning_effort: effort.filter(|_| effort_known),
        }
    }

    fn late(&self) -> Fault {
        let Config { model, first_token, .. } = &*self.config;
        Fault::Retry(format!("`{model}` did not begin to answer within {} ms", first_token.as_millis()))
    }

    fn late_after(&self, answer: &Answer) -> Fault {
        if !answer.has_begun() {
            return self.late();
        }
        let Config { model, total, .. } = &*self.config;
        Fault::Retry(format!("`{model}` did not finish its answer within {} ms", total.as_millis()))
    }
}

type Chunks = async_openai::types::stream::StreamResponse<Chunk>;

/// Why an answer ends before its end.
enum Stop {
    /// Nobody takes it any more.
    Gone,
    Failed(Fault),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault)
    }
}

/// The request as it goes over the wire.
#[derive(Serialize)]
struct Request<'a, F> {
    model: &'a str,
    messages: &'a [Message],
    response_format: F,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'a str>,
}

#[derive(Serialize)]
struct Streamed<R> {
    #[serde(flatten)]
    request: R,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
}

#[derive(Serialize)]
struct StreamOptions {
    /// The last chunk counts the tokens.
    include_usage: bool,
}
