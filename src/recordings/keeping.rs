//! What becomes of a recording once its call is over: a digest, a seal where there is a key, a place in the object store
//! where there is one, reading it, taking it away.
//!
//! ```text
//! call.wav ──► SHA-256 ──────────────────────────────────► kept ──► uploaded ──► removed here, unless it is to stay
//!          └─► call.wav.age, fsynced, SHA-256 ──► call.wav removed      with a key; the tape likewise
//! ```

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::archive::{self, NotUploaded};
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

/// Where a recording is.
#[derive(Debug, Clone)]
pub struct Place {
    /// On this machine's disk, unless it is not any more.
    pub path: PathBuf,
    /// In the object store, if it is there.
    pub url: Option<String>,
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

    /// Opens a recording, plain whether it is sealed or not, and says how long it is in bytes: from this machine's disk, or
    /// else from the object store. Blocks, within a tokio runtime.
    ///
    /// # Errors
    /// `NotFound` when the file is gone, `InvalidData` when it is damaged or sealed with another key, `PermissionDenied`
    /// when there is no key, or the store is another one.
    pub fn read(&self, place: &Place) -> io::Result<(Box<dyn Audio>, u64)> {
        self.read_from(&place.path, place.url.clone(), place.encrypted)
    }

    /// The same of the recording's tape.
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    pub fn read_tape(&self, place: &Place) -> io::Result<(Box<dyn Audio>, u64)> {
        self.read_from(&of_tape(&place.path), place.url.as_deref().map(tape_url), place.encrypted)
    }

    fn read_from(&self, path: &Path, url: Option<String>, encrypted: bool) -> io::Result<(Box<dyn Audio>, u64)> {
        let kept: Box<dyn Audio> = match (File::open(path), url, &self.archive) {
            (Ok(file), ..) => Box::new(file),
            (Err(error), Some(url), Some(archive)) if error.kind() == io::ErrorKind::NotFound => {
                Box::new(archive.open(&url)?)
            }
            (Err(error), ..) => return Err(error),
        };
        let mut audio: Box<dyn Audio> = match (encrypted, &self.key) {
            (false, _) => kept,
            (true, Some(key)) => Box::new(key.open(kept)?),
            (true, None) => return Err(io::Error::new(io::ErrorKind::PermissionDenied, NO_KEY)),
        };
        let size = audio.seek(SeekFrom::End(0))?;
        audio.rewind()?;
        Ok((audio, size))
    }

    /// What seals recordings and opens them.
    pub fn key(&self) -> Option<&Key> {
        self.key.as_ref()
    }

    /// Whether recordings go into an object store.
    pub fn has_archive(&self) -> bool {
        self.archive.is_some()
    }

    /// Puts a recording and its tape into the object store and says where it is there. What is not the file that was put
    /// away is put there all the same, for it is all there is.
    ///
    /// # Errors
    /// [`NotUploaded`] tells what cannot be mended from what can.
    pub async fn upload(&self, call_id: Uuid, path: &Path, sha256: Option<&str>) -> Result<String, NotUploaded> {
        let archive = self.archive.as_ref().ok_or(NotUploaded::Nowhere)?;
        let (tape, name) = (of_tape(path), archive::name_of(path, call_id));
        match archive.put(&tape, &archive::name_of(&tape, call_id)).await {
            Ok(_) | Err(NotUploaded::Gone) => {}
            Err(error) => return Err(error),
        }
        let digest = archive.put(path, &name).await?;
        if sha256.is_some_and(|put_away| put_away != digest) {
            tracing::error!("{} is not as it was put away: the file was damaged on the disk", path.display());
        }
        Ok(archive.url(&name))
    }

    /// Takes a recording and its tape away, here and in the object store, and folders that are empty then; gives the bytes
    /// that were freed. What is not there any more is no error.
    ///
    /// # Errors
    /// When the path leads out of the folder of recordings, the store is another one, or a file cannot be removed.
    pub async fn remove(&self, path: &Path, url: Option<&str>) -> io::Result<u64> {
        let mut freed = self.remove_here(path).await?;
        if let Some(url) = url {
            let archive = self.archive.as_ref().ok_or_else(|| {
                let why = format!("it is at {url}, and RECORDING_STORE_URL is not set");
                io::Error::new(io::ErrorKind::NotConnected, why)
            })?;
            freed += archive.remove(&tape_url(url)).await?;
            freed += archive.remove(url).await?;
        }
        Ok(freed)
    }

    /// The same on this machine's disk only.
    ///
    /// # Errors
    /// When the path leads out of the folder of recordings, or a file cannot be removed.
    pub async fn remove_here(&self, path: &Path) -> io::Result<u64> {
        let (root, path) = (self.root.clone(), path.to_owned());
        spawn_blocking(move || remove_files(&root, &path)).await.map_err(io::Error::other)?
    }

    /// Makes a recording whole that a killed process left behind in a call's folder: the `leg`th there, from 1 on. None when
    /// there is nothing that plays. Blocks.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn repair(&self, call_id: Uuid, call_sid: &str, started_at_ms: i64, leg: u32) -> io::Result<Option<Recorded>> {
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
    if !is_sealed(path) {
        return fs::read_to_string(path);
    }
    let key = key.ok_or_else(|| io::Error::new(io::ErrorKind::PermissionDenied, NO_KEY))?;
    let mut text = String::new();
    key.open(File::open(path)?)?.read_to_string(&mut text)?;
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

/// Removes whatever there may be of a recording.
fn remove_files(root: &Path, path: &Path) -> io::Result<u64> {
    if !path.starts_with(root) || path.components().any(|part| part == std::path::Component::ParentDir) {
        let why = format!("{} is not in {}", path.display(), root.display());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    let plain = unsealed(path);
    let tape = tape_of(&plain);
    let mut freed = 0;
    for file in
        [plain.clone(), sealed(&plain), part(&sealed(&plain)), tape.clone(), sealed(&tape), part(&sealed(&tape))]
    {
        freed += remove_file(&file)?;
    }
    // The call's folder, and the day's; as long as there is something in them they stay.
    for folder in path.ancestors().skip(1).take(2).take_while(|folder| *folder != root) {
        fs::remove_dir(folder).ok();
    }
    Ok(freed)
}

/// The tape of a recording, sealed where that is.
fn of_tape(path: &Path) -> PathBuf {
    let tape = tape_of(&unsealed(path));
    if is_sealed(path) { sealed(&tape) } else { tape }
}

/// The same in the object store, where it is called as the recording is.
fn tape_url(url: &str) -> String {
    match url.strip_suffix(".wav.age") {
        Some(name) => format!("{name}.jsonl.age"),
        None => format!("{}.jsonl", url.trim_end_matches(".wav")),
    }
}

fn is_sealed(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == SEALED)
}

fn unsealed(path: &Path) -> PathBuf {
    if is_sealed(path) { path.with_extension("") } else { path.to_owned() }
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
