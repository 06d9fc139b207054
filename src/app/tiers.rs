//! Where phrases are kept beyond memory: opened here, each if it is set and as far as it can be.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::OpenError;
use crate::cache::{Board, BoardConfig, Shelf, Tell, Tiers};
use crate::clock::Clock;
use crate::config::Settings;

/// What stands before the keys of phrases that the sandbox spoke.
const SANDBOX: &str = "sandbox:";

/// Everything that phrases are kept in. A disk or a server that fails costs phrases their longer life, and nothing else.
///
/// # Errors
/// When an address makes no sense.
pub(super) async fn open(settings: &Settings, tell: &Tell) -> Result<Tiers, OpenError> {
    Ok(Tiers { board: board(settings, tell).await?, shelf: shelf(settings, Arc::clone(tell)).await })
}

/// What the sandbox spoke is never played to a real caller.
pub(super) fn root(settings: &Settings) -> PathBuf {
    let path = &settings.speech.cache_path;
    if settings.stand_ins.deepgram { path.join("sandbox") } else { path.clone() }
}

/// What instances show each other, where there is a Redis.
async fn board(settings: &Settings, tell: &Tell) -> Result<Option<Board>, OpenError> {
    let Some(url) = &settings.sharing.redis_url else { return Ok(None) };
    let config = BoardConfig {
        url: url.expose().to_owned(),
        within: settings.sharing.redis_timeout,
        prefix: if settings.stand_ins.deepgram { SANDBOX } else { "" },
        ttl: settings.speech.ttl,
        wall_ms: Arc::new(|| Clock.wall_ms()),
        tell: Arc::clone(tell),
    };
    Ok(Some(Board::open(config).await?))
}

/// Speech without a disk is speech all the same.
async fn shelf(settings: &Settings, tell: Tell) -> Option<Shelf> {
    let (root, bytes_max) = (root(settings), settings.speech.cache_bytes_max);
    let opened = tokio::task::spawn_blocking(move || Shelf::open(&root, bytes_max, tell)).await;
    match opened.expect("opening a folder does not panic, and the runtime is running") {
        Ok(shelf) => Some(shelf),
        Err(error) => {
            tracing::warn!(%error, "phrases are not kept on the disk");
            None
        }
    }
}
