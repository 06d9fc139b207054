//! A phrase on its way: written by one synthesis, read by any number of followers at their own speed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use engine::audio::speech::SpeechPart;
use engine::io::Fault;
use tokio::sync::watch;

use super::event::Tier;
use super::phrase::Whole;

/// How a phrase came to be whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Filled {
    pub(super) whole: Whole,
    /// Where it was found; none when it was made.
    pub(super) tier: Option<Tier>,
    /// How long the provider took.
    pub(super) provider: Duration,
}

/// The phrase so far.
pub(super) struct Filling {
    state: Mutex<State>,
    /// Counts changes, to wake followers.
    changed: watch::Sender<()>,
    asked: AtomicU64,
}

#[derive(Default)]
struct State {
    chunks: Vec<Arc<[u8]>>,
    outcome: Option<Result<Filled, Fault>>,
}

/// How far a follower has read.
#[derive(Debug, Default)]
pub(super) struct Seen {
    chunks: usize,
    words: bool,
}

impl Filling {
    pub(super) fn new() -> Self {
        Self { state: Mutex::default(), changed: watch::Sender::new(()), asked: AtomicU64::new(1) }
    }

    /// One more waits for it.
    pub(super) fn joined(&self) {
        self.asked.fetch_add(1, Ordering::Relaxed);
    }

    /// How many have asked for it.
    pub(super) fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    /// Appends audio.
    pub(super) fn push(&self, chunk: Arc<[u8]>) {
        self.lock().chunks.push(chunk);
        self.changed.send_replace(());
    }

    /// No more will come. The first outcome holds.
    pub(super) fn end(&self, outcome: Result<Filled, Fault>) {
        self.lock().outcome.get_or_insert(outcome);
        self.changed.send_replace(());
    }

    pub(super) fn is_over(&self) -> bool {
        self.lock().outcome.is_some()
    }

    /// All audio so far in one piece.
    pub(super) fn audio(&self) -> Arc<[u8]> {
        let state = self.lock();
        match &state.chunks[..] {
            [only] => only.clone(),
            chunks => chunks.concat().into(),
        }
    }

    /// The next part a follower has not seen.
    pub(super) async fn next(&self, seen: &mut Seen) -> SpeechPart {
        let mut changes = self.changed.subscribe();
        loop {
            if let Some(part) = self.part(seen) {
                return part;
            }
            changes.changed().await.expect("the sender lives as long as we are borrowed");
        }
    }

    /// Waits for the end.
    pub(super) async fn finished(&self) -> Result<Filled, Fault> {
        let mut changes = self.changed.subscribe();
        loop {
            if let Some(outcome) = self.lock().outcome.clone() {
                return outcome;
            }
            changes.changed().await.expect("the sender lives as long as we are borrowed");
        }
    }

    fn part(&self, seen: &mut Seen) -> Option<SpeechPart> {
        let state = self.lock();
        if let Some(chunk) = state.chunks.get(seen.chunks) {
            seen.chunks += 1;
            return Some(SpeechPart::Chunk(chunk.clone()));
        }
        state.outcome.as_ref().map(|outcome| match outcome {
            Ok(Filled { whole, .. }) if !std::mem::replace(&mut seen.words, true) => {
                SpeechPart::Words(whole.record.word_ends_ms.as_slice().into())
            }
            Ok(_) => SpeechPart::End,
            Err(fault) => SpeechPart::Failed(fault.clone()),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
