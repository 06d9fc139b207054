//! What several instances of Frontdesk share by Redis, beside the cache: which call is whose, what its requests must know
//! of each other, words for each other's calls, answers to requests that may be repeated, and jobs.
//!
//! ```text
//!  roll     call:{callSid} ─► instance             renewed by a heartbeat, gone soon after its instance
//!  passing  ticket:{…}, next:{callSid}             so that a call's requests may land anywhere
//!  words    words:{id}, taken once                 put into the inbox of the call's instance, answered into ours
//!  answers  once:{client and key} ─► answer        carried out by whoever comes first
//!  jobs     stream jobs, group workers; job:{id}   worked by anybody, again when a worker is lost, said once
//! ```
//!
//! All keys begin with `frontdesk:`, so that others may use the same Redis. Without Redis an instance is on its own, and its
//! own calls go on: nothing in here waits longer than its deadline, and while Redis does not answer it is hardly asked.

mod answers;
mod jobs;
mod link;
mod passing;
mod post;
mod roll;
mod said;
mod words;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use uuid::Uuid;

pub use answers::Once;
pub use jobs::{Job, JobState, NotQueued, Worked};
use link::Link;
pub use link::{Away, FleetError};
use post::Post;
pub use roll::Roll;
pub use words::Given;

/// The instances, seen from one of them. Clones are the same instance.
#[derive(Clone)]
pub struct Fleet {
    inner: Arc<Inner>,
}

/// Settings of the fleet.
pub struct Config {
    /// Where the Redis is.
    pub redis_url: String,
    /// What its keys begin with. Instances with another beginning are another fleet.
    pub prefix: &'static str,
    /// How long answers and the results of jobs are remembered.
    pub remembered: Duration,
}

struct Inner {
    link: Link,
    /// This instance: a name that no other process has.
    me: String,
    prefix: &'static str,
    post: Post,
    roll: Roll,
    /// How long answers and the results of jobs are remembered.
    remembered: Duration,
    tell: Tell,
}

/// What the fleet asks of its instance.
#[derive(Clone)]
pub struct Hooks {
    /// The calls that are going on here.
    pub live: Arc<dyn Fn() -> Vec<String> + Send + Sync>,
    /// Gives words to a call of ours.
    pub announce: Announce,
    /// Ends a call of ours that another instance has taken over.
    pub lost: Arc<dyn Fn(&str) + Send + Sync>,
    /// Works a job.
    pub work: Arc<dyn Fn(Job) -> BoxFuture<'static, Worked> + Send + Sync>,
}

/// Gives words to the call of an id: whether it took them, and none when it is not here.
pub type Announce = Arc<dyn Fn(&str, &str) -> Option<bool> + Send + Sync>;

/// What happened, to be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Words were given to another instance, with this outcome.
    Given(&'static str),
    /// A job was put away, or is to be tried again.
    Job(&'static str),
}

/// Who counts.
pub type Tell = Arc<dyn Fn(Event) + Send + Sync>;

/// The fleet's tasks. They end when this is dropped.
pub struct Running {
    tasks: Vec<JoinHandle<()>>,
    worker: JoinHandle<()>,
    stop: watch::Sender<bool>,
}

impl Fleet {
    /// An instance among those that know this Redis. Nothing is connected before it is needed.
    ///
    /// # Errors
    /// The address is none.
    pub fn new(config: Config, tell: Tell) -> Result<Self, FleetError> {
        let Config { redis_url, prefix, remembered } = config;
        let me = Uuid::new_v4().simple().to_string();
        let (link, post, roll) = (Link::new(&redis_url)?, Post::default(), Roll::default());
        Ok(Self { inner: Arc::new(Inner { link, me, prefix, post, roll, remembered, tell }) })
    }

    /// Where calls are to be entered when they begin, and taken off when they end.
    pub fn roll(&self) -> Roll {
        self.inner.roll.clone()
    }

    /// Begins to keep the roll, to read the inbox and to work.
    pub fn start(&self, hooks: Hooks) -> Running {
        let (stop, stopped) = watch::channel(false);
        let tasks = vec![
            tokio::spawn(roll::keep(self.clone(), hooks.live, hooks.lost)),
            tokio::spawn(post::read(self.clone(), hooks.announce)),
        ];
        Running { tasks, worker: tokio::spawn(worker::run(self.clone(), hooks.work, stopped)), stop }
    }

    /// The name of a key.
    fn key(&self, kind: &str, id: &str) -> String {
        format!("{}{kind}:{id}", self.inner.prefix)
    }
}

impl Running {
    /// Takes no more jobs, and lets those in hand come to their end.
    pub async fn finish(mut self) {
        let _ = self.stop.send(true);
        let _ = (&mut self.worker).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.worker.abort();
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}
