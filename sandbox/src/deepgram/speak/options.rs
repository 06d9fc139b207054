//! What a client of `/v1/speak` asks for in its query (developers.deepgram.com/docs/tts-media-output-settings).

use std::num::NonZeroU32;

use crate::deepgram::parameters::Parameters;
use crate::deepgram::refusal::Refusal;
use crate::speech::compressed::Compressed;
use crate::speech::format::{Encoding, Format};

/// The voice when none is named.
const DEFAULT_MODEL: &str = "aura-asteria-en";

/// Names that Deepgram takes for the audio of speech and the sandbox does not make.
const NOT_HERE: [&str; 3] = ["flac", "aac", "alaw"];

/// The parameters that change the answer. `speed` and `bit_rate` are checked or ignored, and change nothing.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Options {
    pub(super) model: String,
    /// How samples are written; of a compressed format, how they would be.
    pub(super) format: Format,
    pub(super) compressed: Option<Compressed>,
    /// Whether the audio begins with a WAV header.
    pub(super) wav: bool,
}

impl Options {
    /// The query of a request over HTTP: mp3 by default, and raw audio in a WAV file by default.
    pub(super) fn of_request(parameters: &Parameters) -> Result<Self, Refusal> {
        if let Some(compressed) = compressed(parameters)? {
            return Ok(Self { compressed: Some(compressed), ..Self::of(parameters, "mulaw", Some("mulaw"))? });
        }
        let wav = match parameters.text("container") {
            None | Some("wav") => true,
            Some("none") => false,
            Some(other) => return Err(Refusal::value("container", other)),
        };
        Ok(Self { wav, ..Self::of(parameters, "linear16", None)? })
    }

    /// The query of a socket: linear samples by default, and never a container.
    pub(super) fn of_socket(parameters: &Parameters) -> Result<Self, Refusal> {
        if parameters.text("container").is_some_and(|container| container != "none") {
            return Err(Refusal::parameter("container is not supported over WebSocket."));
        }
        Self::of(parameters, "linear16", None)
    }

    /// `fixed` stands in for the parameters of an encoding.
    fn of(parameters: &Parameters, default: &str, fixed: Option<&str>) -> Result<Self, Refusal> {
        let model = parameters.text("model").unwrap_or(DEFAULT_MODEL).to_owned();
        if !is_aura(&model) {
            return Err(Refusal::parameter(format!("No such model/version combination found: {model}.")));
        }
        if parameters.number::<f32>("speed")?.is_some_and(|speed| !(0.7..=1.5).contains(&speed)) {
            return Err(Refusal::value("speed", parameters.text("speed").unwrap_or_default()));
        }
        let format = match fixed {
            Some(encoding) => format(&Parameters(Vec::new()), encoding)?,
            None => format(parameters, parameters.text("encoding").unwrap_or(default))?,
        };
        Ok(Self { model, format, compressed: None, wav: false })
    }

    /// The longest text of one request, in characters. Pages differ between 1,000 and 2,400; the strictest is taken, so
    /// that a client that works here works there.
    pub(super) fn characters_max(&self) -> usize {
        if self.model.starts_with("aura-2-") { 1_000 } else { 2_000 }
    }

    /// The type of the body.
    pub(super) fn content_type(&self) -> String {
        if let Some(compressed) = self.compressed {
            return compressed.content_type().to_owned();
        }
        let rate = self.format.rate_hz;
        match (self.wav, self.format.encoding) {
            (true, _) => "audio/wav".into(),
            (false, Encoding::Mulaw) => format!("audio/mulaw;rate={rate}"),
            (false, Encoding::Linear16) => format!("audio/l16;rate={rate}"),
        }
    }
}

/// `aura-asteria-en`, `aura-2-thalia-en`: the sandbox has one voice and answers to every well-formed name.
fn is_aura(model: &str) -> bool {
    let rest = model.strip_prefix("aura-2-").or_else(|| model.strip_prefix("aura-"));
    let named = rest.and_then(|rest| rest.split_once('-'));
    let letters = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase());
    named.is_some_and(|(voice, language)| letters(voice) && language.len() == 2 && letters(language))
}

/// The compressed format that is asked for, with parameters that go with it. MP3 is what comes where nothing is asked.
fn compressed(parameters: &Parameters) -> Result<Option<Compressed>, Refusal> {
    let (compressed, containers, rate): (_, &[&str], _) = match parameters.text("encoding") {
        None | Some("mp3") => (Compressed::Mp3, &[], 22_050),
        Some("opus") => (Compressed::Opus, &["ogg"], 48_000),
        Some(_) => return Ok(None),
    };
    if let Some(container) = parameters.text("container").filter(|container| !containers.contains(container)) {
        return Err(Refusal::value("container", container));
    }
    match parameters.number::<u32>("sample_rate")? {
        Some(other) if other != rate => Err(Refusal::value("sample_rate", &other.to_string())),
        _ => Ok(Some(compressed)),
    }
}

fn format(parameters: &Parameters, encoding: &str) -> Result<Format, Refusal> {
    let (encoding, default, rates): (_, _, &[u32]) = match encoding {
        "mulaw" => (Encoding::Mulaw, 8_000, &[8_000, 16_000]),
        "linear16" => (Encoding::Linear16, 24_000, &[8_000, 16_000, 24_000, 32_000, 48_000]),
        other if NOT_HERE.contains(&other) => {
            return Err(Refusal::parameter(format!(
                "The sandbox speaks mulaw, linear16, mp3 and opus, not {other}; set encoding."
            )));
        }
        other => return Err(Refusal::value("encoding", other)),
    };
    let rate = parameters.number("sample_rate")?.unwrap_or(default);
    match NonZeroU32::new(rate) {
        Some(rate_hz) if rates.contains(&rate) => Ok(Format { encoding, rate_hz }),
        _ => Err(Refusal::value("sample_rate", &rate.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(query: &str) -> Result<Options, Refusal> {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        Options::of_request(&Parameters(pairs.map(|(name, value)| (name.into(), value.into())).collect()))
    }

    #[test]
    fn raw_audio_comes_in_a_wav_file_unless_no_container_is_wanted() {
        let plain = options("model=aura-2-thalia-en&encoding=mulaw").expect("a good query");
        assert!(plain.wav && plain.format.rate_hz.get() == 8_000);
        let raw = options("model=aura-2-thalia-en&encoding=mulaw&sample_rate=8000&container=none").expect("good");
        assert_eq!((raw.wav, raw.content_type().as_str()), (false, "audio/mulaw;rate=8000"));
    }

    #[test]
    fn mp3_comes_where_nothing_is_asked_for_and_opus_in_ogg() {
        let plain = options("model=aura-2-thalia-en").expect("a good query");
        assert_eq!((plain.compressed, plain.content_type().as_str()), (Some(Compressed::Mp3), "audio/mpeg"));
        let opus = options("encoding=opus&container=ogg&sample_rate=48000").expect("a good query");
        assert_eq!((opus.compressed, opus.content_type().as_str()), (Some(Compressed::Opus), "audio/ogg;codecs=opus"));
    }

    #[test]
    fn what_the_service_or_the_sandbox_cannot_make_is_refused() {
        for query in [
            "encoding=flac",
            "encoding=mp3&container=wav",
            "encoding=opus&sample_rate=24000",
            "encoding=mulaw&sample_rate=24000",
            "encoding=mulaw&container=ogg",
            "encoding=mulaw&model=flux-haley-en",
            "encoding=mulaw&model=nova-3",
            "encoding=mulaw&speed=3",
        ] {
            assert!(options(query).is_err(), "{query}");
        }
    }
}
