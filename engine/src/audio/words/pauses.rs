//! Where a voice is silent, by the energy of its audio.

use crate::audio::mulaw;

/// Energy is looked at in steps of this length.
pub(super) const STEP_MS: usize = 10;

/// Below this share of the loud steps' amplitude it is silent: 30 dB.
const SILENT: f32 = 0.0316;

/// The loud steps begin at this share of all.
const LOUD: f32 = 0.95;

/// A silence is a pause from here on. Shorter ones are the closures of a p, t or k.
const PAUSE_STEPS: usize = 7;

/// A word's end is looked for so far around where it is expected.
const NEAR_STEPS: usize = 3;

/// What a step further away must be quieter, as a ratio of amplitudes: 2 dB.
const FARTHER: f32 = 1.26;

/// The amplitude of each step.
pub(super) struct Loudness {
    levels: Vec<f32>,
    bar: f32,
}

/// A silence between words, in steps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pause {
    pub(super) from: usize,
    pub(super) to: usize,
    /// How much of the voice's sound is before it, 0 to 1.
    pub(super) progress: f32,
}

impl Loudness {
    pub(super) fn of(audio: &[u8]) -> Self {
        let level = |step: &[u8]| {
            let energy: f32 = step.iter().map(|code| f32::from(mulaw::decode(*code)).powi(2)).sum();
            (energy / step.len() as f32).sqrt()
        };
        let levels: Vec<f32> = audio.chunks_exact(STEP_MS * mulaw::BYTES_PER_MS).map(level).collect();
        let mut sorted = levels.clone();
        sorted.sort_by(f32::total_cmp);
        let loud = sorted.get((sorted.len() as f32 * LOUD) as usize).copied().unwrap_or_default();
        Self { levels, bar: loud * SILENT }
    }

    /// The first step of the voice, and the one after the last.
    pub(super) fn speech(&self) -> Option<(usize, usize)> {
        let first = self.levels.iter().position(|level| *level > self.bar)?;
        let last = self.levels.iter().rposition(|level| *level > self.bar)?;
        Some((first, last + 1))
    }

    /// The pauses between two steps, both of which are loud or next to one.
    pub(super) fn pauses(&self, first: usize, last: usize) -> Vec<Pause> {
        let mut pauses = Vec::new();
        let (mut sounds, mut from) = (0, first);
        for run in self.levels[first..last].chunk_by(|a, b| (*a > self.bar) == (*b > self.bar)) {
            let is_silent = run[0] <= self.bar;
            if is_silent && run.len() >= PAUSE_STEPS {
                pauses.push(Pause { from, to: from + run.len(), progress: sounds as f32 });
            } else {
                sounds += run.len();
            }
            from += run.len();
        }
        for pause in &mut pauses {
            pause.progress /= sounds.max(1) as f32;
        }
        pauses
    }

    /// The quietest step near one, strictly between two others.
    pub(super) fn quietest_near(&self, step: usize, from: usize, to: usize) -> usize {
        let (low, high) =
            ((step.saturating_sub(NEAR_STEPS)).max(from + 1), (step + NEAR_STEPS).min(to.saturating_sub(1)));
        let cost = |at: &usize| (self.levels[*at] + 1.0) * FARTHER.powi(at.abs_diff(step) as i32);
        (low..=high).min_by(|a, b| cost(a).total_cmp(&cost(b))).unwrap_or(step)
    }
}

impl Pause {
    pub(super) fn lasts_ms(self) -> f32 {
        ((self.to - self.from) * STEP_MS) as f32
    }
}
