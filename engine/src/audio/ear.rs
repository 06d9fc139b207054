//! The caller's ear: how far what we sent has been heard, told from when it went out and when marks came back.
//!
//! The leg is far away. What goes out is heard one way later, an echo is seen one way after that, and a clear takes
//! effect one way after it was sent. Frames, marks and clears travel the same ways, so that most of it cancels: what the
//! caller heard when a clear takes effect is what our own clock had played when the clear went out, less what made the
//! playing late. Marks that come back later than the shortest round trip tell of that lateness; a mark behind the clear
//! tells when it took effect.
//!
//! ```text
//!  sent      ├─frame─frame─frame─mark─frame──clear─mark
//!  heard           ├─frame─frame─frame─mark─fr┤      ╲
//!  seen here              └ trip ─────────► echo      └► echo: the clear is done
//! ```

use std::collections::VecDeque;
use std::time::Duration;

use crate::audio::mark::Mark;
use crate::ids::PhraseId;
use crate::time::CallTime;

/// Pieces of speech that are remembered: more than the lead and any way to the ear can hold.
const PIECES_MAX: usize = 32;

/// Round trips that are remembered: those of about ten seconds of speech.
const TRIPS: usize = 64;

/// Marks that tell how late the playing is. The way back delays each differently; the least delayed is right.
const MARKS: usize = 4;

/// No echo that takes longer says anything about the way.
const TRIP_MAX: Duration = Duration::from_secs(2);

/// How long a round trip takes at most while none is known.
const TRIP_UNKNOWN: Duration = Duration::from_millis(300);

/// How long after a clear should have come back its echo is waited for.
const ECHO_PATIENCE: Duration = Duration::from_millis(150);

/// How far the caller heard us when a clear took effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    /// The phrase that was being heard, or the last one. All before it was heard whole.
    pub phrase: PhraseId,
    /// How much of its audio was heard.
    pub heard_ms: u32,
    /// Where that is on the record, as [`Ear::sent`] places frames.
    pub at: CallTime,
}

/// What an echo tells.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Echo {
    /// The first round trip is known: all that was placed before belongs so much later.
    pub later: Option<Duration>,
    /// The last clear is done, and this is how far the caller heard us.
    pub heard: Option<Heard>,
}

/// What one call's leg was sent, and what came back.
#[derive(Debug)]
pub struct Ear {
    generation: u32,
    trips: Recent<TRIPS>,
    run: Run,
    /// What was cut off by the last clear, until that is done.
    cut: Run,
    clearing: Option<CallTime>,
}

/// Audio of one generation.
#[derive(Debug)]
struct Run {
    pieces: VecDeque<Piece>,
    /// Up to here it was heard for certain, by our own clock.
    proven: CallTime,
    /// What marks took since the leg's buffer last ran dry.
    marks: Recent<MARKS>,
    /// How late the playing was when it did.
    carried: Duration,
    /// How much later than by our own clock frames are placed on the record: the round trip, as it was known then.
    placed: Duration,
}

/// Audio without a gap, by our own clock: when it is heard if nothing delays it.
#[derive(Debug, Clone, Copy)]
struct Piece {
    phrase: PhraseId,
    from_ms: u32,
    starts: CallTime,
    ends: CallTime,
}

impl Default for Ear {
    fn default() -> Self {
        Self { generation: 0, trips: Recent::default(), run: Run::new(), cut: Run::new(), clearing: None }
    }
}

impl Ear {
    /// A frame went out that is heard at `starts`, if nothing delays it. Returns where it belongs on the record: there
    /// the caller's answer stands where we see it, so our question stands where its echo would be seen.
    pub fn sent(&mut self, phrase: PhraseId, from_ms: u32, starts: CallTime, length: Duration) -> CallTime {
        let trip = self.trips.least();
        self.run.push(Piece { phrase, from_ms, starts, ends: starts + length }, trip);
        starts + self.run.placed
    }

    /// A mark came back at `now`. One of an older generation says nothing: a clear brings back all that were pending.
    pub fn echoed(&mut self, now: CallTime, mark: Mark) -> Echo {
        let first = self.trips.least().is_none();
        let mut echo = Echo::default();
        if mark.generation == self.generation {
            echo.heard = self.cleared_by(now);
            self.run.reached(now, mark, &mut self.trips);
        }
        if let (true, Some(trip), false) = (first, self.trips.least(), self.run.pieces.is_empty()) {
            self.run.placed = trip;
            echo.later = Some(trip);
        }
        echo
    }

    /// A clear goes out at `now`, and a generation begins. Returns how far the caller will have heard us, as well as it
    /// can be known now, and the mark that is to follow the clear; nothing when nothing was sent.
    pub fn clear(&mut self, now: CallTime, generation: u32) -> Option<(Heard, Mark)> {
        self.generation = generation;
        std::mem::swap(&mut self.run, &mut self.cut);
        self.run.forget();
        let last = self.cut.pieces.back()?;
        let offset_ms = last.offset_ms(last.ends);
        let mark = Mark { generation, phrase: last.phrase, offset_ms, ends_phrase: false };
        self.clearing = Some(now);
        let heard = self.cut.heard_by(now, self.trips.least())?;
        Some((heard, mark))
    }

