//! Requests that may be repeated: the same `Idempotency-Key` is carried out once and answered the same each time.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::HeaderMap;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::problem::{Problem, Wrong};

/// Answers remembered at most; past that the oldest is forgotten.
const ANSWERS_MAX: usize = 10_000;

/// The longest key.
const KEY_LEN_MAX: usize = 255;

/// Answers by who asked and under which key.
pub struct Answers {
    good_for: Duration,
    book: Mutex<Book>,
}

#[derive(Default)]
struct Book {
    answers: BTreeMap<(String, String), Remembered>,
    order: VecDeque<(String, String)>,
}

struct Remembered {
    body: [u8; 32],
    until: Instant,
    /// Empty while the first request is carried out; others wait for it. A failure is not remembered.
    answer: Arc<OnceCell<Value>>,
}

impl Answers {
    /// Answers that are remembered so long.
    pub fn new(good_for: Duration) -> Self {
        Self { good_for, book: Mutex::default() }
    }

    /// The answer to a request, which is carried out only if it was not before, and whether it was before. Without a key
    /// it is carried out each time.
    pub(super) async fn once(
        &self,
        (client, key): (&str, Option<String>),
        body: &[u8],
        now: Instant,
        carry_out: impl Future<Output = Result<Value, Problem>>,
    ) -> Result<(Value, bool), Problem> {
        let Some(key) = key else { return Ok((carry_out.await?, false)) };
        let cell = self.cell((client.to_owned(), key), Sha256::digest(body).into(), now)?;
        let was_before = cell.initialized();
        let answer = cell.get_or_try_init(|| carry_out).await?;
        Ok((answer.clone(), was_before))
    }

    fn cell(&self, key: (String, String), body: [u8; 32], now: Instant) -> Result<Arc<OnceCell<Value>>, Problem> {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = book.answers.get(&key).filter(|known| known.until > now) {
            return if known.body == body { Ok(Arc::clone(&known.answer)) } else { Err(Problem::KeyReused) };
        }
        let answer = Arc::default();
        let remembered = Remembered { body, until: now + self.good_for, answer: Arc::clone(&answer) };
        if book.answers.insert(key.clone(), remembered).is_none() {
            book.order.push_back(key);
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
    let wrong = || Problem::Wrong(vec![Wrong { field: "Idempotency-Key", detail: detail() }]);
    key.map(|key| Some(key.to_owned())).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn a_key_is_carried_out_once_for_each_client_and_a_failure_not_at_all() {
        let (answers, now) = (Answers::new(Duration::from_secs(60)), Instant::now());
        let carried_out = AtomicU32::new(0);
        let ask = async |client, body: &'static str, outcome: Result<Value, Problem>, now| {
            let carry_out = async {
                carried_out.fetch_add(1, Ordering::Relaxed);
                outcome
            };
            answers.once((client, Some("k".to_owned())), body.as_bytes(), now, carry_out).await
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
