//! Where phrases are kept beyond memory: opened here, each if it is set and as far as it can be.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::OpenError;
use crate::app::objects;
use crate::cache::{Board, BoardConfig, BoardError, Depot, DepotConfig, Shelf, Tell, Tier, Tiers};
use crate::clock::Clock;
use crate::config::Settings;
use crate::objects::{Objects, ObjectsError};

/// Everything that phrases are kept in. A disk or a server that fails costs phrases their longer life, and nothing else.
///
/// # Errors
/// When an address makes no sense.
pub(super) async fn open(settings: &Settings, tell: &Tell) -> Result<Tiers, OpenError> {
    let board = board(settings, tell).await?;
    let depot = depot(settings, board.as_ref(), tell).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "phrases are not put into the object store");
        None
    });
    Ok(Tiers { board, depot, shelf: shelf(settings, Arc::clone(tell)).await })
}

/// Where phrases outlive the process: that is what uploads are counted for.
pub(super) fn lasting(settings: &Settings) -> Tier {
    if objects::of_phrases(&settings.storage).is_some() { Tier::Objects } else { Tier::Disk }
}

/// Tries Redis, where there is one.
pub(super) async fn try_redis(settings: &Settings) -> Option<Result<String, String>> {
    let board = board(settings, &unheard()).await.transpose()?;
    Some(board.map_err(|error| error.to_string()).and_then(|board| match board.trouble() {
        None => Ok("it answers; instances share phrases".to_owned()),
        Some(why) => Err(format!("{why}; each instance is on its own")),
    }))
}

/// Tries the object store, where there is one.
pub(super) async fn try_store(settings: &Settings) -> Option<Result<String, String>> {
    let depot = match depot(settings, None, &unheard()).await.transpose()? {
        Ok(depot) => depot,
        Err(error) => return Some(Err(error.to_string())),
    };
    Some(depot.try_out().await.map(|()| "it takes phrases and gives them back".to_owned()))
}

fn unheard() -> Tell {
    Arc::new(|_| ())
}

/// What the sandbox spoke is never played to a real caller.
pub(super) fn root(settings: &Settings) -> PathBuf {
    let path = &settings.speech.cache_path;
    if settings.stand_ins.deepgram { path.join("sandbox") } else { path.clone() }
}

/// What instances show each other, where there is a Redis.
async fn board(settings: &Settings, tell: &Tell) -> Result<Option<Board>, BoardError> {
    let Some(url) = &settings.sharing.redis_url else { return Ok(None) };
    let public_base = settings.storage.s3_public_base_url.clone();
    let config = BoardConfig {
        url: url.expose().to_owned(),
        within: settings.sharing.redis_timeout,
        prefix: if settings.stand_ins.deepgram { "sandbox:" } else { "" },
        ttl: settings.speech.ttl,
        objects_url: public_base.or_else(|| objects::of_phrases(&settings.storage).map(|(at, _)| at.url())),
        wall_ms: Arc::new(|| Clock.wall_ms()),
        tell: Arc::clone(tell),
    };
    Ok(Some(Board::open(config).await?))
}

/// The object store, where there is one.
async fn depot(settings: &Settings, board: Option<&Board>, tell: &Tell) -> Result<Option<Depot>, ObjectsError> {
    let storage = &settings.storage;
    let Some((at, prefix)) = objects::of_phrases(storage) else { return Ok(None) };
    let sandbox = if settings.stand_ins.deepgram { "sandbox/" } else { "" };
    let slash = if prefix.is_empty() { "" } else { "/" };
    let Objects { store, signer, keeps_types } = crate::objects::open(at, storage.s3_timeout)?;
    let config = DepotConfig {
        store,
        signer,
        keeps_types,
        root: format!("{prefix}{slash}{sandbox}"),
        public_base: storage.s3_public_base_url.clone(),
        within: storage.s3_timeout,
        tell: Arc::clone(tell),
    };
    Ok(Some(Depot::open(config, board.cloned()).await))
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
