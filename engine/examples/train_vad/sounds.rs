//! Sounds that need no recording: tones of exchanges and keys, clicks, bursts, barks, hum.

use std::f32::consts::TAU;

use crate::mix::Random;

const RATE: f32 = 8_000.0;

/// One sound of a second or a few, of any level.
pub fn made_up(random: &mut Random) -> Vec<f32> {
    match random.below(16) {
        0 | 1 => keys(random),
        2..=4 => cadence(random),
        5 => beep(random),
        6 => sweep(random),
        7 => clicks(random),
        8 | 9 => bursts(random),
        10 => bark(random),
        11 => notes(random),
        12 | 13 => cough(random),
        14 => clink(random),
        _ => buzz(random),
    }
}

/// Key presses (ITU-T Q.23).
fn keys(random: &mut Random) -> Vec<f32> {
    let mut out = Vec::new();
    for _ in 0..random.below(6) + 1 {
        let low = [697.0, 770.0, 852.0, 941.0][random.below(4)];
        let high = [1_209.0, 1_336.0, 1_477.0, 1_633.0][random.below(4)];
        let (twist, len) = (random.between(0.6, 1.6), 320 + random.below(4_000));
        out.extend((0..len).map(|n| sine(low, n) + twist * sine(high, n)));
        out.extend(std::iter::repeat_n(0.0, 400 + random.below(3_000)));
    }
    out
}

/// Ringing, busy and the like: one or two tones, on and off.
fn cadence(random: &mut Random) -> Vec<f32> {
    let low = [350.0, 400.0, 425.0, 440.0, 480.0, 450.0, 620.0][random.below(7)];
    let high = [0.0, 450.0, 440.0, 480.0, 620.0, 25.0, 33.0][random.below(7)];
    let (on, off) = (1_000 + random.below(16_000), 1_000 + random.below(12_000));
    (0..24_000)
        .map(|n| if n % (on + off) < on { sine(low, n) + if high > 0.0 { sine(high, n) } else { 0.0 } } else { 0.0 })
        .collect()
}

fn beep(random: &mut Random) -> Vec<f32> {
    let (tone, overtone) = (random.between(250.0, 3_200.0), random.between(0.0, 0.8));
    let len = 400 + random.below(8_000);
    (0..len).map(|n| sine(tone, n) + if tone < 1_300.0 { overtone * sine(3.0 * tone, n) } else { 0.0 }).collect()
}

/// A whistle, a siren, a creaking door.
fn sweep(random: &mut Random) -> Vec<f32> {
    let (centre, width, rate) = (random.between(300.0, 2_500.0), random.between(0.0, 0.5), random.between(0.3, 8.0));
    let overtone = random.between(0.0, 0.5);
    let mut phase = 0.0;
    (0..4_000 + random.below(20_000))
        .map(|n| {
            phase += centre * (1.0 + width * sine(rate, n)) / RATE;
            (TAU * phase).sin() + overtone * (2.0 * TAU * phase).sin()
        })
        .collect()
}

/// Keyboards, taps, a pen: short resonances at odd times.
fn clicks(random: &mut Random) -> Vec<f32> {
    let mut out = vec![0.0; 8_000 + random.below(16_000)];
    let gap = 400 + random.below(4_000);
    let mut at = 0;
    while at < out.len() {
        let (tone, decay) = (random.between(150.0, 3_500.0), random.between(8.0, 160.0));
        let (gain, rough) = (random.between(0.2, 1.0), random.between(0.0, 1.0));
        for (n, sample) in out[at..].iter_mut().take(1_600).enumerate() {
            let body = (1.0 - rough) * sine(tone, n) + rough * random.sample();
            *sample += gain * body * (-(n as f32) / decay).exp();
        }
        at += gap / 2 + random.below(gap);
    }
    out
}

/// Breath on the microphone, coughs, paper, water: shaped noise.
fn bursts(random: &mut Random) -> Vec<f32> {
    let mut out = Vec::new();
    for _ in 0..random.below(4) + 1 {
        let (attack, decay) = (random.between(8.0, 1_200.0), random.between(200.0, 4_000.0));
        let (resonance, damping) = (random.between(200.0, 2_800.0), random.between(0.7, 0.98));
        let colour = random.between(0.05, 1.0);
        let (mut a, mut b, mut smooth) = (0.0, 0.0, 0.0);
        let turn = 2.0 * damping * (TAU * resonance / RATE).cos();
        for n in 0..(attack + 4.0 * decay) as usize {
            let n = n as f32;
            let envelope = if n < attack { n / attack } else { (-(n - attack) / decay).exp() };
            smooth += colour * (random.sample() - smooth);
            let sample = envelope * smooth + turn * a - damping * damping * b;
            (a, b) = (sample, a);
            out.push(sample);
        }
        out.extend(std::iter::repeat_n(0.0, random.below(4_000)));
    }
    out
}

