//! Looking for a phrase in one tier after the other, and for the right to make it where nobody has it.

use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout_at};

use super::Fault;
use super::board::{Claim, Lock};
use super::event::Tier;
use super::job::Job;
use super::phrase::{Ask, Key, Whole};
use super::tiers::Posted;

/// How soon we look again whether another instance is done; later more seldom.
const LOOK_AGAIN_MIN: Duration = Duration::from_millis(10);

/// As seldom as we look again at most.
const LOOK_AGAIN_MAX: Duration = Duration::from_millis(100);

/// What came of looking.
pub(super) enum Search {
    /// A phrase that is good.
    Found(Whole, Tier),
    /// Why no provider speaks it.
    Refused(Fault),
    /// It is ours to make; alone, where we have a lock.
    Ours(Option<Lock>),
}

impl Job {
    /// Looks everywhere, the nearest to all instances first: what they show each other may know more than our disk does.
    /// `older` becomes the youngest of the phrases that are not good any more.
    pub(super) async fn search(&self, ask: &Ask, older: &mut Option<Whole>) -> Search {
        let until = Instant::now() + self.patience;
        let posted = self.posted(ask, until).await;
        let is_unseen = matches!(posted, Posted::Unseen);
        if let Some(end) = self.judged(posted, older) {
            return end;
        }
        if let Some(whole) = self.tiers.shelved(self.key).await {
            if self.shared.is_fresh(&whole) {
                self.tiers.share(&whole);
                return Search::Found(whole, Tier::Disk);
            }
            keep_younger(older, whole);
        }
        // Where Redis can be seen it knows what the object store has, and a miss costs no look into that.
        if is_unseen && let Some(whole) = self.deposited(until).await {
            if self.shared.is_fresh(&whole) {
                return Search::Found(whole, Tier::Objects);
            }
            keep_younger(older, whole);
        }
        self.claim(ask, older, until).await
    }

    /// A phrase that is good, wherever it is at hand.
    pub(super) async fn kept(&self, ask: &Ask) -> Option<(Whole, Tier)> {
        let key = Key::of(ask);
        let is_fresh = |whole: &Whole| self.shared.is_fresh(whole);
        if let Some(whole) = self.shared.lock().of_any_age(&key).filter(is_fresh) {
            return Some((whole, Tier::Memory));
        }
        if let Posted::Whole(whole, tier) = self.posted(ask, Instant::now() + self.patience).await
            && is_fresh(&whole)
        {
            return Some((whole, tier));
        }
        self.tiers.shelved(key).await.filter(is_fresh).map(|whole| (whole, Tier::Disk))
    }

    /// What other instances show of a phrase, as far as it can be had before our followers lose their patience: Redis is
    /// quick, but may send us to an object store that is not.
    async fn posted(&self, ask: &Ask, until: Instant) -> Posted {
        timeout_at(until, self.tiers.posted(ask)).await.unwrap_or(Posted::Nothing)
    }

    /// A phrase in the object store, which our followers have no more patience for than for another instance.
    pub(super) async fn deposited(&self, until: Instant) -> Option<Whole> {
        timeout_at(until, self.tiers.deposited(self.key)).await.ok()?
    }

    /// Waits while another instance makes the phrase, but no longer than our followers have patience.
    async fn claim(&self, ask: &Ask, older: &mut Option<Whole>, until: Instant) -> Search {
        let mut pause = LOOK_AGAIN_MIN;
        loop {
            let lock = match self.tiers.claim(ask).await {
                Claim::Ours(lock) => Some(lock),
                Claim::Theirs if Instant::now() < until => None,
                Claim::Theirs | Claim::Unseen => return Search::Ours(None),
            };
            if lock.is_none() {
                sleep_until(until.min(Instant::now() + pause)).await;
                pause = (pause * 3 / 2).min(LOOK_AGAIN_MAX);
            }
            // Whoever had the lock before us may have been done just before we got it.
            let posted = self.posted(ask, until).await;
            if let Some(end) = self.judged(posted, older) {
                return end;
            }
            if lock.is_some() {
                return Search::Ours(lock);
            }
        }
    }

    fn judged(&self, posted: Posted, older: &mut Option<Whole>) -> Option<Search> {
        match posted {
            Posted::Whole(whole, tier) if self.shared.is_fresh(&whole) => Some(Search::Found(whole, tier)),
            Posted::Whole(whole, _) => {
                keep_younger(older, whole);
                None
            }
            Posted::Refused(fault) => Some(Search::Refused(fault)),
            Posted::Nothing | Posted::Unseen => None,
        }
    }
}

fn keep_younger(older: &mut Option<Whole>, found: Whole) {
    if older.as_ref().is_none_or(|older| older.record.made_at_ms < found.record.made_at_ms) {
        *older = Some(found);
    }
}
