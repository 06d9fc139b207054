//! The part of a recording that lives in the call's task: it places frames and hands blocks on, and never waits.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use engine::audio::frame::{FRAME_MS, Frame};
use engine::audio::timeline::Timeline;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::Counters;
use super::writer::{Block, CallFiles, Message, Queue, Recorded};

/// How often a block goes to the writer.
const BLOCK_MS: u64 = 500;

/// How long the assistant's audio stays open after it should have been heard: a `clear` that is on its way may still
/// take it back. With [`BLOCK_MS`] this is what a killed process loses.
const SETTLE_MS: u64 = 300;

/// How long a block waits for a caller's stream that stalls.
const STALL_MS_MAX: u64 = 2_000;

/// How much audio a call keeps while the queue is full.
const HELD_MS_MAX: u64 = 10_000;

/// How much tape a call keeps while the queue is full.
const HELD_TAPE_BYTES_MAX: usize = 1024 * 1024;

/// The longest recording. What is said later is not recorded: a WAV file counts its bytes with 32 bits.
const LENGTH_MS_MAX: u64 = 12 * 60 * 60 * 1_000;

/// Bytes a millisecond and side.
const BYTES_PER_MS: usize = 8;

/// One call's recording. All times are milliseconds since the recording began, on one clock: who adopts a second stream
/// shifts its times. Dropping it closes the recording, too.
#[derive(Debug)]
pub struct Recorder {
    call: Arc<CallFiles>,
    queue: Queue,
    counters: Arc<Counters>,
    timeline: Timeline,
    /// What is certain and not handed over yet.
    block: Block,
    committed_ms: u64,
    caller_end_ms: u64,
    last_ms: u64,
    next_block_ms: u64,
    tape_ended: bool,
    lost_any: bool,
    closed: bool,
}

impl Recorder {
    pub(super) fn new(number: u64, call_id: Uuid, folder: PathBuf, queue: Queue, counters: Arc<Counters>) -> Self {
        Self {
            call: Arc::new(CallFiles { number, call_id, folder }),
            queue,
            counters,
            timeline: Timeline::new(),
            block: Block::default(),
            committed_ms: 0,
            caller_end_ms: 0,
            last_ms: 0,
            next_block_ms: BLOCK_MS,
            tape_ended: false,
            lost_any: false,
            closed: false,
        }
    }

    /// Places what the caller said.
    pub fn caller(&mut self, stream_ms: u64, frame: &Frame) {
        self.timeline.caller(stream_ms, frame);
        self.caller_end_ms = self.caller_end_ms.max(stream_ms.saturating_add(FRAME_MS));
    }

    /// Places what the assistant says where it is expected to be heard.
    pub fn assistant(&mut self, at_ms: u64, frame: &Frame) {
        self.timeline.assistant(at_ms, frame);
    }

    /// The leg dropped what it had not played by this moment: it was never heard.
    pub fn cleared(&mut self, at_ms: u64) {
        self.timeline.cleared(at_ms);
    }

    /// Lets time pass; to be called with every frame or so. Every 500 ms a block goes to the writer.
    pub fn tick(&mut self, now_ms: u64) {
        self.last_ms = self.last_ms.max(now_ms);
        if now_ms >= self.next_block_ms {
            self.next_block_ms = now_ms.saturating_add(BLOCK_MS);
            let settled_ms = now_ms.saturating_sub(SETTLE_MS);
            let waited_ms = settled_ms.saturating_sub(STALL_MS_MAX);
            self.commit(self.caller_end_ms.clamp(waited_ms, settled_ms));
            self.hand_over();
        }
    }

    /// Appends a line to the tape. It reaches the disk with the next block.
    pub fn tape(&mut self, line: &str) {
        if !self.tape_ended {
            self.block.tape.extend_from_slice(line.as_bytes());
            self.block.tape.push(b'\n');
        }
    }

    /// The folder with the call's files. It is there once the first block is written.
    pub fn folder(&self) -> &Path {
        &self.call.folder
    }

    /// Ends the recording at this moment: what the assistant would have said later was not heard. The answer may be
    /// awaited or dropped; it is none when nothing could be written at all.
    pub fn close(mut self, now_ms: u64) -> impl Future<Output = Option<Recorded>> + Send + 'static {
        let (done, answer) = oneshot::channel();
        self.finish(now_ms, Some(done));
        async { answer.await.ok().flatten() }
    }

    fn finish(&mut self, now_ms: u64, done: Option<oneshot::Sender<Option<Recorded>>>) {
        self.closed = true;
        self.timeline.cleared(now_ms);
        self.commit(now_ms.max(self.timeline.end_ms()));
        self.keep_bounds();
        let block = std::mem::take(&mut self.block);
        if !self.queue.send_last(Message::Close { call: Arc::clone(&self.call), block, done }) {
            self.note_loss("its end found no room on the way to the disk");
        }
    }

    /// Moves what lies before a moment from the timeline to the block.
    fn commit(&mut self, until_ms: u64) {
        let until_ms = until_ms.min(LENGTH_MS_MAX);
        while self.committed_ms < until_ms {
            let len = (until_ms - self.committed_ms).min(HELD_MS_MAX) as usize * BYTES_PER_MS;
            self.block.caller.reserve_exact(len);
            self.block.assistant.reserve_exact(len);
            self.committed_ms = self.timeline.commit(until_ms, &mut self.block.caller, &mut self.block.assistant);
            if self.held_ms() > HELD_MS_MAX && self.committed_ms < until_ms {
                // A jump of the clock: the silence need not be carried, the writer makes it from the block's place.
                self.block.caller.clear();
                self.block.assistant.clear();
                self.block.from_ms = self.committed_ms;
            }
        }
    }

    fn hand_over(&mut self) {
        if self.block.is_empty() {
            return;
        }
        let block = std::mem::take(&mut self.block);
        match self.queue.send_block(&self.call, block) {
            Ok(()) => self.block.from_ms = self.committed_ms,
            Err(block) => {
                self.block = block;
                self.keep_bounds();
            }
        }
    }

    /// Gives up what does not fit into the call's own reserve.
    fn keep_bounds(&mut self) {
        let held_ms = self.held_ms();
        if held_ms > HELD_MS_MAX {
            self.counters.dropped_ms.fetch_add(held_ms, Ordering::Relaxed);
            self.block.caller = Vec::new();
            self.block.assistant = Vec::new();
            self.block.from_ms = self.committed_ms;
            self.note_loss("audio found no room on the way to the disk");
        }
        if self.block.tape.len() > HELD_TAPE_BYTES_MAX {
            // A tape with a hole cannot be replayed; its beginning can.
            self.tape_ended = true;
            self.block.tape = Vec::new();
            self.note_loss("the tape found no room on the way to the disk and ends here");
        }
    }

    fn held_ms(&self) -> u64 {
        (self.block.caller.len() / BYTES_PER_MS) as u64
    }

    fn note_loss(&mut self, what: &str) {
        if !std::mem::replace(&mut self.lost_any, true) {
            self.counters.calls.fetch_add(1, Ordering::Relaxed);
            tracing::error!(
                call = %self.call.call_id,
                "the recording has a gap: {what}. The disk under {} is too slow or stands still; later losses of this \
                 call are only counted",
                self.call.folder.display()
            );
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        if !self.closed {
            self.finish(self.last_ms.max(self.committed_ms), None);
        }
    }
}
