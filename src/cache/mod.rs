//! The phrase cache: words that were spoken once are there at once, and words that many calls want at the same time
//! are synthesized once.
//!
//! A phrase is filled by a task of its own, which goes on when the call that asked is gone; whoever asks meanwhile gets
//! what has arrived and then the rest. Only whole phrases are kept. Memory is bounded by bytes, and the phrase that was
//! not asked for longest goes first.
//!
//! ```text
//!  fetch ── hit ──► the whole phrase, at once
//!    └──── miss ──► a follower: parts to its call ◄── Filling ◄── one job for all
//!                                                                    │
//!    Redis, and the object store where it says ── nothing ──► the disk ── nothing ──► a lock in Redis ── ours ──► a synthesis
//! ```
//!
//! Behind the phrases in memory stand the [`Tiers`], each if there is one: a [`Board`] in Redis that all instances see, a
//! [`Shelf`] on this machine's disk, and a [`Depot`] in an object store, which is asked directly where Redis cannot be. A
//! phrase that was made goes there in the background; one that is older than it may be is made anew, and given out all the
//! same when that fails. Of several instances that miss the same phrase one makes it and the others wait for that, if they
//! have the patience.

mod board;
mod breaker;
mod card;
mod depot;
mod event;
mod filling;
mod job;
mod phrase;
mod search;
mod shelf;
mod store;
mod tiers;

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use engine::audio::format::Format;
use engine::audio::speech::{SpeechPart, Spoken};
use engine::io::{Fault, PhraseId};
use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;

pub use board::{Board, BoardConfig, BoardError};
pub use depot::{Depot, DepotConfig};
pub use event::{Event, Tell, Tier};
pub use phrase::{Ask, Cast, Record, Who, Whole};
pub use shelf::{Shelf, ShelfError};
pub use tiers::Tiers;

use filling::{Filling, Seen};
use job::Job;
use phrase::Key;
use store::Store;

/// How long a call waits for another instance that makes the same phrase. Then it has the phrase made for itself: its own
/// voice begins to speak before the other's phrase is whole.
const CALLS_PATIENCE: Duration = Duration::from_millis(250);

/// Makes a voice speak a text: audio in pieces, samples without a header; an `Err` is the last item and means that it is
/// not whole.
pub type Synthesize = Arc<dyn Fn(&Ask, Terms) -> BoxStream<'static, Result<Bytes, Fault>> + Send + Sync>;

/// On what terms a voice is asked to speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// How long its first audio may take, further attempts included.
    pub first_within: Duration,
    /// Whether somebody else speaks when it cannot.
    pub has_stand_in: bool,
}

/// The wall clock: milliseconds since 1970 in UTC.
pub type WallMs = Arc<dyn Fn() -> i64 + Send + Sync>;

/// What the cache works with.
#[derive(Clone)]
pub struct Means {
    /// The voices.
    pub synthesize: Synthesize,
    /// Where phrases are kept beyond memory.
    pub tiers: Tiers,
    /// The wall clock.
    pub wall_ms: WallMs,
    /// Who counts.
    pub tell: Tell,
}

/// Settings of the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// How long a phrase is good.
    pub ttl: Duration,
    /// Whether one that is older is given out when no new one can be made.
    pub gives_stale: bool,
    /// Whether calls' phrases are kept beyond memory, too. What other systems ask for is in any case.
    pub keeps_calls: bool,
    /// Audio kept in memory at most, in bytes: 8,000 are a second on the telephone.
    pub bytes_max: usize,
    /// Syntheses at the same time at most; further ones wait. Deepgram allows 15 for each project.
    pub syntheses_max: usize,
    /// How long a phrase may take to be whole, waiting included. Then it has failed.
    pub fill: Duration,
    /// How long a phrase's first audio may take where a caller hears nothing meanwhile. The caller has waited for the end
    /// of the turn and for the model before: more than this makes three seconds of silence.
    pub first_in_calls: Duration,
    /// The same for everybody else.
    pub first: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            ttl: Duration::from_secs(30 * 86_400),
            gives_stale: true,
            keeps_calls: true,
            bytes_max: 64 << 20,
            syntheses_max: 12,
            fill: Duration::from_secs(25),
            first_in_calls: Duration::from_secs(2),
            first: Duration::from_secs(8),
        }
    }
}

/// What the cache did and holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Phrases that were in memory, whole.
    pub hits: u64,
    /// Phrases that were not; those that joined a job under way are among them.
    pub misses: u64,
    /// Syntheses that were started.
    pub syntheses: u64,
    /// Phrases that could not be had.
    pub failures: u64,
    /// Whole phrases held.
    pub phrases: usize,
    /// Their audio, in bytes.
    pub bytes: usize,
}

