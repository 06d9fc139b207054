//! Telephone lines made of recordings: speech with noise under it at a given ratio, or noise alone, as µ-law frames.

use engine::audio::frame::{FRAME_LEN, Frame};
use engine::audio::mulaw;

use crate::corpus::Clip;

/// Noise or near-silence before and after every recording: a call is on the line before anybody speaks.
pub const LEAD: usize = 8_000;

/// A line to listen to, and where somebody speaks on it, in samples.
pub struct Line {
    pub frames: Vec<Frame>,
    pub speech: Vec<(usize, usize)>,
    /// Beginnings by the second opinion.
    pub confirmed: Vec<usize>,
}

/// Speech over looped noise. The ratio compares the mean power of the labelled speech with that of the noise.
pub fn speech_over_noise(speech: &Clip, noise: &Clip, snr_db: f32, seed: u64) -> Line {
    let spoken = power(speech.speech.iter().flat_map(|&(start, end)| &speech.samples[start..end]));
    let gain = (spoken / power(noise.samples.iter()) / 10_f32.powf(snr_db / 10.0)).sqrt();
    let offset = Random(seed).below(noise.samples.len());
    let under = noise.samples.iter().cycle().skip(offset).map(|sample| sample * gain);
    line(padded(&speech.samples).zip(under).map(|(over, under)| over + under), Some(speech))
}

/// Speech as it was recorded, on a quiet line.
pub fn speech_alone(speech: &Clip, seed: u64) -> Line {
    let mut random = Random(seed);
    line(padded(&speech.samples).map(|sample| sample + 0.000_5 * random.sample()), Some(speech))
}

/// Noise as it was recorded, after a second of a quiet line.
pub fn noise_alone(noise: &Clip, gain: f32, seed: u64) -> Line {
    let mut random = Random(seed);
    line(padded(&noise.samples).map(|sample| gain * sample + 0.000_5 * random.sample()), None)
}

fn padded(samples: &[f32]) -> impl Iterator<Item = f32> {
    let quiet = || std::iter::repeat_n(0.0, LEAD);
    quiet().chain(samples.iter().copied()).chain(quiet())
}

fn line(samples: impl Iterator<Item = f32>, speech: Option<&Clip>) -> Line {
    let codes: Vec<u8> = samples.map(|sample| mulaw::encode((sample * 32_768.0) as i16)).collect();
    let frames = codes.chunks_exact(FRAME_LEN).map(|chunk| std::array::from_fn(|n| chunk[n])).collect();
    let spoken = speech.iter().flat_map(|clip| &clip.speech).map(|&(start, end)| (start + LEAD, end + LEAD)).collect();
    let confirmed = speech.iter().flat_map(|clip| &clip.confirmed).map(|&start| start + LEAD).collect();
    Line { frames, speech: spoken, confirmed }
}

fn power<'a>(samples: impl Iterator<Item = &'a f32>) -> f32 {
    let (sum, count) = samples.fold((0.0, 0), |(sum, count), sample| (sum + sample * sample, count + 1));
    (sum / count.max(1) as f32).max(1e-12)
}

/// A small linear congruential generator, so that every run hears the same (constants of Knuth's MMIX).
pub struct Random(pub u64);

impl Random {
    /// Uniform in −1..1.
    pub fn sample(&mut self) -> f32 {
        self.below(1 << 24) as f32 / (1 << 23) as f32 - 1.0
    }

    /// Uniform between two bounds.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * (self.sample() + 1.0) / 2.0
    }

    /// True in this share of cases.
    pub fn chance(&mut self, share: f32) -> bool {
        self.between(0.0, 1.0) < share
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}
