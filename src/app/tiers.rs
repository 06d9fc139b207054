//! Where phrases are kept beyond memory: opened here, each if it is set and as far as it can be.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::OpenError;
use crate::cache::{Board, BoardConfig, BoardError, Depot, DepotConfig, DepotError, Shelf, StoreAt, Tell, Tier, Tiers};
use crate::clock::Clock;
use crate::config::{Secret, Settings, Storage, StoreUrl};

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
    if store_at(&settings.storage).is_some() { Tier::Objects } else { Tier::Disk }
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
        objects_url: public_base.or_else(|| store_at(&settings.storage).map(|(at, _)| at.url())),
        wall_ms: Arc::new(|| Clock.wall_ms()),
        tell: Arc::clone(tell),
    };
    Ok(Some(Board::open(config).await?))
}

/// The object store, where there is one.
async fn depot(settings: &Settings, board: Option<&Board>, tell: &Tell) -> Result<Option<Depot>, DepotError> {
    let storage = &settings.storage;
    let Some((at, prefix)) = store_at(storage) else { return Ok(None) };
    let sandbox = if settings.stand_ins.deepgram { "sandbox/" } else { "" };
    let slash = if prefix.is_empty() { "" } else { "/" };
    let config = DepotConfig {
        at,
        root: format!("{prefix}{slash}{sandbox}"),
        public_base: storage.s3_public_base_url.clone(),
        within: storage.s3_timeout,
        tell: Arc::clone(tell),
    };
    Depot::open(config, board.cloned()).await.map(Some)
}

/// Which object store is set, and what stands before every path in it. A bucket of S3 by its own name comes first.
fn store_at(storage: &Storage) -> Option<(StoreAt, &str)> {
    let s3 = |bucket: &str| StoreAt::S3 {
        bucket: bucket.to_owned(),
        region: storage.s3_region.clone(),
        endpoint: storage.s3_endpoint.clone(),
        keys: storage.aws_access_key_id.clone().zip(storage.aws_secret_access_key.as_ref().map(exposed)),
    };
    if let Some(bucket) = &storage.s3_bucket {
        return Some((s3(bucket), ""));
    }
    Some(match storage.object_store_url.as_ref()? {
        StoreUrl::S3 { bucket, prefix } => (s3(bucket), prefix),
        StoreUrl::Google { bucket, prefix } => {
            let credentials = storage.google_credentials.clone();
            (StoreAt::Google { bucket: bucket.clone(), credentials }, prefix)
        }
        StoreUrl::Azure { container, prefix } => {
            let (account, key) = (storage.azure_account.clone()?, storage.azure_key.as_ref().map(exposed));
            (StoreAt::Azure { container: container.clone(), account, key }, prefix)
        }
        StoreUrl::Folder(path) => (StoreAt::Folder(path.clone()), ""),
    })
}

fn exposed(secret: &Secret) -> String {
    secret.expose().to_owned()
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
