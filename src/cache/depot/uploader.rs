//! The task that puts phrases into the object store, a few at a time, so that nobody who wants one waits for it.

use std::sync::Arc;
use std::time::Duration;

use object_store::path::Path;
use object_store::{Attribute, Attributes, Error, ObjectStoreExt, PutOptions, PutPayload};
use rand::Rng;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout};

use super::super::board::{Board, Place};
use super::super::card::Card;
use super::super::event::{Event, Tier};
use super::super::phrase::{Key, Whole};
use super::{Inner, paths};

/// Uploads at the same time.
const UPLOADS_MAX: u32 = 4;

/// How often one is tried. With the pauses between, an outage of some ten seconds costs nothing.
const TRIES_MAX: u32 = 8;

/// The first pause is at most so long; each further one may be twice as long.
const PAUSE_MIN: Duration = Duration::from_millis(100);

/// No pause is longer.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// What there is to do.
pub(super) enum Order {
    /// Put a phrase there; one that may be there already is looked for first.
    Put { whole: Whole, path: Path, may_be_there: bool },
    /// Say when all before is done.
    Flush(oneshot::Sender<()>),
}

pub(super) struct Uploader {
    inner: Arc<Inner>,
    /// Tells other instances where a phrase is.
    board: Option<Board>,
    slots: Arc<Semaphore>,
}

impl Uploader {
    pub(super) fn new(inner: Arc<Inner>, board: Option<Board>) -> Self {
        Self { inner, board, slots: Arc::new(Semaphore::new(UPLOADS_MAX as usize)) }
    }

    /// Works until nobody can give orders any more.
    pub(super) async fn work(self, mut orders: mpsc::Receiver<Order>) {
        let uploader = Arc::new(self);
        while let Some(order) = orders.recv().await {
            let slots = Arc::clone(&uploader.slots);
            let wanted = if matches!(order, Order::Flush(_)) { UPLOADS_MAX } else { 1 };
            let slot = slots.acquire_many_owned(wanted).await.expect("the semaphore is never closed");
            match order {
                Order::Put { whole, path, may_be_there } => {
                    let uploader = Arc::clone(&uploader);
                    tokio::spawn(async move {
                        uploader.put(whole, &path, may_be_there).await;
                        uploader.inner.placed.end(path.as_ref());
                        drop(slot);
                    });
                }
                Order::Flush(done) => {
                    // Whoever waited may have stopped waiting.
                    let _ = done.send(());
                }
            }
        }
    }

    /// Puts a phrase there, and tells other instances where it is. Where that fails, it stays with them.
    async fn put(&self, whole: Whole, path: &Path, may_be_there: bool) {
        let began = Instant::now();
        let is_there = may_be_there && self.within(self.inner.store.head(path)).await.is_ok();
        let outcome = if is_there { Ok(()) } else { self.try_several_times(&whole).await };
        if !is_there {
            let (tier, took) = (Tier::Objects, began.elapsed());
            (self.inner.tell)(Event::Stored { tier, took, is_there: outcome.is_ok() });
        }
        let place = match &outcome {
            Ok(()) => {
                self.inner.placed.note(path.as_ref());
                Place::There(path.to_string())
            }
            Err(_) => Place::Here,
        };
        self.say_how_it_is(outcome.err());
        if let Some(board) = &self.board {
            board.post(whole, place, None);
        }
    }

    async fn try_several_times(&self, whole: &Whole) -> Result<(), String> {
        let mut failed = String::new();
        for nth in 0..TRIES_MAX {
            sleep(pause_before(nth)).await;
            match self.try_once(whole).await {
                Ok(()) => return Ok(()),
                Err(why) => failed = why,
            }
        }
        Err(failed)
    }

    /// The audio first: who finds the card finds that, too.
    async fn try_once(&self, whole: &Whole) -> Result<(), String> {
        let Inner { store, root, keeps_types, .. } = &*self.inner;
        let path = paths::audio(root, &whole.record);
        let mut attributes = Attributes::new();
        if *keeps_types {
            attributes.insert(Attribute::ContentType, whole.record.ask.format.content_type().into());
        }
        let options = PutOptions { attributes, ..PutOptions::default() };
        let audio = PutPayload::from(bytes::Bytes::from_owner(Arc::clone(&whole.audio)));
        self.within(store.put_opts(&path, audio, options)).await?;
        let card = serde_json::to_vec(&Card::of(whole, Some(path.to_string()))).expect("a card is plain JSON");
        self.within(store.put(&paths::card(root, Key::of(&whole.record.ask)), card.into())).await
    }

    async fn within<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<(), String> {
        let within = self.inner.within;
        match timeout(within, work).await {
            Ok(outcome) => outcome.map(drop).map_err(|error| error.to_string()),
            Err(_) => Err(format!("no answer within {} ms", within.as_millis())),
        }
    }

    /// The first failure of several is told, and that it works again.
    fn say_how_it_is(&self, failed: Option<String>) {
        let before = std::mem::replace(&mut *self.inner.failing(), failed.clone());
        match failed {
            Some(why) if before.is_none() => tracing::warn!(why, "phrases cannot be put into the object store"),
            None if before.is_some() => tracing::info!("phrases are put into the object store again"),
            _ => {}
        }
    }
}

/// Anything up to twice the last one's bound, so that many who failed together do not come back together.
fn pause_before(nth: u32) -> Duration {
    let Some(doublings) = nth.checked_sub(1) else { return Duration::ZERO };
    let bound = PAUSE_MIN.saturating_mul(1 << doublings.min(16)).min(PAUSE_MAX);
    bound.mul_f64(rand::rng().random())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_their_bound_and_are_spread_over_all_of_it() {
        assert_eq!(pause_before(0), Duration::ZERO);
        for (nth, bound_ms) in [(1, 100), (2, 200), (3, 400), (6, 3_200), (7, 5_000), (100, 5_000)] {
            let pauses: Vec<_> = (0..1_000).map(|_| pause_before(nth).as_millis()).collect();
            assert!(pauses.iter().all(|pause| *pause <= bound_ms), "{nth}");
            assert!(pauses.iter().any(|pause| *pause < bound_ms / 4), "{nth}");
            assert!(pauses.iter().any(|pause| *pause > bound_ms * 3 / 4), "{nth}");
        }
    }
}
