//! Measures what becomes of our own voice when it comes back, and of a caller who speaks over it.
//!
//! ```sh
//! cargo run --release -p engine --example measure_echo -- FOLDER
//! ```
//!
//! FOLDER is laid out as for `measure_vad`; its speech are the callers. What we say are the committed phrases. Lines are
//! described in `lines.rs`. The detector always hears that the assistant is audible.

#![allow(missing_docs, unreachable_pub, clippy::print_stdout, reason = "a program that prints")]

#[allow(dead_code, reason = "shared with measure_vad")]
#[path = "../measure_vad/candidates.rs"]
mod candidates;
mod codec;
#[allow(dead_code, reason = "shared with measure_vad")]
#[path = "../measure_vad/corpus.rs"]
mod corpus;
mod lines;
mod listener;
#[allow(dead_code, reason = "shared with measure_vad")]
#[path = "../measure_vad/mix.rs"]
mod mix;
#[allow(dead_code, reason = "shared with measure_vad")]
#[path = "../measure_vad/tally.rs"]
mod tally;

use std::error::Error;
use std::path::Path;

use corpus::{Class, Clip};
use engine::audio::frame::{FRAME_LEN, Frame};
use engine::audio::mulaw;
use lines::{Codec, Return};
use listener::Listener;
use mix::{Line, Random};
use tally::{FalseStarts, Heard};

const DELAYS_MS: [usize; 6] = [40, 100, 200, 350, 500, 600];
const LOSSES_DB: [f32; 5] = [6.0, 12.0, 20.0, 30.0, 40.0];
const CODECS: [Codec; 3] = [Codec::Once, Codec::Twice, Codec::Mobile];

/// Amplitudes of the line's noise: −71 and −55 dB of full scale.
const NOISES: [f32; 2] = [0.000_5, 0.003];

/// How long we talk before a caller does, in samples.
const BEFORE: usize = 24_000;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: measure_echo FOLDER")?;
    let mut clips = corpus::read(Path::new(&folder))?;
    clips.retain(|clip| clip.class != Class::Noise);
    let phrases = lines::phrases(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/phrases")))?;
    print_echo_alone(&phrases);
    print_callers(&clips, &phrases);
    Ok(())
}

fn print_echo_alone(phrases: &[Vec<u8>]) {
    println!("| echo alone | starts a minute without, with | worst delay | left for speech-to-text dB | µs a frame |");
    println!("|---|---|---|---|---|");
    for codec in CODECS {
        for noise in NOISES {
            for loss_db in LOSSES_DB {
                let what = format!("{codec:?}, {loss_db} dB, noise {noise}");
                print_one_echo(&what, phrases, noise, |delay_ms| Return { delay_ms, loss_db, codec });
            }
        }
    }
}

fn print_one_echo(what: &str, phrases: &[Vec<u8>], noise: f32, back: impl Fn(usize) -> Return) {
    let (mut without, mut with) = (FalseStarts::default(), FalseStarts::default());
    let (mut before, mut after, mut worst, mut costs) = (0.0, 0.0, 0.0_f32, Vec::new());
    for (n, delay_ms) in DELAYS_MS.into_iter().enumerate() {
        let seed = n as u64 * 7 + 1;
        let prompts = lines::prompts(phrases, 240_000, 1_200, seed);
        let line = line(&lines::echo(&prompts, back(delay_ms), seed), noise, seed);
        without.hear(&mut Listener::new(&prompts, false), &line, 0);
        let mut listener = Listener::new(&prompts, true);
        let mut own = FalseStarts::default();
        own.hear(&mut listener, &line, 0);
        with.add(own);
        worst = worst.max(own.a_minute());
        before += energy(&samples(&line)[8_000..]);
        after += energy(&listener.out[8_000..]);
        costs.extend(listener.costs.iter().map(|cost| cost.as_secs_f32() * 1e6));
    }
    let left_db = 10.0 * (after / before).log10();
    // The mean of what is no interruption by somebody else's work.
    costs.sort_by(f32::total_cmp);
    let kept = &costs[..costs.len() * 99 / 100];
    let cost_us = kept.iter().sum::<f32>() / kept.len() as f32;
    println!(
        "| {what} | {:.1}, {:.2} | {worst:.1} | {left_db:.1} | {cost_us:.1} |",
        without.a_minute(),
        with.a_minute()
    );
}

fn print_callers(clips: &[Clip], phrases: &[Vec<u8>]) {
    println!(
        "\n| caller | beginnings | without echo: median, p95 ms, missed, already on | over the echo | caller to the rest dB, before, after |"
    );
    println!("|---|---|---|---|---|");
    for codec in [None, Some(Codec::Once), Some(Codec::Mobile)] {
        for loss_db in [12.0, 20.0] {
            for ratio_db in [10.0, 3.0, 0.0, -6.0] {
                let what = codec.map_or("no echo".to_owned(), |codec| format!("{codec:?}, {loss_db} dB"));
                print_one_caller(&format!("{ratio_db} dB over {what}"), clips, phrases, codec, loss_db, ratio_db);
            }
        }
    }
}

