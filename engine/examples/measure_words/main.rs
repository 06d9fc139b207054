//! Measures where words are thought to end in synthesized speech, against speech whose words are known.
//!
//! ```sh
//! engine/examples/measure_words/speak.py FOLDER fixtures/phrases/texts.txt
//! cargo run --release -p engine --example measure_words -- FOLDER
//! ```
//!
//! FOLDER holds `words.jsonl`, a line for each clip: its file, voice, text, and for each word when it ends and when the
//! next begins. An end anywhere in between is right. A cut is right when it finds the word that was being said.

#![allow(missing_docs, clippy::print_stdout, reason = "a program that prints")]

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use engine::audio::{mulaw, words};
use serde::Deserialize;

/// Between two cuts of a clip.
const CUT_EVERY_MS: usize = 37;

#[derive(Deserialize)]
struct Clip {
    clip: String,
    voice: String,
    text: String,
    ends_ms: Vec<(u32, u32)>,
}

/// What one way to guess showed for one voice.
#[derive(Default)]
struct Tally {
    errors_ms: Vec<u32>,
    cuts: usize,
    right: usize,
    within_one: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: measure_words FOLDER")?;
    let folder = Path::new(&folder);
    let mut tallies = BTreeMap::<(String, &str), Tally>::new();
    for line in fs::read_to_string(folder.join("words.jsonl"))?.lines() {
        let clip: Clip = serde_json::from_str(line)?;
        let audio = fs::read(folder.join(&clip.clip))?;
        let length_ms = (audio.len() / mulaw::BYTES_PER_MS) as u32;
        let guesses = [
            ("letters", by_letters(&clip.text, length_ms)),
            ("text", words::ends_by_text(&clip.text, length_ms)),
            ("text and audio", words::ends(&clip.text, &audio)),
        ];
        let family = clip.voice.split('-').next().unwrap_or_default().to_owned();
        for (name, guess) in guesses {
            tallies.entry((clip.voice.clone(), name)).or_default().add(&clip.ends_ms, &guess);
            tallies.entry((format!("{family}, all"), name)).or_default().add(&clip.ends_ms, &guess);
        }
    }
    println!("| voice | by | ends | median ms | p95 ms | right word % | within one % |\n|---|---|---|---|---|---|---|");
    for ((voice, name), tally) in &mut tallies {
        println!("| {voice} | {name} | {} |", tally.in_words());
    }
    Ok(())
}

impl Tally {
    fn add(&mut self, truth: &[(u32, u32)], guess: &[u32]) {
        let inner = truth.len() - 1;
        for ((from, to), end) in truth[..inner].iter().zip(guess) {
            self.errors_ms.push(from.saturating_sub(*end).max(end.saturating_sub(*to)));
        }
        for cut_ms in (0..truth[inner].0).step_by(CUT_EVERY_MS) {
            let guessed = guess.iter().filter(|end| **end <= cut_ms).count();
            let least = truth.iter().filter(|(_, next)| *next <= cut_ms).count();
            let most = truth.iter().filter(|(end, _)| *end <= cut_ms).count();
            self.cuts += 1;
            self.right += usize::from((least..=most).contains(&guessed));
            self.within_one += usize::from((least.saturating_sub(1)..=most + 1).contains(&guessed));
        }
    }

    fn in_words(&mut self) -> String {
        self.errors_ms.sort_unstable();
        let at = |part: f32| self.errors_ms[((self.errors_ms.len() - 1) as f32 * part) as usize];
        let percent = |count: usize| 100.0 * count as f32 / self.cuts as f32;
        format!(
            "{} | {} | {} | {:.1} | {:.1}",
            self.errors_ms.len(),
            at(0.5),
            at(0.95),
            percent(self.right),
            percent(self.within_one)
        )
    }
}

/// What words were thought to take before: as many characters as they have, and some for a comma or stop.
fn by_letters(text: &str, length_ms: u32) -> Vec<u32> {
    let weight = |word: &str| {
        let pause = match word.chars().last() {
            Some('.' | '?' | '!' | ';' | ':') => 6,
            Some(',') => 3,
            _ => 0,
        };
        word.chars().count() as u32 + 1 + pause
    };
    let total: u32 = text.split_whitespace().map(weight).sum();
    let mut passed = 0;
    let end = |word| {
        passed += weight(word);
        length_ms * passed / total
    };
    text.split_whitespace().map(end).collect()
}
