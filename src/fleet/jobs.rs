//! The queue of jobs: a stream that a group of workers reads, and a hash for each job with what became of it.
//!
//! ```text
//!  queued ─► working ─► done
//!              │ ▲  └─► failed    tried too often, or never going to work
//!              └─┘ tried again, or its worker was lost
//! ```
//!
//! A job leaves the stream only together with the result being stored.

use std::sync::LazyLock;

use redis::{Cmd, Script};
use serde_json::Value;
use uuid::Uuid;

use super::{Away, Event, Fleet};

/// Jobs that are queued or worked at most. Further ones are refused: nothing that was accepted is thrown away for them.
const JOBS_MAX: usize = 10_000;

/// Those who work jobs, to Redis.
pub(super) const GROUP: &str = "workers";

/// Accepts a job, if there is room.
static ADD: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
        redis.call('HSET', KEYS[2], 'state', 'queued', 'client', ARGV[2], 'payload', ARGV[3])
        redis.call('PEXPIRE', KEYS[2], ARGV[4])
        redis.call('XADD', KEYS[1], '*', 'job', ARGV[5])
        return 1",
    )
});

/// Begins to work a job: how often that was begun, and the job; nothing when there is nothing (more) to do.
static BEGIN: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"local state = redis.call('HGET', KEYS[1], 'state')
        if state ~= 'queued' and state ~= 'working' then return false end
        redis.call('HSET', KEYS[1], 'state', 'working')
        local tries = redis.call('HINCRBY', KEYS[1], 'tries', 1)
        return {tostring(tries), redis.call('HGET', KEYS[1], 'client'), redis.call('HGET', KEYS[1], 'payload')}",
    )
});

/// Work for any instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its id; nobody can guess it.
    pub id: String,
    /// Who asked for it.
    pub client: String,
    /// What is to be done, in words of whoever queues and works it.
    pub payload: String,
    /// Which try this is, from 1.
    pub tries: u32,
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

/// Why a job is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotQueued {
    /// Too many wait.
    #[error("there are too many jobs")]
    Full,
    /// There is nowhere to put it.
    #[error(transparent)]
    Away(#[from] Away),
}

impl Fleet {
    /// Accepts a job, which outlives us. Its id.
    ///
    /// # Errors
    /// [`NotQueued`] says why it is not accepted.
    pub async fn queue(&self, client: &str, payload: &str) -> Result<String, NotQueued> {
        let (id, expiry) = (Uuid::new_v4().to_string(), self.inner.remembered.as_millis() as u64);
        let mut script = ADD.prepare_invoke();
        script.key(self.stream()).key(self.key("job", &id));
        script.arg(JOBS_MAX).arg(client).arg(payload).arg(expiry).arg(&id);
        let accepted: u32 = self.inner.link.run(&script).await?;
        (self.inner.tell)(Event::Job(if accepted == 1 { "queued" } else { "refused" }));
        if accepted == 1 { Ok(id) } else { Err(NotQueued::Full) }
    }

    /// How a job of this client is doing; none when there is none, or none any more.
    ///
    /// # Errors
    /// Redis does not answer.
    pub async fn job(&self, client: &str, id: &str) -> Result<Option<JobState>, Away> {
        let mut look = redis::cmd("HMGET");
        look.arg(self.key("job", id)).arg(&["client", "state", "answer", "reason"]);
        let [owner, state, answer, reason]: [Option<String>; 4] = self.inner.link.ask(&look).await?;
        if owner.as_deref() != Some(client) {
            return Ok(None);
        }
        Ok(match state.as_deref() {
            Some("queued") => Some(JobState::Queued),
            Some("working") => Some(JobState::Working),
            Some("done") => answer.and_then(|answer| serde_json::from_str(&answer).ok()).map(JobState::Done),
            Some("failed") => Some(JobState::Failed(reason.unwrap_or_default())),
            _ => None,
        })
    }

    /// Begins to work a job; none when there is nothing (more) to do.
    pub(super) async fn begin_job(&self, id: &str) -> Result<Option<Job>, Away> {
        let begun: Option<(u32, String, String)> = self.inner.link.run(&BEGIN.key(self.key("job", id))).await?;
        Ok(begun.map(|(tries, client, payload)| Job { id: id.to_owned(), client, payload, tries }))
    }

    /// Stores what became of a job, and takes it off the stream, both or neither.
    pub(super) async fn end_job(&self, entry: &str, id: &str, end: &JobState) -> Result<(), Away> {
        let (state, field, text) = match end {
            JobState::Done(answer) => ("done", "answer", answer.to_string()),
            JobState::Failed(reason) => ("failed", "reason", reason.clone()),
            JobState::Queued | JobState::Working => return Ok(()),
        };
        let name = self.key("job", id);
        let mut all = redis::pipe();
        all.atomic();
        all.hset_multiple(&name, &[("state", state), (field, &text)]).ignore();
        all.hdel(&name, "payload").ignore();
        all.pexpire(&name, self.inner.remembered.as_millis() as i64).ignore();
        all.xack(self.stream(), GROUP, &[entry]).ignore();
        all.xdel(self.stream(), &[entry]).ignore();
        self.inner.link.ask_all(&all).await
    }

    /// Takes an entry off the stream whose job is done, or is not known any more.
    pub(super) async fn drop_entry(&self, entry: &str) -> Result<(), Away> {
        let mut both = redis::pipe();
        both.atomic().xack(self.stream(), GROUP, &[entry]).ignore().xdel(self.stream(), &[entry]).ignore();
        self.inner.link.ask_all(&both).await
    }

    /// Says that an entry is still being worked, so that nobody takes it over.
    pub(super) async fn keep_entry(&self, entry: &str) -> Result<(), Away> {
        let mut claim = Cmd::new();
        claim.arg("XCLAIM").arg(self.stream()).arg(GROUP).arg(&self.inner.me).arg(0).arg(entry).arg("JUSTID");
        self.inner.link.ask::<redis::Value>(&claim).await.map(|_| ())
    }

    /// The stream's key.
    pub(super) fn stream(&self) -> String {
        format!("{}jobs", self.inner.prefix)
    }
}