fn print_one_caller(
    what: &str,
    clips: &[Clip],
    phrases: &[Vec<u8>],
    codec: Option<Codec>,
    loss_db: f32,
    ratio_db: f32,
) {
    let (mut alone, mut over, mut touched) = (Heard::default(), Heard::default(), 0);
    let (mut voice, mut rest_before, mut rest_after) = (0.0, 0.0, 0.0);
    for (n, clip) in clips.iter().enumerate() {
        let seed = n as u64;
        let length = BEFORE + clip.samples.len() + 8_000;
        let prompts = lines::prompts(phrases, length, 300, seed);
        let back = Return { delay_ms: DELAYS_MS[n % 6], loss_db, codec: codec.unwrap_or(Codec::Once) };
        let echo = lines::echo(&prompts, back, seed);
        let caller = caller(clip, length, &echo, ratio_db);
        let mixed: Vec<f32> =
            caller.iter().zip(&echo).map(|(a, b)| a + if codec.is_some() { *b } else { 0.0 }).collect();
        let spoken = |line: Line| spoken(line, clip);
        let (quiet, mixed) = (spoken(line(&caller, 0.000_5, seed)), spoken(line(&mixed, 0.000_5, seed)));
        alone.hear(&mut Listener::new(&prompts, false), &quiet);
        let mut listener = Listener::new(&prompts, true);
        over.hear(&mut listener, &mixed);
        touched += listener.touched;
        let before = samples(&mixed);
        for &(start, end) in &mixed.speech {
            let range = start..end.min(listener.out.len());
            voice += energy(&caller[range.clone()]);
            rest_before += difference(&before[range.clone()], &caller[range.clone()]);
            rest_after += difference(&listener.out[range.clone()], &caller[range]);
        }
    }
    let db = |rest: f32| 10.0 * (voice / rest).log10();
    let [count, ..] = alone.counts();
    let figures = |heard: &Heard| {
        let [_, missed, already_on, _] = heard.counts();
        format!("{:.0}, {:.0}, {missed}, {already_on}", heard.delay_ms(0.5), heard.delay_ms(0.95))
    };
    let (before, after) = (db(rest_before), db(rest_after));
    println!(
        "| {what} | {count} | {} | {} | {before:.1}, {after:.1}, frames touched {touched} |",
        figures(&alone),
        figures(&over)
    );
}

/// A caller who begins when we have talked for a while, so much louder than our echo.
fn caller(clip: &Clip, length: usize, echo: &[f32], ratio_db: f32) -> Vec<f32> {
    let loud: Vec<f32> = echo.iter().copied().filter(|sample| sample.abs() > 1e-5).collect();
    let spoken: Vec<f32> = clip.speech.iter().flat_map(|&(start, end)| &clip.samples[start..end]).copied().collect();
    let mean = |samples: &[f32]| energy(samples) / samples.len().max(1) as f32;
    let gain = (mean(&loud) / mean(&spoken) * 10_f32.powf(ratio_db / 10.0)).sqrt();
    let quiet = std::iter::repeat_n(0.0, BEFORE);
    let mut caller: Vec<f32> = quiet.chain(clip.samples.iter().map(|sample| sample * gain)).collect();
    caller.resize(length, 0.0);
    caller
}

fn spoken(line: Line, clip: &Clip) -> Line {
    let speech = clip.speech.iter().map(|&(start, end)| (start + BEFORE, end + BEFORE)).collect();
    Line { speech, confirmed: clip.confirmed.iter().map(|start| start + BEFORE).collect(), ..line }
}

fn line(samples: &[f32], noise: f32, seed: u64) -> Line {
    let mut random = Random(seed);
    let noisy = samples.iter().map(|sample| sample + noise * random.sample());
    let codes: Vec<u8> = noisy.map(|sample| mulaw::encode((sample * 32_768.0) as i16)).collect();
    let frames: Vec<Frame> = codes.chunks_exact(FRAME_LEN).map(|chunk| std::array::from_fn(|n| chunk[n])).collect();
    Line { frames, speech: Vec::new(), confirmed: Vec::new() }
}

fn samples(line: &Line) -> Vec<f32> {
    line.frames.iter().flatten().map(|&code| f32::from(mulaw::decode(code)) / 32_768.0).collect()
}

fn energy(samples: &[f32]) -> f32 {
    samples.iter().map(|sample| sample * sample).sum()
}

fn difference(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum()
}
