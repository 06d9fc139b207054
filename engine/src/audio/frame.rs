//! Twenty milliseconds of telephone audio, and what a leg says and is told about them.

use crate::audio::mark::Mark;

/// Samples, and bytes of µ-law, in a frame.
pub const FRAME_LEN: usize = 160;

/// How long a frame plays, in milliseconds.
pub const FRAME_MS: u64 = 20;

/// Samples per second on the telephone.
pub const RATE_HZ: u32 = 8_000;

/// µ-law silence.
pub const SILENCE: u8 = 0xff;

/// 20 ms of G.711 µ-law at 8 kHz, mono.
pub type Frame = [u8; FRAME_LEN];

/// Something a leg brought. Frames are cut to 20 ms by the leg, whatever lengths the wire has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LegEvent {
    /// The caller's audio.
    Frame {
        /// Where it belongs, in milliseconds of the stream's own time. A jump means that audio was lost on the way.
        stream_ms: u64,
        /// The audio.
        frame: Frame,
    },
    /// A mark of ours came back.
    Mark(Mark),
    /// A key was pressed: `0`–`9`, `*`, `#`.
    Key(char),
    /// Words that the caller wrote instead of saying them.
    Typed(String),
    /// Something about the leg itself that the record is to keep: its name, and more about it.
    Noted(&'static str, String),
    /// The carrier says that the call or the stream ended.
    Stopped,
    /// The transport broke without a goodbye.
    Lost(String),
    /// A message that makes no sense here: counted, reported once per kind, otherwise ignored.
    Malformed(&'static str),
}

/// Something a leg is to send. Each carries its own audio; nothing is queued behind the leg's back but the socket's
/// own buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LegOrder {
    /// Audio to play after all sent before.
    Frame(Frame),
    /// A mark to return when all audio before it was played.
    Mark(Mark),
    /// Drop all audio that has not been played.
    Clear,
}
