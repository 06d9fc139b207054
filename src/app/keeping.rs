//! What becomes of recordings once their calls are over, those of a process that died included.

use std::sync::Arc;

use tokio::task::spawn_blocking;
use uuid::Uuid;

use crate::app::House;
use crate::recordings::{Kept, Recorded, STORED_CHANNELS, STORED_CODEC, STORED_FORMAT, STORED_RATE_HZ};
use crate::store::{RecordingRow, StoreError, Unrecorded};

impl House {
    /// Puts a recording away and writes down where it is. One that cannot be read again is tried at the next start.
    pub(super) async fn put_away(&self, call_id: Uuid, recorded: Recorded) {
        let wav = recorded.wav.clone();
        match self.recordings.put_away(recorded).await {
            Ok(kept) => {
                self.store.recorded(call_id, row(kept));
                self.archiving.ring();
            }
            Err(error) => tracing::error!(call = %call_id, "{} cannot be put away: {error}", wav.display()),
        }
    }

    /// Finds the recordings of calls that an earlier run did not bring to their end, makes them whole and puts them away.
    pub(super) async fn repair_recordings(self: Arc<Self>) {
        let now_ms = self.clock.wall_ms();
        // The calls themselves are closed with the first rows that are written.
        self.store.flush().await;
        match self.repair_all(now_ms).await {
            Ok(0) => {}
            Ok(repaired) => tracing::warn!(repaired, "recordings that an earlier run left open are whole again"),
            Err(error) => tracing::warn!("recordings of an earlier run are not looked for: {error}"),
        }
    }

    async fn repair_all(&self, now_ms: i64) -> Result<u32, StoreError> {
        let mut repaired = 0;
        for call in self.store.unrecorded(now_ms).await? {
            let (recordings, call_id) = (self.recordings.clone(), call.call_id);
            let Unrecorded { call_sid, leg, started_at_ms, .. } = call;
            let found = spawn_blocking(move || recordings.repair(call_id, &call_sid, started_at_ms, leg)).await;
            match found.map_err(std::io::Error::other).flatten() {
                Ok(Some(recorded)) => {
                    self.put_away(call_id, recorded).await;
                    repaired += 1;
                }
                Ok(None) => {}
                Err(error) => tracing::warn!(call = %call_id, "a recording cannot be repaired: {error}"),
            }
        }
        Ok(repaired)
    }
}

fn row(kept: Kept) -> RecordingRow {
    RecordingRow {
        file_path: kept.path.display().to_string(),
        format: STORED_FORMAT.to_owned(),
        codec: STORED_CODEC.to_owned(),
        sample_rate: STORED_RATE_HZ,
        channels: STORED_CHANNELS,
        duration_ms: kept.duration_ms,
        size_bytes: kept.size_bytes,
        sha256: Some(kept.sha256),
        encrypted: kept.encrypted,
        file_url: None,
    }
}
