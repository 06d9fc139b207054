//! Rows that wait for the database, in a file: one JSON line each, in the order in which they were given. They survive
//! the process, and are read from the front when the database answers again.
//!
//! All of this blocks; the writer calls it on a thread that may.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::error::StoreError;
use super::rows::Entry;

/// How large the journal may grow: some 300,000 rows, hours of a busy day. Beyond it [`Journal::append`] refuses, and
/// the writer keeps as many rows in memory as it may; the newest are then the ones to be lost, because without a call's
/// first row its later ones belong nowhere.
pub(super) const JOURNAL_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// How much is read at once.
const CHUNK_BYTES: usize = 256 * 1024;

/// The file and what is known of it. The open file is locked: one process writes to a store.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    /// The end of the last whole line.
    len: u64,
    /// Everything before was caught up.
    read_at: u64,
    /// Lines between `read_at` and `len`.
    rows: u64,
    bytes_max: u64,
}

/// Lines from the front of the journal.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    /// What they say.
    pub entries: Vec<Entry>,
    /// Lines that say nothing that can be understood.
    pub damaged: Vec<String>,
    /// Where the next chunk begins.
    end: u64,
}

impl Journal {
    /// Opens or makes the journal and counts what waits in it. A last line without an end was never accepted by anybody
    /// and is cut off.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        super::database::make_folder(path)?;
        let failed = |source| StoreError::Journal { path: path.to_owned(), source };
        // Callers' words are in it: for this user's eyes only.
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(path).map_err(failed)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => StoreError::InUse { path: path.to_owned() },
            TryLockError::Error(source) => failed(source),
        })?;
        if !file.metadata().map_err(failed)?.is_file() {
            return Err(failed(io::Error::other("it is no regular file")));
        }
        let (len, rows) = whole_lines(&file).map_err(failed)?;
        file.set_len(len).map_err(failed)?;
        Ok(Self { path: path.to_owned(), file, len, read_at: 0, rows, bytes_max: JOURNAL_BYTES_MAX })
    }

    /// Lets it be full with so many bytes.
    #[cfg(test)]
    pub(super) fn limit(&mut self, bytes_max: u64) {
        self.bytes_max = bytes_max;
    }

    /// How many rows wait.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Appends rows and waits until the disk has them: all of them, or none and an error.
    pub(super) fn append(&mut self, entries: &[Entry]) -> io::Result<()> {
        let mut lines = Vec::new();
        for entry in entries {
            serde_json::to_writer(&mut lines, entry)?;
            lines.push(b'\n');
        }
        if self.len + lines.len() as u64 > self.bytes_max {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the journal has reached its largest size"));
        }
        let written = self.file.write_all_at(&lines, self.len).and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // Half a line would otherwise be in front of the next one. Should this fail too, the next append writes over it.
            self.file.set_len(self.len).ok();
            return Err(error);
        }
        self.len += lines.len() as u64;
        self.rows += entries.len() as u64;
        Ok(())
    }

    /// Reads the next lines, `most` at most, without taking them away.
    pub(super) fn peek(&self, most: usize) -> Result<Chunk, StoreError> {
        self.read_chunk(most).map_err(|source| self.failed(source))
    }

    fn read_chunk(&self, most: usize) -> io::Result<Chunk> {
        let mut chunk = Chunk { end: self.read_at, ..Chunk::default() };
        let mut bytes = Vec::new();
        while chunk.end + (bytes.len() as u64) < self.len && !bytes.contains(&b'\n') {
            let from = chunk.end + bytes.len() as u64;
            let wanted = CHUNK_BYTES.min((self.len - from) as usize);
            let start = bytes.len();
            bytes.resize(start + wanted, 0);
            self.file.read_exact_at(&mut bytes[start..], from)?;
        }
        let lines = bytes.split_inclusive(|&byte| byte == b'\n').filter(|line| line.ends_with(b"\n"));
        for line in lines.take(most) {
            chunk.end += line.len() as u64;
            match serde_json::from_slice(line) {
                Ok(entry) => chunk.entries.push(entry),
                Err(_) => chunk.damaged.push(String::from_utf8_lossy(line).trim_end().to_owned()),
            }
        }
        Ok(chunk)
    }

    /// Takes away what [`peek`](Self::peek) read. The file shrinks when it is empty; until then a crash means that the
    /// rows are written again, which changes nothing.
    pub(super) fn take(&mut self, chunk: &Chunk) -> Result<(), StoreError> {
        self.read_at = chunk.end;
        self.rows = self.rows.saturating_sub((chunk.entries.len() + chunk.damaged.len()) as u64);
        if self.read_at >= self.len {
            self.read_at = 0;
            self.len = 0;
            self.rows = 0;
            self.file.set_len(0).and_then(|()| self.file.sync_data()).map_err(|source| self.failed(source))?;
        }
        Ok(())
    }

    fn failed(&self, source: io::Error) -> StoreError {
        StoreError::Journal { path: self.path.clone(), source }
    }

    /// Puts a row that no database will ever take beside the journal, in `<journal>.rejected`, for a person to look at.
    /// The same bound holds there.
    pub(super) fn reject(&self, line: &str) -> io::Result<()> {
        let path = rejected_beside(&self.path);
        let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(&path)?;
        if file.metadata()?.len() + line.len() as u64 > self.bytes_max {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "the rejected rows have reached their largest size",
            ));
        }
        file.write_all(format!("{line}\n").as_bytes())?;
        file.sync_data()
    }
}

