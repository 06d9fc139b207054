//! What other instances know, too: answers that were given, and jobs. None of it is there without a Redis.

use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::Value;

/// What instances share.
pub trait Shared: Send + Sync {
    /// The answer to a request, which is carried out only if no instance did before. `body` is a digest of what was
    /// asked; somebody waits `within` for an instance that is just at it.
    fn once<'a>(
        &'a self,
        id: &'a str,
        body: &'a str,
        within: Duration,
        carry_out: BoxFuture<'a, Option<Value>>,
    ) -> BoxFuture<'a, Once>;

    /// Puts a job where some instance will work it, and gives its id.
    fn queue<'a>(&'a self, client: &'a str, payload: &'a str) -> BoxFuture<'a, Result<String, NotQueued>>;

    /// How a job of this client is doing; none when there is none.
    fn job<'a>(&'a self, client: &'a str, id: &'a str) -> BoxFuture<'a, Result<Option<JobState>, NotQueued>>;
}

/// What became of a request that may be repeated.
#[derive(Debug, Clone, PartialEq)]
pub enum Once {
    /// It was carried out: now, or before.
    Answered {
        /// Its answer.
        answer: Value,
        /// Whether it was before.
        was_before: bool,
    },
    /// It was carried out now, and failed.
    Failed,
    /// Another request has the same key.
    KeyReused,
    /// It is being carried out elsewhere, and that takes too long.
    Late,
}

/// Why there is no queue for a job at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotQueued {
    /// Too many jobs wait.
    Full,
    /// It does not answer.
    Away,
}

/// How a job is doing.
#[derive(Debug, Clone, PartialEq)]
pub enum JobState {
    /// Nobody works it yet.
    Queued,
    /// Somebody works it.
    Working,
    /// Its answer.
    Done(Value),
    /// Why there is none.
    Failed(String),
}

/// What came of working a job.
#[derive(Debug, Clone, PartialEq)]
pub enum Worked {
    /// Its answer.
    Done(Value),
    /// Why it did not work; it may next time.
    Again(String),
    /// Why it never will.
    Failed(String),
}
