//! Where a call's files are, and that no name from outside leads anywhere else.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use chrono::DateTime;
use uuid::Uuid;

/// The longest name taken from outside. Twilio's have 34 characters.
const NAME_MAX: usize = 64;

/// The folder of a call.
pub(super) fn of_call(root: &Path, call_id: Uuid, call_sid: &str, started_at_ms: i64) -> PathBuf {
    let day = DateTime::from_timestamp_millis(started_at_ms).unwrap_or_default().format("%Y-%m-%d").to_string();
    let name = if is_plain(call_sid) { call_sid.to_owned() } else { call_id.hyphenated().to_string() };
    root.join(day).join(name)
}

/// Letters, digits, `_` and `-` only, so that a name is a name on every file system: no separator, no dot.
fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (1..=NAME_MAX).contains(&name.len()) && name.bytes().all(plain)
}

/// Makes the root and proves that files can be made in it.
pub(super) fn make_writable(root: &Path) -> io::Result<()> {
    fs::create_dir_all(root)?;
    let probe = root.join(format!(".writable-{}", std::process::id()));
    File::create(&probe)?;
    fs::remove_file(&probe)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_795_262_400_000;

    #[test]
    fn a_call_has_its_folder_by_day_and_sid() {
        let folder = of_call(Path::new("recordings"), Uuid::nil(), "CA0123", NOON);
        assert_eq!(folder, Path::new("recordings/2026-11-21/CA0123"));
    }

    #[test]
    fn no_name_leads_out_of_the_root() {
        let long = "x".repeat(NAME_MAX + 1);
        for sid in ["", ".", "..", "../../etc", "/etc/passwd", "a/b", "a\\b", "a\0b", "é", ".hidden", &long] {
            let folder = of_call(Path::new("root"), Uuid::nil(), sid, NOON);
            assert_eq!(folder, Path::new("root/2026-11-21/00000000-0000-0000-0000-000000000000"), "{sid:?}");
        }
    }

    #[test]
    fn a_root_that_cannot_be_written_is_noticed_at_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        std::fs::write(&file, "").expect("written");
        assert!(make_writable(&file.join("below")).is_err());
        make_writable(&folder.path().join("a/b")).expect("made");
    }
}
