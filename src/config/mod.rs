//! What Frontdesk is told about the world. Every setting stands once, in `declared.rs`.
//!
//! This is the only place that reads the environment, and it does so through [`Strings`], so that tests never touch the
//! real one. All that is wrong is said at once.

mod browser;
mod business;
mod declared;
mod environment;
mod example;
mod keeping;
mod parse;
mod phrases;
mod providers;
mod reader;
mod voices;

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use engine::audio::format::Format;

use crate::telemetry::LogFormat;

pub use browser::Browser;
pub use business::{BusinessError, WrongLine, businesses_text, load_businesses};
pub use environment::{DotenvError, Environment, Strings};
pub use example::{example, table};
pub use keeping::{Keeping, Prices, Redaction, Tape};
pub use phrases::{PhraseSeed, PhrasesError, load_phrases};
pub use providers::{Aws, Azure, ElevenLabs, Google, OpenAiSpeech, Polly, Provider, Providers, SandboxAccounts};
use reader::Reader;
pub use reader::{Described, Problem, Problems};
pub use voices::{VoiceSeed, VoicesError, load_voices};

/// What Frontdesk was told about the world.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Speech-to-text and text-to-speech.
    pub deepgram: Deepgram,
    /// The model.
    pub openai: OpenAi,
    /// The telephone.
    pub twilio: Twilio,
    /// Our own server.
    pub server: Server,
    /// The business, and what its calls leave behind.
    pub desk: Desk,
    /// Sessions of browsers.
    pub browser: Browser,
    /// What several instances share.
    pub sharing: Sharing,
    /// Spoken phrases, for calls and for other systems.
    pub speech: Speech,
    /// What is taken out of the record, and what calls cost.
    pub keeping: Keeping,
    /// The object store that phrases go to.
    pub storage: Storage,
    /// Who speaks.
    pub providers: Providers,
    /// Whom the sandbox stands in for.
    pub stand_ins: StandIns,
    /// What can be used but is probably not meant. To be logged.
    pub warnings: Vec<String>,
}

/// Who hears and speaks.
#[derive(Debug, Clone)]
pub struct Deepgram {
    /// `DEEPGRAM_API_KEY`.
    pub api_key: Option<Secret>,
    /// `DEEPGRAM_URL`, without a slash at its end.
    pub url: String,
    /// `DEEPGRAM_MODEL`. A name that begins with `flux-` means `/v2/listen`.
    pub model: String,
    /// `TTS_VOICE`.
    pub voice: String,
}

/// Who thinks.
#[derive(Debug, Clone)]
pub struct OpenAi {
    /// `OPENAI_API_KEY`.
    pub api_key: Option<Secret>,
    /// `OPENAI_ORG_ID`.
    pub org_id: Option<String>,
    /// `OPENAI_BASE_URL`, without a slash at its end.
    pub base_url: String,
    /// `OPENAI_MODEL`.
    pub model: String,
    /// `OPENAI_REALTIME_MODEL`.
    pub realtime_model: String,
    /// `OPENAI_REALTIME_VOICE`.
    pub realtime_voice: String,
    /// `OPENAI_REALTIME_TRANSCRIPTION`.
    pub realtime_transcription: String,
    /// `OPENAI_REALTIME_SESSION_SECONDS`.
    pub realtime_session: Duration,
}

/// Who carries the calls.
#[derive(Debug, Clone)]
pub struct Twilio {
    /// `TWILIO_AUTH_TOKEN`.
    pub auth_token: Option<Secret>,
    /// `TWILIO_ACCOUNT_SID`.
    pub account_sid: Option<String>,
    /// `TWILIO_PHONE_NUMBER`, in E.164.
    pub phone_number: Option<String>,
    /// `TWILIO_API_URL`, without a slash at its end.
    pub api_url: String,
}

/// Where and how we serve.
#[derive(Debug, Clone)]
pub struct Server {
    /// `HOST`.
    pub host: IpAddr,
    /// `PORT`.
    pub port: u16,
    /// `PUBLIC_URL`, without a slash at its end.
    pub public_url: Option<String>,
    /// `ANALYST_KEYS`: who may see calls.
    pub analyst_keys: Vec<AnalystKey>,
    /// `MAX_CALLS`.
    pub max_calls: usize,
    /// `DRAIN_SECONDS`.
    pub drain: Duration,
    /// `LOG_LEVEL`.
    pub log_level: String,
    /// `LOG_FORMAT`.
    pub log_format: LogFormat,
}

/// Whose phone this is, and where its calls are kept.
#[derive(Debug, Clone)]
pub struct Desk {
    /// `BUSINESS_FILE`.
    pub business_file: PathBuf,
    /// `DATABASE_URL`.
    pub database_url: String,
    /// `RECORDING_STORAGE_PATH`.
    pub recordings: PathBuf,
    /// `WEBHOOK_SECRET`: what webhooks are signed with.
    pub webhook_secret: Option<Secret>,
    /// `CALENDAR_SECRET`: what the addresses of calendars are made of.
    pub calendar_secret: Option<Secret>,
}

