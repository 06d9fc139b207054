//! Who this process is, from one run to the next: an id in a file beside the journal.
//!
//! Several instances may share one PostgreSQL. One that starts again closes the calls its own earlier run left open, and
//! leaves those that others are in.

use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::error::StoreError;

/// The id, made where there is none. Only whoever holds the journal's lock may ask.
pub(super) fn id_beside(journal: &Path) -> Result<Uuid, StoreError> {
    let mut path = journal.as_os_str().to_owned();
    path.push(".instance");
    let path = PathBuf::from(path);
    read_or_make(&path).map_err(|source| StoreError::Journal { path, source })
}

fn read_or_make(path: &Path) -> io::Result<Uuid> {
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    if let Ok(id) = Uuid::try_parse(text.trim()) {
        return Ok(id);
    }
    let id = Uuid::new_v4();
    file.set_len(0)?;
    writeln!(&file, "{id}")?;
    file.sync_data()?;
    Ok(id)
}
