//! The period of the vocal cords.

use crate::audio::frame::FRAME_LEN;

/// Periods of voices in samples at 4 kHz: 400 Hz to 70 Hz.
const LAGS: std::ops::Range<usize> = 10..58;

const LEN: usize = FRAME_LEN;

/// How periodic a sound is, and with which period.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pitch {
    /// The highest normalised autocorrelation: 0 for noise, 1 for anything that repeats exactly.
    pub strength: f32,
    /// The period, as the logarithm to base 2 of samples at 4 kHz.
    pub lag_log2: f32,
}

/// The pitch of the last 40 ms, found on every second sample. The shortest period nearly as good as the best is taken,
/// so that it does not jump between octaves.
pub(super) fn of(samples: &[f32; 2 * LEN]) -> Pitch {
    let halved: [f32; LEN] = std::array::from_fn(|n| samples[2 * n] + samples[2 * n + 1]);
    let window = &halved[LAGS.end..];
    let energy: f32 = window.iter().map(|sample| sample * sample).sum();
    let mut strengths = [0.0_f32; LAGS.end - LAGS.start];
    for (strength, lag) in strengths.iter_mut().zip(LAGS) {
        let earlier = &halved[LAGS.end - lag..LEN - lag];
        let (product, before) = correlate(window, earlier);
        *strength = product / (energy * before).sqrt().max(1e-9);
    }
    let best = strengths.iter().fold(0.0_f32, |best, &strength| best.max(strength));
    let shortest = strengths.iter().position(|&strength| strength >= 0.9 * best).unwrap_or(0);
    Pitch { strength: best, lag_log2: ((LAGS.start + shortest) as f32).log2() }
}

/// The product of both, and the energy of the second. Eight sums at a time, so that the compiler can use wide registers.
fn correlate(a: &[f32], b: &[f32]) -> (f32, f32) {
    let (mut products, mut energies) = ([0.0_f32; 8], [0.0_f32; 8]);
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        for n in 0..8 {
            products[n] += a[n] * b[n];
            energies[n] += b[n] * b[n];
        }
    }
    (products.iter().sum(), energies.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pitch_of_a_train_of_pulses_is_its_period() {
        for period in [24, 40, 64, 80, 100] {
            let pulses = std::array::from_fn(|n| if n % period < 4 { 1.0 } else { -0.05 });
            let pitch = of(&pulses);
            let lag = pitch.lag_log2.exp2() * 2.0;
            assert!((lag - period as f32).abs() <= 2.0, "{period}: {lag}");
            assert!(pitch.strength > 0.9, "{period}: {}", pitch.strength);
        }
    }

    #[test]
    fn noise_and_silence_have_none() {
        let mut seed = 5_u32;
        let noise = std::array::from_fn(|_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / (1 << 23) as f32 - 1.0
        });
        assert!(of(&noise).strength < 0.5, "{}", of(&noise).strength);
        assert_eq!(of(&[0.0; 2 * LEN]).strength, 0.0);
    }
}
