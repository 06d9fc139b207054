//! Requests that may be repeated: the same `Idempotency-Key` is carried out once and answered the same each time.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::HeaderMap;
use futures_util::future::BoxFuture;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::problem::Problem;
use super::{Once, Shared};
use crate::web::problem::Wrong;

/// Answers remembered at most; past that the oldest is forgotten.
const ANSWERS_MAX: usize = 10_000;

/// The longest key.
const KEY_LEN_MAX: usize = 255;

/// Answers by who asked and under which key.
pub struct Answers {
    good_for: Duration,
    book: Mutex<Book>,
    /// Where other instances remember theirs.
    shared: Option<Arc<dyn Shared>>,
}

/// A request that may be repeated.
pub(super) struct Asked {
    /// A digest of who asked and under which key.
    pub(super) id: String,
    /// A digest of what was asked.
    body: String,
    /// How long somebody waits for another instance that is just at it.
    within: Duration,
}

#[derive(Default)]
struct Book {
    answers: BTreeMap<String, Remembered>,
    order: VecDeque<String>,
}

struct Remembered {
    body: String,
    until: Instant,
    /// Empty while the first request is carried out; others wait for it. A failure is not remembered.
    answer: Arc<OnceCell<Value>>,
}

impl Asked {
    pub(super) fn new(client: &str, key: &str, body: &[u8], within: Duration) -> Self {
        // No client's name has a line's end in it.
        let id = Sha256::new().chain_update(client).chain_update("\n").chain_update(key).finalize();
        Self { id: hex(&id), body: hex(&Sha256::digest(body)), within }
    }
}

fn hex(digest: &[u8]) -> String {
    digest.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes any text");
        text
    })
}

impl Answers {
    /// Answers that are remembered so long, by ourselves and where instances share them.
    pub fn new(good_for: Duration, shared: Option<Arc<dyn Shared>>) -> Self {
        Self { good_for, book: Mutex::default(), shared }
    }

    /// The answer to a request, which is carried out only if it was not before, and whether it was before. One that may
    /// not be repeated is carried out each time.
    pub(super) async fn once(
        &self,
        asked: Option<Asked>,
        now: Instant,
        carry_out: BoxFuture<'_, Result<Value, Problem>>,
    ) -> Result<(Value, bool), Problem> {
        let Some(asked) = asked else { return Ok((carry_out.await?, false)) };
        let cell = self.cell(&asked, now)?;
        let mut was_before = cell.initialized();
        let answer = cell.get_or_try_init(|| async {
            let answer;
            (answer, was_before) = self.once_anywhere(&asked, carry_out).await?;
            Ok::<_, Problem>(answer)
        });
        let answer = answer.await?.clone();
        Ok((answer, was_before))
    }

    async fn once_anywhere(
        &self,
        asked: &Asked,
        carry_out: BoxFuture<'_, Result<Value, Problem>>,
    ) -> Result<(Value, bool), Problem> {
        let Some(shared) = &self.shared else { return Ok((carry_out.await?, false)) };
        let mut problem = Problem::Retry;
        let noted = async { carry_out.await.map_err(|why| problem = why).ok() };
        match shared.once(&asked.id, &asked.body, asked.within, Box::pin(noted)).await {
            Once::Answered { answer, was_before } => Ok((answer, was_before)),
            Once::Failed => Err(problem),
            Once::KeyReused => Err(Problem::KeyReused),
            Once::Late => Err(Problem::Late),
        }
    }

    fn cell(&self, asked: &Asked, now: Instant) -> Result<Arc<OnceCell<Value>>, Problem> {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = book.answers.get(&asked.id).filter(|known| known.until > now) {
            return if known.body == asked.body { Ok(Arc::clone(&known.answer)) } else { Err(Problem::KeyReused) };
        }
        let answer = Arc::default();
        let remembered =
            Remembered { body: asked.body.clone(), until: now + self.good_for, answer: Arc::clone(&answer) };
        if book.answers.insert(asked.id.clone(), remembered).is_none() {
            book.order.push_back(asked.id.clone());
        }
        if book.order.len() > ANSWERS_MAX
            && let Some(oldest) = book.order.pop_front()
        {
            book.answers.remove(&oldest);
        }
        Ok(answer)
    }
}

/// The request's key, if it has one.
pub(super) fn key_of(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().ok().filter(|key| (1..=KEY_LEN_MAX).contains(&key.len()));
    let detail = || format!("write 1 to {KEY_LEN_MAX} visible ASCII characters");
    let wrong = || Problem::Wrong(vec![Wrong { field: "Idempotency-Key".into(), detail: detail() }]);
    key.map(|key| Some(key.to_owned())).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn a_key_is_carried_out_once_for_each_client_and_a_failure_not_at_all() {
        let (answers, now) = (Answers::new(Duration::from_secs(60), None), Instant::now());
        let carried_out = AtomicU32::new(0);
        let ask = async |client, body: &'static str, outcome: Result<Value, Problem>, now| {
            let carry_out = async {
                carried_out.fetch_add(1, Ordering::Relaxed);
                outcome
            };
            let asked = Asked::new(client, "k", body.as_bytes(), Duration::from_secs(1));
            answers.once(Some(asked), now, Box::pin(carry_out)).await
        };
        assert_eq!(ask("a", "x", Err(Problem::Retry), now).await, Err(Problem::Retry));
        assert_eq!(ask("a", "x", Ok(json!(1)), now).await, Ok((json!(1), false)));
        assert_eq!(ask("a", "x", Ok(json!(2)), now).await, Ok((json!(1), true)));
        assert_eq!(ask("a", "y", Ok(json!(3)), now).await, Err(Problem::KeyReused));
        assert_eq!(ask("b", "y", Ok(json!(4)), now).await, Ok((json!(4), false)));
        assert_eq!(carried_out.load(Ordering::Relaxed), 3);
        let later = now + Duration::from_secs(60);
        assert_eq!(ask("a", "y", Ok(json!(5)), later).await, Ok((json!(5), false)));
    }
}
