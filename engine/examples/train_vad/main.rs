//! Trains the network behind the voice-activity detector and writes its table of weights.
//!
//! ```sh
//! cargo run --release -p engine --example train_vad -- engine/src/audio/vad/weights.txt FOLDER…
//! ```
//!
//! Folders are laid out as for `measure_vad`; one that is named twice counts twice. Same folders, same table. With
//! `--fold K/N` one part in N of the voices and noises is left out, and `measure_vad` can be given the table to hear just
//! that part with. `--rounds N` sets how long to train; it takes a few seconds a round.

#![allow(missing_docs, unreachable_pub, clippy::print_stdout, reason = "a program that prints")]

#[allow(dead_code, reason = "shared with measure_vad")]
#[path = "../measure_vad/corpus.rs"]
mod corpus;
mod learning;
#[allow(dead_code, reason = "shared with measure_vad")]
#[path = "../measure_vad/mix.rs"]
mod mix;
mod scenes;
mod sounds;

use std::collections::VecDeque;
use std::error::Error;
use std::f32::consts::PI;
use std::fs;
use std::path::Path;

use engine::audio::vad::LEVEL_DB_MIN;
use engine::audio::vad::features::{Features, INPUTS};
use engine::audio::vad::network::Network;
use learning::{Example, Learner};
use mix::Random;
use scenes::Sources;

/// New made-up calls in a round, 40 minutes of audio; as many older ones are heard once more.
const CALLS: usize = 200;

/// Calls that are kept.
const POOL: usize = 1_000;

const ROUNDS: usize = 120;

/// Of learning, at first.
const RATE: f32 = 0.003;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let fold = corpus::Fold::take(&mut args)?;
    let rounds = match args.iter().position(|arg| arg == "--rounds") {
        Some(at) => args.drain(at..(at + 2).min(args.len())).next_back().unwrap_or_default().parse()?,
        None => ROUNDS,
    };
    let [out, folders @ ..] = &args[..] else {
        return Err("usage: train_vad TABLE [--fold K/N] [--rounds N] FOLDER…".into());
    };
    let mut clips = Vec::new();
    for folder in folders {
        let mut read = corpus::read(Path::new(folder))?;
        read.retain(|clip| !fold.holds(&clip.id));
        clips.extend(read);
    }
    println!("{} recordings", clips.len());
    train(&Sources::new(clips), rounds, Path::new(out))
}

/// The learning rate falls from its first to nearly zero along half a cosine.
fn train(sources: &Sources, rounds: usize, out: &Path) -> Result<(), Box<dyn Error>> {
    let (mut random, mut blur) = (Random(11), Random(17));
    let mut learner = Learner::new(&mut random);
    let mut calls: VecDeque<Vec<Example>> = VecDeque::with_capacity(POOL);
    for round in 0..rounds {
        for _ in 0..CALLS {
            calls.truncate(POOL - 1);
            calls.push_front(watch(&scenes::scene(sources, &mut random), &mut blur));
        }
        // The new ones, and as many of the pool once more.
        let again = (0..CALLS).map(|_| CALLS + random.below(POOL - CALLS)).filter_map(|n| calls.get(n));
        let lesson: Vec<&Vec<Example>> = calls.iter().take(CALLS).chain(again).collect();
        let through = round as f32 / rounds as f32;
        let rate = RATE * (0.5 + 0.5 * (PI * through).cos()) + RATE / 60.0;
        println!("round {round}: loss {:.4}", learner.learn(&lesson, rate));
        if round % 10 == 9 || round + 1 == rounds {
            fs::write(out, table(&learner.network()))?;
        }
    }
    Ok(())
}

/// A call as the network sees it, slightly blurred, so that it does not learn the recordings by heart.
fn watch(scene: &scenes::Scene, blur: &mut Random) -> Vec<Example> {
    let mut features = Features::default();
    let mut inputs = [0.0; INPUTS];
    let mut examples = Vec::with_capacity(scene.frames.len());
    for (n, frame) in scene.frames.iter().enumerate() {
        features.push(frame, &mut inputs);
        let blurred = inputs.map(|input| input + 0.08 * (blur.sample() + blur.sample()));
        // The detector does not ask the network about fainter frames.
        if features.level_db() >= LEVEL_DB_MIN {
            let inputs = blurred;
            examples.push(Example { inputs, wanted: scene.wanted[n], weight: scene.weight[n] });
        }
    }
    examples
}

fn table(network: &Network) -> String {
    let mut text = String::from(
        "# The voice-activity network, written by train_vad. A row for each neuron: 32 that condense the features, 32 that\n\
         # keep, 32 that consult, 32 that replace, the answer. Weights in hundredths, the bias last.\n",
    );
    for row in network.rows() {
        let weights: Vec<String> = row.iter().map(|weight| format!("{:.0}", weight * 100.0)).collect();
        text += &weights.join(" ");
        text.push('\n');
    }
    text
}
