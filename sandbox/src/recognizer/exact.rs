//! Known audio in a stream, found by its anchors: which clip is being played, from where, and how far.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::recognizer::anchors::{Anchors, WINDOW};
use crate::recognizer::lexicon::{ClipKey, Entry, Lexicon};
use crate::recognizer::{HeardWord, MEMORY};

/// Anchors in line that make a clip. Fewer may be chance.
const ANCHORS_MIN: u32 = 4;

/// Alignments looked at at once. Past that the one silent for longest is dropped; real ones are a handful.
const TRACKS_MAX: usize = 256;

/// Audio past the last anchor that is still taken for the clip's, because anchors are some way apart.
const REACH: i64 = 400;

/// How much of a word must have been heard.
const PART_MIN: f64 = 0.6;

/// A clip laid over the stream.
#[derive(Debug)]
struct Track {
    entry: Arc<Entry>,
    /// What of the stream is known to be this clip.
    from: i64,
    to: i64,
    anchors: u32,
}

/// Finds clips in one stream.
#[derive(Debug)]
pub(super) struct Exact {
    anchors: Anchors,
    /// By where the clip's first sample lies in the stream; before the stream's own beginning when its head is missing.
    tracks: BTreeMap<(i64, ClipKey), Track>,
    last: Option<u64>,
}

impl Exact {
    pub(super) fn new() -> Self {
        Self { anchors: Anchors::new(), tracks: BTreeMap::new(), last: None }
    }

    /// Takes audio whose first sample is the stream's sample `position`.
    pub(super) fn push(&mut self, lexicon: &Lexicon, position: u64, audio: &[u8]) {
        for (offset, &code) in audio.iter().enumerate() {
            if let Some(anchor) = self.anchors.push(code) {
                self.note(lexicon, position as i64 + offset as i64 + 1, anchor);
            }
        }
    }

    fn note(&mut self, lexicon: &Lexicon, end: i64, anchor: u64) {
        let known = lexicon.read();
        for &(key, place) in known.places(anchor) {
            let Some(entry) = known.entry(key) else { continue };
            let track = self.tracks.entry((end - i64::from(place), key)).or_insert_with(|| Track {
                entry: Arc::clone(entry),
                from: end - WINDOW as i64,
                to: end,
                anchors: 0,
            });
            track.to = end;
            track.anchors += 1;
            if track.anchors >= ANCHORS_MIN {
                self.last = Some(end.max(0) as u64);
            }
        }
        drop(known);
        self.tracks.retain(|_, track| end - track.to < MEMORY as i64);
        while self.tracks.len() > TRACKS_MAX {
            let oldest = self.tracks.iter().min_by_key(|(_, track)| track.to).map(|(key, _)| *key);
            self.tracks.remove(&oldest.expect("there are more than none"));
        }
    }

    /// Where known speech was last heard, as the sample after it.
    pub(super) fn last(&self) -> Option<u64> {
        self.last
    }

    /// The words whose audio came by, in order, up to the sample `now`.
    pub(super) fn words(&self, now: u64) -> Vec<HeardWord> {
        let mut tracks: Vec<_> = self.believed().collect();
        // What explains more of the audio is right; of two that explain the same, the one that began first.
        tracks.sort_by_key(|(start, track)| (std::cmp::Reverse(track.anchors), *start));
        let mut taken: Vec<(i64, i64)> = Vec::new();
        let mut words = Vec::new();
        for (start, track) in tracks {
            if taken.iter().any(|&(from, to)| overlap((from, to), (track.from, track.to)) > WINDOW as i64) {
                continue;
            }
            taken.push((track.from, track.to));
            words.extend(track.words(start, now as i64));
        }
        words.sort_by_key(|word| word.from);
        words
    }

    fn believed(&self) -> impl Iterator<Item = (i64, &Track)> {
        let enough = self.tracks.iter().filter(|(_, track)| track.anchors >= ANCHORS_MIN);
        enough.map(|((start, _), track)| (*start, track))
    }
}

impl Track {
    fn words(&self, start: i64, now: i64) -> impl Iterator<Item = HeardWord> {
        let heard = (self.from - REACH, self.to + REACH);
        self.entry.clip.words.iter().filter_map(move |word| {
            let place = (start + i64::from(word.from), start + i64::from(word.to));
            let part = overlap(heard, place) as f64 / (place.1 - place.0).max(1) as f64;
            // The head of a word that was cut off before the stream began is not in the stream.
            (place.1 <= now && place.0 > -REACH && part >= PART_MIN).then(|| HeardWord {
                text: word.text.clone(),
                from: place.0.max(0) as u64,
                to: place.1 as u64,
                confidence: 0.99,
            })
        })
    }
}

/// How long two spans share; negative when they are apart.
fn overlap(a: (i64, i64), b: (i64, i64)) -> i64 {
    a.1.min(b.1) - a.0.max(b.0)
}
