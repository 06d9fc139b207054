//! The only wiring: what a call, a webhook and a page are handed, and nothing else.
//!
//! ```text
//!  settings ─► House: store, recordings, phrases, vendors, telemetry, tickets ─► web::router, one task per call
//! ```
//!
//! The modules beside this one do not know each other. They meet here, as handles and channels.

mod access;
mod afterwards;
mod archiving;
mod browser;
mod businesses;
mod call;
mod calls;
mod clearing;
mod desk;
mod feeds;
mod fleet;
mod keeping;
mod mapping;
mod objects;
pub mod presynthesis;
pub mod probe;
mod showing;
mod speech;
mod summary;
mod tiers;
mod voices;
mod world;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::ListenerExt;
use engine::business::Business;
use engine::io::Fault;
use engine::numbering;
use engine::redaction::Redactor;
use engine::wording;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, watch};
use tokio::task::JoinSet;

use crate::analytics::Prices;
use crate::app::archiving::Archiving;
use crate::app::browser::{ModelSeen, Returns};
use crate::app::businesses::Businesses;
use crate::app::calls::Calls;
use crate::app::desk::FrontDesk;
use crate::app::summary::Summaries;
use crate::cache::{BoardError, Cast, Phrases};
use crate::clock::Clock;
use crate::config::{BusinessError, PhrasesError, Settings, Tape, VoicesError};
use crate::fleet::{Fleet, FleetError};
use crate::legs::browser::Terms;
use crate::recordings::{self, Recordings};
use crate::store::{Casting, Store, StoreError};
use crate::telemetry::{Targets, Telemetry};
use crate::vendors::deepgram::listen;
use crate::vendors::openai::{Model, realtime};
use crate::vendors::others::Others;
use crate::vendors::speech::Voices;
use crate::vendors::twilio::Carrier;
use crate::web::api::live::{Happened, Live, Overheard};
use crate::web::talk::Talk;
use crate::web::tickets::Tickets;
use crate::web::{self, Front, PastDays, signature::AuthToken};

pub use clearing::{Cleared, clear};
pub use feeds::{FeedAddress, feed_addresses};
pub use mapping::{prices, recordings, redactor, store as store_config};

/// How much of the time that calls have to end, once the process is told to go down, is kept for our goodbye.
const LAST_GOODBYES: Duration = Duration::from_secs(5);

/// Rows that a slow watcher may be behind; older ones it misses. The store misses none.
const ROWS_WATCHED_MAX: usize = 1_024;

/// Words on their way that a slow watcher may be behind; older ones it misses, and finds in their lines.
const WORDS_WATCHED_MAX: usize = 256;

/// How long the last jobs may take to be done.
const LAST_JOBS_WITHIN: Duration = Duration::from_secs(3);

/// How long the last phrases may take to be put away.
const LAST_PHRASES_WITHIN: Duration = Duration::from_secs(3);

/// How long the last calls may take to be summed up. What is late has no summary.
const LAST_SUMMARIES_WITHIN: Duration = Duration::from_secs(5);

/// How long the last recordings may take to be uploaded.
const LAST_RECORDINGS_WITHIN: Duration = Duration::from_secs(10);

/// How long the store may take to write its last rows.
const LAST_ROWS_WITHIN: Duration = Duration::from_secs(10);

