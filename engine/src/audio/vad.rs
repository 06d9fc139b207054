//! Is somebody speaking? Decided on the caller's 20 ms frames as they pass, so that the assistant can fall silent within
//! two or three of them.
//!
//! A gate compares the level with an adaptive noise floor, and behind the gate the sound must be periodic as a voice is.
//! The start is quick, because stopping the assistant can be taken back; the end waits for a pause.

use crate::audio::frame::{FRAME_LEN, FRAME_MS, Frame};
use crate::audio::mulaw;

/// A change that the detector reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// A voice began with this frame or the one or two before it.
    Started,
    /// The voice has been gone for the hangover.
    Ended {
        /// From the first to the last voiced frame.
        voiced_ms: u32,
    },
}

/// Frames without voice before the end is reported: 240 ms. Shorter pauses lie inside words.
const HANGOVER_FRAMES: u32 = 12;

/// Below this level, in dB of full scale, a telephone line carries no usable voice.
const LEVEL_DB_MIN: f32 = -52.0;

/// How far a voice stands out of the noise floor, in dB; more is asked while the assistant is audible.
const ABOVE_FLOOR_DB: f32 = 7.0;
const ABOVE_FLOOR_AUDIBLE_DB: f32 = 9.0;

/// How much of a voiced sound repeats itself after one period of the vocal cords, 0 to 1.
const PERIODICITY_MIN: f32 = 0.55;

/// Periods of voices, in samples: 400 Hz to 70 Hz.
const PERIODS: std::ops::Range<usize> = 20..115;

/// The detector of one call. Two detectors fed the same frames report the same.
#[derive(Debug, Clone)]
pub struct Detector {
    /// The last two frames, decoded, full scale 1.
    recent: [f32; 2 * FRAME_LEN],
    level_db: f32,
    floor_db: f32,
    /// Consecutive voiced frames.
    voiced_run: u32,
    speech: Option<Speech>,
}

#[derive(Debug, Clone)]
struct Speech {
    frames: u32,
    silent: u32,
}

impl Default for Detector {
    fn default() -> Self {
        Self::new()
    }
}

impl Detector {
    /// A detector that has heard nothing yet.
    pub fn new() -> Self {
        Self { recent: [0.0; 2 * FRAME_LEN], level_db: -96.0, floor_db: -45.0, voiced_run: 0, speech: None }
    }

    /// Hears the next 20 ms of the caller. `assistant_audible`: we are heard at the same time, so part of this may be
    /// our own echo, and the bar is higher.
    pub fn push(&mut self, frame: &Frame, assistant_audible: bool) -> Option<Activity> {
        self.recent.copy_within(FRAME_LEN.., 0);
        for (sample, &code) in self.recent[FRAME_LEN..].iter_mut().zip(frame) {
            *sample = f32::from(mulaw::decode(code)) / 32_768.0;
        }
        let voiced = self.hears_voice(assistant_audible);
        self.voiced_run = if voiced { self.voiced_run + 1 } else { 0 };
        self.report(voiced)
    }

    /// Whether a voice has started and not ended.
    pub fn is_voiced(&self) -> bool {
        self.speech.is_some()
    }

    /// The level of the last frame in dB of full scale, −96 or more.
    pub fn level_db(&self) -> f32 {
        self.level_db
    }

    fn hears_voice(&mut self, assistant_audible: bool) -> bool {
        let power: f32 = self.recent[FRAME_LEN..].iter().map(|sample| sample * sample).sum::<f32>() / FRAME_LEN as f32;
        self.level_db = 10.0 * power.max(2.5e-10).log10();
        let margin = if assistant_audible { ABOVE_FLOOR_AUDIBLE_DB } else { ABOVE_FLOOR_DB };
        let gate = self.level_db > (self.floor_db + margin).max(LEVEL_DB_MIN);
        let voiced = gate && periodicity(&self.recent) > PERIODICITY_MIN;
        self.follow_floor(voiced);
        voiced
    }

    /// Falls fast and rises slowly, more slowly still under a voice.
    fn follow_floor(&mut self, voiced: bool) {
        let gap = self.level_db.max(-70.0) - self.floor_db;
        let share = match (gap < 0.0, voiced) {
            (true, _) => 0.2,
            (false, false) => 0.03,
            (false, true) => 0.002,
        };
        self.floor_db += share * gap;
    }

    fn report(&mut self, voiced: bool) -> Option<Activity> {
        match &mut self.speech {
            None => (self.voiced_run >= 2).then(|| {
                self.speech = Some(Speech { frames: self.voiced_run, silent: 0 });
                Activity::Started
            }),
            Some(speech) => {
                speech.frames += 1;
                speech.silent = if voiced { 0 } else { speech.silent + 1 };
                if speech.silent < HANGOVER_FRAMES {
                    return None;
                }
                let voiced_ms = (speech.frames - speech.silent) * FRAME_MS as u32;
                self.speech = None;
                Some(Activity::Ended { voiced_ms })
            }
        }
    }
}

/// The highest normalised autocorrelation at the period of a voice, on every second sample.
fn periodicity(samples: &[f32; 2 * FRAME_LEN]) -> f32 {
    let halved: [f32; FRAME_LEN] = std::array::from_fn(|n| samples[2 * n] + samples[2 * n + 1]);
    let lag_max = PERIODS.end / 2;
    let window = &halved[lag_max..];
    let energy: f32 = window.iter().map(|sample| sample * sample).sum();
    let mut highest = 0.0_f32;
    for lag in PERIODS.start / 2..lag_max {
        let earlier = &halved[lag_max - lag..FRAME_LEN - lag];
        let (mut product, mut earlier_energy) = (0.0, 0.0);
        for (sample, before) in window.iter().zip(earlier) {
            product += sample * before;
            earlier_energy += before * before;
        }
        highest = highest.max(product / (energy * earlier_energy).sqrt().max(1e-9));
    }
    highest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::frame::SILENCE;

    /// A train of glottal pulses through one resonance: the simplest voice.
    fn voice(frame_index: usize) -> Frame {
        std::array::from_fn(|n| {
            let since_pulse = ((frame_index * FRAME_LEN + n) % 64) as f32;
            let sample = 9_000.0 * (-since_pulse / 18.0).exp() * (since_pulse * 0.5).cos();
            mulaw::encode(sample as i16)
        })
    }

    fn noise(seed: &mut u64, amplitude: i64) -> Frame {
        std::array::from_fn(|_| {
            *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            mulaw::encode(((*seed >> 33) as i64 % (2 * amplitude) - amplitude) as i16)
        })
    }

    #[test]
    fn a_voice_out_of_silence_is_reported_within_three_frames_and_ends_after_the_hangover() {
        let mut detector = Detector::new();
        for _ in 0..50 {
            assert_eq!(detector.push(&[SILENCE; FRAME_LEN], true), None);
        }
        let reports: Vec<_> = (0..25).filter_map(|n| detector.push(&voice(n), true).map(|it| (n, it))).collect();
        assert!(matches!(reports[..], [(0..=2, Activity::Started)]), "{reports:?}");
        assert!(detector.is_voiced());
        let reports: Vec<_> = (0..50).filter_map(|_| detector.push(&[SILENCE; FRAME_LEN], true)).collect();
        assert!(matches!(reports[..], [Activity::Ended { voiced_ms: 440..=520 }]), "{reports:?}");
        assert!(!detector.is_voiced());
    }

    #[test]
    fn steady_noise_is_no_voice() {
        let mut detector = Detector::new();
        let mut seed = 7;
        for _ in 0..500 {
            assert_eq!(detector.push(&noise(&mut seed, 3_000), false), None);
        }
    }
}
