//! Chance from a seed, or from bytes that a fuzzer makes up.

/// Where random numbers come from.
#[derive(Debug, Clone)]
pub struct Dice {
    source: Source,
}

#[derive(Debug, Clone)]
enum Source {
    /// xorshift64*, so that a seed means the same call on every machine.
    Seed(u64),
    /// Bytes, one by one; nothing but zeros behind the last.
    Bytes { bytes: Vec<u8>, next: usize },
}

impl Dice {
    /// The numbers of a seed.
    pub fn of_seed(seed: u64) -> Self {
        Self { source: Source::Seed(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1) }
    }

    /// The numbers that bytes spell.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self { source: Source::Bytes { bytes: bytes.to_vec(), next: 0 } }
    }

    /// A number below a bound.
    pub fn below(&mut self, bound: u64) -> u64 {
        match &mut self.source {
            Source::Seed(state) => {
                *state ^= *state >> 12;
                *state ^= *state << 25;
                *state ^= *state >> 27;
                (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) % bound.max(1)
            }
            Source::Bytes { bytes, next } => {
                let wide = bound > 256;
                let mut number = take(bytes, next);
                if wide {
                    // A short input still reaches the whole range: the one byte stands for all of it.
                    number = number << 8 | take(bytes, next);
                    return number * bound / 65_536;
                }
                number % bound.max(1)
            }
        }
    }

    /// Whether it is the one case in so many.
    pub fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) + 1 == bound
    }

    /// One of several.
    pub fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize].clone()
    }
}

fn take(bytes: &[u8], next: &mut usize) -> u64 {
    let byte = bytes.get(*next).copied().unwrap_or_default();
    *next += 1;
    u64::from(byte)
}
