//! The compressed files of a long text's pieces as one file. Samples need none of this: they stand one behind the other.
//!
//! Each piece comes as a file of its own, with what describes that file alone. One behind the other they would play, but a
//! player that believes the first would show its length and stop at its end.

mod mp3;
mod ogg;

use bytes::Bytes;
use engine::audio::format::Format;
use engine::io::Fault;

/// The file so far.
pub(super) enum Joined {
    /// Frames stand on their own.
    Mp3,
    /// One logical stream.
    Ogg(ogg::Stream),
}

impl Joined {
    /// For a text of several pieces; none where their audio can simply stand one behind the other.
    pub(super) fn new(format: Format) -> Option<Self> {
        match format {
            Format::Mulaw | Format::Linear16 => None,
            Format::Mp3 => Some(Self::Mp3),
            Format::OggOpus => Some(Self::Ogg(ogg::Stream::default())),
        }
    }

    /// The next piece's file, as it goes on from those before it.
    pub(super) fn push(&mut self, file: &Bytes, is_last: bool) -> Result<Bytes, Fault> {
        match self {
            Self::Mp3 => Ok(file.slice_ref(mp3::frames(file))),
            Self::Ogg(stream) => stream.push(file, is_last).map(Bytes::from).ok_or_else(|| {
                Fault::OurMistake("the pieces of a long text cannot be joined: they are no Opus in Ogg".into())
            }),
        }
    }
}
