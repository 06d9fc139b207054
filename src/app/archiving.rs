//! Recordings on their way to the object store: after each call, and until it has worked.
//!
//! ```text
//!  rung ──► what waits, a few at once ──► store ──► row ──► disk
//!    ▲                 │ the store does not answer
//!    └── 1 s, 2 s … 5 min, and each minute ┘
//! ```
//!
//! The rows are the queue, so nothing is lost with the process; what it was uploading is uploaded again.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use tokio::sync::{Mutex as Turn, Notify};
use tokio::time::timeout;
use uuid::Uuid;

use crate::app::House;
use crate::recordings::NotUploaded;
use crate::store::{Awaiting, OnDisk, StoreError};

/// Recordings that are uploaded at once, each with a part in memory.
const AT_ONCE: usize = 4;

/// Failures in a row after which the store is taken to be down.
const FAILURES_MAX: u32 = 4;

/// How long until it is tried again: doubled from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LAST_PAUSE: Duration = Duration::from_secs(300);

/// How often it is looked whether something waits that nobody rang for, such as rows that were in the journal.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// What is known of uploads.
#[derive(Debug, Default)]
pub(super) struct Archiving {
    bell: Notify,
    /// One goes through the queue at a time.
    turn: Turn<()>,
    /// Why the last upload failed; none when it did not.
    trouble: Mutex<Option<String>>,
}

/// Why the queue was not gone through.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error("{0}")]
    Queue(#[from] StoreError),
    #[error("{0}")]
    Objects(String),
}

impl Archiving {
    /// There is something to upload.
    pub(super) fn ring(&self) {
        self.bell.notify_one();
    }

    /// Why recordings wait; none when they do not have to.
    pub(super) fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_trouble(&self, trouble: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }
}

impl House {
    /// Uploads whatever waits, for as long as the process lives.
    pub(super) async fn archive_recordings(self: Arc<Self>) {
        let mut pause = FIRST_PAUSE;
        loop {
            let wait = match self.archive_all().await {
                Ok(()) => {
                    pause = FIRST_PAUSE;
                    LOOK_EVERY
                }
                Err(stopped) => {
                    let wait = pause;
                    pause = (pause * 2).min(LAST_PAUSE);
                    tracing::warn!(retry_s = wait.as_secs(), "recordings wait to be uploaded: {stopped}");
                    wait
                }
            };
            if pause == FIRST_PAUSE {
                timeout(wait, self.archiving.bell.notified()).await.ok();
            } else {
                // A store that is down is left alone, however many calls end.
                tokio::time::sleep(wait).await;
            }
        }
    }

    /// Uploads what waits just now, within so long: before the process ends, for its disk may end with it.
    pub(super) async fn archive_the_last(&self, within: Duration) {
        if self.recordings.has_archive() && !matches!(timeout(within, self.archive_all()).await, Ok(Ok(()))) {
            tracing::warn!("recordings are left on the disk and not in the object store; the next start uploads them");
        }
    }

    async fn archive_all(&self) -> Result<(), Stopped> {
        let _turn = self.archiving.turn.lock().await;
        self.store.flush().await;
        let gone_through = self.go_through(Awaiting::Upload).await;
        self.archiving.set_trouble(gone_through.as_ref().err().map(ToString::to_string));
        gone_through?;
        if self.keeps_local { Ok(()) } else { self.go_through(Awaiting::Removal).await }
    }

    /// Everything that waits, once; what failed on its own is met again the next time.
    async fn go_through(&self, awaiting: Awaiting) -> Result<(), Stopped> {
        let (mut last, mut failures, mut why) = (None, 0, None);
        loop {
            let waiting = self.store.on_disk(awaiting, last.as_ref()).await?;
            let Some(end) = waiting.last().cloned() else { break };
            let mut done = stream::iter(waiting)
                .map(|recording| async move {
                    match awaiting {
                        Awaiting::Upload => self.upload(&recording).await,
                        Awaiting::Removal => self.leave_the_disk(&recording).await,
                    }
                })
                .buffer_unordered(AT_ONCE);
            while let Some(outcome) = done.next().await {
                match outcome {
                    Ok(()) => failures = 0,
                    Err(Stopped::Queue(error)) => return Err(error.into()),
                    Err(failed) => {
                        failures += 1;
                        let failed = why.insert(failed);
                        if failures >= FAILURES_MAX {
                            return Err(Stopped::Objects(failed.to_string()));
                        }
                    }
                }
            }
            last = Some(end);
        }
        why.map_or(Ok(()), Err)
    }

    async fn upload(&self, recording: &OnDisk) -> Result<(), Stopped> {
        let OnDisk { call_id, file_path, sha256 } = recording;
        let id = Uuid::try_parse(call_id).unwrap_or_default();
        match self.recordings.upload(id, Path::new(file_path), sha256.as_deref()).await {
            Ok(url) if self.store.uploaded(recording, &url).await? => Ok(()),
            Ok(url) => {
                let removed = self.recordings.remove(Path::new(file_path), Some(&url)).await;
                removed
                    .map(drop)
                    .map_err(|error| Stopped::Objects(format!("{url} is of a call that was removed: {error}")))
            }
            Err(NotUploaded::Gone) => {
                tracing::error!(call = call_id, "{file_path} is gone and was never uploaded: somebody removed it");
                Ok(self.store.left_the_disk(recording).await?)
            }
            Err(error) => Err(Stopped::Objects(format!("{file_path}: {error}"))),
        }
    }

    async fn leave_the_disk(&self, recording: &OnDisk) -> Result<(), Stopped> {
        let removed = self.recordings.remove_here(Path::new(&recording.file_path)).await;
        removed.map_err(|error| Stopped::Objects(format!("{} cannot be removed: {error}", recording.file_path)))?;
        Ok(self.store.left_the_disk(recording).await?)
    }
}