/// A whole phrase, and how it was come by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The phrase.
    pub whole: Whole,
    /// Where it was found; none when it had to be made.
    pub tier: Option<Tier>,
    /// How long it was waited for.
    pub took: Duration,
    /// How long its provider took, where it had to be made.
    pub provider: Duration,
}

/// What came of preparing phrases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Warmed {
    /// Phrases that are there now.
    pub ready: usize,
    /// Phrases that are not, with the reason.
    pub failed: Vec<(String, Fault)>,
}

/// The cache. Clones share it.
#[derive(Clone)]
pub struct Phrases {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Phrases {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Phrases").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

struct Shared {
    config: Config,
    means: Means,
    syntheses: Semaphore,
    /// Held for a look-up, never across an await.
    store: Mutex<Store>,
}

impl Phrases {
    /// A cache with nothing in memory yet.
    pub fn new(config: Config, means: Means) -> Self {
        let syntheses = Semaphore::new(config.syntheses_max.max(1));
        let store = Mutex::new(Store::new(config.bytes_max));
        Self { shared: Arc::new(Shared { config, means, syntheses, store }) }
    }

    /// Asks for a call's phrase. When it is in memory, it is returned whole and at once. Otherwise its parts go to `parts` under
    /// the id `phrase` as they come, ending with [`SpeechPart::End`] or [`SpeechPart::Failed`]; when `parts` is full
    /// this phrase waits for room and no other does, and when it is closed nothing more is sent.
    ///
    /// Must be called within a tokio runtime.
    pub fn fetch(
        &self,
        cast: &Cast,
        text: &str,
        phrase: PhraseId,
        parts: mpsc::Sender<(PhraseId, SpeechPart)>,
    ) -> Option<Spoken> {
        let (first_within, patience) = (self.shared.config.first_in_calls, CALLS_PATIENCE);
        let filling = match self.look_up(Wish { first_within, patience, ..self.in_calls(cast, text) }) {
            Found::Whole(whole) => return Some(whole.spoken()),
            Found::Filling(filling) => filling,
        };
        tokio::spawn(follow(filling, phrase, parts));
        None
    }

    /// Fetches a phrase and waits until it is whole. Whoever stops waiting stops nobody else: the phrase is made all the
    /// same.
    ///
    /// # Errors
    /// When it can neither be found nor made.
    pub async fn whole(&self, cast: &Cast, text: &str, format: Format) -> Result<Fetched, Fault> {
        let began = Instant::now();
        let filling = match self.look_up(Wish { format, is_kept: true, ..self.in_calls(cast, text) }) {
            Found::Whole(whole) => {
                let (tier, took, provider) = (Some(Tier::Memory), began.elapsed(), Duration::ZERO);
                return Ok(Fetched { whole, tier, took, provider });
            }
            Found::Filling(filling) => filling,
        };
        let filled = filling.finished().await?;
        Ok(Fetched { whole: filled.whole, tier: filled.tier, took: began.elapsed(), provider: filled.provider })
    }

    /// The phrase of an id, however old; none when nobody knows it any more. One whose file was damaged is made again.
    pub async fn by_id(&self, id: &str) -> Option<Whole> {
        let key = Key::of_id(id)?;
        if let Some(whole) = self.shared.lock().of_any_age(&key) {
            return Some(whole);
        }
        match self.shared.means.tiers.by_id(key).await? {
            Ok(whole) => Some(whole),
            Err(Ask { who, text, format }) => {
                self.whole(&Cast::new(who, []), &text, format).await.ok().map(|fetched| fetched.whole)
            }
        }
    }

    /// Whether a phrase is there and good, without asking for it.
    pub async fn has(&self, ask: &Ask) -> bool {
        let (key, since_ms) = (Key::of(ask), self.shared.good_since_ms());
        let in_memory = self.shared.lock().of_any_age(&key);
        in_memory.is_some_and(|whole| whole.record.made_at_ms >= since_ms)
            || self.shared.means.tiers.have(ask, key, since_ms).await
    }

    /// Whether phrases outlive the process.
    pub fn keeps(&self) -> bool {
        self.shared.means.tiers.keep_anything()
    }

    /// Where others can play a phrase without us, for as long as `good_for`: an address of the object store, once it is there.
    /// Without one, we play it ourselves.
    pub async fn address(&self, whole: &Whole, good_for: Duration) -> Option<String> {
        self.shared.means.tiers.address(whole, good_for).await
    }

    /// Waits until every phrase that was made is wherever phrases are kept; the caller sets the deadline.
    pub async fn flush(&self) {
        self.shared.means.tiers.flush().await;
    }