/// Why the house cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The business file.
    #[error(transparent)]
    Business(#[from] BusinessError),
    /// The voices.
    #[error(transparent)]
    Voices(#[from] VoicesError),
    /// The phrases that are spoken ahead.
    #[error(transparent)]
    Phrases(#[from] PhrasesError),
    /// A voice that there is not.
    #[error("there is no voice {name}; the voices are {known}")]
    UnknownVoice {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// The cache keeps phrases in memory only.
    #[error(
        "what is spoken could not be kept: SPEECH_CACHE_PATH is in use by another process or cannot be written; \
         stop that process, or share a cache with it by REDIS_URL"
    )]
    NothingKept,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The folder for recordings.
    #[error("recordings cannot be kept: {0}")]
    Recordings(#[from] recordings::RecordingsError),
    /// The Redis that instances share.
    #[error(transparent)]
    Redis(#[from] BoardError),
    /// A vendor's client, by a setting it cannot work with.
    #[error("a vendor cannot be reached with these settings: {0:?}")]
    Vendor(Fault),
    /// The Redis that instances share.
    #[error(transparent)]
    Fleet(#[from] FleetError),
    /// The key that sessions' tokens are checked with.
    #[error("JWT_PUBLIC_KEY_FILE={} cannot be used: {why}; it must be a public key of RSA or Ed25519 in PEM", .path.display())]
    PublicKey {
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The port.
    #[error("cannot listen on {address}: {source}; another program may have the port, PORT chooses another")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
}

/// All that calls share.
pub(crate) struct House {
    businesses: Arc<Businesses>,
    /// The vendors that the sandbox stands in for.
    stand_ins: Vec<&'static str>,
    /// What is taken out of what calls leave.
    redactor: Redactor,
    tape: Tape,
    prices: Prices,
    realtime_prices: Prices,
    /// Whether the model sums calls up.
    sums_up: bool,
    summaries: Summaries,
    /// How long calls are kept; none for ever.
    retention_days: Option<u32>,
    max_calls: usize,
    clock: Clock,
    store: Store,
    recordings: Recordings,
    archiving: Archiving,
    /// Whether recordings stay on the disk when the object store has them.
    keeps_local: bool,
    phrases: Phrases,
    voices: Voices,
    casting: Casting,
    /// Reaches calls that have no stream of ours; none where there is no account.
    carrier: Option<Carrier>,
    /// Webhooks, and calendars of others.
    others: Others,
    /// What the addresses of calendars are made of; none where nobody may subscribe.
    calendar_secret: Option<String>,
    /// Where the carrier reaches us, where that is told.
    public_url: Option<String>,
    /// How long another system waits for its words.
    speech_timeout: Duration,
    /// How long the address of a phrase is good.
    speech_url_ttl: Duration,
    model: Option<Model>,
    hearing: Arc<listen::Config>,
    realtime: Arc<realtime::Config>,
    telemetry: Arc<Telemetry>,
    tickets: Arc<Tickets>,
    /// Who may talk from a page, and how it is carried.
    talk: Arc<Talk>,
    terms: Terms,
    targets: Targets,
    /// How pages come back to their sessions.
    returns: Returns,
    model_seen: ModelSeen,
    calls: Arc<Calls>,
    /// The other instances, where there may be any.
    fleet: Option<Fleet>,
    /// What calls write down, for whoever watches.
    rows: broadcast::Sender<Happened>,
    /// What callers are saying.
    words: broadcast::Sender<Overheard>,
}

/// A house that is open: it answers calls until it is told to go down.
pub struct App {
    house: Arc<House>,
    listener: TcpListener,
    front: Arc<Front>,
    drain: Duration,
    /// Tells whoever follows calls that there will be no more.
    over: watch::Sender<bool>,
}

impl App {
    /// Opens everything that calls need, and the port.
    ///
    /// # Errors
    /// [`OpenError`] names what cannot be opened, and the remedy.
    pub async fn open(settings: &Settings) -> Result<Self, OpenError> {
        let businesses = Arc::new(Businesses::open(settings.desk.business_file.clone())?);
        let business = businesses.main();
        let clock = Clock;
        let telemetry = Arc::new(Telemetry::new());
        let tickets = Arc::new(Tickets::new(Arc::new(move || clock.now())));
        let store = Store::open(mapping::store(settings)).await?;
        let voices = voices::voices(settings, voices::watch(&telemetry)).map_err(OpenError::Vendor)?;
        let own = voices::own(settings, business.voice.as_deref());
        let fleet = fleet::fleet(settings, &telemetry)?;
        let names = Arc::clone(&businesses);
        let talk = Arc::new(access::talk(settings, Box::new(move || names.names()))?);
        let house = Arc::new(House {
            stand_ins: settings.stand_ins.names(),
            redactor: mapping::redactor(settings),
            tape: mapping::tape(settings),
            prices: mapping::prices(settings),
            realtime_prices: mapping::realtime_prices(settings),
            sums_up: settings.keeping.summaries,
            summaries: Summaries::default(),
            retention_days: settings.keeping.retention_days,
            max_calls: settings.server.max_calls,
            clock,
            recordings: Recordings::new(mapping::recordings(settings)?)?,
            archiving: Archiving::default(),
            keeps_local: settings.keeping.recording_keep_local,
            phrases: speech::phrases(settings, &telemetry, &voices).await?,
            casting: speech::casting(settings, &store, own, &voices).await?,
            voices,
            speech_timeout: settings.speech.timeout,
            speech_url_ttl: settings.speech.url_ttl,
            carrier: speech::carrier(settings)?,
            others: Others::new(settings.desk.webhook_secret.as_ref().map(|secret| secret.expose().to_owned()))
                .map_err(OpenError::Vendor)?,
            calendar_secret: settings.desk.calendar_secret.as_ref().map(|secret| secret.expose().to_owned()),
            public_url: settings.server.public_url.clone(),
            store,
            model: mapping::model(settings).map(|model| Model::new(&model)).transpose().map_err(OpenError::Vendor)?,
            rows: broadcast::channel(ROWS_WATCHED_MAX).0,
            words: broadcast::channel(WORDS_WATCHED_MAX).0,
            hearing: Arc::new(mapping::hearing(settings)),
            realtime: Arc::new(mapping::realtime(settings)),
            telemetry,
            tickets: Arc::clone(&tickets),
            talk: Arc::clone(&talk),
            terms: browser::terms(&settings.browser),
            targets: browser::targets(&settings.browser),
            returns: Returns::default(),
            model_seen: ModelSeen::default(),
            calls: Arc::new(Calls::new(fleet.as_ref().map(Fleet::roll))),
            fleet,
            businesses,
        });
        let (over, is_over) = watch::channel(false);
        let front = Front {
            public_url: settings.server.public_url.clone(),
            auth_token: settings.twilio.auth_token.as_ref().map(|token| AuthToken::new(token.expose())),
            transfer_to: business.transfer_to.clone(),
            tickets,
            now: Arc::new(move || clock.now()),
            speech: speech::front(settings, fleet::shared(house.fleet.as_ref())),
            access: access::access(settings),
            talk,
            store: house.store.clone(),
            live: Live { rows: house.rows.clone(), words: house.words.clone(), over: is_over },
            time_zone: business.time_zone,
            past_days: PastDays::default(),
            wall_ms: Arc::new(move || clock.wall_ms()),
            desk: Arc::new(FrontDesk { house: Arc::clone(&house) }),
        };
        let address = SocketAddr::from((settings.server.host, settings.server.port));
        let listener = TcpListener::bind(address).await.map_err(|source| OpenError::Listen { address, source })?;
        Ok(Self { house, listener, front: Arc::new(front), drain: settings.server.drain, over })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Where anybody may talk to the main business in a browser, if they may.
    pub fn talk_page(&self) -> Option<String> {
        self.front.talk.page.then(|| format!("/talk/{}", Talk::slug(&self.house.businesses.main().name)))
    }

    /// The store, to read what calls left behind.
    pub fn store(&self) -> Store {
        self.house.store.clone()
    }

    /// What calls write down from now on.
    pub fn rows(&self) -> broadcast::Receiver<Happened> {
        self.house.rows.subscribe()
    }

    /// Fetches the phrases of every call before the first one comes, so that no caller waits for a greeting, and asks
    /// the model whether it is there. What fails is logged: calls can be taken all the same.
    pub async fn warm(&self) {
        self.house.warm().await;
    }

    /// The same, without waiting for it.
    pub fn warm_in_the_background(&self) {
        let house = Arc::clone(&self.house);
        tokio::spawn(async move { house.warm().await });
    }

    /// Answers until `down` says so, lets calls end, and writes the last rows.
    ///
    /// # Errors
    /// When the listener breaks.
    pub async fn serve(self, mut down: watch::Receiver<bool>) -> std::io::Result<()> {
        let Self { house, listener, front, drain, over } = self;
        let fleet = fleet::start(&house, Arc::clone(&front));
        tokio::spawn(Arc::clone(&house).repair_recordings());
        if house.recordings.has_archive() {
            tokio::spawn(Arc::clone(&house).archive_recordings());
        }
        // They never end by themselves. Whatever they are stopped in, the next start takes up again.
        let mut rounds = JoinSet::new();
        rounds.spawn(Arc::clone(&house).watch_businesses());
        rounds.spawn(Arc::clone(&house).follow_up());
        rounds.spawn(Arc::clone(&house).read_calendars());
        if let Some(days) = house.retention_days {
            rounds.spawn(clearing::every_day(Arc::clone(&house), days));
        }
        // Without it a 20 ms frame may wait for the acknowledgement of the one before.
        let listener = listener.tap_io(|socket| {
            let _ = socket.set_nodelay(true);
        });
        let calls = Arc::clone(&house);
        let going_down = async move {
            let _ = down.wait_for(|down| *down).await;
            calls.last_calls(drain).await;
            over.send_replace(true);
        };
        // Who asks decides, in the sandbox, whether they need a key.
        let service = web::router(front).into_make_service_with_connect_info::<SocketAddr>();
        axum::serve(listener, service).with_graceful_shutdown(going_down).await?;
        rounds.shutdown().await;
        if let Some(fleet) = fleet
            && tokio::time::timeout(LAST_JOBS_WITHIN, fleet.finish()).await.is_err()
        {
            tracing::info!("the last jobs were not worked to their end; another instance does that");
        }
        if tokio::time::timeout(LAST_PHRASES_WITHIN, house.phrases.flush()).await.is_err() {
            tracing::warn!("the last phrases were not put away in time; they are spoken again");
        }
        house.summaries.finish(LAST_SUMMARIES_WITHIN).await;
        house.archive_the_last(LAST_RECORDINGS_WITHIN).await;
        if tokio::time::timeout(LAST_ROWS_WITHIN, house.store.clone().close()).await.is_err() {
            tracing::error!("the last rows were not written in time; they are in the journal or lost with it");
        }
        Ok(())
    }
}

impl House {
    /// Lets calls end by themselves first, and then with a goodbye of ours. Nobody waits longer than `drain`, or than a
    /// goodbye takes.
    async fn last_calls(&self, drain: Duration) {
        self.calls.close_the_door();
        tracing::info!(calls = self.calls.count(), "going down: no more calls are taken");
        if !self.calls_end_within(drain.saturating_sub(LAST_GOODBYES)).await {
            tracing::info!(calls = self.calls.count(), "going down: the last calls are told goodbye");
            self.calls.tell_all_goodbye();
            self.calls_end_within(LAST_GOODBYES).await;
        }
    }

    async fn calls_end_within(&self, time: Duration) -> bool {
        let until = self.clock.now() + time;
        while self.calls.count() > 0 && self.clock.now() < until {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.calls.count() == 0
    }

    async fn warm_phrases(&self, cast: &Cast, business: &Business) {
        let warmed = self.phrases.warm(cast, wording::standard_phrases(business)).await;
        let (ready, failed, language) = (warmed.ready, warmed.failed.len(), business.language.code());
        tracing::info!(business = business.name, language, ready, failed, "standard phrases are at hand");
        for (text, fault) in warmed.failed {
            tracing::warn!(text, ?fault, "a standard phrase is not at hand; callers will wait for it");
        }
    }

    async fn warm(&self) {
        let countries: Vec<String> = self.businesses.all().iter().map(|business| business.country.clone()).collect();
        // Some hundred milliseconds of work, which would hold up calls on this thread.
        let plans = tokio::task::spawn_blocking(move || numbering::prepare(countries.iter().map(String::as_str)));
        if let Err(error) = plans.await {
            tracing::error!(%error, "numbering plans are not ready; the first number of a caller will wait for them");
        }
        // The voice of a call that nothing was agreed for.
        for business in self.businesses.all().iter() {
            for (language, cast) in self.casts("", business).await.0 {
                if let Some(business) = business.speaking(language) {
                    self.warm_phrases(&cast, &business).await;
                }
            }
        }
        let Some(model) = &self.model else { return };
        match model.warm().await {
            Ok(readiness) => tracing::info!(?readiness, "the model is there"),
            Err(fault) => tracing::warn!(?fault, "the model does not answer; the rules carry calls meanwhile"),
        }
    }
}
