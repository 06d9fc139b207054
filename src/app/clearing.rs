//! Taking calls away with their files: by command, and once a day where calls are kept for so many days only.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::app::House;
use crate::recordings::Recordings;
use crate::store::{Cleaner, Going, Leaving, Removed, StoreError};

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

/// Takes calls away, a few at a time: their files first, then their rows. A call whose files cannot be removed is passed
/// over. `told` hears how many calls were done.
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
    let mut last: Option<Leaving> = None;
    loop {
        let leaving = cleaner.next(going, last.as_ref()).await?;
        let Some(end) = leaving.last() else { return Ok(cleared) };
        last = Some(end.clone());
        let mut without_files = Vec::with_capacity(leaving.len());
        for call in leaving {
            match remove_files(recordings, &call, &mut cleared.bytes).await {
                Ok(()) => without_files.push(call),
                Err(left) => cleared.left.push(left),
            }
        }
        for (table, rows) in cleaner.remove(&without_files, going.recordings_only).await? {
            *cleared.rows.entry(table).or_default() += rows;
        }
        told(without_files.len() as u64);
        cleared.calls.extend(without_files.into_iter().map(|call| call.call_id));
    }
}

async fn remove_files(recordings: &Recordings, call: &Leaving, bytes: &mut u64) -> Result<(), String> {
    for (file, url) in &call.files {
        let removed = recordings.remove(Path::new(file), url.as_deref()).await;
        *bytes += removed.map_err(|error| format!("{file}: {error}"))?;
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use engine::io::Ending;
    use engine::record::Row;
    use engine::time::CallTime;
    use uuid::Uuid;

    use super::*;
    use crate::recordings::Config;
    use crate::store::{self, CallStart, RecordingRow, Store};

    fn leave(store: &Store, call: u128, file: &Path) {
        let call_id = Uuid::from_u128(call);
        store.begin(CallStart {
            call_id,
            call_sid: format!("CA{call}"),
            stream_sid: format!("MZ{call}"),
            from: "+15550001111".into(),
            to: "+15552223333".into(),
            business: "Barbers".into(),
            started_at_ms: 1_000 * call as i64,
            sandbox: true,
            outbound: false,
            agent: None,
        });
        store.recorded(
            call_id,
            RecordingRow {
                file_path: file.display().to_string(),
                format: "wav".into(),
                codec: "pcm_s16le".into(),
                sample_rate: 16_000,
                channels: 2,
                duration_ms: 5,
                size_bytes: 4,
                sha256: None,
                encrypted: false,
                file_url: None,
            },
        );
        let at = CallTime::from_ms(5);
        store.record(call_id, Row::Ended { at, ending: Ending::HungUp, outcome: "booked".into() });
    }

    #[tokio::test]
    async fn a_call_whose_files_stay_is_passed_over_and_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let (root, elsewhere) = (folder.path().join("recordings"), folder.path().join("elsewhere.wav"));
        let recordings =
            Recordings::new(Config { root: root.clone(), key: None, archive: None }).expect("a folder to write to");
        let url = format!("sqlite://{}", folder.path().join("frontdesk.db").display());
        let store = Store::open(store::Config { url, journal: root.join("journal") }).await.expect("opens");
        std::fs::create_dir_all(root.join("day/CA2")).expect("made");
        let ours = root.join("day/CA2/call.wav");
        for file in [&elsewhere, &ours] {
            std::fs::write(file, "RIFF").expect("written");
        }
        leave(&store, 1, &elsewhere);
        leave(&store, 2, &ours);
        store.flush().await;

        let cleared = clear(&store.cleaner(), &recordings, &Going::default(), |_| ()).await.expect("cleared");
        assert_eq!(cleared.calls, [Uuid::from_u128(2).to_string()]);
        assert_eq!((cleared.bytes, cleared.rows["calls"]), (4, 1));
        assert!(cleared.left.len() == 1 && cleared.left[0].contains("elsewhere.wav"), "{:?}", cleared.left);
        assert!(elsewhere.exists() && !ours.exists());
        assert!(store.records().call("CA1").await.expect("readable").is_some(), "its rows tell where its file is");
    }
}
