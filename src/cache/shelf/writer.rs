//! The thread that puts phrases away: the only one that writes to the folder.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::super::event::{Event, Tier};
use super::super::phrase::{Key, Record, Whole};
use super::index::{self, Line};
use super::{Shared, path_of};

/// Lines that say nothing any more, beyond which the index is written anew.
const LINES_SPENT_MAX: usize = 10_000;

/// What there is to do.
pub(super) enum Order {
    /// Put a phrase away.
    Put(Whole),
    /// Remove a phrase's file, which the index has forgotten.
    Drop(Key, Arc<Record>),
    /// Say when all before is done.
    Flush(oneshot::Sender<()>),
}

pub(super) struct Writer {
    shared: Arc<Shared>,
    orders: mpsc::Receiver<Order>,
    log: File,
    bytes_max: u64,
    lines_spent: usize,
    warned: bool,
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, orders: mpsc::Receiver<Order>, log: File, bytes_max: u64) -> Self {
        Self { shared, orders, log, bytes_max, lines_spent: 0, warned: false }
    }

    /// Works until nobody can give orders any more.
    pub(super) fn run(mut self) {
        while let Some(order) = self.orders.blocking_recv() {
            match order {
                Order::Put(whole) => self.put(&whole),
                Order::Drop(key, record) => {
                    self.check(|writer| writer.drop_file(key, &record));
                }
                Order::Flush(done) => {
                    // Whoever waited may have stopped waiting.
                    let _ = done.send(());
                }
            }
        }
    }

    fn put(&mut self, whole: &Whole) {
        let began = Instant::now();
        let is_there = self.check(|writer| writer.write(whole));
        (self.shared.tell)(Event::Stored { tier: Tier::Disk, took: began.elapsed(), is_there });
    }

    fn write(&mut self, whole: &Whole) -> io::Result<()> {
        let (key, record) = (Key::of(&whole.record.ask), &whole.record);
        if record.bytes as u64 > self.bytes_max {
            return Ok(());
        }
        self.make_room(record.bytes as u64)?;
        write_file(&path_of(&self.shared.root, key, record), &whole.audio)?;
        self.note(&Line::Put(Record::clone(record)))?;
        self.shared.lock().insert(key, Arc::clone(record));
        Ok(())
    }

    fn make_room(&mut self, bytes: u64) -> io::Result<()> {
        loop {
            let oldest = {
                let index = self.shared.lock();
                if index.bytes() + bytes <= self.bytes_max { None } else { index.oldest() }
            };
            let Some((key, record)) = oldest else { return Ok(()) };
            self.shared.lock().remove(key);
            self.drop_file(key, &record)?;
        }
    }

    fn drop_file(&mut self, key: Key, record: &Record) -> io::Result<()> {
        self.lines_spent += 2;
        self.note(&Line::Drop(key.id()))?;
        match fs::remove_file(path_of(&self.shared.root, key, record)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn note(&mut self, line: &Line) -> io::Result<()> {
        if self.lines_spent > LINES_SPENT_MAX {
            self.log = index::rewrite(&self.shared.root, &self.shared.lock())?;
            self.lines_spent = 0;
        }
        index::write_line(&mut self.log, line)
    }

    /// Whether it worked. The first failure of several is told.
    fn check(&mut self, work: impl FnOnce(&mut Self) -> io::Result<()>) -> bool {
        let outcome = work(self);
        if let Err(error) = &outcome
            && !self.warned
        {
            tracing::warn!(%error, root = %self.shared.root.display(), "phrases cannot be kept on the disk; they are spoken again after a restart");
        }
        self.warned = outcome.is_err();
        outcome.is_ok()
    }
}

/// A file is there whole or not at all, unless the power fails; then its digest tells.
fn write_file(path: &Path, audio: &[u8]) -> io::Result<()> {
    fs::create_dir_all(path.parent().expect("objects lie in a folder"))?;
    let part = path.with_extension("part");
    let mut file = File::create(&part)?;
    file.write_all(audio)?;
    drop(file);
    fs::rename(part, path)
}
