//! What both parties said, on one timeline: the caller where the stream's time puts them, the assistant where they were
//! heard. Frames arrive a little out of step and some are taken back; the timeline holds the last moments until they are
//! certain, and gives them to the recording in order.

use std::collections::VecDeque;

use crate::audio::frame::{Frame, RATE_HZ, SILENCE};

/// How far ahead of what was committed audio may lie, and how much is committed at once, in milliseconds. Memory is
/// bounded by it: 80,000 bytes a side at the very most, and in a normal call only as much as really waits.
pub const PENDING_MS_MAX: u64 = 10_000;

const SAMPLES_PER_MS: u64 = RATE_HZ as u64 / 1_000;
const PENDING_SAMPLES_MAX: u64 = PENDING_MS_MAX * SAMPLES_PER_MS;

/// The uncertain end of a stereo recording. All times are milliseconds since the recording began.
#[derive(Debug, Default)]
pub struct Timeline {
    /// The first sample that was not committed.
    committed: u64,
    caller: Side,
    assistant: Side,
    /// The first sample after everything the assistant was given, heard or to be heard.
    assistant_end: u64,
    dropped: Dropped,
}

/// Frames that have no place in the recording any more, or not yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Frames that belong entirely before what was committed.
    pub late: u64,
    /// Frames that reach further than [`PENDING_MS_MAX`] ahead: a broken clock, or a commit that never comes.
    pub too_far: u64,
}

impl Timeline {
    /// An empty recording.
    pub fn new() -> Self {
        Self::default()
    }

    /// Places what the caller said. Where frames overlap, as when the stream's time is corrected or repeated, the later
    /// one wins; gaps are silence.
    pub fn caller(&mut self, at_ms: u64, frame: &Frame) {
        let start = at_ms.saturating_mul(SAMPLES_PER_MS);
        self.caller.place(self.committed, start, frame, &mut self.dropped);
    }

    /// Places what the assistant says at the time it is predicted to be heard. One voice cannot overlap itself: a frame
    /// predicted before the end of the one before it follows that one instead.
    pub fn assistant(&mut self, at_ms: u64, frame: &Frame) {
        let start = at_ms.saturating_mul(SAMPLES_PER_MS).max(self.assistant_end);
        if self.assistant.place(self.committed, start, frame, &mut self.dropped) {
            self.assistant_end = start + frame.len() as u64;
        }
    }

    /// Everything of the assistant that is not committed was, or will be, heard so much later than was predicted.
    pub fn assistant_later(&mut self, by_ms: u64) {
        let by = by_ms.saturating_mul(SAMPLES_PER_MS);
        let pending = self.assistant.pending.len() as u64;
        if pending > 0 && pending.saturating_add(by) <= PENDING_SAMPLES_MAX {
            self.assistant.delay(by as usize);
            self.assistant_end += by;
        }
    }

    /// The leg dropped what it had not played: nothing of the assistant from this moment on was heard. A frame that
    /// straddles the moment is cut there. What was committed stays.
    pub fn cleared(&mut self, at_ms: u64) {
        let at = at_ms.saturating_mul(SAMPLES_PER_MS);
        self.assistant.truncate(at.saturating_sub(self.committed));
        self.assistant_end = self.assistant_end.min(at.max(self.committed));
    }

    /// Makes everything before a moment certain, and appends it to both sides: the same number of µ-law bytes to each.
    /// At most [`PENDING_MS_MAX`] are appended at once, so that a jump in time cannot ask for all memory; returns the
    /// moment up to which the recording is now committed, for who wants to ask again.
    pub fn commit(&mut self, until_ms: u64, caller: &mut Vec<u8>, assistant: &mut Vec<u8>) -> u64 {
        let until = until_ms.saturating_mul(SAMPLES_PER_MS);
        let len = until.saturating_sub(self.committed).min(PENDING_SAMPLES_MAX);
        self.caller.take(len, caller);
        self.assistant.take(len, assistant);
        self.committed += len;
        self.committed / SAMPLES_PER_MS
    }

