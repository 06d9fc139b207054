//! The one thread that writes all recordings.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;

use tokio::sync::oneshot;
use uuid::Uuid;

use super::tape::Tape;
use super::wav::{Scratch, Wav};
use super::{Counters, STORED_RATE_HZ};

/// Blocks that may wait for the disk, 8 KiB each: two seconds of a thousand calls. Beyond it each call keeps its own.
pub(super) const BLOCKS_MAX: usize = 4_096;

/// Room kept free for the last words of calls, which have nobody to keep them.
const LAST_MAX: usize = 4_096;

/// How many recordings of one call may stand beside each other.
const SAME_CALL_MAX: u32 = 99;

/// The header of a WAV file of 16-bit samples.
const HEADER_BYTES: u64 = 44;

/// Which call a block belongs to.
#[derive(Debug)]
pub(super) struct CallFiles {
    /// Counts up with every recording of the process.
    pub number: u64,
    /// For the log.
    pub call_id: Uuid,
    /// Where the files go.
    pub folder: PathBuf,
}

/// What is certain of a recording: both sides equally long, and the tape's lines meanwhile.
#[derive(Debug, Default)]
pub(super) struct Block {
    pub from_ms: u64,
    pub caller: Vec<u8>,
    pub assistant: Vec<u8>,
    pub tape: Vec<u8>,
}

impl Block {
    pub(super) fn is_empty(&self) -> bool {
        self.caller.is_empty() && self.tape.is_empty()
    }
}

/// What a recording became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The recording.
    pub wav: PathBuf,
    /// How long it plays.
    pub duration_ms: u64,
    /// How long its file is.
    pub size_bytes: u64,
    /// Whether the disk took everything that was handed over.
    pub complete: bool,
}

/// What the thread is told.
#[derive(Debug)]
pub(super) enum Message {
    /// Append.
    Block { call: Arc<CallFiles>, block: Block },
    /// Append, and close the files.
    Close { call: Arc<CallFiles>, block: Block, done: Option<oneshot::Sender<Option<Recorded>>> },
    /// Say when everything before was done.
    Flush(oneshot::Sender<()>),
}

/// The way to the thread. Sending never waits.
#[derive(Debug, Clone)]
pub(super) struct Queue {
    sender: SyncSender<Message>,
    blocks: Arc<AtomicUsize>,
}

impl Queue {
    /// Sends a block, or gives it back when too many wait.
    pub(super) fn send_block(&self, call: &Arc<CallFiles>, block: Block) -> Result<(), Block> {
        if self.blocks.fetch_add(1, Ordering::Relaxed) >= BLOCKS_MAX {
            self.blocks.fetch_sub(1, Ordering::Relaxed);
            return Err(block);
        }
        let sent = self.sender.try_send(Message::Block { call: Arc::clone(call), block });
        let (TrySendError::Full(message) | TrySendError::Disconnected(message)) = match sent {
            Ok(()) => return Ok(()),
            Err(refused) => refused,
        };
        self.blocks.fetch_sub(1, Ordering::Relaxed);
        let Message::Block { block, .. } = message else { unreachable!("what was sent comes back") };
        Err(block)
    }

    /// Sends what cannot be kept; there is room for it as long as not thousands of calls end at once.
    pub(super) fn send_last(&self, message: Message) -> bool {
        self.sender.try_send(message).is_ok()
    }

    /// A queue that nobody empties.
    #[cfg(test)]
    pub(super) fn without_thread() -> (Self, Receiver<Message>) {
        let (sender, messages) = sync_channel(BLOCKS_MAX + LAST_MAX);
        (Self { sender, blocks: Arc::default() }, messages)
    }

    /// Lets it look as if so many blocks waited.
    #[cfg(test)]
    pub(super) fn pretend_waiting(&self, blocks: usize) {
        self.blocks.store(blocks, Ordering::Relaxed);
    }
}

/// Starts the thread. It ends when the last [`Queue`] is gone.
pub(super) fn start(create: fn(&Path) -> io::Result<File>, counters: Arc<Counters>) -> io::Result<Queue> {
    let (sender, messages) = sync_channel(BLOCKS_MAX + LAST_MAX);
    let blocks = Arc::<AtomicUsize>::default();
    let writer = Writer { create, counters, calls: BTreeMap::new(), scratch: Scratch::default() };
    let queued = Arc::clone(&blocks);
    thread::Builder::new().name("recordings".into()).spawn(move || writer.run(&messages, &queued))?;
    Ok(Queue { sender, blocks })
}

