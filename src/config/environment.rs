//! Where settings come from: the environment, and a file `.env` beside us for a developer's machine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Names and their texts.
pub trait Strings {
    /// The text of a name; `None` when there is none.
    fn get(&self, name: &str) -> Option<String>;
}

impl Strings for BTreeMap<String, String> {
    fn get(&self, name: &str) -> Option<String> {
        BTreeMap::get(self, name).cloned()
    }
}

/// The process's environment, and behind it the file. What stands in the environment wins, also when it is empty.
#[derive(Clone, Default)]
pub struct Environment {
    file: BTreeMap<String, String>,
}

/// A `.env` that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DotenvError {
    /// It is there, but not for us.
    #[error("{path} cannot be read: {source}", path = .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line in it is no setting. The line is not shown: there may be a key in it.
    #[error("{path}:{line} is no setting; write NAME=value, with quotes around a value that has blanks", path = .path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line's number, from 1. Of a value over several lines, the first one's.
        line: usize,
    },
}

impl Environment {
    /// Reads the file, if there is one. The environment itself is never changed.
    pub fn load(path: &Path) -> Result<Self, DotenvError> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(source) => return Err(DotenvError::Unreadable { path: path.to_owned(), source }),
        };
        match dotenvy::from_read_iter(text.as_bytes()).collect() {
            Ok(file) => Ok(Self { file }),
            Err(_) => Err(DotenvError::Line { path: path.to_owned(), line: first_wrong_line(&text) }),
        }
    }
}

impl Strings for Environment {
    fn get(&self, name: &str) -> Option<String> {
        let given = env::var_os(name).map(|text| text.to_string_lossy().into_owned());
        given.or_else(|| self.file.get(name).cloned())
    }
}

/// The line where reading stops: the one after the longest beginning of the file that can be read.
fn first_wrong_line(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let reads = |count: &usize| dotenvy::from_read_iter(lines[..*count].join("\n").as_bytes()).all(|line| line.is_ok());
    (0..lines.len()).rev().find(reads).unwrap_or(0) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Environment, DotenvError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(".env");
        fs::write(&path, text).expect("written");
        Environment::load(&path)
    }

    #[test]
    fn a_file_fills_in_what_the_environment_lacks() {
        let environment =
            load("# keys\nFRONTDESK_TEST_A=1\nFRONTDESK_TEST_B=\"two words\"\n\nPATH=ours\n").expect("readable");
        assert_eq!(environment.get("FRONTDESK_TEST_A").as_deref(), Some("1"));
        assert_eq!(environment.get("FRONTDESK_TEST_B").as_deref(), Some("two words"));
        assert_eq!(environment.get("FRONTDESK_TEST_C"), None);
        assert_ne!(environment.get("PATH").as_deref(), Some("ours"));
    }

    #[test]
    fn no_file_is_no_problem() {
        assert!(Environment::load(Path::new("no/such/folder/.env")).is_ok());
    }

    #[test]
    fn a_wrong_line_is_named_and_not_shown() {
        let error =
            load("PORT=3000\n\n# a key\nsk-very-secret key\nLOG_LEVEL=info\n").err().expect("wrong").to_string();
        assert!(error.contains(".env:4 "), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
}