/// Where rows are that no database took.
pub fn rejected_beside(journal: &Path) -> PathBuf {
    let mut path = journal.as_os_str().to_owned();
    path.push(".rejected");
    path.into()
}

/// Where the last whole line ends, and how many there are.
fn whole_lines(file: &File) -> io::Result<(u64, u64)> {
    let (mut at, mut end, mut rows) = (0, 0, 0);
    let mut bytes = vec![0; CHUNK_BYTES];
    loop {
        let read = file.read_at(&mut bytes, at)?;
        if read == 0 {
            return Ok((end, rows));
        }
        for (offset, _) in bytes[..read].iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
            end = at + offset as u64 + 1;
            rows += 1;
        }
        at += read as u64;
    }
}

#[cfg(test)]
mod tests {
    use engine::record::Row;
    use engine::time::CallTime;
    use uuid::Uuid;

    use super::*;

    fn entry(event: u32) -> Entry {
        let row = Row::Event { event, at: CallTime::from_ms(1), name: "key".into(), detail: "x".repeat(100) };
        Entry::Left { call_id: Uuid::from_u128(7), row, sealed: None }
    }

    fn drain(journal: &mut Journal) -> Vec<Entry> {
        let mut all = Vec::new();
        while !journal.is_empty() {
            let chunk = journal.peek(2).expect("readable");
            all.extend(chunk.entries.iter().cloned());
            journal.take(&chunk).expect("writable");
        }
        all
    }

    #[test]
    fn rows_come_back_in_order_after_a_restart() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep/journal");
        let entries: Vec<Entry> = (0..5).map(entry).collect();
        let mut journal = Journal::open(&path).expect("opens");
        journal.append(&entries[..3]).expect("fits");
        journal.append(&entries[3..]).expect("fits");
        drop(journal);
        let mut journal = Journal::open(&path).expect("opens again");
        assert_eq!(journal.rows(), 5);
        assert_eq!(drain(&mut journal), entries);
        assert_eq!(std::fs::metadata(&path).expect("still there").len(), 0);
    }

    #[test]
    fn half_a_line_is_cut_off_and_a_damaged_one_is_set_aside() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("journal");
        let whole = serde_json::to_string(&entry(1)).expect("serializes");
        std::fs::write(&path, format!("{whole}\nnonsense\n{whole}\n{}", &whole[..20])).expect("written");
        let mut journal = Journal::open(&path).expect("opens");
        assert_eq!(journal.rows(), 3);
        journal.append(&[entry(2)]).expect("fits");
        let chunk = journal.peek(10).expect("readable");
        assert_eq!(chunk.entries, [entry(1), entry(1), entry(2)]);
        assert_eq!(chunk.damaged, ["nonsense"]);
        journal.take(&chunk).expect("writable");
        assert!(journal.is_empty());
    }

    #[test]
    fn a_full_journal_refuses_all_of_what_does_not_fit() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut journal = Journal::open(&folder.path().join("journal")).expect("opens");
        journal.limit(500);
        journal.append(&[entry(1), entry(2)]).expect("fits");
        assert!(journal.append(&[entry(3), entry(4)]).is_err());
        assert_eq!(drain(&mut journal), [entry(1), entry(2)]);
        journal.append(&[entry(3)]).expect("there is room again");
    }

    #[test]
    fn a_device_is_no_journal() {
        let refusal = Journal::open(Path::new("/dev/null")).expect_err("no file");
        assert!(matches!(refusal, StoreError::Journal { .. }), "{refusal}");
    }

    #[test]
    fn a_second_process_is_told_that_the_store_is_in_use() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("journal");
        let _first = Journal::open(&path).expect("opens");
        let refusal = Journal::open(&path).expect_err("locked");
        assert!(matches!(refusal, StoreError::InUse { .. }), "{refusal}");
    }
}
