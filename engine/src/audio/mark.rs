//! A named point in what we play. The name says by itself which audio it belongs to, so that nothing needs looking up
//! when the leg echoes it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::ids::PhraseId;

/// A point in one phrase, written `g3.p17.1200`: generation 3, phrase 17, 1,200 ms into it.
///
/// After a clear the leg echoes every pending mark at once (Twilio, "Media Streams – WebSocket messages", `clear`), so a
/// mark of an older generation says nothing about what was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// How many clears came before.
    pub generation: u32,
    /// The phrase being played.
    pub phrase: PhraseId,
    /// How much of the phrase comes before this point.
    pub offset_ms: u32,
    /// Whether the phrase ends here.
    pub ends_phrase: bool,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = if self.ends_phrase { "e" } else { "" };
        write!(f, "g{}.p{}.{}{end}", self.generation, self.phrase.0, self.offset_ms)
    }
}

/// A name that is not one of our marks; somebody else's, or damaged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not one of our marks")]
pub struct NotOurMark(String);

impl FromStr for Mark {
    type Err = NotOurMark;

    fn from_str(name: &str) -> Result<Self, NotOurMark> {
        let parse = || {
            let mut parts = name.split('.');
            let generation = parts.next()?.strip_prefix('g')?.parse().ok()?;
            let phrase = PhraseId(parts.next()?.strip_prefix('p')?.parse().ok()?);
            let offset = parts.next()?;
            let (offset_ms, ends_phrase) = match offset.strip_suffix('e') {
                Some(offset) => (offset.parse().ok()?, true),
                None => (offset.parse().ok()?, false),
            };
            parts.next().is_none().then_some(Self { generation, phrase, offset_ms, ends_phrase })
        };
        parse().ok_or_else(|| NotOurMark(name.to_owned()))
    }
}

impl Serialize for Mark {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Mark {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_prints_and_parses_to_itself() {
        for ends_phrase in [false, true] {
            let mark = Mark { generation: 3, phrase: PhraseId(17), offset_ms: 1_200, ends_phrase };
            assert_eq!(mark.to_string().parse(), Ok(mark));
        }
    }

    #[test]
    fn names_of_others_are_refused() {
        for name in ["", "g1", "g1.p2", "g1.p2.x", "p2.g1.3", "g1.p2.3.4", "utt-7", "g-1.p2.3"] {
            assert!(name.parse::<Mark>().is_err(), "{name}");
        }
    }
}
