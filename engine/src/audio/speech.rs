//! Speech on its way to the playout: what a cache or a synthesizer delivers of one phrase.

use std::sync::Arc;

use crate::io::Fault;

/// A piece of a phrase's audio, µ-law at 8 kHz without any header, or the news that there is no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpeechPart {
    /// More audio, cut anywhere.
    Chunk(Arc<[u8]>),
    /// The phrase is whole.
    End,
    /// No more will come. What came stays good.
    Failed(Fault),
}
