//! A phrase on its way: written by one synthesis, read by any number of followers at their own speed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::audio::speech::SpeechPart;
use engine::io::Fault;
use tokio::sync::watch;

/// The phrase so far.
pub(super) struct Filling {
    state: Mutex<State>,
    /// Counts changes, to wake followers.
    changed: watch::Sender<()>,
}

#[derive(Default)]
struct State {
    chunks: Vec<Arc<[u8]>>,
    outcome: Option<Result<(), Fault>>,
}

/// How far a follower has read.
#[derive(Debug, Default)]
pub(super) struct Seen {
    chunks: usize,
}

impl Filling {
    pub(super) fn new() -> Self {
        Self { state: Mutex::default(), changed: watch::Sender::new(()) }
    }

    /// Appends audio.
    pub(super) fn push(&self, chunk: Arc<[u8]>) {
        self.lock().chunks.push(chunk);
        self.changed.send_replace(());
    }

    /// No more will come. The first outcome holds.
    pub(super) fn end(&self, outcome: Result<(), Fault>) {
        self.lock().outcome.get_or_insert(outcome);
        self.changed.send_replace(());
    }

    pub(super) fn is_over(&self) -> bool {
        self.lock().outcome.is_some()
    }

    /// All audio so far in one piece.
    pub(super) fn whole(&self) -> Arc<[u8]> {
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
    pub(super) async fn finished(&self) -> Result<(), Fault> {
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
            Ok(()) => SpeechPart::End,
            Err(fault) => SpeechPart::Failed(fault.clone()),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
