//! The map behind the cache: whole phrases in order of use, phrases on their way, and the counts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use engine::io::Fault;
use tokio::time::Instant;

use super::Stats;
use super::filling::Filling;
use super::phrase::{Key, Whole};

/// What an entry costs beside its audio, in bytes: enough that a million empty phrases are not free.
const ENTRY_COST: usize = 256;

/// How long a refusal is remembered: a text that a provider cannot speak is not asked for again with every request.
const REFUSED_FOR: Duration = Duration::from_secs(5);

/// Refusals remembered at most.
const REFUSED_MAX: usize = 1_000;

/// Whole phrases and those on their way.
pub(super) struct Store {
    whole: BTreeMap<Key, Kept>,
    /// By when they were last used: the first is the first to go.
    by_use: BTreeMap<u64, Key>,
    /// At most as many as calls ask for and their deadline lets live.
    filling: BTreeMap<Key, Arc<Filling>>,
    /// What will not be spoken, and until when that is believed.
    refused: BTreeMap<Key, (Arc<Filling>, Instant)>,
    uses: u64,
    bytes_max: usize,
    /// With [`ENTRY_COST`] for each.
    cost: usize,
    stats: Stats,
}

struct Kept {
    whole: Whole,
    used: u64,
}

impl Store {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self {
            whole: BTreeMap::new(),
            by_use: BTreeMap::new(),
            filling: BTreeMap::new(),
            refused: BTreeMap::new(),
            uses: 0,
            bytes_max,
            cost: 0,
            stats: Stats::default(),
        }
    }

    /// A whole phrase that was made no earlier than `since_ms`; it is now the last to go. Counts a hit or a miss.
    pub(super) fn fresh(&mut self, key: &Key, since_ms: i64) -> Option<Whole> {
        let found = self.of_any_age(key).filter(|whole| whole.record.made_at_ms >= since_ms);
        match &found {
            Some(_) => self.stats.hits += 1,
            None => self.stats.misses += 1,
        }
        found
    }

    /// A whole phrase, however old.
    pub(super) fn of_any_age(&mut self, key: &Key) -> Option<Whole> {
        let kept = self.whole.get_mut(key)?;
        self.uses += 1;
        let key = self.by_use.remove(&kept.used).expect("every phrase kept has its place in the order");
        self.by_use.insert(self.uses, key);
        kept.used = self.uses;
        Some(kept.whole.clone())
    }

    /// A phrase on its way, or one that was refused a moment ago.
    pub(super) fn filling(&self, key: &Key, now: Instant) -> Option<Arc<Filling>> {
        let refused = || self.refused.get(key).filter(|(_, until)| *until > now);
        self.filling.get(key).or_else(|| refused().map(|(filling, _)| filling)).cloned()
    }

    /// Notes that a phrase is on its way from now on.
    pub(super) fn begin(&mut self, key: Key) -> Arc<Filling> {
        let filling = Arc::new(Filling::new());
        self.filling.insert(key, filling.clone());
        filling
    }

    /// Counts a synthesis.
    pub(super) fn synthesis(&mut self) {
        self.stats.syntheses += 1;
    }

    /// A phrase is whole and kept, by its own name, or has failed. One larger than the cache is not kept.
    pub(super) fn end(&mut self, key: &Key, outcome: Result<(Key, &Whole), &Fault>, now: Instant) {
        let filling = self.filling.remove(key);
        match outcome {
            Ok((name, whole)) => self.keep(name, whole.clone()),
            Err(fault) => {
                self.stats.failures += 1;
                if let (Some(filling), Fault::GiveUp(_) | Fault::OurMistake(_)) = (filling, fault) {
                    self.refuse(*key, filling, now);
                }
            }
        }
    }

    pub(super) fn stats(&self) -> Stats {
        let phrases = self.whole.len();
        Stats { phrases, bytes: self.cost - phrases * ENTRY_COST, ..self.stats }
    }

    fn keep(&mut self, key: Key, whole: Whole) {
        let cost = whole.audio.len() + ENTRY_COST;
        self.forget(&key);
        if cost > self.bytes_max {
            return;
        }
        while self.cost + cost > self.bytes_max {
            self.drop_oldest();
        }
        self.cost += cost;
        self.uses += 1;
        self.by_use.insert(self.uses, key);
        self.whole.insert(key, Kept { whole, used: self.uses });
    }

    fn forget(&mut self, key: &Key) {
        if let Some(kept) = self.whole.remove(key) {
            self.by_use.remove(&kept.used);
            self.cost -= kept.whole.audio.len() + ENTRY_COST;
        }
    }

    fn drop_oldest(&mut self) {
        let key = *self.by_use.first_key_value().expect("what costs something is in the order").1;
        self.forget(&key);
    }

    fn refuse(&mut self, key: Key, filling: Arc<Filling>, now: Instant) {
        self.refused.retain(|_, (_, until)| *until > now);
        if self.refused.len() < REFUSED_MAX {
            self.refused.insert(key, (filling, now + REFUSED_FOR));
        }
    }
}

