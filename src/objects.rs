//! Object stores: which one, where, and with whose keys. Phrases go to one, recordings to another.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::local::LocalFileSystem;
use object_store::signer::Signer;
use object_store::{ClientOptions, ObjectStore, RetryConfig};

/// How long a connection may take, where a request may take longer.
const CONNECTED_WITHIN: Duration = Duration::from_secs(1);

/// Why there is no object store.
#[derive(Debug, thiserror::Error)]
pub enum ObjectsError {
    /// Its client cannot be made with these settings.
    #[error(
        "the object store cannot be used: {0}; look at the settings S3_…, OBJECT_STORE_URL and RECORDING_STORE_URL"
    )]
    Client(#[from] object_store::Error),
    /// Its folder cannot be made.
    #[error("the object store file://{path} cannot be used: {source}; name a folder this user may write to")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Which object store.
#[derive(Clone, PartialEq, Eq)]
pub enum StoreAt {
    /// Amazon S3, or what speaks its protocol.
    S3 {
        /// The bucket.
        bucket: String,
        /// The bucket's region.
        region: String,
        /// Where it is, when it is not Amazon's.
        endpoint: Option<String>,
        /// The id of an access key and its secret; without them, the machine's role is taken.
        keys: Option<(String, String)>,
    },
    /// Google Cloud Storage.
    Google {
        /// The bucket.
        bucket: String,
        /// A service account's file; without it, the machine's account is taken.
        credentials: Option<PathBuf>,
    },
    /// Azure Blob Storage.
    Azure {
        /// The container.
        container: String,
        /// The storage account.
        account: String,
        /// Its key; without it, the machine's identity is taken.
        key: Option<String>,
    },
    /// A folder, such as one that several machines have mounted.
    Folder(PathBuf),
}

impl StoreAt {
    /// What stands before a path in it, as its own tools write it: `s3://bucket`, `gs://bucket`, `az://container`,
    /// `file:///folder`.
    pub fn url(&self) -> String {
        match self {
            Self::S3 { bucket, .. } => format!("s3://{bucket}"),
            Self::Google { bucket, .. } => format!("gs://{bucket}"),
            Self::Azure { container, .. } => format!("az://{container}"),
            Self::Folder(path) => format!("file://{}", path.display()),
        }
    }
}

/// A store that is open. Nothing was asked of it yet.
#[derive(Debug, Clone)]
pub struct Objects {
    /// Takes and gives.
    pub store: Arc<dyn ObjectStore>,
    /// Signs addresses, where the store has some.
    pub signer: Option<Arc<dyn Signer>>,
    /// Whether it keeps a type with what is put there.
    pub keeps_types: bool,
}

/// Opens it. Each request may take as long as `within`, and is made once: trying again is the caller's.
///
/// # Errors
/// When a client cannot be made with these settings.
pub fn open(at: StoreAt, within: Duration) -> Result<Objects, ObjectsError> {
    match at {
        StoreAt::S3 { bucket, region, endpoint, keys } => {
            let mut s3 = AmazonS3Builder::new().with_bucket_name(bucket).with_region(region);
            s3 = s3.with_retry(once(within)).with_client_options(patience(within));
            if let Some(endpoint) = endpoint {
                s3 = s3.with_endpoint(endpoint);
            }
            if let Some((id, secret)) = keys {
                s3 = s3.with_access_key_id(id).with_secret_access_key(secret);
            }
            Ok(signing(Arc::new(s3.build()?)))
        }
        StoreAt::Google { bucket, credentials } => {
            let mut google = GoogleCloudStorageBuilder::new().with_bucket_name(bucket);
            google = google.with_retry(once(within)).with_client_options(patience(within));
            if let Some(path) = credentials {
                google = google.with_application_credentials(path.display().to_string());
            }
            Ok(signing(Arc::new(google.build()?)))
        }
        StoreAt::Azure { container, account, key } => {
            let mut azure = MicrosoftAzureBuilder::new().with_container_name(container).with_account(account);
            azure = azure.with_retry(once(within)).with_client_options(patience(within));
            if let Some(key) = key {
                azure = azure.with_access_key(key);
            }
            Ok(signing(Arc::new(azure.build()?)))
        }
        StoreAt::Folder(path) => {
            std::fs::create_dir_all(&path).map_err(|source| ObjectsError::Folder { path: path.clone(), source })?;
            let store = Arc::new(LocalFileSystem::new_with_prefix(path)?);
            Ok(Objects { store, signer: None, keeps_types: false })
        }
    }
}

fn signing<S: ObjectStore + Signer>(store: Arc<S>) -> Objects {
    Objects { signer: Some(Arc::<S>::clone(&store)), store, keeps_types: true }
}

fn once(within: Duration) -> RetryConfig {
    RetryConfig { max_retries: 0, retry_timeout: within, ..RetryConfig::default() }
}

fn patience(within: Duration) -> ClientOptions {
    // Emulators and machines on the same network speak without TLS; an address with https has it.
    ClientOptions::new().with_allow_http(true).with_timeout(within).with_connect_timeout(within.min(CONNECTED_WITHIN))
}
