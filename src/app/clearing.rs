//! Taking calls away with their files: by command, and once a day where calls are kept for so many days only.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::spawn_blocking;

use crate::app::House;
use crate::recordings::Recordings;
use crate::store::{Cleaner, Going, Removed, StoreError};

/// How long after the start, so that it keeps no caller waiting for a first word, and how often.
const FIRST_AFTER: Duration = Duration::from_secs(60);
const EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// What went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cleared {
    /// Our own ids of the calls.
    pub calls: Vec<String>,
    /// Rows, by table.
    pub rows: Removed,
    /// What files took.
    pub bytes: u64,
    /// Files that could not be removed, and why. Their calls are still there.
    pub left: Vec<String>,
}

/// Takes calls away, a few at a time: their files first, then their rows. `told` hears how many calls were done.
///
/// # Errors
/// When the database fails; what went until then is gone.
pub async fn clear(
    cleaner: &Cleaner,
    recordings: &Recordings,
    going: &Going,
    mut told: impl FnMut(u64),
) -> Result<Cleared, StoreError> {
    let mut cleared = Cleared::default();
    loop {
        let mut leaving = cleaner.next(going).await?;
        let before = leaving.len();
        let recordings = recordings.clone();
        let removed = spawn_blocking(move || {
            let (mut bytes, mut left) = (0, Vec::new());
            leaving.retain(|call| {
                call.files.iter().all(|file| match recordings.remove(Path::new(file)) {
                    Ok(freed) => {
                        bytes += freed;
                        true
                    }
                    Err(error) => {
                        left.push(format!("{file}: {error}"));
                        false
                    }
                })
            });
            (leaving, bytes, left)
        });
        let (leaving, bytes, left) = removed.await.expect("removing files does not panic");
        cleared.bytes += bytes;
        for (table, rows) in cleaner.remove(&leaving, going.recordings_only).await? {
            *cleared.rows.entry(table).or_default() += rows;
        }
        told(leaving.len() as u64);
        cleared.calls.extend(leaving.into_iter().map(|call| call.call_id));
        // Calls whose files stay would come first again and again.
        if before == 0 || !left.is_empty() {
            cleared.left = left;
            return Ok(cleared);
        }
    }
}

/// Once a day, what is older than so many days.
pub(super) async fn every_day(house: Arc<House>, days: u32) {
    tokio::time::sleep(FIRST_AFTER).await;
    loop {
        let now: DateTime<Utc> = DateTime::from_timestamp_millis(house.clock.wall_ms()).unwrap_or_default();
        let before = now - TimeDelta::days(days.into());
        let (cleaner, going) = (house.store.cleaner(), Going { ended_before: Some(before), ..Going::default() });
        match clear(&cleaner, &house.recordings, &going, |_| ()).await {
            Ok(cleared) => {
                let calls = cleared.rows.get("calls").copied().unwrap_or(0);
                tracing::info!(calls, bytes = cleared.bytes, days, "calls that are old enough were removed");
                for left in cleared.left {
                    tracing::warn!("a recording cannot be removed: {left}");
                }
            }
            Err(error) => tracing::warn!("old calls are not removed today: {error}"),
        }
        if let Err(error) = cleaner.remove_appointments(before, None).await {
            tracing::warn!("old appointments are not removed today: {error}");
        }
        tokio::time::sleep(EVERY).await;
    }
}
