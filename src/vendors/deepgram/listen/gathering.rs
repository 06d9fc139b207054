//! Quiet frames travel together. A caller listens more than they speak, and a message of 20 ms costs two processes a
//! wake-up and the kernel a packet; so while nobody speaks, four frames are made one message.
//!
//! No word is later for it: the first frame that may hold a voice goes out at once with all that was gathered before it,
//! and so does every frame until the line has been quiet for two seconds, by when everything that is decided about the
//! end of a turn has been decided.

use engine::audio::frame::Frame;

use super::pulse::level;

/// Quiet frames after which more of them may wait: two seconds.
const QUIET_AFTER_FRAMES: u32 = 100;

/// A frame may hold a voice from this mean on, in steps of µ-law above silence: about -54 dBFS, below which the call's own
/// detector hears no voice either.
const VOICE_STEPS: u32 = 8;

/// Frames that travel together: 80 ms, the chunk Flux asks for, and within the 20 to 250 ms that Deepgram recommends.
/// Source: <https://developers.deepgram.com/docs/measuring-streaming-latency>, read 2026-11.
pub(super) const TOGETHER_FRAMES: usize = 4;

/// The frames that wait for company, with their places on the call's clock.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    waiting: Vec<(u64, Frame)>,
    /// Frames since the last that may have held a voice.
    quiet_frames: u32,
}

impl Gathering {
    /// Takes a frame in, and says whether it is time for [`take`](Self::take).
    pub(super) fn add(&mut self, at_ms: u64, frame: &Frame) -> bool {
        self.quiet_frames = if level(frame) >= VOICE_STEPS { 0 } else { self.quiet_frames.saturating_add(1) };
        self.waiting.push((at_ms, *frame));
        self.quiet_frames <= QUIET_AFTER_FRAMES || self.waiting.len() >= TOGETHER_FRAMES
    }

    /// How many frames wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Gives all that waits, in order.
    pub(super) fn take(&mut self) -> impl Iterator<Item = (u64, Frame)> {
        self.waiting.drain(..)
    }

    /// Gives up the frame that came last: there is no room where they go.
    pub(super) fn drop_newest(&mut self) {
        self.waiting.pop();
    }
}

#[cfg(test)]
mod tests {
    use engine::audio::frame::FRAME_LEN;

    use super::*;

    const QUIET: Frame = [0xff; FRAME_LEN];
    const LOUD: Frame = [0x20; FRAME_LEN];

    /// How many frames leave with each one that comes.
    fn leave(gathering: &mut Gathering, frame: Frame, count: u32) -> Vec<usize> {
        (0..count).map(|_| if gathering.add(0, &frame) { gathering.take().count() } else { 0 }).collect()
    }

    #[test]
    fn frames_go_alone_until_the_line_has_been_quiet_for_two_seconds() {
        let mut gathering = Gathering::default();
        assert_eq!(leave(&mut gathering, QUIET, QUIET_AFTER_FRAMES), [1; 100]);
        assert_eq!(leave(&mut gathering, QUIET, 8), [0, 0, 0, 4, 0, 0, 0, 4]);
    }

    #[test]
    fn a_voice_takes_along_what_was_gathered_and_nothing_after_it_waits() {
        let mut gathering = Gathering::default();
        leave(&mut gathering, QUIET, QUIET_AFTER_FRAMES + 2);
        assert_eq!(leave(&mut gathering, LOUD, 2), [3, 1]);
        assert_eq!(leave(&mut gathering, QUIET, QUIET_AFTER_FRAMES), [1; 100]);
    }
}
