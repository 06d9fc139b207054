//! The part of a recording that lives in the call's task: it places frames and hands blocks on, and never waits.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use engine::audio::frame::{FRAME_LEN, FRAME_MS, Frame, SILENCE};
use engine::audio::timeline::{PENDING_MS_MAX, Timeline};
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

/// A frame of silence.
const NOTHING: Frame = [SILENCE; FRAME_LEN];

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
    paused: bool,
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
            paused: false,
            tape_ended: false,
            lost_any: false,
            closed: false,
        }
    }

    /// Places what the caller said.
    pub fn caller(&mut self, stream_ms: u64, frame: &Frame) {
        self.timeline.caller(stream_ms, if self.paused { &NOTHING } else { frame });
        self.caller_end_ms = self.caller_end_ms.max(stream_ms.saturating_add(FRAME_MS));
    }

    /// Places what the assistant says where it is expected to be heard.
    pub fn assistant(&mut self, at_ms: u64, frame: &Frame) {
        if !self.paused {
            self.timeline.assistant(at_ms, frame);
        }
    }

    /// What both sides say from now on is silence on the recording, or is not any more.
    pub fn pause(&mut self, paused: bool) {
        self.paused = paused;
    }

    /// What the assistant said so far and is not on its way to the disk was heard so much later.
    pub fn assistant_later(&mut self, by_ms: u64) {
        self.timeline.assistant_later(by_ms);
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
        if self.committed_ms >= until_ms {
            return;
        }
        let len = (until_ms - self.committed_ms).min(PENDING_MS_MAX) as usize * BYTES_PER_MS;
        self.block.caller.reserve_exact(len);
        self.block.assistant.reserve_exact(len);
        self.committed_ms = self.timeline.commit(until_ms, &mut self.block.caller, &mut self.block.assistant);
        if self.committed_ms < until_ms {
            self.skip_silence(until_ms);
        }
    }

    /// After a jump of the clock: the timeline had no more than it just gave, so the rest is silence, which need not be
    /// carried. The writer makes it from the place of the next block.
    fn skip_silence(&mut self, until_ms: u64) {
        self.hand_over();
        self.drop_audio();
        while self.committed_ms < until_ms {
            self.committed_ms = self.timeline.commit(until_ms, &mut self.block.caller, &mut self.block.assistant);
            self.block.caller.clear();
            self.block.assistant.clear();
        }
        self.block.from_ms = self.committed_ms;
    }

    fn hand_over(&mut self) {
        if self.block.is_empty() {
            return;
        }
        match self.queue.send_block(&self.call, std::mem::take(&mut self.block)) {
            Ok(()) => self.block.from_ms = self.committed_ms,
            Err(block) => {
                self.block = block;
                self.keep_bounds();
            }
        }
    }

    /// Gives up what does not fit into the call's own reserve.
    fn keep_bounds(&mut self) {
        if self.held_ms() > HELD_MS_MAX {
            self.drop_audio();
        }
        if self.block.tape.len() > HELD_TAPE_BYTES_MAX {
            // A tape with a hole cannot be replayed; its beginning can.
            self.tape_ended = true;
            self.block.tape = Vec::new();
            self.note_loss("the tape found no room on the way to the disk and ends here");
        }
    }

    fn drop_audio(&mut self) {
        let held_ms = self.held_ms();
        if held_ms > 0 {
            self.counters.dropped_ms.fetch_add(held_ms, Ordering::Relaxed);
            self.note_loss("audio found no room on the way to the disk");
        }
        self.block.caller = Vec::new();
        self.block.assistant = Vec::new();
        self.block.from_ms = self.committed_ms;
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

#[cfg(test)]
mod tests {
    use super::super::writer::BLOCKS_MAX;
    use super::*;

    fn recorder(queue: &Queue) -> Recorder {
        Recorder::new(1, Uuid::nil(), PathBuf::from("nowhere"), queue.clone(), Arc::default())
    }

    /// Lets a call go on until a moment, a frame of both sides every 20 ms.
    fn talk(recorder: &mut Recorder, from_ms: u64, to_ms: u64) {
        for at_ms in (from_ms..to_ms).step_by(FRAME_MS as usize) {
            recorder.caller(at_ms, &[1; 160]);
            recorder.assistant(at_ms, &[2; 160]);
            recorder.tick(at_ms + FRAME_MS);
        }
    }

    fn blocks(messages: &std::sync::mpsc::Receiver<Message>) -> Vec<Block> {
        let block = |message| match message {
            Message::Block { block, .. } | Message::Close { block, .. } => Some(block),
            Message::Flush(_) => None,
        };
        messages.try_iter().filter_map(block).collect()
    }

    #[test]
    fn less_than_a_second_is_ever_kept_back() {
        let (queue, messages) = Queue::without_thread();
        let mut recorder = recorder(&queue);
        for second in 1..20 {
            talk(&mut recorder, (second - 1) * 1_000, second * 1_000);
            blocks(&messages);
            assert!(second * 1_000 - recorder.committed_ms < 1_000);
        }
    }

    #[test]
    fn blocks_follow_one_another_without_a_gap_to_the_very_end() {
        let (queue, messages) = Queue::without_thread();
        let mut recorder = recorder(&queue);
        talk(&mut recorder, 0, 3_210);
        drop(recorder.close(3_210));
        let (mut caller, mut assistant) = (Vec::new(), Vec::new());
        for block in blocks(&messages) {
            assert_eq!(block.from_ms as usize * BYTES_PER_MS, caller.len());
            caller.extend(block.caller);
            assistant.extend(block.assistant);
        }
        // The caller's last frame is whole; the assistant's was cut at the end of the call.
        assert_eq!((caller.len(), assistant.len()), (3_220 * BYTES_PER_MS, 3_220 * BYTES_PER_MS));
        assert!(caller.iter().all(|&code| code == 1));
        assert!(assistant[..3_210 * BYTES_PER_MS].iter().all(|&code| code == 2));
        assert!(assistant[3_210 * BYTES_PER_MS..].iter().all(|&code| code == SILENCE));
    }

    #[test]
    fn what_is_said_while_the_recording_is_paused_is_silence() {
        let (queue, messages) = Queue::without_thread();
        let mut recorder = recorder(&queue);
        talk(&mut recorder, 0, 1_000);
        recorder.pause(true);
        talk(&mut recorder, 1_000, 2_000);
        recorder.pause(false);
        talk(&mut recorder, 2_000, 3_000);
        drop(recorder.close(3_000));
        let all = blocks(&messages);
        let side = |of: fn(&Block) -> &Vec<u8>| all.iter().flat_map(|block| of(block).clone()).collect::<Vec<u8>>();
        for (codes, loud) in [(side(|block| &block.caller), 1), (side(|block| &block.assistant), 2)] {
            let seconds: Vec<_> = codes.chunks(1_000 * BYTES_PER_MS).collect();
            let all_are = |second: &[u8], code| second.iter().all(|&there| there == code);
            assert!(all_are(seconds[0], loud) && all_are(seconds[1], SILENCE) && all_are(seconds[2], loud));
        }
    }

    #[test]
    fn a_stalled_caller_is_waited_for_and_keeps_its_place() {
        let (queue, messages) = Queue::without_thread();
        let mut recorder = recorder(&queue);
        talk(&mut recorder, 0, 1_000);
        for now_ms in (1_000..2_800).step_by(20) {
            recorder.tick(now_ms);
        }
        assert!(recorder.committed_ms <= 1_000);
        talk(&mut recorder, 1_000, 2_800);
        drop(recorder.close(2_800));
        let caller: Vec<u8> = blocks(&messages).into_iter().flat_map(|block| block.caller).collect();
        assert!(caller.len() == 2_800 * BYTES_PER_MS && caller.iter().all(|&code| code == 1));
    }

    #[test]
    fn a_caller_who_never_comes_back_does_not_hold_the_recording_up() {
        let (queue, _messages) = Queue::without_thread();
        let mut recorder = recorder(&queue);
        talk(&mut recorder, 0, 1_000);
        for now_ms in (1_000..20_000).step_by(20) {
            recorder.tick(now_ms);
        }
        assert!(recorder.committed_ms > 20_000 - STALL_MS_MAX - SETTLE_MS - BLOCK_MS - 20);
    }

    #[test]
    fn a_full_queue_costs_nothing_for_ten_seconds_and_then_the_oldest_audio() {
        let (queue, messages) = Queue::without_thread();
        queue.pretend_waiting(BLOCKS_MAX);
        let mut recorder = recorder(&queue);
        recorder.tape("first");
        talk(&mut recorder, 0, 9_000);
        assert_eq!(recorder.counters.dropped_ms.load(Ordering::Relaxed), 0);
        queue.pretend_waiting(0);
        talk(&mut recorder, 9_000, 10_000);
        let held = blocks(&messages);
        assert_eq!((held[0].from_ms, held[0].tape.as_slice()), (0, b"first\n".as_slice()));
        assert!(held[0].caller.len() / BYTES_PER_MS > 8_000);

        queue.pretend_waiting(BLOCKS_MAX);
        talk(&mut recorder, 10_000, 25_000);
        let dropped_ms = recorder.counters.dropped_ms.load(Ordering::Relaxed);
        assert!((HELD_MS_MAX..HELD_MS_MAX + 1_000).contains(&dropped_ms), "{dropped_ms}");
        queue.pretend_waiting(0);
        talk(&mut recorder, 25_000, 26_000);
        assert!(blocks(&messages)[0].from_ms > 19_000);
    }

    #[test]
    fn a_jump_of_the_clock_keeps_the_audio_before_it_and_carries_no_silence() {
        let (queue, messages) = Queue::without_thread();
        let mut recorder = recorder(&queue);
        talk(&mut recorder, 0, 400);
        recorder.caller(3_600_000 - 20, &[1; 160]);
        recorder.tick(3_600_000);
        recorder.tick(3_601_000);
        talk(&mut recorder, 3_601_000, 3_602_000);
        let all = blocks(&messages);
        assert!(all[0].caller[..400 * BYTES_PER_MS].iter().all(|&code| code == 1));
        assert!(all.iter().map(|block| block.caller.len()).sum::<usize>() < 20_000 * BYTES_PER_MS);
        assert_eq!(recorder.counters.dropped_ms.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_recorder_that_is_dropped_hands_over_what_it_has() {
        let (queue, messages) = Queue::without_thread();
        let mut recorder = recorder(&queue);
        talk(&mut recorder, 0, 200);
        recorder.tape("last words");
        drop(recorder);
        let all = blocks(&messages);
        assert_eq!((all[0].caller.len(), all[0].tape.as_slice()), (200 * BYTES_PER_MS, b"last words\n".as_slice()));
    }
}
