//! One call's echo: unknown at first, then followed along its path, and given up when there is none any more.

use crate::audio::echo::Verdict;
use crate::audio::echo::filter::TAPS;
use crate::audio::echo::levels::{Levels, WHITENED, whiten};
use crate::audio::echo::past::Past;
use crate::audio::echo::path::{Explained, Path};
use crate::audio::echo::reference::Reference;
use crate::audio::echo::search::{DELAY_MAX, Found, Search};
use crate::audio::frame::{FRAME_LEN, Frame};
use crate::audio::mulaw;

/// How much the floor rises in a frame: by 4 dB in a second.
const FLOOR_RISE: f32 = 1.02;

/// The quietest floor, as a mean square: the noise of µ-law itself.
const FLOOR_MIN: f32 = 4.0;

/// A line is loud from this far above its floor, and from this mean square, −70 dB of full scale.
const LOUD_OVER_FLOOR: f32 = 3.0;
const LOUD_MIN: f32 = 100.0;

/// Frames for which we were heard and the line was quiet, after which it has no echo until one is proven: 500 ms.
const QUIET_ENOUGH: u32 = 25;

/// A delay this near to the one that was known is the same way, a little longer or shorter: 10 ms.
const NEAR: i64 = 80;

/// Frames in a row after which a path that explains nothing is given up: a second of echo.
const WORTHLESS: u32 = 50;

/// What fits as well as this is hardly anything but our echo, whatever the filter makes of it: the filter has to learn.
const LIKE_US: f32 = 0.8;

/// Frames learnt from after which what is remembered is gone through once more: at first every frame tells much.
const REVISE_AT: [u32; 3] = [5, 10, 20];

/// Samples over which the gain moves from one frame's to the next: 5 ms.
const RAMP: usize = 40;

#[derive(Debug)]
pub(super) struct Canceller {
    reference: Reference,
    search: Search,
    path: Option<Path>,
    past: Past,
    /// The line's noise.
    floor: Levels,
    /// Of the last frame's end.
    gain: f32,
    /// Loud frames in a row that the path did not make quieter.
    worthless: u32,
    /// Frames for which an echo of ours must have been heard, and was not.
    quiet: u32,
}

/// A frame that is being looked at.
struct Heard {
    at: i64,
    /// With the sample before it.
    samples: [f32; FRAME_LEN + 1],
    levels: Levels,
    loud: bool,
}

impl Canceller {
    pub(super) fn new() -> Box<Self> {
        Box::new(Self {
            reference: Reference::new(),
            search: Search::new(),
            path: None,
            past: Past::new(),
            floor: Levels([f32::MAX; 2]),
            gain: 1.0,
            worthless: 0,
            quiet: 0,
        })
    }

    pub(super) fn played(&mut self, at: i64, frame: &Frame) {
        self.reference.place(at, frame);
    }

    pub(super) fn cleared(&mut self, at: i64) {
        self.reference.cleared(at);
    }

    pub(super) fn hear(&mut self, at: i64, frame: &mut Frame) -> Verdict {
        self.past.push(at, frame);
        let heard = self.measured(at);
        let oldest = at - (DELAY_MAX + TAPS) as i64;
        if !self.reference.is_audible(oldest, at + FRAME_LEN as i64) {
            return self.pass();
        }
        if self.path.is_none() && self.is_unknown_echo(&heard) {
            let rest: [f32; FRAME_LEN] = std::array::from_fn(|n| heard.samples[n + 1]);
            self.write(&rest, self.quieting(heard.levels), frame);
            return Verdict::OnlyEcho;
        }
        match self.path.take() {
            Some(path) if path.is_audible(&self.reference, at) => self.follow(path, &heard, frame),
            path => {
                self.path = path;
                self.pass()
            }
        }
    }

    fn measured(&mut self, at: i64) -> Heard {
        let samples = self.past.newest();
        let whitened: [f32; FRAME_LEN] = whiten(&samples);
        let levels = Levels::of(&samples[1..], &whitened);
        self.floor = levels.min(self.floor * FLOOR_RISE).max(Levels([FLOOR_MIN; 2]));
        let loud = (levels / self.floor).largest() > LOUD_OVER_FLOOR && levels.0[0] > LOUD_MIN;
        Heard { at, samples, levels, loud }
    }

    fn pass(&mut self) -> Verdict {
        self.gain = 1.0;
        Verdict::Untouched
    }

    /// Looks for an echo on a line where none is known. Says whether the frame is one, as far as can be seen, and no path
    /// was found that could tell better.
    fn is_unknown_echo(&mut self, heard: &Heard) -> bool {
        if !heard.loud {
            let latest = heard.at - DELAY_MAX as i64;
            self.quiet += u32::from(self.reference.is_audible(latest, latest + FRAME_LEN as i64));
            return false;
        }
        let found = self.look(heard.at);
        if found.is_certain() {
            self.path = self.learned(&found);
        }
        self.path.is_none() && found.is_likely() && self.quiet < QUIET_ENOUGH
    }

