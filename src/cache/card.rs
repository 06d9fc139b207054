//! What is written beside a phrase's audio where other instances read it: in Redis and in the object store.

use std::sync::Arc;

use engine::audio::format::Format;
use serde::{Deserialize, Serialize};

use super::phrase::{Ask, Record, Who, Whole, digest_of};

/// A phrase's record, with the names that other systems know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Card {
    #[serde(flatten)]
    pub(super) who: Who,
    pub(super) text: String,
    pub(super) format: Format,
    pub(super) content_type: String,
    /// How long it plays, where its format tells.
    pub(super) duration_ms: Option<u32>,
    pub(super) word_ends_ms: Vec<u32>,
    pub(super) bytes: usize,
    /// Its audio's SHA-256, in hexadecimal digits.
    pub(super) digest: String,
    pub(super) etag: String,
    /// Where the object store has it; none as long as it has not.
    pub(super) path: Option<String>,
    /// Where that is, for other systems: `https://cdn.example.com/a/b.mp3`, `s3://bucket/a/b.mp3`. We go by the path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<String>,
    /// Milliseconds since 1970 in UTC.
    pub(super) made_at: i64,
}

impl Card {
    pub(super) fn of(whole: &Whole, path: Option<String>) -> Self {
        let Record { ask, made_at_ms, bytes, digest, word_ends_ms } = Record::clone(&whole.record);
        let Ask { who, text, format } = ask;
        Self {
            who,
            text,
            format,
            content_type: format.content_type().to_owned(),
            duration_ms: format.length_ms(&whole.audio),
            word_ends_ms,
            bytes,
            etag: format!("\"{digest}\""),
            digest,
            path,
            url: None,
            made_at: made_at_ms,
        }
    }

    pub(super) fn ask(&self) -> Ask {
        Ask { who: self.who.clone(), text: self.text.clone(), format: self.format }
    }

    /// The phrase, if this is its audio, to the byte.
    pub(super) fn with(self, audio: &[u8]) -> Option<Whole> {
        let is_whole = audio.len() == self.bytes && digest_of(audio) == self.digest;
        let ask = self.ask();
        let Self { made_at: made_at_ms, bytes, digest, word_ends_ms, .. } = self;
        let record = Record { ask, made_at_ms, bytes, digest, word_ends_ms };
        is_whole.then(|| Whole { record: Arc::new(record), audio: audio.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::super::phrase::tests::who;
    use super::*;

    #[test]
    fn a_card_gives_the_phrase_back_and_only_with_its_own_audio() {
        let ask = Ask { who: who("v"), text: "Hello there.".into(), format: Format::Mulaw };
        let whole = Whole::new(ask, vec![7; 800].into(), 1_000);
        let json = serde_json::to_vec(&Card::of(&whole, Some("a/b.ulaw".into()))).expect("JSON");
        let card: Card = serde_json::from_slice(&json).expect("a card");
        assert_eq!((card.duration_ms, card.path.as_deref()), (Some(100), Some("a/b.ulaw")));
        assert_eq!(card.clone().with(&[7; 800]), Some(whole));
        assert_eq!(card.clone().with(&[7; 799]), None);
        assert_eq!(card.with(&[8; 800]), None);
    }
}
