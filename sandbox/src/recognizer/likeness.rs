//! Speech that is not known to the sample, but sounds like a clip: quieter, noisy, resampled. Each clip is laid along
//! the speech as it comes, bent in time as needed (dynamic time warping), and the one that fits best is what was said;
//! how well it fits is the confidence.

use std::sync::Arc;

use engine::audio::frame::FRAME_LEN;

use crate::recognizer::HeardWord;
use crate::recognizer::features::{BANDS, Features, Sound};
use crate::recognizer::lexicon::{Entry, Known, PHASES};

/// How far a clip may run ahead of the speech or behind it, in frames: 0.4 s.
const BEND: usize = 20;

/// Where in a clip speech may begin, in frames: detectors differ in what they take for the beginning.
const LATE_START: usize = 15;

/// What it costs to linger on a sound or to skip one.
const BEND_COST: f32 = 0.01;

/// Frames after which only the best clips are followed further: 0.5 s.
const PRUNE_AT: usize = 25;

/// How many those are.
const FOLLOWED: usize = 300;

/// Frames before anything is said: 0.3 s.
const FRAMES_MIN: usize = 15;

/// Longer speech is no clip: 20 s.
const FRAMES_MAX: usize = 1_000;

/// Speech is at least this loud over all its frames, where 1 is a frame at its loudest in all bands. Less is noise.
const LOUDNESS_MIN: f32 = 4.0;

/// Mean difference of a sound at which nothing is recognized any more.
const DIFFERENCE_MAX: f32 = 0.28;

/// Difference up to which there is hardly a doubt.
const DIFFERENCE_SURE: f32 = 0.08;

/// Less confidence than this is none. Of ten minutes of people's speech and of noises, four words in all are mistaken for
/// a clip's with more; what is known and in noise of 15 dB has 0.27 and more.
const CONFIDENCE_MIN: f32 = 0.1;

/// One clip laid along the speech.
#[derive(Debug)]
struct Fit {
    entry: Arc<Entry>,
    phase: usize,
    /// What it takes to be at each of the clip's sounds now.
    ways: Vec<Way>,
}

/// The cheapest way to a sound of a clip.
#[derive(Debug, Clone, Copy)]
struct Way {
    cost: f32,
    /// Which frame of the speech was the clip's first.
    began: i32,
}

const NO_WAY: Way = Way { cost: f32::INFINITY, began: 0 };

/// One stretch of speech being compared.
#[derive(Debug)]
pub(super) struct Likeness {
    /// The stream's sample at which the speech begins.
    from: u64,
    features: Features,
    heard: usize,
    loud: f32,
    fits: Vec<Fit>,
    waiting: Vec<Sound>,
}

/// The best of them.
struct Best<'a> {
    fit: &'a Fit,
    at: usize,
    began: i32,
    difference: f32,
}

impl Likeness {
    /// Begins to compare speech that starts at a sample of the stream, on a line with this much noise.
    pub(super) fn new(from: u64, noise_db: f32, known: &Known) -> Self {
        let begun = |entry: &Arc<Entry>, phase| Fit { entry: Arc::clone(entry), phase, ways: Vec::new() };
        let fits = known.entries().flat_map(|entry| (0..PHASES).map(move |phase| begun(entry, phase))).collect();
        Self { from, features: Features::new(noise_db), heard: 0, loud: 0.0, fits, waiting: Vec::new() }
    }

    /// Takes more of the speech.
    pub(super) fn push(&mut self, audio: &[u8]) {
        let mut sounds = std::mem::take(&mut self.waiting);
        self.features.push(audio, &mut sounds);
        for sound in &sounds {
            if self.heard < FRAMES_MAX {
                self.take(sound);
            }
        }
        sounds.clear();
        self.waiting = sounds;
    }

    /// The words that went by, if they are like a clip's.
    pub(super) fn words(&self) -> Vec<HeardWord> {
        let Some(best) = self.best() else { return Vec::new() };
        let confidence = confidence(best.difference);
        if self.heard < FRAMES_MIN || self.loud < LOUDNESS_MIN || confidence < CONFIDENCE_MIN {
            return Vec::new();
        }
        let start = self.from as i64 + i64::from(best.began) * FRAME_LEN as i64;
        let place = |sample: u32| (start + i64::from(sample)).max(0) as u64;
        let reached = best.at as u32 * FRAME_LEN as u32;
        let words = best.fit.entry.clip.words.iter().filter(|word| word.to <= reached);
        words
            .map(|word| HeardWord { text: word.text.clone(), from: place(word.from), to: place(word.to), confidence })
            .collect()
    }

    fn take(&mut self, sound: &Sound) {
        for fit in &mut self.fits {
            fit.take(self.heard, sound);
        }
        self.heard += 1;
        self.loud += sound.iter().sum::<f32>() / BANDS as f32;
        if self.heard == PRUNE_AT && self.fits.len() > FOLLOWED {
            self.fits.sort_by(|a, b| a.lowest().1.cost.total_cmp(&b.lowest().1.cost));
            self.fits.truncate(FOLLOWED);
        }
    }

    fn best(&self) -> Option<Best<'_>> {
        let fits = self.fits.iter().map(|fit| (fit, fit.lowest()));
        let (fit, (at, way)) = fits.min_by(|(_, (_, a)), (_, (_, b))| a.cost.total_cmp(&b.cost))?;
        // Silence is like silence; only what was loud tells one clip from another.
        Some(Best { fit, at, began: way.began, difference: way.cost / self.loud.max(1.0) })
    }
}

impl Fit {
    /// One step: the speech's next sound is one of the clip's, at, one, or two after where it was.
    fn take(&mut self, heard: usize, sound: &Sound) {
        let clip = self.entry.sounds(self.phase);
        let end = clip.len();
        if heard == 0 {
            self.ways = vec![NO_WAY; end];
            for (at, other) in clip.iter().enumerate().take(LATE_START) {
                self.ways[at] = Way { cost: difference(sound, other), began: 1 - at as i32 };
            }
            return;
        }
        let (first, last) = (heard.saturating_sub(BEND).min(end - 1), (heard + BEND).min(end - 1));
        for at in (first..=last).rev() {
            // Silence before and after may be of any length.
            let lingering = if at == 0 || at == end - 1 { 0.0 } else { BEND_COST };
            let mut way = self.ways[at].longer(lingering);
            if at >= 1 {
                way = way.or(self.ways[at - 1]);
            }
            if at >= 2 {
                way = way.or(self.ways[at - 2].longer(BEND_COST));
            }
            way.cost += difference(sound, &clip[at]);
            if at == 0 {
                way.began = heard as i32 + 1;
            }
            self.ways[at] = way;
        }
        self.ways[..first].fill(NO_WAY);
    }

    /// Where in the clip it is cheapest to be, and what that takes.
    fn lowest(&self) -> (usize, Way) {
        let ways = self.ways.iter().copied().enumerate();
        ways.min_by(|(_, a), (_, b)| a.cost.total_cmp(&b.cost)).unwrap_or((0, NO_WAY))
    }
}

impl Way {
    fn longer(self, cost: f32) -> Self {
        Self { cost: self.cost + cost, ..self }
    }

    fn or(self, other: Self) -> Self {
        if other.cost < self.cost { other } else { self }
    }
}

fn difference(a: &Sound, b: &Sound) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum::<f32>() / BANDS as f32
}

fn confidence(difference: f32) -> f32 {
    ((DIFFERENCE_MAX - difference) / (DIFFERENCE_MAX - DIFFERENCE_SURE)).clamp(0.0, 0.98)
}
