//! Measures the voice-activity detector on recordings, beside simpler ones.
//!
//! ```sh
//! cargo run --release -p engine --example measure_vad -- FOLDER [TABLE…]
//! ```
//!
//! FOLDER is described in `corpus.rs`. Speech is mixed with every noise of the folder that lasts four seconds and is
//! neither a tone nor an event, at 20, 10, 5 and 0 dB, after one second of that noise; noises are also heard alone, at
//! three levels. With N tables, the K-th of which was trained with `--fold K/N`, everything is heard by the network that
//! did not learn from it; without, by the one that ships.

#![allow(missing_docs, unreachable_pub, clippy::print_stdout, reason = "a program that prints")]

mod candidates;
#[allow(dead_code, reason = "shared with train_vad")]
mod corpus;
#[allow(dead_code, reason = "shared with train_vad")]
mod mix;
mod tally;

use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::Instant;

use candidates::Kind;
use corpus::{Class, Clip, Fold};
use engine::audio::frame::{FRAME_LEN, Frame};
use engine::audio::vad::START;
use engine::audio::vad::network::Network;
use tally::{FalseStarts, Heard, PERCENTS};

const SNRS_DB: [Option<f32>; 5] = [None, Some(20.0), Some(10.0), Some(5.0), Some(0.0)];

const CANDIDATES: [(&str, Kind); 4] = [
    ("the detector, assistant audible", Kind::Shipped { start: START, assistant_audible: true }),
    ("the detector, assistant silent", Kind::Shipped { start: START, assistant_audible: false }),
    ("energy over an adaptive floor", Kind::Energy),
    ("earshot 1.2, linear 2x, threshold 0.5", Kind::Earshot),
];

/// The one of [`PERCENTS`] that decides.
const EVEN: usize = 4;

/// Recordings, and the network that is to hear them.
struct Part {
    clips: Vec<Clip>,
    network: &'static Network,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [folder, tables @ ..] = &args[..] else { return Err("usage: measure_vad FOLDER [TABLE…]".into()) };
    let parts = parts(corpus::read(Path::new(folder))?, tables)?;
    for (name, kind) in CANDIDATES {
        println!("\n### {name}\n");
        print_speech(&parts, kind);
        print_noise(&parts, kind);
        println!("\n{:.2} µs a frame", cost_us(&parts, kind));
    }
    print_decisions(&parts);
    print_bars(&parts);
    Ok(())
}

fn parts(clips: Vec<Clip>, tables: &[String]) -> Result<Vec<Part>, Box<dyn Error>> {
    if tables.is_empty() {
        return Ok(vec![Part { clips, network: Network::trained() }]);
    }
    let part = |(n, table): (usize, &String)| {
        let fold = Fold { part: n as u32, of: tables.len() as u32 };
        let network = Box::leak(Box::new(fs::read_to_string(table)?.parse()?));
        Ok(Part { clips: clips.iter().filter(|clip| fold.holds(&clip.id)).cloned().collect(), network })
    };
    tables.iter().enumerate().map(part).collect()
}

fn print_speech(parts: &[Part], kind: Kind) {
    println!("| speech | beginnings | median ms | p95 ms | missed | already on | end: median ms, p95 |");
    println!("|---|---|---|---|---|---|---|");
    for snr_db in SNRS_DB {
        for (class, what) in [(Class::Speech, "talk"), (Class::Short, "one word")] {
            let heard = hear_speech(parts, class, snr_db, kind);
            let [count, missed, already_on, _] = heard.counts();
            let label = snr_db.map_or("as recorded".to_owned(), |snr_db| format!("{snr_db} dB"));
            let (median, p95) = (heard.delay_ms(0.5), heard.delay_ms(0.95));
            let ends = (heard.end_ms(0.5), heard.end_ms(0.95));
            print!("| {what}, {label} | {count} | {median:.0} | {p95:.0} | {missed} | {already_on} ");
            println!("| {:.0}, {:.0} |", ends.0, ends.1);
        }
    }
}

fn hear_speech(parts: &[Part], class: Class, snr_db: Option<f32>, kind: Kind) -> Heard {
    let mut heard = Heard::default();
    for Part { clips, network } in parts {
        let backgrounds: Vec<&Clip> = clips.iter().filter(|clip| clip.is_background()).collect();
        for (n, clip) in clips.iter().enumerate().filter(|(_, clip)| clip.class == class) {
            let Some(snr_db) = snr_db else {
                heard.hear(kind.make(network).as_mut(), &mix::speech_alone(clip, n as u64));
                continue;
            };
            for (m, noise) in backgrounds.iter().enumerate() {
                let line = mix::speech_over_noise(clip, noise, snr_db, (n * 100 + m) as u64);
                heard.hear(kind.make(network).as_mut(), &line);
            }
        }
    }
    heard
}

