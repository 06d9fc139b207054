//! Made-up calls to learn from: recordings laid over one another at random, at random levels, through random telephones.

use engine::audio::frame::{FRAME_LEN, Frame};
use engine::audio::mulaw;

use crate::corpus::{Class, Clip};
use crate::mix::Random;
use crate::sounds;

/// Frames in a scene: 12 seconds.
pub const FRAMES: usize = 600;

const LEN: usize = FRAMES * FRAME_LEN;

/// A call of 12 seconds. Every frame has the answer it should get, and how much that matters.
pub struct Scene {
    pub frames: Vec<Frame>,
    pub wanted: Vec<f32>,
    pub weight: Vec<f32>,
}

/// Recordings to make scenes of.
pub struct Sources {
    pub speech: Vec<Clip>,
    /// Sounds that last, to lie under a scene.
    pub lasting: Vec<Clip>,
    /// Sounds that happen.
    pub events: Vec<Clip>,
}

impl Sources {
    pub fn new(clips: Vec<Clip>) -> Self {
        let (noise, speech): (Vec<_>, Vec<_>) = clips.into_iter().partition(|clip| clip.class == Class::Noise);
        let lasting = noise.iter().filter(|clip| clip.samples.len() >= 28_000).cloned().collect();
        Self { speech, lasting, events: noise }
    }
}

/// Lays out a scene.
pub fn scene(sources: &Sources, random: &mut Random) -> Scene {
    let mut noise = vec![0.0; LEN];
    let floor_db = background(sources, random, &mut noise);
    for _ in 0..random.below(6) {
        event(sources, random, &mut noise);
    }
    let mut voice = vec![0.0; LEN];
    let mut spoken = vec![false; LEN];
    if random.chance(0.6) {
        speech(sources, random, floor_db, &mut voice, &mut spoken);
    }
    telephone(random, &mut voice, &mut noise);
    let mixed: Vec<f32> = voice.iter().zip(&noise).map(|(voice, noise)| voice + noise).collect();
    let frames = mixed.chunks_exact(FRAME_LEN).map(|chunk| std::array::from_fn(|n| code(chunk[n]))).collect();
    let (wanted, weight) = judge(&voice, &noise, &spoken);
    Scene { frames, wanted, weight }
}

fn code(sample: f32) -> u8 {
    mulaw::encode((sample * 32_768.0) as i16)
}

/// Something lasting, of a level in dB that is returned.
fn background(sources: &Sources, random: &mut Random, noise: &mut [f32]) -> f32 {
    let hiss_db = random.between(-85.0, -55.0);
    let hiss = 10_f32.powf(hiss_db / 20.0);
    noise.iter_mut().for_each(|sample| *sample += hiss * random.sample());
    let level_db = random.between(-62.0, -14.0);
    let mut under = match random.below(10) {
        0 | 1 => return hiss_db,
        2 => babble(sources, random),
        3 => sounds::hum(random, LEN),
        _ => {
            let clip = &sources.lasting[random.below(sources.lasting.len())];
            let at = random.below(clip.samples.len());
            let looped: Vec<f32> = clip.samples.iter().cycle().skip(at).take(2 * LEN).copied().collect();
            stretched(&looped, random.between(0.8, 1.25))
        }
    };
    under.truncate(LEN);
    if random.chance(0.5) {
        sounds::recolour(random, &mut under);
    }
    set_level(&mut under, level_db);
    // A quarter of them begin in the middle of the call.
    let from = if random.chance(0.25) { random.below(LEN) } else { 0 };
    let fade = 80.0 + random.below(8_000) as f32;
    for (n, (out, sample)) in noise.iter_mut().zip(&under).enumerate().skip(from) {
        let gain = if from == 0 { 1.0 } else { ((n - from) as f32 / fade).min(1.0) };
        *out += gain * sample;
    }
    level_db
}

/// Many people at once, none of them on the phone.
fn babble(sources: &Sources, random: &mut Random) -> Vec<f32> {
    let mut crowd = vec![0.0; LEN];
    for _ in 0..random.below(10) + 5 {
        let clip = &sources.speech[random.below(sources.speech.len())];
        let gain = random.between(0.5, 1.0);
        let at = random.below(clip.samples.len());
        let gap = random.below(4_000);
        let looped = clip.samples.iter().copied().chain(std::iter::repeat_n(0.0, gap)).collect::<Vec<_>>();
        let mut talker: Vec<f32> = looped.iter().cycle().skip(at).take(LEN).copied().collect();
        set_level(&mut talker, -30.0);
        crowd.iter_mut().zip(&talker).for_each(|(sum, sample)| *sum += gain * sample);
    }
    sounds::reverberate(random, &mut crowd);
    crowd
}

fn event(sources: &Sources, random: &mut Random, noise: &mut [f32]) {
    let mut sound = if random.chance(0.55) {
        let clip = &sources.events[random.below(sources.events.len())];
        let from = if clip.samples.len() > 24_000 { random.below(clip.samples.len() - 16_000) } else { 0 };
        let to = clip.samples.len().min(from + 24_000);
        stretched(&clip.samples[from..to], random.between(0.75, 1.35))
    } else {
        sounds::made_up(random)
    };
    if random.chance(0.6) {
        sounds::recolour(random, &mut sound);
    }
    let loudest = sound.iter().fold(1e-6_f32, |loudest, sample| loudest.max(sample.abs()));
    let gain = 10_f32.powf(random.between(-38.0, -3.0) / 20.0) / loudest;
    sound.iter_mut().for_each(|sample| *sample *= gain);
    let at = random.below(LEN);
    noise[at..].iter_mut().zip(&sound).for_each(|(out, sample)| *out += sample);
}

