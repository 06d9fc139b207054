//! The power spectrum of the last 32 ms.

use std::f32::consts::{PI, TAU};
use std::sync::LazyLock;

/// Samples in a spectrum: 32 ms.
pub(super) const SPAN: usize = 256;

/// Frequencies in a spectrum, 31.25 Hz apart, from 0 to 4 kHz.
pub(super) const BINS: usize = SPAN / 2 + 1;

const HALF: usize = SPAN / 2;

/// Samples over which the window falls at the new end. It rises over all the others: what has just arrived counts more
/// than with a symmetric window, and a voice is seen some 5 ms earlier.
const FALL: usize = 80;

/// What every detector shares.
struct Tables {
    window: [f32; SPAN],
    /// `e^(-2πik/SPAN)` for the first half of the circle.
    turns: [(f32, f32); HALF],
    /// Positions of a transform of `HALF` points with their bits in reverse.
    reversed: [usize; HALF],
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| Tables {
    window: std::array::from_fn(|n| {
        let rise = SPAN - FALL;
        let phase = if n < rise { (n as f32 + 0.5) / rise as f32 } else { (SPAN - n) as f32 / FALL as f32 };
        (phase * PI / 2.0).sin().powi(2)
    }),
    turns: std::array::from_fn(|k| {
        let angle = -TAU * k as f32 / SPAN as f32;
        (angle.cos(), angle.sin())
    }),
    reversed: std::array::from_fn(|n| n.reverse_bits() >> (usize::BITS - HALF.ilog2())),
});

/// The windowed power of each frequency; a sine of full scale gives about 1,000 at its own.
pub(super) fn power(samples: &[f32; SPAN]) -> [f32; BINS] {
    let tables = &*TABLES;
    let mut points = [(0.0, 0.0); HALF];
    for (point, &from) in points.iter_mut().zip(&tables.reversed) {
        let (even, odd) = (2 * from, 2 * from + 1);
        *point = (samples[even] * tables.window[even], samples[odd] * tables.window[odd]);
    }
    transform(&mut points, &tables.turns);
    std::array::from_fn(|k| {
        let (re, im) = unpack(&points, &tables.turns, k);
        re * re + im * im
    })
}

/// A radix-2 Fourier transform in place, its input in bit-reversed order.
fn transform(points: &mut [(f32, f32); HALF], turns: &[(f32, f32); HALF]) {
    let mut len = 1;
    while len < HALF {
        let stride = HALF / len;
        for block in points.chunks_exact_mut(2 * len) {
            let (low, high) = block.split_at_mut(len);
            for (n, (a, b)) in low.iter_mut().zip(high).enumerate() {
                let (cos, sin) = turns[n * stride];
                let turned = (b.0 * cos - b.1 * sin, b.0 * sin + b.1 * cos);
                *b = (a.0 - turned.0, a.1 - turned.1);
                *a = (a.0 + turned.0, a.1 + turned.1);
            }
        }
        len *= 2;
    }
}

/// Frequency `k` of the real signal whose even and odd samples were transformed as real and imaginary parts.
fn unpack(points: &[(f32, f32); HALF], turns: &[(f32, f32); HALF], k: usize) -> (f32, f32) {
    let (a, b) = (points[k % HALF], points[(HALF - k) % HALF]);
    let even = ((a.0 + b.0) / 2.0, (a.1 - b.1) / 2.0);
    let odd = ((a.1 + b.1) / 2.0, (b.0 - a.0) / 2.0);
    let (cos, sin) = if k < HALF { turns[k] } else { (-1.0, 0.0) };
    (even.0 + odd.0 * cos - odd.1 * sin, even.1 + odd.0 * sin + odd.1 * cos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_transform_agrees_with_the_definition() {
        let mut seed = 3_u32;
        let samples: [f32; SPAN] = std::array::from_fn(|_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / (1 << 23) as f32 - 1.0
        });
        let window = &TABLES.window;
        for (k, fast) in power(&samples).into_iter().enumerate() {
            let (mut re, mut im) = (0.0_f64, 0.0_f64);
            for n in 0..SPAN {
                let angle = -std::f64::consts::TAU * (k * n) as f64 / SPAN as f64;
                re += f64::from(samples[n] * window[n]) * angle.cos();
                im += f64::from(samples[n] * window[n]) * angle.sin();
            }
            let slow = re * re + im * im;
            assert!((f64::from(fast) - slow).abs() < 1e-3 * slow.max(1.0), "bin {k}: {fast} is not {slow}");
        }
    }

    #[test]
    fn a_tone_is_seen_at_its_frequency() {
        let samples = std::array::from_fn(|n| (TAU * 1_000.0 * n as f32 / 8_000.0).sin());
        let power = power(&samples);
        let loudest = (0..BINS).max_by(|&a, &b| power[a].total_cmp(&power[b]));
        assert_eq!(loudest, Some(32));
    }
}
