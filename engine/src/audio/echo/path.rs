//! The way our voice takes back to us, once it is known: what of a frame is our echo, what is left without it, and whether
//! that is more than an imperfect filter leaves.

use crate::audio::echo::filter::{Filter, SPAN, TAPS};
use crate::audio::echo::levels::{Levels, WHITENED, deepen, whiten};
use crate::audio::echo::reference::Reference;
use crate::audio::frame::FRAME_LEN;

/// Samples of the filter before the delay that was found: what limits the band begins earlier, and delays waver.
const BEFORE: i64 = 56;

/// How quickly the filter learns.
const RATE: f32 = 0.4;

/// Of the echo's power, what is still there a frame later: a room's tail is longer than the filter.
const TAIL: f32 = 0.4;

/// Share of the echo that a filter leaves which has just begun to learn, which is also the most that is believed of one,
/// and the least: somebody 8 dB fainter than the echo need not be told from it.
const LEAK_MAX: f32 = 0.4;
const LEAK_MIN: f32 = 0.05;

/// How many times more than expected must be left for somebody to be there; and for somebody to be there still.
const MARGIN: f32 = 3.0;
const MARGIN_STAY: f32 = 1.5;

/// Frames for which somebody who was there may still be: nothing is learnt or quietened in them.
const STAYS: u32 = 5;

/// Noise is this many times its floor now and then.
const NOISE: f32 = 3.0;

/// How many samples a delay wavers from one time that we speak to the next: 10 ms.
const WAVER: usize = 80;

/// Good frames that settle a delay; each counts twice when it leaves little.
const UNSETTLED: u32 = 8;

/// A frame as the path explains it.
pub(super) struct Explained {
    /// What is left of it.
    pub(super) rest: [f32; FRAME_LEN],
    heard_levels: Levels,
    pub(super) echo_levels: Levels,
    pub(super) rest_levels: Levels,
    /// How many times more is left than expected.
    excess: f32,
    /// Whether that is nothing but what an imperfect filter leaves.
    pub(super) only_echo: bool,
}

impl Explained {
    /// Whether hardly anything was taken away.
    pub(super) fn is_bad(&self) -> bool {
        self.rest_levels.0[WHITENED] > 0.3 * self.heard_levels.0[WHITENED]
    }

    /// Whether the echo was subtracted at the wrong place. Somebody over the echo makes the frame louder than the echo, and
    /// what is left is the difference; here they add up.
    fn is_beside(&self) -> bool {
        let [heard, echo, rest] =
            [self.heard_levels, self.echo_levels, self.rest_levels].map(|levels| levels.0[WHITENED]);
        echo > 0.3 * heard && rest > heard - 0.5 * echo
    }
}

/// The path.
#[derive(Debug, Clone)]
pub(super) struct Path {
    /// A position of the caller's less that of the newest sample of ours that can be in it.
    delay: i64,
    filter: Filter,
    /// Share of the echo that the filter leaves.
    leak: Levels,
    /// The echo of the last frames, fading.
    tail: Levels,
    /// The last sample of the echo, as [`deepen`] wants it.
    deep: f32,
    /// Frames that were learnt from.
    age: u32,
    /// Frames for which somebody may still be there.
    somebody: u32,
    /// Good frames until the delay is believed. Until then a frame may be our echo although the filter does not say so.
    unsettled: u32,
    /// Where what is being played began when the delay was last believed.
    began: i64,
}

impl Path {
    pub(super) fn new(delay: i64) -> Self {
        Self {
            delay: delay - BEFORE,
            filter: Filter::new(),
            leak: Levels([LEAK_MAX; 2]),
            tail: Levels([0.0; 2]),
            deep: 0.0,
            age: 0,
            somebody: 0,
            unsettled: 3 * UNSETTLED,
            began: i64::MIN,
        }
    }

    /// The same way, a little longer or shorter.
    pub(super) fn moved(&self, delay: i64) -> Self {
        Self { delay: delay - BEFORE, unsettled: UNSETTLED, leak: Levels([LEAK_MAX; 2]), ..self.clone() }
    }

    /// The delay that was found, in samples.
    pub(super) fn delay(&self) -> i64 {
        self.delay + BEFORE
    }

    /// Frames that were learnt from.
    pub(super) fn age(&self) -> u32 {
        self.age
    }

    /// Whether the delay is believed.
    pub(super) fn is_settled(&self) -> bool {
        self.unsettled == 0
    }

    /// Whether anything of ours can be in a frame.
    pub(super) fn is_audible(&self, reference: &Reference, at: i64) -> bool {
        reference.is_audible(at - self.delay - TAPS as i64, at - self.delay + FRAME_LEN as i64)
    }

