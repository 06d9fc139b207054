//! Which audio the object store is known to have, and which is on its way.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// As many paths are known at most; what is forgotten costs an address of our own where one of the store's would do.
const PATHS_MAX: usize = 16_384;

/// Paths, the one known longest first to go.
#[derive(Default)]
pub(super) struct Placed(Mutex<State>);

#[derive(Default)]
struct State {
    paths: BTreeSet<Arc<str>>,
    in_order: VecDeque<Arc<str>>,
    /// At most as many as may wait and be uploaded at the same time.
    on_their_way: BTreeSet<Arc<str>>,
}

impl Placed {
    pub(super) fn note(&self, path: &str) {
        let (mut state, path) = (self.lock(), Arc::<str>::from(path));
        if state.paths.insert(Arc::clone(&path)) {
            state.in_order.push_back(path);
        }
        while state.in_order.len() > PATHS_MAX {
            let oldest = state.in_order.pop_front().expect("there are more than enough");
            state.paths.remove(&oldest);
        }
    }

    /// Whether something is not on its way yet. From now on it is.
    pub(super) fn begin(&self, path: &str) -> bool {
        self.lock().on_their_way.insert(path.into())
    }

    /// It arrived, or does not.
    pub(super) fn end(&self, path: &str) {
        self.lock().on_their_way.remove(path);
    }

    pub(super) fn forget(&self, path: &str) {
        let mut state = self.lock();
        if state.paths.remove(path) {
            state.in_order.retain(|known| &**known != path);
        }
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.lock().paths.contains(path)
    }

    /// Held for a look, never across an await.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_is_known_until_it_is_forgotten_and_the_bound_holds() {
        let placed = Placed::default();
        for path in ["a", "b", "a"] {
            placed.note(path);
        }
        placed.forget("b");
        assert!(placed.has("a") && !placed.has("b"));
        (0..PATHS_MAX).for_each(|number| placed.note(&number.to_string()));
        assert!(!placed.has("a") && placed.has("0"));
        let state = placed.lock();
        assert_eq!((state.paths.len(), state.in_order.len()), (PATHS_MAX, PATHS_MAX));
    }
}
