//! The map behind the cache: whole phrases in order of use, phrases on their way, and the counts.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::Stats;
use super::filling::Filling;

/// How the audio is written. Part of every key, so that another format cannot be mistaken for it.
const FORMAT: &str = "mulaw-8000";

/// What an entry costs beside its audio, in bytes: enough that a million empty phrases are not free.
const ENTRY_COST: usize = 256;

/// The name of a phrase: who says it, what, and in which format.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    text: [u8; 32],
    voice: Box<str>,
    format: &'static str,
}

impl Key {
    pub(super) fn new(voice: &str, text: &str) -> Self {
        Self { text: Sha256::digest(text).into(), voice: voice.into(), format: FORMAT }
    }
}

/// Whole phrases and those on their way.
pub(super) struct Store {
    whole: BTreeMap<Key, Kept>,
    /// By when they were last used: the first is the first to go.
    by_use: BTreeMap<u64, Key>,
    /// At most as many as calls ask for and their deadline lets live.
    filling: BTreeMap<Key, Arc<Filling>>,
    uses: u64,
    bytes_max: usize,
    /// With [`ENTRY_COST`] for each.
    cost: usize,
    stats: Stats,
}

struct Kept {
    audio: Arc<[u8]>,
    used: u64,
}

impl Store {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self {
            whole: BTreeMap::new(),
            by_use: BTreeMap::new(),
            filling: BTreeMap::new(),
            uses: 0,
            bytes_max,
            cost: 0,
            stats: Stats::default(),
        }
    }

    /// A whole phrase, which is now the last to go. Counts a hit or a miss.
    pub(super) fn whole(&mut self, key: &Key) -> Option<Arc<[u8]>> {
        let Some(kept) = self.whole.get_mut(key) else {
            self.stats.misses += 1;
            return None;
        };
        self.stats.hits += 1;
        self.uses += 1;
        let key = self.by_use.remove(&kept.used).expect("every phrase kept has its place in the order");
        self.by_use.insert(self.uses, key);
        kept.used = self.uses;
        Some(kept.audio.clone())
    }

    /// A phrase on its way.
    pub(super) fn filling(&self, key: &Key) -> Option<Arc<Filling>> {
        self.filling.get(key).cloned()
    }

    /// Notes that a phrase is on its way from now on.
    pub(super) fn begin(&mut self, key: Key) -> Arc<Filling> {
        self.stats.syntheses += 1;
        let filling = Arc::new(Filling::new());
        self.filling.insert(key, filling.clone());
        filling
    }

    /// A phrase is whole and kept, or has failed and forgotten. One larger than the cache is not kept.
    pub(super) fn end(&mut self, key: &Key, audio: Option<Arc<[u8]>>) {
        self.filling.remove(key);
        let Some(audio) = audio else {
            self.stats.failures += 1;
            return;
        };
        let cost = audio.len() + ENTRY_COST;
        if cost > self.bytes_max || self.whole.contains_key(key) {
            return;
        }
        while self.cost + cost > self.bytes_max {
            self.drop_oldest();
        }
        self.cost += cost;
        self.uses += 1;
        self.by_use.insert(self.uses, key.clone());
        self.whole.insert(key.clone(), Kept { audio, used: self.uses });
    }

    pub(super) fn stats(&self) -> Stats {
        let phrases = self.whole.len();
        Stats { phrases, bytes: self.cost - phrases * ENTRY_COST, ..self.stats }
    }

    fn drop_oldest(&mut self) {
        let (_, key) = self.by_use.pop_first().expect("what costs something is in the order");
        let kept = self.whole.remove(&key).expect("what is in the order is kept");
        self.cost -= kept.audio.len() + ENTRY_COST;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(store: &mut Store, text: &str, len: usize) {
        let key = Key::new("v", text);
        store.begin(key.clone());
        store.end(&key, Some(vec![0; len].into()));
    }

    fn holds(store: &mut Store, text: &str) -> bool {
        store.whole(&Key::new("v", text)).is_some()
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
    fn voice_and_text_are_told_apart() {
        assert_ne!(Key::new("a", "bc"), Key::new("ab", "c"));
        assert_ne!(Key::new("a", "b"), Key::new("a", "c"));
        assert_eq!(Key::new("a", "b"), Key::new("a", "b"));
    }
}
