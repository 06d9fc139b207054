//! What can go wrong with the store, each with what to do about it.

use std::path::PathBuf;

use engine::io::Fault;
use sqlx::error::DatabaseError;
use sqlx::postgres::PgDatabaseError;
use sqlx::sqlite::SqliteError;

/// A failure of the store. The text names the thing and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// `DATABASE_URL` names no database that can be used.
    #[error(
        "DATABASE_URL {url:?} cannot be used: {reason}. Write it like sqlite://data/frontdesk.db or \
             postgres://user:password@host/database"
    )]
    Url {
        /// What was given, without a password.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A folder is missing and cannot be made.
    #[error("cannot create the folder {path}: {source}. Create it, or choose a place that this user may write to")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There is no database to read yet.
    #[error(
        "there is nothing in the database {database} yet; `frontdesk migrate` or the first `frontdesk serve` makes it"
    )]
    Missing {
        /// Which one.
        database: String,
    },
    /// The server cannot be reached, or does not let us in.
    #[error(
        "the database {database} cannot be used: {source}. Check DATABASE_URL, that the server runs and listens there, and \
         that the user may connect"
    )]
    Unreachable {
        /// Which one, without a password.
        database: String,
        /// What the server or the network said.
        source: sqlx::Error,
    },
    /// The server was not reached yet.
    #[error("the database {database} was not reached yet")]
    NotReady {
        /// Which one, without a password.
        database: String,
    },
    /// The file is there and cannot be opened as a database.
    #[error(
        "cannot open the database {path}: {source}. Check that it is an SQLite file which this user may read and write, \
         and that its folder is writable too"
    )]
    Unreadable {
        /// The database's file.
        path: PathBuf,
        /// What SQLite said.
        source: sqlx::Error,
    },
    /// Another process holds the database.
    #[error(
        "the database {path} is locked by another process. Close the program that is writing to it and start again"
    )]
    Locked {
        /// The database's file.
        path: PathBuf,
    },
    /// The database's file is not where it was.
    #[error("the database {path} was deleted, moved or replaced while it was in use. A new one is made in its place")]
    Gone {
        /// Where it was.
        path: PathBuf,
    },
    /// The database was written by a later version of this program.
    #[error(
        "the database {database} has schema {found}, this program knows {known}. Start the newer version that wrote it, or \
         point DATABASE_URL at another database"
    )]
    NewerSchema {
        /// Which one.
        database: String,
        /// The newest migration that was applied to it.
        found: i64,
        /// The newest migration in this program.
        known: i64,
    },
    /// A migration failed, or one that was applied is not the one this program carries.
    #[error(
        "the database {database} cannot be brought to this program's schema: {source}. Restore a backup or start with another one"
    )]
    Schema {
        /// Which one.
        database: String,
        /// What went wrong.
        source: sqlx::migrate::MigrateError,
    },
    /// The journal cannot be opened or read.
    #[error(
        "cannot use the journal {path}: {source}. It holds rows that wait for the database; make it readable and writable"
    )]
    Journal {
        /// The journal's file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another process writes to the same store.
    #[error("{path} is in use: another Frontdesk writes to this store. Stop it, or give this one its own DATABASE_URL")]
    InUse {
        /// The journal, which a writing process keeps locked.
        path: PathBuf,
    },
    /// The database did not answer in time.
    #[error("the database did not answer within {0:?}")]
    Late(std::time::Duration),
    /// The database refused or is not there.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// A service that the business does not have was asked for.
    #[error("the business has no service {0:?}")]
    UnknownService(String),
    /// A text that is no moment of the business's clock.
    #[error("{0:?} is not a time like 2026-11-24T15:00")]
    NotASlot(String),
    /// A key that already stands for another appointment.
    #[error("the key {0:?} already stands for another appointment")]
    KeyReused(String),
}

impl StoreError {
    /// The failure as the engine sees it: whether asking again may help.
    pub fn fault(&self) -> Fault {
        match self {
            Self::UnknownService(_) | Self::NotASlot(_) | Self::KeyReused(_) => Fault::OurMistake(self.to_string()),
            Self::Late(_)
            | Self::Locked { .. }
            | Self::Gone { .. }
            | Self::Unreachable { .. }
            | Self::NotReady { .. }
            | Self::Database(_) => Fault::Retry(self.to_string()),
            _ => Fault::GiveUp(self.to_string()),
        }
    }
}

/// SQLite's primary result code of an error, if SQLite spoke (sqlite.org/rescode.html; extended codes keep the primary
/// one in their low byte).
pub(super) fn sqlite_code(error: &sqlx::Error) -> Option<i32> {
    let error = error.as_database_error()?.try_downcast_ref::<SqliteError>()?;
    let code: i32 = error.code()?.parse().ok()?;
    Some(code & 0xff)
}

/// PostgreSQL's SQLSTATE of an error, if PostgreSQL spoke (appendix A of its manual).
fn postgres_code(error: &sqlx::Error) -> Option<&str> {
    Some(error.as_database_error()?.try_downcast_ref::<PgDatabaseError>()?.code())
}

/// Whether another connection has the lock that was needed: SQLITE_BUSY, SQLITE_LOCKED.
pub(super) fn is_locked(error: &sqlx::Error) -> bool {
    matches!(sqlite_code(error), Some(5 | 6))
}

/// Whether nobody answers there: no server, none that is up yet (`57P03`) or still up (`57P01`), or none with a connection
/// to spare (`53300`).
pub(super) fn is_unreachable(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut)
        || matches!(postgres_code(error), Some("57P01" | "57P03" | "53300"))
}

/// Whether the transaction lost to another one and may win when it is tried again: `40001`, `40P01`.
pub(super) fn is_lost_race(error: &sqlx::Error) -> bool {
    matches!(postgres_code(error), Some("40001" | "40P01"))
}

/// Whether the row is at fault and not the database. Trying the same row again cannot help. Of SQLite these are
/// SQLITE_TOOBIG, SQLITE_CONSTRAINT and SQLITE_MISMATCH; of PostgreSQL the classes of data and of integrity, and a line with
/// more words than an index takes.
pub(super) fn is_rows_fault(error: &sqlx::Error) -> bool {
    matches!(sqlite_code(error), Some(18..=20))
        || postgres_code(error).is_some_and(|code| code.starts_with("22") || code.starts_with("23") || code == "54000")
        || matches!(error, sqlx::Error::Encode(_))
}