    /// Up to when there is anything but silence to commit, in milliseconds, rounded up: where a recording ends when the
    /// call does.
    pub fn end_ms(&self) -> u64 {
        let pending = self.caller.pending.len().max(self.assistant.pending.len()) as u64;
        (self.committed + pending).div_ceil(SAMPLES_PER_MS)
    }

    /// How many frames found no place so far.
    pub fn dropped(&self) -> Dropped {
        self.dropped
    }
}

/// One channel from the committed moment on, no longer than its last frame.
#[derive(Debug, Default)]
struct Side {
    pending: VecDeque<u8>,
}

impl Side {
    /// Writes a frame and says whether it, or the part of it that is not committed, found a place.
    fn place(&mut self, committed: u64, start: u64, frame: &Frame, dropped: &mut Dropped) -> bool {
        let end = start.saturating_add(frame.len() as u64);
        if end <= committed {
            dropped.late += 1;
            return false;
        }
        if end - committed > PENDING_SAMPLES_MAX {
            dropped.too_far += 1;
            return false;
        }
        let late = committed.saturating_sub(start) as usize;
        let from = start.saturating_sub(committed) as usize;
        let to = (end - committed) as usize;
        if self.pending.len() < to {
            self.pending.resize(to, SILENCE);
        }
        for (pending, &code) in self.pending.range_mut(from..to).zip(&frame[late..]) {
            *pending = code;
        }
        true
    }

    fn delay(&mut self, samples: usize) {
        self.pending.resize(self.pending.len() + samples, SILENCE);
        self.pending.rotate_right(samples);
    }

    fn truncate(&mut self, len: u64) {
        self.pending.truncate(len.min(PENDING_SAMPLES_MAX) as usize);
    }

