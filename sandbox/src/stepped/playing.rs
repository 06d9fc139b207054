//! Our end of the stepped leg: the real playout, whose frames and marks are named on their way out.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::audio::ear::Heard;
use engine::audio::frame::FRAME_MS;
use engine::audio::mark::Mark;
use engine::audio::playout::{Playout, Step};
use engine::audio::speech::SpeechPart;
use engine::io::{Fault, PhraseId};
use engine::time::CallTime;

/// Bytes of µ-law in a millisecond.
const BYTES_PER_MS: usize = 8;

/// Audio is made of pieces of this length; what it sounds like does not matter here.
const PIECE_MS: u32 = 1_000;

pub(super) struct Playing {
    playout: Playout,
    /// Where each phrase begins.
    begins_ms: BTreeMap<PhraseId, u32>,
    current: Option<(PhraseId, u32)>,
    silence: Arc<[u8]>,
}

/// Something that goes out now.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sent {
    Frame { phrase: PhraseId, offset_ms: u32, starts: bool },
    Mark(Mark),
}

impl Playing {
    pub(super) fn new(silence: Arc<[u8]>) -> Self {
        Self { playout: Playout::default(), begins_ms: BTreeMap::new(), current: None, silence }
    }

    /// Audio for all calls: it is shared, not copied.
    pub(super) fn silence() -> Arc<[u8]> {
        vec![0xff; PIECE_MS as usize * BYTES_PER_MS].into()
    }

    pub(super) fn append(&mut self, phrase: PhraseId, from_ms: u32) -> bool {
        self.begins_ms.insert(phrase, from_ms);
        self.playout.append(phrase, from_ms)
    }

    pub(super) fn fill(&mut self, phrase: PhraseId, length_ms: u32) {
        for _ in 0..length_ms / PIECE_MS {
            self.playout.fill(phrase, SpeechPart::Chunk(Arc::clone(&self.silence)));
        }
        let rest = (length_ms % PIECE_MS) as usize * BYTES_PER_MS;
        if rest > 0 {
            self.playout.fill(phrase, SpeechPart::Chunk(self.silence[..rest].into()));
        }
    }

    pub(super) fn end(&mut self, phrase: PhraseId) {
        self.playout.fill(phrase, SpeechPart::End);
    }

    pub(super) fn fail(&mut self, phrase: PhraseId, fault: Fault) {
        self.playout.fill(phrase, SpeechPart::Failed(fault));
    }

    /// How far the caller will have heard us, and the mark that is to follow the clear.
    pub(super) fn clear(&mut self, now: CallTime, generation: u32) -> Option<(Heard, Mark)> {
        self.playout.settle(now, true);
        self.playout.clear(now, generation)
    }

    /// A mark came back; says how far the caller heard us if it was the one behind a clear.
    pub(super) fn echoed(&mut self, now: CallTime, mark: Mark) -> Option<Heard> {
        self.playout.echoed(now, mark).heard
    }

    pub(super) fn due(&self) -> Option<CallTime> {
        self.playout.due()
    }

    pub(super) fn next(&mut self, now: CallTime) -> Option<Sent> {
        Some(match self.playout.next(now)? {
            Step::Mark(mark) => Sent::Mark(mark),
            Step::Frame { starts, .. } => {
                self.playout.settle(now, true);
                if let Some(phrase) = starts {
                    self.current = Some((phrase, self.begins_ms.get(&phrase).copied().unwrap_or_default()));
                }
                let (phrase, offset_ms) = self.current.as_mut().expect("a phrase says that it starts");
                let sent = Sent::Frame { phrase: *phrase, offset_ms: *offset_ms, starts: starts.is_some() };
                *offset_ms += FRAME_MS as u32;
                sent
            }
        })
    }
}
