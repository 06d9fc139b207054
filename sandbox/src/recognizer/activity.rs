//! Whether somebody speaks, by level alone: louder than what the line has been like of late.

use std::collections::VecDeque;

use engine::audio::mulaw;

/// Samples judged at a time: 10 ms.
pub(super) const HOP: usize = 80;

/// Speech is at least this much above the quietest of late.
const ABOVE_FLOOR_DB: f32 = 9.0;

/// Below this nothing is speech, however quiet the line.
const QUIETEST_DB: f32 = -50.0;

/// Above this everything is speech, however loud the line has been since it opened.
const FLOOR_MAX_DB: f32 = -30.0;

/// Hops averaged before the quietest is taken.
const SMOOTHED: usize = 5;

/// Averages the quietest is taken of: 1.5 s. Speech pauses, at least between syllables, more often than that.
const REMEMBERED: usize = 150;

/// Hops in a row that begin speech. A click has fewer.
const ONSET_HOPS: u32 = 3;

/// Silence, in samples, after which voice is a new beginning and not the same breath: 300 ms.
const BREATH: u64 = 2_400;

/// Follows the level of one stream.
#[derive(Debug)]
pub(super) struct Activity {
    hop: Vec<u8>,
    position: u64,
    recent: VecDeque<f32>,
    averages: VecDeque<f32>,
    loud_in_a_row: u32,
    started: Option<u64>,
    last_voice: Option<u64>,
}

impl Activity {
    pub(super) fn new() -> Self {
        Self {
            hop: Vec::with_capacity(HOP),
            position: 0,
            recent: VecDeque::with_capacity(SMOOTHED),
            averages: VecDeque::with_capacity(REMEMBERED),
            loud_in_a_row: 0,
            started: None,
            last_voice: None,
        }
    }

    pub(super) fn push(&mut self, audio: &[u8]) {
        for &code in audio {
            self.hop.push(code);
            if self.hop.len() == HOP {
                self.position += HOP as u64;
                let level = level_db(&self.hop);
                self.hop.clear();
                self.judge(level);
            }
        }
    }

    /// Where the present or latest stretch of speech began.
    pub(super) fn started(&self) -> Option<u64> {
        self.started
    }

    /// Where voice was last heard, as the sample after it.
    pub(super) fn last_voice(&self) -> Option<u64> {
        self.last_voice
    }

    /// The line's own noise: the quietest of late.
    pub(super) fn noise_db(&self) -> f32 {
        self.averages.iter().copied().fold(f32::INFINITY, f32::min)
    }

    fn judge(&mut self, level: f32) {
        self.remember(level);
        let floor = self.noise_db();
        if level < QUIETEST_DB || level < floor.min(FLOOR_MAX_DB) + ABOVE_FLOOR_DB {
            self.loud_in_a_row = 0;
            return;
        }
        self.loud_in_a_row += 1;
        let within_a_breath = self.last_voice.is_some_and(|last| self.position - last < BREATH);
        if within_a_breath {
            self.last_voice = Some(self.position);
        } else if self.loud_in_a_row >= ONSET_HOPS {
            self.started = Some(self.position - u64::from(ONSET_HOPS) * HOP as u64);
            self.last_voice = Some(self.position);
        }
    }

    fn remember(&mut self, level: f32) {
        if self.recent.len() == SMOOTHED {
            self.recent.pop_front();
        }
        self.recent.push_back(level);
        if self.averages.len() == REMEMBERED {
            self.averages.pop_front();
        }
        self.averages.push_back(self.recent.iter().sum::<f32>() / self.recent.len() as f32);
    }
}

/// Level of some µ-law in decibels below full scale; silence is -90.
pub(super) fn level_db(audio: &[u8]) -> f32 {
    let squares: f32 = audio.iter().map(|&code| f32::from(mulaw::decode(code)).powi(2)).sum();
    let power = squares / audio.len().max(1) as f32 / 32_768_f32.powi(2);
    10.0 * power.max(1e-9).log10()
}