struct Writer {
    create: fn(&Path) -> io::Result<File>,
    counters: Arc<Counters>,
    calls: BTreeMap<u64, Files>,
    scratch: Scratch,
}

/// The files of one call.
struct Files {
    wav: Wav<File>,
    /// Where the recording is, once it could be created.
    path: Option<PathBuf>,
    tape: Option<Tape>,
    /// A failure was logged; the others are counted.
    failed: bool,
}

impl Writer {
    fn run(mut self, messages: &Receiver<Message>, queued: &AtomicUsize) {
        for message in messages {
            match message {
                Message::Block { call, block } => {
                    queued.fetch_sub(1, Ordering::Relaxed);
                    self.append(&call, &block);
                }
                Message::Close { call, block, done } => {
                    self.append(&call, &block);
                    let recorded = self.close(&call);
                    if let Some(done) = done {
                        // Who does not wait does not need to know.
                        done.send(recorded).ok();
                    }
                }
                Message::Flush(done) => {
                    done.send(()).ok();
                }
            }
        }
    }

    fn append(&mut self, call: &CallFiles, block: &Block) {
        let files = self.calls.entry(call.number).or_insert_with(Files::none);
        let opened = files.open(call, self.create);
        let audio = files.wav.append(block.from_ms, &block.caller, &block.assistant, &mut self.scratch);
        let tape = files.tape.as_mut().map_or(Ok(()), |tape| tape.append(&block.tape));
        for error in [opened, audio, tape].into_iter().filter_map(Result::err) {
            files.note_failure(call, &error, &self.counters);
        }
    }

    fn close(&mut self, call: &CallFiles) -> Option<Recorded> {
        let mut files = self.calls.remove(&call.number)?;
        let finished = files.wav.finish(&mut self.scratch);
        if let Err(error) = &finished {
            files.note_failure(call, error, &self.counters);
        }
        let wav = files.path?;
        let size_bytes = fs::metadata(&wav).map_or(0, |file| file.len());
        if size_bytes < HEADER_BYTES {
            return None;
        }
        // After a failure only the file itself knows how much of it counts.
        let duration_ms = finished.ok().flatten().or_else(|| duration_of(&wav)).unwrap_or(0);
        Some(Recorded { wav, duration_ms, size_bytes, complete: !files.failed })
    }
}

impl Files {
    fn none() -> Self {
        Self { wav: Wav::new(), path: None, tape: None, failed: false }
    }

    /// Creates the files, or takes the recording up again after a failure.
    fn open(&mut self, call: &CallFiles, create: fn(&Path) -> io::Result<File>) -> io::Result<()> {
        if self.wav.has_file() {
            return Ok(());
        }
        if let Some(path) = &self.path {
            let file = File::options().read(true).write(true).open(path)?;
            // Shorter than a header: the disk was full from the first byte on.
            let begun = file.metadata()?.len() >= HEADER_BYTES;
            return if begun { self.wav.reopen(file) } else { self.wav.create(file) };
        }
        fs::create_dir_all(&call.folder)?;
        let (path, file, nth) = create_beside_others(&call.folder, create)?;
        self.path = Some(path);
        self.wav.create(file)?;
        let tape = call.folder.join(numbered("tape", nth, "jsonl"));
        self.tape = Some(Tape::new(create(&tape)?));
        Ok(())
    }

    fn note_failure(&mut self, call: &CallFiles, error: &io::Error, counters: &Counters) {
        counters.failed_writes.fetch_add(1, Ordering::Relaxed);
        if !std::mem::replace(&mut self.failed, true) {
            counters.calls.fetch_add(1, Ordering::Relaxed);
            tracing::error!(
                call = %call.call_id,
                "the recording in {} cannot be written: {error}. The call goes on, and what was written plays. Free space \
                 or repair the disk; later failures of this call are only counted",
                call.folder.display()
            );
        }
    }
}

pub(super) fn duration_of(wav: &Path) -> Option<u64> {
    let file = hound::WavReader::open(wav).ok()?;
    Some(u64::from(file.duration()) * 1_000 / u64::from(STORED_RATE_HZ))
}

fn create_beside_others(folder: &Path, create: fn(&Path) -> io::Result<File>) -> io::Result<(PathBuf, File, u32)> {
    for nth in 1..=SAME_CALL_MAX {
        let path = folder.join(numbered("call", nth, "wav"));
        match create(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            result => return result.map(|file| (path, file, nth)),
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, "the call has too many recordings already"))
}

pub(super) fn numbered(name: &str, nth: u32, extension: &str) -> String {
    if nth == 1 { format!("{name}.{extension}") } else { format!("{name}-{nth}.{extension}") }
}
