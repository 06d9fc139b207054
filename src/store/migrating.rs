//! Bringing a database to this program's schema by command, and saying beforehand what that would do.

use super::StoreError;
use super::database::{Database, migrations_of, open_to_read};
use super::statement::Statement;

/// A step of the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// Its number.
    pub version: i64,
    /// What it is for.
    pub description: String,
    /// The database has it.
    pub applied: bool,
}

/// Every step, and which of them the database at an address has. Changes nothing; a database that is not there yet has none.
///
/// # Errors
/// When the database cannot be read, or has a step that this program does not know.
pub async fn migrations(url: &str) -> Result<Vec<Migration>, StoreError> {
    let applied = applied(url).await?;
    let known = migrations_of(url);
    if let Some(found) = applied.iter().copied().filter(|version| !known.version_exists(*version)).max() {
        let known = known.iter().map(|migration| migration.version).max().unwrap_or(0);
        return Err(StoreError::NewerSchema { database: super::database::shown(url), found, known });
    }
    let step = |migration: &sqlx::migrate::Migration| Migration {
        version: migration.version,
        description: migration.description.to_string(),
        applied: applied.contains(&migration.version),
    };
    Ok(known.iter().map(step).collect())
}

/// Brings the database at an address to this program's schema, and makes a file that is missing.
///
/// # Errors
/// As for [`Store::open`](super::Store::open); a server that cannot be reached is an error here.
pub async fn migrate(url: &str) -> Result<(), StoreError> {
    let database = Database::open(url).await?;
    let done = database.migrate().await;
    database.close().await;
    done
}

async fn applied(url: &str) -> Result<Vec<i64>, StoreError> {
    let pool = match open_to_read(url).await {
        Ok(pool) => pool,
        Err(StoreError::Missing { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let rows: Result<Vec<(i64,)>, _> =
        Statement::new("SELECT version FROM _sqlx_migrations WHERE success ORDER BY version").all(&pool).await;
    pool.close().await;
    Ok(rows?.into_iter().map(|(version,)| version).collect())
}
