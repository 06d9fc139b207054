//! When to compare speech by its likeness: only where no known audio explains it, because that is certain and cheap.

use std::collections::VecDeque;

use crate::recognizer::activity::Activity;
use crate::recognizer::lexicon::Lexicon;
use crate::recognizer::likeness::Likeness;
use crate::recognizer::{HeardWord, MEMORY};

/// Samples of voice without known audio before likeness is tried: 240 ms.
const DOUBT: u64 = 1_920;

/// Samples before the detected voice that belong to it: 200 ms.
const LEAD: u64 = 1_600;

/// Silence, in samples, that ends a stretch of speech: 500 ms.
const STRETCH_ENDS: u64 = 4_000;

/// Samples kept for looking back: the lead, the doubt and what a detector needs to be sure.
const KEPT: usize = (LEAD + DOUBT) as usize + 800;

/// Follows the speech of one stream that is not known to the sample.
#[derive(Debug)]
pub(super) struct Guess {
    recent: VecDeque<u8>,
    /// The speech that goes on now, and where its voice began.
    present: Option<(u64, Likeness)>,
    /// Voice that was followed or explained already.
    settled: Option<u64>,
    past: Vec<HeardWord>,
}

impl Guess {
    pub(super) fn new() -> Self {
        Self { recent: VecDeque::with_capacity(KEPT), present: None, settled: None, past: Vec::new() }
    }

    /// Takes audio that ends at the stream's sample `position`; `exact` is where known audio was last heard.
    pub(super) fn push(
        &mut self,
        lexicon: &Lexicon,
        audio: &[u8],
        position: u64,
        activity: &Activity,
        exact: Option<u64>,
    ) {
        self.recent.extend(audio);
        let surplus = self.recent.len().saturating_sub(KEPT);
        self.recent.drain(..surplus);
        match &mut self.present {
            Some((started, likeness)) => {
                likeness.push(audio);
                let silent = activity.last_voice().is_none_or(|last| position - last >= STRETCH_ENDS);
                if exact.is_some_and(|last| last > *started) {
                    self.present = None;
                } else if silent {
                    self.past.extend(likeness.words());
                    self.past.retain(|word| position - word.to < MEMORY);
                    self.present = None;
                }
            }
            None => self.begin(lexicon, position, activity, exact),
        }
    }

    /// The words of what sounded like a clip.
    pub(super) fn words(&self) -> Vec<HeardWord> {
        let present = self.present.iter().flat_map(|(_, likeness)| likeness.words());
        self.past.iter().cloned().chain(present).collect()
    }

    fn begin(&mut self, lexicon: &Lexicon, position: u64, activity: &Activity, exact: Option<u64>) {
        let Some(started) = activity.started().filter(|started| self.settled != Some(*started)) else { return };
        if position - started < DOUBT {
            return;
        }
        self.settled = Some(started);
        if exact.is_some_and(|last| last > started) {
            return;
        }
        let from = started.saturating_sub(LEAD).max(position - self.recent.len() as u64);
        let mut likeness = Likeness::new(from, activity.noise_db(), &lexicon.read());
        let skipped = self.recent.len() - (position - from) as usize;
        let heard: Vec<u8> = self.recent.iter().skip(skipped).copied().collect();
        likeness.push(&heard);
        self.present = Some((started, likeness));
    }
}