    /// How far the caller heard us before the last clear, once its answer is overdue at `now` or nothing may wait for it
    /// any more. Told once for each clear, here or by [`Ear::echoed`].
    pub fn settle(&mut self, now: CallTime, at_once: bool) -> Option<Heard> {
        let sent = self.clearing?;
        let trip = self.trips.least();
        if !at_once && now < sent + trip.unwrap_or(TRIP_UNKNOWN) + ECHO_PATIENCE {
            return None;
        }
        self.clearing = None;
        self.cut.heard_by(sent, trip)
    }

    /// The clear was done when its mark came back, less the way here. Whatever that took beyond the shortest trip may
    /// have been lost on either way.
    fn cleared_by(&mut self, now: CallTime) -> Option<Heard> {
        let sent = self.clearing.take()?;
        self.trips.add(now.since(sent));
        let trip = self.trips.least()?;
        self.cut.heard_by(sent + now.since(sent).saturating_sub(trip) / 2, Some(trip))
    }
}

impl Run {
    fn new() -> Self {
        Self {
            pieces: VecDeque::with_capacity(PIECES_MAX),
            proven: CallTime::ZERO,
            marks: Recent::default(),
            carried: Duration::ZERO,
            placed: Duration::ZERO,
        }
    }

    fn forget(&mut self) {
        self.pieces.clear();
        self.proven = CallTime::ZERO;
        self.marks.clear();
        self.carried = Duration::ZERO;
    }

    fn push(&mut self, piece: Piece, trip: Option<Duration>) {
        match self.pieces.back_mut() {
            Some(last) if last.ends >= piece.starts && last.phrase == piece.phrase => {
                last.ends = piece.ends;
                return;
            }
            Some(last) if last.ends >= piece.starts => {}
            last => {
                let ended = last.map_or(piece.starts, |last| last.ends);
                self.carried = (ended + self.late(trip)).since(piece.starts);
                self.marks.clear();
                self.placed = trip.unwrap_or_default();
            }
        }
        if self.pieces.len() == PIECES_MAX {
            self.pieces.pop_front();
        }
        self.pieces.push_back(piece);
    }

    /// All before this mark was heard.
    fn reached(&mut self, now: CallTime, mark: Mark, trips: &mut Recent<TRIPS>) {
        let Some(index) = self.pieces.iter().position(|piece| piece.holds(mark)) else { return };
        let piece = self.pieces[index];
        let by_clock = piece.starts + Duration::from_millis(u64::from(mark.offset_ms - piece.from_ms));
        let took = now.since(by_clock);
        if took <= TRIP_MAX {
            trips.add(took);
            self.marks.add(took);
        }
        self.proven = self.proven.max(by_clock);
        self.pieces.drain(..index);
    }

    /// How much later than by our own clock the playing is.
    fn late(&self, trip: Option<Duration>) -> Duration {
        match (self.marks.least(), trip) {
            (Some(took), Some(trip)) => took.saturating_sub(trip),
            _ => self.carried,
        }
    }

    /// What was heard of it when our own clock would have said `clock`; never more than was sent.
    fn heard_by(&self, clock: CallTime, trip: Option<Duration>) -> Option<Heard> {
        let (first, last) = (self.pieces.front()?, self.pieces.back()?);
        let until = (clock - self.late(trip)).max(self.proven).max(first.starts).min(last.ends);
        let piece = self.pieces.iter().rev().find(|piece| piece.starts < until).unwrap_or(first);
        let until = until.min(piece.ends);
        Some(Heard { phrase: piece.phrase, heard_ms: piece.offset_ms(until), at: until + self.placed })
    }
}

impl Piece {
    fn offset_ms(&self, at: CallTime) -> u32 {
        self.from_ms + at.since(self.starts).as_millis() as u32
    }

    fn holds(&self, mark: Mark) -> bool {
        self.phrase == mark.phrase && (self.from_ms..=self.offset_ms(self.ends)).contains(&mark.offset_ms)
    }
}

/// The last few of something, of which the least counts.
#[derive(Debug)]
struct Recent<const N: usize> {
    samples: [Duration; N],
    taken: usize,
}

impl<const N: usize> Default for Recent<N> {
    fn default() -> Self {
        Self { samples: [Duration::ZERO; N], taken: 0 }
    }
}

impl<const N: usize> Recent<N> {
    fn add(&mut self, sample: Duration) {
        self.samples[self.taken % N] = sample;
        self.taken += 1;
    }

    fn clear(&mut self) {
        self.taken = 0;
    }

    fn least(&self) -> Option<Duration> {
        self.samples[..self.taken.min(N)].iter().min().copied()
    }
}

#[cfg(test)]
mod tests;
