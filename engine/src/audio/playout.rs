//! Playout: phrases in order, turned into paced frames and marks.
//!
//! Phrases are appended when they are ordered and filled when their audio arrives; a phrase from the cache and one from
//! a synthesizer differ only in how soon they fill. Frames are sent ahead of the moment they are heard by a small lead,
//! on absolute deadlines, so that a late wake-up is made good by the next and never shifts what follows.
//!
//! ```text
//!  append ─► [phrase 7 ▓▓▓▓▓▓░░][phrase 8 ▓▓░░░░][phrase 9 ░░] ─► frame, frame, mark, frame … ─► leg
//!               fill ──┘ (any chunks)                              ≤ LEAD_MS ahead of the ear
//! ```

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::audio::ear::{Ear, Echo, Heard};
use crate::audio::frame::{FRAME_LEN, FRAME_MS, Frame, SILENCE};
use crate::audio::mark::Mark;
use crate::audio::mulaw::BYTES_PER_MS;
use crate::audio::speech::SpeechPart;
use crate::ids::PhraseId;
use crate::time::CallTime;

/// How far ahead of the ear frames are sent: enough to ride out a late wake-up, little enough for a clear to be cheap.
pub const LEAD_MS: u64 = 120;

/// When less than this is ahead, a wake-up is asked for. Between the two, frames ride on wake-ups that happen anyway.
const LOW_WATER_MS: u64 = 60;

/// A mark follows each this many milliseconds of a phrase, its end, and the first frame after a silence: its echo tells
/// how far away the ear is.
const MARK_EVERY_MS: u32 = 200;

/// Phrases that may wait. More are refused: no reply is that long.
const PHRASES_MAX: usize = 64;

const FRAME: Duration = Duration::from_millis(FRAME_MS);

/// Something to send now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// One frame.
    Frame {
        /// The audio.
        frame: Frame,
        /// Where its first sample belongs on the record, see [`Ear::sent`].
        heard_at: CallTime,
        /// The phrase that begins with it.
        starts: Option<PhraseId>,
        /// How long the caller heard nothing in the middle of a phrase before it: its audio, or we, came late.
        late: Duration,
    },
    /// A mark right behind the frames before it.
    Mark(Mark),
}

/// The phrases being played, and those that wait.
#[derive(Debug, Default)]
pub struct Playout {
    generation: u32,
    phrases: VecDeque<Phrase>,
    pending_mark: Option<Mark>,
    heard_until: CallTime,
    ear: Ear,
}

#[derive(Debug)]
struct Phrase {
    id: PhraseId,
    chunks: VecDeque<Arc<[u8]>>,
    chunk_offset: usize,
    available: usize,
    skip: usize,
    sent_ms: u32,
    started: bool,
    ended: bool,
}

impl Playout {
    /// Puts a phrase behind all others, to be played from `from_ms` on. Returns false when too many wait already.
    pub fn append(&mut self, id: PhraseId, from_ms: u32) -> bool {
        if self.phrases.len() >= PHRASES_MAX {
            return false;
        }
        let skip = from_ms as usize * BYTES_PER_MS;
        self.phrases.push_back(Phrase {
            id,
            chunks: VecDeque::new(),
            chunk_offset: 0,
            available: 0,
            skip,
            sent_ms: from_ms,
            started: false,
            ended: false,
        });
        true
    }

    /// Adds audio to a phrase. Audio of a phrase that was cleared is dropped.
    pub fn fill(&mut self, id: PhraseId, part: SpeechPart) {
        if let Some(phrase) = self.phrases.iter_mut().find(|phrase| phrase.id == id) {
            phrase.fill(part);
        }
    }

    /// Drops everything that was not sent. What the leg still holds is the leg's to drop. Returns what [`Ear::clear`]
    /// does.
    pub fn clear(&mut self, now: CallTime, generation: u32) -> Option<(Heard, Mark)> {
        self.generation = generation;
        self.phrases.clear();
        self.pending_mark = None;
        self.heard_until = CallTime::ZERO;
        self.ear.clear(now, generation)
    }

    /// A mark came back.
    pub fn echoed(&mut self, now: CallTime, mark: Mark) -> Echo {
        self.ear.echoed(now, mark)
    }

    /// How far the caller heard us before the last clear, see [`Ear::settle`].
    pub fn settle(&mut self, now: CallTime, at_once: bool) -> Option<Heard> {
        self.ear.settle(now, at_once)
    }

    /// Whether any phrase is not sent to its end.
    pub fn is_busy(&self) -> bool {
        !self.phrases.is_empty() || self.pending_mark.is_some()
    }

    /// Whether the caller hears us now, as far as it can be known without the leg.
    pub fn is_audible(&self, now: CallTime) -> bool {
        self.heard_until > now
    }

