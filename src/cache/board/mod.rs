//! The board: phrases that all instances see, in Redis.
//!
//! ```text
//!  tts:{voice}:{SHA-256 of the text}    a hash with a field for each format: what is known of the phrase, as JSON
//!    …:{format}:audio                   its audio, where no object store has it (yet)
//!    …:{format}:refused                 why no provider speaks it, for a moment
//!    …:{format}:lock                    who is making it
//!  tts-id:{id}                          the field and the hash of the phrase that an address plays
//! ```
//!
//! Everything expires with the phrase. Whoever asks waits for an answer only briefly, and not at all once Redis is known
//! not to answer; nobody waits for a write. Audio is compared with its digest, so that what was cut or changed is never
//! played.

mod lock;
mod names;
mod poster;

use std::sync::Arc;
use std::time::Duration;

use engine::io::Fault;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{AsyncCommands, Client, RedisError};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::WallMs;
use super::breaker::Breaker;
use super::card::Card;
use super::event::{Event, Tell};
use super::phrase::{Ask, Whole};
pub(super) use lock::Lock;
use names::{Names, by_id};
use poster::Order;

/// Writes that may wait. What finds no room is not shown, and made again where it is wanted.
const ORDERS_MAX: usize = 256;

/// How long a connection may take; the try of a breaker waits for it, and nobody else.
const CONNECTED_WITHIN: Duration = Duration::from_millis(900);

/// Why there is no board.
#[derive(Debug, thiserror::Error)]
#[error("REDIS_URL cannot be used: {0}; write it like redis://:password@host:6379/0")]
pub struct BoardError(#[from] RedisError);

/// Settings of the board.
#[derive(Clone)]
pub struct BoardConfig {
    /// Where Redis is, with its password.
    pub url: String,
    /// How long somebody who wants a phrase waits for Redis.
    pub within: Duration,
    /// What stands before every key.
    pub prefix: &'static str,
    /// How long a phrase is good.
    pub ttl: Duration,
    /// What stands before a path of the object store, without a slash at its end: written beside the path.
    pub objects_url: Option<String>,
    /// The wall clock.
    pub wall_ms: WallMs,
    /// Who counts.
    pub tell: Tell,
}

/// The board. Clones share it.
#[derive(Clone)]
pub struct Board {
    inner: Arc<Inner>,
    orders: mpsc::Sender<Order>,
}

struct Inner {
    redis: ConnectionManager,
    breaker: Arc<Breaker>,
    within: Duration,
    prefix: &'static str,
    ttl: Duration,
    objects_url: Option<String>,
    wall_ms: WallMs,
    tell: Tell,
}

/// Where a phrase's audio is to be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// In Redis, as long as the phrase is good.
    Here,
    /// In Redis, until the object store has it.
    OnItsWay,
    /// In the object store, under this path.
    There(String),
}

/// What the board shows of a phrase.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// The phrase, and where the object store has it, too.
    Whole(Whole, Option<String>),
    /// That the object store has it.
    Elsewhere(Box<Card>),
    /// That no provider speaks it.
    Refused(Fault),
    /// Nothing.
    Nothing,
    /// Nothing that could be seen: Redis does not answer.
    Unseen,
}

/// What came of claiming the right to make a phrase.
pub(super) enum Claim {
    /// It is ours.
    Ours(Lock),
    /// Another instance has it.
    Theirs,
    /// Redis does not answer.
    Unseen,
}

