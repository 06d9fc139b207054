//! Where a test's store is: both databases, one after the other, with the same test.

use std::path::Path;
use std::sync::OnceLock;

use tempfile::TempDir;

use super::postgres::Postgres;
use crate::store::{Config, Store};

/// Runs tests on both databases, each in this flavor of the runtime. A test is an `async fn` that takes the place.
macro_rules! on_both {
    ($flavor:literal: $($test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = $flavor)]
            async fn $test() {
                super::$test($crate::store::tests::place::Place::sqlite()).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = $flavor)]
            async fn $test() {
                super::$test($crate::store::tests::place::Place::postgres()).await;
            })+
        }
    };
}

pub(in crate::store) use on_both;

/// A folder for the journal, and a database of its own.
pub(in crate::store) struct Place {
    folder: TempDir,
    url: String,
}

impl Place {
    /// With a file in the folder.
    pub(in crate::store) fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}", folder.path().join("deep/frontdesk.db").display());
        Self { folder, url }
    }

    /// With a new database at the server of these tests.
    pub(in crate::store) fn postgres() -> Self {
        static SERVER: OnceLock<Postgres> = OnceLock::new();
        Self::at(SERVER.get_or_init(Postgres::start))
    }

    /// With a new database at a server.
    pub(super) fn at(server: &Postgres) -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), url: server.database() }
    }

    /// Another process with the same database: it has a journal of its own.
    pub(super) fn beside(&self) -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), url: self.url.clone() }
    }

    pub(in crate::store) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(in crate::store) fn config(&self) -> Config {
        Config { url: self.url.clone(), journal: self.folder.path().join("deep/frontdesk.journal") }
    }

    pub(in crate::store) async fn open(&self) -> Store {
        Store::open(self.config()).await.expect("opens")
    }
}
