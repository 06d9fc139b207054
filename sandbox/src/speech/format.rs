//! Raw audio as services write it: what goes out was µ-law at 8 kHz, which is what the sandbox's voice speaks.

use std::num::NonZeroU32;

use engine::audio::frame::RATE_HZ;
use engine::audio::mulaw;
use engine::audio::resample::Resampler;

/// How a sample is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Mulaw,
    Linear16,
}

/// Raw audio of one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Format {
    pub(crate) encoding: Encoding,
    pub(crate) rate_hz: NonZeroU32,
}

/// µ-law at 8 kHz as another format, the whole of it.
pub(crate) fn encode(audio: &[u8], format: Format) -> Vec<u8> {
    if format == (Format { encoding: Encoding::Mulaw, rate_hz: telephone_rate() }) {
        return audio.to_vec();
    }
    let mut samples: Vec<i16> = audio.iter().map(|&code| mulaw::decode(code)).collect();
    if format.rate_hz.get() != RATE_HZ {
        let mut resampler = Resampler::new(telephone_rate(), format.rate_hz);
        let mut resampled = Vec::new();
        resampler.push(&samples, &mut resampled);
        resampler.flush(&mut resampled);
        samples = resampled;
    }
    match format.encoding {
        Encoding::Mulaw => samples.into_iter().map(mulaw::encode).collect(),
        Encoding::Linear16 => samples.into_iter().flat_map(i16::to_le_bytes).collect(),
    }
}

pub(crate) fn telephone_rate() -> NonZeroU32 {
    NonZeroU32::new(RATE_HZ).expect("8 kHz is not zero")
}
