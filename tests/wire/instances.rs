//! Instances that are caches of one process, and the voice that all of them ask.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use engine::audio::format::Format;
use engine::audio::speech::SpeechPart;
use engine::io::{Fault, PhraseId};
use frontdesk::cache::{
    self, Board, BoardConfig, Cast, Depot, DepotConfig, Event, Fetched, Means, Phrases, Shelf, Synthesize, Tell, Tier,
    Tiers, WallMs, Who,
};
use frontdesk::objects::{self, Objects, StoreAt};
use futures_util::stream::{self, StreamExt};
use tokio::sync::{Semaphore, mpsc};

use crate::redis_server::Redis;

const PATIENCE: Duration = Duration::from_secs(30);

/// A busy machine is no dead server.
const WITHIN: Duration = Duration::from_secs(5);

/// How long a phrase is good.
pub(crate) const TTL: Duration = Duration::from_secs(3_600);

/// A voice that all instances ask.
#[derive(Clone)]
pub(crate) struct Voice {
    asked: Arc<AtomicUsize>,
    /// As many phrases may be spoken as there are permits.
    pub(crate) may_speak: Arc<Semaphore>,
    /// What it says instead of speaking.
    fault: Option<Fault>,
}

impl Voice {
    pub(crate) fn speaks() -> Self {
        Self { asked: Arc::default(), may_speak: Arc::new(Semaphore::new(1_000_000)), fault: None }
    }

    /// One that waits for permits.
    pub(crate) fn waits() -> Self {
        Self { may_speak: Arc::new(Semaphore::new(0)), ..Self::speaks() }
    }

    pub(crate) fn refuses(fault: Fault) -> Self {
        Self { fault: Some(fault), ..Self::speaks() }
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// Speaks a phrase as a second of audio that is different each time.
    fn synthesize(&self) -> Synthesize {
        let voice = self.clone();
        Arc::new(move |_, _| {
            let nth = voice.asked.fetch_add(1, Ordering::Relaxed);
            let voice = voice.clone();
            let spoken = async move {
                voice.may_speak.acquire().await.expect("it is never closed").forget();
                voice.fault.map_or(Ok(Bytes::from(vec![nth as u8; 8_000])), Err)
            };
            stream::once(spoken).boxed()
        })
    }
}

/// Where an instance keeps phrases.
#[derive(Default)]
pub(crate) struct Places<'a> {
    pub(crate) redis: Option<&'a Redis>,
    pub(crate) store: Option<StoreAt>,
    pub(crate) public_base: Option<String>,
    pub(crate) disk: Option<&'a std::path::Path>,
    pub(crate) wall_ms: Arc<AtomicI64>,
}

/// One instance's cache, and what it counted.
pub(crate) struct Instance {
    pub(crate) phrases: Phrases,
    events: Arc<Mutex<Vec<Event>>>,
}

impl Instance {
    pub(crate) async fn open(places: Places<'_>, voice: &Voice) -> Self {
        let Places { redis, store, public_base, disk, wall_ms } = places;
        let wall_ms: WallMs = Arc::new(move || wall_ms.load(Ordering::Relaxed));
        let events = Arc::<Mutex<Vec<Event>>>::default();
        let told = Arc::clone(&events);
        let tell: Tell = Arc::new(move |event| told.lock().expect("nobody panics with it").push(event));
        let mut tiers = Tiers::default();
        if let Some(redis) = redis {
            let (wall_ms, tell) = (Arc::clone(&wall_ms), Arc::clone(&tell));
            let objects_url = store.as_ref().map(StoreAt::url);
            let url = redis.url();
            let config = BoardConfig { url, within: WITHIN, prefix: "", ttl: TTL, objects_url, wall_ms, tell };
            tiers.board = Some(Board::open(config).await.expect("a good address"));
        }
        if let Some(at) = store {
            let tell = Arc::clone(&tell);
            let Objects { store, signer, keeps_types } = objects::open(at, WITHIN).expect("good settings");
            let root = "tests/".into();
            let config = DepotConfig { store, signer, keeps_types, root, public_base, within: WITHIN, tell };
            tiers.depot = Some(Depot::open(config, tiers.board.clone()).await);
        }
        if let Some(disk) = disk {
            tiers.shelf = Some(Shelf::open(disk, 1_000_000, Arc::clone(&tell)).expect("a folder"));
        }
        let config = cache::Config { ttl: TTL, ..cache::Config::default() };
        let means = Means { synthesize: voice.synthesize(), tiers, wall_ms, tell };
        Self { phrases: Phrases::new(config, means), events }
    }

    /// Says something, and waits until it is kept wherever things are kept.
    pub(crate) async fn says(&self, text: &str) -> Result<Fetched, Fault> {
        let fetched = self.asks(text).await;
        tokio::time::timeout(PATIENCE, self.phrases.flush()).await.expect("in time");
        fetched
    }

    /// Says something.
    pub(crate) async fn asks(&self, text: &str) -> Result<Fetched, Fault> {
        let fetched = tokio::time::timeout(PATIENCE, self.phrases.whole(&cast(), text, Format::Mulaw)).await;
        fetched.expect("in time")
    }

    /// What a call hears first.
    pub(crate) async fn hears(&self, text: &str) -> SpeechPart {
        let (parts, mut heard) = mpsc::channel(1);
        assert_eq!(self.phrases.fetch(&cast(), text, PhraseId(1), parts), None, "it is not in memory");
        let heard = tokio::time::timeout(PATIENCE, heard.recv()).await;
        heard.expect("in time").expect("something").1
    }

    /// Where it finds something; none where it has to make it.
    pub(crate) async fn finds(&self, text: &str) -> Option<Tier> {
        self.says(text).await.expect("a phrase").tier
    }

    /// How often something like this happened.
    pub(crate) fn counted(&self, is_meant: impl Fn(&Event) -> bool) -> usize {
        self.events.lock().expect("nobody panics with it").iter().filter(|event| is_meant(event)).count()
    }

    /// How often something was not what had been kept.
    pub(crate) fn damaged(&self) -> usize {
        self.counted(|event| *event == Event::Damaged)
    }
}

fn cast() -> Cast {
    Cast::new(Who { provider: "p".into(), voice: "v".into(), settings: String::new() }, [])
}