/// What several instances share.
#[derive(Debug, Clone)]
pub struct Sharing {
    /// `REDIS_URL`. It may carry a password.
    pub redis_url: Option<Secret>,
    /// `REDIS_TIMEOUT_MS`.
    pub redis_timeout: Duration,
}

/// Spoken phrases: where they are kept, and who may ask for them by HTTP.
#[derive(Debug, Clone)]
pub struct Speech {
    /// `API_KEYS`: who may ask, by name.
    pub api_keys: Vec<ApiKey>,
    /// `JWT_SECRET`: what clients' tokens are signed with.
    pub jwt_secret: Option<Secret>,
    /// `RATE_LIMIT_PER_SECOND`.
    pub rate_limit_per_s: usize,
    /// `TTS_FORMAT`.
    pub format: Format,
    /// `TEXT_CHARS_MAX`.
    pub text_chars_max: usize,
    /// `TTS_TIMEOUT_MS`.
    pub timeout: Duration,
    /// `DEBUG_TIMINGS`.
    pub debug_timings: bool,
    /// `SPEECH_CACHE_PATH`.
    pub cache_path: PathBuf,
    /// `SPEECH_CACHE_MB`, in bytes.
    pub cache_bytes_max: u64,
    /// `CACHE_TTL_SECONDS`, or `CACHE_TTL_HOURS` where that is not set.
    pub ttl: Duration,
    /// `CACHE_FALLBACK`.
    pub gives_stale: bool,
    /// `AUDIO_URL_TTL_SECONDS`.
    pub url_ttl: Duration,
    /// `AUDIO_URL_SECRET`.
    pub url_secret: Option<Secret>,
    /// `TTS_USD_PER_1000_CHARACTERS`.
    pub usd_per_1000_characters: f64,
    /// `VOICES_FILE`.
    pub voices_file: PathBuf,
    /// `PHRASES_FILE`.
    pub phrases_file: PathBuf,
}

/// An object store.
#[derive(Debug, Clone)]
pub struct Storage {
    /// `S3_BUCKET`.
    pub s3_bucket: Option<String>,
    /// `S3_REGION`.
    pub s3_region: String,
    /// `S3_ENDPOINT`, without a slash at its end.
    pub s3_endpoint: Option<String>,
    /// `S3_PUBLIC_BASE_URL`, without a slash at its end.
    pub s3_public_base_url: Option<String>,
    /// `S3_TIMEOUT_MS`.
    pub s3_timeout: Duration,
    /// `AWS_ACCESS_KEY_ID`.
    pub aws_access_key_id: Option<String>,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub aws_secret_access_key: Option<Secret>,
    /// `OBJECT_STORE_URL`.
    pub object_store_url: Option<StoreUrl>,
    /// `GOOGLE_APPLICATION_CREDENTIALS`.
    pub google_credentials: Option<PathBuf>,
    /// `AZURE_STORAGE_ACCOUNT`.
    pub azure_account: Option<String>,
    /// `AZURE_STORAGE_KEY`.
    pub azure_key: Option<Secret>,
}

/// An object store by its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// `s3://bucket/prefix`.
    S3 {
        /// The bucket.
        bucket: String,
        /// What stands before every path, without slashes around it.
        prefix: String,
    },
    /// `gs://bucket/prefix`.
    Google {
        /// The bucket.
        bucket: String,
        /// The same.
        prefix: String,
    },
    /// `az://container/prefix`.
    Azure {
        /// The container.
        container: String,
        /// The same.
        prefix: String,
    },
    /// `file:///folder`.
    Folder(PathBuf),
}

/// Somebody who may see calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnalystKey {
    /// Who it is; stands in logs.
    pub name: String,
    /// How much they may see.
    pub role: Role,
    /// Whose calls; none for everybody's.
    pub business: Option<String>,
    /// What shows that it is them.
    pub key: Secret,
}

/// How much somebody may see of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Figures and transcripts.
    Analyst,
    /// Recordings, numbers and names, too.
    Manager,
    /// Everything.
    Admin,
}

/// Somebody who may ask for speech.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Who it is; stands in logs.
    pub client: String,
    /// What shows that it is them.
    pub key: Secret,
    /// Whether they are trusted with SSML.
    pub ssml: bool,
}

/// Whom the sandbox stands in for: those whose key is not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StandIns {
    /// No `DEEPGRAM_API_KEY`.
    pub deepgram: bool,
    /// No `OPENAI_API_KEY`.
    pub openai: bool,
    /// No `TWILIO_AUTH_TOKEN`: requests are believed without a signature.
    pub twilio: bool,
}

/// A key or token. It never prints.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a key.
    pub fn new(key: impl Into<String>) -> Self {
        Self(key.into())
    }

    /// The key itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

