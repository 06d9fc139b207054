//! What is kept: calls with all that was said in them, and the appointments of a business, in SQLite or PostgreSQL.
//!
//! A call never waits for its record. [`Store::begin`], [`Store::record`] and [`Store::recorded`] put rows into a queue;
//! one task writes them in batches, and keeps them in a journal on disk while the database cannot take them. Questions
//! and orders of the calendar are answered by the database itself, under a deadline, because a caller is told what it
//! said: [`Store::find_times`], [`Store::reserve`].
//!
//! The schema is plain SQL in `prisma-free-migrations/`, with the reasons beside it.

mod analytics;
mod bookings;
mod clearing;
mod database;
mod details;
mod error;
pub mod export;
mod instance;
mod journal;
mod messages;
mod migrating;
mod outbox;
pub mod query;
mod reading;
mod recordings;
mod rows;
mod statement;
#[cfg(test)]
mod tests;
mod uploads;
mod voices;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use engine::figures::{Cost, Figures, Metadata, Summary};
use engine::record::Row;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use uuid::Uuid;

pub use bookings::{Found, Reserved};
pub use clearing::{Cleaner, Extent, Going, Leaving, Removed};
pub use database::shown;
pub use details::Details;
pub use error::StoreError;
pub use journal::rejected_beside;
pub use migrating::{Migration, migrate, migrations};
pub use outbox::{Due, Outcome};
pub use reading::{AppointmentRecord, CallRecord, EventRecord, LineRecord, Records, TurnRecord, WordRecord};
pub use recordings::{RecordingRow, Unrecorded};
pub use rows::CallStart;
pub use uploads::{Awaiting, OnDisk};
pub use voices::{Casting, Voice};

use database::Database;
use journal::Journal;
use rows::Entry;
use writer::{Order, Writer};

/// Rows that may wait for the writer. It takes them at once unless the database and the journal both refuse, or the disk
/// stands still; a row that finds no room is refused, counted and logged.
const QUEUE_ROWS_MAX: usize = 16_384;

/// Where the store is.
#[derive(Debug, Clone)]
pub struct Config {
    /// The database: `sqlite://data/frontdesk.db`, `file:./dev.db` or a path, made where it is missing; or
    /// `postgres://user:password@host/database`.
    pub url: String,
    /// The file for rows that wait for the database. Made where it is missing; one process at a time may have it.
    pub journal: PathBuf,
}

/// How the store is, for `/health`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// Every row that was accepted is in the database, or will be with the next batch.
    Healthy,
    /// Rows wait in the journal; the database is tried again and again. Calls go on.
    Journalling {
        /// Since when.
        since: Instant,
        /// How many rows wait.
        rows: u64,
    },
}

/// The store of one process. Clones share everything.
#[derive(Debug, Clone)]
pub struct Store {
    orders: mpsc::Sender<Order>,
    database: Database,
    /// Who this process is, from one run to the next.
    instance: Uuid,
    health: watch::Receiver<Health>,
    refused: Arc<AtomicU64>,
}

impl Store {
    /// Opens the database, brings it to this program's schema, and starts the writer, which first writes what an earlier
    /// run left in the journal and closes the calls that it left open as `interrupted`.
    ///
    /// # Errors
    /// Each names the file and the remedy; see [`StoreError`].
    pub async fn open(config: Config) -> Result<Self, StoreError> {
        let path = config.journal;
        let opened = tokio::task::spawn_blocking(move || {
            let journal = Journal::open(&path)?;
            Ok((journal, instance::id_beside(&path)?))
        });
        let opened: Result<_, StoreError> =
            opened.await.expect("opening a file does not panic, and the runtime is running");
        let (journal, instance) = opened?;
        let database = Database::open(&config.url).await?;
        Ok(Self::start(database, instance, journal))
    }

    fn start(database: Database, instance: Uuid, journal: Journal) -> Self {
        let (orders, queue) = mpsc::channel(QUEUE_ROWS_MAX);
        let (tell, health) = watch::channel(Health::Healthy);
        tokio::spawn(Writer::new(queue, database.clone(), instance, journal, tell).run());
        Self { orders, database, instance, health, refused: Arc::default() }
    }

