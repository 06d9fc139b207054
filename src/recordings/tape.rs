//! The tape on disk: lines of JSON, appended block by block, always ending with a whole line.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// A tape that is being written.
#[derive(Debug)]
pub(super) struct Tape {
    file: File,
    len: u64,
    ended: bool,
}

impl Tape {
    pub(super) fn new(file: File) -> Self {
        Self { file, len: 0, ended: false }
    }

    /// Appends lines. After a failure the tape ends with the last whole block, because one with a hole cannot be replayed.
    pub(super) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.ended || lines.is_empty() {
            return Ok(());
        }
        let written = self.file.write_all_at(lines, self.len);
        match written {
            Ok(()) => self.len += lines.len() as u64,
            Err(_) => {
                self.ended = true;
                self.file.set_len(self.len).ok();
            }
        }
        written
    }
}
