//! Twilio's end of the stepped leg: a buffer that plays what arrives, marks that come back when what is before them was
//! played, and a clear that drops the rest when it arrives and sends back every mark at once. It keeps its own count of
//! what the caller heard.
//!
//! Audio arrives in order and plays without pause, so when it is sent it is already known when it will be heard, unless a
//! clear comes first.

use std::collections::VecDeque;
use std::time::Duration;

use engine::audio::frame::FRAME_MS;
use engine::audio::mark::Mark;
use engine::io::PhraseId;
use engine::time::CallTime;

/// What becomes of a mark on its way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Echo {
    /// It comes when it should.
    Good,
    /// It comes so much later.
    Late(Duration),
    /// It never comes.
    Lost,
    /// It comes twice.
    Twice,
}

/// A piece of a phrase that was heard, or is going to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The phrase.
    pub phrase: PhraseId,
    /// Where in its audio the piece begins, in milliseconds.
    pub from_ms: u32,
    /// When that was heard.
    pub from: CallTime,
    /// How long the piece is.
    pub lasts: Duration,
}

impl Span {
    /// When the last of it was heard.
    pub fn until(&self) -> CallTime {
        self.from + self.lasts
    }
}

/// The far end of one stream after the other.
#[derive(Debug, Default)]
pub struct Twilio {
    spans: Vec<Span>,
    played_until: CallTime,
    spurt_began: Option<CallTime>,
    cleared_at: CallTime,
    pending: VecDeque<Pending>,
    marks: u64,
}

#[derive(Debug, Clone, Copy)]
struct Pending {
    number: u64,
    at: CallTime,
    mark: Mark,
}

impl Twilio {
    /// One frame arrives.
    pub(super) fn frame(&mut self, arrives: CallTime, phrase: PhraseId, offset_ms: u32) {
        let lasts = Duration::from_millis(FRAME_MS);
        let from = self.played_until.max(arrives);
        if from > self.played_until || self.spurt_began.is_none() {
            self.spurt_began = Some(from);
        }
        self.played_until = from + lasts;
        match self.spans.last_mut() {
            Some(last) if last.phrase == phrase && last.until() == from => last.lasts += lasts,
            _ => self.spans.push(Span { phrase, from_ms: offset_ms, from, lasts }),
        }
    }

    /// A mark arrives. Says when it is reached, and by which number it is then to be asked for.
    pub(super) fn mark(&mut self, arrives: CallTime, mark: Mark) -> (CallTime, u64) {
        let at = self.played_until.max(arrives);
        self.marks += 1;
        self.pending.push_back(Pending { number: self.marks, at, mark });
        (at, self.marks)
    }

    /// The mark of a number that is reached now, unless a clear sent it back before.
    pub(super) fn reached(&mut self, now: CallTime, number: u64) -> Option<Mark> {
        let front = self.pending.front().filter(|front| front.number <= number && front.at <= now)?;
        let mark = front.mark;
        self.pending.pop_front();
        Some(mark)
    }

    /// A clear arrives. Gives the numbers of the marks that are sent back at once.
    pub(super) fn clear(&mut self, arrives: CallTime) -> Vec<u64> {
        self.falls_silent(arrives);
        self.cleared_at = arrives;
        let early = self.pending.iter_mut().filter(|pending| pending.at > arrives);
        early
            .map(|pending| {
                pending.at = arrives;
                pending.number
            })
            .collect()
    }

    /// The stream is gone: nothing plays any more, and no mark comes back.
    pub(super) fn drops(&mut self, now: CallTime) {
        self.falls_silent(now);
        self.cleared_at = now;
        self.pending.clear();
    }

    /// Everything that was heard so far, or is going to be, in order.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// How far into a phrase the caller had heard at a moment, in milliseconds of its audio; `None` for nothing of it.
    pub fn heard_ms(&self, phrase: PhraseId, at: CallTime) -> Option<u32> {
        let begun = self.spans.iter().rev().find(|span| span.phrase == phrase && span.from < at)?;
        Some(begun.from_ms + at.since(begun.from).min(begun.lasts).as_millis() as u32)
    }

    /// Whether the caller hears us at a moment that is not later than what is known.
    pub fn is_audible(&self, at: CallTime) -> bool {
        let spans = self.spans.iter().rev().take_while(|span| span.until() > at);
        spans.into_iter().any(|span| span.from <= at)
    }

    /// When the last of what arrived so far has been heard.
    pub fn played_until(&self) -> CallTime {
        self.played_until
    }

    /// When the last clear took effect.
    pub fn cleared_at(&self) -> CallTime {
        self.cleared_at
    }

    /// When what was last heard without a pause began.
    pub fn spurt_began(&self) -> Option<CallTime> {
        self.spurt_began
    }

    fn falls_silent(&mut self, at: CallTime) {
        self.played_until = self.played_until.min(at);
        while let Some(last) = self.spans.last_mut() {
            if last.from < at {
                last.lasts = last.lasts.min(at.since(last.from));
                break;
            }
            self.spans.pop();
        }
    }
}
