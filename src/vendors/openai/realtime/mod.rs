//! A speech-to-speech model in place of three services: it hears the caller, tells by a function what a turn says, and
//! speaks what the call orders. The booking chart stays in charge: the model proposes through `understood`, the chart
//! answers with words, and the model says those and no others.
//!
//! ```text
//!  frames ──► input_audio_buffer.append ──► transcripts ──► Input::Interim, Final
//!  StartReply ──► response.create (beside the conversation, function `understood`) ──► ReplyDelta, ReplyFinished
//!  Speak ──► response.create (in the conversation, "Say exactly: …") ──► audio ──► SpeechPart
//!  PlayoutCleared ──► conversation.item.truncate at what was heard
//! ```
//!
//! One task per call keeps the session. Before its cap it opens another ahead, tells it what has been said, and goes over
//! in a silence. When the service cannot be had, the call goes on with the three others, from the same word
//! ([`Conversation::left`]).
//!
//! | file | what it knows |
//! |---|---|
//! | `link` | one socket: its handshake, its greeting |
//! | `task` | the call's side: orders in, facts out |
//! | `wants` | what the model was asked for, and what came of it |
//! | `wire` | the events, both ways |
//! | `secret` | keys for pages |
//!
//! Source: `openapi.json` in openai/openai-openapi (Realtime, general form) and the guides "Realtime conversations" and
//! "Realtime with WebSocket", read 2026-11.

mod link;
mod secret;
mod task;
mod wants;
mod wire;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use engine::audio::frame::Frame;
use engine::audio::speech::{SpeechPart, Spoken};
use engine::io::{Fault, Input, Message, PhraseId, ReplyId};
use tokio::sync::mpsc;
use tracing::Instrument;

pub use secret::{Given, give_secret};

/// Orders that may wait for the task: 5 s of frames. When it is full, new frames are dropped and counted.
const ORDERS_MAX: usize = 256;

/// Phrases whose audio is kept, should the call go on with one that was stopped.
const SPOKEN_MAX: usize = 16;

/// Settings of the speech-to-speech model.
#[derive(Clone)]
pub struct Config {
    /// The address, its version included: `https://api.openai.com/v1`. `http://` is taken, too.
    pub base_url: String,
    /// The API key.
    pub key: String,
    /// The model.
    pub model: String,
    /// The voice.
    pub voice: String,
    /// What writes down the caller's words.
    pub transcription: String,
    /// What may be spoken, by the codes of ISO 639-1.
    pub languages: Vec<String>,
    /// How long a handshake and a greeting may take.
    pub connect: Duration,
    /// How long the first of a response may take. Then the service counts as gone.
    pub first: Duration,
    /// How old a session becomes before another one is opened ahead. The service ends it after an hour.
    pub renew_after: Duration,
}

impl Config {
    /// The same for a call in which these languages may be spoken.
    pub fn speaking(&self, languages: &[&str]) -> Self {
        Self { languages: languages.iter().map(|code| (*code).to_owned()).collect(), ..self.clone() }
    }
}

impl fmt::Debug for Config {
    /// Everything but the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { base_url, model, voice, .. } = self;
        f.debug_struct("Config")
            .field("base_url", base_url)
            .field("model", model)
            .field("voice", voice)
            .finish_non_exhaustive()
    }
}

/// What was being done when the service was lost: for whoever carries on.
#[derive(Debug, Default)]
pub struct Left {
    /// Phrases that were to be said, and of which nothing was.
    pub unsaid: Vec<(PhraseId, String)>,
    /// The caller's audio that nothing was said about yet, and when it was said.
    pub unheard: Vec<(u64, Frame)>,
}

/// One call's session. Dropping it ends it.
#[derive(Debug)]
pub struct Conversation {
    orders: mpsc::Sender<Order>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Whole phrases, by id.
    spoken: Mutex<BTreeMap<PhraseId, Arc<[u8]>>>,
    /// Set once the service is lost for good.
    left: Mutex<Option<Left>>,
    /// Phrases that the task did not take any more.
    late: Mutex<Vec<(PhraseId, String)>>,
    frames_dropped: AtomicU64,
}

