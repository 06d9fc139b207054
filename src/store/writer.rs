//! The task that writes rows: in batches, in order, and to the journal while the database cannot take them.
//!
//! ```text
//! queue ──► held ──► database                     while the database answers
//!             └────► journal ──► database         from the first refusal until all is caught up
//! ```
//!
//! A row leaves `held` only when the database committed it or the disk has it in the journal, so nothing that was accepted
//! is lost: should both refuse, rows stay in memory up to [`HELD_ROWS_MAX`], then the queue fills, and what does not
//! fit into it is refused and counted where it is given.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout, timeout_at};

use super::Health;
use super::database::Database;
use super::error::{StoreError, is_rows_fault};
use super::journal::Journal;
use super::rows::Entry;

/// Rows in one transaction at most.
const BATCH_ROWS_MAX: usize = 256;

/// How long the first row of a batch waits for others.
const BATCH_WAIT: Duration = Duration::from_millis(50);

/// Rows kept in memory while neither the database nor the journal takes them.
const HELD_ROWS_MAX: usize = 16_384;

/// The first and the longest pause before the database is tried again.
const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_MAX: Duration = Duration::from_secs(5);

/// How long a batch may take before the database counts as down.
const WRITE_DEADLINE: Duration = Duration::from_secs(10);

/// What the writer is told.
#[derive(Debug)]
pub(super) enum Order {
    /// Write this down.
    Write(Entry),
    /// Say when everything before is in the database or in the journal.
    Flush(oneshot::Sender<()>),
    /// The same, and stop.
    Close(oneshot::Sender<()>),
}

/// The task's state.
pub(super) struct Writer {
    orders: mpsc::Receiver<Order>,
    database: Database,
    /// Absent only while a blocking thread has it.
    journal: Option<Journal>,
    health: watch::Sender<Health>,
    /// Accepted, and nowhere but here.
    held: Vec<Entry>,
    waiting: Vec<oneshot::Sender<()>>,
    retry_at: Instant,
    pause: Duration,
    journal_refused: bool,
}

impl Writer {
    pub(super) fn new(
        orders: mpsc::Receiver<Order>,
        database: Database,
        journal: Journal,
        health: watch::Sender<Health>,
    ) -> Self {
        Self {
            orders,
            database,
            journal: Some(journal),
            health,
            held: Vec::new(),
            waiting: Vec::new(),
            retry_at: Instant::now(),
            pause: RETRY_FIRST,
            journal_refused: false,
        }
    }

    /// Writes until it is closed or nobody can give it rows any more.
    pub(super) async fn run(mut self) {
        loop {
            let goes_on = self.gather().await;
            self.settle().await;
            for waiting in self.waiting.drain(..) {
                // Who no longer waits does not need to know.
                waiting.send(()).ok();
            }
            if !goes_on {
                return;
            }
        }
    }

    /// Collects the next batch; false when it is the last. While something is to be caught up it waits no longer than
    /// until the next try.
    async fn gather(&mut self) -> bool {
        let behind = !self.journal().is_empty() || !self.held.is_empty();
        if self.held.len() >= HELD_ROWS_MAX {
            tokio::time::sleep_until(self.retry_at).await;
            return true;
        }
        let first = match behind {
            true => timeout_at(self.retry_at, self.orders.recv()).await,
            false => Ok(self.orders.recv().await),
        };
        let Ok(mut order) = first else { return true };
        let batch_ends = Instant::now() + if behind { Duration::ZERO } else { BATCH_WAIT };
        let rows_before = self.held.len();
        loop {
            match order {
                Some(Order::Write(entry)) => self.held.push(entry),
                Some(Order::Flush(done)) => {
                    self.waiting.push(done);
                    return true;
                }
                Some(Order::Close(done)) => {
                    self.waiting.push(done);
                    return false;
                }
                None => return false,
            }
            if self.held.len() - rows_before >= BATCH_ROWS_MAX {
                return true;
            }
            match timeout_at(batch_ends, self.orders.recv()).await {
                Ok(next) => order = next,
                Err(_) => return true,
            }
        }
    }

    /// Brings what is held to the database, or else to the journal, and the journal's front to the database.
    async fn settle(&mut self) {
        let may_try = Instant::now() >= self.retry_at;
        if self.journal().is_empty() && may_try {
            self.write_held().await;
        }
        if !self.held.is_empty() {
            self.journal_held().await;
        }
        if !self.journal().is_empty() && may_try && Instant::now() >= self.retry_at {
            self.catch_up().await;
        }
        self.publish();
    }

    async fn write_held(&mut self) {
        while !self.held.is_empty() {
            let batch = &self.held[..self.held.len().min(BATCH_ROWS_MAX)];
            let len = batch.len();
            match write(&self.database, batch).await {
                Ok(rejected) => {
                    self.held.drain(..len);
                    self.reject(rejected).await;
                    self.pause = RETRY_FIRST;
                }
                Err(error) => return self.back_off(&error),
            }
        }
    }

    async fn journal_held(&mut self) {
        let held = std::mem::take(&mut self.held);
        let (held, result) = self
            .on_journal(move |journal| {
                let result = journal.append(&held);
                (held, result)
            })
            .await;
        match result {
            Ok(()) => self.journal_refused = false,
            Err(error) => {
                self.held = held;
                if !std::mem::replace(&mut self.journal_refused, true) {
                    tracing::error!(
                        rows = self.held.len(),
                        "neither the database nor the journal can be written: {error}. Free space on the disk; rows are \
                         kept in memory as long as they fit"
                    );
                }
                self.retry_at = self.retry_at.max(Instant::now() + RETRY_FIRST);
            }
        }
    }