impl Settings {
    /// Reads everything.
    ///
    /// Without any of the three keys the sandbox stands in for all vendors. With some of them set, a missing one is a
    /// problem, unless `sandbox` says that the sandbox shall stand in for it. A key that is set is used.
    pub fn read(strings: &dyn Strings, sandbox: bool) -> Result<Self, Problems> {
        let mut reader = Reader::new(strings);
        let mut settings = Self::declare(&mut reader);
        if !sandbox {
            settings.stand_ins.missing_keys().for_each(|missing| reader.problem(missing));
        }
        // Where the sandbox speaks, it speaks for all.
        if !settings.stand_ins.deepgram {
            settings.providers.missing_keys().for_each(|missing| reader.problem(missing));
        }
        settings.warnings = settings.suspicions(&reader);
        reader.finish(settings)
    }

    fn declare(read: &mut Reader) -> Self {
        let (deepgram, openai, twilio) = (Deepgram::declare(read), OpenAi::declare(read), Twilio::declare(read));
        let stand_ins = StandIns {
            deepgram: deepgram.api_key.is_none(),
            openai: openai.api_key.is_none(),
            twilio: twilio.auth_token.is_none(),
        };
        let (server, desk) = (Server::declare(read), Desk::declare(read));
        let browser = Browser::declare(read);
        let (sharing, speech) = (Sharing::declare(read), Speech::declare(read));
        let storage = Storage::declare(read);
        let keeping = Keeping::declare(read, &storage);
        let providers = Providers::declare(read, &storage);
        Self {
            deepgram,
            openai,
            twilio,
            server,
            desk,
            browser,
            keeping,
            sharing,
            providers,
            speech,
            storage,
            stand_ins,
            warnings: Vec::new(),
        }
    }

    fn suspicions(&self, reader: &Reader) -> Vec<String> {
        let mut warnings = Vec::new();
        for ((key, vendor, stands_in), url) in
            self.stand_ins.all().into_iter().zip(["DEEPGRAM_URL", "OPENAI_BASE_URL", "TWILIO_API_URL"])
        {
            if stands_in && reader.is_given(url) {
                warnings.push(format!("{url} is not used: without {key} the sandbox stands in for {vendor}"));
            }
        }
        let public_url = self.server.public_url.as_deref();
        if !self.stand_ins.twilio && public_url.is_none() {
            let why = "signatures are checked against the Host of each request, which a tunnel or proxy may change";
            warnings.push(format!("PUBLIC_URL is not set: {why}"));
        }
        if !self.stand_ins.twilio && public_url.is_some_and(|url| url.starts_with("http://")) {
            warnings.push("PUBLIC_URL begins with http: Twilio opens media streams by wss only, at https".to_owned());
        }
        if self.sharing.redis_url.is_some() && self.speech.url_secret.is_none() {
            let why = "instances refuse the addresses of phrases that others gave out; set the same at all of them";
            warnings.push(format!("AUDIO_URL_SECRET is not set beside REDIS_URL: {why}"));
        }
        if self.storage.s3_bucket.is_some() && self.storage.object_store_url.is_some() {
            warnings.push("OBJECT_STORE_URL is not used: S3_BUCKET is set".to_owned());
        }
        warnings
    }
}

/// Every setting with what is set for it, also where that cannot be used. For `frontdesk check`.
pub fn describe(strings: &dyn Strings) -> Vec<Described> {
    let mut reader = Reader::new(strings);
    Settings::declare(&mut reader);
    reader.into_described()
}

impl StandIns {
    /// Whom, as `/health` shows it. Empty when every vendor is real.
    pub fn names(self) -> Vec<&'static str> {
        let names = [("deepgram", self.deepgram), ("openai", self.openai), ("twilio", self.twilio)];
        names.into_iter().filter(|(_, stands_in)| *stands_in).map(|(name, _)| name).collect()
    }

    fn all(self) -> [(&'static str, &'static str, bool); 3] {
        [
            ("DEEPGRAM_API_KEY", "Deepgram", self.deepgram),
            ("OPENAI_API_KEY", "OpenAI", self.openai),
            ("TWILIO_AUTH_TOKEN", "Twilio", self.twilio),
        ]
    }

    /// The keys to complain about: those that are missing while others are set.
    fn missing_keys(self) -> impl Iterator<Item = Problem> {
        let is_set = self.all().into_iter().find(|(_, _, stands_in)| !stands_in).map(|(key, _, _)| key);
        let missing = self.all().into_iter().filter(|(_, _, stands_in)| *stands_in);
        missing.filter_map(move |(name, vendor, _)| {
            let is_set = is_set?;
            let remedy = format!("set it, as {is_set} is set, or let the sandbox stand in for {vendor} with --sandbox");
            Some(Problem { name, value: None, remedy })
        })
    }
}

#[cfg(test)]
mod tests;
