//! Recorded speech with its words: what the sandbox's callers say, what its Deepgram knows and speaks.
//!
//! A folder of clips holds one `.ulaw` file a clip (µ-law at 8 kHz, no header) and a `manifest.json` that says which word
//! is spoken when. `scripts/make-fixtures` makes both.

use std::path::{Path, PathBuf};
use std::{fs, io};

use engine::audio::frame::RATE_HZ;
use engine::audio::mulaw;
use serde::Deserialize;

/// A word of a clip and where it is spoken, in samples at 8 kHz from the clip's beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// As it is written, with its capital letters and punctuation.
    pub text: String,
    /// Its first sample.
    pub from: u32,
    /// The sample after its last.
    pub to: u32,
}

/// Something somebody said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clip {
    /// Unique in its folder; also the name of its file.
    pub id: String,
    /// All that is said.
    pub text: String,
    /// The same, word by word.
    pub words: Vec<Word>,
    /// µ-law at 8 kHz.
    pub audio: Vec<u8>,
}

/// A folder that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ClipError {
    /// A file is missing or cannot be read.
    #[error("cannot read {path}: {source}; `scripts/make-fixtures` makes it")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The manifest is not what `scripts/make-fixtures` writes.
    #[error("{path} is not a manifest of clips: {source}")]
    BadManifest {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
}

#[derive(Deserialize)]
struct Manifest {
    clips: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    text: String,
    words: Vec<EntryWord>,
}

#[derive(Deserialize)]
struct EntryWord {
    word: String,
    start: f64,
    end: f64,
}

/// All clips of a folder, in the order of its manifest.
///
/// # Errors
/// When the manifest or one of the files it names is missing or broken.
pub fn load(folder: &Path) -> Result<Vec<Clip>, ClipError> {
    let path = folder.join("manifest.json");
    let text = fs::read(&path).map_err(|source| ClipError::Unreadable { path: path.clone(), source })?;
    let manifest: Manifest = serde_json::from_slice(&text).map_err(|source| ClipError::BadManifest { path, source })?;
    manifest.clips.into_iter().map(|entry| load_clip(folder, entry)).collect()
}

fn load_clip(folder: &Path, entry: Entry) -> Result<Clip, ClipError> {
    let path = folder.join(format!("{}.ulaw", entry.id));
    let audio = fs::read(&path).map_err(|source| ClipError::Unreadable { path, source })?;
    let sample = |seconds: f64| (seconds * f64::from(RATE_HZ)).round() as u32;
    let words = entry
        .words
        .into_iter()
        .map(|word| Word { text: word.word, from: sample(word.start), to: sample(word.end) })
        .collect();
    Ok(Clip { id: entry.id, text: entry.text, words, audio })
}

impl Clip {
    /// A clip whose words' places nobody measured: the voiced part is shared out by the number of letters.
    pub fn estimated(id: String, text: String, audio: Vec<u8>) -> Self {
        let (first, last) = voiced(&audio);
        let letters: usize = text.split_whitespace().map(|word| word.len() + 1).sum();
        let place = |letter: usize| (first + (last - first) * letter / letters.max(1)) as u32;
        let mut before = 0;
        let words = text
            .split_whitespace()
            .map(|word| {
                let (from, to) = (place(before), place(before + word.len() + 1));
                before += word.len() + 1;
                Word { text: word.to_owned(), from, to }
            })
            .collect();
        Self { id, text, words, audio }
    }
}

/// First and last sample louder than a fiftieth of the loudest.
fn voiced(audio: &[u8]) -> (usize, usize) {
    let magnitude = |code: &u8| mulaw::decode(*code).unsigned_abs();
    let limit = audio.iter().map(magnitude).max().unwrap_or(0) / 50;
    let first = audio.iter().position(|code| magnitude(code) > limit).unwrap_or(0);
    let last = audio.iter().rposition(|code| magnitude(code) > limit).map_or(audio.len(), |at| at + 1);
    (first, last)
}

/// A text as it sounds: lower case, words only, single spaces. Two texts that differ in punctuation alone are the same.
pub fn spoken(text: &str) -> String {
    text.split_whitespace().map(spoken_word).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A single word as it sounds; empty when there is nothing to say in it.
pub fn spoken_word(word: &str) -> String {
    let word = word.replace('\u{2019}', "'").to_lowercase();
    let inner = word.trim_matches(|letter: char| !letter.is_alphanumeric());
    inner.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, '\'' | '-' | '.' | ':')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn punctuation_and_capitals_are_not_heard() {
        assert_eq!(spoken("Hi, I\u{2019}d  like … a HAIRCUT!"), "hi i'd like a haircut");
        assert_eq!(spoken(" - "), "");
    }

    #[test]
    fn estimated_words_share_out_the_voiced_part() {
        let mut audio = vec![0xff; 1_000];
        audio[200..800].fill(0x90);
        let clip = Clip::estimated("x".into(), "one three".into(), audio);
        assert_eq!((clip.words[0].from, clip.words[0].to), (200, 440));
        assert_eq!((clip.words[1].from, clip.words[1].to), (440, 800));
    }

    #[test]
    fn the_shipped_clips_load_and_their_words_lie_within_them() {
        for folder in ["utterances", "phrases"] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(folder);
            let clips = load(&folder).expect("the fixtures are committed");
            assert!(clips.len() > 10);
            for clip in clips {
                let mut before = 0;
                for word in &clip.words {
                    assert!(before <= word.from && word.from < word.to, "{}: {word:?}", clip.id);
                    before = word.from;
                }
                assert!(clip.words.last().is_some_and(|word| word.to as usize <= clip.audio.len()), "{}", clip.id);
            }
        }
    }

    #[test]
    fn every_standard_phrase_of_the_example_business_is_recorded() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let text = fs::read_to_string(root.join("business.toml")).expect("the example business is committed");
        let business = toml::from_str(&text).expect("a business");
        let recorded: Vec<_> = load(&root.join("fixtures/phrases")).expect("the fixtures are committed");
        for phrase in engine::wording::standard_phrases(&business) {
            let found = recorded.iter().any(|clip| spoken(&clip.text) == spoken(&phrase));
            assert!(found, "{phrase:?} is not recorded: see scripts/make-fixtures");
        }
    }

    #[test]
    fn a_missing_folder_is_an_error_that_names_the_remedy() {
        let error = load(Path::new("/nowhere")).expect_err("there is no such folder").to_string();
        assert!(error.contains("/nowhere/manifest.json") && error.contains("make-fixtures"), "{error}");
    }
}
