//! The shelf's index: in memory to look things up, in a file to find them again.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::phrase::{Key, Record};
use super::path_of;

const FILE: &str = "index.jsonl";

/// A line of the file.
#[derive(Serialize, Deserialize)]
pub(super) enum Line {
    /// A phrase was put here.
    #[serde(rename = "put")]
    Put(Record),
    /// The phrase of this id was taken away.
    #[serde(rename = "drop")]
    Drop(String),
}

/// Phrases by name and in order of use.
#[derive(Default)]
pub(super) struct Index {
    entries: BTreeMap<Key, Entry>,
    by_use: BTreeMap<u64, Key>,
    uses: u64,
    bytes: u64,
}

struct Entry {
    record: Arc<Record>,
    used: u64,
}

impl Index {
    /// A phrase's record; the phrase is now the last to go.
    pub(super) fn used(&mut self, key: Key) -> Option<Arc<Record>> {
        let entry = self.entries.get_mut(&key)?;
        self.uses += 1;
        self.by_use.remove(&entry.used);
        self.by_use.insert(self.uses, key);
        entry.used = self.uses;
        Some(Arc::clone(&entry.record))
    }

    pub(super) fn insert(&mut self, key: Key, record: Arc<Record>) {
        self.remove(key);
        self.uses += 1;
        self.bytes += record.bytes as u64;
        self.by_use.insert(self.uses, key);
        self.entries.insert(key, Entry { record, used: self.uses });
    }

    pub(super) fn remove(&mut self, key: Key) {
        if let Some(entry) = self.entries.remove(&key) {
            self.by_use.remove(&entry.used);
            self.bytes -= entry.record.bytes as u64;
        }
    }

    /// The phrase that was not used longest.
    pub(super) fn oldest(&self) -> Option<(Key, Arc<Record>)> {
        let key = *self.by_use.first_key_value()?.1;
        Some((key, Arc::clone(&self.entries[&key].record)))
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Records in order of use, the last used last.
    fn in_order(&self) -> impl Iterator<Item = &Arc<Record>> {
        self.by_use.values().map(|key| &self.entries[key].record)
    }
}

/// Reads what the file says and keeps what the folder has. Lines that make no sense are passed over, files that nobody
/// knows are removed.
pub(super) fn read(root: &Path) -> io::Result<Index> {
    let mut index = Index::default();
    let file = match File::open(root.join(FILE)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return sweep(root, index),
        Err(error) => return Err(error),
    };
    for line in BufReader::new(file).split(b'\n') {
        match serde_json::from_slice(&line?) {
            Ok(Line::Put(record)) => index.insert(Key::of(&record.ask), Arc::new(record)),
            Ok(Line::Drop(id)) => {
                if let Some(key) = Key::of_id(&id) {
                    index.remove(key);
                }
            }
            // The last line of a process that was killed.
            Err(_) => {}
        }
    }
    sweep(root, index)
}

/// Writes the file anew, without what was taken away, and gives it to be appended to.
pub(super) fn rewrite(root: &Path, index: &Index) -> io::Result<File> {
    let (path, part) = (root.join(FILE), root.join("index.part"));
    let mut file = BufWriter::new(File::create(&part)?);
    for record in index.in_order() {
        write_line(&mut file, &Line::Put(Record::clone(record)))?;
    }
    let file = file.into_inner().map_err(|error| error.into_error())?;
    file.sync_data()?;
    fs::rename(part, path)?;
    Ok(file)
}

/// Writes one line, whole or not at all as far as the next reader is concerned.
pub(super) fn write_line(file: &mut impl Write, line: &Line) -> io::Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    file.write_all(&text)
}

/// Forgets phrases whose file is gone and removes files without a phrase.
fn sweep(root: &Path, mut index: Index) -> io::Result<Index> {
    let mut strangers = files(&root.join("objects"))?;
    let known: Vec<_> = index.in_order().map(|record| (Key::of(&record.ask), Arc::clone(record))).collect();
    for (key, record) in known {
        if !strangers.remove(&path_of(root, key, &record)) {
            index.remove(key);
        }
    }
    for path in strangers {
        fs::remove_file(path)?;
    }
    Ok(index)
}

fn files(objects: &Path) -> io::Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    for folder in fs::read_dir(objects)? {
        let folder = folder?;
        let is_ours = is_short_hex(&folder.file_name()) && folder.file_type()?.is_dir();
        if is_ours {
            for file in fs::read_dir(folder.path())? {
                found.insert(file?.path());
            }
        }
    }
    Ok(found)
}

fn is_short_hex(name: &OsString) -> bool {
    name.to_str().is_some_and(|name| name.len() == 2 && name.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
