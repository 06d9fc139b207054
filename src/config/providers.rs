//! The providers of speech: who is asked, in which order, and with what. Declared as in `declared.rs`.

use std::time::Duration;

use super::reader::{Parsed, Problem, Reader};
use super::{Secret, parse};

/// Who speaks.
#[derive(Debug, Clone)]
pub struct Providers {
    /// `TTS_PROVIDER`: the first is asked, the others stand in, in this order. Never empty.
    pub order: Vec<Provider>,
    /// `MAX_RETRIES`.
    pub retries_max: u32,
    /// `PROVIDER_TIMEOUT_MS`.
    pub try_within: Duration,
    /// `ENABLE_STREAMING`.
    pub is_streaming: bool,
    /// ElevenLabs.
    pub elevenlabs: ElevenLabs,
}

/// A provider of speech.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// Deepgram, with the key that it hears with.
    Deepgram,
    /// ElevenLabs.
    ElevenLabs,
}

/// Who speaks, perhaps.
#[derive(Debug, Clone)]
pub struct ElevenLabs {
    /// `ELEVENLABS_API_KEY`.
    pub api_key: Option<Secret>,
    /// `ELEVENLABS_URL`, without a slash at its end.
    pub url: String,
    /// `ELEVENLABS_MODEL`.
    pub model: String,
    /// `ELEVENLABS_VOICE`.
    pub voice: String,
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Deepgram, Self::ElevenLabs];

    /// Its name in settings and in the table of voices.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deepgram => "deepgram",
            Self::ElevenLabs => "elevenlabs",
        }
    }
}

impl Providers {
    pub(super) fn declare(read: &mut Reader) -> Self {
        read.group("Who speaks. Each provider has a voice of its own, for where the table of voices names none.");
        let order = read.value(
            "TTS_PROVIDER",
            "deepgram",
            "providers",
            "Who speaks: deepgram or elevenlabs. Of a list, like elevenlabs,deepgram, the first; the others stand in.",
            providers,
        );
        let retries_max =
            read.value("MAX_RETRIES", "3", "times", "How often a provider is asked again for the same words.", retries);
        let try_within = read.value(
            "PROVIDER_TIMEOUT_MS",
            "5000",
            "milliseconds",
            "How long a provider may take to begin to speak, each time. In calls it is less, so that nobody hears silence.",
            parse::milliseconds,
        );
        let is_streaming = read.value(
            "ENABLE_STREAMING",
            "true",
            "true or false",
            "Whether words are heard while they are made. If not, words that break off are made again, unheard.",
            parse::yes_or_no,
        );
        Self { order, retries_max, try_within, is_streaming, elevenlabs: ElevenLabs::declare(read) }
    }

    /// Whether a provider can be asked.
    pub fn has(&self, provider: Provider) -> bool {
        match provider {
            Provider::Deepgram => true,
            Provider::ElevenLabs => self.elevenlabs.api_key.is_some(),
        }
    }

    /// Lets the sandbox stand in for those that are to be asked and have no key.
    pub fn stand_in(&mut self, url: &str) {
        let missing: Vec<Provider> = self.order.iter().copied().filter(|provider| !self.has(*provider)).collect();
        for provider in missing {
            match provider {
                Provider::Deepgram => {}
                Provider::ElevenLabs => {
                    self.elevenlabs = ElevenLabs {
                        api_key: Some(Secret::new("sandbox")),
                        url: url.to_owned(),
                        ..self.elevenlabs.clone()
                    };
                }
            }
        }
    }

    /// The keys of those that are to be asked and have none.
    pub(super) fn missing_keys(&self) -> impl Iterator<Item = Problem> {
        self.order.iter().filter(|provider| !self.has(**provider)).map(|provider| {
            let remedy = format!("set it, as TTS_PROVIDER names {0}, or take {0} out of that", provider.name());
            Problem { name: provider.key(), value: None, remedy }
        })
    }
}

impl Provider {
    fn key(self) -> &'static str {
        match self {
            Self::Deepgram => "DEEPGRAM_API_KEY",
            Self::ElevenLabs => "ELEVENLABS_API_KEY",
        }
    }
}

impl ElevenLabs {
    fn declare(read: &mut Reader) -> Self {
        Self {
            api_key: read.secret("ELEVENLABS_API_KEY", "From https://elevenlabs.io, under API keys."),
            url: read.value(
                "ELEVENLABS_URL",
                "https://api.elevenlabs.io",
                "address",
                "Another region's ElevenLabs or an emulator; http:// works, too.",
                parse::base_url,
            ),
            model: read.value(
                "ELEVENLABS_MODEL",
                "eleven_flash_v2_5",
                "model",
                "The quickest of its models by default.",
                parse::word,
            ),
            voice: read.value("ELEVENLABS_VOICE", "JBFqnCBsd6RMkjVDRZzb", "id", "A voice's id.", parse::word),
        }
    }
}

/// `elevenlabs,deepgram`, each at most once.
fn providers(text: &str) -> Parsed<Vec<Provider>> {
    let mut order = Vec::new();
    for name in text.split(',').map(|name| name.trim().to_ascii_lowercase()) {
        let provider = Provider::ALL.into_iter().find(|provider| provider.name() == name);
        match provider.filter(|provider| !order.contains(provider)) {
            Some(provider) => order.push(provider),
            None => {
                let names = Provider::ALL.map(Provider::name).join(", ");
                return Err(format!("write one or several of {names}, each once, with commas between them"));
            }
        }
    }
    Ok(order)
}

fn retries(text: &str) -> Parsed<u32> {
    text.parse().ok().filter(|retries| *retries <= 20).ok_or("write a whole number from 0 to 20".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_are_a_list_without_doubles() {
        assert_eq!(providers("ElevenLabs, deepgram"), Ok(vec![Provider::ElevenLabs, Provider::Deepgram]));
        for text in ["", "deepgram,", "deepgram,deepgram", "espeak"] {
            assert!(providers(text).is_err(), "{text}");
        }
    }
}