    /// Writes down that a call was answered. Its other rows must come after. Never waits.
    pub fn begin(&self, call: CallStart) {
        self.accept(Entry::Begun(call));
    }

    /// Writes down a row of a call. Rows keep their order; the same row twice is one row. Never waits.
    pub fn record(&self, call_id: Uuid, row: Row) {
        self.record_with(call_id, row, None);
    }

    /// The same for a line that something was taken out of, with the line as it was, sealed. Never waits.
    pub fn record_with(&self, call_id: Uuid, row: Row, sealed: Option<String>) {
        self.accept(Entry::Left { call_id, row, sealed });
    }

    /// Writes down that a call's recording is complete. Never waits.
    pub fn recorded(&self, call_id: Uuid, recording: RecordingRow) {
        self.accept(Entry::Recorded { call_id, recording });
    }

    /// Writes down what became of a caller who was put through. Never waits.
    pub fn transferred(&self, call_sid: &str, status: &str, duration_s: Option<i64>, now_ms: i64) {
        let (call_sid, status) = (call_sid.to_owned(), status.to_owned());
        self.accept(Entry::Transferred { call_sid, status, duration_s, now_ms });
    }

    /// Puts the end of a call into the outbox of its business. Never waits.
    pub fn completed(&self, call_id: Uuid, business: &str, payload: serde_json::Value) {
        self.accept(Entry::Completed { call_id, business: business.to_owned(), payload });
    }

    /// Writes down figures of a call; those of the same snapshot take the place of earlier ones. Never waits.
    pub fn figured(&self, call_id: Uuid, figures: Figures) {
        self.accept(Entry::Figured { call_id, figures: Box::new(figures) });
    }

    /// Writes down what a call cost. Never waits.
    pub fn cost(&self, call_id: Uuid, costs: Vec<Cost>) {
        self.accept(Entry::Cost { call_id, costs });
    }

    /// Writes down what the model says of a call; its figures must have been written before. Never waits.
    pub fn summed(&self, call_id: Uuid, summary: Summary) {
        self.accept(Entry::Summed { call_id, summary });
    }

    /// Writes down what is known of the caller's side. Never waits.
    pub fn described(&self, call_id: Uuid, metadata: Metadata) {
        self.accept(Entry::Described { call_id, metadata });
    }

    /// Waits until everything accepted so far is in the database or, while that is down, in the journal. The caller sets
    /// the deadline, for both may be down.
    pub async fn flush(&self) {
        self.ask(Order::Flush).await;
    }

    /// Waits until every row that was accepted is in the database, however long that takes; the caller sets the deadline.
    pub async fn caught_up(&self) {
        self.flush().await;
        // A closed writer has nothing left to catch up.
        self.health.clone().wait_for(|health| *health == Health::Healthy).await.ok();
    }

    /// Writes what was accepted and stops, within ten seconds. Rows given afterwards, by clones, are refused and counted.
    pub async fn close(self) {
        self.ask(Order::Close).await;
        self.database.close().await;
    }

    /// How the store is now.
    pub fn health(&self) -> Health {
        self.health.borrow().clone()
    }

    /// How many rows found no room, or came after the end, since the store was opened. Not zero means a broken promise.
    pub fn rows_refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// What has been written, to be read.
    pub fn records(&self) -> Records {
        Records::of(self.database.read())
    }

    fn accept(&self, entry: Entry) {
        if self.orders.try_send(Order::Write(entry)).is_err() && self.refused.fetch_add(1, Ordering::Relaxed) == 0 {
            tracing::error!(
                "a row was refused: {QUEUE_ROWS_MAX} others wait because neither the database nor the journal can be \
                 written, or the store is closed. Later refusals are only counted"
            );
        }
    }

    async fn ask(&self, order: impl FnOnce(oneshot::Sender<()>) -> Order) {
        let (done, answer) = oneshot::channel();
        if self.orders.send(order(done)).await.is_ok() {
            // The writer went away: then it wrote everything first.
            answer.await.ok();
        }
    }
}