    /// Explains a frame and, when nobody else is in it, learns from it. Each frame comes with the sample before it.
    pub(super) fn explain(
        &mut self,
        reference: &Reference,
        at: i64,
        heard: &[f32; FRAME_LEN + 1],
        floor: Levels,
    ) -> Explained {
        if self.began != reference.began() && at - self.delay() + (FRAME_LEN + WAVER) as i64 > reference.began() {
            self.began = reference.began();
            self.unsettled = self.unsettled.max(UNSETTLED);
        }
        let played = self.played(reference, at);
        let before = self.clone();
        let explained = self.run(&played, heard, floor, RATE);
        let somebody = before.somebody.saturating_sub(1);
        if explained.only_echo && somebody == 0 {
            self.learn(&explained, floor);
            self.settle(&explained, floor);
            return explained;
        }
        *self = before;
        let mut explained = self.run(&played, heard, floor, 0.0);
        if explained.only_echo {
            self.somebody = somebody;
            explained.only_echo = false;
            return explained;
        }
        if explained.is_beside() {
            self.unsettled = self.unsettled.max(2);
        }
        if self.unsettled > 0 && self.could_be_echo(reference, at, explained.heard_levels, floor) {
            explained.only_echo = true;
        } else {
            self.somebody = if explained.excess > MARGIN { STAYS } else { self.somebody.saturating_sub(1) };
        }
        explained
    }

    /// Learns from a frame of the past that was taken for an echo. Returns how loud it is, and how loud what is left.
    pub(super) fn rehearse(
        &mut self,
        reference: &Reference,
        at: i64,
        heard: &[f32; FRAME_LEN + 1],
        floor: Levels,
    ) -> (f32, f32) {
        let explained = self.run(&self.played(reference, at), heard, floor, RATE);
        self.learn(&explained, floor);
        (explained.heard_levels.0[WHITENED], explained.rest_levels.0[WHITENED])
    }

    /// How loud what is left of a frame would be.
    pub(super) fn trial(&self, reference: &Reference, at: i64, heard: &[f32; FRAME_LEN + 1], floor: Levels) -> f32 {
        self.clone().run(&self.played(reference, at), heard, floor, 0.0).rest_levels.0[WHITENED]
    }

    fn played(&self, reference: &Reference, at: i64) -> [f32; SPAN] {
        let mut raw = [0.0; SPAN + 1];
        reference.read(at - self.delay - TAPS as i64 - 1, &mut raw);
        whiten(&raw)
    }

    fn run(&mut self, played: &[f32; SPAN], heard: &[f32; FRAME_LEN + 1], floor: Levels, rate: f32) -> Explained {
        let whitened: [f32; FRAME_LEN] = whiten(heard);
        let heard_levels = Levels::of(&heard[1..], &whitened);
        // Where noise is as loud as the echo there is little to learn, and much to learn wrongly.
        let noise = NOISE / 2.0 * floor.0[WHITENED] / heard_levels.0[WHITENED].max(1.0);
        let mut echo = [0.0; FRAME_LEN];
        self.filter.run(played, &whitened, rate * (1.0 - noise).max(0.0), &mut echo);
        let rest_whitened: [f32; FRAME_LEN] = std::array::from_fn(|n| whitened[n] - echo[n]);
        let echo_whitened = echo;
        deepen(&mut echo, &mut self.deep);
        let rest: [f32; FRAME_LEN] = std::array::from_fn(|n| heard[n + 1] - echo[n]);
        let echo_levels = Levels::of(&echo, &echo_whitened);
        let rest_levels = Levels::of(&rest, &rest_whitened);
        self.tail = echo_levels.max(self.tail * TAIL);
        let excess = (rest_levels / (self.leak * self.tail + floor * NOISE)).largest();
        let margin = if self.somebody > 0 { MARGIN_STAY } else { MARGIN };
        Explained { rest, heard_levels, echo_levels, rest_levels, excess, only_echo: excess <= margin }
    }

    fn learn(&mut self, explained: &Explained, floor: Levels) {
        self.somebody = 0;
        if self.tail.0[WHITENED] < 4.0 * floor.0[WHITENED] {
            return;
        }
        self.age += 1;
        let share = explained.rest_levels / self.tail;
        self.leak = self.leak.approach(share, 0.2, 0.05).max(Levels([LEAK_MIN; 2])).min(Levels([LEAK_MAX; 2]));
    }

    fn settle(&mut self, explained: &Explained, floor: Levels) {
        if explained.heard_levels.0[WHITENED] > 10.0 * floor.0[WHITENED] {
            let good = if explained.is_bad() { 1 } else { 3 };
            self.unsettled = self.unsettled.saturating_sub(good);
        }
    }

    /// Whether a frame is no louder than what we played can come back, a little earlier or later than believed.
    fn could_be_echo(&self, reference: &Reference, at: i64, heard: Levels, floor: Levels) -> bool {
        const AROUND: usize = FRAME_LEN + 2 * WAVER;
        let mut raw = [0.0; AROUND + 1];
        reference.read(at - self.delay() - WAVER as i64 - 1, &mut raw);
        let whitened: [f32; AROUND] = whiten(&raw);
        let played = Levels::of(&raw[1..], &whitened) * (AROUND as f32 / FRAME_LEN as f32);
        let loudest = played * (2.0 * self.filter.gain()) + floor * NOISE;
        (heard / loudest).largest() < 1.0
    }
}
