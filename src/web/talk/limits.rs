//! How many sessions there may be, and how often somebody may open one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Those whose rate is remembered at most. Past that those are forgotten who have not come for a while.
const RATES_MAX: usize = 10_000;

/// Over so much time an opening more or less does not matter.
const WINDOW: Duration = Duration::from_secs(60);

/// Why there is no place for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooMany {
    /// Of all together.
    #[error("as many visitors as there may be are here")]
    Sessions,
    /// Of this visitor.
    #[error("this visitor has as many sessions as the token allows")]
    OfVisitor,
    /// Openings of this address or visitor.
    #[error("sessions are opened too often; wait a minute")]
    Openings,
}

/// Counts sessions and openings.
pub struct Limits {
    connections_max: usize,
    /// Between one opening of somebody and the next, in the long run.
    every: Duration,
    book: Arc<Mutex<Book>>,
}

#[derive(Default)]
struct Book {
    here: usize,
    of_visitor: BTreeMap<String, usize>,
    /// By address or visitor: when the next opening would come if all came evenly.
    next: BTreeMap<String, Instant>,
}

/// A place among those who are here. It is free again when this is dropped.
pub struct Place {
    visitor: String,
    book: Arc<Mutex<Book>>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut book = open(&self.book);
        book.here -= 1;
        if let Some(count) = book.of_visitor.get_mut(&self.visitor) {
            *count -= 1;
            if *count == 0 {
                book.of_visitor.remove(&self.visitor);
            }
        }
    }
}

impl Limits {
    pub(super) fn new(connections_max: usize, per_minute: usize) -> Self {
        let every = WINDOW / u32::try_from(per_minute.max(1)).unwrap_or(u32::MAX);
        Self { connections_max, every, book: Arc::default() }
    }

    /// Counts an opening by somebody: an address, or a visitor of a tenant.
    ///
    /// # Errors
    /// When they open too often.
    pub fn open_another(&self, who: &str, now: Instant) -> Result<(), TooMany> {
        let mut book = open(&self.book);
        let next = book.next.get(who).map_or(now, |next| (*next).max(now));
        if next > now + WINDOW {
            return Err(TooMany::Openings);
        }
        if book.next.len() >= RATES_MAX {
            book.next.retain(|_, next| *next > now);
        }
        if book.next.len() < RATES_MAX || book.next.contains_key(who) {
            book.next.insert(who.to_owned(), next + self.every);
        }
        Ok(())
    }

    /// A place for a visitor, who may have `own_max` of them.
    ///
    /// # Errors
    /// When there is none.
    pub fn enter(&self, visitor: &str, own_max: Option<usize>) -> Result<Place, TooMany> {
        let mut book = open(&self.book);
        if book.here >= self.connections_max {
            return Err(TooMany::Sessions);
        }
        let own = book.of_visitor.get(visitor).copied().unwrap_or_default();
        if own_max.is_some_and(|max| own >= max) {
            return Err(TooMany::OfVisitor);
        }
        book.here += 1;
        book.of_visitor.insert(visitor.to_owned(), own + 1);
        Ok(Place { visitor: visitor.to_owned(), book: Arc::clone(&self.book) })
    }
}

/// Held for a few instructions at a time, and never across a wait.
fn open(book: &Mutex<Book>) -> MutexGuard<'_, Book> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_its_session_is_over() {
        let limits = Limits::new(2, 60);
        let first = limits.enter("ada", Some(1)).expect("a place");
        assert_eq!(limits.enter("ada", Some(1)).err(), Some(TooMany::OfVisitor));
        let _second = limits.enter("mo", None).expect("a place");
        assert_eq!(limits.enter("lee", None).err(), Some(TooMany::Sessions));
        drop(first);
        assert!(limits.enter("ada", Some(1)).is_ok());
    }

    #[test]
    fn somebody_who_opens_too_often_waits_and_others_do_not() {
        let (limits, now) = (Limits::new(10, 30), Instant::now());
        let opened = (0..100).filter(|_| limits.open_another("10.0.0.1", now).is_ok()).count();
        assert_eq!(opened, 31);
        assert!(limits.open_another("10.0.0.2", now).is_ok());
        assert!(limits.open_another("10.0.0.1", now + Duration::from_secs(4)).is_ok());
    }
}
