//! The depot: phrases in an object store, where they outlive every instance and are played from without us.
//!
//! ```text
//!  audio/{voice}/{SHA-256 of the audio}.ulaw    what is there never changes
//!  cards/3f/{id}.json                           what is known of the phrase of an id, and where its audio is
//! ```
//!
//! Nobody waits for an upload: a task of its own makes them and tries again. Whoever wants a phrase waits for a bounded time,
//! and not at all once the store is known not to answer. What is read is compared with its digest.

mod paths;
mod placed;
mod uploader;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use object_store::path::Path;
use object_store::signer::Signer;
use object_store::{Error, ObjectStore, ObjectStoreExt};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::board::Board;
use super::breaker::{Breaker, Try};
use super::card::Card;
use super::event::{Event, Tell, Tier};
use super::phrase::{Key, Record, Whole};
use placed::Placed;
use uploader::{Order, Uploader};

/// Phrases that may wait to be uploaded. One that finds no room stays where else it is.
const ORDERS_MAX: usize = 256;

/// The longest that an address may be good (Amazon's and Google's rule: seven days).
const SIGNED_FOR_MAX: Duration = Duration::from_secs(7 * 86_400);

/// How long signing may take: it is arithmetic, unless the key has to be fetched first.
const SIGNED_WITHIN: Duration = Duration::from_millis(100);

/// Settings of the depot.
#[derive(Clone)]
pub struct DepotConfig {
    /// The object store.
    pub store: Arc<dyn ObjectStore>,
    /// Signs addresses, where the store has some.
    pub signer: Option<Arc<dyn Signer>>,
    /// Whether it keeps a type with what is put there.
    pub keeps_types: bool,
    /// What stands before every path; ends with a slash unless it is empty.
    pub root: String,
    /// Where everybody can read what is there, without a slash at its end; none where addresses are signed.
    pub public_base: Option<String>,
    /// How long one request may take.
    pub within: Duration,
    /// Who counts.
    pub tell: Tell,
}

/// The object store. Clones share it.
#[derive(Clone)]
pub struct Depot {
    inner: Arc<Inner>,
    orders: mpsc::Sender<Order>,
}

struct Inner {
    store: Arc<dyn ObjectStore>,
    signer: Option<Arc<dyn Signer>>,
    keeps_types: bool,
    root: String,
    public_base: Option<String>,
    within: Duration,
    breaker: Arc<Breaker>,
    placed: Placed,
    /// Why the last upload failed; none when it did not.
    failing: Mutex<Option<String>>,
    tell: Tell,
}

impl Depot {
    /// Opens the store, and tells the board of what is put there. Must be called within a tokio runtime. A store that does not
    /// answer is no error.
    pub async fn open(config: DepotConfig, board: Option<Board>) -> Self {
        let DepotConfig { store, signer, keeps_types, root, public_base, within, tell } = config;
        let breaker = Breaker::new("the object store", look_for_nothing(Arc::clone(&store), &root));
        breaker.try_first().await;
        let (placed, failing) = (Placed::default(), Mutex::default());
        let inner = Inner { store, signer, keeps_types, root, public_base, within, breaker, placed, failing, tell };
        let inner = Arc::new(inner);
        let (orders, queue) = mpsc::channel(ORDERS_MAX);
        tokio::spawn(Uploader::new(Arc::clone(&inner), board).work(queue));
        Self { inner, orders }
    }

    /// The phrase of a key, however old.
    pub(super) async fn find(&self, key: Key) -> Option<Whole> {
        let card = self.inner.read(&paths::card(&self.inner.root, key)).await?;
        self.fetch(serde_json::from_slice(&card).ok()?).await
    }

    /// The phrase of a card. Where its audio is not what was put there, that is counted and taken away.
    pub(super) async fn fetch(&self, card: Card) -> Option<Whole> {
        let path = Path::from(card.path.as_deref()?);
        let Some(audio) = self.inner.read(&path).await else {
            self.inner.placed.forget(path.as_ref());
            return None;
        };
        let whole = card.with(&audio);
        match &whole {
            Some(_) => self.inner.placed.note(path.as_ref()),
            None => self.inner.is_damaged(&path).await,
        }
        whole
    }