    fn look(&mut self, at: i64) -> Found {
        self.search.look(&self.reference, at, &self.past.newest_for_search())
    }

    /// The path at a delay, learnt from what is remembered; none when it explains too little of that.
    fn learned(&self, found: &Found) -> Option<Path> {
        let mut path = Path::new(found.delay as i64);
        self.rehearse(&mut path);
        let (before, after) = self.rehearse(&mut path);
        (found.needs_no_proof() || after < 0.6 * before).then_some(path)
    }

    /// Goes through what is remembered; returns how loud it is, and how loud what is left of it, above the noise.
    fn rehearse(&self, path: &mut Path) -> (f32, f32) {
        let (mut before, mut after) = (0.0, 0.0);
        let noise = 1.3 * self.floor.0[WHITENED];
        for (at, samples) in self.past.all() {
            if !path.is_audible(&self.reference, at) {
                continue;
            }
            let (heard, rest) = path.rehearse(&self.reference, at, &samples, self.floor);
            if heard > 3.0 * noise {
                before += heard - noise;
                after += rest - noise;
            }
        }
        (before, after)
    }

    /// Takes out of a frame what its path explains.
    fn follow(&mut self, mut path: Path, heard: &Heard, frame: &mut Frame) -> Verdict {
        let was_settled = path.is_settled();
        let mut explained = path.explain(&self.reference, heard.at, &heard.samples, self.floor);
        if was_settled && !path.is_settled() {
            self.search.reset();
        }
        if REVISE_AT.contains(&path.age()) {
            self.rehearse(&mut path);
        }
        if heard.loud && (!explained.only_echo || !path.is_settled() && explained.is_bad()) {
            explained = self.relocated(&mut path, heard, explained);
        }
        self.judge_path(&explained, heard);
        if self.worthless < WORTHLESS {
            self.path = Some(path);
        }
        self.finish(explained, heard, frame)
    }

    /// Looks whether the echo comes at another delay now, as it may when we begin to speak again, and follows it there.
    fn relocated(&mut self, path: &mut Path, heard: &Heard, explained: Explained) -> Explained {
        let found = self.look(heard.at);
        let (delay, distance) = (found.delay as i64, (found.delay as i64 - path.delay()).abs());
        let is_near = distance < NEAR;
        if distance <= 3 && found.fit > LIKE_US {
            self.rehearse(path);
            return path.explain(&self.reference, heard.at, &heard.samples, self.floor);
        }
        let is_believed = found.is_certain() || is_near && found.fit > 0.5;
        if distance <= 3 || !is_believed {
            return explained;
        }
        let left = |path: &Path| path.trial(&self.reference, heard.at, &heard.samples, self.floor);
        let about = (delay - 2..=delay + 2).map(|delay| path.moved(delay));
        let best = about.map(|path| (left(&path), path)).min_by(|(a, _), (b, _)| a.total_cmp(b));
        let mut moved = best.filter(|_| is_near).map_or_else(|| Path::new(delay), |(_, path)| path);
        let again = moved.explain(&self.reference, heard.at, &heard.samples, self.floor);
        if again.rest_levels.0[WHITENED] >= explained.rest_levels.0[WHITENED] {
            return explained;
        }
        *path = moved;
        again
    }

    fn judge_path(&mut self, explained: &Explained, heard: &Heard) {
        let noise = 1.5 * self.floor.0[WHITENED];
        let before = (heard.levels.0[WHITENED] - noise).max(0.0);
        if explained.rest_levels.0[WHITENED] - noise > 0.8 * before {
            self.worthless += 1;
        } else if heard.loud {
            self.worthless = 0;
        }
    }

    fn finish(&mut self, explained: Explained, heard: &Heard, frame: &mut Frame) -> Verdict {
        let gain = if explained.only_echo { self.quieting(explained.rest_levels) } else { 1.0 };
        let is_faint = (explained.echo_levels / self.floor).largest() < 0.25;
        if is_faint && gain == 1.0 && self.gain == 1.0 {
            return Verdict::Untouched;
        }
        let mut rest = explained.rest;
        if explained.rest_levels.0[0] > heard.levels.0[0] {
            rest.copy_from_slice(&heard.samples[1..]);
        }
        self.write(&rest, gain, frame);
        if explained.only_echo { Verdict::OnlyEcho } else { Verdict::SomebodyOver }
    }

    /// The gain that makes something as quiet as the line's noise.
    fn quieting(&self, levels: Levels) -> f32 {
        (self.floor.0[0] / levels.0[0].max(1.0)).sqrt().min(1.0)
    }

    fn write(&mut self, samples: &[f32; FRAME_LEN], gain: f32, frame: &mut Frame) {
        let step = (gain - self.gain) / RAMP as f32;
        for (n, (code, sample)) in frame.iter_mut().zip(samples).enumerate() {
            let gain = if n < RAMP { self.gain + step * n as f32 } else { gain };
            *code = mulaw::encode((sample * gain) as i16);
        }
        self.gain = gain;
    }
}
