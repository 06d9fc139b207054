//! Is somebody speaking? Decided on the caller's 20 ms frames as they pass, so that the assistant can fall silent within
//! two or three of them.
//!
//! ```text
//! frame ─► gate ─► features ─► network ─► odds ─► started / lasted / ended
//!          level   floors,     memory of    bars, hangover, evidence
//!                  spectrum,   the call
//!                  pitch
//! ```
//!
//! The network is small (some 10,000 weights, a few microseconds a frame) and was trained on made-up calls by the example
//! `train_vad`; how well it does, and against what, is in `docs/performance.md`. The start is quick, because stopping
//! the assistant can be taken back; the end waits for a pause. Same frames, same reports.

pub mod features;
pub mod network;
mod pitch;
mod spectrum;
mod voice;

use features::{Features, INPUTS};
use network::{Memory, NOTHING, Network};
use voice::{Step, UsualLevel, Voice};

use crate::audio::frame::Frame;

/// A change that the detector reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// A voice began, with this frame or the few before it.
    Started,
    /// The voice goes on. Reported every 100 ms.
    Lasted {
        /// From the frame that started it to the last voiced one.
        voiced_ms: u32,
        /// How likely it is somebody near who talks, 0 to 100: and no cough, laughter, noise, or voice far away.
        speech_percent: u8,
    },
    /// The voice has been gone for the hangover.
    Ended {
        /// From the frame that started it to the last voiced one.
        voiced_ms: u32,
    },
}

/// Below this level, in dB of full scale, a line carries no voice worth stopping for, and the network is not asked. Line
/// noise of a quiet call lies at −75 to −65, the faintest caller of the recordings speaks at −45.
pub const LEVEL_DB_MIN: f32 = -62.0;

/// How sure the network must be, as the natural logarithm of the odds, for one frame to be a start while the assistant is
/// audible. Chosen on recordings that the network had not learnt from, for at most about 1.5 starts a minute on noise.
pub const START: f32 = 1.0;

/// Two frames in a row start with less.
const START_TWICE_LESS: f32 = 1.0;

/// While the assistant is silent there is nothing to stop, and a start costs less than a late one.
const START_SILENT_LESS: f32 = 0.5;

/// How sure it must stay for the voice to go on.
const STAY: f32 = -0.5;

/// The detector of one call: less than 3 KiB, no allocation.
#[derive(Debug, Clone)]
pub struct Detector {
    network: &'static Network,
    start: f32,
    features: Features,
    inputs: [f32; INPUTS],
    memory: Memory,
    /// The answer to the frame before.
    before: f32,
    voice: Option<Voice>,
    usual: UsualLevel,
}

impl Default for Detector {
    fn default() -> Self {
        Self::new()
    }
}

impl Detector {
    /// A detector that has heard nothing yet. The first of a process reads the table of weights.
    pub fn new() -> Self {
        Self::tuned(Network::trained(), START)
    }

    /// A detector of another temper, to measure with: another network, another bar for one frame to be a start.
    pub fn tuned(network: &'static Network, start: f32) -> Self {
        Self {
            network,
            start,
            features: Features::default(),
            inputs: [0.0; INPUTS],
            memory: Memory::default(),
            before: NOTHING,
            voice: None,
            usual: UsualLevel::default(),
        }
    }

    /// Hears the next 20 ms of the caller; a frame that was lost is best left out. `assistant_audible`: we are heard at
    /// the same time, so a start would stop us, and the bar is higher.
    pub fn push(&mut self, frame: &Frame, assistant_audible: bool) -> Option<Activity> {
        let odds = self.log_odds(frame);
        let start = if assistant_audible { self.start } else { self.start - START_SILENT_LESS };
        let starts = odds >= start || odds.min(self.before) >= start - START_TWICE_LESS;
        self.before = odds;
        if self.voice.is_some() {
            return self.last(odds);
        }
        starts.then(|| {
            self.voice = Some(Voice::new(odds, self.level_db()));
            Activity::Started
        })
    }

