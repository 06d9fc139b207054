//! Words for a call that another instance has. They are taken once: by that instance, or back by ours when it does not
//! answer in time. So what is reported as not heard is never heard later.

use std::sync::LazyLock;
use std::time::Duration;

use redis::{Cmd, Script};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use uuid::Uuid;

use super::post::{INBOX_EXPIRY, Letter};
use super::{Event, Fleet};

/// How long the other instance has to take words.
const TAKEN_WITHIN: Duration = Duration::from_millis(500);

/// How long it has to answer once it has taken them. It does so at once; this is for one that dies over it.
const ANSWERED_WITHIN: Duration = Duration::from_millis(250);

/// When words expire by themselves, should we be lost meanwhile. Well behind the deadline, so that it is never the expiry
/// that we find when we take words back.
const EXPIRY: Duration = Duration::from_secs(5);

/// Letters that may wait in an inbox. An instance that is so far behind takes no more.
const LETTERS_MAX: usize = 1_000;

/// Finds a call's instance, puts the words down, and a letter about them into its inbox.
static GIVE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"local owner = redis.call('GET', KEYS[1])
        if not owner or owner == ARGV[1] then return 'nobody' end
        local inbox = ARGV[2] .. owner
        if redis.call('LLEN', inbox) >= tonumber(ARGV[3]) then return 'busy' end
        redis.call('SET', KEYS[2], ARGV[4], 'PX', ARGV[5])
        redis.call('RPUSH', inbox, ARGV[6])
        redis.call('PEXPIRE', inbox, ARGV[7])
        return 'given'",
    )
});

/// What became of words for a call that is not ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Given {
    /// Its instance took them: they are spoken at the next pause.
    Taken,
    /// Its instance has it, but did not take them, or not in time.
    Refused,
    /// No instance has it.
    Nobody,
    /// Redis does not answer, or not clearly: some instance may have it.
    Unknown,
}

impl Given {
    fn name(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Refused => "refused",
            Self::Nobody => "nobody",
            Self::Unknown => "unknown",
        }
    }
}

/// Words, as they lie in Redis until they are taken.
#[derive(Serialize, Deserialize)]
pub(super) struct Words {
    pub(super) call_id: String,
    pub(super) text: String,
    /// The instance that waits for the answer.
    pub(super) from: String,
}

impl Fleet {
    /// Gives words to a call wherever it is but here.
    pub async fn give(&self, call_id: &str, text: &str) -> Given {
        let given = self.given(call_id, text).await;
        (self.inner.tell)(Event::Given(given.name()));
        given
    }

    async fn given(&self, call_id: &str, text: &str) -> Given {
        let id = Uuid::new_v4().simple().to_string();
        let mut answer = self.inner.post.expect(&id);
        match self.put_down(&id, call_id, text).await.as_deref() {
            Ok("given") => {}
            Ok("busy") => return Given::Refused,
            Ok(_) => return Given::Nobody,
            Err(_) => return Given::Unknown,
        }
        if let Ok(Ok(given)) = timeout(TAKEN_WITHIN, answer.arrives()).await {
            return given;
        }
        let taken_back: Result<u32, _> = self.inner.link.ask(&Cmd::del(self.key("words", &id))).await;
        match taken_back {
            Ok(1) => Given::Refused,
            Ok(_) => {
                let answer = timeout(ANSWERED_WITHIN, answer.arrives()).await;
                answer.ok().and_then(Result::ok).unwrap_or(Given::Unknown)
            }
            Err(_) => Given::Unknown,
        }
    }

    async fn put_down(&self, id: &str, call_id: &str, text: &str) -> Result<String, super::Away> {
        let words = Words { call_id: call_id.to_owned(), text: text.to_owned(), from: self.inner.me.clone() };
        let mut script = GIVE.prepare_invoke();
        script.key(self.key("call", call_id)).key(self.key("words", id));
        script.arg(&self.inner.me).arg(self.key("inbox", "")).arg(LETTERS_MAX);
        script.arg(json(&words)).arg(EXPIRY.as_millis() as u64);
        script.arg(json(&Letter::Words { id: id.to_owned() })).arg(INBOX_EXPIRY.as_millis() as u64);
        self.inner.link.run(&script).await
    }

    /// Takes words that a letter told of; none when they were taken back, or are too old.
    pub(super) async fn take_up(&self, id: &str) -> Option<Words> {
        let words: Option<String> = self.inner.link.ask(&Cmd::get_del(self.key("words", id))).await.ok()?;
        serde_json::from_str(&words?).ok()
    }
}

pub(super) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain structs of texts are written as JSON")
}
