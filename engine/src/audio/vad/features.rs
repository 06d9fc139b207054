//! What the detector looks at: numbers that tell a voice from the other sounds of a telephone line, each about −1 to 3, and never beyond 10.
//! Powers are in bels (tens of dB), so that a difference of 1 is a factor of ten.

use super::pitch::{self, Pitch};
use super::spectrum::{self, BINS, SPAN};
use crate::audio::frame::{FRAME_LEN, Frame};
use crate::audio::mulaw;

/// Bands of the spectrum, about as wide as the ear's: the first frequency of each (31.25 Hz apart), and the last's end.
const BAND_EDGES: [usize; BANDS + 1] = [1, 4, 7, 10, 13, 16, 19, 23, 27, 32, 38, 45, 53, 62, 73, 86, 101, 119];
const BANDS: usize = 17;

/// Bands that are kept together in the longer views.
const GROUP_EDGES: [usize; GROUPS + 1] = [0, 2, 5, 8, 11, 14, 17];
const GROUPS: usize = 6;

/// Pieces of 5 ms in the last 40 ms.
const PIECES: usize = 8;
const PIECE_LEN: usize = 2 * FRAME_LEN / PIECES;

/// Numbers about a frame as a whole, besides its bands and pieces.
const WHOLES: usize = 12;
/// All numbers about a frame: each band twice.
const NOW: usize = 2 * BANDS + WHOLES + PIECES;
/// Numbers about a frame that are kept when it is past.
const KEPT: usize = GROUPS + 6;
/// How long the longer views look back, as the share that a new frame gets in them: 0.2, 1 and 4 seconds.
const VIEWS: [f32; 3] = [0.1, 0.02, 0.005];

/// How many numbers there are: this frame, the one before, the longer views, and how young the call is.
pub const INPUTS: usize = NOW + KEPT + VIEWS.len() * KEPT + 1;

/// The least power that is told from none, in bels: the square of half a step of 16 bits.
const LEAST_POWER: f32 = 2.5e-10;

/// Looks at a line frame by frame.
#[derive(Debug, Clone)]
pub struct Features {
    /// The last two frames, decoded, full scale 1.
    recent: [f32; 2 * FRAME_LEN],
    /// The noise floor of each band.
    floors: [f32; BANDS],
    /// The noise floor of the whole.
    floor: f32,
    /// The bands of the last frame.
    bands: [f32; BANDS],
    pitch: Pitch,
    level: f32,
    /// What is kept of the last two frames, the newer first.
    kept: [[f32; KEPT]; 2],
    views: [[f32; KEPT]; VIEWS.len()],
    frames: u32,
}

impl Default for Features {
    fn default() -> Self {
        Self {
            recent: [0.0; 2 * FRAME_LEN],
            floors: [-4.5; BANDS],
            floor: -5.0,
            bands: [-4.5; BANDS],
            pitch: Pitch { strength: 0.0, lag_log2: 0.0 },
            level: -9.6,
            kept: [[0.0; KEPT]; 2],
            views: [[0.0; KEPT]; VIEWS.len()],
            frames: 0,
        }
    }
}

impl Features {
    /// Takes a frame and describes the line as it now is.
    pub fn push(&mut self, frame: &Frame, inputs: &mut [f32; INPUTS]) {
        self.recent.copy_within(FRAME_LEN.., 0);
        for (sample, &code) in self.recent[FRAME_LEN..].iter_mut().zip(frame) {
            *sample = f32::from(mulaw::decode(code)) / 32_768.0;
        }
        let (now, past) = inputs.split_at_mut(NOW);
        let kept = self.describe(now);
        self.recall(kept, past);
        self.follow_floors();
        self.frames = self.frames.saturating_add(1);
    }

    /// The level of the last frame in dB of full scale, −96 or more.
    pub fn level_db(&self) -> f32 {
        (10.0 * self.level).max(-96.0)
    }

