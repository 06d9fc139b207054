//! Where in what we played is what we hear? Each frame that could be an echo is laid along the last two thirds of a second
//! of ours, and what fits is summed up over frames: an echo fits at the same delay again and again, a voice of somebody
//! else now here, now there.

use crate::audio::echo::reference::Reference;
use crate::audio::frame::FRAME_LEN;

/// Longest delay that is looked for, in samples: 640 ms.
pub(super) const DELAY_MAX: usize = 5_120;

/// Every second sample of the lower half of the band is enough to find a delay to a quarter of a millisecond.
const PACE: usize = 2;
const LAGS: usize = DELAY_MAX / PACE;
const HEARD: usize = FRAME_LEN / PACE;
const PLAYED: usize = LAGS + HEARD;

/// What of a sum is left after a frame.
const FADE: f32 = 0.88;

/// Energy of a stretch of ours below which it is silence: an amplitude of some 30.
const ENERGY_MIN: f32 = HEARD as f32;

/// Largest sample of a frame that is laid along ours, and what ours are divided by: so no sum of products overflows.
const PEAK: f32 = 4_000.0;
const PLAYED_SCALE: f32 = 1.0 / 256.0;

/// How well the frames fit at each delay. Nine in ten of its bytes are one number for each delay.
#[derive(Debug)]
pub(super) struct Search {
    fits: [f32; LAGS],
    weight: f32,
}

/// The best delay of a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Found {
    /// In samples.
    pub(super) delay: usize,
    /// How well it fits over the last frames: 1 is perfect.
    pub(super) fit: f32,
    /// Frames that were looked at, fading.
    pub(super) weight: f32,
}

impl Found {
    /// Enough to believe in the delay. With few frames chance fits well somewhere; the bars lie above what 98 of 100 voices
    /// reach that are nobody's echo.
    pub(super) fn is_certain(&self) -> bool {
        let bars = [(1.5, 0.97), (2.0, 0.62), (2.8, 0.53), (3.5, 0.5), (5.0, 0.46), (7.0, 0.43)];
        self.fit > bars.iter().find(|(weight, _)| self.weight < *weight).map_or(0.4, |(_, bar)| *bar)
    }

    /// Enough to do without a proof by the filter, which noise can spoil.
    pub(super) fn needs_no_proof(&self) -> bool {
        self.fit > 0.6 && self.weight > 2.5
    }

    /// Enough not to take a frame for the caller's on a line of which nothing is known.
    pub(super) fn is_likely(&self) -> bool {
        let bars = [(1.5, 0.2), (2.0, 0.35)];
        self.fit > bars.iter().find(|(weight, _)| self.weight < *weight).map_or(0.42, |(_, bar)| *bar)
    }
}

impl Search {
    pub(super) fn new() -> Self {
        Self { fits: [0.0; LAGS], weight: 0.0 }
    }

    /// Forgets everything.
    pub(super) fn reset(&mut self) {
        self.fits = [0.0; LAGS];
        self.weight = 0.0;
    }

    /// Looks at a frame that was heard from a position on. `heard` begins with the [`LEAD`] samples before it.
    pub(super) fn look(&mut self, reference: &Reference, at: i64, heard: &[f32; FRAME_LEN + LEAD]) -> Found {
        let mut raw = [0.0; FRAME_LEN + DELAY_MAX + LEAD];
        reference.read(at - DELAY_MAX as i64 - LEAD as i64, &mut raw);
        let (mut frame, mut played) = ([0.0; HEARD], [0.0; PLAYED]);
        thin(heard, &mut frame);
        thin(&raw, &mut played);
        let peak = frame.iter().fold(1.0_f32, |peak, sample| peak.max(sample.abs()));
        let frame = frame.map(|sample| (sample * PEAK / peak) as i16);
        let played = played.map(|sample| (sample * PLAYED_SCALE) as i16);
        self.compare(&frame, &played)
    }

    fn compare(&mut self, frame: &[i16; HEARD], played: &[i16; PLAYED]) -> Found {
        let own = energy(frame).max(1.0);
        let mut other = energy(&played[..HEARD]);
        self.weight = self.weight * FADE + 1.0;
        let mut best = (0, 0.0_f32);
        for lag in 0..LAGS {
            let stretch: &[i16; HEARD] = played[lag..lag + HEARD].try_into().expect("it is so long");
            let product: i32 = stretch.iter().zip(frame).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum();
            let now = product as f32 / (own * (other + ENERGY_MIN)).sqrt();
            let fit = self.fits[lag] * FADE + now;
            self.fits[lag] = fit;
            if fit.abs() > best.1.abs() {
                best = (lag, fit);
            }
            other = (other + f32::from(played[lag + HEARD]).powi(2) - f32::from(played[lag]).powi(2)).max(0.0);
        }
        Found { delay: (LAGS - best.0) * PACE, fit: best.1.abs() / self.weight, weight: self.weight }
    }
}

/// Samples before a frame that thinning needs.
pub(super) const LEAD: usize = 4;

/// Takes every second sample of the lower half of the band, whitened.
fn thin(samples: &[f32], thinned: &mut [f32]) {
    let low = |n: usize| samples[n] + samples[n + 3] + 3.0 * (samples[n + 1] + samples[n + 2]);
    let mut before = low(0);
    for (n, out) in thinned.iter_mut().enumerate() {
        let now = low(n * PACE + PACE);
        *out = now - 0.9 * before;
        before = now;
    }
}

fn energy(samples: &[i16]) -> f32 {
    samples.iter().map(|&sample| f32::from(sample).powi(2)).sum()
}
