//! Recordings in an object store, where they outlive the machine.
//!
//! ```text
//!  <prefix>/<yyyy-mm-dd>/<call_sid>/<call id>.wav      or .wav.age, and the tape beside it: .jsonl, .jsonl.age
//! ```
//!
//! What is there is read by ranges, a block ahead of whoever listens; nothing is copied back to the disk.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use object_store::path::Path as Key;
use object_store::{
    Attribute, Attributes, Error, MultipartUpload, ObjectStore, ObjectStoreExt, PutMultipartOptions, PutOptions,
};
use sha2::{Digest, Sha256};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use uuid::Uuid;

/// Bytes that are uploaded in one request; more is uploaded in parts of this size. Stores want at least five megabytes.
const PART_LEN: usize = 8 * 1024 * 1024;

/// Bytes that are fetched in one request: eight seconds of a recording.
const BLOCK_LEN: u64 = 512 * 1024;

/// The object store that recordings go to. Clones share it.
#[derive(Debug, Clone)]
pub struct Archive {
    store: Arc<dyn ObjectStore>,
    /// What stands before every path: `s3://bucket/prefix/`.
    base: String,
    prefix: String,
    keeps_types: bool,
}

/// Why a recording is not in the object store.
#[derive(Debug, thiserror::Error)]
pub enum NotUploaded {
    /// There is none.
    #[error("RECORDING_STORE_URL is not set")]
    Nowhere,
    /// The file is gone, so that it will never be.
    #[error("its file is not there any more")]
    Gone,
    /// The file cannot be read now.
    #[error("its file cannot be read: {0}")]
    File(io::Error),
    /// The store does not take it now.
    #[error("the object store does not take it: {0}")]
    Store(#[from] Error),
}

impl Archive {
    /// Recordings go into a store, below a prefix without slashes around it. `url` is the store's own: `s3://bucket`.
    pub fn new(store: Arc<dyn ObjectStore>, url: &str, prefix: &str, keeps_types: bool) -> Self {
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        Self { store, base: format!("{}/{prefix}", url.trim_end_matches('/')), prefix, keeps_types }
    }

    /// What stands before every name in it: `s3://bucket/prefix/`.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Puts something there, reads it back and takes it away.
    ///
    /// # Errors
    /// What the store says against that.
    pub async fn try_out(&self) -> Result<(), String> {
        let key = Key::from(format!("{}check/{}", self.prefix, Uuid::new_v4().simple()));
        let tried = async {
            self.store.put(&key, "Frontdesk was here.".into()).await?;
            self.store.get(&key).await?.bytes().await?;
            self.store.delete(&key).await
        };
        tried.await.map_err(|error: Error| error.to_string())
    }

    /// Puts a file there, in place of what may be there from an upload that was interrupted, and says what its SHA-256 is.
    pub(super) async fn put(&self, file: &Path, name: &str) -> Result<String, NotUploaded> {
        let path = file.to_owned();
        let file = blocking(move || File::open(path)).await.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => NotUploaded::Gone,
            _ => NotUploaded::File(error),
        })?;
        let key = Key::from(format!("{}{name}", self.prefix));
        let (file, first) = blocking(move || read_part(file)).await.map_err(NotUploaded::File)?;
        if first.len() < PART_LEN {
            let digest = format!("{:x}", Sha256::digest(&first));
            let options = PutOptions { attributes: self.types(name), ..PutOptions::default() };
            self.store.put_opts(&key, first.into(), options).await?;
            return Ok(digest);
        }
        let options = PutMultipartOptions { attributes: self.types(name), ..PutMultipartOptions::default() };
        let mut upload = self.store.put_multipart_opts(&key, options).await?;
        let put = put_parts(&mut *upload, file, first).await;
        if put.is_err() {
            // What a store keeps of an upload that broke off costs money, and nobody sees it.
            upload.abort().await.ok();
        }
        put
    }

    fn types(&self, name: &str) -> Attributes {
        let types = self.keeps_types.then(|| (Attribute::ContentType, content_type(name)));
        Attributes::from_iter(types)
    }

    /// Where a file is, once it is there.
    pub(super) fn url(&self, name: &str) -> String {
        format!("{}{name}", self.base)
    }

    /// What is at a place, from wherever one wants on. Blocks, within a tokio runtime.
    pub(super) fn open(&self, url: &str) -> io::Result<Remote> {
        let (runtime, key) = (Handle::current(), self.key(url)?);
        let size = runtime.block_on(self.store.head(&key))?.size;
        Ok(Remote { store: Arc::clone(&self.store), key, runtime, size, at: 0, block: Bytes::new(), block_at: 0 })
    }

    /// Takes away what is at a place; gives how long it was. What is not there is no error.
    pub(super) async fn remove(&self, url: &str) -> io::Result<u64> {
        let key = self.key(url)?;
        let size = match self.store.head(&key).await {
            Ok(there) => there.size,
            Err(Error::NotFound { .. }) => return Ok(0),
            Err(error) => return Err(error.into()),
        };
        self.store.delete(&key).await?;
        Ok(size)
    }

    fn key(&self, url: &str) -> io::Result<Key> {
        let elsewhere = || {
            let why = format!("it is at {url}, and RECORDING_STORE_URL is {}", self.base);
            io::Error::new(io::ErrorKind::PermissionDenied, why)
        };
        let name = url.strip_prefix(&self.base).ok_or_else(elsewhere)?;
        Ok(Key::from(format!("{}{name}", self.prefix)))
    }
}