#[cfg(test)]
mod tests {
    use engine::audio::format::Format;

    use super::super::phrase::{Ask, tests::who};
    use super::*;

    fn key(text: &str) -> Key {
        Key::new(&who("v"), text, Format::Mulaw)
    }

    fn filled_at(store: &mut Store, text: &str, len: usize, made_at_ms: i64) {
        store.begin(key(text));
        let ask = Ask { who: who("v"), text: text.into(), format: Format::Mulaw };
        let whole = Whole::new(ask, vec![0; len].into(), made_at_ms);
        store.end(&key(text), Ok((key(text), &whole)), Instant::now());
    }

    fn filled(store: &mut Store, text: &str, len: usize) {
        filled_at(store, text, len, 0);
    }

    fn holds(store: &mut Store, text: &str) -> bool {
        store.fresh(&key(text), 0).is_some()
    }

    #[test]
    fn the_phrase_not_used_longest_goes_first_and_the_bound_holds() {
        let mut store = Store::new(3 * (1_000 + ENTRY_COST));
        for text in ["a", "b", "c"] {
            filled(&mut store, text, 1_000);
        }
        assert!(holds(&mut store, "a"));
        filled(&mut store, "d", 1_000);
        assert!(!holds(&mut store, "b"));
        assert!(holds(&mut store, "a") && holds(&mut store, "c") && holds(&mut store, "d"));
        assert_eq!((store.stats().phrases, store.stats().bytes), (3, 3_000));
        filled(&mut store, "e", 2_200);
        assert_eq!((store.stats().phrases, store.stats().bytes), (2, 3_200));
        assert_eq!(store.by_use.len(), 2);
    }

    #[test]
    fn a_phrase_larger_than_the_cache_is_not_kept_and_drops_nothing() {
        let mut store = Store::new(2_000);
        filled(&mut store, "a", 1_000);
        filled(&mut store, "b", 2_000);
        assert!(holds(&mut store, "a") && !holds(&mut store, "b"));
    }

    #[test]
    fn a_phrase_that_is_too_old_is_a_miss_until_a_new_one_takes_its_place() {
        let mut store = Store::new(10_000);
        filled_at(&mut store, "a", 1_000, 100);
        assert!(store.fresh(&key("a"), 100).is_some() && store.fresh(&key("a"), 101).is_none());
        assert!(store.of_any_age(&key("a")).is_some());
        filled_at(&mut store, "a", 500, 200);
        assert!(store.fresh(&key("a"), 101).is_some());
        assert_eq!((store.stats().phrases, store.stats().bytes, store.by_use.len()), (1, 500, 1));
    }

    #[test]
    fn what_will_not_be_spoken_is_not_asked_for_again_for_a_moment() {
        let (mut store, now) = (Store::new(10_000), Instant::now());
        for (fault, is_remembered) in [(Fault::Retry(String::new()), false), (Fault::OurMistake(String::new()), true)] {
            store.begin(key("a"));
            store.end(&key("a"), Err(&fault), now);
            assert_eq!(store.filling(&key("a"), now).is_some(), is_remembered);
        }
        assert!(store.filling(&key("a"), now + REFUSED_FOR).is_none());
    }
}