    /// One more frame of a voice.
    fn last(&mut self, odds: f32) -> Option<Activity> {
        let level_db = self.level_db();
        let voice = self.voice.as_mut()?;
        let step = voice.lasts(odds, level_db, odds >= STAY);
        let voiced_ms = voice.voiced_ms();
        match step {
            Step::Quiet => None,
            Step::Report => Some(Activity::Lasted { voiced_ms, speech_percent: voice.speech_percent(&self.usual) }),
            Step::Ended => {
                self.usual.learn(voice);
                self.voice = None;
                Some(Activity::Ended { voiced_ms })
            }
        }
    }

    /// Takes a frame in and gives the network's answer to it: the natural logarithm of the odds that somebody speaks.
    /// [`push`](Self::push) is this with a judgement; who calls it directly measures or draws.
    pub fn log_odds(&mut self, frame: &Frame) -> f32 {
        self.features.push(frame, &mut self.inputs);
        if self.features.level_db() < LEVEL_DB_MIN {
            return NOTHING;
        }
        self.network.hear(&self.inputs, &mut self.memory)
    }

    /// Whether a voice has started and not ended.
    pub fn is_voiced(&self) -> bool {
        self.voice.is_some()
    }

    /// The level of the last frame in dB of full scale, −96 or more.
    pub fn level_db(&self) -> f32 {
        self.features.level_db()
    }
}

#[cfg(test)]
mod tests {
    use std::f32::consts::TAU;

    use super::*;
    use crate::audio::frame::{FRAME_LEN, SILENCE};
    use crate::audio::mulaw;

    /// An endless sound, cut into frames.
    fn frames(mut sample: impl FnMut(usize) -> f32) -> impl Iterator<Item = Frame> {
        let mut at = 0;
        std::iter::repeat_with(move || {
            std::array::from_fn(|_| {
                at += 1;
                mulaw::encode(sample(at - 1) as i16)
            })
        })
    }

    /// Pulses of vocal cords, their pitch gliding, through three resonances of a mouth that opens and closes.
    fn voice(amplitude: f32) -> impl FnMut(usize) -> f32 {
        let mut phase = 0.0_f32;
        let mut past = [[0.0_f32; 2]; 3];
        move |n| {
            let seconds = n as f32 / 8_000.0;
            phase += (125.0 + 15.0 * (TAU * 1.3 * seconds).sin()) / 8_000.0;
            let pulse = if phase >= 1.0 { 1.0 } else { 0.0 };
            phase = phase.fract();
            let open = 0.5 + 0.5 * (TAU * 3.0 * seconds).sin();
            let formants = [350.0 + 350.0 * open, 1_900.0 - 700.0 * open, 2_600.0];
            let mut sound = 0.0;
            for (past, formant) in past.iter_mut().zip(formants) {
                let out = pulse + 2.0 * 0.96 * (TAU * formant / 8_000.0).cos() * past[0] - 0.96 * 0.96 * past[1];
                *past = [out, past[0]];
                sound += out;
            }
            amplitude * sound
        }
    }

