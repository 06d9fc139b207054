//! What we played, where it was heard: the last second of it, on the call's own time in samples.

use crate::audio::frame::{FRAME_LEN, Frame, SILENCE};
use crate::audio::mulaw;

/// Samples that are remembered, a power of two: the longest delay, and what is listened to again once it is known.
const KEPT: usize = 8_192;

/// The memory of what we played. Reading outside of it gives silence.
#[derive(Debug)]
pub(super) struct Reference {
    codes: [u8; KEPT],
    /// The position behind the last sample.
    end: i64,
    /// Where we began to speak after the last pause, and the last position that is not silence for good.
    began: i64,
    audible_to: i64,
}

impl Reference {
    pub(super) fn new() -> Self {
        Self { codes: [SILENCE; KEPT], end: 0, began: 0, audible_to: i64::MIN / 2 }
    }

    /// Takes a frame in that is heard from this position on. One voice cannot overlap itself.
    pub(super) fn place(&mut self, at: i64, frame: &Frame) {
        let at = at.max(self.end);
        for gap in self.end.max(at - KEPT as i64)..at {
            self.codes[gap as usize % KEPT] = SILENCE;
        }
        if at > self.end {
            self.began = at;
        }
        for (position, &code) in (at..).zip(frame) {
            self.codes[position as usize % KEPT] = code;
        }
        self.end = at + FRAME_LEN as i64;
        self.audible_to = self.end;
    }

    /// Nothing from this position on was heard.
    pub(super) fn cleared(&mut self, at: i64) {
        if at < self.end {
            self.end = at.max(self.end - KEPT as i64).max(0);
            self.audible_to = self.end;
        }
    }

    /// Where what is being played began, after the last pause.
    pub(super) fn began(&self) -> i64 {
        self.began
    }

    /// Whether anything was played between two positions.
    pub(super) fn is_audible(&self, from: i64, to: i64) -> bool {
        from < self.audible_to && to > self.end - KEPT as i64
    }

    /// The samples from a position on.
    pub(super) fn read(&self, from: i64, samples: &mut [f32]) {
        let known = (self.end - KEPT as i64).max(0)..self.end;
        for (position, sample) in (from..).zip(samples) {
            *sample = match known.contains(&position) {
                true => f32::from(mulaw::decode(self.codes[position as usize % KEPT])),
                false => 0.0,
            };
        }
    }
}
