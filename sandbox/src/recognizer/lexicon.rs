//! Everything the recognizer knows, shared by all streams: clips and where their anchors are.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use engine::audio::frame::{FRAME_LEN, SILENCE};

use crate::clips::{Clip, spoken};
use crate::recognizer::anchors::Anchors;
use crate::recognizer::features::{Sound, sounds};

/// Clips learnt while running that are kept; past that, the one learnt first is forgotten.
pub const LEARNED_MAX: usize = 1_000;

/// Clips that may share one anchor. Voices that begin alike do; past this many more say nothing new.
const SHARERS_MAX: usize = 32;

/// The clips a recognizer knows. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Lexicon {
    known: Arc<RwLock<Known>>,
}

/// Counts up; says which clip an anchor belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ClipKey(u32);

/// A clip, and what it sounds like.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) clip: Clip,
    sounds: OnceLock<[Vec<Sound>; PHASES]>,
}

/// Sounds are 20 ms long; where the first of them begins is anybody's guess, so that clips are kept begun at several
/// points.
pub(super) const PHASES: usize = 2;

impl Entry {
    /// The clip's sounds between two of silence, begun at one of the [`PHASES`]. Worked out when first asked for, because
    /// exact audio never asks.
    pub(super) fn sounds(&self, phase: usize) -> &[Sound] {
        &self.sounds.get_or_init(|| std::array::from_fn(|phase| self.begun_at(phase)))[phase]
    }

    fn begun_at(&self, phase: usize) -> Vec<Sound> {
        let mut audio = vec![SILENCE; phase * FRAME_LEN / PHASES];
        audio.extend(&self.clip.audio);
        let silence = || std::iter::once(Sound::default());
        silence().chain(sounds(&audio)).chain(silence()).collect()
    }
}

#[derive(Debug, Default)]
pub(super) struct Known {
    clips: BTreeMap<ClipKey, Arc<Entry>>,
    /// Hash to the clips that have it, and the position after its last sample.
    anchors: BTreeMap<u64, Vec<(ClipKey, u32)>>,
    learned: VecDeque<ClipKey>,
    next: u32,
}

impl Lexicon {
    /// A lexicon of clips that are never forgotten.
    pub fn new(clips: impl IntoIterator<Item = Clip>) -> Self {
        let lexicon = Self::default();
        let mut known = lexicon.write();
        for clip in clips {
            known.add(clip);
        }
        drop(known);
        lexicon
    }

    /// Adds a clip from now on, also for streams that are already open. Of these the last [`LEARNED_MAX`] are kept.
    pub fn learn(&self, clip: Clip) {
        let mut known = self.write();
        let same =
            |entry: &Arc<Entry>| entry.clip.audio == clip.audio && spoken(&entry.clip.text) == spoken(&clip.text);
        if known.clips.values().any(same) {
            return;
        }
        if known.learned.len() == LEARNED_MAX
            && let Some(oldest) = known.learned.pop_front()
        {
            known.forget(oldest);
        }
        let key = known.add(clip);
        known.learned.push_back(key);
    }

    /// How many clips are known.
    pub fn len(&self) -> usize {
        self.read().clips.len()
    }

    /// Whether nothing is known, so that nothing will be heard.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Where an anchor occurs: clip, and position after the anchor's last sample.
    pub(super) fn places(&self, anchor: u64) -> &[(ClipKey, u32)] {
        self.anchors.get(&anchor).map_or(&[], Vec::as_slice)
    }

    pub(super) fn entry(&self, key: ClipKey) -> Option<&Arc<Entry>> {
        self.clips.get(&key)
    }

    /// Everything that is known.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.clips.values()
    }

    fn add(&mut self, clip: Clip) -> ClipKey {
        let key = ClipKey(self.next);
        self.next += 1;
        let mut scanner = Anchors::new();
        for (at, &code) in clip.audio.iter().enumerate() {
            if let Some(hash) = scanner.push(code) {
                let sharers = self.anchors.entry(hash).or_default();
                if sharers.len() < SHARERS_MAX {
                    sharers.push((key, at as u32 + 1));
                }
            }
        }
        self.clips.insert(key, Arc::new(Entry { clip, sounds: OnceLock::new() }));
        key
    }

    fn forget(&mut self, key: ClipKey) {
        let Some(entry) = self.clips.remove(&key) else { return };
        let mut scanner = Anchors::new();
        for hash in entry.clip.audio.iter().filter_map(|&code| scanner.push(code)) {
            if let Some(sharers) = self.anchors.get_mut(&hash) {
                sharers.retain(|(sharer, _)| *sharer != key);
                if sharers.is_empty() {
                    self.anchors.remove(&hash);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clip(n: u32) -> Clip {
        let audio = (0..1_000_u32).map(|at| (at.wrapping_mul(2_654_435_761).wrapping_add(n * 7_919) >> 13) as u8);
        Clip::estimated(n.to_string(), "word".into(), audio.collect())
    }

    #[test]
    fn what_was_learnt_first_is_forgotten_first_and_leaves_nothing_behind() {
        let lexicon = Lexicon::new([clip(0)]);
        let anchors = lexicon.read().anchors.len();
        for n in 1..=LEARNED_MAX as u32 + 1 {
            lexicon.learn(clip(n));
        }
        assert_eq!(lexicon.len(), LEARNED_MAX + 1);
        assert!(lexicon.read().clips.values().all(|entry| entry.clip.id != "1"));
        let mut known = lexicon.write();
        while let Some(key) = known.learned.pop_front() {
            known.forget(key);
        }
        assert_eq!((known.clips.len(), known.anchors.len()), (1, anchors));
    }

    #[test]
    fn the_same_speech_is_learnt_once() {
        let lexicon = Lexicon::default();
        lexicon.learn(clip(1));
        lexicon.learn(clip(1));
        assert_eq!(lexicon.len(), 1);
    }
}