    fn noise(mut seed: u64, amplitude: f32) -> impl FnMut(usize) -> f32 {
        move |_| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            amplitude * ((seed >> 40) as f32 / (1 << 23) as f32 - 1.0)
        }
    }

    /// Every start and end with the number of its frame.
    fn reports(detector: &mut Detector, frames: impl Iterator<Item = Frame>, audible: bool) -> Vec<(usize, Activity)> {
        all_reports(detector, frames, audible)
            .filter(|(_, activity)| !matches!(activity, Activity::Lasted { .. }))
            .collect()
    }

    fn all_reports(
        detector: &mut Detector,
        frames: impl Iterator<Item = Frame>,
        audible: bool,
    ) -> impl Iterator<Item = (usize, Activity)> {
        frames.enumerate().filter_map(move |(n, frame)| Some((n, detector.push(&frame, audible)?)))
    }

    fn starts(reports: &[(usize, Activity)]) -> usize {
        reports.iter().filter(|(_, activity)| *activity == Activity::Started).count()
    }

    #[test]
    fn a_voice_out_of_line_noise_is_reported_within_three_frames_and_ends_after_the_hangover() {
        let mut detector = Detector::new();
        assert_eq!(reports(&mut detector, frames(noise(1, 20.0)).take(60), true), []);
        let spoken = reports(&mut detector, frames(voice(1_500.0)).take(40), true);
        assert!(matches!(spoken[..], [(0..=2, Activity::Started)]), "{spoken:?}");
        assert!(detector.is_voiced() && detector.level_db() > -40.0);
        let after = reports(&mut detector, frames(noise(1, 20.0)).take(60), true);
        assert!(matches!(after[..], [(8..=20, Activity::Ended { voiced_ms: 600..=980 })]), "{after:?}");
        assert!(!detector.is_voiced());
    }

    #[test]
    fn a_voice_that_goes_on_is_judged_every_100_ms() {
        let mut detector = Detector::new();
        assert_eq!(reports(&mut detector, frames(noise(1, 20.0)).take(60), true), []);
        let all: Vec<_> = all_reports(&mut detector, frames(voice(1_500.0)).take(31), true).collect();
        let [(first, Activity::Started), rest @ ..] = &all[..] else { panic!("{all:?}") };
        assert!(rest.len() >= 5, "{all:?}");
        for (n, &(at, activity)) in (1..).zip(rest) {
            let Activity::Lasted { voiced_ms, speech_percent } = activity else { panic!("{all:?}") };
            assert_eq!(at - first, 5 * n - 1);
            assert_eq!(voiced_ms as usize, 100 * n);
            assert!(speech_percent >= 50, "{all:?}");
        }
    }

    #[test]
    fn silence_says_nothing() {
        let mut detector = Detector::new();
        assert_eq!(reports(&mut detector, std::iter::repeat_n([SILENCE; FRAME_LEN], 500), false), []);
        assert_eq!(detector.level_db(), -96.0);
    }

    #[test]
    fn steady_noise_of_any_level_is_no_voice() {
        for amplitude in [30.0, 300.0, 3_000.0, 20_000.0] {
            let heard = reports(&mut Detector::new(), frames(noise(7, amplitude)).take(500), true);
            assert_eq!(starts(&heard), 0, "at {amplitude}: {heard:?}");
        }
    }

    #[test]
    fn keys_and_the_tones_of_exchanges_are_no_voice() {
        // Keys 1, 5, 9 and # (ITU-T Q.23); American ringing and busy.
        for (low, high) in [(697, 1_209), (770, 1_336), (852, 1_477), (941, 1_477), (440, 480), (480, 620)] {
            let tone = move |tone_hz: i32, n: usize| (TAU * ((tone_hz * n as i32) % 8_000) as f32 / 8_000.0).sin();
            let pair = move |n: usize| if n % 8_000 < 4_000 { 4_000.0 * (tone(low, n) + tone(high, n)) } else { 0.0 };
            let heard = reports(&mut Detector::new(), frames(move |n| pair(n % 40_000)).take(250), true);
            assert_eq!(starts(&heard), 0, "{low} and {high} Hz: {heard:?}");
        }
    }

    #[test]
    fn clicks_are_no_voice() {
        let mut hiss = noise(3, 9_000.0);
        let click = move |n: usize| hiss(n) * (-((n % 3_000) as f32) / 30.0).exp();
        let heard = reports(&mut Detector::new(), frames(click).take(500), true);
        assert_eq!(starts(&heard), 0, "{heard:?}");
    }

    #[test]
    fn the_bar_is_no_lower_while_the_assistant_is_audible() {
        let line = || {
            let (mut voice, mut noise) = (voice(600.0), noise(5, 900.0));
            frames(move |n| noise(n) + if n > 16_000 { voice(n) } else { 0.0 }).take(200)
        };
        let first =
            |audible| reports(&mut Detector::new(), line(), audible).first().map_or(usize::MAX, |report| report.0);
        assert!(first(true) >= first(false));
    }

    #[test]
    fn same_frames_same_reports() {
        let line = || {
            let (mut voice, mut noise) = (voice(1_500.0), noise(9, 400.0));
            frames(move |n| noise(n) + if n % 24_000 > 12_000 { voice(n) } else { 0.0 }).take(600)
        };
        let heard = reports(&mut Detector::new(), line(), true);
        assert!(starts(&heard) >= 3, "{heard:?}");
        assert_eq!(heard, reports(&mut Detector::new(), line(), true));
    }

    #[test]
    fn a_detector_is_small() {
        assert!(size_of::<Detector>() < 3_072, "{}", size_of::<Detector>());
    }
}
