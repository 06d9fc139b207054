//! Where phrases are kept beyond memory, and how they go there and come from there.

use super::board::{Board, Claim, Lock, Place, Shown};
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
            Shown::Whole(whole, _) => Posted::Whole(whole, Tier::Redis),
            Shown::Refused(fault) => Posted::Refused(fault),
            Shown::Elsewhere(_) | Shown::Nothing => Posted::Nothing,
            Shown::Unseen => Posted::Unseen,
        }
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
        matches!(self.posted(ask).await, Posted::Whole(whole, _) if whole.record.made_at_ms >= since_ms)
    }

    /// Whether there is any of them.
    pub(super) fn keep_anything(&self) -> bool {
        self.board.is_some() || self.shelf.is_some()
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
        self.share(whole, lock);
    }

    /// Shows other instances a phrase that they do not know of.
    pub(super) fn share(&self, whole: &Whole, lock: Option<Lock>) {
        if let Some(board) = &self.board {
            board.post(whole.clone(), Place::Here, lock);
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
        let ask = self.board.as_ref()?.ask_of(&key.id()).await?;
        Some(match self.posted(&ask).await {
            Posted::Whole(whole, _) => Ok(whole),
            _ => Err(ask),
        })
    }

    /// Waits until everything that was kept is where it belongs; the caller sets the deadline.
    pub(super) async fn flush(&self) {
        if let Some(shelf) = &self.shelf {
            shelf.flush().await;
        }
        if let Some(board) = &self.board {
            board.flush().await;
        }
    }

    /// The tiers that others provide, and what is wrong with each.
    pub(super) fn troubles(&self) -> Vec<(&'static str, Option<String>)> {
        self.board.iter().map(|board| (Tier::Redis.name(), board.trouble())).collect()
    }
}
