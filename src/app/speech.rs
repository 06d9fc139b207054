//! Where speech comes from, who counts it, and how the words of other systems are said.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use engine::io::Fault;
use tokio::time::timeout;

use crate::app::{House, OpenError, mapping, tiers, voices};
use crate::cache::{self, Event, Fetched, Means, Phrases, Tell, Tier};
use crate::clock::Clock;
use crate::config::{self, Settings};
use crate::store::{Casting, Store, Voice};
use crate::telemetry::Telemetry;
use crate::vendors::speech::Voices;
use crate::vendors::twilio::Carrier;
use crate::web::speech::links::Links;
use crate::web::speech::{Answers, Audio, Clients, Key, NotSaid, Order, Said, Shared, Speech, Timings, WallMs};
use crate::web::tokens::{Grant, Tokens};

/// The length of a secret that we make ourselves.
const SECRET_LEN: usize = 32;

/// The phrases of the house: in memory, in the tiers behind it, and behind all of them the voices.
pub(super) async fn phrases(
    settings: &Settings,
    telemetry: &Arc<Telemetry>,
    voices: &Voices,
) -> Result<Phrases, OpenError> {
    let tell = tell(telemetry, settings.speech.usd_per_1000_characters, tiers::lasting(settings));
    let means = Means {
        synthesize: voices::synthesize(voices.clone()),
        tiers: tiers::open(settings, &tell).await?,
        wall_ms: Arc::new(|| Clock.wall_ms()),
        tell,
    };
    let config = cache::Config {
        ttl: settings.speech.ttl,
        gives_stale: settings.speech.gives_stale,
        // The sandbox's caller understands only what was spoken in this process.
        keeps_calls: !settings.stand_ins.deepgram,
        first: settings.speech.timeout,
        ..cache::Config::default()
    };
    Ok(Phrases::new(config, means))
}

/// Puts the seeds into the database, and chooses voices from there.
pub(super) async fn casting(
    settings: &Settings,
    store: &Store,
    own: Vec<Voice>,
    voices: &Voices,
) -> Result<Casting, OpenError> {
    let seeds = config::load_voices(&settings.speech.voices_file)?;
    let seeds: Vec<Voice> = seeds.into_iter().map(mapping::voice).collect();
    store.seed_voices(&seeds).await?;
    Ok(Casting::new(store.clone(), own, voices.providers().map(|provider| provider.name)))
}

/// Twilio's account, where one is set: an id, and the token that goes with it.
pub(super) fn carrier(settings: &Settings) -> Result<Option<Carrier>, OpenError> {
    let config = mapping::carrier(settings);
    config.map(Carrier::new).transpose().map_err(OpenError::Vendor)
}

/// What the routes of speech are handed.
pub(super) fn front(settings: &Settings, shared: Option<Arc<dyn Shared>>) -> Speech {
    let speech = &settings.speech;
    let is_open = settings.stand_ins.deepgram;
    match (speech.api_keys.is_empty() && speech.jwt_secret.is_none(), is_open) {
        (true, true) => tracing::warn!("API_KEYS is not set: POST /call answers anybody, since the sandbox speaks"),
        (true, false) => tracing::info!("neither API_KEYS nor JWT_SECRET is set: POST /call answers nobody"),
        (false, _) => {}
    }
    let keys = speech.api_keys.iter().map(|key| Key {
        grant: Grant { client: key.client.clone(), ssml: key.ssml },
        secret: key.key.expose().to_owned(),
    });
    let wall_ms: WallMs = Arc::new(|| Clock.wall_ms());
    let tokens = speech.jwt_secret.as_ref().map(|secret| Tokens::new(secret.expose().as_bytes(), Arc::clone(&wall_ms)));
    Speech {
        clients: Clients::new(keys.collect(), tokens, is_open, speech.rate_limit_per_s),
        links: Links::new(&url_secret(settings), speech.url_ttl.as_secs(), wall_ms),
        format: speech.format,
        text_chars_max: speech.text_chars_max,
        timeout: speech.timeout,
        debug_timings: speech.debug_timings,
        answers: Answers::new(speech.url_ttl, shared.clone()),
        shared,
    }
}