    /// Writes one chunk of the journal; the next one follows with the next turn of the loop, so that new rows are not
    /// kept waiting.
    async fn catch_up(&mut self) {
        match catch_up_once(&self.database, &mut self.journal).await {
            Ok(()) => self.pause = RETRY_FIRST,
            Err(error) => self.back_off(&error),
        }
    }

    async fn reject(&mut self, rejected: Vec<Entry>) {
        if !rejected.is_empty() {
            self.on_journal(move |journal| set_aside(journal, &rejected, &[])).await;
        }
    }

    fn back_off(&mut self, error: &StoreError) {
        if self.pause == RETRY_FIRST {
            tracing::warn!("rows go to the journal until the database answers again: {error}");
        }
        self.retry_at = Instant::now() + self.pause;
        self.pause = (self.pause * 2).min(RETRY_MAX);
    }

    fn publish(&self) {
        let rows = self.journal().rows() + self.held.len() as u64;
        self.health.send_if_modified(|health| {
            let next = match (&*health, rows) {
                (_, 0) => Health::Healthy,
                (Health::Healthy, rows) => Health::Journalling { since: Instant::now(), rows },
                (Health::Journalling { since, .. }, rows) => Health::Journalling { since: *since, rows },
            };
            if next == Health::Healthy && *health != Health::Healthy {
                tracing::info!("the database answers again, and every row is in it");
            }
            std::mem::replace(health, next.clone()) != next
        });
    }

    fn journal(&self) -> &Journal {
        self.journal.as_ref().expect("the journal is back whenever nothing is awaited")
    }

    async fn on_journal<T: Send + 'static>(&mut self, work: impl FnOnce(&mut Journal) -> T + Send + 'static) -> T {
        on_journal(&mut self.journal, work).await
    }
}

/// Writes everything that an earlier process left in the journal, before anything else is written.
pub(super) async fn catch_up_all(database: &Database, journal: Journal) -> Result<Journal, StoreError> {
    let rows = journal.rows();
    let mut journal = Some(journal);
    while journal.as_ref().is_some_and(|journal| !journal.is_empty()) {
        catch_up_once(database, &mut journal).await?;
    }
    if rows > 0 {
        tracing::info!(rows, "rows that an earlier run left in the journal are in the database now");
    }
    Ok(journal.expect("the journal is back whenever nothing is awaited"))
}

async fn catch_up_once(database: &Database, journal: &mut Option<Journal>) -> Result<(), StoreError> {
    let failed = |source| StoreError::Journal { path: database.path.clone(), source };
    let chunk = on_journal(journal, |journal| journal.peek(BATCH_ROWS_MAX)).await.map_err(failed)?;
    let rejected = write(database, &chunk.entries).await?;
    on_journal(journal, move |journal| {
        set_aside(journal, &rejected, &chunk.damaged);
        journal.take(&chunk)
    })
    .await
    .map_err(failed)
}

/// Runs file work where it may block.
async fn on_journal<T: Send + 'static>(
    slot: &mut Option<Journal>,
    work: impl FnOnce(&mut Journal) -> T + Send + 'static,
) -> T {
    let mut journal = slot.take().expect("one piece of work at a time");
    let (journal, result) = spawn_blocking(move || {
        let result = work(&mut journal);
        (journal, result)
    })
    .await
    .expect("file work does not panic, and the runtime outlives the writer");
    *slot = Some(journal);
    result
}

/// Keeps what the database will never take, without the caller's words in the log.
fn set_aside(journal: &Journal, rejected: &[Entry], damaged: &[String]) {
    let lines = rejected.iter().filter_map(|entry| serde_json::to_string(entry).ok()).chain(damaged.iter().cloned());
    for line in lines {
        match journal.reject(&line) {
            Ok(()) => tracing::error!("a row that the database cannot take is kept beside the journal, in `.rejected`"),
            Err(error) => tracing::error!("a row that the database cannot take is lost: {error}"),
        }
    }
}

/// Writes entries in one transaction; gives back those that are at fault themselves, after all others were written.
async fn write(database: &Database, entries: &[Entry]) -> Result<Vec<Entry>, StoreError> {
    let written = timeout(WRITE_DEADLINE, async {
        match write_together(database, entries).await {
            Err(error) if is_rows_fault(&error) => write_one_by_one(database, entries).await,
            result => result.map(|()| Vec::new()),
        }
    });
    Ok(written.await.map_err(|_| StoreError::Late(WRITE_DEADLINE))??)
}

async fn write_together(database: &Database, entries: &[Entry]) -> sqlx::Result<()> {
    let mut transaction = database.write.begin_with("BEGIN IMMEDIATE").await?;
    for entry in entries {
        entry.write(&mut transaction).await?;
    }
    transaction.commit().await
}

async fn write_one_by_one(database: &Database, entries: &[Entry]) -> sqlx::Result<Vec<Entry>> {
    let mut rejected = Vec::new();
    for entry in entries {
        match write_together(database, std::slice::from_ref(entry)).await {
            Ok(()) => {}
            Err(error) if is_rows_fault(&error) => {
                tracing::error!(call = %entry.call_id(), "the database refuses a row: {error}");
                rejected.push(entry.clone());
            }
            Err(error) => return Err(error),
        }
    }
    Ok(rejected)
}
