//! The businesses whose calls are taken, by the number that is dialled; read again when their files change.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use engine::business::Business;

use crate::app::House;
use crate::config::{self, BusinessError};

/// How often the files are looked at.
const LOOKED_AT_EVERY: Duration = Duration::from_secs(2);

/// Every business of the server; one at least.
pub(super) struct Businesses {
    path: PathBuf,
    /// What the files held when they were read first.
    text: String,
    known: RwLock<Arc<[Arc<Business>]>>,
}

impl Businesses {
    /// Reads them.
    ///
    /// # Errors
    /// When a file cannot be used.
    pub(super) fn open(path: PathBuf) -> Result<Self, BusinessError> {
        // Before it is understood: a change between the two is seen by the next look.
        let text = config::businesses_text(&path).unwrap_or_default();
        let known = RwLock::new(read(&path)?);
        Ok(Self { path, text, known })
    }

    /// The one that answers a number: whose number it is, else the one that answers all others, else the first. The page of
    /// one calls it by its name: `browser:…`.
    pub(super) fn of(&self, to: &str) -> Arc<Business> {
        let all = self.all();
        if let Some(business) = to.strip_prefix("browser:").and_then(|name| self.named(name)) {
            return business;
        }
        let theirs = all.iter().find(|business| business.numbers.iter().any(|number| number == to));
        let others = || all.iter().find(|business| business.numbers.is_empty());
        Arc::clone(theirs.or_else(others).unwrap_or(&all[0]))
    }

    /// The one with this name.
    pub(super) fn named(&self, name: &str) -> Option<Arc<Business>> {
        self.all().iter().find(|business| business.name == name).cloned()
    }

    /// The names of all, the main one first.
    pub(super) fn names(&self) -> Vec<String> {
        let main = self.main();
        let others = self.all();
        let others = others.iter().filter(|other| other.name != main.name).map(|other| other.name.clone());
        std::iter::once(main.name.clone()).chain(others).collect()
    }

    /// The main one: that answers all numbers that are no other's.
    pub(super) fn main(&self) -> Arc<Business> {
        self.of("")
    }

    /// All of them.
    pub(super) fn all(&self) -> Arc<[Arc<Business>]> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, all: Arc<[Arc<Business>]>) {
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = all;
    }
}

fn read(path: &std::path::Path) -> Result<Arc<[Arc<Business>]>, BusinessError> {
    Ok(config::load_businesses(path)?.into_iter().map(Arc::new).collect())
}

impl House {
    /// Takes over what is changed in the files, for the calls that come from then on. While something in them is wrong, the
    /// last good ones stand, and what is wrong is logged once.
    pub(super) async fn watch_businesses(self: Arc<Self>) {
        let path = self.businesses.path.clone();
        let mut seen = self.businesses.text.clone();
        loop {
            tokio::time::sleep(LOOKED_AT_EVERY).await;
            let look = path.clone();
            let text = tokio::task::spawn_blocking(move || config::businesses_text(&look)).await;
            let text = text.map_or_else(|_| seen.clone(), |read| read.unwrap_or_else(|error| error.to_string()));
            if text == seen {
                continue;
            }
            seen = text;
            match read(&path) {
                Ok(all) => {
                    self.businesses.replace(all);
                    tracing::info!(path = %path.display(), "the business is read again; calls from now on go by it");
                    self.warm().await;
                }
                Err(error) => {
                    tracing::error!(%error, "the business cannot be read again; the last good one stands");
                }
            }
        }
    }
}
