//! The caller's audio between the leg and Deepgram: what is not sent yet, what may have to be sent again, and where on
//! the call's clock it belongs.
//!
//! Frames are counted from 0 for the life of the call. Deepgram counts seconds from the first byte of a connection;
//! with the number of the frame that byte came from, its seconds become a frame number, and that a moment of the call.

use std::collections::VecDeque;

use engine::audio::frame::{FRAME_LEN, FRAME_MS, Frame};

/// How far a frame may lie from where counting would put it before the count is corrected, in milliseconds. Legs and
/// clocks waver by a frame or two; lost audio and a stream that dropped do not stay within this.
const TOLERANCE_MS: u64 = 100;

/// Corrections remembered. Deepgram answers for audio a few seconds old at most, so that older ones are not needed.
const ANCHORS_MAX: usize = 64;

/// Room for frames to come that is kept when other room is given back.
const SPARE_FRAMES: usize = 32;

/// The ring of frames.
pub(super) struct Held {
    frames: VecDeque<Frame>,
    /// The number of the oldest frame kept.
    first: u64,
    /// The number of the next frame to send.
    next: u64,
    /// Where the count of frames meets the call's clock, in order; never empty once a frame came.
    anchors: VecDeque<Anchor>,
    frames_max: usize,
    /// Frames thrown away unsent because the ring was full.
    dropped: u64,
}

#[derive(Debug, Clone, Copy)]
struct Anchor {
    frame: u64,
    at_ms: u64,
}

impl Held {
    /// Holds at most so many frames, sent and unsent.
    pub(super) fn new(frames_max: usize) -> Self {
        Self { frames: VecDeque::new(), first: 0, next: 0, anchors: VecDeque::new(), frames_max, dropped: 0 }
    }

    /// Appends a frame that begins at this moment of the call. When full, the oldest goes.
    pub(super) fn push(&mut self, at_ms: u64, frame: &Frame) {
        let number = self.end();
        if self.anchors.is_empty() || self.at_ms(number).abs_diff(at_ms) > TOLERANCE_MS {
            if self.anchors.len() == ANCHORS_MAX {
                self.anchors.pop_front();
            }
            self.anchors.push_back(Anchor { frame: number, at_ms });
        }
        if self.frames.len() == self.frames_max {
            self.frames.pop_front();
            self.first += 1;
            if self.next < self.first {
                self.next = self.first;
                self.dropped += 1;
            }
        }
        self.frames.push_back(*frame);
    }

    /// Appends a frame right after the one before it.
    pub(super) fn push_next(&mut self, frame: &Frame) {
        self.push(self.at_ms(self.end()), frame);
    }

    /// The number the next frame to arrive will get.
    pub(super) fn end(&self) -> u64 {
        self.first + self.frames.len() as u64
    }

    /// The number of the next frame to send.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Frames that wait to be sent.
    pub(super) fn unsent(&self) -> usize {
        usize::try_from(self.end() - self.next).expect("no more than the ring holds")
    }

    /// Appends the next frames to send, so many at most, to `chunk`. They stay held.
    pub(super) fn take(&mut self, frames_max: usize, chunk: &mut Vec<u8>) -> usize {
        let count = self.unsent().min(frames_max);
        let from = usize::try_from(self.next - self.first).expect("no more than the ring holds");
        chunk.reserve(count * FRAME_LEN);
        for frame in self.frames.range(from..from + count) {
            chunk.extend_from_slice(frame);
        }
        self.next += count as u64;
        count
    }

    /// Sends from this frame again, or from the oldest that is left.
    pub(super) fn rewind(&mut self, to: u64) {
        self.next = to.clamp(self.first, self.next);
    }

