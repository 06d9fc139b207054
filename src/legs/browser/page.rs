//! The way from a call to the page that shows it: notes that may be missed, and never hold up the call.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

use super::messages::Note;

/// Notes that may wait for a page; past them it misses some.
const NOTES_MAX: usize = 64;

/// Who shows a call. Its socket may change; until there is one, notes are dropped.
#[derive(Debug, Clone, Default)]
pub struct Page {
    socket: Arc<Mutex<Option<mpsc::Sender<Note>>>>,
}

impl Page {
    /// Tells the page, if it listens.
    pub fn tell(&self, note: Note) {
        let socket = self.socket.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(socket) = &*socket {
            // A page that takes no notes is shown the next ones.
            let _ = socket.try_send(note);
        }
    }

    /// From now on this socket is told. The one before it is told nothing more.
    pub(super) fn attach(&self) -> mpsc::Receiver<Note> {
        let (sender, receiver) = mpsc::channel(NOTES_MAX);
        *self.socket.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        receiver
    }
}
