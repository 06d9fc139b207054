//! Who was heard when, frame by frame.

use engine::audio::frame::{FRAME_MS, Frame};
use engine::audio::mulaw;

const CALLER: u8 = 1;
const ASSISTANT: u8 = 2;

/// Silence between words that is still talk.
const BREATH_MS: u64 = 300;

/// Silence that is a pause.
const PAUSE_MS: u64 = 1_000;

/// The mean sample of a frame with a voice in it, of 32,767: synthesized speech is loud, and silence of it is silence.
const LOUD_MEAN: u32 = 100;

/// What is counted of a call at most: 12 hours, as much as is recorded, in a byte a frame.
const FRAMES_MAX: u64 = 12 * 60 * 60 * 1_000 / FRAME_MS;

/// Room for this many frames is there from the start, 15 minutes: while they pass, nothing is allocated.
const FRAMES_USUAL: usize = 15 * 60 * 1_000 / FRAME_MS as usize;

/// Who was heard, by frames of the call's time.
#[derive(Debug)]
pub(super) struct Talk {
    frames: Vec<u8>,
    voice_since_ms: Option<u64>,
}

/// How a call's time was shared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Shares {
    pub(super) caller_ms: u64,
    pub(super) assistant_ms: u64,
    pub(super) both_ms: u64,
    pub(super) somebody_ms: u64,
    pub(super) nobody_ms: u64,
    /// How often nobody was heard for [`PAUSE_MS`] or longer.
    pub(super) pauses: u32,
    pub(super) longest_pause_ms: u64,
}

impl Default for Talk {
    fn default() -> Self {
        Self { frames: Vec::with_capacity(FRAMES_USUAL), voice_since_ms: None }
    }
}

impl Talk {
    pub(super) fn voice_started(&mut self, at_ms: u64) {
        self.voice_since_ms = Some(at_ms);
    }

    pub(super) fn voice_ended(&mut self, voiced_ms: u64) {
        if let Some(since_ms) = self.voice_since_ms.take() {
            self.mark(since_ms, since_ms.saturating_add(voiced_ms), CALLER);
        }
    }

    pub(super) fn assistant(&mut self, at_ms: u64, frame: &Frame) {
        let sum: u32 = frame.iter().map(|code| u32::from(mulaw::decode(*code).unsigned_abs())).sum();
        if sum >= LOUD_MEAN * frame.len() as u32 {
            self.mark(at_ms, at_ms.saturating_add(FRAME_MS), ASSISTANT);
        }
    }

    pub(super) fn assistant_heard(&mut self, from_ms: u64, to_ms: u64) {
        self.mark(from_ms, to_ms, ASSISTANT);
    }

    pub(super) fn cleared(&mut self, at_ms: u64) {
        let from = (at_ms.div_ceil(FRAME_MS) as usize).min(self.frames.len());
        for frame in &mut self.frames[from..] {
            *frame &= !ASSISTANT;
        }
    }

    /// How the time until a moment was shared. A voice that goes on counts until then.
    pub(super) fn shares(&self, until_ms: u64) -> Shares {
        let count = (until_ms / FRAME_MS).min(FRAMES_MAX) as usize;
        let mut frames = self.frames.clone();
        frames.resize(count, 0);
        if let Some(since_ms) = self.voice_since_ms {
            let since = ((since_ms / FRAME_MS) as usize).min(count);
            frames[since..].iter_mut().for_each(|frame| *frame |= CALLER);
        }
        bridge(&mut frames, CALLER);
        bridge(&mut frames, ASSISTANT);
        share(&frames)
    }

    fn mark(&mut self, from_ms: u64, to_ms: u64, side: u8) {
        let from = (from_ms / FRAME_MS).min(FRAMES_MAX) as usize;
        let to = to_ms.div_ceil(FRAME_MS).min(FRAMES_MAX) as usize;
        if self.frames.len() < to {
            self.frames.resize(to, 0);
        }
        if from < to {
            self.frames[from..to].iter_mut().for_each(|frame| *frame |= side);
        }
    }
}

/// Fills the breaths between one side's words.
fn bridge(frames: &mut [u8], side: u8) {
    let breath = (BREATH_MS / FRAME_MS) as usize;
    let mut last: Option<usize> = None;
    for at in 0..frames.len() {
        if frames[at] & side == 0 {
            continue;
        }
        if let Some(last) = last
            && at - last <= breath
        {
            frames[last..at].iter_mut().for_each(|frame| *frame |= side);
        }
        last = Some(at);
    }
}

fn share(frames: &[u8]) -> Shares {
    let count = |wanted: fn(u8) -> bool| frames.iter().filter(|frame| wanted(**frame)).count() as u64 * FRAME_MS;
    let silences = frames.split(|frame| *frame != 0).map(|silence| silence.len() as u64 * FRAME_MS);
    let pauses: Vec<u64> = silences.filter(|silence| *silence >= PAUSE_MS).collect();
    Shares {
        caller_ms: count(|frame| frame & CALLER != 0),
        assistant_ms: count(|frame| frame & ASSISTANT != 0),
        both_ms: count(|frame| frame == CALLER | ASSISTANT),
        somebody_ms: count(|frame| frame != 0),
        nobody_ms: count(|frame| frame == 0),
        pauses: pauses.len() as u32,
        longest_pause_ms: pauses.into_iter().max().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use engine::audio::frame::SILENCE;

    use super::*;

    #[test]
    fn time_is_shared_among_caller_assistant_both_and_nobody() {
        let mut talk = Talk::default();
        talk.voice_started(0);
        talk.voice_ended(2_000);
        let loud = [mulaw::encode(3_000); 160];
        for at_ms in (1_000..4_000).step_by(20) {
            talk.assistant(at_ms, &loud);
        }
        talk.assistant(6_000, &[SILENCE; 160]);
        let shares = talk.shares(10_000);
        assert_eq!((shares.caller_ms, shares.assistant_ms, shares.both_ms), (2_000, 3_000, 1_000));
        assert_eq!((shares.somebody_ms, shares.nobody_ms), (4_000, 6_000));
        assert_eq!((shares.pauses, shares.longest_pause_ms), (1, 6_000));
    }

    #[test]
    fn what_was_taken_back_was_not_heard_and_a_breath_is_talk() {
        let mut talk = Talk::default();
        let loud = [mulaw::encode(3_000); 160];
        for at_ms in (0..200).chain(400..2_000).step_by(20) {
            talk.assistant(at_ms, &loud);
        }
        talk.cleared(1_000);
        assert_eq!(talk.shares(2_000).assistant_ms, 1_000);
    }

    #[test]
    fn a_voice_that_goes_on_counts_and_a_clock_that_jumps_costs_no_memory() {
        let mut talk = Talk::default();
        talk.voice_started(1_000);
        assert_eq!(talk.shares(3_000).caller_ms, 2_000);
        talk.assistant(u64::MAX, &[mulaw::encode(3_000); 160]);
        talk.cleared(u64::MAX);
        assert!(talk.frames.len() as u64 <= FRAMES_MAX);
    }
}