    /// When to call [`next`](Self::next) at the latest; `None` while there is nothing to send.
    pub fn due(&self) -> Option<CallTime> {
        (self.pending_mark.is_some() || self.front_has_frame())
            .then(|| self.heard_until - Duration::from_millis(LOW_WATER_MS))
    }

    /// The next thing to send at `now`; to be called until it says `None`.
    pub fn next(&mut self, now: CallTime) -> Option<Step> {
        if let Some(mark) = self.pending_mark.take() {
            return Some(Step::Mark(mark));
        }
        let generation = self.generation;
        let phrase = self.phrases.front_mut()?;
        if phrase.is_spent() {
            let mark = phrase.mark(generation, true);
            self.phrases.pop_front();
            return Some(Step::Mark(mark));
        }
        if !phrase.has_frame() || self.heard_until.since(now).as_millis() as u64 >= LEAD_MS {
            return None;
        }
        let starts = (!phrase.started).then_some(phrase.id);
        let late = if phrase.started { now.since(self.heard_until) } else { Duration::ZERO };
        let ends_silence = self.heard_until < now;
        let by_clock = self.heard_until.max(now);
        self.heard_until = by_clock + FRAME;
        let heard_at = self.ear.sent(phrase.id, phrase.sent_ms, by_clock, FRAME);
        let frame = phrase.take_frame();
        if phrase.is_spent() {
            self.pending_mark = Some(phrase.mark(generation, true));
            self.phrases.pop_front();
        } else if ends_silence || phrase.sent_ms % MARK_EVERY_MS < FRAME_MS as u32 {
            self.pending_mark = Some(phrase.mark(generation, false));
        }
        Some(Step::Frame { frame, heard_at, starts, late })
    }

    fn front_has_frame(&self) -> bool {
        self.phrases.front().is_some_and(|phrase| phrase.has_frame() || phrase.is_spent())
    }
}

impl Phrase {
    fn fill(&mut self, part: SpeechPart) {
        match part {
            SpeechPart::Chunk(chunk) if !chunk.is_empty() && !self.ended => {
                self.available += chunk.len();
                self.chunks.push_back(chunk);
                self.drop_skipped();
            }
            SpeechPart::Chunk(_) | SpeechPart::Words(_) => {}
            SpeechPart::End | SpeechPart::Failed(_) => self.ended = true,
        }
    }

    fn drop_skipped(&mut self) {
        let dropped = self.skip.min(self.available);
        self.skip -= dropped;
        self.advance(dropped, |_| {});
    }

    /// Whether a frame can be cut: a whole one, or the rest of a phrase that is complete.
    fn has_frame(&self) -> bool {
        self.available >= FRAME_LEN || (self.ended && self.available > 0)
    }

    fn is_spent(&self) -> bool {
        self.ended && self.available == 0
    }

    /// A phrase begins on a frame of its own, so the last frame is filled up with silence.
    fn take_frame(&mut self) -> Frame {
        let mut frame = [SILENCE; FRAME_LEN];
        let mut filled = 0;
        self.advance(FRAME_LEN.min(self.available), |bytes| {
            frame[filled..filled + bytes.len()].copy_from_slice(bytes);
            filled += bytes.len();
        });
        self.started = true;
        self.sent_ms += FRAME_MS as u32;
        frame
    }

    fn advance(&mut self, mut bytes: usize, mut visit: impl FnMut(&[u8])) {
        self.available -= bytes;
        while bytes > 0 {
            let chunk = self.chunks.front().expect("the chunks hold what is available");
            let piece = bytes.min(chunk.len() - self.chunk_offset);
            visit(&chunk[self.chunk_offset..self.chunk_offset + piece]);
            self.chunk_offset += piece;
            bytes -= piece;
            if self.chunk_offset == chunk.len() {
                self.chunks.pop_front();
                self.chunk_offset = 0;
            }
        }
    }