    /// Everything about this frame; returns what is kept of it.
    fn describe(&mut self, now: &mut [f32]) -> [f32; KEPT] {
        let newest = &self.recent[FRAME_LEN..];
        let energy = power_of(newest);
        self.level = energy.max(LEAST_POWER).log10();
        let last_pitch = std::mem::replace(&mut self.pitch, pitch::of(&self.recent));
        let power = spectrum::power(self.recent.last_chunk::<SPAN>().expect("two frames are longer than a spectrum"));
        let bands = bands_of(&power);
        let last_bands = std::mem::replace(&mut self.bands, bands);

        let mean = bands.iter().sum::<f32>() / BANDS as f32;
        for band in 0..BANDS {
            now[band] = (bands[band] - self.floors[band]).clamp(-1.0, 4.0);
            now[BANDS + band] = (bands[band] - mean).clamp(-3.0, 3.0);
        }
        let changes = bands.iter().zip(&last_bands).map(|(now, before)| now - before);
        let flux = changes.clone().map(f32::abs).sum::<f32>() / BANDS as f32;
        let rise = changes.map(|change| change.max(0.0)).sum::<f32>() / BANDS as f32;
        let over_floor = (self.level - self.floor).clamp(-1.0, 4.0);
        let voicing = 2.0 * self.pitch.strength - 1.0;
        let jump = (self.pitch.lag_log2 - last_pitch.lag_log2).abs().min(2.0);
        let peakiness = peakiness(&power, mean);
        let [one_tone, two_tones] = tonality(&power);
        now[2 * BANDS..][..WHOLES].copy_from_slice(&[
            (self.level / 2.0 + 2.0).clamp(-2.0, 2.0),
            over_floor,
            voicing,
            jump,
            self.pitch.lag_log2 - 5.0,
            peakiness,
            one_tone,
            two_tones,
            flux,
            rise,
            zero_crossings(newest) - 1.0,
            crest(newest, energy),
        ]);
        self.envelope(&mut now[2 * BANDS + WHOLES..]);

        let mut kept = [0.0; KEPT];
        for (group, kept) in kept[..GROUPS].iter_mut().enumerate() {
            let range = GROUP_EDGES[group]..GROUP_EDGES[group + 1];
            *kept = now[range.clone()].iter().sum::<f32>() / range.len() as f32;
        }
        kept[GROUPS..].copy_from_slice(&[over_floor, voicing, peakiness, two_tones, flux, jump]);
        kept
    }

    /// The level of every 5 ms of the last 40, against the level of this frame.
    fn envelope(&self, out: &mut [f32]) {
        for (out, piece) in out.iter_mut().zip(self.recent.chunks_exact(PIECE_LEN)) {
            *out = (power_of(piece).max(LEAST_POWER).log10() - self.level).clamp(-3.0, 1.0);
        }
    }

    /// The frame before and the longer views, which do not see this frame and the one before yet: they are what this
    /// frame is to be compared with.
    fn recall(&mut self, kept: [f32; KEPT], out: &mut [f32]) {
        let [newer, older] = self.kept;
        for (view, &share) in self.views.iter_mut().zip(&VIEWS) {
            let share = share.max(1.0 / (self.frames + 1) as f32);
            for (mean, new) in view.iter_mut().zip(&older) {
                *mean += share * (new - *mean);
            }
        }
        self.kept = [kept, newer];
        for (out, &value) in out.iter_mut().zip(newer.iter().chain(self.views.iter().flatten())) {
            *out = value;
        }
        out[(1 + VIEWS.len()) * KEPT] = (self.frames as f32 / 50.0).min(1.0);
    }

    /// Floors fall fast and rise slowly, in two to three seconds, but learn quickly in the first of a call.
    fn follow_floors(&mut self) {
        let rise = 0.008 + 0.2 / (1.0 + self.frames as f32 * 0.2);
        let bands = self.floors.iter_mut().zip(&self.bands);
        for (floor, power) in bands.chain([(&mut self.floor, &self.level)]) {
            let gap = power.max(-6.5) - *floor;
            *floor += gap * if gap < 0.0 { 0.15 } else { rise };
        }
    }
}

fn power_of(samples: &[f32]) -> f32 {
    samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len() as f32
}

fn bands_of(power: &[f32; BINS]) -> [f32; BANDS] {
    std::array::from_fn(|band| {
        let range = &power[BAND_EDGES[band]..BAND_EDGES[band + 1]];
        (range.iter().sum::<f32>() / range.len() as f32 + 1e-6).log10()
    })
}

/// How far the mean of the bands' logarithms lies below the logarithm of the mean: 0 for white noise, 1 to 2 for vowels.
fn peakiness(power: &[f32; BINS], mean_of_logs: f32) -> f32 {
    let heard = &power[BAND_EDGES[0]..BAND_EDGES[BANDS]];
    let mean = heard.iter().sum::<f32>() / heard.len() as f32;
    ((mean + 1e-6).log10() - mean_of_logs).clamp(-1.0, 3.0)
}

