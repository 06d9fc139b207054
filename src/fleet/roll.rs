//! Which call is whose: a key for each, renewed by a heartbeat, so that a lost instance loses its calls soon.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use redis::{Cmd, Script};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use super::Fleet;
use super::passing::NEXT_EXPIRY;

/// How often calls are entered again.
const HEARTBEAT: Duration = Duration::from_secs(3);

/// When a call whose instance is lost is nobody's. Three heartbeats may fail.
const EXPIRY: Duration = Duration::from_secs(10);

/// Beginnings and ends that may wait. One that finds no room is made up for by the heartbeat, or by the expiry.
const CHANGES_MAX: usize = 1_024;

/// Calls renewed by one command at most, so that Redis is never busy with one for long.
const RENEWED_AT_ONCE: usize = 500;

/// Enters calls again that are ours or nobody's. Tells which another instance has taken over, counted from one.
static RENEW: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"local lost = {}
        for place, name in ipairs(KEYS) do
            local owner = redis.call('GET', name)
            if not owner or owner == ARGV[1] then redis.call('SET', name, ARGV[1], 'PX', ARGV[2])
            else table.insert(lost, place) end
        end
        return lost",
    )
});

/// Writes down what becomes of a call, unless another instance has taken it over: then that is for it to say.
static DECIDE: LazyLock<Script> = LazyLock::new(|| {
    Script::new("if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3]) end")
});

/// Takes a call off, unless another instance has taken it over.
static REMOVE: LazyLock<Script> =
    LazyLock::new(|| Script::new("if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"));

enum Change {
    Began(String),
    /// What becomes of it after its stream.
    Decided(String, String),
    Ended(String),
}

/// Where calls are entered when they begin, and taken off when they end. Never waits.
#[derive(Clone)]
pub struct Roll {
    changes: mpsc::Sender<Change>,
    /// For the task that keeps the roll, once there is one.
    waiting: Arc<Mutex<Option<mpsc::Receiver<Change>>>>,
}

impl Default for Roll {
    fn default() -> Self {
        let (changes, waiting) = mpsc::channel(CHANGES_MAX);
        Self { changes, waiting: Arc::new(Mutex::new(Some(waiting))) }
    }
}

impl Roll {
    /// A call is ours from now on, whoever had it.
    pub fn began(&self, call_id: &str) {
        let _ = self.changes.try_send(Change::Began(call_id.to_owned()));
    }

    /// What becomes of a call of ours after its stream, in words of whoever asks for it.
    pub fn decided(&self, call_id: &str, next: String) {
        let _ = self.changes.try_send(Change::Decided(call_id.to_owned(), next));
    }

    /// A call of ours is over.
    pub fn ended(&self, call_id: &str) {
        let _ = self.changes.try_send(Change::Ended(call_id.to_owned()));
    }
}

/// Keeps the roll for as long as it is polled.
pub(super) async fn keep(
    fleet: Fleet,
    live: Arc<dyn Fn() -> Vec<String> + Send + Sync>,
    lost: Arc<dyn Fn(&str) + Send + Sync>,
) {
    let waiting = fleet.inner.roll.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(mut changes) = waiting else { return };
    let mut heartbeat = interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            change = changes.recv() => match change {
                Some(Change::Began(call_id)) => fleet.enter(&call_id).await,
                Some(Change::Decided(call_id, next)) => fleet.decide(&call_id, &next).await,
                Some(Change::Ended(call_id)) => fleet.take_off(&call_id).await,
                None => return,
            },
            _ = heartbeat.tick() => {
                for call_id in fleet.renew(&live()).await {
                    tracing::info!(call = call_id, "another instance has taken a call over; it ends here");
                    lost(&call_id);
                }
            }
        }
    }
}

impl Fleet {
    // When Redis is away the heartbeat makes up for what is missed here.
    async fn enter(&self, call_id: &str) {
        let (name, expiry) = (self.key("call", call_id), EXPIRY.as_millis() as u64);
        let mut both = redis::pipe();
        both.add_command(Cmd::set(name, &self.inner.me).arg("PX").arg(expiry).clone()).ignore();
        // What was decided about its last stream is no longer so.
        both.del(self.key("next", call_id)).ignore();
        let _: Result<(), _> = self.inner.link.ask_all(&both).await;
    }

    async fn decide(&self, call_id: &str, next: &str) {
        let mut script = DECIDE.key(self.key("call", call_id));
        let script = script.key(self.key("next", call_id)).arg(&self.inner.me);
        let _: Result<(), _> = self.inner.link.run(script.arg(next).arg(NEXT_EXPIRY.as_millis() as u64)).await;
    }

    async fn take_off(&self, call_id: &str) {
        let _: Result<(), _> = self.inner.link.run(REMOVE.key(self.key("call", call_id)).arg(&self.inner.me)).await;
    }

    /// Gives those that another instance has taken over.
    async fn renew(&self, call_ids: &[String]) -> Vec<String> {
        let mut lost = Vec::new();
        for some in call_ids.chunks(RENEWED_AT_ONCE) {
            let mut script = RENEW.prepare_invoke();
            for call_id in some {
                script.key(self.key("call", call_id));
            }
            let script = script.arg(&self.inner.me).arg(EXPIRY.as_millis() as u64);
            let places: Vec<usize> = self.inner.link.run(script).await.unwrap_or_default();
            lost.extend(places.into_iter().filter_map(|place| some.get(place.checked_sub(1)?).cloned()));
        }
        lost
    }
}