    /// Appends exactly `len` bytes, silence after the last frame.
    fn take(&mut self, len: u64, out: &mut Vec<u8>) {
        let wanted = out.len() + len as usize;
        let audible = self.pending.len().min(len as usize);
        out.extend(self.pending.drain(..audible));
        out.resize(wanted, SILENCE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both sides of the first `until_ms`, one byte a millisecond.
    fn heard(timeline: &mut Timeline, until_ms: u64) -> (Vec<u8>, Vec<u8>) {
        let (mut caller, mut assistant) = (Vec::new(), Vec::new());
        timeline.commit(until_ms, &mut caller, &mut assistant);
        assert_eq!(caller.len(), assistant.len());
        let every_ms = |side: Vec<u8>| side.into_iter().step_by(SAMPLES_PER_MS as usize).collect();
        (every_ms(caller), every_ms(assistant))
    }

    fn frame(code: u8) -> Frame {
        [code; 160]
    }

    fn runs(side: &[u8]) -> Vec<(u8, usize)> {
        side.chunk_by(|a, b| a == b).map(|run| (run[0], run.len())).collect()
    }

    #[test]
    fn gaps_are_silence_and_both_sides_stay_equally_long() {
        let mut timeline = Timeline::new();
        timeline.caller(20, &frame(1));
        timeline.caller(60, &frame(2));
        timeline.assistant(50, &frame(9));
        let (caller, assistant) = heard(&mut timeline, 100);
        assert_eq!(runs(&caller), [(SILENCE, 20), (1, 20), (SILENCE, 20), (2, 20), (SILENCE, 20)]);
        assert_eq!(runs(&assistant), [(SILENCE, 50), (9, 20), (SILENCE, 30)]);
    }

    #[test]
    fn of_two_caller_frames_in_one_place_the_later_wins() {
        let mut timeline = Timeline::new();
        timeline.caller(0, &frame(1));
        timeline.caller(20, &frame(2));
        timeline.caller(10, &frame(3));
        assert_eq!(runs(&heard(&mut timeline, 40).0), [(1, 10), (3, 20), (2, 10)]);
    }

    #[test]
    fn assistant_frames_follow_one_another_and_never_overlap() {
        let mut timeline = Timeline::new();
        timeline.assistant(0, &frame(1));
        timeline.assistant(13, &frame(2));
        timeline.assistant(13, &frame(3));
        assert_eq!(runs(&heard(&mut timeline, 60).1), [(1, 20), (2, 20), (3, 20)]);
    }

    #[test]
    fn what_was_cleared_was_never_heard() {
        let mut timeline = Timeline::new();
        for n in 0..5 {
            timeline.assistant(20 * n, &frame(n as u8));
        }
        timeline.cleared(30);
        timeline.assistant(70, &frame(9));
        assert_eq!(runs(&heard(&mut timeline, 100).1), [(0, 20), (1, 10), (SILENCE, 40), (9, 20), (SILENCE, 10)]);
    }

    #[test]
    fn speech_after_a_clear_may_start_at_once() {
        let mut timeline = Timeline::new();
        timeline.assistant(0, &frame(1));
        timeline.assistant(20, &frame(1));
        timeline.cleared(10);
        timeline.assistant(10, &frame(2));
        assert_eq!(runs(&heard(&mut timeline, 40).1), [(1, 10), (2, 20), (SILENCE, 10)]);
    }

    #[test]
    fn what_is_heard_later_moves_as_a_whole() {
        let mut timeline = Timeline::new();
        timeline.assistant(10, &frame(1));
        timeline.assistant(50, &frame(2));
        timeline.assistant_later(30);
        timeline.assistant(70, &frame(3));
        assert_eq!(
            runs(&heard(&mut timeline, 130).1),
            [(SILENCE, 40), (1, 20), (SILENCE, 20), (2, 20), (3, 20), (SILENCE, 10)]
        );
    }

    #[test]
    fn a_clear_does_not_change_what_was_committed() {
        let mut timeline = Timeline::new();
        timeline.assistant(0, &frame(1));
        timeline.assistant(20, &frame(1));
        assert_eq!(runs(&heard(&mut timeline, 30).1), [(1, 30)]);
        timeline.cleared(5);
        timeline.assistant(5, &frame(2));
        assert_eq!(runs(&heard(&mut timeline, 50).1), [(2, 20)]);
    }

    #[test]
    fn late_frames_are_counted_and_the_part_still_open_is_kept() {
        let mut timeline = Timeline::new();
        heard(&mut timeline, 100);
        timeline.caller(80, &frame(1));
        timeline.caller(90, &frame(2));
        timeline.assistant(0, &frame(3));
        assert_eq!(timeline.dropped(), Dropped { late: 2, too_far: 0 });
        assert_eq!(runs(&heard(&mut timeline, 120).0), [(2, 10), (SILENCE, 10)]);
    }

    #[test]
    fn a_jump_beyond_the_bound_is_counted_and_costs_no_memory() {
        let mut timeline = Timeline::new();
        timeline.caller(PENDING_MS_MAX - 20, &frame(1));
        timeline.caller(PENDING_MS_MAX - 19, &frame(2));
        timeline.assistant(u64::MAX, &frame(3));
        assert_eq!(timeline.dropped(), Dropped { late: 0, too_far: 2 });
        assert_eq!(timeline.end_ms(), PENDING_MS_MAX);
    }

    #[test]
    fn a_commit_far_ahead_is_served_in_bounded_pieces() {
        let mut timeline = Timeline::new();
        timeline.caller(0, &frame(1));
        let (mut caller, mut assistant) = (Vec::new(), Vec::new());
        assert_eq!(timeline.commit(u64::MAX, &mut caller, &mut assistant), PENDING_MS_MAX);
        assert_eq!(caller.len() as u64, PENDING_SAMPLES_MAX);
        assert_eq!(timeline.commit(PENDING_MS_MAX + 1, &mut caller, &mut assistant), PENDING_MS_MAX + 1);
        assert_eq!(timeline.commit(5, &mut caller, &mut assistant), PENDING_MS_MAX + 1);
    }

    #[test]
    fn a_recording_ends_with_the_last_sound() {
        let mut timeline = Timeline::new();
        assert_eq!(timeline.end_ms(), 0);
        timeline.caller(100, &frame(1));
        timeline.assistant(200, &frame(2));
        assert_eq!(timeline.end_ms(), 220);
        timeline.cleared(150);
        assert_eq!(timeline.end_ms(), 150);
    }
}
