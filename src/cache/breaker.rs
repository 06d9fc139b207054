//! Keeps requests away from a server that does not answer. Whoever finds out has waited for it once; from then on nobody
//! does, until it has been seen to answer again.
//!
//! ```text
//!  closed ── no answer, or an error ──► open ── it answers ──► closed
//!                                       │  ▲
//!                                       └──┘ it does not: tried again after twice the time
//! ```

use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::{sleep, timeout};

/// After so long a server that failed is tried for the first time: it may have been one slow answer.
const TRIED_AFTER_MIN: Duration = Duration::from_millis(50);

/// The longest time between two tries.
const TRIED_AFTER_MAX: Duration = Duration::from_secs(5);

/// How long a try may take. Nobody waits for it.
const TRY_WITHIN: Duration = Duration::from_secs(1);

/// Asks the server for as little as shows that it works.
pub(super) type Try = Box<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

pub(super) struct Breaker {
    /// What it stands before, for the log.
    name: &'static str,
    try_it: Try,
    /// Why it is open. Held for a look, never across an await.
    open: Mutex<Option<String>>,
}

impl Breaker {
    pub(super) fn new(name: &'static str, try_it: Try) -> Arc<Self> {
        Arc::new(Self { name, try_it, open: Mutex::default() })
    }

    /// Tries the server before anybody needs it, so that the first request finds it as it is.
    pub(super) async fn try_first(self: &Arc<Self>) {
        self.ask(TRY_WITHIN, (self.try_it)()).await;
    }

    /// What the server answers; none where it fails, takes longer than `within`, or is known not to answer.
    pub(super) async fn ask<T, E: Display>(
        self: &Arc<Self>,
        within: Duration,
        work: impl Future<Output = Result<T, E>>,
    ) -> Option<T> {
        if self.why_open().is_some() {
            return None;
        }
        match timeout(within, work).await {
            Ok(Ok(answer)) => return Some(answer),
            Ok(Err(error)) => self.open(error.to_string()),
            Err(_) => self.open(format!("no answer within {} ms", within.as_millis())),
        }
        None
    }

    /// Why nobody is sent to the server; none when it works.
    pub(super) fn why_open(&self) -> Option<String> {
        self.lock().clone()
    }

    /// The first to open it has the server tried until it answers.
    fn open(self: &Arc<Self>, why: String) {
        let was_open = self.lock().replace(why.clone()).is_some();
        if !was_open {
            tracing::warn!(why, "{} is not asked for phrases until it answers again", self.name);
            tokio::spawn(close_when_it_answers(Arc::downgrade(self)));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<String>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends with the breaker, too.
async fn close_when_it_answers(breaker: Weak<Breaker>) {
    let mut pause = TRIED_AFTER_MIN;
    loop {
        sleep(pause).await;
        pause = (2 * pause).min(TRIED_AFTER_MAX);
        let Some(breaker) = breaker.upgrade() else { return };
        let late = || format!("no answer within {} ms", TRY_WITHIN.as_millis());
        match timeout(TRY_WITHIN, (breaker.try_it)()).await.unwrap_or_else(|_| Err(late())) {
            Ok(()) => {
                *breaker.lock() = None;
                tracing::info!("{} answers again", breaker.name);
                return;
            }
            Err(why) => *breaker.lock() = Some(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use super::*;

    /// A server that answers or does not, and how often it was tried.
    #[derive(Default)]
    struct Server {
        answers: AtomicBool,
        tries: AtomicUsize,
    }

    fn breaker(server: &Arc<Server>) -> Arc<Breaker> {
        let server = Arc::clone(server);
        Breaker::new(
            "a server",
            Box::new(move || {
                server.tries.fetch_add(1, Ordering::Relaxed);
                let answers = server.answers.load(Ordering::Relaxed);
                Box::pin(ready(if answers { Ok(()) } else { Err("still dead".to_owned()) }))
            }),
        )
    }

    /// Work that would be noticed if anybody began it.
    async fn noted(begun: &AtomicUsize) -> Result<u64, String> {
        begun.fetch_add(1, Ordering::Relaxed);
        pending().await
    }

    #[tokio::test]
    async fn a_server_that_does_not_answer_is_waited_for_once() {
        let server = Arc::new(Server::default());
        let (breaker, begun, within) = (breaker(&server), AtomicUsize::new(0), Duration::from_millis(30));
        for _ in 0..100 {
            assert_eq!(breaker.ask(within, noted(&begun)).await, None);
        }
        assert_eq!(begun.load(Ordering::Relaxed), 1, "nobody else waited");
        assert!(breaker.why_open().is_some_and(|why| why.contains("30 ms")));
    }

    #[tokio::test]
    async fn a_server_that_answers_again_is_asked_again() {
        let server = Arc::new(Server::default());
        let (breaker, within) = (breaker(&server), Duration::from_secs(1));
        assert_eq!(breaker.ask(within, ready(Err::<(), _>("refused"))).await, None);
        let patience = Duration::from_secs(20);
        let until = async |is_so: &dyn Fn() -> bool| {
            while !is_so() {
                sleep(Duration::from_millis(5)).await;
            }
        };
        let tried = || server.tries.load(Ordering::Relaxed) > 0;
        timeout(patience, until(&tried)).await.expect("it is tried");
        assert!(breaker.why_open().is_some());
        server.answers.store(true, Ordering::Relaxed);
        timeout(patience, until(&|| breaker.why_open().is_none())).await.expect("it is seen to answer");
        assert_eq!(breaker.ask(within, ready(Ok::<_, String>(7))).await, Some(7));
    }
}