    /// Forgets frames before this one; never one that was not sent.
    pub(super) fn forget_before(&mut self, frame: u64) {
        let count = frame.min(self.next).saturating_sub(self.first);
        let count = usize::try_from(count).expect("no more than the ring holds");
        self.frames.drain(..count);
        self.first += count as u64;
        // The room that a long utterance or an outage needed is most of a call's memory, and not worth keeping.
        let wanted = self.frames.len().max(SPARE_FRAMES) + SPARE_FRAMES;
        if self.frames.capacity() > 2 * wanted {
            self.frames.shrink_to(wanted);
        }
    }

    /// Frames lost so far because the ring was full.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The moment of the call at which a frame begins, in milliseconds.
    pub(super) fn at_ms(&self, frame: u64) -> u64 {
        let anchor = self.anchors.iter().rev().find(|anchor| anchor.frame <= frame).or(self.anchors.front());
        match anchor {
            Some(anchor) if frame >= anchor.frame => anchor.at_ms + (frame - anchor.frame) * FRAME_MS,
            Some(anchor) => anchor.at_ms.saturating_sub((anchor.frame - frame) * FRAME_MS),
            None => frame * FRAME_MS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(frames: u64) -> Held {
        let mut held = Held::new(10);
        for n in 0..frames {
            held.push(1_000 + n * 20, &[n as u8; FRAME_LEN]);
        }
        held
    }

    fn taken(held: &mut Held, frames_max: usize) -> Vec<u8> {
        let mut chunk = Vec::new();
        held.take(frames_max, &mut chunk);
        chunk.chunks(FRAME_LEN).map(|frame| frame[0]).collect()
    }

    #[test]
    fn frames_are_taken_once_and_again_after_a_rewind() {
        let mut held = held(5);
        assert_eq!(taken(&mut held, 2), [0, 1]);
        assert_eq!(taken(&mut held, 9), [2, 3, 4]);
        held.rewind(3);
        assert_eq!(taken(&mut held, 9), [3, 4]);
        assert_eq!(held.unsent(), 0);
    }

    #[test]
    fn a_full_ring_drops_the_oldest_and_counts_only_what_was_never_sent() {
        let mut held = held(10);
        assert_eq!(taken(&mut held, 2), [0, 1]);
        for n in 10..14 {
            held.push(1_000 + n * 20, &[n as u8; FRAME_LEN]);
        }
        assert_eq!(held.dropped(), 2, "frames 2 and 3; 0 and 1 were sent");
        assert_eq!(taken(&mut held, 1), [4]);
        held.rewind(0);
        assert_eq!(held.next(), 4, "older ones are gone");
    }

    #[test]
    fn what_was_not_sent_is_never_forgotten() {
        let mut held = held(5);
        taken(&mut held, 3);
        held.forget_before(5);
        assert_eq!(taken(&mut held, 9), [3, 4]);
    }

    #[test]
    fn a_frame_keeps_its_moment_of_the_call_through_gaps_and_forgetting() {
        let mut held = held(5);
        held.push(5_000, &[5; FRAME_LEN]);
        held.push(5_040, &[6; FRAME_LEN]);
        taken(&mut held, 9);
        held.forget_before(6);
        assert_eq!(held.at_ms(4), 1_080);
        assert_eq!(held.at_ms(5), 5_000);
        assert_eq!(held.at_ms(6), 5_020, "a frame's wavering moves nothing");
        assert_eq!(held.at_ms(9), 5_080);
    }

    #[test]
    fn the_room_of_a_long_utterance_is_given_back() {
        let mut held = Held::new(1_500);
        for n in 0..600 {
            held.push(n * 20, &[0; FRAME_LEN]);
        }
        taken(&mut held, 600);
        held.forget_before(500);
        assert_eq!(held.frames.len(), 100);
        assert!(held.frames.capacity() < 200, "room for {}", held.frames.capacity());
    }

    #[test]
    fn corrections_are_bounded() {
        let mut held = Held::new(10);
        for n in 0..1_000_u64 {
            held.push(n * 1_000, &[0; FRAME_LEN]);
        }
        assert_eq!(held.anchors.len(), ANCHORS_MAX);
        assert_eq!(held.at_ms(999), 999_000);
    }
}
