//! What a phrase is called, what is known of it, and a whole one.

use std::fmt::Write as _;
use std::sync::Arc;

use engine::audio::format::Format;
use engine::audio::speech::Spoken;
use engine::audio::words;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What is to be said, by whom, and how it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// The voice, as its provider calls it.
    pub voice: String,
    /// The words.
    pub text: String,
    /// How the audio is written.
    pub format: Format,
}

/// The name of a phrase: who says it, what, and in which format, as one digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key([u8; 32]);

impl Key {
    pub(super) fn new(voice: &str, text: &str, format: Format) -> Self {
        // No voice and no format has a line end in its name, so that no two phrases are written alike.
        let digest = Sha256::new().chain_update(voice).chain_update("\n").chain_update(format.name());
        Self(digest.chain_update("\n").chain_update(text).finalize().into())
    }

    pub(super) fn of(ask: &Ask) -> Self {
        Self::new(&ask.voice, &ask.text, ask.format)
    }

    /// As it stands in addresses and file names: 64 hexadecimal digits.
    pub(super) fn id(self) -> String {
        hex(&self.0)
    }

    /// The key of an id; none when it is no id.
    pub(super) fn of_id(id: &str) -> Option<Self> {
        let mut key = [0; 32];
        let is_plain = id.len() == 64 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        for (at, byte) in key.iter_mut().enumerate() {
            *byte = u8::from_str_radix(id.get(2 * at..2 * at + 2)?, 16).ok()?;
        }
        is_plain.then_some(Self(key))
    }
}

/// What is known of a whole phrase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// What it says.
    #[serde(flatten)]
    pub ask: Ask,
    /// When it was made: milliseconds since 1970 in UTC.
    pub made_at_ms: i64,
    /// Its audio's length in bytes.
    pub bytes: usize,
    /// Its audio's SHA-256, in hexadecimal digits.
    pub digest: String,
    /// Where each of its words ends, in milliseconds into the audio; empty where the format is none that a call plays.
    #[serde(default)]
    pub word_ends_ms: Vec<u32>,
}

/// A whole phrase. Clones share it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// What is known of it.
    pub record: Arc<Record>,
    /// The file, as its format has it.
    pub audio: Arc<[u8]>,
}

impl Whole {
    pub(super) fn new(ask: Ask, audio: Arc<[u8]>, made_at_ms: i64) -> Self {
        let word_ends_ms = if ask.format == Format::Mulaw { words::ends(&ask.text, &audio) } else { Vec::new() };
        let record = Record { ask, made_at_ms, bytes: audio.len(), digest: digest_of(&audio), word_ends_ms };
        Self { record: Arc::new(record), audio }
    }

    /// The phrase as a call plays it.
    pub(super) fn spoken(&self) -> Spoken {
        Spoken { audio: Arc::clone(&self.audio), word_ends_ms: self.record.word_ends_ms.as_slice().into() }
    }

    /// The phrase as it stands in addresses.
    pub fn id(&self) -> String {
        Key::of(&self.record.ask).id()
    }
}

pub(super) fn digest_of(audio: &[u8]) -> String {
    hex(&Sha256::digest(audio))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string takes any text");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn voice_text_and_format_are_told_apart() {
        let key = |voice, text, format| Key::new(voice, text, format);
        assert_ne!(key("a", "bc", Format::Mulaw), key("ab", "c", Format::Mulaw));
        assert_ne!(key("a", "b", Format::Mulaw), key("a", "c", Format::Mulaw));
        assert_ne!(key("a", "b", Format::Mulaw), key("a", "b", Format::Mp3));
        assert_eq!(key("a", "b", Format::Mulaw), key("a", "b", Format::Mulaw));
    }

    #[test]
    fn an_id_is_read_back_and_nothing_else_is_one() {
        let key = Key::new("a", "b", Format::Mulaw);
        assert_eq!(Key::of_id(&key.id()), Some(key));
        let upper = key.id().to_uppercase();
        for id in ["", "..", "+1", &upper, &format!("{}0", key.id()), &"ä".repeat(32), &"+f".repeat(32)] {
            assert_eq!(Key::of_id(id), None, "{id}");
        }
    }
}
