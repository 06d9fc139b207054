//! Points in audio that are found again wherever the audio is found again.
//!
//! A hash runs over the last [`WINDOW`] bytes; where it happens to end in zeros is an anchor. Which points those are
//! depends on the sound alone, not on where frames were cut or a stream began, so the same audio has the same anchors at
//! any offset.

use engine::audio::mulaw;

/// Bytes an anchor depends on: 16 ms.
pub(super) const WINDOW: usize = 128;

/// One point in this many is an anchor: about one in 4 ms of voice.
const SPACING: u64 = 32;

/// Mean magnitude of a window that is worth remembering, of 32768. Silence is the same in every recording.
const QUIETEST_MEAN: u32 = 60;

const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// `FACTOR` to the power of [`WINDOW`]: what a byte weighs when it leaves.
const LEAVING: u64 = {
    let mut power = 1_u64;
    let mut n = 0;
    while n < WINDOW {
        power = power.wrapping_mul(FACTOR);
        n += 1;
    }
    power
};

/// Finds anchors in a stream of µ-law.
#[derive(Debug, Clone)]
pub(super) struct Anchors {
    window: [u8; WINDOW],
    at: usize,
    seen: usize,
    hash: u64,
    magnitude: u32,
}

impl Anchors {
    pub(super) fn new() -> Self {
        Self { window: [0; WINDOW], at: 0, seen: 0, hash: 0, magnitude: 0 }
    }

    /// Takes the next byte; the hash of the window that ends with it, if that is an anchor.
    pub(super) fn push(&mut self, code: u8) -> Option<u64> {
        // Both zeros of G.711 sound the same, and converters exchange them.
        let code = if code == 0x7f { 0xff } else { code };
        if self.seen < WINDOW {
            self.seen += 1;
        } else {
            let leaving = self.window[self.at];
            self.hash = self.hash.wrapping_sub(weight(leaving).wrapping_mul(LEAVING));
            self.magnitude -= magnitude(leaving);
        }
        self.hash = self.hash.wrapping_mul(FACTOR).wrapping_add(weight(code).wrapping_mul(FACTOR));
        self.magnitude += magnitude(code);
        self.window[self.at] = code;
        self.at = (self.at + 1) % WINDOW;
        let mixed = mix(self.hash);
        let loud = self.seen == WINDOW && self.magnitude >= QUIETEST_MEAN * WINDOW as u32;
        (loud && mixed.is_multiple_of(SPACING)).then_some(mixed)
    }
}

fn weight(code: u8) -> u64 {
    WEIGHTS[code as usize]
}

fn magnitude(code: u8) -> u32 {
    u32::from(mulaw::decode(code).unsigned_abs())
}

static WEIGHTS: [u64; 256] = {
    let mut weights = [0; 256];
    let mut code = 0;
    while code < 256 {
        weights[code] = mix((code as u64 + 1).wrapping_mul(FACTOR));
        code += 1;
    }
    weights
};

/// The finalizer of SplitMix64 (Steele, Lea, Flood, 2014): every bit depends on every bit.
const fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anchors(audio: &[u8]) -> Vec<(usize, u64)> {
        let mut scanner = Anchors::new();
        audio.iter().enumerate().filter_map(|(at, &code)| Some((at, scanner.push(code)?))).collect()
    }

    fn noise(len: usize) -> Vec<u8> {
        (0..len as u64).map(|n| mix(n) as u8).collect()
    }

    #[test]
    fn the_same_audio_has_the_same_anchors_at_any_offset() {
        let audio = noise(8_000);
        let plain = anchors(&audio);
        assert!((200..300).contains(&plain.len()), "{} anchors", plain.len());
        for offset in [1, 77, 160, 3_001] {
            let mut shifted = vec![0xff; offset];
            shifted.extend(&audio);
            let found = anchors(&shifted);
            let expected: Vec<_> = plain.iter().map(|&(at, hash)| (at + offset, hash)).collect();
            assert!(found.ends_with(&expected));
        }
    }

    #[test]
    fn silence_has_no_anchors() {
        assert!(anchors(&[0xff; 10_000]).is_empty());
        let rustle: Vec<u8> = noise(10_000).into_iter().map(|code| code | 0x7c).collect();
        assert!(anchors(&rustle).is_empty());
    }

    #[test]
    fn both_zeros_are_one() {
        let audio: Vec<u8> = noise(4_000).into_iter().map(|code| if code % 4 == 0 { 0xff } else { code }).collect();
        let other: Vec<u8> = audio.iter().map(|&code| if code == 0xff { 0x7f } else { code }).collect();
        assert_eq!(anchors(&audio), anchors(&other));
    }
}
