//! A call as the driver hears it: what we play is told ahead of the ear, the echo is taken out or not, and the voice
//! detector judges what is left.

use std::iter::Peekable;
use std::slice::Iter;
use std::time::{Duration, Instant};

use engine::audio::echo::{Echo, Verdict};
use engine::audio::frame::{FRAME_LEN, Frame};
use engine::audio::mulaw;
use engine::audio::playout::LEAD_MS;
use engine::audio::vad::Detector;
use engine::time::CallTime;

use crate::candidates::Candidate;
use crate::lines::Prompts;

/// How far ahead frames are played, in samples.
const LEAD: usize = LEAD_MS as usize * 8;

/// One side of a call that listens.
pub struct Listener<'p> {
    prompts: Peekable<Iter<'p, (usize, Frame)>>,
    echo: Option<Echo>,
    detector: Detector,
    at: usize,
    /// What came out, in samples of full scale 1.
    pub out: Vec<f32>,
    /// Frames that were changed.
    pub touched: usize,
    /// What taking the echo out took, frame by frame.
    pub costs: Vec<Duration>,
}

impl<'p> Listener<'p> {
    pub fn new(prompts: &'p Prompts, takes_echo_out: bool) -> Self {
        Self {
            prompts: prompts.frames.iter().peekable(),
            echo: takes_echo_out.then(Echo::default),
            detector: Detector::new(),
            at: 0,
            out: Vec::new(),
            touched: 0,
            costs: Vec::new(),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "a stopwatch outside the product")]
    fn take_out(&mut self, frame: &mut Frame) {
        let Some(echo) = &mut self.echo else { return };
        let started = Instant::now();
        while let Some((at, ours)) = self.prompts.next_if(|(at, _)| *at <= self.at + FRAME_LEN + LEAD) {
            echo.played(CallTime::from_us(*at as u64 * 125), ours);
        }
        let verdict = echo.hear(self.at as u64 / 8, frame);
        self.costs.push(started.elapsed());
        self.touched += usize::from(verdict != Verdict::Untouched);
    }
}

impl Candidate for Listener<'_> {
    fn is_on_after(&mut self, frame: &Frame) -> bool {
        let mut voice = *frame;
        self.take_out(&mut voice);
        self.at += FRAME_LEN;
        self.out.extend(voice.iter().map(|&code| f32::from(mulaw::decode(code)) / 32_768.0));
        self.detector.push(&voice, true);
        self.detector.is_voiced()
    }
}