/// Dogs, squeaks, honks: short harmonic sounds whose pitch falls.
fn bark(random: &mut Random) -> Vec<f32> {
    let mut out = Vec::new();
    let (pitch, fall, rough) = (random.between(220.0, 1_300.0), random.between(0.4, 1.2), random.between(0.0, 0.8));
    for _ in 0..random.below(5) + 1 {
        let len = 500 + random.below(2_000);
        let mut phase = 0.0;
        for n in 0..len {
            let through = n as f32 / len as f32;
            phase += pitch * (1.0 + 0.3 * (3.0 * through).min(1.0) - 0.3 * fall * through) / RATE;
            let harmonics = (1..5).map(|h| (h as f32 * TAU * phase).sin() / h as f32).sum::<f32>();
            let envelope = (12.0 * through).min(1.0) * (1.0 - through);
            out.push(envelope * (harmonics + rough * random.sample()));
        }
        out.extend(std::iter::repeat_n(0.0, 800 + random.below(6_000)));
    }
    out
}

/// A cough or a sneeze: a burst, a second of hoarse air through two resonances, sometimes a voiced end.
fn cough(random: &mut Random) -> Vec<f32> {
    let mut out = Vec::new();
    for _ in 0..random.below(4) + 1 {
        let len = 1_200 + random.below(2_400);
        let burst = random.between(0.5, 3.0);
        let voiced_from = if random.chance(0.5) { random.between(0.3, 0.8) } else { 2.0 };
        let pitch = random.between(110.0, 420.0);
        let mut throat = [Resonance::of(random, 350.0, 900.0), Resonance::of(random, 900.0, 2_600.0)];
        let colour = random.between(0.2, 1.0);
        let (mut smooth, mut phase) = (0.0, 0.0);
        for n in 0..len {
            let through = n as f32 / len as f32;
            let attack = (n as f32 / 60.0).min(1.0);
            let envelope = attack * (burst * (-(n as f32) / 150.0).exp() + (1.0 - through).powf(1.5));
            smooth += colour * (random.sample() - smooth);
            phase = (phase + pitch * (1.2 - 0.4 * through) / RATE).fract();
            let voice = if through > voiced_from { 3.0 * (-8.0 * phase).exp() - 0.4 } else { 0.0 };
            let air = envelope * (smooth + voice * (1.0 - through));
            out.push(air * 0.3 + throat.iter_mut().map(|resonance| resonance.pass(air)).sum::<f32>());
        }
        out.extend(std::iter::repeat_n(0.0, 600 + random.below(4_000)));
    }
    out
}

/// Crockery, cutlery, keys, coins: a few partials that do not fit together, struck again and again.
fn clink(random: &mut Random) -> Vec<f32> {
    let mut out = vec![0.0; 6_000 + random.below(18_000)];
    let gap = 500 + random.below(5_000);
    let mut at = 0;
    while at < out.len() {
        let base = random.between(400.0, 2_500.0);
        for _ in 0..random.below(5) + 1 {
            let tone = (base * random.between(1.0, 3.2)).min(3_900.0);
            let (gain, decay) = (random.between(0.1, 1.0), random.between(60.0, 2_500.0));
            for (n, sample) in out[at..].iter_mut().enumerate().take(5_000) {
                *sample += gain * sine(tone, n) * (-(n as f32) / decay).exp();
            }
        }
        let rough = random.between(0.0, 1.5);
        for (n, sample) in out[at..].iter_mut().enumerate().take(400) {
            *sample += rough * random.sample() * (-(n as f32) / 60.0).exp();
        }
        at += gap / 3 + random.below(gap);
    }
    out
}

