//! What becomes of a recording once its call is over: a digest, a seal where there is a key, reading it, taking it away.
//!
//! ```text
//! call.wav ──► SHA-256 ──────────────────────────────────► kept
//!          └─► call.wav.age, fsynced, SHA-256 ──► call.wav removed      with a key; the tape likewise
//! ```

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tokio::task::spawn_blocking;

use super::key::Key;
use super::writer::Recorded;
use super::{Recordings, wav};

/// What stands behind the name of a sealed file.
const SEALED: &str = "age";

/// Recordings that are put away at once; others wait. It is work for a processor and a disk.
pub(super) const AT_ONCE: usize = 2;

/// A recording as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its file.
    pub path: PathBuf,
    /// How long it plays.
    pub duration_ms: u64,
    /// How long the file is.
    pub size_bytes: u64,
    /// Of the file as it stands there, in lower-case hex.
    pub sha256: String,
    /// Nobody reads it without the key.
    pub encrypted: bool,
}

/// A recording's audio, from wherever one wants on.
pub trait Audio: Read + Seek + Send {}

impl<T: Read + Seek + Send> Audio for T {}

impl Recordings {
    /// Puts a recording away that was closed. What cannot be sealed stays as it is, and the log says so.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn put_away(&self, recorded: Recorded) -> io::Result<Kept> {
        let _turn = self.putting_away.acquire().await.map_err(io::Error::other)?;
        let key = self.key.clone();
        spawn_blocking(move || put_away(recorded, key.as_ref())).await.map_err(io::Error::other)?
    }

    /// Opens a recording's audio, plain whether it is sealed or not, and says how long it is in bytes. Blocks.
    ///
    /// # Errors
    /// `NotFound` when the file is gone, `InvalidData` when it is damaged or sealed with another key, `PermissionDenied`
    /// when there is no key.
    pub fn read(&self, path: &Path, encrypted: bool) -> io::Result<(Box<dyn Audio>, u64)> {
        let mut audio: Box<dyn Audio> = match (encrypted, &self.key) {
            (false, _) => Box::new(File::open(path)?),
            (true, Some(key)) => Box::new(key.open(path)?),
            (true, None) => return Err(io::Error::new(io::ErrorKind::PermissionDenied, NO_KEY)),
        };
        let size = audio.seek(SeekFrom::End(0))?;
        audio.rewind()?;
        Ok((audio, size))
    }

    /// Makes a recording whole that a killed process left behind in a call's folder: the `leg`th there, from 1 on. None when
    /// there is nothing that plays. Blocks.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn repair(
        &self,
        call_id: uuid::Uuid,
        call_sid: &str,
        started_at_ms: i64,
        leg: u32,
    ) -> io::Result<Option<Recorded>> {
        let folder = super::folder::of_call(&self.root, call_id, call_sid, started_at_ms);
        let wav = folder.join(super::writer::numbered("call", leg, "wav"));
        if !wav.exists() {
            return Ok(None);
        }
        wav::mend(&File::options().read(true).write(true).open(&wav)?)?;
        let Some(duration_ms) = super::writer::duration_of(&wav) else { return Ok(None) };
        let size_bytes = fs::metadata(&wav)?.len();
        Ok(Some(Recorded { wav, duration_ms, size_bytes, complete: false }))
    }

    /// Takes a recording and its tape away, and folders that are empty then; gives the bytes that were freed. What is not
    /// there any more is no error. Blocks.
    ///
    /// # Errors
    /// When the path leads out of the folder of recordings, or a file cannot be removed.
    pub fn remove(&self, path: &Path) -> io::Result<u64> {
        if !path.starts_with(&self.root) || path.components().any(|part| part == std::path::Component::ParentDir) {
            let why = format!("{} is not in {}", path.display(), self.root.display());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        let plain =
            if path.extension().is_some_and(|it| it == SEALED) { path.with_extension("") } else { path.to_owned() };
        let tape = tape_of(&plain);
        let mut freed = 0;
        for file in
            [plain.clone(), sealed(&plain), part(&sealed(&plain)), tape.clone(), sealed(&tape), part(&sealed(&tape))]
        {
            freed += remove_file(&file)?;
        }
        // The call's folder, and the day's; as long as there is something in them they stay.
        for folder in path.ancestors().skip(1).take(2).take_while(|folder| *folder != self.root) {
            fs::remove_dir(folder).ok();
        }
        Ok(freed)
    }
}

/// The SHA-256 of a file, in lower-case hex.
pub(super) fn digest(path: &Path) -> io::Result<String> {
    let mut sha = Sha256::new();
    io::copy(&mut File::open(path)?, &mut sha)?;
    Ok(format!("{:x}", sha.finalize()))
}

/// A tape as text, sealed or not. Blocks.
///
/// # Errors
/// When it cannot be read, or is sealed and there is no key or another one.
pub fn read_tape(path: &Path, key: Option<&Key>) -> io::Result<String> {
    if path.extension().is_none_or(|extension| extension != SEALED) {
        return fs::read_to_string(path);
    }
    let key = key.ok_or_else(|| io::Error::new(io::ErrorKind::PermissionDenied, NO_KEY))?;
    let mut text = String::new();
    key.open(path)?.read_to_string(&mut text)?;
    Ok(text)
}

const NO_KEY: &str = "it is sealed, and neither RECORDING_KEY nor RECORDING_KEY_FILE is set";

fn put_away(recorded: Recorded, key: Option<&Key>) -> io::Result<Kept> {
    let Recorded { wav, duration_ms, .. } = recorded;
    let (path, encrypted) = match key.map(|key| seal_both(key, &wav)) {
        None => (wav, false),
        Some(Ok(sealed)) => (sealed, true),
        Some(Err(error)) => {
            tracing::error!("{} cannot be sealed and stays as it is: {error}", wav.display());
            (wav, false)
        }
    };
    let size_bytes = fs::metadata(&path)?.len();
    Ok(Kept { sha256: digest(&path)?, path, duration_ms, size_bytes, encrypted })
}

/// Seals a recording, and its tape, which has the caller's words in it.
fn seal_both(key: &Key, wav: &Path) -> io::Result<PathBuf> {
    let tape = tape_of(wav);
    if tape.exists() {
        seal(key, &tape)?;
    }
    seal(key, wav)
}

fn seal(key: &Key, plain: &Path) -> io::Result<PathBuf> {
    let (sealed, part) = (sealed(plain), part(&sealed(plain)));
    key.seal(io::BufReader::new(File::open(plain)?), &File::create(&part)?)?;
    fs::rename(&part, &sealed)?;
    fs::remove_file(plain)?;
    Ok(sealed)
}

/// `call-2.wav` has `tape-2.jsonl` beside it.
fn tape_of(wav: &Path) -> PathBuf {
    let name = wav.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().replacen("call", "tape", 1);
    wav.with_file_name(format!("{name}.jsonl"))
}

fn sealed(plain: &Path) -> PathBuf {
    with_behind(plain, SEALED)
}

fn part(path: &Path) -> PathBuf {
    with_behind(path, "part")
}

fn with_behind(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    name.into()
}

fn remove_file(path: &Path) -> io::Result<u64> {
    let size = match fs::metadata(path) {
        Ok(file) => file.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    fs::remove_file(path)?;
    Ok(size)
}
