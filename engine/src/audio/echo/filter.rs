//! The echo's path as a filter of 32 ms that learns: normalized least mean squares, four samples at a time.
//!
//! It works on whitened samples: a filter that is normalized by power learns a steep spectrum, as that of a voice, slowly.

use crate::audio::frame::FRAME_LEN;

/// Samples of the filter: 32 ms.
pub(super) const TAPS: usize = 256;

/// Samples of what we played that a frame needs.
pub(super) const SPAN: usize = TAPS + FRAME_LEN;

/// Samples that share one step.
const STEP_LEN: usize = 4;

/// Sums that are taken beside each other: as many as fit the machine's registers.
const LANES: usize = 8;

/// Of the power in the window, so that silence divides nothing.
const POWER_MIN: f32 = 256.0 * 400.0;

/// The path.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    /// The last belongs to the newest sample.
    weights: [f32; TAPS],
}

impl Filter {
    pub(super) fn new() -> Self {
        Self { weights: [0.0; TAPS] }
    }

    /// What of `played`, whose last `FRAME_LEN` samples belong to this frame, comes back in it; and learns from how that
    /// differs from what was `heard`, by this share.
    pub(super) fn run(
        &mut self,
        played: &[f32; SPAN],
        heard: &[f32; FRAME_LEN],
        rate: f32,
        echo: &mut [f32; FRAME_LEN],
    ) {
        let mut power: f32 = played[..TAPS].iter().map(|x| x * x).sum();
        for at in (0..FRAME_LEN).step_by(STEP_LEN) {
            let window: &[f32; TAPS + STEP_LEN] = played[at..at + TAPS + STEP_LEN].try_into().expect("it is so long");
            let sums = self.predict(window);
            let mut gains = [0.0; STEP_LEN];
            for n in 0..STEP_LEN {
                echo[at + n] = sums[n];
                power += window[TAPS + n].powi(2) - window[n].powi(2);
                gains[n] = rate * (heard[at + n] - sums[n]) / (power + POWER_MIN);
            }
            if rate > 0.0 {
                self.learn(window, gains);
            }
        }
    }

    /// How much louder or fainter what comes back is than what was played, as powers.
    pub(super) fn gain(&self) -> f32 {
        self.weights.iter().map(|weight| weight * weight).sum()
    }

    fn predict(&self, window: &[f32; TAPS + STEP_LEN]) -> [f32; STEP_LEN] {
        let mut sums = [[0.0_f32; LANES]; STEP_LEN];
        for (tap, weights) in self.weights.chunks_exact(LANES).enumerate() {
            let inputs: &[f32; LANES + STEP_LEN] =
                window[tap * LANES..tap * LANES + LANES + STEP_LEN].try_into().expect("it is so long");
            for (n, sum) in sums.iter_mut().enumerate() {
                for lane in 0..LANES {
                    sum[lane] += weights[lane] * inputs[lane + n + 1];
                }
            }
        }
        sums.map(|lanes| lanes.iter().sum())
    }

    fn learn(&mut self, window: &[f32; TAPS + STEP_LEN], gains: [f32; STEP_LEN]) {
        for (tap, weights) in self.weights.chunks_exact_mut(LANES).enumerate() {
            let inputs: &[f32; LANES + STEP_LEN] =
                window[tap * LANES..tap * LANES + LANES + STEP_LEN].try_into().expect("it is so long");
            for lane in 0..LANES {
                let mut change = 0.0;
                for n in 0..STEP_LEN {
                    change += gains[n] * inputs[lane + n + 1];
                }
                weights[lane] += change;
            }
        }
    }
}
