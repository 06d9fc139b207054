//! Which object store is set for what.

use std::time::Duration;

use crate::config::{Secret, Settings, Storage, StoreUrl};
use crate::objects::{self, Objects, ObjectsError, StoreAt};
use crate::recordings::Archive;

/// How long the store may take for a part of a recording, each time: eight megabytes, over a slow line.
const PART_WITHIN: Duration = Duration::from_secs(60);

/// Where phrases go, if they go anywhere, and what stands before every path in it. A bucket of S3 by its own name comes
/// first.
pub(super) fn of_phrases(storage: &Storage) -> Option<(StoreAt, &str)> {
    if let Some(bucket) = &storage.s3_bucket {
        return Some((s3(storage, bucket), ""));
    }
    at(storage, storage.object_store_url.as_ref()?)
}

/// Where recordings go once their calls are over, if they go anywhere.
///
/// # Errors
/// When a client cannot be made with these settings.
pub(super) fn of_recordings(settings: &Settings) -> Result<Option<Archive>, ObjectsError> {
    let Some(url) = &settings.keeping.recording_store_url else { return Ok(None) };
    let Some((at, prefix)) = at(&settings.storage, url) else { return Ok(None) };
    let url = at.url();
    let Objects { store, keeps_types, .. } = objects::open(at, PART_WITHIN)?;
    Ok(Some(Archive::new(store, &url, prefix, keeps_types)))
}

fn at<'a>(storage: &Storage, url: &'a StoreUrl) -> Option<(StoreAt, &'a str)> {
    Some(match url {
        StoreUrl::S3 { bucket, prefix } => (s3(storage, bucket), prefix),
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

fn s3(storage: &Storage, bucket: &str) -> StoreAt {
    StoreAt::S3 {
        bucket: bucket.to_owned(),
        region: storage.s3_region.clone(),
        endpoint: storage.s3_endpoint.clone(),
        keys: storage.aws_access_key_id.clone().zip(storage.aws_secret_access_key.as_ref().map(exposed)),
    }
}

fn exposed(secret: &Secret) -> String {
    secret.expose().to_owned()
}
