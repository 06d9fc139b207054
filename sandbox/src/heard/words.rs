//! Where the words lie in speech that was made here.

use std::collections::BTreeMap;

use crate::clips::{Clip, spoken};

/// Samples in a millisecond.
const SAMPLES_PER_MS: f64 = 8.0;

/// What is left of a word after this share of it is not missed.
const NEARLY_ALL: f64 = 0.85;

/// Recorded phrases, by their text as it sounds.
#[derive(Debug, Clone, Default)]
pub struct Words(BTreeMap<String, Clip>);

impl Words {
    /// The words of these clips.
    pub fn new(clips: impl IntoIterator<Item = Clip>) -> Self {
        let whole = |clip: &Clip| clip.words.len() == clip.text.split_whitespace().count();
        Self(clips.into_iter().filter(whole).map(|clip| (spoken(&clip.text), clip)).collect())
    }

    /// How many words of a phrase somebody has heard who heard so much of its audio: those of which at least half was
    /// played. Nothing when nobody knows where its words are.
    pub fn heard(&self, text: &str, heard_ms: f64) -> Option<usize> {
        self.played_to(text, heard_ms, 0.5)
    }

    /// How many words of it need not be said again: those of which nearly all was played.
    pub fn done(&self, text: &str, heard_ms: f64) -> Option<usize> {
        self.played_to(text, heard_ms, NEARLY_ALL)
    }

    fn played_to(&self, text: &str, heard_ms: f64, share: f64) -> Option<usize> {
        let clip = self.0.get(&spoken(text))?;
        let reached = |from: u32, to: u32| f64::from(from) + f64::from(to - from) * share;
        Some(clip.words.iter().filter(|word| reached(word.from, word.to) <= heard_ms * SAMPLES_PER_MS).count())
    }

    /// How far from a point of a phrase the middle of the nearest word is, in milliseconds: how easily one word more or
    /// less may be counted there.
    pub fn margin_ms(&self, text: &str, heard_ms: f64) -> Option<f64> {
        let clip = self.0.get(&spoken(text))?;
        let apart = |from: u32, to: u32| (f64::from(from + to) / 2.0 / SAMPLES_PER_MS - heard_ms).abs();
        clip.words.iter().map(|word| apart(word.from, word.to)).min_by(f64::total_cmp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clips::Word;

    fn words() -> Words {
        let word = |text: &str, from, to| Word { text: text.to_owned(), from, to };
        let words = vec![word("Good", 0, 800), word("bye.", 800, 1_600)];
        Words::new([Clip { id: "x".into(), text: "Good bye.".into(), words, audio: vec![0xff; 1_600] }])
    }

    #[test]
    fn a_word_is_heard_when_half_of_it_was_played() {
        for (heard_ms, count) in [(0.0, 0), (49.0, 0), (51.0, 1), (149.0, 1), (150.0, 2), (900.0, 2)] {
            assert_eq!(words().heard("good bye", heard_ms), Some(count), "{heard_ms}");
        }
        assert_eq!(words().done("good bye", 84.0), Some(0));
        assert_eq!(words().done("good bye", 86.0), Some(1));
        assert_eq!(words().heard("hello", 10.0), None);
        assert_eq!(words().margin_ms("good bye", 60.0), Some(10.0));
    }
}
