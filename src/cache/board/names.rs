//! What things are called in Redis.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::super::phrase::{Ask, hex};

/// Where a phrase stands in Redis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Names {
    /// A hash with a card for each format.
    pub(super) cards: String,
    /// The card's field.
    pub(super) field: &'static str,
}

impl Names {
    pub(super) fn of(prefix: &str, ask: &Ask) -> Self {
        let text = hex(&Sha256::digest(&ask.text));
        Self { cards: format!("{prefix}tts:{}:{text}", escaped(&ask.who.voice)), field: ask.format.name() }
    }

    /// Its audio.
    pub(super) fn audio(&self) -> String {
        format!("{}:{}:audio", self.cards, self.field)
    }

    /// Why nobody speaks it.
    pub(super) fn refused(&self) -> String {
        format!("{}:{}:refused", self.cards, self.field)
    }

    /// Who is making it.
    pub(super) fn lock(&self) -> String {
        format!("{}:{}:lock", self.cards, self.field)
    }
}

/// Which hash and field the phrase of an id has.
pub(super) fn by_id(prefix: &str, id: &str) -> String {
    format!("{prefix}tts-id:{id}")
}

/// A voice's name as one part of a key: what is no letter, digit, dot, dash or underscore is percent-escaped.
fn escaped(voice: &str) -> String {
    voice.bytes().fold(String::with_capacity(voice.len()), |mut escaped, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') {
            escaped.push(char::from(byte));
        } else {
            write!(escaped, "%{byte:02X}").expect("a string takes any text");
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use engine::audio::format::Format;

    use super::super::super::phrase::tests::who;
    use super::*;

    fn names(voice: &str, format: Format) -> Names {
        Names::of("", &Ask { who: who(voice), text: "hello".into(), format })
    }

    #[test]
    fn a_key_is_made_of_the_voice_and_the_digest_of_the_text() {
        let hello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        let names = names("aura-2-thalia-en", Format::Mp3);
        assert_eq!(names.cards, format!("tts:aura-2-thalia-en:{hello}"));
        assert_eq!(names.lock(), format!("tts:aura-2-thalia-en:{hello}:MP3:lock"));
    }

    #[test]
    fn a_voice_cannot_reach_out_of_its_part_of_a_key() {
        let odd = names("a:b c%", Format::Mulaw);
        assert!(odd.cards.starts_with("tts:a%3Ab%20c%25:2cf24d"), "{}", odd.cards);
        assert_ne!(names("a:b", Format::Mulaw), names("a%3Ab", Format::Mulaw));
    }
}
