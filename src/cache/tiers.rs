//! Where phrases are kept beyond memory, and how they go there and come from there.

use std::time::Duration;

use super::board::{Board, Claim, Lock, Place, Shown};
use super::card::Card;
use super::depot::Depot;
use super::phrase::{Ask, Key, Whole};
use super::shelf::{Shelf, Sought};
use super::{Fault, Tier};

/// Each of them may be missing, and each may fail: what is not found is made.
#[derive(Clone, Default)]
pub struct Tiers {
    /// What instances show each other.
    pub board: Option<Board>,
    /// This machine's disk.
    pub shelf: Option<Shelf>,
    /// An object store.
    pub depot: Option<Depot>,
}

/// What is known about a phrase from other instances.
pub(super) enum Posted {
    Whole(Whole, Tier),
    /// No provider speaks it.
    Refused(Fault),
    Nothing,
    /// Nobody can be asked.
    Unseen,
}

impl Tiers {
    /// What other instances show of a phrase, however old.
    pub(super) async fn posted(&self, ask: &Ask) -> Posted {
        let Some(board) = &self.board else { return Posted::Unseen };
        match board.look(ask).await {
            Shown::Whole(whole, path) => {
                self.note(path.as_deref());
                Posted::Whole(whole, Tier::Redis)
            }
            Shown::Elsewhere(card) => match self.elsewhere(*card).await {
                Some((whole, tier)) => Posted::Whole(whole, tier),
                None => Posted::Nothing,
            },
            Shown::Refused(fault) => Posted::Refused(fault),
            Shown::Nothing => Posted::Nothing,
            Shown::Unseen => Posted::Unseen,
        }
    }

    /// The phrase of a card that names its place in the object store. Our disk may have the very same, and is quicker.
    async fn elsewhere(&self, card: Card) -> Option<(Whole, Tier)> {
        let depot = self.depot.as_ref()?;
        let shelved = self.shelved(Key::of(&card.ask())).await;
        if let Some(whole) = shelved.filter(|whole| whole.record.digest == card.digest) {
            self.note(card.path.as_deref());
            return Some((whole, Tier::Disk));
        }
        Some((depot.fetch(card).await?, Tier::Objects))
    }

    fn note(&self, path: Option<&str>) {
        if let (Some(depot), Some(path)) = (&self.depot, path) {
            depot.note(path);
        }
    }

    /// A phrase in the object store, however old.
    pub(super) async fn deposited(&self, key: Key) -> Option<Whole> {
        self.depot.as_ref()?.find(key).await
    }

    /// A phrase on the disk, however old.
    pub(super) async fn shelved(&self, key: Key) -> Option<Whole> {
        match self.shelf.as_ref()?.get(key).await {
            Sought::Whole(whole) => Some(whole),
            Sought::Damaged(_) | Sought::Missing => None,
        }
    }

    /// Whether a phrase is there that was made no earlier than `since_ms`.
    pub(super) async fn have(&self, ask: &Ask, key: Key, since_ms: i64) -> bool {
        let on_disk = self.shelf.as_ref().and_then(|shelf| shelf.record(key));
        if on_disk.is_some_and(|record| record.made_at_ms >= since_ms) {
            return true;
        }
        let is_good = |whole: Whole| whole.record.made_at_ms >= since_ms;
        match self.posted(ask).await {
            Posted::Whole(whole, _) => is_good(whole),
            Posted::Unseen => self.deposited(key).await.is_some_and(is_good),
            Posted::Refused(_) | Posted::Nothing => false,
        }
    }

    /// Whether there is any of them.
    pub(super) fn keep_anything(&self) -> bool {
        self.board.is_some() || self.shelf.is_some() || self.depot.is_some()
    }

    /// Claims the right to make a phrase, among all instances.
    pub(super) async fn claim(&self, ask: &Ask) -> Claim {
        match &self.board {
            Some(board) => board.claim(ask).await,
            None => Claim::Unseen,
        }
    }

    /// Puts a phrase that was made wherever phrases are kept, behind the back of whoever waited for it.
    pub(super) fn keep(&self, whole: &Whole, lock: Option<Lock>) {
        if let Some(shelf) = &self.shelf {
            shelf.put(whole.clone());
        }
        if let Some(board) = &self.board {
            let place = if self.depot.is_some() { Place::OnItsWay } else { Place::Here };
            board.post(whole.clone(), place, lock);
        }
        if let Some(depot) = &self.depot {
            depot.put(whole, false);
        }
    }

    /// Shares a phrase that was on our disk and that other instances may not know of.
    pub(super) fn share(&self, whole: &Whole) {
        let path = self.depot.as_ref().and_then(|depot| depot.has(&whole.record));
        match (&self.board, &self.depot, path) {
            (Some(board), _, Some(path)) => board.post(whole.clone(), Place::There(path), None),
            (Some(board), None, None) => board.post(whole.clone(), Place::Here, None),
            // The board is told when it is there.
            (_, Some(depot), None) => depot.put(whole, true),
            (None, ..) => {}
        }
    }

    /// Tells other instances that a phrase cannot be made, where that will not change soon.
    pub(super) fn refuse(&self, ask: &Ask, fault: &Fault, lock: Option<Lock>) {
        if let (Some(board), Some(lock), Fault::GiveUp(_) | Fault::OurMistake(_)) = (&self.board, lock, fault) {
            board.refuse(ask.clone(), fault.clone(), lock);
        }
    }

    /// The phrase of an id, however old; or, where its audio was damaged, what it asked for.
    pub(super) async fn by_id(&self, key: Key) -> Option<Result<Whole, Ask>> {
        if let Some(shelf) = &self.shelf {
            match shelf.get(key).await {
                Sought::Whole(whole) => return Some(Ok(whole)),
                Sought::Damaged(ask) => return Some(Err(ask)),
                Sought::Missing => {}
            }
        }
        let Some(ask) = self.shown_ask(key).await else { return self.deposited(key).await.map(Ok) };
        Some(match self.posted(&ask).await {
            Posted::Whole(whole, _) => Ok(whole),
            _ => self.deposited(key).await.ok_or(ask),
        })
    }

    async fn shown_ask(&self, key: Key) -> Option<Ask> {
        self.board.as_ref()?.ask_of(&key.id()).await
    }

    /// Where others can play a phrase without us, for as long as `good_for`; none where only we can.
    pub(super) async fn address(&self, whole: &Whole, good_for: Duration) -> Option<String> {
        self.depot.as_ref()?.address(whole, good_for).await
    }

    /// Waits until everything that was kept is where it belongs; the caller sets the deadline.
    pub(super) async fn flush(&self) {
        let shelf = async {
            if let Some(shelf) = &self.shelf {
                shelf.flush().await;
            }
        };
        let depot = async {
            if let Some(depot) = &self.depot {
                depot.flush().await;
            }
        };
        // None of them keeps another from what it still can do.
        tokio::join!(shelf, depot, self.flush_board());
        // What was uploaded is shown afterwards.
        self.flush_board().await;
    }

    async fn flush_board(&self) {
        if let Some(board) = &self.board {
            board.flush().await;
        }
    }

    /// The tiers that others provide, and what is wrong with each.
    pub(super) fn troubles(&self) -> Vec<(&'static str, Option<String>)> {
        let board = self.board.iter().map(|board| (Tier::Redis.name(), board.trouble()));
        board.chain(self.depot.iter().map(|depot| (Tier::Objects.name(), depot.trouble()))).collect()
    }
}
