//! Answers to requests that may be repeated, at any instance: carried out by the first that comes, told to the others.

use std::convert::Infallible;
use std::sync::LazyLock;
use std::time::Duration;

use futures_util::future::BoxFuture;
use redis::Script;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::{Instant, sleep, sleep_until};
use uuid::Uuid;

use super::words::json;
use super::{Away, Fleet};

/// How long a request is carried out at most before others believe that its instance is lost, unless that says otherwise.
const LEASE: Duration = Duration::from_secs(5);

/// How often the instance says otherwise.
const RENEWED_EVERY: Duration = Duration::from_secs(1);

/// How often those who wait look whether there is an answer.
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// What is known of a request; if nothing is, it is ours now.
static BEGIN: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"local known = redis.call('GET', KEYS[1])
        if not known then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
        return known",
    )
});

/// Puts something in place of what we wrote at the beginning; an empty text takes it away.
static REPLACE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
        if ARGV[2] == '' then redis.call('DEL', KEYS[1])
        else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
        return 1",
    )
});

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
    /// It was carried out now, and failed. That is not remembered.
    Failed,
    /// Another request has the same key.
    KeyReused,
    /// It is being carried out elsewhere, and that takes too long.
    Late,
}

#[derive(Clone, Serialize, Deserialize)]
struct Known {
    body: String,
    /// Who carries it out: nobody else has this.
    by: String,
    answer: Option<Value>,
}

impl Fleet {
    /// The answer to a request, which is carried out only if it was not before. `body` is what was asked, or a digest of
    /// it. Without Redis it is carried out.
    pub async fn once(&self, id: &str, body: &str, within: Duration, carry_out: BoxFuture<'_, Option<Value>>) -> Once {
        let (name, until) = (self.key("once", id), Instant::now() + within);
        let ours = Known { body: body.to_owned(), by: Uuid::new_v4().simple().to_string(), answer: None };
        loop {
            match self.begin(&name, &ours).await {
                Ok(Some(known)) if known.body != body => return Once::KeyReused,
                Ok(Some(Known { answer: Some(answer), .. })) => return Once::Answered { answer, was_before: true },
                Ok(Some(_)) if Instant::now() >= until => return Once::Late,
                Ok(Some(_)) => sleep(LOOK_EVERY).await,
                Ok(None) => return self.carry_out(&name, &ours, carry_out).await,
                Err(Away) => return outcome(carry_out.await),
            }
        }
    }

    async fn begin(&self, name: &str, ours: &Known) -> Result<Option<Known>, Away> {
        let known: Option<String> =
            self.inner.link.run(BEGIN.key(name).arg(json(ours)).arg(LEASE.as_millis() as u64)).await?;
        // What cannot be read is another version's, and stands in nobody's way.
        Ok(known.and_then(|known| serde_json::from_str(&known).ok()))
    }

    async fn carry_out(&self, name: &str, ours: &Known, carry_out: BoxFuture<'_, Option<Value>>) -> Once {
        let answer = tokio::select! {
            answer = carry_out => answer,
            never = self.renew_lease(name, ours) => match never {},
        };
        let known = answer.clone().map(|answer| json(&Known { answer: Some(answer), ..ours.clone() }));
        let _: Result<u32, _> = self.replace(name, ours, &known.unwrap_or_default(), self.inner.remembered).await;
        outcome(answer)
    }

    async fn renew_lease(&self, name: &str, ours: &Known) -> Infallible {
        let mut due = Instant::now() + RENEWED_EVERY;
        loop {
            sleep_until(due).await;
            due += RENEWED_EVERY;
            let _: Result<u32, _> = self.replace(name, ours, &json(ours), LEASE).await;
        }
    }

    async fn replace(&self, name: &str, ours: &Known, by: &str, good_for: Duration) -> Result<u32, Away> {
        let mut script = REPLACE.key(name);
        self.inner.link.run(script.arg(json(ours)).arg(by).arg(good_for.as_millis() as u64)).await
    }
}

fn outcome(answer: Option<Value>) -> Once {
    answer.map_or(Once::Failed, |answer| Once::Answered { answer, was_before: false })
}