    fn mark(&self, generation: u32, ends_phrase: bool) -> Mark {
        Mark { generation, phrase: self.id, offset_ms: self.sent_ms, ends_phrase }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(len: usize, byte: u8) -> SpeechPart {
        SpeechPart::Chunk(vec![byte; len].into())
    }

    fn ms(ms: u64) -> CallTime {
        CallTime::from_ms(ms)
    }

    fn steps(playout: &mut Playout, now: CallTime) -> Vec<Step> {
        std::iter::from_fn(|| playout.next(now)).collect()
    }

    fn frames(steps: &[Step]) -> usize {
        steps.iter().filter(|step| matches!(step, Step::Frame { .. })).count()
    }

    #[test]
    fn no_more_than_the_lead_is_sent_ahead() {
        let mut playout = Playout::default();
        playout.append(PhraseId(1), 0);
        playout.fill(PhraseId(1), chunk(8_000, 1));
        assert_eq!(frames(&steps(&mut playout, ms(1_000))), 6);
        assert_eq!(frames(&steps(&mut playout, ms(1_000))), 0);
        assert_eq!(frames(&steps(&mut playout, ms(1_045))), 3);
        assert_eq!(playout.due(), Some(ms(1_000 + 180 - 60)));
    }

    #[test]
    fn phrases_play_in_the_order_of_their_orders_not_of_their_audio() {
        let mut playout = Playout::default();
        playout.append(PhraseId(1), 0);
        playout.append(PhraseId(2), 0);
        playout.fill(PhraseId(2), chunk(160, 2));
        playout.fill(PhraseId(2), SpeechPart::End);
        assert_eq!(playout.next(ms(0)), None);
        playout.fill(PhraseId(1), chunk(160, 1));
        playout.fill(PhraseId(1), SpeechPart::End);
        let order: Vec<u8> = steps(&mut playout, ms(0))
            .iter()
            .filter_map(|step| if let Step::Frame { frame, .. } = step { Some(frame[0]) } else { None })
            .collect();
        assert_eq!(order, [1, 2]);
        assert!(!playout.is_busy());
    }

    #[test]
    fn marks_follow_the_first_frame_every_fifth_of_a_second_and_the_end() {
        let mut playout = Playout::default();
        playout.append(PhraseId(4), 0);
        playout.fill(PhraseId(4), chunk(8 * 450, 1));
        playout.fill(PhraseId(4), SpeechPart::End);
        let marks: Vec<String> = (1..30)
            .flat_map(|tick| steps(&mut playout, ms(tick * 20)))
            .filter_map(|step| if let Step::Mark(mark) = step { Some(mark.to_string()) } else { None })
            .collect();
        assert_eq!(marks, ["g0.p4.20", "g0.p4.200", "g0.p4.400", "g0.p4.460e"]);
    }

    #[test]
    fn marks_follow_a_phrase_that_goes_on_from_between_two_frames_just_as_often() {
        let mut playout = Playout::default();
        playout.append(PhraseId(4), 443);
        playout.fill(PhraseId(4), chunk(8 * 1_000, 1));
        playout.fill(PhraseId(4), SpeechPart::End);
        let marks: Vec<String> = (1..40)
            .flat_map(|tick| steps(&mut playout, ms(tick * 20)))
            .filter_map(|step| if let Step::Mark(mark) = step { Some(mark.to_string()) } else { None })
            .collect();
        assert_eq!(marks, ["g0.p4.463", "g0.p4.603", "g0.p4.803", "g0.p4.1003e"]);
    }

    #[test]
    fn late_audio_of_a_cleared_phrase_is_never_played() {
        let mut playout = Playout::default();
        playout.append(PhraseId(1), 0);
        playout.fill(PhraseId(1), chunk(1_600, 1));
        assert!(playout.next(ms(0)).is_some());
        playout.clear(ms(10), 1);
        playout.fill(PhraseId(1), chunk(1_600, 1));
        assert_eq!(playout.next(ms(20)), None);
        assert!(!playout.is_busy());
    }

    #[test]
    fn a_phrase_goes_on_from_the_middle() {
        let mut playout = Playout::default();
        playout.append(PhraseId(1), 100);
        playout.fill(PhraseId(1), chunk(500, 1));
        playout.fill(PhraseId(1), chunk(300, 1));
        playout.fill(PhraseId(1), chunk(160, 2));
        playout.fill(PhraseId(1), SpeechPart::End);
        let steps = steps(&mut playout, ms(0));
        assert!(matches!(steps[0], Step::Frame { frame, starts: Some(PhraseId(1)), .. } if frame == [2; FRAME_LEN]));
        assert_eq!(steps[1], Step::Mark("g0.p1.120e".parse().expect("a mark")));
    }

    #[test]
    fn a_phrase_without_audio_still_ends_with_its_mark() {
        let mut playout = Playout::default();
        playout.append(PhraseId(9), 0);
        playout.fill(PhraseId(9), SpeechPart::Failed(crate::io::Fault::Retry("gone".into())));
        assert_eq!(playout.due(), Some(CallTime::ZERO));
        assert_eq!(playout.next(ms(5)), Some(Step::Mark("g0.p9.0e".parse().expect("a mark"))));
    }

    #[test]
    fn after_a_starved_moment_the_next_frame_is_heard_at_once() {
        let mut playout = Playout::default();
        playout.append(PhraseId(1), 0);
        playout.fill(PhraseId(1), chunk(160, 1));
        steps(&mut playout, ms(0));
        playout.fill(PhraseId(1), chunk(160, 1));
        let Some(Step::Frame { heard_at, late, .. }) = playout.next(ms(500)) else { panic!("a frame is due") };
        assert_eq!((heard_at, late), (ms(500), Duration::from_millis(480)));
    }
}
