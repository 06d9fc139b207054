//! Speech on its way to the playout: what a cache or a synthesizer delivers of one phrase.

use std::sync::Arc;

use crate::io::Fault;

/// A whole phrase. Clones share it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken {
    /// Its audio, µ-law at 8 kHz.
    pub audio: Arc<[u8]>,
    /// Where each of its words ends, in milliseconds into the audio.
    pub word_ends_ms: Arc<[u32]>,
}

/// A piece of a phrase's audio, µ-law at 8 kHz without any header, or the news that there is no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpeechPart {
    /// More audio, cut anywhere.
    Chunk(Arc<[u8]>),
    /// Where each of its words ends, in milliseconds. Comes right before the end, where it is known.
    Words(Arc<[u32]>),
    /// The phrase is whole.
    End,
    /// No more will come. What came stays good.
    Failed(Fault),
}
