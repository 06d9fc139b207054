//! The calls that are going on, and what is to become of those that just ended.

use std::collections::{BTreeMap, VecDeque};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::io::Input;
use tokio::sync::{Notify, mpsc};

use crate::driver;
use crate::fleet::Roll;
use crate::legs::Leg;
use crate::legs::browser::Page;
use crate::web::Next;

/// Ended calls that are remembered for the carrier's "what next?", which comes right after our close.
const ENDED_MAX: usize = 1_000;

/// All calls of the process. Locked for a look or a change, never across a wait.
#[derive(Default)]
pub(super) struct Calls {
    book: Mutex<Book>,
    /// Tells other instances; none where there are no others.
    roll: Option<Roll>,
    /// Rings when one has left the book.
    leaves: Notify,
}

#[derive(Default)]
struct Book {
    live: BTreeMap<String, LiveCall>,
    ended: BTreeMap<String, Next>,
    ended_order: VecDeque<String>,
    draining: bool,
}

/// How to reach a call's task.
#[derive(Clone)]
pub(super) struct LiveCall {
    /// Facts for it.
    pub(super) facts: mpsc::Sender<Input>,
    /// Streams that are to carry it on.
    pub(super) legs: mpsc::Sender<(String, Leg)>,
    /// The page that shows it, where there is one.
    pub(super) page: Option<Page>,
    /// What was called.
    pub(super) to: String,
}

impl driver::Leg for Leg {
    fn keeps_time(&self) -> bool {
        Self::keeps_time(self)
    }

    fn retire(self) {
        if let Self::Browser(leg) = self {
            tokio::spawn(leg.hand_over());
        }
    }
}

/// Takes a call off the list when its task ends, however it does.
pub(super) struct Listed {
    calls: Arc<Calls>,
    call_sid: String,
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.calls.tell(&self.call_sid, &Next::Hangup);
        let mut book = self.calls.open();
        book.live.remove(&self.call_sid);
        let call_sid = self.call_sid.clone();
        book.end(call_sid, Next::Hangup);
        drop(book);
        self.calls.leaves.notify_waiters();
        if let Some(roll) = &self.calls.roll {
            roll.ended(&self.call_sid);
        }
    }
}

impl Calls {
    /// No calls yet; other instances are told of them by this roll.
    pub(super) fn new(roll: Option<Roll>) -> Self {
        Self { roll, ..Self::default() }
    }

    /// Puts a call on the list, or gives back the one that is there under the same id.
    pub(super) fn list(self: &Arc<Self>, call_sid: &str, call: LiveCall) -> Result<Listed, LiveCall> {
        // Also of one that is there: another instance may have taken it over meanwhile.
        if let Some(roll) = &self.roll {
            roll.began(call_sid);
        }
        let mut book = self.open();
        if let Some(there) = book.live.get(call_sid) {
            return Err(there.clone());
        }
        book.ended.remove(call_sid);
        book.live.insert(call_sid.to_owned(), call);
        Ok(Listed { calls: Arc::clone(self), call_sid: call_sid.to_owned() })
    }

    /// How to reach the one with this id, if it goes on.
    pub(super) fn find(&self, call_sid: &str) -> Option<LiveCall> {
        self.open().live.get(call_sid).cloned()
    }

    /// How many are going on.
    pub(super) fn count(&self) -> usize {
        self.open().live.len()
    }

    /// Which are going on.
    pub(super) fn live(&self) -> Vec<String> {
        self.open().live.keys().cloned().collect()
    }

    /// Decides what becomes of a call after its stream, before its task has ended.
    pub(super) fn decide(&self, call_sid: &str, next: Next) {
        self.tell(call_sid, &next);
        self.open().end(call_sid.to_owned(), next);
    }

    /// The first decision stands, also where other instances see it.
    fn tell(&self, call_sid: &str, next: &Next) {
        if let Some(roll) = self.roll.as_ref().filter(|_| !self.open().ended.contains_key(call_sid)) {
            roll.decided(call_sid, serde_json::to_string(next).expect("a plain enum is written as JSON"));
        }
    }

    /// What becomes of a call whose stream ended. One that is still going on was cut off; none when it is not known here.
    pub(super) fn after_stream(&self, call_sid: &str) -> Option<Next> {
        let book = self.open();
        let ended = book.ended.get(call_sid).cloned();
        ended.or_else(|| book.live.contains_key(call_sid).then_some(Next::Reconnect))
    }

    /// Waits until a call whose stream has ended is no longer among those that go on.
    pub(super) async fn left(&self, call_sid: &str) {
        loop {
            // Asked for before the look, so that one who leaves in between is not missed.
            let mut leaves = pin!(self.leaves.notified());
            leaves.as_mut().enable();
            if self.find(call_sid).is_none() {
                return;
            }
            leaves.await;
        }
    }

    /// What was decided of a call holds no longer: it goes on.
    pub(super) fn forget(&self, call_sid: &str) {
        self.open().ended.remove(call_sid);
    }

    /// The carrier says that a call is over; its stream may not have noticed.
    pub(super) fn hung_up(&self, call_sid: &str) {
        if let Some(call) = self.open().live.get(call_sid) {
            // A call whose queue is full notices by its stream.
            let _ = call.facts.try_send(Input::HungUp);
        }
    }

    /// Gives a call words to say at its next pause. Says whether it took them; none when it is not here.
    pub(super) fn announce(&self, call_sid: &str, text: &str) -> Option<bool> {
        let call = self.open().live.get(call_sid).cloned()?;
        Some(call.facts.try_send(Input::WordsGiven { text: text.to_owned() }).is_ok())
    }

    /// Lets no more calls in. Those that are going on may, and may be adopted by another stream.
    pub(super) fn close_the_door(&self) {
        self.open().draining = true;
    }

    /// Ends all calls, with a goodbye.
    pub(super) fn tell_all_goodbye(&self) {
        for call in self.open().live.values() {
            // A call whose queue is full is busy enough to end without being told.
            let _ = call.facts.try_send(Input::Draining);
        }
    }

    /// Whether the process is going down.
    pub(super) fn is_draining(&self) -> bool {
        self.open().draining
    }

    fn open(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    /// The first decision stands: a transfer is not overruled by the end of the task.
    fn end(&mut self, call_sid: String, next: Next) {
        if self.ended.contains_key(&call_sid) {
            return;
        }
        self.ended.insert(call_sid.clone(), next);
        self.ended_order.push_back(call_sid);
        if self.ended_order.len() > ENDED_MAX
            && let Some(oldest) = self.ended_order.pop_front()
        {
            self.ended.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_caller_comes_back_only_once_their_call_has_left() {
        let calls = Arc::new(Calls::default());
        let (facts, legs) = (mpsc::channel(1).0, mpsc::channel(1).0);
        let listed =
            calls.list("CA1", LiveCall { facts, legs, page: None, to: String::new() }).ok().expect("a new call");
        let mut left = Box::pin(calls.left("CA1"));
        assert_eq!(left.as_mut().now_or_never(), None, "it is still ending");
        drop(listed);
        left.await;
        assert!(calls.find("CA1").is_none());
        assert_eq!(calls.left("CA2").now_or_never(), Some(()), "one that nobody knows has left");
    }
}
