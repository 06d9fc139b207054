//! SQLite: a file, with one process that writes to it.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};

use super::{cannot_migrate, shown};
use crate::store::error::{StoreError, is_locked, sqlite_code};

/// The schema, built into the program.
pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("./prisma-free-migrations/sqlite");

/// How long a statement waits for another process's lock before it fails. Short in tests, which lock on purpose.
const BUSY_TIMEOUT: Duration = if cfg!(test) { Duration::from_millis(100) } else { Duration::from_secs(2) };

/// How long anybody waits for a connection of this process.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// People's questions at a time. In WAL mode readers wait for nobody.
const READERS: u32 = 4;

/// Calls' questions at a time, beside those of people, which may take long.
const ASKERS: u32 = 2;

#[derive(Debug, Clone)]
pub(in crate::store) struct Database {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    /// Replaced when somebody takes the file away. The lock is held for a clone and never while waiting.
    connections: RwLock<Connections>,
}

/// Connections to one file.
#[derive(Debug, Clone)]
struct Connections {
    /// One connection: SQLite has one writer at a time, and a queue in this process is fairer than its busy loop.
    write: SqlitePool,
    /// Connections that only read, for calls.
    ask: SqlitePool,
    /// The same, for people.
    read: SqlitePool,
    /// Device and inode of the file. SQLite itself goes on writing to a file that was deleted.
    identity: Option<(u64, u64)>,
}

impl Database {
    /// Opens the database for writing; makes its folder and the file where they are missing, and brings it to this
    /// program's schema.
    pub(super) async fn open(url: &str) -> Result<Self, StoreError> {
        let path = path_of(url)?;
        let connections = RwLock::new(connect(&path).await?);
        Ok(Self { shared: Arc::new(Shared { path, connections }) })
    }

    pub(super) fn write(&self) -> SqlitePool {
        self.connections().write
    }

    pub(super) fn ask(&self) -> SqlitePool {
        self.connections().ask
    }

    pub(super) fn read(&self) -> SqlitePool {
        self.connections().read
    }

    /// Whether the file is still the one that was opened.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when it was deleted, moved or replaced.
    pub(super) async fn in_place(&self) -> Result<(), StoreError> {
        let found = match tokio::fs::metadata(&self.shared.path).await {
            Ok(file) => Some(identity_of(&file)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            // A folder that may not be looked into says nothing about the file in it.
            Err(_) => return Ok(()),
        };
        if found == self.connections().identity {
            Ok(())
        } else {
            Err(StoreError::Gone { path: self.shared.path.clone() })
        }
    }

    /// Opens what is at the database's place now, or a new file, if it is not the one that was opened.
    pub(super) async fn put_in_place(&self) -> Result<bool, StoreError> {
        let Err(gone) = self.in_place().await else { return Ok(false) };
        let connections = connect(&self.shared.path).await?;
        *self.shared.connections.write().unwrap_or_else(PoisonError::into_inner) = connections;
        tracing::error!("{gone}. What was written before is where the file went");
        Ok(true)
    }

    pub(super) async fn close(&self) {
        let Connections { write, ask, read, .. } = self.connections();
        read.close().await;
        ask.close().await;
        write.close().await;
    }

    fn connections(&self) -> Connections {
        self.shared.connections.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn connect(path: &Path) -> Result<Connections, StoreError> {
    make_folder(path)?;
    let options = options(path).create_if_missing(true);
    let pool = SqlitePoolOptions::new().max_connections(1).acquire_timeout(ACQUIRE_TIMEOUT);
    let write = pool.connect_with(options).await.map_err(|source| cannot_open(path, source))?;
    MIGRATIONS.run(&write).await.map_err(|source| not_migrated(path, source))?;
    Ok(Connections {
        write,
        ask: readers(path, ASKERS).await?,
        read: readers(path, READERS).await?,
        identity: std::fs::metadata(path).ok().as_ref().map(identity_of),
    })
}

fn identity_of(file: &Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}

/// Opens an existing database of this program's schema for reading only.
pub(super) async fn open_to_read(url: &str) -> Result<SqlitePool, StoreError> {
    let path = path_of(url)?;
    if !path.exists() {
        return Err(StoreError::Missing { database: path.display().to_string() });
    }
    readers(&path, READERS).await
}

async fn readers(path: &Path, most: u32) -> Result<SqlitePool, StoreError> {
    let pool = SqlitePoolOptions::new().max_connections(most).acquire_timeout(ACQUIRE_TIMEOUT);
    let pool = pool.connect_with(options(path).pragma("query_only", "ON"));
    pool.await.map_err(|source| cannot_open(path, source))
}

/// WAL, so that readers and the writer do not wait for each other; and a sync with each commit, so that an appointment
/// the caller was told of survives a power cut.
fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true)
}

/// The file that a `DATABASE_URL` names: `sqlite://data/frontdesk.db`, `sqlite:data/frontdesk.db`, `file:./dev.db` or
/// a plain path. Anything after a `?` belongs to other programs.
fn path_of(url: &str) -> Result<PathBuf, StoreError> {
    let refuse = |reason: &str| Err(StoreError::Url { url: shown(url), reason: reason.to_owned() });
    let named = ["sqlite://", "sqlite:", "file:"].iter().find_map(|scheme| url.strip_prefix(scheme)).unwrap_or(url);
    let path = named.split('?').next().unwrap_or_default();
    match path {
        "" => refuse("it names no file"),
        ":memory:" => refuse("a database in memory forgets every call"),
        _ if path.contains("://") => refuse("only SQLite and PostgreSQL are supported"),
        _ => Ok(PathBuf::from(path)),
    }
}

/// Makes the folder of a file.
pub(in crate::store) fn make_folder(file: &Path) -> Result<(), StoreError> {
    let Some(folder) = file.parent() else { return Ok(()) };
    std::fs::create_dir_all(folder).map_err(|source| StoreError::Folder { path: folder.to_owned(), source })
}

fn cannot_open(path: &Path, source: sqlx::Error) -> StoreError {
    let path = path.to_owned();
    if is_locked(&source) { StoreError::Locked { path } } else { StoreError::Unreadable { path, source } }
}

fn not_migrated(path: &Path, source: MigrateError) -> StoreError {
    let path = path.to_owned();
    match source {
        MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _) if is_locked(&source) => {
            StoreError::Locked { path }
        }
        // SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_CORRUPT and SQLITE_NOTADB show at the first statement.
        MigrateError::Execute(source) if matches!(sqlite_code(&source), Some(8 | 10 | 11 | 14 | 26)) => {
            StoreError::Unreadable { path, source }
        }
        source => cannot_migrate(path.display().to_string(), &MIGRATIONS, source),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_and_new_ways_to_name_a_file_are_understood() {
        for url in ["sqlite://data/a.db", "sqlite:data/a.db", "file:data/a.db?connection_limit=1", "data/a.db"] {
            assert_eq!(path_of(url).expect(url), Path::new("data/a.db"));
        }
        assert_eq!(path_of("sqlite:///var/a.db").expect("absolute"), Path::new("/var/a.db"));
    }

    #[test]
    fn other_databases_are_refused_without_showing_a_password() {
        let refusal = path_of("mysql://ada:secret@host/db").expect_err("neither").to_string();
        assert!(refusal.contains("only SQLite and PostgreSQL") && refusal.contains("sqlite://"), "{refusal}");
        assert!(!refusal.contains("secret"), "{refusal}");
        assert!(path_of("sqlite::memory:").is_err());
        assert!(path_of("sqlite://").is_err());
    }
}
