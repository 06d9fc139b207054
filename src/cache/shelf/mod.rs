//! Phrases on this machine's disk, so that what was spoken once is there after a restart.
//!
//! One file for each phrase, and an index that says what is in them. Nobody waits for a write: a thread of its own puts
//! phrases away, the oldest-used go when the folder is full, and a disk that refuses costs nothing but a phrase. What is
//! read is compared with its digest, so a file that was cut or changed is never played.
//!
//! ```text
//!  index.jsonl               one line for each phrase put here or taken away; the last one counts
//!  objects/3f/3f9a….ulaw     its audio
//!  lock                      held by the process that writes
//! ```

mod index;
mod writer;

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::event::{Event, Tell, Tier};
use super::phrase::{Ask, Key, Record, Whole, digest_of};
use index::Index;
use writer::{Order, Writer};

/// Phrases that may wait to be written. One that finds no room is spoken again after a restart.
const ORDERS_MAX: usize = 256;

/// How long a process that has the folder is waited for.
const HELD_BY_ANOTHER: Duration = if cfg!(test) { Duration::from_millis(200) } else { Duration::from_secs(2) };

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// It cannot be made, read or written.
    #[error(
        "the speech cache {path} cannot be used: {source}; name a folder this user may write to in SPEECH_CACHE_PATH"
    )]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process writes there.
    #[error("the speech cache {path} is in use by another process; give this one its own SPEECH_CACHE_PATH")]
    InUse {
        /// The folder.
        path: PathBuf,
    },
}

/// The folder. Clones share it.
#[derive(Clone)]
pub struct Shelf {
    shared: Arc<Shared>,
    orders: mpsc::Sender<Order>,
}

struct Shared {
    root: PathBuf,
    /// Held for a look-up, never while the disk is touched.
    index: Mutex<Index>,
    tell: Tell,
    /// Locked as long as anybody has the shelf.
    _lock: File,
}

/// What came of looking for a phrase.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sought {
    /// It is there.
    Whole(Whole),
    /// It was there, and its file is not what was put there. It has been thrown away.
    Damaged(Ask),
    /// It is not there.
    Missing,
}

impl Shelf {
    /// Opens the folder or makes it, reads its index, and removes what nobody knows about. Blocks.
    ///
    /// # Errors
    /// When the folder cannot be used, or another process uses it.
    pub fn open(root: &Path, bytes_max: u64, tell: Tell) -> Result<Self, ShelfError> {
        let failed = |source| ShelfError::Folder { path: root.to_owned(), source };
        std::fs::create_dir_all(root.join("objects")).map_err(failed)?;
        let lock = File::create(root.join("lock")).map_err(failed)?;
        hold(&lock).map_err(|error| match error {
            TryLockError::WouldBlock => ShelfError::InUse { path: root.to_owned() },
            TryLockError::Error(source) => failed(source),
        })?;
        let index = index::read(root).map_err(failed)?;
        let log = index::rewrite(root, &index).map_err(failed)?;
        let shared = Arc::new(Shared { root: root.to_owned(), index: Mutex::new(index), tell, _lock: lock });
        let (orders, queue) = mpsc::channel(ORDERS_MAX);
        let writer = Writer::new(Arc::clone(&shared), queue, log, bytes_max);
        std::thread::Builder::new().name("speech-shelf".to_owned()).spawn(|| writer.run()).map_err(failed)?;
        Ok(Self { shared, orders })
    }

    /// Looks for a phrase. One that is not there costs a look into the index.
    pub(super) async fn get(&self, key: Key) -> Sought {
        let Some(record) = self.shared.lock().used(key) else { return Sought::Missing };
        let path = self.shared.path(key, &record);
        let (expected, ask) = (Arc::clone(&record), record.ask.clone());
        let read = tokio::task::spawn_blocking(move || read_whole(&path, expected)).await;
        match read.expect("reading a file does not panic, and the runtime is running") {
            Some(whole) => Sought::Whole(whole),
            None => {
                (self.shared.tell)(Event::Damaged);
                tracing::warn!(id = key.id(), "a phrase on the disk was cut or changed; it is made again");
                self.shared.lock().remove(key);
                // With a queue that is full the file stays until the next start, and nothing points at it.
                let _ = self.orders.try_send(Order::Drop(key, record));
                Sought::Damaged(ask)
            }
        }
    }

    /// What is known of a phrase, by the index alone.
    pub(super) fn record(&self, key: Key) -> Option<Arc<Record>> {
        self.shared.lock().used(key)
    }

    /// Puts a phrase away, some time soon.
    pub(super) fn put(&self, whole: Whole) {
        if self.orders.try_send(Order::Put(whole)).is_err() {
            (self.shared.tell)(Event::Stored { tier: Tier::Disk, took: Duration::ZERO, is_there: false });
        }
    }

    /// Waits until all that was put away is there; the caller sets the deadline.
    pub async fn flush(&self) {
        let (done, answer) = oneshot::channel();
        if self.orders.send(Order::Flush(done)).await.is_ok() {
            answer.await.ok();
        }
    }

    /// The audio that is there, in bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.shared.lock().bytes()
    }
}

impl Shared {
    fn path(&self, key: Key, record: &Record) -> PathBuf {
        path_of(&self.root, key, record)
    }

    fn lock(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the folder. A process that is just ending has a moment to let go of it.
fn hold(lock: &File) -> Result<(), TryLockError> {
    for _ in 0..40 {
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(HELD_BY_ANOTHER / 40),
            outcome => return outcome,
        }
    }
    lock.try_lock()
}

/// Nothing of a client's is in a path: the id is a digest.
fn path_of(root: &Path, key: Key, record: &Record) -> PathBuf {
    let id = key.id();
    root.join("objects").join(&id[..2]).join(format!("{id}.{}", record.ask.format.extension()))
}

fn read_whole(path: &Path, record: Arc<Record>) -> Option<Whole> {
    let audio = std::fs::read(path).ok()?;
    let is_whole = audio.len() == record.bytes && digest_of(&audio) == record.digest;
    is_whole.then(|| Whole { record, audio: audio.into() })
}

#[cfg(test)]
mod tests;
