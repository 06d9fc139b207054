//! Samples at a provider's rate, made into the format that was asked for: for providers that cannot write it themselves.

use std::num::NonZeroU32;

use bytes::Bytes;
use engine::audio::format::{Format, LINEAR16_RATE_HZ};
use engine::audio::frame::RATE_HZ;
use engine::audio::mulaw;
use engine::audio::resample::Resampler;
use engine::io::Fault;
use tokio::task::spawn_blocking;

/// A stream of 16-bit samples, little-endian and cut anywhere, on its way into another format.
pub(super) struct Converter {
    resampler: Resampler,
    format: Format,
    odd_byte: Option<u8>,
}

impl Converter {
    /// From samples at this rate. Only what is made of samples can be made; the rest needs an encoder that we do not have.
    pub(super) fn new(rate_hz: u32, format: Format) -> Result<Self, Fault> {
        let rate_out_hz = match format {
            Format::Mulaw => RATE_HZ,
            Format::Linear16 => LINEAR16_RATE_HZ,
            Format::Mp3 | Format::OggOpus => {
                return Err(Fault::OurMistake(format!("nothing here writes {}", format.name())));
            }
        };
        let rates = NonZeroU32::new(rate_hz).zip(NonZeroU32::new(rate_out_hz));
        let (rate_in, rate_out) = rates.ok_or_else(|| Fault::OurMistake("samples have a rate".into()))?;
        Ok(Self { resampler: Resampler::new(rate_in, rate_out), format, odd_byte: None })
    }

    /// Takes what came and gives what is ready; with nothing, gives the rest. Filtering a second takes about 0.2 ms, which
    /// is too long for a thread that other calls wait for.
    pub(super) async fn run(mut self, piece: Option<Bytes>) -> Result<(Self, Bytes), Fault> {
        let converted = spawn_blocking(move || {
            let audio = match piece {
                Some(piece) => self.push(&piece),
                None => self.rest(),
            };
            (self, audio.into())
        });
        converted.await.map_err(|_| Fault::Retry("the runtime is going down".into()))
    }

    fn push(&mut self, piece: &[u8]) -> Vec<u8> {
        let bytes: Vec<u8> = self.odd_byte.take().into_iter().chain(piece.iter().copied()).collect();
        let (pairs, rest) = bytes.as_chunks::<2>();
        self.odd_byte = rest.first().copied();
        let samples: Vec<i16> = pairs.iter().map(|&pair| i16::from_le_bytes(pair)).collect();
        let mut resampled = Vec::new();
        self.resampler.push(&samples, &mut resampled);
        self.written(&resampled)
    }

    fn rest(&mut self) -> Vec<u8> {
        let mut resampled = Vec::new();
        self.resampler.flush(&mut resampled);
        self.written(&resampled)
    }

    fn written(&self, samples: &[i16]) -> Vec<u8> {
        match self.format {
            Format::Mulaw => samples.iter().map(|&sample| mulaw::encode(sample)).collect(),
            _ => samples.iter().flat_map(|sample| sample.to_le_bytes()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn converted(rate_hz: u32, format: Format, audio: &[u8], piece_len: usize) -> Vec<u8> {
        let mut converter = Converter::new(rate_hz, format).expect("it can be made");
        let mut out = Vec::new();
        for piece in audio.chunks(piece_len) {
            let (next, ready) = converter.run(Some(Bytes::copy_from_slice(piece))).await.expect("a runtime");
            converter = next;
            out.extend_from_slice(&ready);
        }
        out.extend_from_slice(&converter.run(None).await.expect("a runtime").1);
        out
    }

    fn tone(rate_hz: u32) -> Vec<u8> {
        let sample = |at: u32| 8_000.0 * (f64::from(at) * 440.0 * std::f64::consts::TAU / f64::from(rate_hz)).sin();
        (0..rate_hz).flat_map(|at| (sample(at) as i16).to_le_bytes()).collect()
    }

    #[tokio::test]
    async fn a_second_stays_a_second_wherever_samples_are_cut() {
        let whole = converted(24_000, Format::Mulaw, &tone(24_000), 48_000).await;
        assert_eq!(whole.len(), 8_000);
        assert_eq!(converted(24_000, Format::Mulaw, &tone(24_000), 1_601).await, whole);
        assert_eq!(converted(16_000, Format::Linear16, &tone(16_000), 777).await.len(), 48_000);
        let loudest = whole.iter().map(|&code| mulaw::decode(code).unsigned_abs()).max();
        assert!(loudest.is_some_and(|loudest| loudest.abs_diff(8_000) < 400), "{loudest:?}");
    }

    #[test]
    fn what_needs_an_encoder_is_refused() {
        assert!(matches!(Converter::new(24_000, Format::Mp3), Err(Fault::OurMistake(_))));
    }
}