/// Bells of telephones and doors, razors, vibrating phones: a harmonic tone in quick pulses.
fn buzz(random: &mut Random) -> Vec<f32> {
    let (pitch, pulse) = (random.between(80.0, 900.0), random.between(4.0, 40.0));
    let (depth, tilt) = (random.between(0.0, 1.0), random.between(0.3, 1.5));
    let (on, off) = (800 + random.below(12_000), random.below(8_000));
    let warble = random.between(1.0, 1.3);
    let mut phase = 0.0;
    (0..24_000)
        .map(|n| {
            let beat = sine(pulse, n);
            phase = (phase + pitch * if beat > 0.0 { 1.0 } else { warble } / RATE).fract();
            let tones = (1..10).filter(|&h| h as f32 * pitch < 3_900.0);
            let tone: f32 = tones.map(|h| (TAU * phase * h as f32).sin() / (h as f32).powf(tilt)).sum();
            if n % (on + off) < on { tone * (1.0 - depth * (0.5 + 0.5 * beat)) } else { 0.0 }
        })
        .collect()
}

/// Gives a sound another colour: a tilt and a resonance, as another room, device or throat would.
pub fn recolour(random: &mut Random, samples: &mut [f32]) {
    let tilt = random.between(-0.6, 0.6);
    let mut resonance = Resonance::of(random, 250.0, 3_400.0);
    let strength = random.between(-0.15, 0.3);
    let mut before = 0.0;
    for sample in samples {
        let now = *sample;
        *sample = now - tilt * before + strength * resonance.pass(now);
        before = now;
    }
}

/// Two poles.
struct Resonance {
    turn: f32,
    damping: f32,
    gain: f32,
    past: [f32; 2],
}

impl Resonance {
    fn of(random: &mut Random, low_hz: f32, high_hz: f32) -> Self {
        let damping = random.between(0.85, 0.97);
        let turn = 2.0 * damping * (TAU * random.between(low_hz, high_hz) / RATE).cos();
        Self { turn, damping, gain: 1.0 - damping, past: [0.0; 2] }
    }

    fn pass(&mut self, sample: f32) -> f32 {
        let out = sample + self.turn * self.past[0] - self.damping * self.damping * self.past[1];
        self.past = [out, self.past[0]];
        self.gain * 4.0 * out
    }
}

/// A few plucked or held notes.
fn notes(random: &mut Random) -> Vec<f32> {
    let mut out = vec![0.0; 24_000];
    let harmonics = random.below(7) + 1;
    let (decay, step) = (random.between(800.0, 12_000.0), 900 + random.below(5_000));
    for at in (0..out.len()).step_by(step) {
        for _ in 0..random.below(3) + 1 {
            let pitch = 110.0 * 2_f32.powf(random.below(36) as f32 / 12.0);
            for (n, sample) in out[at..].iter_mut().enumerate().take(3 * decay as usize) {
                let envelope = (n as f32 / 60.0).min(1.0) * (-(n as f32) / decay).exp();
                let tone = (1..=harmonics).filter(|&h| h as f32 * pitch < 3_900.0);
                *sample += envelope * tone.map(|h| sine(h as f32 * pitch, n) / h as f32).sum::<f32>();
            }
        }
    }
    out
}

/// Machines and mains: steady harmonics under coloured noise, louder and softer by turns.
pub fn hum(random: &mut Random, len: usize) -> Vec<f32> {
    let (pitch, tones) = (random.between(45.0, 240.0), random.between(0.0, 1.0));
    let (colour, beat, depth) = (random.between(0.02, 1.0), random.between(0.1, 4.0), random.between(0.0, 0.6));
    let mut smooth = 0.0;
    (0..len)
        .map(|n| {
            smooth += colour * (random.sample() - smooth);
            let steady = (1..6).map(|h| sine(h as f32 * pitch, n) / h as f32).sum::<f32>();
            (1.0 + depth * sine(beat, n)) * (tones * 0.2 * steady + smooth / colour.sqrt())
        })
        .collect()
}

/// A room: a few decaying repetitions.
pub fn reverberate(random: &mut Random, samples: &mut [f32]) {
    for _ in 0..3 {
        let (delay, gain) = (60 + random.below(500), random.between(0.1, 0.4));
        for n in delay..samples.len() {
            samples[n] += gain * samples[n - delay];
        }
    }
}

fn sine(tone_hz: f32, n: usize) -> f32 {
    // The phase is reduced before the sine, or it loses its precision after a few seconds.
    (TAU * (tone_hz * n as f32 / RATE).fract()).sin()
}
