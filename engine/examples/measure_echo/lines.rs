//! Telephone lines on which what we say comes back: later, fainter, through a narrower band, a room or a hybrid with a
//! tail, and perhaps a codec. What we say are the committed phrases, one after the other with pauses between them.

use std::error::Error;
use std::f32::consts::PI;
use std::fs;
use std::path::Path;

use engine::audio::frame::{FRAME_LEN, Frame};
use engine::audio::mulaw;

use crate::codec;
use crate::mix::Random;

/// Our side of a call.
#[derive(Clone)]
pub struct Prompts {
    /// Each with the sample at which it is heard if nothing delays it.
    pub frames: Vec<(usize, Frame)>,
    /// Samples until the last is over.
    pub length: usize,
}

/// What the line does with what it gives back.
#[derive(Debug, Clone, Copy)]
pub struct Return {
    pub delay_ms: usize,
    /// How much fainter it is.
    pub loss_db: f32,
    pub codec: Codec,
}

/// What the echo went through on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// µ-law, as everything does.
    Once,
    /// µ-law on both ways.
    Twice,
    /// A mobile network's codec of 13 kbit/s.
    Mobile,
}

/// Every committed phrase as samples, in the order of their names.
pub fn phrases(folder: &Path) -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
    let mut paths: Vec<_> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_, std::io::Error>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "ulaw"));
    paths.sort();
    Ok(paths.into_iter().map(fs::read).collect::<Result<_, _>>()?)
}

/// We talk for so long: phrases in any order, with pauses of 40 to 1,200 ms, after 100 ms of nothing.
pub fn prompts(phrases: &[Vec<u8>], length: usize, pause_ms_max: usize, seed: u64) -> Prompts {
    let mut random = Random(seed);
    let (mut frames, mut at) = (Vec::new(), 800);
    while at < length {
        for chunk in phrases[random.below(phrases.len())].chunks(FRAME_LEN) {
            let mut frame = [engine::audio::frame::SILENCE; FRAME_LEN];
            frame[..chunk.len()].copy_from_slice(chunk);
            frames.push((at, frame));
            at += FRAME_LEN;
        }
        at += 8 * (40 + random.below(pause_ms_max));
    }
    Prompts { frames, length: at }
}

/// What comes back of our side, in samples of full scale 1. Each time that we begin again after a pause, the way takes up
/// to 3 ms longer or shorter, as it does when the other end starts to play when audio arrives.
pub fn echo(prompts: &Prompts, back: Return, seed: u64) -> Vec<f32> {
    let mut random = Random(seed);
    let mut line = vec![0.0; prompts.length + 8_000];
    let (mut end, mut shift) = (0, 0);
    for (at, frame) in &prompts.frames {
        if *at != end {
            shift = random.below(49);
        }
        end = at + FRAME_LEN;
        let first = (at + back.delay_ms * 8 + shift).saturating_sub(24);
        for (sample, &code) in line[first..].iter_mut().zip(frame) {
            *sample = f32::from(mulaw::decode(code)) / 32_768.0;
        }
    }
    let gain = 10_f32.powf(-back.loss_db / 20.0);
    let mut line = filtered(&line, &path(&mut random));
    line.iter_mut().for_each(|sample| *sample *= gain);
    match back.codec {
        Codec::Once => line,
        Codec::Twice => line.into_iter().map(through_mulaw).collect(),
        Codec::Mobile => codec::mobile(&line),
    }
}

fn through_mulaw(sample: f32) -> f32 {
    f32::from(mulaw::decode(mulaw::encode((sample * 32_768.0) as i16))) / 32_768.0
}

/// 300 to 3,400 Hz, and a tail of some 12 ms behind it, 14 dB down. Its energy is that of the band.
fn path(random: &mut Random) -> Vec<f32> {
    let band = band();
    let mut path = vec![0.0; band.len() + 96];
    path[..band.len()].copy_from_slice(&band);
    for late in 4..96 {
        let weight = 0.12 * random.sample() * (-(late as f32) / 30.0).exp();
        for (tap, value) in path[late..].iter_mut().zip(&band) {
            *tap += weight * value;
        }
    }
    path
}

/// The telephone's band as a filter of 65 samples (a windowed sinc).
fn band() -> Vec<f32> {
    let low = |cut: f32, n: f32| if n == 0.0 { 2.0 * cut } else { (2.0 * PI * cut * n).sin() / (PI * n) };
    let tap = |n: usize| {
        let at = n as f32 - 32.0;
        let window = 0.54 + 0.46 * (PI * at / 32.0).cos();
        window * (low(3_400.0 / 8_000.0, at) - low(300.0 / 8_000.0, at))
    };
    (0..65).map(tap).collect()
}

pub fn filtered(line: &[f32], path: &[f32]) -> Vec<f32> {
    (0..line.len()).map(|n| path.iter().take(n + 1).enumerate().map(|(k, tap)| tap * line[n - k]).sum()).collect()
}