    /// The tiers that other servers provide, by name, and what is wrong with each.
    pub fn troubles(&self) -> Vec<(&'static str, Option<String>)> {
        self.shared.means.tiers.troubles()
    }

    /// Prepares phrases, two at a time so that calls find room beside it, and waits until all are there or have failed.
    pub async fn warm(&self, cast: &Cast, texts: Vec<String>) -> Warmed {
        let prepare = |text: String| async move {
            let outcome = match self.look_up(self.in_calls(cast, &text)) {
                Found::Whole(_) => Ok(()),
                Found::Filling(filling) => filling.finished().await.map(|_| ()),
            };
            (text, outcome)
        };
        let prepared: Vec<_> = stream::iter(texts.into_iter().map(prepare)).buffered(2).collect().await;
        let mut warmed = Warmed::default();
        for (text, outcome) in prepared {
            match outcome {
                Ok(()) => warmed.ready += 1,
                Err(fault) => warmed.failed.push((text, fault)),
            }
        }
        warmed
    }

    /// The audio in memory and on the disk, in bytes.
    pub fn holds(&self) -> (u64, u64) {
        let on_disk = self.shared.means.tiers.shelf.as_ref().map_or(0, Shelf::bytes);
        (self.shared.lock().stats().bytes as u64, on_disk)
    }

    /// What the cache did and holds.
    pub fn stats(&self) -> Stats {
        self.shared.lock().stats()
    }

    /// A phrase as calls play it, which nobody waits for yet. Whoever waits for another instance has time left to have it
    /// made when that one fails.
    fn in_calls<'a>(&self, cast: &'a Cast, text: &'a str) -> Wish<'a> {
        let Config { keeps_calls, first, fill, .. } = self.shared.config;
        let (format, patience) = (Format::Mulaw, fill / 2);
        Wish { cast, text, format, is_kept: keeps_calls, first_within: first, patience }
    }

    fn look_up(&self, wish: Wish<'_>) -> Found {
        let Wish { cast, text, format, is_kept, first_within, patience } = wish;
        // The digest is computed and the clocks are read before the lock is taken.
        let (key, since_ms, now) = (Key::new(cast.meant(), text, format), self.shared.good_since_ms(), Instant::now());
        let mut store = self.shared.lock();
        if let Some(whole) = store.fresh(&key, since_ms) {
            drop(store);
            self.shared.hit(Tier::Memory, 1, &whole.record);
            return Found::Whole(whole);
        }
        if let Some(filling) = store.filling(&key, now) {
            filling.joined();
            return Found::Filling(filling);
        }
        let filling = store.begin(key);
        drop(store);
        let tiers = if is_kept { self.shared.means.tiers.clone() } else { Tiers::default() };
        let job = Job {
            shared: self.shared.clone(),
            tiers,
            key,
            cast: cast.clone(),
            text: text.to_owned(),
            format,
            patience,
            first_within,
            deadline: now + self.shared.config.fill,
            filling: filling.clone(),
        };
        tokio::spawn(job.run());
        Found::Filling(filling)
    }
}

/// A phrase that somebody wants.
#[derive(Clone, Copy)]
struct Wish<'a> {
    cast: &'a Cast,
    text: &'a str,
    format: Format,
    /// Whether it is kept beyond memory.
    is_kept: bool,
    /// How long its first audio may take.
    first_within: Duration,
    /// How long another instance that makes it is waited for.
    patience: Duration,
}

enum Found {
    Whole(Whole),
    Filling(Arc<Filling>),
}

impl Shared {
    /// The store stays sound even where a panic struck while it was locked: each change is one step.
    fn lock(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Phrases made earlier are too old.
    fn good_since_ms(&self) -> i64 {
        (self.means.wall_ms)().saturating_sub(i64::try_from(self.config.ttl.as_millis()).unwrap_or(i64::MAX))
    }

    fn is_fresh(&self, whole: &Whole) -> bool {
        whole.record.made_at_ms >= self.good_since_ms()
    }

    fn hit(&self, tier: Tier, times: u64, record: &Record) {
        self.tell(Event::Hit { tier, times, characters: record.ask.text.chars().count() });
    }

    fn tell(&self, event: Event) {
        (self.means.tell)(event);
    }
}

/// Sends a phrase's parts to one call.
async fn follow(filling: Arc<Filling>, phrase: PhraseId, parts: mpsc::Sender<(PhraseId, SpeechPart)>) {
    let mut seen = Seen::default();
    loop {
        let part = filling.next(&mut seen).await;
        let is_last = matches!(part, SpeechPart::End | SpeechPart::Failed(_));
        if parts.send((phrase, part)).await.is_err() || is_last {
            return;
        }
    }
}

#[cfg(test)]
mod tests;