impl Board {
    /// Connects, or goes on trying in the background. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When the address makes no sense.
    pub async fn open(config: BoardConfig) -> Result<Self, BoardError> {
        let BoardConfig { url, within, prefix, ttl, objects_url, wall_ms, tell } = config;
        // Trying again is the breaker's.
        let patience = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECTED_WITHIN))
            .set_response_timeout(Some(CONNECTED_WITHIN))
            .set_number_of_retries(0);
        let redis = ConnectionManager::new_lazy_with_config(Client::open(url)?, patience)?;
        let breaker = Breaker::new("Redis", ping(redis.clone()));
        breaker.try_first().await;
        let inner = Arc::new(Inner { redis, breaker, within, prefix, ttl, objects_url, wall_ms, tell });
        let (orders, queue) = mpsc::channel(ORDERS_MAX);
        tokio::spawn(poster::work(Arc::clone(&inner), queue));
        Ok(Self { inner, orders })
    }

    /// Looks for a phrase, however old.
    pub(super) async fn look(&self, ask: &Ask) -> Shown {
        let names = Names::of(self.inner.prefix, ask);
        let mut pipe = redis::pipe();
        pipe.hget(&names.cards, names.field).get(names.audio()).get(names.refused());
        let found = self.inner.ask(pipe.query_async(&mut self.inner.redis.clone())).await;
        let Some((card, audio, refused)): Option<(Written, Written, Written)> = found else { return Shown::Unseen };
        if let Some(fault) = refused.and_then(|reason| serde_json::from_slice(&reason).ok()) {
            return Shown::Refused(fault);
        }
        match card {
            Some(card) => self.shown(ask, serde_json::from_slice(&card).ok(), audio),
            None => Shown::Nothing,
        }
    }

    /// What an id asks for; none when nobody knows it, or Redis does not answer.
    pub(super) async fn ask_of(&self, id: &str) -> Option<Ask> {
        let mut redis = self.inner.redis.clone();
        let found: Option<String> = self.inner.ask(redis.get(by_id(self.inner.prefix, id))).await?;
        let (field, cards) = found.as_deref()?.split_once(' ')?;
        let card: Written = self.inner.ask(redis.hget(cards, field)).await?;
        serde_json::from_slice(&card?).ok().map(|card: Card| card.ask())
    }

    /// Claims the right to make a phrase.
    pub(super) async fn claim(&self, ask: &Ask) -> Claim {
        let (key, owner) = (Names::of(self.inner.prefix, ask).lock(), Uuid::new_v4().simple().to_string());
        let mut redis = self.inner.redis.clone();
        let mut set = redis::cmd("SET");
        set.arg(&key).arg(&owner).arg("NX").arg("PX").arg(lock::HOLDS_FOR.as_millis() as u64);
        match self.inner.ask(set.query_async::<bool>(&mut redis)).await {
            Some(true) => Claim::Ours(Lock::held(key, owner, redis, self.orders.clone())),
            Some(false) => Claim::Theirs,
            None => Claim::Unseen,
        }
    }

    /// Shows a phrase, some time soon, and gives its lock back then.
    pub(super) fn post(&self, whole: Whole, place: Place, lock: Option<Lock>) {
        self.order(Order::Post(whole, place, lock));
    }

    /// Shows for a moment that no provider speaks a phrase, and gives its lock back.
    pub(super) fn refuse(&self, ask: Ask, fault: Fault, lock: Lock) {
        self.order(Order::Refuse(ask, fault, Some(lock)));
    }

    /// Waits until all that was given is shown; the caller sets the deadline.
    pub(super) async fn flush(&self) {
        let (done, answer) = oneshot::channel();
        if self.orders.send(Order::Flush(done)).await.is_ok() {
            answer.await.ok();
        }
    }

    /// Why Redis is not asked; none when it works.
    pub fn trouble(&self) -> Option<String> {
        self.inner.breaker.why_open()
    }

    fn shown(&self, ask: &Ask, card: Option<Card>, audio: Written) -> Shown {
        match (card, audio) {
            // A voice of the same name at another provider, or with other settings.
            (Some(card), _) if card.ask() != *ask => Shown::Nothing,
            (Some(card), Some(audio)) => {
                let path = card.path.clone();
                card.with(&audio).map_or_else(|| self.damaged(ask), |whole| Shown::Whole(whole, path))
            }
            (Some(card), None) if card.path.is_some() => Shown::Elsewhere(Box::new(card)),
            // Its audio has expired, or was too large.
            (Some(_), None) => Shown::Nothing,
            (None, _) => self.damaged(ask),
        }
    }

    /// Takes away what is not what was put there, and counts that.
    fn damaged(&self, ask: &Ask) -> Shown {
        (self.inner.tell)(Event::Damaged);
        tracing::warn!("a phrase that instances share was cut or changed; it is made again");
        self.order(Order::Remove(ask.clone()));
        Shown::Nothing
    }

    fn order(&self, order: Order) {
        if self.orders.try_send(order).is_err() {
            tracing::debug!("Redis is behind with its writes; a phrase is not shared");
        }
    }
}

impl Inner {
    async fn ask<T>(&self, work: impl Future<Output = Result<T, RedisError>>) -> Option<T> {
        self.breaker.ask(self.within, work).await
    }

    /// For how many more milliseconds a phrase is good.
    fn left_ms(&self, whole: &Whole) -> i64 {
        let ttl_ms = i64::try_from(self.ttl.as_millis()).unwrap_or(i64::MAX);
        whole.record.made_at_ms.saturating_add(ttl_ms).saturating_sub((self.wall_ms)())
    }
}

type Written = Option<Vec<u8>>;

fn ping(redis: ConnectionManager) -> super::breaker::Try {
    Box::new(move || {
        let mut redis = redis.clone();
        Box::pin(async move {
            let pong: Result<String, RedisError> = redis::cmd("PING").query_async(&mut redis).await;
            pong.map(drop).map_err(|error| error.to_string())
        })
    })
}
