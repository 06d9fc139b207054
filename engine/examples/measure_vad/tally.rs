//! What is counted: how late a voice is noticed, how often none is, when its end is reported, and what noise alone sets
//! off.

use engine::audio::frame::FRAME_LEN;

use crate::candidates::Candidate;
use crate::mix::Line;

/// Silence before a voice for its beginning to count as one: longer than the hangover.
const SILENCE_BEFORE: usize = 8 * 400;

/// A start this long before the label counts as at once: labels are drawn at 10 ms, and breath comes before the voice.
const EARLY: usize = 8 * 100;

/// A start later than this is a miss.
const LATE: usize = 8 * 1_000;

/// How far the second opinion may lie from a beginning and still confirm it.
const CONFIRMED_WITHIN: usize = 8 * 200;

/// Frames from a stop to the decision whether it was one: 500 ms.
const DECIDED_AFTER: usize = 25;

/// Shorter speech need not have been decided for by its voice: its words tell.
const INTERRUPTION: usize = 8 * 500;

/// How sure one must be for a stop to stay one, in per cent: those that are tried.
pub const PERCENTS: [u8; 9] = [10, 20, 30, 40, 50, 60, 70, 80, 90];

/// Beginnings and ends of speech and what became of them.
#[derive(Default, Clone)]
pub struct Heard {
    delays_ms: Vec<f32>,
    missed: usize,
    already_on: usize,
    doubtful: usize,
    ends_ms: Vec<f32>,
    /// What was decided of the interruptions that were noticed: how sure it was, 0 when it was over.
    pub decided: Vec<u8>,
}

impl Heard {
    /// Listens to a line and notes every beginning, and every end that was on until then.
    pub fn hear(&mut self, candidate: &mut dyn Candidate, line: &Line) {
        let said = candidate.hear(line);
        let on: Vec<bool> = said.iter().map(|said| said.0).collect();
        let starts: Vec<usize> = starts(&on).map(|n| (n + 1) * FRAME_LEN).collect();
        for (start, end) in joined(&line.speech) {
            self.note_end(&on, end);
            if !line.confirmed.iter().any(|&at| at.abs_diff(start) <= CONFIRMED_WITHIN) {
                self.doubtful += 1;
                continue;
            }
            let in_time = |&&at: &&usize| at + EARLY >= start && at < end.min(start + LATE);
            match starts.iter().find(in_time) {
                Some(&at) => {
                    self.delays_ms.push(at.saturating_sub(start) as f32 / 8.0);
                    if end - start >= INTERRUPTION {
                        self.decided.push(decision(&said, at / FRAME_LEN - 1));
                    }
                }
                None if on[(start / FRAME_LEN).min(on.len() - 1)] => self.already_on += 1,
                None => self.missed += 1,
            }
        }
    }

    fn note_end(&mut self, on: &[bool], end: usize) {
        let from = (end / FRAME_LEN).min(on.len() - 1);
        if on[from] {
            let more = on[from..].iter().position(|on| !on).unwrap_or(on.len() - from);
            self.ends_ms.push(20.0 * more as f32);
        }
    }

    /// The delay that a share of the beginnings does not exceed, in milliseconds from the label to the end of the frame
    /// that reported it. A miss is later than everything.
    pub fn delay_ms(&self, share: f32) -> f32 {
        let mut delays = self.delays_ms.clone();
        delays.resize(delays.len() + self.missed, f32::INFINITY);
        quantile(delays, share)
    }

    /// The delay from the end of speech to the report, in milliseconds, for a share of the ends.
    pub fn end_ms(&self, share: f32) -> f32 {
        quantile(self.ends_ms.clone(), share)
    }

    /// How many beginnings there were, how many of them went unnoticed for a second, how many came when the candidate was
    /// on already and so say nothing of its speed, and how many more the second opinion did not confirm.
    pub fn counts(&self) -> [usize; 4] {
        let all = self.delays_ms.len() + self.missed + self.already_on;
        [all, self.missed, self.already_on, self.doubtful]
    }
}

/// What noise alone set off.
#[derive(Default, Clone, Copy)]
pub struct FalseStarts {
    pub starts: usize,
    /// Of them, how many were taken for interruptions in the end, for each of [`PERCENTS`].
    pub believed: [usize; PERCENTS.len()],
    frames_on: usize,
    frames: usize,
}

impl FalseStarts {
    /// Listens to a line on which nobody speaks. `lead` frames at either end are not noise and do not count as time.
    pub fn hear(&mut self, candidate: &mut dyn Candidate, line: &Line, lead: usize) {
        let said = candidate.hear(line);
        let on: Vec<bool> = said.iter().map(|said| said.0).collect();
        self.starts += starts(&on).count();
        for start in starts(&on) {
            let sure = decision(&said, start);
            for (believed, percent) in self.believed.iter_mut().zip(PERCENTS) {
                *believed += usize::from(sure >= percent);
            }
        }
        self.frames_on += on.iter().filter(|&&on| on).count();
        self.frames += line.frames.len().saturating_sub(2 * lead);
    }

    pub fn add(&mut self, other: Self) {
        self.starts += other.starts;
        self.believed.iter_mut().zip(other.believed).for_each(|(sum, believed)| *sum += believed);
        self.frames_on += other.frames_on;
        self.frames += other.frames;
    }

    pub fn a_minute(&self) -> f32 {
        self.starts as f32 / (self.frames as f32 / 3_000.0)
    }

    /// Stops that stayed stops, a minute, when one must be as sure as this one of [`PERCENTS`].
    pub fn believed_a_minute(&self, which: usize) -> f32 {
        self.believed[which] as f32 / (self.frames as f32 / 3_000.0)
    }

    /// Share of the time that it was on, in per cent.
    pub fn on_percent(&self) -> f32 {
        100.0 * self.frames_on as f32 / self.frames as f32
    }
}

fn quantile(mut values: Vec<f32>, share: f32) -> f32 {
    values.sort_by(f32::total_cmp);
    let rank = (share * values.len() as f32) as usize;
    values.get(rank.min(values.len().saturating_sub(1))).copied().unwrap_or(f32::NAN)
}

/// How sure a candidate is of a voice half a second after its start; 0 when it is over.
fn decision(said: &[(bool, u8)], start: usize) -> u8 {
    let until = (start + DECIDED_AFTER).min(said.len() - 1);
    if said[start..=until].iter().all(|said| said.0) { said[until].1 } else { 0 }
}

fn starts(on: &[bool]) -> impl Iterator<Item = usize> {
    (0..on.len()).filter(|&n| on[n] && (n == 0 || !on[n - 1]))
}

/// Speech joined over short pauses.
fn joined(speech: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut joined: Vec<(usize, usize)> = Vec::new();
    for &(start, end) in speech {
        match joined.last_mut() {
            Some(last) if start < last.1 + SILENCE_BEFORE => last.1 = end,
            _ => joined.push((start, end)),
        }
    }
    joined
}
