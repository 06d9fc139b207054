//! The providers of speech: who is asked, in which order, and with what. Declared as in `declared.rs`.

use std::fs;
use std::time::Duration;

use super::reader::{Parsed, Problem, Reader};
use super::{Secret, Storage, parse};

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
    /// OpenAI's speech.
    pub openai: OpenAiSpeech,
    /// ElevenLabs.
    pub elevenlabs: ElevenLabs,
    /// Google Cloud.
    pub google: Google,
    /// Amazon Polly.
    pub polly: Polly,
    /// Azure.
    pub azure: Azure,
}

/// A provider of speech.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// Deepgram, with the key that it hears with.
    Deepgram,
    /// OpenAI, with the key that it thinks with.
    OpenAi,
    /// ElevenLabs.
    ElevenLabs,
    /// Google Cloud.
    Google,
    /// Amazon Polly.
    Polly,
    /// Azure.
    Azure,
}

/// OpenAI's speech.
#[derive(Debug, Clone)]
pub struct OpenAiSpeech {
    /// `OPENAI_TTS_MODEL`.
    pub model: String,
    /// `OPENAI_TTS_VOICE`.
    pub voice: String,
}

/// ElevenLabs.
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

/// Google Cloud.
#[derive(Debug, Clone)]
pub struct Google {
    /// The text of the file that `GOOGLE_APPLICATION_CREDENTIALS` names, if it can be read.
    pub account: Option<Secret>,
    /// `GOOGLE_TTS_URL`, without a slash at its end.
    pub url: String,
    /// `GOOGLE_TTS_VOICE`.
    pub voice: String,
}

/// An account at AWS.
#[derive(Debug, Clone)]
pub struct Aws {
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: Option<String>,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: Option<Secret>,
    /// `AWS_SESSION_TOKEN`.
    pub session_token: Option<Secret>,
    /// `AWS_REGION`.
    pub region: String,
}

/// Amazon Polly.
#[derive(Debug, Clone)]
pub struct Polly {
    /// Whose it is.
    pub account: Aws,
    /// `POLLY_URL`, without a slash at its end.
    pub url: String,
    /// `POLLY_ENGINE`.
    pub engine: String,
    /// `POLLY_VOICE`.
    pub voice: String,
}

/// Azure.
#[derive(Debug, Clone)]
pub struct Azure {
    /// `AZURE_SPEECH_KEY`.
    pub key: Option<Secret>,
    /// `AZURE_SPEECH_URL`, without a slash at its end; by default that of `AZURE_SPEECH_REGION`.
    pub url: String,
    /// `AZURE_SPEECH_VOICE`.
    pub voice: String,
}

/// What the sandbox stands in with.
#[derive(Debug, Clone)]
pub struct SandboxAccounts {
    /// Where it is.
    pub url: String,
    /// The text of a service account's file.
    pub google: Secret,
    /// The secret of any access key.
    pub aws_secret: Secret,
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Deepgram, Self::OpenAi, Self::ElevenLabs, Self::Google, Self::Polly, Self::Azure];

    /// Its name in settings and in the table of voices.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deepgram => "deepgram",
            Self::OpenAi => "openai",
            Self::ElevenLabs => "elevenlabs",
            Self::Google => "google",
            Self::Polly => "polly",
            Self::Azure => "azure",
        }
    }

    fn key(self) -> &'static str {
        match self {
            Self::Deepgram => "DEEPGRAM_API_KEY",
            Self::OpenAi => "OPENAI_API_KEY",
            Self::ElevenLabs => "ELEVENLABS_API_KEY",
            Self::Google => "GOOGLE_APPLICATION_CREDENTIALS",
            Self::Polly => "AWS_SECRET_ACCESS_KEY",
            Self::Azure => "AZURE_SPEECH_KEY",
        }
    }
}

