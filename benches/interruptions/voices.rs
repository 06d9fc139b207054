//! What callers say: to ask, to interrupt, and only to show that they listen.

use std::path::Path;

use anyhow::{Context, ensure};
use engine::audio::mulaw;
use rand::Rng;
use rand::rngs::StdRng;
use sandbox::clips::Clip;
use serde::Deserialize;

/// What can be asked for ever without the call coming to an end.
const QUESTIONS: [&str; 5] = ["how-much", "hours", "where", "parking", "by-card"];

const INTERRUPTIONS: [&str; 8] = ["how-much", "hours", "where", "parking", "by-card", "hold-on", "wait", "say-again"];

const BACKCHANNELS: [&str; 3] = ["mm-hm", "okay", "right"];

/// Samples from here on can be heard: −38 dB under full scale.
const AUDIBLE: u16 = 400;

/// A recording is cut off after so many seconds: an interruption is no speech.
const LONGEST_S: f64 = 2.5;

/// Said by recordings of which nobody knows the words.
const SOME_WORDS: &str = "could I just ask you something else";

/// Something to say, and where in it the voice begins and ends, in samples.
#[derive(Debug, Clone)]
pub struct Saying {
    pub id: String,
    pub audio: Vec<u8>,
    pub begins: usize,
    pub ends: usize,
}

/// All of them.
pub struct Voices {
    questions: Vec<Saying>,
    interruptions: Vec<Saying>,
    backchannels: Vec<Saying>,
    recordings: Vec<Clip>,
}

#[derive(Deserialize)]
struct Manifest {
    files: Vec<Recording>,
}

#[derive(Deserialize)]
struct Recording {
    id: String,
    class: String,
    #[serde(default)]
    language: String,
    ulaw: String,
    labels: Option<String>,
}

impl Voices {
    /// The sandbox's own, and, for interruptions, recordings from a folder in their place.
    pub fn new(utterances: &[Clip], folder: Option<&Path>) -> anyhow::Result<Self> {
        let of = |ids: &[&str]| -> Vec<Saying> {
            utterances.iter().filter(|clip| ids.contains(&clip.id.as_str())).map(Saying::of).collect()
        };
        let recordings = folder.map(recorded).transpose()?.unwrap_or_default();
        let interruptions =
            if recordings.is_empty() { of(&INTERRUPTIONS) } else { recordings.iter().map(Saying::of).collect() };
        Ok(Self { questions: of(&QUESTIONS), interruptions, backchannels: of(&BACKCHANNELS), recordings })
    }

    /// What speech-to-text has to be told of, so that it knows their words.
    pub fn recordings(&self) -> impl Iterator<Item = &Clip> {
        self.recordings.iter()
    }

    pub fn question(&self, random: &mut StdRng) -> &Saying {
        any(&self.questions, random)
    }

    pub fn interruption(&self, random: &mut StdRng) -> &Saying {
        any(&self.interruptions, random)
    }

    pub fn backchannel(&self, random: &mut StdRng) -> &Saying {
        any(&self.backchannels, random)
    }
}

impl Saying {
    fn of(clip: &Clip) -> Self {
        let is_audible = |code: &u8| mulaw::decode(*code).unsigned_abs() >= AUDIBLE;
        let begins = clip.audio.iter().position(is_audible).unwrap_or(0);
        let ends = clip.audio.iter().rposition(is_audible).map_or(clip.audio.len(), |last| last + 1);
        Self { id: clip.id.clone(), audio: clip.audio.clone(), begins, ends }
    }
}

fn any<'s>(sayings: &'s [Saying], random: &mut StdRng) -> &'s Saying {
    &sayings[random.random_range(0..sayings.len())]
}

/// The first stretch of speech of each recording of people who talk.
fn recorded(folder: &Path) -> anyhow::Result<Vec<Clip>> {
    let text = std::fs::read_to_string(folder.join("manifest.json")).context("the folder has no manifest.json")?;
    let manifest: Manifest = serde_json::from_str(&text).context("the manifest is not as measure_vad takes it")?;
    let talk =
        manifest.files.iter().filter(|file| file.class == "speech" && matches!(file.language.as_str(), "" | "en"));
    let mut clips = Vec::new();
    for file in talk {
        let Some(labels) = &file.labels else { continue };
        let audio = std::fs::read(folder.join(&file.ulaw)).with_context(|| file.ulaw.clone())?;
        let labels: Vec<(f64, f64)> = serde_json::from_str(&std::fs::read_to_string(folder.join(labels))?)?;
        let Some((from, _)) = labels.first() else { continue };
        let sample = |seconds: f64| ((seconds.max(0.0) * 8_000.0) as usize).min(audio.len());
        let piece = audio[sample(from - 0.1)..sample(from + LONGEST_S)].to_vec();
        clips.push(Clip::estimated(file.id.clone(), SOME_WORDS.to_owned(), piece));
    }
    ensure!(!clips.is_empty(), "the folder has no speech in it");
    Ok(clips)
}
