//! Which recordings are to go to the object store. The rows themselves are the queue: it outlives every process.

use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::statement::Statement;
use super::{Store, StoreError};

/// Recordings that are taken from the queue at once.
const AT_ONCE: i64 = 100;

/// A recording on this machine's disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromRow)]
pub struct OnDisk {
    /// Our own id of its call.
    pub call_id: String,
    /// Where its file is.
    pub file_path: String,
    /// Of the file, in lower-case hex.
    pub sha256: Option<String>,
}

/// What a recording waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaiting {
    /// To be put into the object store.
    Upload,
    /// To be removed from the disk, since the object store has it.
    Removal,
}

impl Store {
    /// The next recordings of calls that this instance took, behind the last that was seen; none behind the last of all.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn on_disk(&self, awaiting: Awaiting, behind: Option<&OnDisk>) -> Result<Vec<OnDisk>, StoreError> {
        let mut statement = Statement::new(match awaiting {
            Awaiting::Upload => "SELECT call_id, file_path, sha256 FROM recordings WHERE local AND file_url IS NULL",
            Awaiting::Removal => {
                "SELECT call_id, file_path, sha256 FROM recordings WHERE local AND file_url IS NOT NULL"
            }
        });
        let ours = " AND EXISTS (SELECT 1 FROM calls WHERE calls.id = recordings.call_id AND instance = ?)";
        statement.add(ours, [self.instance.into()]);
        if let Some(last) = behind {
            statement.add(" AND (call_id, file_path) > (?, ?)", [(&last.call_id).into(), (&last.file_path).into()]);
        }
        statement.add(" ORDER BY call_id, file_path LIMIT ?", [AT_ONCE.into()]);
        Ok(statement.all(&self.database.ask()).await?)
    }

    /// Writes down where the object store has a recording. False when it is not on record any more: its call was removed
    /// meanwhile.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn uploaded(&self, recording: &OnDisk, url: &str) -> Result<bool, StoreError> {
        let text = "UPDATE recordings SET file_url = $1 WHERE call_id = $2 AND file_path = $3";
        let values = [url.into(), (&recording.call_id).into(), (&recording.file_path).into()];
        Ok(Statement::of(text, values).run(&self.database.write()).await? > 0)
    }

    /// Writes down that a recording is on this machine's disk no more.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn left_the_disk(&self, recording: &OnDisk) -> Result<(), StoreError> {
        let text = "UPDATE recordings SET local = FALSE WHERE call_id = $1 AND file_path = $2";
        let values = [(&recording.call_id).into(), (&recording.file_path).into()];
        Statement::of(text, values).run(&self.database.write()).await?;
        Ok(())
    }
}
