//! A WAV header in front of samples: taken off, or the audio would begin with a click. Some providers send one whatever is
//! asked for.

use bytes::Bytes;
use engine::io::Fault;

/// How much is looked through for the audio. Headers with every known addition are far smaller.
const HEADER_BYTES_MAX: usize = 4_096;

/// What samples are to be, with one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Samples {
    /// The format tag: 1 is PCM, 7 is µ-law (RFC 2361, sections A.1 and A.4).
    tag: u16,
    rate_hz: u32,
}

impl Samples {
    pub(super) const MULAW: Self = Self { tag: 7, rate_hz: 8_000 };

    pub(super) fn linear(rate_hz: u32) -> Self {
        Self { tag: 1, rate_hz }
    }
}

/// Takes a header off the beginning of a body that arrives in pieces.
#[derive(Debug)]
pub(super) enum Unwrapping {
    /// Not enough has come to tell.
    Undecided(Samples, Vec<u8>),
    /// What comes is audio.
    Audio,
}

impl Unwrapping {
    pub(super) fn new(samples: Samples) -> Self {
        Self::Undecided(samples, Vec::new())
    }

    /// Takes the next piece and gives the audio in it, possibly none yet.
    pub(super) fn push(&mut self, piece: Bytes) -> Result<Bytes, Fault> {
        let Self::Undecided(samples, start) = self else { return Ok(piece) };
        start.extend_from_slice(&piece);
        let audio = match audio_offset(start, *samples)? {
            None => return Ok(Bytes::new()),
            Some(offset) => start.split_off(offset),
        };
        *self = Self::Audio;
        Ok(audio.into())
    }

    /// Whether audio has begun. A body too short to decide by has none.
    pub(super) fn is_audio(&self) -> bool {
        matches!(self, Self::Audio)
    }
}

/// Where the audio begins; none while that cannot be told.
fn audio_offset(start: &[u8], samples: Samples) -> Result<Option<usize>, Fault> {
    let known = start.len().min(4);
    if start[..known] != b"RIFF"[..known] || (start.len() >= 12 && start[8..12] != *b"WAVE") {
        return Ok(Some(0));
    }
    let mut at = 12;
    while let Some(head) = start.get(at..at + 8) {
        let len = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        match &head[..4] {
            b"data" => return Ok(Some(at + 8)),
            b"fmt " => match start.get(at + 8..at + 16) {
                Some(format) => check(format, samples)?,
                None => return Ok(None),
            },
            _ => {}
        }
        // Chunks begin at even places.
        at += 8 + usize::try_from(len).unwrap_or(usize::MAX / 2).saturating_add(1) / 2 * 2;
        if at > HEADER_BYTES_MAX {
            return Err(Fault::OurMistake("a WAV file came with no audio in it".into()));
        }
    }
    Ok(None)
}

fn check(format: &[u8], samples: Samples) -> Result<(), Fault> {
    let tag = u16::from_le_bytes([format[0], format[1]]);
    let channels = u16::from_le_bytes([format[2], format[3]]);
    let rate_hz = u32::from_le_bytes([format[4], format[5], format[6], format[7]]);
    if (Samples { tag, rate_hz }, channels) == (samples, 1) {
        return Ok(());
    }
    let Samples { tag: asked, rate_hz: at_hz } = samples;
    let text = format!(
        "a WAV of format {tag} with {channels} channels at {rate_hz} Hz came instead of format {asked} at {at_hz} Hz"
    );
    Err(Fault::OurMistake(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wav(tag: u16, extra: &[u8], audio: &[u8]) -> Vec<u8> {
        let mut wav = b"RIFF\xff\xff\xff\xffWAVE".to_vec();
        wav.extend_from_slice(b"fmt \x12\0\0\0");
        wav.extend_from_slice(&tag.to_le_bytes());
        wav.extend_from_slice(b"\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0\0\0");
        wav.extend_from_slice(extra);
        wav.extend_from_slice(b"data\xff\xff\xff\xff");
        wav.extend_from_slice(audio);
        wav
    }

    fn unwrapped(body: &[u8], piece_len: usize) -> Result<Vec<u8>, Fault> {
        let mut unwrapping = Unwrapping::new(Samples::MULAW);
        let mut audio = Vec::new();
        for piece in body.chunks(piece_len) {
            audio.extend(unwrapping.push(Bytes::copy_from_slice(piece))?);
        }
        Ok(audio)
    }

    #[test]
    fn a_header_is_taken_off_wherever_it_is_cut() {
        let body = wav(7, b"fact\x03\0\0\0abc\0", b"audio that RIFF itself");
        for piece_len in 1..body.len() {
            assert_eq!(unwrapped(&body, piece_len).as_deref(), Ok(&b"audio that RIFF itself"[..]), "{piece_len}");
        }
    }

    #[test]
    fn raw_audio_passes_untouched() {
        for body in [&b"\xff\xff\x80"[..], b"RIF", b"RIFFxxxxWAVY", b"R\0"] {
            let whole = unwrapped(body, 1).expect("raw audio");
            assert!(body.starts_with(&whole) && (whole.len() == body.len() || body == b"RIF"), "{body:?}");
        }
    }

    #[test]
    fn another_format_is_our_mistake() {
        assert!(matches!(unwrapped(&wav(1, b"", b"pcm"), 9), Err(Fault::OurMistake(_))));
        let endless = [&b"RIFF\0\0\0\0WAVE"[..], &b"junk\xff\xff\0\0"[..], &[0; 100]].concat();
        assert!(matches!(unwrapped(&endless, 50), Err(Fault::OurMistake(_))));
    }
}
