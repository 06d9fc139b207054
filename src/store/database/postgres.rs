//! PostgreSQL: a server that several instances may share.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::{cannot_migrate, shown};
use crate::store::error::{StoreError, is_unreachable};

/// The schema, built into the program.
pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("./prisma-free-migrations/postgres");

/// Connections of one purpose, where the address says nothing (`connection_limit`).
const CONNECTIONS: u32 = 8;

/// How long anybody waits for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the schema may take to be brought up, other instances that are at it included: indexes of many calls take
/// minutes. What was not finished then is begun again.
const MIGRATION_DEADLINE: Duration = Duration::from_secs(30 * 60);

/// How long people's questions may take the server; callers' have a deadline of their own.
const STATEMENT_TIMEOUT_MS: &str = "30000";

#[derive(Debug, Clone)]
pub(in crate::store) struct Database {
    write: PgPool,
    read: PgPool,
    shown: Arc<str>,
    /// The schema is this program's.
    ready: Arc<AtomicBool>,
    /// Held by whoever brings it up.
    migrating: Arc<Mutex<()>>,
}

/// Whether an address means a server.
pub(super) fn is_meant(url: &str) -> bool {
    ["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme))
}

impl Database {
    /// Brings the schema up. A server that cannot be reached, or is just starting, keeps nobody from answering the phone.
    pub(super) async fn open(url: &str) -> Result<Self, StoreError> {
        let address = Address::of(url)?;
        let database = Self {
            write: address.connections(false),
            read: address.connections(true),
            shown: shown(url).into(),
            ready: Arc::default(),
            migrating: Arc::default(),
        };
        match database.migrate().await {
            Err(StoreError::Unreachable { database, source }) if is_unreachable(&source) => {
                tracing::error!("{database} cannot be reached: {source}. Rows go to the journal until it can");
            }
            migrated => migrated?,
        }
        Ok(database)
    }

    pub(super) fn write(&self) -> PgPool {
        self.write.clone()
    }

    pub(super) fn read(&self) -> PgPool {
        self.read.clone()
    }

    pub(super) fn in_place(&self) -> Result<(), StoreError> {
        match self.ready.load(Ordering::Acquire) {
            true => Ok(()),
            false => Err(StoreError::NotReady { database: self.shown.to_string() }),
        }
    }

    /// Lets a task of its own bring the schema up, which nobody's deadline cuts short, and says whether it is.
    pub(super) fn put_in_place(&self) -> Result<(), StoreError> {
        let database = self.clone();
        if self.in_place().is_err()
            && let Ok(turn) = Arc::clone(&self.migrating).try_lock_owned()
        {
            tokio::spawn(async move {
                match database.migrate().await {
                    Ok(()) => {}
                    Err(StoreError::Unreachable { source, .. }) if is_unreachable(&source) => {}
                    Err(error) => tracing::error!("{error}"),
                }
                drop(turn);
            });
        }
        self.in_place()
    }

    /// Brings the schema up if that was not done yet. Several instances that start at once do it one after another: the
    /// migrations take an advisory lock.
    pub(super) async fn migrate(&self) -> Result<(), StoreError> {
        if self.in_place().is_ok() {
            return Ok(());
        }
        let done = timeout(MIGRATION_DEADLINE, MIGRATIONS.run(&self.write)).await;
        done.map_err(|_| StoreError::Late(MIGRATION_DEADLINE))?.map_err(|source| match source {
            MigrateError::Execute(source) => refused(&self.shown, source),
            source => cannot_migrate(self.shown.to_string(), &MIGRATIONS, source),
        })?;
        self.ready.store(true, Ordering::Release);
        Ok(())
    }

    pub(super) async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}

/// Opens a database of this program's schema for reading only.
pub(super) async fn open_to_read(url: &str) -> Result<PgPool, StoreError> {
    let pool = Address::of(url)?.connections(true);
    let there: Result<(bool,), _> = sqlx::query_as("SELECT to_regclass('calls') IS NOT NULL").fetch_one(&pool).await;
    match there {
        Ok((true,)) => Ok(pool),
        Ok((false,)) => Err(StoreError::Missing { database: shown(url) }),
        Err(source) => Err(refused(&shown(url), source)),
    }
}

fn refused(shown: &str, source: sqlx::Error) -> StoreError {
    StoreError::Unreachable { database: shown.to_owned(), source }
}

/// What a `DATABASE_URL` says, that of Prisma's parameters which mean something here included.
struct Address {
    options: PgConnectOptions,
    connections: u32,
}

impl Address {
    fn of(url: &str) -> Result<Self, StoreError> {
        let refuse = |reason: String| StoreError::Url { url: shown(url), reason };
        let (plain, query) = url.split_once('?').unwrap_or((url, ""));
        let mut ours = form_urlencoded::Serializer::new(String::new());
        let (mut schema, mut connections) = (None, CONNECTIONS);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "schema" => schema = Some(value.into_owned()),
                "connection_limit" => {
                    connections = value
                        .parse()
                        .ok()
                        .filter(|most| *most > 0)
                        .ok_or_else(|| refuse(format!("connection_limit={value} is no number of connections")))?;
                }
                // Prisma's own, without a meaning here.
                "pool_timeout" | "connect_timeout" | "socket_timeout" | "pgbouncer" | "statement_cache_size" => {}
                _ => drop(ours.append_pair(&name, &value)),
            }
        }
        let options = PgConnectOptions::from_str(&format!("{plain}?{}", ours.finish()));
        // What the driver says of an address may quote it.
        let mut options = options.map_err(|_| refuse("it is no address of a PostgreSQL server".to_owned()))?;
        if let Some(schema) = schema {
            options = options.options([("search_path", schema)]);
        }
        Ok(Self { options: options.application_name("frontdesk"), connections })
    }

    /// Connections that are made as they are needed.
    fn connections(&self, read_only: bool) -> PgPool {
        let pool = PgPoolOptions::new().max_connections(self.connections).acquire_timeout(ACQUIRE_TIMEOUT);
        let mut options = self.options.clone();
        if read_only {
            options =
                options.options([("default_transaction_read_only", "on"), ("statement_timeout", STATEMENT_TIMEOUT_MS)]);
        }
        pool.connect_lazy_with(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prisma_address_is_understood() {
        let url = "postgresql://ada:s%40cret@db.example:6432/desk?schema=calls&connection_limit=5&pgbouncer=true";
        let address = Address::of(url).expect("an address");
        assert_eq!((address.options.get_host(), address.options.get_port()), ("db.example", 6432));
        assert_eq!((address.options.get_database(), address.connections), (Some("desk"), 5));
        assert!(address.options.get_options().is_some_and(|options| options.contains("search_path=calls")));
    }

    #[test]
    fn an_address_that_is_none_is_refused_without_its_password() {
        for url in ["postgres://ada:secret@host:port/db", "postgres://ada:secret@host/db?connection_limit=many"] {
            let refusal = Address::of(url).err().expect("refused").to_string();
            assert!(!refusal.contains("secret") && refusal.contains("DATABASE_URL"), "{refusal}");
        }
    }
}
