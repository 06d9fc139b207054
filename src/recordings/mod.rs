//! Recordings: for each call a folder with `call.wav`, stereo, the caller left and the assistant right, and
//! `tape.jsonl`, every input and output of the call.
//!
//! ```text
//! call's task: Recorder ── frames ──► timeline ── a block every 500 ms ──► queue ──► one thread: 8 → 16 kHz ──► files
//! ```
//!
//! A call never waits for its recording. Files are appended to and their headers kept true as the call goes on, so that a
//! process that is killed loses less than a second, and what is left plays. (Files are not synced: a power cut may lose
//! what the operating system had not written yet.)
//!
//! | when | then |
//! |---|---|
//! | the queue is full | the call keeps its audio, up to ten seconds; beyond that it is lost, counted, and silence in the file |
//! | a file cannot be written | the call goes on; the WAV is tried again with each block and lost time is silence, the tape ends |
//! | the caller's stream stalls | blocks wait up to two seconds for it, so that audio that comes late keeps its place |

mod archive;
mod folder;
mod keeping;
mod key;
mod recorder;
mod tape;
#[cfg(test)]
mod tests;
mod wav;
mod writer;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{Semaphore, oneshot};
use uuid::Uuid;

pub use archive::{Archive, NotUploaded};
pub use keeping::{Audio, Kept, Place, read_tape};
pub use key::{Key, NoKey};
pub use recorder::Recorder;
pub use writer::Recorded;

use writer::{Message, Queue};

/// Samples a second in a stored recording, twice what the telephone carries: speech tools expect it.
pub const STORED_RATE_HZ: u32 = 16_000;

/// The channels of a stored recording.
pub const STORED_CHANNELS: u16 = 2;

/// The container of a stored recording.
pub const STORED_FORMAT: &str = "wav";

/// The encoding of a stored recording, in ffmpeg's word for 16-bit little-endian samples.
pub const STORED_CODEC: &str = "pcm_s16le";

/// Where recordings are kept.
#[derive(Debug, Clone)]
pub struct Config {
    /// The folder that holds one folder a day (UTC). Made where it is missing.
    pub root: PathBuf,
    /// Seals recordings and tapes once their call is over.
    pub key: Option<Key>,
    /// The object store that they go to then.
    pub archive: Option<Archive>,
}

/// The place where recordings go cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RecordingsError {
    /// The folder cannot be made or written to.
    #[error(
        "recordings cannot be kept in {root}: {source}. Make RECORDING_STORAGE_PATH a folder this user may write to"
    )]
    Root {
        /// The folder.
        root: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The key cannot be used.
    #[error("{name} cannot be used: {why}")]
    Key {
        /// The setting.
        name: &'static str,
        /// Why.
        why: String,
    },
    /// The object store cannot be used.
    #[error("RECORDING_STORE_URL cannot be used: {0}")]
    Archive(String),
    /// The system gives no thread.
    #[error("the thread that writes recordings cannot be started: {0}. Raise the limit on threads")]
    Thread(io::Error),
}

/// What could not be recorded since the start, for metrics. Zeros when all is well.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Losses {
    /// Audio that found no room on its way to the file, in milliseconds of a call.
    pub dropped_ms: u64,
    /// Writes that the disk refused.
    pub failed_writes: u64,
    /// Calls whose recording or tape has a gap.
    pub calls: u64,
}

#[derive(Debug, Default)]
struct Counters {
    dropped_ms: AtomicU64,
    failed_writes: AtomicU64,
    calls: AtomicU64,
}

/// All recordings of one process, and the thread that writes them. Clones share it; it ends with the last of them and the
/// last [`Recorder`].
#[derive(Debug, Clone)]
pub struct Recordings {
    root: PathBuf,
    key: Option<Key>,
    archive: Option<Archive>,
    putting_away: Arc<Semaphore>,
    queue: Queue,
    counters: Arc<Counters>,
    opened: Arc<AtomicU64>,
}

impl Recordings {
    /// Makes sure that the folder can be written to, and starts the writing thread.
    ///
    /// # Errors
    /// When the folder cannot be made or written to, or there is no thread to be had.
    pub fn new(config: Config) -> Result<Self, RecordingsError> {
        let Config { root, key, archive } = config;
        folder::make_writable(&root).map_err(|source| RecordingsError::Root { root: root.clone(), source })?;
        let recordings = Self::start(root, |path| File::options().read(true).write(true).create_new(true).open(path))?;
        Ok(Self { key, archive, ..recordings })
    }

    /// As [`new`](Self::new), with another way to create a file.
    fn start(root: PathBuf, create: fn(&Path) -> io::Result<File>) -> Result<Self, RecordingsError> {
        let counters = Arc::<Counters>::default();
        let queue = writer::start(create, Arc::clone(&counters)).map_err(RecordingsError::Thread)?;
        let putting_away = Arc::new(Semaphore::new(keeping::AT_ONCE));
        Ok(Self { root, key: None, archive: None, putting_away, queue, counters, opened: Arc::default() })
    }

    /// Opens a call's recording in `<root>/<yyyy-mm-dd>/<call_sid>`; the day is that of `started_at_ms` (milliseconds
    /// since 1970) in UTC. A `call_sid` that is no plain name gives way to `call_id`, so no name leads out of the root.
    /// Nothing is on disk until the first block is written; where a recording is there already, this one is stored
    /// beside it as `call-2.wav`.
    pub fn open(&self, call_id: Uuid, call_sid: &str, started_at_ms: i64) -> Recorder {
        let folder = folder::of_call(&self.root, call_id, call_sid, started_at_ms);
        let number = self.opened.fetch_add(1, Ordering::Relaxed);
        Recorder::new(number, call_id, folder, self.queue.clone(), Arc::clone(&self.counters))
    }

    /// What could not be recorded so far.
    pub fn losses(&self) -> Losses {
        Losses {
            dropped_ms: self.counters.dropped_ms.load(Ordering::Relaxed),
            failed_writes: self.counters.failed_writes.load(Ordering::Relaxed),
            calls: self.counters.calls.load(Ordering::Relaxed),
        }
    }

    /// Waits until every block given so far has been handed to the operating system. The caller sets the deadline.
    pub async fn flush(&self) {
        let (done, answer) = oneshot::channel();
        if self.queue.send_last(Message::Flush(done)) {
            answer.await.ok();
        }
    }
}