impl House {
    /// Has words said: by whom, the house decides.
    pub(super) async fn say(&self, order: Order) -> Result<Said, NotSaid> {
        let began = self.clock.now();
        let (cast, voice) = self.cast(&order.call_id, order.ssml).await;
        let profile = self.clock.now() - began;
        if order.ssml && !self.takes_ssml(&voice) {
            return Err(NotSaid::NoSsml);
        }
        let whole = self.phrases.whole(&cast, &order.text, order.format);
        let fetched = match timeout(self.speech_timeout, whole).await {
            Err(_) => return Err(NotSaid::Late),
            Ok(Err(fault)) => return Err(self.not_said(&fault)),
            Ok(Ok(fetched)) => fetched,
        };
        Ok(Said {
            id: fetched.whole.id(),
            audio_url: self.phrases.address(&fetched.whole, self.speech_url_ttl).await,
            voice_id: voice.id,
            tier: fetched.tier.map(Tier::name),
            length_ms: fetched.whole.record.ask.format.length_ms(&fetched.whole.audio),
            timings: timings(profile, &fetched),
        })
    }

    /// A phrase to be played.
    pub(super) async fn audio(&self, id: &str) -> Option<Audio> {
        let whole = self.phrases.by_id(id).await?;
        let (format, digest) = (whole.record.ask.format, whole.record.digest.clone());
        Some(Audio { bytes: Bytes::from_owner(whole.audio), format, digest })
    }

    /// Tells the metrics what the phrases' memory and disk hold.
    pub(super) fn measure_phrases(&self) {
        let (memory_bytes, disk_bytes) = self.phrases.holds();
        self.telemetry.speech_held(memory_bytes, disk_bytes);
    }

    fn not_said(&self, fault: &Fault) -> NotSaid {
        self.telemetry.vendor_failed("speech", fault);
        match fault {
            Fault::Retry(_) => NotSaid::Retry,
            Fault::GiveUp(_) | Fault::OurMistake(_) => NotSaid::Refused,
        }
    }
}

fn timings(profile: Duration, fetched: &Fetched) -> Timings {
    let (cache, tts) = match fetched.tier {
        Some(_) => (fetched.took, Duration::ZERO),
        None => (Duration::ZERO, fetched.took),
    };
    // Storing goes on behind the answer.
    Timings { profile, cache, tts, upload: Duration::ZERO, provider: fetched.provider }
}

/// The secret of addresses: the one that is set, or one of our own that outlives the process, so that addresses do, too.
fn url_secret(settings: &Settings) -> Vec<u8> {
    if let Some(secret) = &settings.speech.url_secret {
        return secret.expose().as_bytes().to_vec();
    }
    kept_secret(&tiers::root(settings).join("url-secret")).unwrap_or_else(|error| {
        tracing::warn!(%error, "no secret can be kept; the addresses of phrases end with this process");
        new_secret().to_vec()
    })
}

fn kept_secret(path: &Path) -> io::Result<Vec<u8>> {
    match fs::read(path) {
        Ok(secret) if secret.len() == SECRET_LEN => return Ok(secret),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let secret = new_secret();
    // For this user's eyes only, from its first byte.
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?.write_all(&secret)?;
    Ok(secret.to_vec())
}

fn new_secret() -> [u8; SECRET_LEN] {
    rand::random()
}

fn tell(telemetry: &Arc<Telemetry>, usd_per_1000_characters: f64, lasting: Tier) -> Tell {
    let telemetry = Arc::clone(telemetry);
    Arc::new(move |event| match event {
        Event::Hit { tier, times, characters } => {
            telemetry.speech_hit(tier.name(), times, characters as f64 * usd_per_1000_characters / 1_000.0);
        }
        Event::Miss { times } => telemetry.speech_missed(times),
        Event::Made { took, is_whole, .. } => telemetry.speech_made(took, is_whole),
        Event::Stale => telemetry.speech_stale(),
        Event::Stored { tier, took, is_there } if tier == lasting => telemetry.speech_stored(took, is_there),
        Event::Stored { .. } => {}
        Event::Damaged => telemetry.speech_damaged(),
    })
}
