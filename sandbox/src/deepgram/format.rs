//! Raw audio to be heard: it becomes µ-law at 8 kHz, which is what the recognizer knows.

use std::num::NonZeroU32;

use engine::audio::frame::RATE_HZ;
use engine::audio::mulaw;
use engine::audio::resample::Resampler;

use crate::deepgram::parameters::Parameters;
use crate::deepgram::refusal::Refusal;
use crate::speech::format::{Encoding, Format, telephone_rate};

/// Names that Deepgram takes for audio to be heard and the sandbox does not.
const NOT_HERE: [&str; 8] = ["linear32", "flac", "alaw", "amr-nb", "amr-wb", "opus", "ogg-opus", "speex"];

impl Format {
    /// The format of audio to be heard. Raw audio needs both parameters; the sandbox does not open containers.
    pub(super) fn heard(parameters: &Parameters) -> Result<Self, Refusal> {
        let encoding = match parameters.text("encoding") {
            Some("mulaw") => Encoding::Mulaw,
            Some("linear16") => Encoding::Linear16,
            Some(other) if NOT_HERE.contains(&other) => {
                return Err(Refusal::parameter(format!("The sandbox hears mulaw and linear16, not {other}.")));
            }
            Some(other) => return Err(Refusal::value("encoding", other)),
            None => return Err(Refusal::parameter("The sandbox opens no containers: set encoding and sample_rate.")),
        };
        let rate_hz = match parameters.number::<u32>("sample_rate")? {
            Some(rate @ (8_000 | 16_000 | 24_000 | 44_100 | 48_000)) => rate,
            Some(other) => return Err(Refusal::value("sample_rate", &other.to_string())),
            None => return Err(Refusal::parameter("sample_rate is required when encoding is set.")),
        };
        if parameters.number::<u32>("channels")?.is_some_and(|channels| channels != 1) {
            return Err(Refusal::parameter("The sandbox hears one channel."));
        }
        Ok(Self { encoding, rate_hz: NonZeroU32::new(rate_hz).expect("one of the rates above") })
    }
}

/// Turns a stream of any format, cut anywhere, into µ-law at 8 kHz.
pub(super) struct Decoder {
    format: Format,
    odd_byte: Option<u8>,
    resampler: Option<Resampler>,
}

impl Decoder {
    pub(super) fn new(format: Format) -> Self {
        let resampler = (format.rate_hz.get() != RATE_HZ).then(|| Resampler::new(format.rate_hz, telephone_rate()));
        Self { format, odd_byte: None, resampler }
    }

    pub(super) fn push(&mut self, audio: &[u8]) -> Vec<u8> {
        let samples: Vec<i16> = match self.format.encoding {
            Encoding::Mulaw if self.resampler.is_none() => return audio.to_vec(),
            Encoding::Mulaw => audio.iter().map(|&code| mulaw::decode(code)).collect(),
            Encoding::Linear16 => {
                let bytes: Vec<u8> = self.odd_byte.take().into_iter().chain(audio.iter().copied()).collect();
                let (pairs, rest) = bytes.as_chunks::<2>();
                self.odd_byte = rest.first().copied();
                pairs.iter().map(|&pair| i16::from_le_bytes(pair)).collect()
            }
        };
        let Some(resampler) = &mut self.resampler else {
            return samples.into_iter().map(mulaw::encode).collect();
        };
        let mut resampled = Vec::new();
        resampler.push(&samples, &mut resampled);
        resampled.into_iter().map(mulaw::encode).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speech::format::encode;

    fn format(encoding: Encoding, rate_hz: u32) -> Format {
        Format { encoding, rate_hz: NonZeroU32::new(rate_hz).expect("not zero") }
    }

    #[test]
    fn linear_audio_cut_in_the_middle_of_a_sample_is_decoded_whole() {
        let audio: Vec<u8> = (0..=255).filter(|&code| code != 0x7f).collect();
        let linear = encode(&audio, format(Encoding::Linear16, 8_000));
        let mut decoder = Decoder::new(format(Encoding::Linear16, 8_000));
        let decoded: Vec<u8> = linear.chunks(7).flat_map(|piece| decoder.push(piece)).collect();
        assert_eq!(decoded, audio);
    }

    #[test]
    fn other_rates_keep_the_length() {
        let audio = vec![0x90; 8_000];
        assert_eq!(encode(&audio, format(Encoding::Linear16, 24_000)).len(), 48_000);
        let mut decoder = Decoder::new(format(Encoding::Linear16, 16_000));
        assert!(decoder.push(&vec![0; 32_000]).len().abs_diff(8_000) < 200);
    }

    #[test]
    fn raw_audio_needs_both_its_parameters() {
        let heard = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            Format::heard(&Parameters(pairs.collect()))
        };
        assert_eq!(heard(&[("encoding", "mulaw"), ("sample_rate", "8000")]), Ok(format(Encoding::Mulaw, 8_000)));
        for wrong in [
            &[("encoding", "mulaw")][..],
            &[("sample_rate", "8000")],
            &[("encoding", "mp7"), ("sample_rate", "8000")],
            &[("encoding", "mulaw"), ("sample_rate", "many")],
            &[("encoding", "mulaw"), ("sample_rate", "8000"), ("channels", "2")],
        ] {
            assert!(heard(wrong).is_err(), "{wrong:?}");
        }
    }
}
