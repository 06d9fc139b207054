//! The caller's last frames, as they came: what is learnt from once the delay is known.

use crate::audio::echo::search::LEAD;
use crate::audio::frame::{FRAME_LEN, Frame, SILENCE};
use crate::audio::mulaw;

/// Frames that are remembered: 300 ms.
const KEPT: usize = 15;

/// The last frames and where they were heard, the newest last.
#[derive(Debug)]
pub(super) struct Past {
    frames: [(i64, Frame); KEPT],
}

impl Past {
    pub(super) fn new() -> Self {
        Self { frames: [(i64::MIN / 2, [SILENCE; FRAME_LEN]); KEPT] }
    }

    pub(super) fn push(&mut self, at: i64, frame: &Frame) {
        self.frames.rotate_left(1);
        self.frames[KEPT - 1] = (at, *frame);
    }

    /// The newest frame, and as many samples before it as were asked for.
    pub(super) fn newest(&self) -> [f32; FRAME_LEN + 1] {
        self.with_lead(KEPT - 1)
    }

    /// The newest frame as the search wants it.
    pub(super) fn newest_for_search(&self) -> [f32; FRAME_LEN + LEAD] {
        self.with_lead(KEPT - 1)
    }

    /// Every frame, where it was heard and with the sample before it, the oldest first.
    pub(super) fn all(&self) -> impl Iterator<Item = (i64, [f32; FRAME_LEN + 1])> {
        (1..KEPT).map(|n| (self.frames[n].0, self.with_lead(n)))
    }

    /// Samples before the frame are silence when its predecessor was lost.
    fn with_lead<const N: usize>(&self, n: usize) -> [f32; N] {
        let mut samples = [0.0; N];
        let lead = N - FRAME_LEN;
        let ((before_at, before), (at, frame)) = (&self.frames[n - 1], &self.frames[n]);
        if before_at + FRAME_LEN as i64 == *at {
            decode(&before[FRAME_LEN - lead..], &mut samples[..lead]);
        }
        decode(frame, &mut samples[lead..]);
        samples
    }
}

fn decode(codes: &[u8], samples: &mut [f32]) {
    for (sample, &code) in samples.iter_mut().zip(codes) {
        *sample = f32::from(mulaw::decode(code));
    }
}