    /// Puts a phrase there, some time soon, if it is not on its way; one that may be there already is looked for first.
    pub(super) fn put(&self, whole: &Whole, may_be_there: bool) {
        let path = paths::audio(&self.inner.root, &whole.record);
        if !self.inner.placed.begin(path.as_ref()) {
            return;
        }
        let order = Order::Put { whole: whole.clone(), path: path.clone(), may_be_there };
        if self.orders.try_send(order).is_err() {
            self.inner.placed.end(path.as_ref());
            (self.inner.tell)(Event::Stored { tier: Tier::Objects, took: Duration::ZERO, is_there: false });
        }
    }

    /// Where the store has a phrase's audio; none as long as that is not known.
    pub(super) fn has(&self, record: &Record) -> Option<String> {
        let path = paths::audio(&self.inner.root, record);
        self.inner.placed.has(path.as_ref()).then(|| path.to_string())
    }

    /// Somebody else put a phrase there.
    pub(super) fn note(&self, path: &str) {
        self.inner.placed.note(path);
    }

    /// An address that plays a phrase for as long as `good_for`; none where the store gives none, or is not known to have it.
    /// Then it will be: another instance may have put it there, or nobody could.
    pub(super) async fn address(&self, whole: &Whole, good_for: Duration) -> Option<String> {
        let Some(path) = self.has(&whole.record) else {
            if self.inner.breaker.why_open().is_none() {
                self.put(whole, true);
            }
            return None;
        };
        if let Some(base) = &self.inner.public_base {
            return Some(format!("{base}/{path}"));
        }
        let signer = self.inner.signer.as_ref().filter(|_| good_for <= SIGNED_FOR_MAX)?;
        let path = Path::from(path);
        let signed = timeout(SIGNED_WITHIN, signer.signed_url(Method::GET, &path, good_for)).await.ok()?;
        signed.map(String::from).inspect_err(|error| tracing::debug!(%error, "an address was not signed")).ok()
    }

    /// Waits until all that was given is there, or has failed; the caller sets the deadline.
    pub(super) async fn flush(&self) {
        let (done, answer) = oneshot::channel();
        if self.orders.send(Order::Flush(done)).await.is_ok() {
            answer.await.ok();
        }
    }

    /// Puts something there, reads it back and takes it away.
    ///
    /// # Errors
    /// What the store says against that.
    pub async fn try_out(&self) -> Result<(), String> {
        let Inner { store, root, .. } = &*self.inner;
        let path = Path::from(format!("{root}check/{}", uuid::Uuid::new_v4().simple()));
        let tried = async {
            store.put(&path, "Frontdesk was here.".into()).await?;
            store.get(&path).await?.bytes().await?;
            store.delete(&path).await
        };
        tried.await.map_err(|error: Error| error.to_string())
    }

    /// Why the store is not asked, or takes nothing; none when it works.
    pub(super) fn trouble(&self) -> Option<String> {
        self.inner.breaker.why_open().or_else(|| self.inner.failing().clone())
    }
}

impl Inner {
    fn failing(&self) -> MutexGuard<'_, Option<String>> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is there; none where nothing is, or the store does not answer.
    async fn read(&self, path: &Path) -> Option<Bytes> {
        let read = async {
            match self.store.get(path).await {
                Ok(found) => found.bytes().await.map(Some),
                Err(error) if says_that_nothing_is_there(&error) => Ok(None),
                Err(error) => Err(error),
            }
        };
        self.breaker.ask(self.within, read).await?
    }

    /// Counts and deletes it, before it is put there anew.
    async fn is_damaged(&self, path: &Path) {
        (self.tell)(Event::Damaged);
        tracing::warn!(%path, "a phrase in the object store was cut or changed; it is made again");
        self.placed.forget(path.as_ref());
        self.breaker.ask(self.within, self.store.delete(path)).await;
    }
}

/// Amazon forbids a look at what is not there to keys that may not list the bucket. Keys that are wrong fail at uploads.
fn says_that_nothing_is_there(error: &Error) -> bool {
    matches!(error, Error::NotFound { .. } | Error::PermissionDenied { .. })
}

/// A store that says that something is not there works.
fn look_for_nothing(store: Arc<dyn ObjectStore>, root: &str) -> Try {
    let path = Path::from(format!("{root}cards/none.json"));
    Box::new(move || {
        let (store, path) = (Arc::clone(&store), path.clone());
        Box::pin(async move {
            match store.head(&path).await {
                Ok(_) => Ok(()),
                Err(error) if says_that_nothing_is_there(&error) => Ok(()),
                Err(error) => Err(error.to_string()),
            }
        })
    })
}
