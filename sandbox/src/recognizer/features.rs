//! What speech sounds like, roughly: how loud each of some bands is, 50 times a second, relative to the loudest so far.
//! Level, a little noise and another sampling clock hardly change it.

use std::f32::consts::TAU;

use engine::audio::frame::{FRAME_LEN, RATE_HZ};
use engine::audio::mulaw;

/// Bands, spaced evenly by ear from 200 to 3,400 Hz.
pub(super) const BANDS: usize = 12;
const LOWEST_HZ: f32 = 200.0;
const HIGHEST_HZ: f32 = 3_400.0;

/// What lies further below the loudest is not looked at: there is only noise.
const RANGE_DB: f32 = 24.0;

/// Nothing quieter than this is taken for loud, however quiet the line.
const LOUD_MIN_DB: f32 = -60.0;

/// How far above the line's noise, which is spread over all bands, the loudest band is expected at least.
const ABOVE_NOISE_DB: f32 = 10.0;

/// Loudness of each band, from 0 (nothing to be heard) to 1 (the loudest so far), for 20 ms.
pub(super) type Sound = [f32; BANDS];

/// A second-order band-pass filter.
#[derive(Debug, Clone, Copy, Default)]
struct Band {
    gain: f32,
    back: [f32; 2],
    inputs: [f32; 2],
    outputs: [f32; 2],
    energy: f32,
}

impl Band {
    /// Constant peak gain, as in Bristow-Johnson's "Cookbook formulae for audio EQ biquad filter coefficients".
    fn new(centre_hz: f32, quality: f32) -> Self {
        let angle = TAU * centre_hz / RATE_HZ as f32;
        let alpha = angle.sin() / (2.0 * quality);
        let scale = 1.0 / (1.0 + alpha);
        Self { gain: alpha * scale, back: [-2.0 * angle.cos() * scale, (1.0 - alpha) * scale], ..Self::default() }
    }

    fn push(&mut self, sample: f32) {
        let output =
            self.gain * (sample - self.inputs[1]) - self.back[0] * self.outputs[0] - self.back[1] * self.outputs[1];
        self.inputs = [sample, self.inputs[0]];
        self.outputs = [output, self.outputs[0]];
        self.energy += output * output;
    }
}

/// Turns a stream of µ-law into sounds.
#[derive(Debug)]
pub(super) struct Features {
    bands: [Band; BANDS],
    samples: usize,
    loudest_db: f32,
}

impl Features {
    /// Features of audio on a line whose noise has a level.
    pub(super) fn new(noise_db: f32) -> Self {
        let step = (HIGHEST_HZ / LOWEST_HZ).powf(1.0 / (BANDS - 1) as f32);
        let quality = 1.0 / (step.sqrt() - 1.0 / step.sqrt());
        let bands = std::array::from_fn(|n| Band::new(LOWEST_HZ * step.powi(n as i32), quality));
        Self { bands, samples: 0, loudest_db: LOUD_MIN_DB.max(noise_db + ABOVE_NOISE_DB) }
    }

    /// Takes audio of any length and appends a sound for every 20 ms of it.
    pub(super) fn push(&mut self, audio: &[u8], out: &mut Vec<Sound>) {
        for &code in audio {
            let sample = f32::from(mulaw::decode(code)) / 32_768.0;
            for band in &mut self.bands {
                band.push(sample);
            }
            self.samples += 1;
            if self.samples == FRAME_LEN {
                self.samples = 0;
                out.push(self.sound());
            }
        }
    }

    fn sound(&mut self) -> Sound {
        let mut levels = [0.0; BANDS];
        for (level, band) in levels.iter_mut().zip(&mut self.bands) {
            *level = 10.0 * (band.energy / FRAME_LEN as f32).max(1e-9).log10();
            band.energy = 0.0;
        }
        self.loudest_db = levels.iter().copied().fold(self.loudest_db, f32::max);
        levels.map(|level| (1.0 + (level - self.loudest_db) / RANGE_DB).max(0.0))
    }
}

/// All sounds of a recording.
pub(super) fn sounds(audio: &[u8]) -> Vec<Sound> {
    let mut out = Vec::with_capacity(audio.len() / FRAME_LEN + 1);
    Features::new(f32::NEG_INFINITY).push(audio, &mut out);
    out
}