impl Providers {
    pub(super) fn declare(read: &mut Reader, storage: &Storage) -> Self {
        read.group("Who speaks. Each provider has a voice of its own, for where the table of voices names none.");
        let order = read.value(
            "TTS_PROVIDER",
            "deepgram",
            "providers",
            "deepgram, openai, elevenlabs, google, polly or azure; of a list with commas the first, the others stand in.",
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
        let (openai, elevenlabs) = (OpenAiSpeech::declare(read), ElevenLabs::declare(read));
        let google = Google::declare(read, storage);
        let (polly, azure) = (Polly::declare(read, storage), Azure::declare(read));
        Self { order, retries_max, try_within, is_streaming, openai, elevenlabs, google, polly, azure }
    }

    /// Whether a provider can be asked. Deepgram and OpenAI can: nothing runs without them, or the sandbox stands in.
    pub fn has(&self, provider: Provider) -> bool {
        match provider {
            Provider::Deepgram | Provider::OpenAi => true,
            Provider::ElevenLabs => self.elevenlabs.api_key.is_some(),
            Provider::Google => self.google.account.is_some(),
            Provider::Polly => {
                self.polly.account.access_key_id.is_some() && self.polly.account.secret_access_key.is_some()
            }
            Provider::Azure => self.azure.key.is_some(),
        }
    }

    /// Lets the sandbox stand in for those that are to be asked and have no key.
    pub fn stand_in(&mut self, sandbox: &SandboxAccounts) {
        let (url, key) = (&sandbox.url, || Some(Secret::new("sandbox")));
        let missing: Vec<Provider> = self.order.iter().copied().filter(|provider| !self.has(*provider)).collect();
        for provider in missing {
            match provider {
                Provider::Deepgram | Provider::OpenAi => {}
                Provider::ElevenLabs => (self.elevenlabs.url, self.elevenlabs.api_key) = (url.clone(), key()),
                Provider::Google => {
                    (self.google.url, self.google.account) = (url.clone(), Some(sandbox.google.clone()))
                }
                Provider::Polly => {
                    self.polly.url.clone_from(url);
                    self.polly.account.access_key_id = Some("sandbox".to_owned());
                    self.polly.account.secret_access_key = Some(sandbox.aws_secret.clone());
                }
                Provider::Azure => (self.azure.url, self.azure.key) = (url.clone(), key()),
            }
        }
    }

    /// The keys of those that are to be asked and have none.
    pub(super) fn missing_keys(&self) -> impl Iterator<Item = Problem> {
        self.order.iter().filter(|provider| !self.has(**provider)).map(|provider| {
            let what = if *provider == Provider::Google { "set it to a file that can be read" } else { "set it" };
            let remedy = format!("{what}, as TTS_PROVIDER names {0}, or take {0} out of that", provider.name());
            Problem { name: provider.key(), value: None, remedy }
        })
    }
}

impl OpenAiSpeech {
    fn declare(read: &mut Reader) -> Self {
        Self {
            model: read.value(
                "OPENAI_TTS_MODEL",
                "gpt-4o-mini-tts",
                "model",
                "OpenAI announced the end of all its models of speech for January 6, 2027.",
                parse::word,
            ),
            voice: read.value("OPENAI_TTS_VOICE", "alloy", "name", "OpenAI's voice.", parse::word),
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
            voice: read.value("ELEVENLABS_VOICE", "JBFqnCBsd6RMkjVDRZzb", "id", "ElevenLabs' voice.", parse::word),
        }
    }
}

impl Google {
    fn declare(read: &mut Reader, storage: &Storage) -> Self {
        let account = storage.google_credentials.as_ref().and_then(|path| fs::read_to_string(path).ok());
        Self {
            account: account.map(Secret::new),
            url: read.value(
                "GOOGLE_TTS_URL",
                "https://texttospeech.googleapis.com",
                "address",
                "Another region's Google, like https://eu-texttospeech.googleapis.com, or an emulator.",
                parse::base_url,
            ),
            voice: read.value("GOOGLE_TTS_VOICE", "en-US-Neural2-F", "name", "Google's voice.", parse::word),
        }
    }
}

impl Aws {
    fn declare(read: &mut Reader, storage: &Storage) -> Self {
        Self {
            access_key_id: storage.aws_access_key_id.clone(),
            secret_access_key: storage.aws_secret_access_key.clone(),
            session_token: read.secret("AWS_SESSION_TOKEN", "With temporary credentials, their token."),
            region: read.value("AWS_REGION", "us-east-1", "region", "Where Polly speaks.", parse::word),
        }
    }
}

impl Polly {
    fn declare(read: &mut Reader, storage: &Storage) -> Self {
        let account = Aws::declare(read, storage);
        let url = read.optional(
            "POLLY_URL",
            "address",
            "Amazon Polly, or an emulator. Unset, it is the region's.",
            parse::base_url,
        );
        let url = url.unwrap_or_else(|| format!("https://polly.{}.amazonaws.com", account.region));
        let engine = read.value(
            "POLLY_ENGINE",
            "neural",
            "engine",
            "standard, neural, long-form or generative; a voice has some of them.",
            parse::word,
        );
        let voice = read.value("POLLY_VOICE", "Joanna", "name", "Polly's voice.", parse::word);
        Self { account, url, engine, voice }
    }
}

impl Azure {
    fn declare(read: &mut Reader) -> Self {
        let key = read.secret("AZURE_SPEECH_KEY", "A key of a speech resource at Azure.");
        let region = read.value("AZURE_SPEECH_REGION", "eastus", "region", "The region of that resource.", parse::word);
        let url = read.optional("AZURE_SPEECH_URL", "address", "Another address, or an emulator's.", parse::base_url);
        let url = url.unwrap_or_else(|| format!("https://{region}.tts.speech.microsoft.com"));
        let voice = read.value("AZURE_SPEECH_VOICE", "en-US-JennyNeural", "name", "Azure's voice.", parse::word);
        Self { key, url, voice }
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
    use std::collections::BTreeMap;

    use super::*;

    fn declared(given: &[(&str, &str)]) -> Providers {
        let strings: BTreeMap<String, String> =
            given.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let mut reader = Reader::new(&strings);
        let storage = Storage::declare(&mut reader);
        Providers::declare(&mut reader, &storage)
    }

    #[test]
    fn providers_are_a_list_without_doubles() {
        assert_eq!(providers("ElevenLabs, deepgram"), Ok(vec![Provider::ElevenLabs, Provider::Deepgram]));
        for text in ["", "deepgram,", "deepgram,deepgram", "espeak"] {
            assert!(providers(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_region_names_the_address_unless_that_is_given() {
        let declared = declared(&[
            ("AWS_REGION", "eu-west-1"),
            ("AZURE_SPEECH_REGION", "westeurope"),
            ("AZURE_SPEECH_URL", "http://127.0.0.1:9/"),
        ]);
        assert_eq!(declared.polly.url, "https://polly.eu-west-1.amazonaws.com");
        assert_eq!(declared.azure.url, "http://127.0.0.1:9");
    }

    #[test]
    fn a_provider_that_is_to_be_asked_needs_its_key_or_the_sandbox() {
        let mut declared = declared(&[("TTS_PROVIDER", "elevenlabs,google,polly,azure,openai,deepgram")]);
        let missing: Vec<&str> = declared.missing_keys().map(|problem| problem.name).collect();
        let keys =
            ["ELEVENLABS_API_KEY", "GOOGLE_APPLICATION_CREDENTIALS", "AWS_SECRET_ACCESS_KEY", "AZURE_SPEECH_KEY"];
        assert_eq!(missing, keys);
        let (url, google, aws_secret) = ("http://127.0.0.1:9".into(), Secret::new("{}"), Secret::new("secret"));
        declared.stand_in(&SandboxAccounts { url, google, aws_secret });
        assert_eq!(declared.missing_keys().count(), 0);
        assert!([&declared.elevenlabs.url, &declared.polly.url].iter().all(|url| *url == "http://127.0.0.1:9"));
    }
}
