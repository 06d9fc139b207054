//! What a session hears: speech begins and ends, and its words.

use std::num::NonZeroU32;

use engine::audio::frame::RATE_HZ;
use engine::audio::mulaw;
use engine::audio::resample::Resampler;

use crate::realtime::config::{Detection, Format};
use crate::recognizer::{Ear, Lexicon};

const SAMPLES_PER_MS: u64 = RATE_HZ as u64 / 1_000;

/// Something that was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Heard {
    /// Speech began, padding taken off.
    Started { at_ms: u64 },
    /// It ended.
    Stopped { at_ms: u64 },
}

pub(super) struct Hearing {
    ear: Ear,
    wide: Resampler,
    /// Where the buffer begins that is not committed yet.
    from: u64,
    speaking: bool,
    /// Where speech began that was told last.
    told: Option<u64>,
    /// A byte of a sample of which the other has not come.
    odd: Option<u8>,
}

impl Hearing {
    pub(super) fn new(lexicon: Lexicon) -> Self {
        let rate = |hz| NonZeroU32::new(hz).expect("not 0");
        let wide = Resampler::new(rate(24_000), rate(RATE_HZ));
        Self { ear: Ear::new(lexicon), wide, from: 0, speaking: false, told: None, odd: None }
    }

    pub(super) fn push(
        &mut self,
        format: &Format,
        bytes: &[u8],
        detection: Option<&Detection>,
        heard: &mut Vec<Heard>,
    ) {
        let audio = match format {
            Format::Pcmu => bytes.to_vec(),
            Format::Pcm24 => self.narrow(bytes),
        };
        // In steps of a frame, so that a second in one message is heard as it would be in fifty.
        for piece in audio.chunks(160) {
            self.ear.push(piece);
            if let Some(detection) = detection {
                self.detect(detection, heard);
            }
        }
    }

    fn detect(&mut self, detection: &Detection, heard: &mut Vec<Heard>) {
        let now = self.ear.position();
        let started = self.ear.voice_started().filter(|started| *started >= self.from);
        if let Some(started) = started.filter(|_| !self.speaking && started != self.told) {
            self.speaking = true;
            self.told = Some(started);
            let at_ms = (started / SAMPLES_PER_MS).saturating_sub(detection.prefix_ms);
            heard.push(Heard::Started { at_ms });
        }
        let last = self.ear.last_voice().unwrap_or_default();
        if self.speaking && now.saturating_sub(last) >= detection.silence_ms * SAMPLES_PER_MS {
            self.speaking = false;
            heard.push(Heard::Stopped { at_ms: now / SAMPLES_PER_MS });
        }
    }

    fn narrow(&mut self, bytes: &[u8]) -> Vec<u8> {
        let bytes: Vec<u8> = self.odd.take().into_iter().chain(bytes.iter().copied()).collect();
        let pairs = bytes.chunks_exact(2);
        self.odd = pairs.remainder().first().copied();
        let samples: Vec<i16> = pairs.map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
        let mut narrow = Vec::new();
        self.wide.push(&samples, &mut narrow);
        narrow.into_iter().map(mulaw::encode).collect()
    }

    pub(super) fn buffered_ms(&self) -> u64 {
        (self.ear.position() - self.from) / SAMPLES_PER_MS
    }

    pub(super) fn clear(&mut self) {
        self.from = self.ear.position();
        self.speaking = false;
    }

    /// Ends the buffer, and gives the words in it.
    pub(super) fn commit(&mut self) -> String {
        let words = self.ear.words();
        let fresh = words.iter().filter(|word| word.to > self.from);
        let text = fresh.map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
        self.clear();
        text
    }
}