fn print_noise(parts: &[Part], kind: Kind) {
    println!(
        "\n| noise alone | starts a minute | starts at full, half, quarter level | stay | on % |\n|---|---|---|---|---|"
    );
    let mut all = FalseStarts::default();
    for part in parts {
        for (n, noise) in part.noises() {
            let own = hear_noise(part, n, noise, kind);
            let mut sum = FalseStarts::default();
            own.into_iter().for_each(|one| sum.add(one));
            if sum.starts > 0 {
                let [full, half, quarter] = own.map(|one| one.starts);
                let (rate, on, stay) = (sum.a_minute(), sum.on_percent(), sum.believed[EVEN]);
                println!("| {} | {rate:.1} | {full}, {half}, {quarter} | {stay} | {on:.0} |", noise.id);
            }
            all.add(sum);
        }
    }
    let stay = all.believed_a_minute(EVEN);
    println!("| all | {:.2} | {} | {stay:.2} a minute | {:.1} |", all.a_minute(), all.starts, all.on_percent());
}

fn hear_noise(part: &Part, n: usize, noise: &Clip, kind: Kind) -> [FalseStarts; 3] {
    [1.0, 0.5, 0.25].map(|gain| {
        let mut heard = FalseStarts::default();
        let line = mix::noise_alone(noise, gain, n as u64);
        heard.hear(kind.make(part.network).as_mut(), &line, mix::LEAD / FRAME_LEN);
        heard
    })
}

/// What becomes of stops half a second later: with how sure one must be, how many on noise alone stay, and how many
/// interruptions are talked over.
fn print_decisions(parts: &[Part]) {
    let kind = Kind::Shipped { start: START, assistant_audible: true };
    let mut noise = FalseStarts::default();
    for part in parts {
        for (n, clip) in part.noises() {
            hear_noise(part, n, clip, kind).into_iter().for_each(|one| noise.add(one));
        }
    }
    let decided = [20.0, 10.0].map(|snr_db| hear_speech(parts, Class::Speech, Some(snr_db), kind).decided);
    let over = |decided: &[u8], percent: u8| {
        let resumed = decided.iter().filter(|&&sure| sure < percent).count();
        format!("{:.1} % of {}", 100.0 * resumed as f32 / decided.len() as f32, decided.len())
    };
    println!(
        "\n### After half a second\n\n| sure | noise stays, a minute | talked over, 20 dB | 10 dB |\n|---|---|---|---|"
    );
    for (which, percent) in PERCENTS.into_iter().enumerate() {
        let [quiet, loud] = [0, 1].map(|n| over(&decided[n], percent));
        println!("| {percent} % | {:.2} | {quiet} | {loud} |", noise.believed_a_minute(which));
    }
}

/// What other bars would give: the choice of the one that ships.
fn print_bars(parts: &[Part]) {
    println!(
        "\n### Bars\n\n| bar | 20 dB: median, p95 ms | 10 dB | one word, 20 dB | false starts a minute |\n|---|---|---|---|---|"
    );
    for start in [0.0, 0.5, 1.0, 1.5, 2.0, 3.0] {
        let kind = Kind::Shipped { start, assistant_audible: true };
        print!("| {start:.1} ");
        for (class, snr_db) in [(Class::Speech, 20.0), (Class::Speech, 10.0), (Class::Short, 20.0)] {
            let heard = hear_speech(parts, class, Some(snr_db), kind);
            print!("| {:.0}, {:.0} ", heard.delay_ms(0.5), heard.delay_ms(0.95));
        }
        let mut all = FalseStarts::default();
        for part in parts {
            for (n, noise) in part.noises() {
                hear_noise(part, n, noise, kind).into_iter().for_each(|one| all.add(one));
            }
        }
        println!("| {:.2} |", all.a_minute());
    }
}

/// The cost of a frame over everything as it was recorded: the median of the means of ten seconds each, so that what
/// else the machine does matters little.
#[expect(clippy::disallowed_methods, reason = "a stopwatch outside the product")]
fn cost_us(parts: &[Part], kind: Kind) -> f64 {
    let clips = parts.iter().flat_map(|part| &part.clips).enumerate();
    let frames: Vec<Frame> = clips.flat_map(|(n, clip)| mix::speech_alone(clip, n as u64).frames).collect();
    let mut candidate = kind.make(parts[0].network);
    let mut on = 0;
    let cost = |frames: &[Frame]| {
        let started = Instant::now();
        on += frames.iter().filter(|frame| candidate.is_on_after(frame)).count();
        started.elapsed().as_secs_f64() * 1e6 / frames.len() as f64
    };
    let mut costs: Vec<f64> = frames.chunks_exact(500).map(cost).collect();
    assert!(on <= frames.len(), "the count keeps the work from being optimised away");
    costs.sort_by(f64::total_cmp);
    costs.get(costs.len() / 2).copied().unwrap_or(f64::NAN)
}

impl Part {
    fn noises(&self) -> impl Iterator<Item = (usize, &Clip)> {
        self.clips.iter().enumerate().filter(|(_, clip)| clip.class == Class::Noise)
    }
}
