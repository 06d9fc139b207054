//! How loud something is, as it is and whitened: the one is mostly vowels, the other sees consonants, too.

use std::ops::{Add, Div, Mul};

/// Which of the two levels is of the whitened signal.
pub(super) const WHITENED: usize = 1;

/// Mean power of samples as they are, and whitened.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Levels(pub(super) [f32; 2]);

/// How much of a sample the next one has.
const SLOPE: f32 = 0.9;

impl Levels {
    pub(super) fn of(plain: &[f32], whitened: &[f32]) -> Self {
        Self([power(plain), power(whitened)])
    }

    pub(super) fn max(self, other: Self) -> Self {
        Self([self.0[0].max(other.0[0]), self.0[1].max(other.0[1])])
    }

    pub(super) fn min(self, other: Self) -> Self {
        Self([self.0[0].min(other.0[0]), self.0[1].min(other.0[1])])
    }

    /// The larger of the two.
    pub(super) fn largest(self) -> f32 {
        self.0[0].max(self.0[1])
    }

    /// Goes a part of the way to others: up by one share of it, down by another.
    pub(super) fn approach(self, other: Self, up: f32, down: f32) -> Self {
        Self(std::array::from_fn(|n| {
            let way = other.0[n] - self.0[n];
            self.0[n] + way * if way > 0.0 { up } else { down }
        }))
    }
}

impl Mul<f32> for Levels {
    type Output = Self;

    fn mul(self, by: f32) -> Self {
        Self(self.0.map(|value| value * by))
    }
}

impl Mul for Levels {
    type Output = Self;

    fn mul(self, by: Self) -> Self {
        Self([self.0[0] * by.0[0], self.0[1] * by.0[1]])
    }
}

impl Add for Levels {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self([self.0[0] + other.0[0], self.0[1] + other.0[1]])
    }
}

impl Div for Levels {
    type Output = Self;

    fn div(self, by: Self) -> Self {
        Self([self.0[0] / by.0[0].max(1e-3), self.0[1] / by.0[1].max(1e-3)])
    }
}

/// Flattens the spectrum of a voice. Takes one sample more than it gives, the one before.
pub(super) fn whiten<const N: usize, const M: usize>(samples: &[f32; M]) -> [f32; N] {
    const { assert!(M == N + 1) };
    std::array::from_fn(|n| samples[n + 1] - SLOPE * samples[n])
}

/// Undoes it, given the last sample before and leaving the last one of these.
pub(super) fn deepen(samples: &mut [f32], before: &mut f32) {
    for sample in samples {
        *before = *sample + SLOPE * *before;
        *sample = *before;
    }
}

fn power(samples: &[f32]) -> f32 {
    let mut sums = [0.0; 8];
    for chunk in samples.chunks(8) {
        for (sum, sample) in sums.iter_mut().zip(chunk) {
            *sum += sample * sample;
        }
    }
    sums.iter().sum::<f32>() / samples.len() as f32
}
