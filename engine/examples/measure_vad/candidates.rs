//! The detector that ships, and what it is compared with, all seen the same way: a frame goes in, "on" or "off" comes out.

use engine::audio::frame::{FRAME_LEN, Frame};
use engine::audio::mulaw;
use engine::audio::vad::network::Network;
use engine::audio::vad::{Activity, Detector};

use crate::mix::Line;

/// Something that says after each frame whether it thinks that somebody speaks.
pub trait Candidate {
    fn is_on_after(&mut self, frame: &Frame) -> bool;

    /// How likely it takes what it is on from for somebody who talks, 0 to 100. Most say no more than "on".
    fn speech_percent(&self) -> u8 {
        100
    }

    /// What it says after each frame of a line: whether it is on, and how likely from speech.
    fn hear(&mut self, line: &Line) -> Vec<(bool, u8)> {
        line.frames.iter().map(|frame| (self.is_on_after(frame), self.speech_percent())).collect()
    }
}

/// What can be measured.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// The detector that ships, with a bar.
    Shipped { start: f32, assistant_audible: bool },
    /// Loudness alone.
    Energy,
    /// The crate `earshot` alone.
    Earshot,
}

impl Kind {
    /// A fresh one, as for a new call.
    pub fn make(self, network: &'static Network) -> Box<dyn Candidate> {
        match self {
            Self::Shipped { start, assistant_audible } => {
                Box::new(Shipped { detector: Detector::tuned(network, start), assistant_audible, percent: 0 })
            }
            Self::Energy => Box::new(Energy { floor_db: -45.0, held: Held::default() }),
            Self::Earshot => Box::new(Earshot::new()),
        }
    }
}

struct Shipped {
    detector: Detector,
    assistant_audible: bool,
    percent: u8,
}

impl Candidate for Shipped {
    fn is_on_after(&mut self, frame: &Frame) -> bool {
        match self.detector.push(frame, self.assistant_audible) {
            Some(Activity::Lasted { speech_percent, .. }) => self.percent = speech_percent,
            Some(Activity::Started | Activity::Ended { .. }) => self.percent = 0,
            None => {}
        }
        self.detector.is_voiced()
    }

    fn speech_percent(&self) -> u8 {
        self.percent
    }
}

/// Two frames make a start, twelve quiet ones an end.
#[derive(Default)]
struct Held {
    run: u32,
    quiet: u32,
    on: bool,
}

impl Held {
    fn after(&mut self, voiced: bool) -> bool {
        self.run = if voiced { self.run + 1 } else { 0 };
        self.quiet = if voiced { 0 } else { self.quiet + 1 };
        self.on = self.run >= 2 || self.on && self.quiet < 12;
        self.on
    }
}

/// Six decibels over a floor that falls fast and rises slowly.
struct Energy {
    floor_db: f32,
    held: Held,
}

impl Candidate for Energy {
    fn is_on_after(&mut self, frame: &Frame) -> bool {
        let power = frame.iter().map(|&code| f32::from(mulaw::decode(code)).powi(2)).sum::<f32>() / FRAME_LEN as f32;
        let level_db = 10.0 * (power / 32_768.0_f32.powi(2)).max(1e-7).log10();
        let voiced = level_db > (self.floor_db + 6.0).max(-55.0);
        self.floor_db += (level_db - self.floor_db) * if level_db < self.floor_db { 0.2 } else { 0.01 };
        self.held.after(voiced)
    }
}

/// The neural detector of the crate `earshot` at its default threshold, fed 256 samples at 16 kHz made by drawing lines
/// between ours: it fires on noise when the upper half of the band is empty, as a clean resampler leaves it.
struct Earshot {
    detector: Box<earshot::Detector<earshot::DefaultPredictor>>,
    waiting: Vec<i16>,
    last: i16,
    score: f32,
    held: Held,
}

impl Earshot {
    fn new() -> Self {
        let detector = earshot::Detector::default_boxed();
        Self { detector, waiting: Vec::with_capacity(1_024), last: 0, score: 0.0, held: Held::default() }
    }
}

impl Candidate for Earshot {
    fn is_on_after(&mut self, frame: &Frame) -> bool {
        for &code in frame {
            let sample = mulaw::decode(code);
            self.waiting.push(((i32::from(self.last) + i32::from(sample)) / 2) as i16);
            self.waiting.push(sample);
            self.last = sample;
        }
        while self.waiting.len() >= 256 {
            self.score = self.detector.predict_i16(&self.waiting[..256]);
            self.waiting.drain(..256);
        }
        self.held.after(self.score >= 0.5)
    }
}
