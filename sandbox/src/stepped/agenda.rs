//! The agenda: what is going to happen, in order. What was entered first happens first where moments are equal.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use engine::time::CallTime;

#[derive(Debug)]
pub(super) struct Agenda<T> {
    entries: BinaryHeap<Reverse<Entry<T>>>,
    entered: u64,
}

#[derive(Debug)]
struct Entry<T> {
    at: CallTime,
    place: u64,
    what: T,
}

impl<T> Default for Agenda<T> {
    fn default() -> Self {
        Self { entries: BinaryHeap::new(), entered: 0 }
    }
}

impl<T> Agenda<T> {
    pub(super) fn enter(&mut self, at: CallTime, what: T) {
        self.entries.push(Reverse(Entry { at, place: self.entered, what }));
        self.entered += 1;
    }

    pub(super) fn next_at(&self) -> Option<CallTime> {
        self.entries.peek().map(|Reverse(entry)| entry.at)
    }

    pub(super) fn pop(&mut self) -> Option<T> {
        self.entries.pop().map(|Reverse(entry)| entry.what)
    }
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.place).cmp(&(other.at, other.place))
    }
}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T> Eq for Entry<T> {}