/// A file's name in the store: the folders it is in, which are the day's and the call's, and the call's own id, since
/// several machines may have recorded a leg each.
pub(super) fn name_of(file: &Path, call_id: Uuid) -> String {
    let part = |path: Option<&Path>| path.and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    let folder = file.parent();
    let (day, call) = (part(folder.and_then(Path::parent)), part(folder));
    let name = file.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let extension = name.split_once('.').map_or("wav", |(_, extension)| extension);
    let (day, call) = (day.unwrap_or_default(), call.unwrap_or_default());
    format!("{day}/{call}/{call_id}.{extension}")
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("wav") => "audio/wav",
        Some("jsonl") => "application/jsonl",
        _ => "application/octet-stream",
    }
}

fn read_part(mut file: File) -> io::Result<(File, Bytes)> {
    let mut part = Vec::with_capacity(PART_LEN);
    (&mut file).take(PART_LEN as u64).read_to_end(&mut part)?;
    Ok((file, part.into()))
}

async fn put_parts(upload: &mut dyn MultipartUpload, mut file: File, mut part: Bytes) -> Result<String, NotUploaded> {
    let mut sha = Sha256::new();
    while !part.is_empty() {
        sha.update(&part);
        upload.put_part(part.into()).await?;
        (file, part) = blocking(move || read_part(file)).await.map_err(NotUploaded::File)?;
    }
    upload.complete().await?;
    Ok(format!("{:x}", sha.finalize()))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    spawn_blocking(work).await.map_err(io::Error::other)?
}

/// A file in the store that is read as if it were here. Each request has the deadline of the store's client.
pub(super) struct Remote {
    store: Arc<dyn ObjectStore>,
    key: Key,
    runtime: Handle,
    size: u64,
    at: u64,
    block: Bytes,
    block_at: u64,
}

impl Read for Remote {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.size || buffer.is_empty() {
            return Ok(0);
        }
        if !(self.block_at..self.block_at + self.block.len() as u64).contains(&self.at) {
            let range = self.at..(self.at + BLOCK_LEN).min(self.size);
            self.block = self.runtime.block_on(self.store.get_range(&self.key, range))?;
            self.block_at = self.at;
        }
        let from = (self.at - self.block_at) as usize;
        let len = buffer.len().min(self.block.len() - from);
        buffer[..len].copy_from_slice(&self.block[from..from + len]);
        self.at += len as u64;
        Ok(len)
    }
}

impl Seek for Remote {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.size.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use object_store::memory::InMemory;

    use super::*;

    fn archive(prefix: &str) -> Archive {
        Archive::new(Arc::new(InMemory::new()), "s3://calls", prefix, true)
    }

    #[test]
    fn a_file_has_a_place_of_its_own() {
        let name = |file: &str| name_of(Path::new(file), Uuid::nil());
        let nil = Uuid::nil();
        assert_eq!(name("recordings/2026-11-21/CA1/call.wav"), format!("2026-11-21/CA1/{nil}.wav"));
        assert_eq!(name("/a/2026-11-21/CA1/call-2.wav.age"), format!("2026-11-21/CA1/{nil}.wav.age"));
        assert_eq!(archive("acme").url("day/CA1/x.wav"), "s3://calls/acme/day/CA1/x.wav");
        assert_eq!(archive("").url("day/CA1/x.wav"), "s3://calls/day/CA1/x.wav");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_was_put_there_in_parts_is_read_from_anywhere_and_taken_away() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("call.wav");
        let bytes: Vec<u8> = (0..PART_LEN + 4_321).map(|nth| (nth / 7) as u8).collect();
        std::fs::write(&file, &bytes).expect("written");
        let archive = archive("acme");
        let digest = archive.put(&file, "day/CA1/x.wav").await.expect("put");
        assert_eq!(digest, super::super::keeping::digest(&file).expect("readable"));
        let url = archive.url("day/CA1/x.wav");
        let (reading, place) = (archive.clone(), url.clone());
        let read = spawn_blocking(move || {
            let mut remote = reading.open(&place).expect("it is there");
            let (mut middle, mut rest) = ([0; 100], Vec::new());
            remote.seek(SeekFrom::Start(PART_LEN as u64 - 50)).expect("a place");
            remote.read_exact(&mut middle).expect("read");
            remote.seek(SeekFrom::End(-(BLOCK_LEN as i64) - 9)).expect("a place");
            remote.read_to_end(&mut rest).expect("read");
            assert_eq!(remote.read(&mut middle).expect("nothing"), 0);
            (middle, rest)
        });
        let (middle, rest) = read.await.expect("no panic");
        assert_eq!(middle[..], bytes[PART_LEN - 50..PART_LEN + 50]);
        assert_eq!(rest, bytes[bytes.len() - BLOCK_LEN as usize - 9..]);
        assert_eq!(archive.remove(&url).await.expect("removed"), bytes.len() as u64);
        assert_eq!(archive.remove(&url).await.expect("it is gone"), 0);
    }

    #[tokio::test]
    async fn what_is_elsewhere_is_named_and_not_touched() {
        let error = archive("acme").remove("s3://others/acme/day/x.wav").await.expect_err("another bucket");
        assert!(error.to_string().contains("s3://others") && error.to_string().contains("RECORDING_STORE_URL"));
        assert!(archive("acme").remove("s3://calls/other/x.wav").await.is_err());
    }

    #[tokio::test]
    async fn a_file_that_is_gone_is_said_to_be() {
        let put = archive("").put(Path::new("nowhere/call.wav"), "x.wav").await;
        assert!(matches!(put, Err(NotUploaded::Gone)), "{put:?}");
    }
}
