//! The phrase cache: words that were spoken once are there at once, and words that many calls want at the same time
//! are synthesized once.
//!
//! A phrase is filled by a task of its own, which goes on when the call that asked is gone; whoever asks meanwhile gets
//! what has arrived and then the rest. Only whole phrases are kept. Memory is bounded by bytes, and the phrase that was
//! not asked for longest goes first.
//!
//! ```text
//!  fetch ── hit ──► the whole phrase, at once
//!    └──── miss ──► a follower: parts to its call ◄── Filling ◄── one synthesis for all followers
//! ```

mod filling;
mod store;

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use engine::audio::speech::SpeechPart;
use engine::io::{Fault, PhraseId};
use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, timeout_at};

use filling::{Filling, Seen};
use store::{Key, Store};

/// Makes a voice speak a text: µ-law at 8 kHz in pieces; an `Err` is the last item and means that it is not whole.
pub type Synthesize = Arc<dyn Fn(String, String) -> BoxStream<'static, Result<Bytes, Fault>> + Send + Sync>;

/// Settings of the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Audio kept at most, in bytes: 8,000 are a second.
    pub bytes_max: usize,
    /// Syntheses at the same time at most; further ones wait. Deepgram allows 15 for each project.
    pub syntheses_max: usize,
    /// How long a phrase may take to be whole, waiting included. Then it has failed.
    pub fill: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self { bytes_max: 64 << 20, syntheses_max: 12, fill: Duration::from_secs(25) }
    }
}

/// What the cache did and holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Phrases that were there, whole.
    pub hits: u64,
    /// Phrases that were not; those that joined a synthesis under way are among them.
    pub misses: u64,
    /// Syntheses that were started.
    pub syntheses: u64,
    /// Syntheses that failed.
    pub failures: u64,
    /// Whole phrases held.
    pub phrases: usize,
    /// Their audio, in bytes.
    pub bytes: usize,
}

/// What came of preparing phrases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Warmed {
    /// Phrases that are there now.
    pub ready: usize,
    /// Phrases that are not, with the reason.
    pub failed: Vec<(String, Fault)>,
}

/// The cache. Clones share it.
#[derive(Clone)]
pub struct Phrases {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Phrases {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Phrases").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

struct Shared {
    config: Config,
    synthesize: Synthesize,
    syntheses: Semaphore,
    /// Held for a look-up, never across an await.
    store: Mutex<Store>,
}

impl Phrases {
    /// An empty cache over a voice.
    pub fn new(config: Config, synthesize: Synthesize) -> Self {
        let syntheses = Semaphore::new(config.syntheses_max.max(1));
        let store = Mutex::new(Store::new(config.bytes_max));
        Self { shared: Arc::new(Shared { config, synthesize, syntheses, store }) }
    }

    /// Asks for a phrase. When it is there, it is returned whole and at once. Otherwise its parts go to `parts` under
    /// the id `phrase` as they come, ending with [`SpeechPart::End`] or [`SpeechPart::Failed`]; when `parts` is full
    /// this phrase waits for room and no other does, and when it is closed nothing more is sent.
    ///
    /// Must be called within a tokio runtime.
    pub fn fetch(
        &self,
        voice: &str,
        text: &str,
        phrase: PhraseId,
        parts: mpsc::Sender<(PhraseId, SpeechPart)>,
    ) -> Option<Arc<[u8]>> {
        let filling = match self.look_up(voice, text) {
            Found::Whole(audio) => return Some(audio),
            Found::Filling(filling) => filling,
        };
        tokio::spawn(follow(filling, phrase, parts));
        None
    }

    /// Prepares phrases, two at a time so that calls find room beside it, and waits until all are there or have failed.
    pub async fn warm(&self, voice: &str, texts: Vec<String>) -> Warmed {
        let prepare = |text: String| async move {
            let outcome = match self.look_up(voice, &text) {
                Found::Whole(_) => Ok(()),
                Found::Filling(filling) => filling.finished().await,
            };
            (text, outcome)
        };
        let prepared: Vec<_> = stream::iter(texts.into_iter().map(prepare)).buffered(2).collect().await;
        let mut warmed = Warmed::default();
        for (text, outcome) in prepared {
            match outcome {
                Ok(()) => warmed.ready += 1,
                Err(fault) => warmed.failed.push((text, fault)),
            }
        }
        warmed
    }

    /// What the cache did and holds.
    pub fn stats(&self) -> Stats {
        self.shared.lock().stats()
    }

    fn look_up(&self, voice: &str, text: &str) -> Found {
        // The digest is computed before the lock is taken.
        let key = Key::new(voice, text);
        let mut store = self.shared.lock();
        if let Some(audio) = store.whole(&key) {
            return Found::Whole(audio);
        }
        if let Some(filling) = store.filling(&key) {
            return Found::Filling(filling);
        }
        let filling = store.begin(key.clone());
        drop(store);
        let job = Job { shared: self.shared.clone(), key, filling: filling.clone() };
        tokio::spawn(job.run(voice.to_owned(), text.to_owned()));
        Found::Filling(filling)
    }
}

enum Found {
    Whole(Arc<[u8]>),
    Filling(Arc<Filling>),
}

impl Shared {
    /// The store stays sound even where a panic struck while it was locked: each change is one step.
    fn lock(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Sends a phrase's parts to one call.
async fn follow(filling: Arc<Filling>, phrase: PhraseId, parts: mpsc::Sender<(PhraseId, SpeechPart)>) {
    let mut seen = Seen::default();
    loop {
        let part = filling.next(&mut seen).await;
        let is_last = !matches!(part, SpeechPart::Chunk(_));
        if parts.send((phrase, part)).await.is_err() || is_last {
            return;
        }
    }
}

/// One synthesis. However it ends, its phrase is whole or has failed afterwards, and its followers know.
struct Job {
    shared: Arc<Shared>,
    key: Key,
    filling: Arc<Filling>,
}

impl Job {
    async fn run(self, voice: String, text: String) {
        let deadline = Instant::now() + self.shared.config.fill;
        let late =
            || Fault::Retry(format!("a phrase was not spoken within {} ms", self.shared.config.fill.as_millis()));
        let outcome = timeout_at(deadline, self.fill(voice, text)).await.unwrap_or_else(|_| Err(late()));
        self.end(outcome);
    }

    async fn fill(&self, voice: String, text: String) -> Result<(), Fault> {
        let _slot = self.shared.syntheses.acquire().await.expect("the semaphore is never closed");
        let mut audio = (self.shared.synthesize)(voice, text);
        while let Some(piece) = audio.next().await {
            let piece = piece?;
            if !piece.is_empty() {
                self.filling.push(Arc::from(&piece[..]));
            }
        }
        Ok(())
    }

    /// The phrase first, then the news: who hears of the end finds the phrase.
    fn end(&self, outcome: Result<(), Fault>) {
        let audio = outcome.is_ok().then(|| self.filling.whole());
        self.shared.lock().end(&self.key, audio);
        self.filling.end(outcome);
    }
}

impl Drop for Job {
    /// A panic in the synthesis, or a runtime that shuts down, leaves nobody waiting.
    fn drop(&mut self) {
        if !self.filling.is_over() {
            self.end(Err(Fault::Retry("the synthesis of a phrase ended without an outcome".into())));
        }
    }
}

#[cfg(test)]
mod tests;
