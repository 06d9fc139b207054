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

use std::collections::BTreeMap;
use std::time::Duration;

use engine::record::Row;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use uuid::Uuid;

use super::Health;
use super::database::Database;
use super::error::{StoreError, is_rows_fault};
use super::journal::Journal;
use super::rows::{CallStart, Entry};

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

/// How long the end of the program waits for a place to keep the last rows.
const CLOSE_DEADLINE: Duration = Duration::from_secs(10);

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
    /// Who accepts these rows.
    instance: Uuid,
    /// Absent only while a blocking thread has it.
    journal: Option<Journal>,
    health: watch::Sender<Health>,
    /// Accepted, and nowhere but here.
    held: Vec<Entry>,
    waiting: Vec<oneshot::Sender<()>>,
    retry_at: Instant,
    pause: Duration,
    journal_refused: bool,
    /// Calls that go on, for a database that is made anew under them.
    live: BTreeMap<Uuid, CallStart>,
    /// The database was made anew and does not know them yet.
    begin_again: bool,
}

impl Writer {
    pub(super) fn new(
        orders: mpsc::Receiver<Order>,
        database: Database,
        instance: Uuid,
        journal: Journal,
        health: watch::Sender<Health>,
    ) -> Self {
        Self {
            orders,
            database,
            instance,
            journal: Some(journal),
            health,
            held: vec![Entry::Started],
            waiting: Vec::new(),
            retry_at: Instant::now(),
            pause: RETRY_FIRST,
            journal_refused: false,
            live: BTreeMap::new(),
            begin_again: false,
        }
    }

    /// Writes until it is closed or nobody can give it rows any more.
    pub(super) async fn run(mut self) {
        self.settle().await;
        while self.gather().await {
            self.settle().await;
            self.answer();
        }
        let kept = timeout(CLOSE_DEADLINE, async {
            self.settle().await;
            while !self.held.is_empty() {
                sleep_until(self.retry_at).await;
                self.settle().await;
            }
        });
        if kept.await.is_err() {
            tracing::error!(rows = self.held.len(), "rows are lost: neither the database nor the journal took them");
            self.held.clear();
        }
        // Whoever waited for the end may open the journal again.
        self.journal = None;
        self.answer();
    }

    /// Tells those who wait that everything they gave is safe, if it is.
    fn answer(&mut self) {
        if self.held.is_empty() {
            for waiting in self.waiting.drain(..) {
                // Who no longer waits does not need to know.
                waiting.send(()).ok();
            }
        }
    }

    /// Collects the next batch; false when it is the last. While something is to be caught up it waits no longer than
    /// until the next try.
    async fn gather(&mut self) -> bool {
        let behind = !self.journal().is_empty() || !self.held.is_empty();
        if self.held.len() >= HELD_ROWS_MAX {
            sleep_until(self.retry_at).await;
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
                Some(Order::Write(entry)) => self.accept(entry),
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

    fn accept(&mut self, entry: Entry) {
        match &entry {
            Entry::Begun(start) => drop(self.live.insert(start.call_id, start.clone())),
            Entry::Left { call_id, row: Row::Ended { .. }, .. } => drop(self.live.remove(call_id)),
            _ => {}
        }
        self.held.push(entry);
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
        let mut held = std::mem::take(&mut self.held);
        while !held.is_empty() {
            let batch = &held[..held.len().min(BATCH_ROWS_MAX)];
            match self.write(batch).await {
                Ok(rejected) => {
                    held.drain(..batch.len());
                    self.pause = RETRY_FIRST;
                    if !rejected.is_empty() {
                        self.on_journal(move |journal| set_aside(journal, &rejected, &[])).await;
                    }
                }
                Err(error) => {
                    self.back_off(&error);
                    break;
                }
            }
        }
        self.held = held;
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
        match self.catch_up_once().await {
            Ok(()) => self.pause = RETRY_FIRST,
            Err(error) => self.back_off(&error),
        }
    }

    async fn catch_up_once(&mut self) -> Result<(), StoreError> {
        let chunk = self.on_journal(|journal| journal.peek(BATCH_ROWS_MAX)).await?;
        let rejected = self.write(&chunk.entries).await?;
        self.on_journal(move |journal| {
            set_aside(journal, &rejected, &chunk.damaged);
            journal.take(&chunk)
        })
        .await
    }

    /// Writes entries in one transaction; gives back those that are at fault themselves, after all others were written.
    async fn write(&mut self, entries: &[Entry]) -> Result<Vec<Entry>, StoreError> {
        timeout(WRITE_DEADLINE, async {
            self.find_database().await?;
            match write_together(&self.database, self.instance, entries).await {
                Err(error) if is_rows_fault(&error) => {
                    Ok(write_one_by_one(&self.database, self.instance, entries).await?)
                }
                result => Ok(result.map(|()| Vec::new())?),
            }
        })
        .await
        .unwrap_or(Err(StoreError::Late(WRITE_DEADLINE)))
    }

    /// Makes sure that rows go where the next process will look for them.
    async fn find_database(&mut self) -> Result<(), StoreError> {
        if self.database.in_place().await.is_err() && self.database.put_in_place().await? {
            self.begin_again = true;
        }
        if self.begin_again {
            let live: Vec<Entry> = self.live.values().cloned().map(Entry::Begun).collect();
            write_together(&self.database, self.instance, &live).await?;
            self.begin_again = false;
        }
        Ok(())
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

    /// Runs file work where it may block.
    async fn on_journal<T: Send + 'static>(&mut self, work: impl FnOnce(&mut Journal) -> T + Send + 'static) -> T {
        let mut journal = self.journal.take().expect("one piece of work at a time");
        let worked = spawn_blocking(move || {
            let result = work(&mut journal);
            (journal, result)
        });
        match worked.await {
            Ok((journal, result)) => {
                self.journal = Some(journal);
                result
            }
            // The runtime is going down and takes this task with it.
            Err(_) => std::future::pending().await,
        }
    }
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

async fn write_together(database: &Database, instance: Uuid, entries: &[Entry]) -> sqlx::Result<()> {
    let mut transaction = database.write().begin().await?;
    for entry in entries {
        entry.write(&mut transaction, instance).await?;
    }
    transaction.commit().await
}

async fn write_one_by_one(database: &Database, instance: Uuid, entries: &[Entry]) -> sqlx::Result<Vec<Entry>> {
    let mut rejected = Vec::new();
    for entry in entries {
        match write_together(database, instance, std::slice::from_ref(entry)).await {
            Ok(()) => {}
            Err(error) if is_rows_fault(&error) => {
                tracing::error!(call = ?entry.call_id(), "the database refuses a row: {error}");
                rejected.push(entry.clone());
            }
            Err(error) => return Err(error),
        }
    }
    Ok(rejected)
}