fn speech(sources: &Sources, random: &mut Random, floor_db: f32, voice: &mut [f32], spoken: &mut [bool]) {
    let level_db = (floor_db.max(-58.0) + random.between(0.0, 32.0)).clamp(-46.0, -12.0);
    let mut at = random.below(24_000);
    let mut clip = &sources.speech[random.below(sources.speech.len())];
    let reverberant = random.chance(0.3);
    while at < LEN {
        // One person mostly stays on the line.
        if random.chance(0.3) {
            clip = &sources.speech[random.below(sources.speech.len())];
        }
        let from = if clip.samples.len() > 40_000 { random.below(clip.samples.len() - 32_000) } else { 0 };
        let to = clip.samples.len().min(from + 8_000 * (2 + random.below(5)));
        let speed = random.between(0.87, 1.15);
        let mut said = stretched(&clip.samples[from..to], speed);
        if random.chance(0.5) {
            sounds::recolour(random, &mut said);
        }
        let mut marked = vec![false; said.len()];
        for &(start, end) in &clip.speech {
            let place = |at: usize| ((at.clamp(from, to) - from) as f32 / speed) as usize;
            let (start, end) = (place(start), place(end).min(marked.len()));
            if start < end {
                marked[start..end].fill(true);
            }
        }
        let power = mean_power(said.iter().zip(&marked).filter(|(_, marked)| **marked).map(|(sample, _)| sample));
        let gain = 10_f32.powf((level_db + random.between(-3.0, 3.0)) / 20.0) / power.sqrt().max(1e-5);
        said.iter_mut().for_each(|sample| *sample *= gain);
        if reverberant {
            sounds::reverberate(random, &mut said);
        }
        for n in 0..said.len().min(LEN - at) {
            voice[at + n] += said[n];
            spoken[at + n] |= marked[n];
        }
        at += said.len() + 800 + random.below(20_000);
        if random.chance(0.2) {
            break;
        }
    }
}

/// What the network between takes away: low and high frequencies, level, sometimes the peaks.
fn telephone(random: &mut Random, voice: &mut [f32], noise: &mut [f32]) {
    let low = if random.chance(0.5) { random.between(0.02, 0.2) } else { 0.0 };
    let high = if random.chance(0.4) { random.between(0.5, 1.0) } else { 1.0 };
    let gain = 10_f32.powf(random.between(-6.0, 3.0) / 20.0);
    for side in [voice, noise] {
        let (mut slow, mut smooth) = (0.0, 0.0);
        for sample in side {
            slow += low * (*sample - slow);
            smooth += high * (*sample - slow - smooth);
            *sample = gain * smooth;
        }
    }
}

/// A frame with at least 8 ms of speech should be heard as speech. What matters most are the frames after a beginning,
/// and sounds that are not speech; what matters little is speech drowned in noise, and the moments around an end.
fn judge(voice: &[f32], noise: &[f32], spoken: &[bool]) -> (Vec<f32>, Vec<f32>) {
    let mut wanted = Vec::with_capacity(FRAMES);
    let mut weight = Vec::with_capacity(FRAMES);
    let (mut silent, mut into, mut since_end) = (100_u32, 0_u32, 100_u32);
    for n in 0..FRAMES {
        let range = n * FRAME_LEN..(n + 1) * FRAME_LEN;
        let share = spoken[range.clone()].iter().filter(|spoken| **spoken).count() as f32 / FRAME_LEN as f32;
        let is_speech = share >= 0.4;
        let (voice_power, noise_power) = (mean_power(voice[range.clone()].iter()), mean_power(noise[range].iter()));
        let snr_db = 10.0 * (voice_power / noise_power.max(1e-9)).max(1e-9).log10();
        let audible = ((snr_db + 6.0) / 12.0).clamp(0.05, 1.0);
        if is_speech {
            into = if silent >= 12 { 0 } else { into + 1 };
            silent = 0;
            since_end = 0;
            let matter = match into {
                0 => 1.5,
                1..=8 => 4.0,
                _ => 0.6,
            };
            weight.push(matter * audible);
        } else {
            silent += 1;
            since_end += 1;
            let nearly = share > 0.0 || voice_power > 0.3 * noise_power.max(1e-7);
            weight.push(if since_end < 10 || nearly { 0.1 } else { 1.0 });
        }
        if silent >= 12 {
            into = 0;
        }
        wanted.push(if is_speech { 1.0 } else { 0.0 });
    }
    (wanted, weight)
}

fn set_level(samples: &mut [f32], level_db: f32) {
    let gain = 10_f32.powf(level_db / 20.0) / mean_power(samples.iter()).sqrt().max(1e-6);
    samples.iter_mut().for_each(|sample| *sample *= gain);
}

fn mean_power<'a>(samples: impl Iterator<Item = &'a f32>) -> f32 {
    let (sum, count) = samples.fold((0.0, 0), |(sum, count), sample| (sum + sample * sample, count + 1));
    sum / count.max(1) as f32
}

/// Faster and higher, or slower and lower.
fn stretched(samples: &[f32], speed: f32) -> Vec<f32> {
    let len = (samples.len().saturating_sub(1) as f32 / speed) as usize;
    (0..len)
        .map(|n| {
            let at = n as f32 * speed;
            let (whole, part) = (at as usize, at.fract());
            samples[whole] + part * (samples[whole + 1] - samples[whole])
        })
        .collect()
}