/// The share of all power in the strongest frequency, and in the two strongest, from −1 to 1: tones, keys and rings have
/// nearly all of it there.
fn tonality(power: &[f32; BINS]) -> [f32; 2] {
    let all: f32 = power[2..].iter().sum::<f32>() + 1e-9;
    let lobe = |at: usize| power[at.saturating_sub(2).max(2)..(at + 3).min(BINS)].iter().sum::<f32>();
    let strongest = |skip: Option<usize>| {
        let free = |bin: &usize| skip.is_none_or(|skip| bin.abs_diff(skip) > 4);
        (2..BINS).filter(free).fold(2, |best, bin| if power[bin] > power[best] { bin } else { best })
    };
    let first = strongest(None);
    let second = strongest(Some(first));
    let one = lobe(first) / all;
    let two = if second.abs_diff(first) > 4 { one + lobe(second) / all } else { one };
    [2.0 * one - 1.0, 2.0 * two.min(1.0) - 1.0]
}

/// Changes of sign, 1 for a tone of 1 kHz.
fn zero_crossings(samples: &[f32]) -> f32 {
    samples.windows(2).filter(|pair| (pair[0] >= 0.0) != (pair[1] >= 0.0)).count() as f32 / 40.0
}

/// The peak over the mean power: clicks have a high one.
fn crest(samples: &[f32], energy: f32) -> f32 {
    let peak = samples.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    (peak * peak / energy.max(1e-9)).max(1.0).log10()
}

#[cfg(test)]
mod tests {
    use std::f32::consts::TAU;

    use super::*;
    use crate::audio::frame::SILENCE;

    const OVER_FLOOR: usize = 2 * BANDS + 1;
    const VOICING: usize = 2 * BANDS + 2;
    const TWO_TONES: usize = 2 * BANDS + 7;

    /// What is seen after some frames of a sound.
    fn after(frames: usize, mut sample: impl FnMut(usize) -> f32) -> [f32; INPUTS] {
        let mut features = Features::default();
        let mut inputs = [0.0; INPUTS];
        for frame in 0..frames {
            let codes = std::array::from_fn(|n| mulaw::encode(sample(frame * FRAME_LEN + n) as i16));
            features.push(&codes, &mut inputs);
        }
        inputs
    }

    fn tone(tone_hz: usize, n: usize) -> f32 {
        5_000.0 * (TAU * (n * tone_hz % 8_000) as f32 / 8_000.0).sin()
    }

    #[test]
    fn every_number_stays_small_whatever_comes() {
        let mut seed = 1_u32;
        let mut random = move || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 24) as u8
        };
        let mut features = Features::default();
        let mut inputs = [0.0; INPUTS];
        for n in 0..400 {
            let frame = match n / 10 % 4 {
                0 => [SILENCE; FRAME_LEN],
                1 => [0x80; FRAME_LEN],
                2 => std::array::from_fn(|n| if n % 2 == 0 { 0x00 } else { 0x80 }),
                _ => std::array::from_fn(|_| random()),
            };
            features.push(&frame, &mut inputs);
            let worst = inputs.iter().fold(0.0_f32, |worst, input| worst.max(input.abs()));
            assert!(worst <= 9.6, "frame {n}: {worst}");
        }
    }

    #[test]
    fn two_tones_are_seen_as_such() {
        let keys = after(10, |n| tone(770, n) + tone(1_336, n));
        assert!(keys[TWO_TONES] > 0.9, "{}", keys[TWO_TONES]);
        let pulses = after(10, |n| if n % 70 == 0 { 20_000.0 } else { 0.0 });
        assert!(pulses[TWO_TONES] < 0.0, "{}", pulses[TWO_TONES]);
        assert!(pulses[VOICING] > 0.8, "{}", pulses[VOICING]);
    }

    #[test]
    fn the_floor_learns_a_steady_sound_and_forgets_it_at_once() {
        let steady = after(200, |n| tone(500, n));
        assert!(steady[OVER_FLOOR] < 0.6, "{}", steady[OVER_FLOOR]);
        let louder = after(240, |n| if n < 200 * FRAME_LEN { tone(500, n) / 50.0 } else { tone(500, n) });
        assert!(louder[OVER_FLOOR] > 2.0, "{}", louder[OVER_FLOOR]);
    }
}
