//! The recordings: read from a folder with a manifest, all mono at 8 kHz.
//!
//! `manifest.json` lists `files`, each with `id`, `file` (a WAV of 16-bit samples), `class` (`speech`, `short` or
//! `noise`) and, for speech, `labels`: a JSON file of `[[start_s, end_s], …]`. A second such file, `labels_silero`, is
//! a second opinion: beginnings that it does not confirm are not counted.

use std::error::Error;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// One recording.
#[derive(Clone)]
pub struct Clip {
    pub id: String,
    /// Full scale is 1.
    pub samples: Vec<f32>,
    /// Where somebody speaks, in samples. Empty for noise.
    pub speech: Vec<(usize, usize)>,
    /// Where somebody begins to speak by a second opinion, in samples; the same beginnings when there is none.
    pub confirmed: Vec<usize>,
    pub class: Class,
}

/// What a recording is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Somebody talks for a while.
    Speech,
    /// Somebody says one word.
    Short,
    /// Nobody speaks.
    Noise,
}

#[derive(Deserialize)]
struct Manifest {
    files: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    file: String,
    class: Class,
    labels: Option<String>,
    labels_silero: Option<String>,
}

/// Every recording of a folder, in the order of its manifest.
pub fn read(folder: &Path) -> Result<Vec<Clip>, Box<dyn Error>> {
    let manifest: Manifest = json(&folder.join("manifest.json"))?;
    manifest.files.into_iter().map(|entry| entry.read(folder)).collect()
}

impl Clip {
    /// Whether this is a sound to speak over: it lasts, and is neither a tone nor something that happens now and then.
    pub fn is_background(&self) -> bool {
        let event = ["tone", "dtmf", "cough", "dog"].iter().any(|event| self.id.starts_with(event));
        self.class == Class::Noise && self.samples.len() >= 32_000 && !event
    }
}

impl Entry {
    fn read(self, folder: &Path) -> Result<Clip, Box<dyn Error>> {
        let samples = wav(&folder.join(&self.file))?;
        let seconds: Vec<(f64, f64)> = match &self.labels {
            Some(labels) => json(&folder.join(labels))?,
            None => Vec::new(),
        };
        let confirmed: Vec<(f64, f64)> = match &self.labels_silero {
            Some(labels) => json(&folder.join(labels))?,
            None => seconds.clone(),
        };
        let at = |seconds: f64| ((seconds * 8_000.0) as usize).min(samples.len());
        let speech = seconds.into_iter().map(|(start, end)| (at(start), at(end))).collect();
        let confirmed = confirmed.into_iter().map(|(start, _)| at(start)).collect();
        Ok(Clip { id: self.id, samples, speech, confirmed, class: self.class })
    }
}

fn json<T: DeserializeOwned>(path: &Path) -> Result<T, Box<dyn Error>> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?)
}

/// The samples of a WAV file: finds the `data` chunk, believes only 8 kHz mono 16 bit.
fn wav(path: &Path) -> Result<Vec<f32>, Box<dyn Error>> {
    let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut rest = bytes.get(12..).unwrap_or_default();
    while let [a, b, c, d, e, f, g, h, body @ ..] = rest {
        let len = (u32::from_le_bytes([*e, *f, *g, *h]) as usize).min(body.len());
        match &[*a, *b, *c, *d] {
            b"fmt " if body[2..8] != [1, 0, 0x40, 0x1f, 0, 0] || body[14..16] != [16, 0] => {
                return Err(format!("{}: expected mono, 8 kHz, 16 bit", path.display()).into());
            }
            b"data" => {
                let pairs = body[..len].chunks_exact(2);
                return Ok(pairs.map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32_768.0).collect());
            }
            _ => rest = body.get(len + len % 2..).unwrap_or_default(),
        }
    }
    Err(format!("{}: no audio in it", path.display()).into())
}

/// One part in so many of the voices and noises, told apart by name: what one part learns, another can test.
#[derive(Debug, Clone, Copy)]
pub struct Fold {
    pub part: u32,
    pub of: u32,
}

impl Fold {
    /// Takes `--fold K/N` out of the arguments; without it, the fold that holds nothing.
    pub fn take(args: &mut Vec<String>) -> Result<Self, Box<dyn Error>> {
        let Some(at) = args.iter().position(|arg| arg == "--fold") else { return Ok(Self { part: 1, of: 1 }) };
        let given: Vec<String> = args.drain(at..(at + 2).min(args.len())).collect();
        let parts = given.get(1).and_then(|text| text.split_once('/')).ok_or("--fold wants K/N, as in 0/3")?;
        Ok(Self { part: parts.0.parse()?, of: parts.1.parse()? })
    }

    /// Whether a recording belongs to this part. Recordings of one voice or one kind of tone stay together.
    pub fn holds(&self, id: &str) -> bool {
        let mut words = id.split('-');
        let first = words.next().unwrap_or_default();
        let own = match first {
            "fsdd" => words.next_back().unwrap_or(first),
            "libri" | "tux" | "sp" | "moh" | "mid" | "sc" => words.next().unwrap_or(first),
            _ => first,
        };
        own.bytes().fold(5_u32, |sum, byte| sum.wrapping_mul(33) ^ u32::from(byte)) % self.of == self.part
    }
}
