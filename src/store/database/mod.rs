//! The database of this process: which one it is, its connections, and whether it can be used just now.
//!
//! Everything else in the store writes one text for both; [`Statement`](super::statement::Statement) carries it out.

mod postgres;
mod sqlite;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{PgPool, Postgres, Sqlite, SqlitePool};

use super::error::StoreError;

pub(super) use sqlite::make_folder;

/// The database of this process. Clones share it.
#[derive(Debug, Clone)]
pub(super) enum Database {
    /// A file.
    Sqlite(sqlite::Database),
    /// A server.
    Postgres(postgres::Database),
}

/// Connections for one purpose. Clones share them.
#[derive(Debug, Clone)]
pub(super) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// Statements that are carried out together or not at all. Dropped without a commit, they are not.
pub(super) enum Transaction {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

impl Database {
    /// Opens the database for writing and brings it to this program's schema. A file that is missing is made; a server
    /// that cannot be reached is waited for by the writer, since calls are answered all the same.
    pub(super) async fn open(url: &str) -> Result<Self, StoreError> {
        Ok(match postgres::is_meant(url) {
            true => Self::Postgres(postgres::Database::open(url).await?),
            false => Self::Sqlite(sqlite::Database::open(url).await?),
        })
    }

    /// Connections for whoever writes.
    pub(super) fn write(&self) -> Pool {
        match self {
            Self::Sqlite(database) => Pool::Sqlite(database.write()),
            Self::Postgres(database) => Pool::Postgres(database.write()),
        }
    }

    /// Connections on which calls ask: no analyst keeps them busy.
    pub(super) fn ask(&self) -> Pool {
        match self {
            Self::Sqlite(database) => Pool::Sqlite(database.ask()),
            Self::Postgres(database) => Pool::Postgres(database.write()),
        }
    }

    /// Connections on which people read.
    pub(super) fn read(&self) -> Pool {
        match self {
            Self::Sqlite(database) => Pool::Sqlite(database.read()),
            Self::Postgres(database) => Pool::Postgres(database.read()),
        }
    }

    /// Whether it is still the database that was opened, with this program's schema.
    pub(super) async fn in_place(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(database) => database.in_place().await,
            Self::Postgres(database) => database.in_place(),
        }
    }

    /// Makes it usable where it is not: true when it is another database now, which knows no call.
    pub(super) async fn put_in_place(&self) -> Result<bool, StoreError> {
        match self {
            Self::Sqlite(database) => database.put_in_place().await,
            Self::Postgres(database) => database.put_in_place().map(|()| false),
        }
    }

    /// Brings it to this program's schema, however long that takes. A file is as soon as it is open.
    pub(super) async fn migrate(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(database) => database.migrate().await,
        }
    }

    /// Closes all connections; what was committed stays.
    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite(database) => database.close().await,
            Self::Postgres(database) => database.close().await,
        }
    }
}

impl Pool {
    /// Begins a transaction that may write.
    pub(super) async fn begin(&self) -> sqlx::Result<Transaction> {
        Ok(match self {
            // One that began with reading would fail as locked when another wrote meanwhile, and no timeout would help it
            // (sqlite.org/lang_transaction.html, "Read transactions").
            Self::Sqlite(pool) => Transaction::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => Transaction::Postgres(pool.begin().await?),
        })
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

impl Transaction {
    pub(super) async fn commit(self) -> sqlx::Result<()> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await,
            Self::Postgres(transaction) => transaction.commit().await,
        }
    }
}

/// Opens an existing database for reading only.
pub(super) async fn open_to_read(url: &str) -> Result<Pool, StoreError> {
    Ok(match postgres::is_meant(url) {
        true => Pool::Postgres(postgres::open_to_read(url).await?),
        false => Pool::Sqlite(sqlite::open_to_read(url).await?),
    })
}

/// The migrations there are for an address's database.
pub(super) fn migrations_of(url: &str) -> &'static Migrator {
    if postgres::is_meant(url) { &postgres::MIGRATIONS } else { &sqlite::MIGRATIONS }
}

/// What a migration's failure is, for both databases.
fn cannot_migrate(database: String, migrations: &Migrator, source: MigrateError) -> StoreError {
    match source {
        // Migrations only ever grow in number, so one we do not have comes from a later version.
        MigrateError::VersionMissing(found) => {
            let known = migrations.iter().map(|migration| migration.version).max().unwrap_or(0);
            StoreError::NewerSchema { database, found, known }
        }
        source => StoreError::Schema { database, source },
    }
}

/// A `DATABASE_URL` without what may be a password.
pub fn shown(url: &str) -> String {
    let url = url.split('?').next().unwrap_or_default();
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
        (None, Some((_, host))) => format!("…@{host}"),
        _ => url.to_owned(),
    }
}