#[derive(Debug)]
enum Order {
    Frame(u64, Frame),
    Commit,
    Ask(ReplyId, Vec<Message>),
    CancelAsk,
    Say(PhraseId, String),
    Stop,
    Heard(PhraseId, u32),
    Typed(String),
}

/// Opens a session for a call. Returns at once; must be called within a tokio runtime. What is heard and understood goes
/// to `facts`, what is said to `speech`.
pub fn open(
    config: Arc<Config>,
    keyterms: Vec<String>,
    facts: mpsc::Sender<Input>,
    speech: mpsc::Sender<(PhraseId, SpeechPart)>,
) -> Conversation {
    let (orders, taken) = mpsc::channel(ORDERS_MAX);
    let shared = Arc::<Shared>::default();
    let task = task::Task::new(config, keyterms, taken, facts, speech, Arc::clone(&shared));
    tokio::spawn(task.run().in_current_span());
    Conversation { orders, shared }
}

/// Opens a session and closes it again.
///
/// # Errors
/// Why there is none.
pub async fn try_out(config: &Config) -> Result<(), Fault> {
    link::open(config, &[], &[]).await.map(drop)
}

impl Conversation {
    /// Takes what the caller said at `at_ms` of the call. Never waits.
    pub fn feed(&self, at_ms: u64, frame: &Frame) {
        if self.orders.try_send(Order::Frame(at_ms, *frame)).is_err() {
            self.shared.frames_dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Asks for what was heard so far.
    pub fn finish_utterance(&self) {
        self.order(Order::Commit);
    }

    /// Asks what the caller's last turn says. The answer comes under this id.
    pub fn ask(&self, reply: ReplyId, messages: Vec<Message>) {
        self.order(Order::Ask(reply, messages));
    }

    /// Stops caring about the last question.
    pub fn cancel(&self) {
        self.order(Order::CancelAsk);
    }

    /// Has words said. Gives their audio at once where they were said before under the same id.
    pub fn say(&self, phrase: PhraseId, text: &str) -> Option<Spoken> {
        let audio = lock(&self.shared.spoken).get(&phrase).cloned();
        match audio {
            Some(audio) => Some(Spoken { audio, word_ends_ms: Arc::new([]) }),
            None => {
                if self.orders.try_send(Order::Say(phrase, text.to_owned())).is_err() {
                    lock(&self.shared.late).push((phrase, text.to_owned()));
                }
                None
            }
        }
    }

    /// What was not begun to be said is not said any more.
    pub fn stop(&self) {
        self.order(Order::Stop);
    }

    /// Of this phrase so much was heard, and nothing of those after it.
    pub fn heard(&self, phrase: PhraseId, heard_ms: u32) {
        self.order(Order::Heard(phrase, heard_ms));
    }

    /// The caller wrote instead of speaking.
    pub fn typed(&self, text: &str) {
        self.order(Order::Typed(text.to_owned()));
    }

    /// What is to be carried on by others; none while the service is there.
    pub fn left(&self) -> Option<Left> {
        let mut left = lock(&self.shared.left).take()?;
        left.unsaid.append(&mut lock(&self.shared.late));
        Some(left)
    }

    /// Frames that were dropped because the task did not take them.
    pub fn frames_dropped(&self) -> u64 {
        self.shared.frames_dropped.load(Ordering::Relaxed)
    }

    /// A task that takes no orders is at its end, which it tells by itself.
    fn order(&self, order: Order) {
        let _ = self.orders.try_send(order);
    }
}

impl Shared {
    /// Keeps a whole phrase, in place of the oldest.
    fn keep(&self, phrase: PhraseId, audio: Vec<u8>) {
        let mut spoken = lock(&self.spoken);
        spoken.insert(phrase, audio.into());
        if spoken.len() > SPOKEN_MAX {
            spoken.pop_first();
        }
    }
}

/// Held for a few instructions at a time, and never across a wait.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
