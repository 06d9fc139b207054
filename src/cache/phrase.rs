//! What a phrase is called, what is known of it, and a whole one.

use std::fmt::Write as _;
use std::sync::Arc;

use engine::audio::format::Format;
use engine::audio::speech::Spoken;
use engine::audio::words;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A voice, and how it is asked to speak.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// Whose voice it is: `deepgram`.
    pub provider: String,
    /// As its provider calls it.
    pub voice: String,
    /// What else its sound depends on, such as the provider's model; empty where nothing else does.
    #[serde(default)]
    pub settings: String,
}

/// Who is to speak: the first of them, or the next where that one cannot. Clones share it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cast(Arc<[Who]>);

impl Cast {
    /// One who is meant, and those who may stand in.
    pub fn new(meant: Who, stand_ins: impl IntoIterator<Item = Who>) -> Self {
        Self([meant].into_iter().chain(stand_ins).collect())
    }

    pub(super) fn meant(&self) -> &Who {
        &self.0[0]
    }

    pub(super) fn stand_ins(&self) -> &[Who] {
        &self.0[1..]
    }
}

/// What is to be said, by whom, and how it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Who says it.
    #[serde(flatten)]
    pub who: Who,
    /// The words.
    pub text: String,
    /// How the audio is written.
    pub format: Format,
}

/// The name of a phrase: who says it, what, and in which format, as one digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key([u8; 32]);

impl Key {
    pub(super) fn new(who: &Who, text: &str, format: Format) -> Self {
        // Nothing but the text has a line end in it, so that no two phrases are written alike.
        let before = [&who.provider, &who.voice, &who.settings, format.name()];
        let digest = before.iter().fold(Sha256::new(), |digest, part| digest.chain_update(part).chain_update("\n"));
        Self(digest.chain_update(text).finalize().into())
    }

    pub(super) fn of(ask: &Ask) -> Self {
        Self::new(&ask.who, &ask.text, ask.format)
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

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string takes any text");
        hex
    })
}

#[cfg(test)]
pub(in crate::cache) mod tests {
    use super::*;

    pub(in crate::cache) fn who(voice: &str) -> Who {
        Who { provider: "p".into(), voice: voice.into(), settings: String::new() }
    }

    #[test]
    fn provider_voice_text_and_format_are_told_apart() {
        let key = |voice: &str, text, format| Key::new(&who(voice), text, format);
        let of = |provider: &str, settings: &str| {
            let who = Who { provider: provider.into(), settings: settings.into(), ..who("a") };
            Key::new(&who, "b", Format::Mulaw)
        };
        assert_ne!(of("p", ""), of("q", ""));
        assert_ne!(of("p", ""), of("p", "m"));
        assert_ne!(key("a", "bc", Format::Mulaw), key("ab", "c", Format::Mulaw));
        assert_ne!(key("a", "b", Format::Mulaw), key("a", "c", Format::Mulaw));
        assert_ne!(key("a", "b", Format::Mulaw), key("a", "b", Format::Mp3));
        assert_eq!(key("a", "b", Format::Mulaw), key("a", "b", Format::Mulaw));
    }

    #[test]
    fn an_id_is_read_back_and_nothing_else_is_one() {
        let key = Key::new(&who("a"), "b", Format::Mulaw);
        assert_eq!(Key::of_id(&key.id()), Some(key));
        let upper = key.id().to_uppercase();
        for id in ["", "..", "+1", &upper, &format!("{}0", key.id()), &"ä".repeat(32), &"+f".repeat(32)] {
            assert_eq!(Key::of_id(id), None, "{id}");
        }
    }
}
