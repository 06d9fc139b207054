//! The inbox of an instance: a list in Redis, read by a connection of its own. What is waited for is told to whoever
//! waits; what tells of words is followed up.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, RedisError, RedisResult};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use tokio::time::sleep;

use super::words::{Given, json};
use super::{Announce, Fleet};

/// When an inbox that nobody writes to goes, also that of an instance which is no more.
pub(super) const INBOX_EXPIRY: Duration = Duration::from_secs(60);

/// How long one look into the inbox waits for a letter.
const LOOK: Duration = Duration::from_secs(5);

/// Between a broken connection and the next one, at first and at most.
const RETRY_AFTER: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// What instances write to each other.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "letter", rename_all = "snake_case")]
pub(super) enum Letter {
    /// There are words for a call of yours.
    Words { id: String },
    /// What became of yours.
    Answer { id: String, given: Given },
}

/// Those who wait for an answer, by what they asked. Each waits for a moment only, so there are never many.
#[derive(Clone, Default)]
pub(super) struct Post {
    waiting: Arc<Mutex<BTreeMap<String, oneshot::Sender<Given>>>>,
}

/// An answer that is waited for. Dropped, it is waited for no more.
pub(super) struct Expected {
    post: Post,
    id: String,
    answer: oneshot::Receiver<Given>,
}

impl Post {
    pub(super) fn expect(&self, id: &str) -> Expected {
        let (tell, answer) = oneshot::channel();
        self.open().insert(id.to_owned(), tell);
        Expected { post: self.clone(), id: id.to_owned(), answer }
    }

    fn arrived(&self, id: &str, given: Given) {
        if let Some(waiting) = self.open().remove(id) {
            let _ = waiting.send(given);
        }
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<String, oneshot::Sender<Given>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Expected {
    pub(super) async fn arrives(&mut self) -> Result<Given, oneshot::error::RecvError> {
        (&mut self.answer).await
    }
}

impl Drop for Expected {
    fn drop(&mut self) {
        self.post.open().remove(&self.id);
    }
}

/// Reads the inbox for as long as it is polled, over every outage.
pub(super) async fn read(fleet: Fleet, announce: Announce) {
    let mut pause = RETRY_AFTER.0;
    loop {
        if let Ok(connection) = fleet.inner.link.own(LOOK).await {
            pause = RETRY_AFTER.0;
            let error = fleet.read_until_it_breaks(connection, &announce).await;
            tracing::debug!(%error, "the inbox cannot be read");
        }
        sleep(pause).await;
        pause = (pause * 2).min(RETRY_AFTER.1);
    }
}

impl Fleet {
    async fn read_until_it_breaks(&self, mut connection: MultiplexedConnection, announce: &Announce) -> RedisError {
        let look = Cmd::blpop(self.key("inbox", &self.inner.me), LOOK.as_secs_f64());
        loop {
            let letter: RedisResult<Option<(String, String)>> = look.query_async(&mut connection).await;
            match letter {
                Ok(Some((_, letter))) => self.follow_up(&letter, announce).await,
                Ok(None) => {}
                Err(error) => return error,
            }
        }
    }

    async fn follow_up(&self, letter: &str, announce: &Announce) {
        match serde_json::from_str(letter) {
            Ok(Letter::Answer { id, given }) => self.inner.post.arrived(&id, given),
            Ok(Letter::Words { id }) => {
                let Some(words) = self.take_up(&id).await else { return };
                let given = match announce(&words.call_id, &words.text) {
                    Some(true) => Given::Taken,
                    Some(false) => Given::Refused,
                    None => Given::Nobody,
                };
                self.answer(&words.from, Letter::Answer { id, given }).await;
            }
            Err(error) => {
                tracing::warn!(%error, "a letter of another instance cannot be read; is it of another version?")
            }
        }
    }

    /// An answer that is lost is reported as unknown by whoever waits for it.
    async fn answer(&self, instance: &str, letter: Letter) {
        let inbox = self.key("inbox", instance);
        let mut both = redis::pipe();
        both.rpush(&inbox, json(&letter)).ignore().pexpire(&inbox, INBOX_EXPIRY.as_millis() as i64).ignore();
        let _: Result<(), _> = self.inner.link.ask_all(&both).await;
    }
}
