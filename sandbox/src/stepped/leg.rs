//! The stepped leg: plays phrases one after the other and echoes their marks, as Twilio does.

use std::collections::VecDeque;
use std::time::Duration;

use engine::audio::mark::Mark;
use engine::io::{Input, PhraseId};
use engine::time::CallTime;

/// A mark follows each this many milliseconds of a phrase, as the real playout sends them.
const MARK_EVERY_MS: u32 = 200;

#[derive(Debug, Default)]
pub(super) struct Leg {
    generation: u32,
    phrases: VecDeque<Phrase>,
}

#[derive(Debug)]
struct Phrase {
    id: PhraseId,
    ready: CallTime,
    at_ms: u32,
    length_ms: u32,
    started: bool,
}

/// The next thing the leg will have played.
#[derive(Debug, Clone, Copy)]
pub(super) enum Played {
    Beginning,
    Mark(Mark),
}

impl Leg {
    pub(super) fn append(&mut self, id: PhraseId, ready: CallTime, from_ms: u32, length_ms: u32) {
        self.phrases.push_back(Phrase { id, ready, at_ms: from_ms.min(length_ms), length_ms, started: false });
    }

    pub(super) fn is_audible(&self) -> bool {
        self.phrases.front().is_some_and(|phrase| phrase.started)
    }

    /// When the leg comes to the next point that anybody hears of.
    pub(super) fn next(&self, now: CallTime) -> Option<(CallTime, Played)> {
        let front = self.phrases.front()?;
        if !front.started {
            return Some((front.ready.max(now), Played::Beginning));
        }
        let point_ms = (front.at_ms / MARK_EVERY_MS * MARK_EVERY_MS + MARK_EVERY_MS).min(front.length_ms);
        let mark = Mark {
            generation: self.generation,
            phrase: front.id,
            offset_ms: point_ms,
            ends_phrase: point_ms == front.length_ms,
        };
        Some((now + Duration::from_millis(u64::from(point_ms - front.at_ms)), Played::Mark(mark)))
    }

    /// Plays up to a point, and says what is heard of it, and when.
    pub(super) fn plays(&mut self, now: CallTime, played: Played, way: Duration) -> Vec<(CallTime, Input)> {
        let Some(front) = self.phrases.front_mut() else { return Vec::new() };
        match played {
            Played::Beginning => {
                front.started = true;
                vec![(now, Input::PhraseStarted { phrase: front.id })]
            }
            Played::Mark(mark) => {
                front.at_ms = mark.offset_ms;
                if mark.ends_phrase {
                    self.phrases.pop_front();
                }
                vec![(now + way, Input::MarkReached(mark))]
            }
        }
    }

    /// Drops everything; a mark that was pending is echoed at once, as Twilio does.
    pub(super) fn clear(&mut self, now: CallTime, generation: u32, way: Duration) -> Vec<(CallTime, Input)> {
        let echoed = match self.next(now) {
            Some((_, Played::Mark(mark))) => vec![(now + way * 2, Input::MarkReached(mark))],
            _ => Vec::new(),
        };
        self.phrases.clear();
        self.generation = generation;
        echoed
    }
}
