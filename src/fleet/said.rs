//! Words that may be asked for again: by a job whose worker was lost, or a request that is repeated. They are said once.

use redis::Cmd;

use super::Fleet;

/// Said of words before they are spoken.
const BEGUN: &str = "begun";

/// Said of words that a caller was given.
const PLAYED: &str = "played";

/// Said of words that no caller was given.
const NOT_PLAYED: &str = "not played";

impl Fleet {
    /// Whether these words may be said: nobody has begun to. `Err` tells whether a caller is known to have been given
    /// them. Without Redis they may.
    ///
    /// # Errors
    /// They may not; the value is what there is to say of them.
    pub async fn may_say(&self, id: &str) -> Result<(), bool> {
        let (name, ms) = (self.key("said", id), self.inner.remembered.as_millis() as u64);
        let first: Result<Option<String>, _> =
            self.inner.link.ask(Cmd::set(&name, BEGUN).arg("NX").arg("PX").arg(ms)).await;
        match first {
            Ok(Some(_)) | Err(_) => Ok(()),
            Ok(None) => {
                let before: Option<String> = self.inner.link.ask(&Cmd::get(&name)).await.unwrap_or_default();
                Err(before.as_deref() == Some(PLAYED))
            }
        }
    }

    /// What became of words that were to be said.
    pub async fn said(&self, id: &str, played: bool) {
        let (name, ms) = (self.key("said", id), self.inner.remembered.as_millis() as u64);
        let what = if played { PLAYED } else { NOT_PLAYED };
        let _: Result<Option<String>, _> = self.inner.link.ask(Cmd::set(name, what).arg("XX").arg("PX").arg(ms)).await;
    }
}
