//! How much Twilio had played of what it was sent, at each clear.

use std::time::Duration;

use engine::audio::mark::Mark;

use super::account::{Account, Place};
use crate::twilio::{Happening, LineEvent};

/// How long one byte of µ-law plays, in microseconds.
const BYTE_US: u64 = 125;

/// A clear that took effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// The generation that it begins: clears are counted from 1.
    pub generation: u32,
    /// When, since the call was placed.
    pub at: Duration,
    /// How much was never heard.
    pub dropped: Duration,
    /// The last mark before it that was reached.
    mark: Option<Mark>,
    /// How much was heard behind that mark, or since the clear before.
    behind: Duration,
}

/// What was played of one call, clear by clear.
#[derive(Debug, Clone, Default)]
pub struct Played {
    cuts: Vec<Cut>,
    /// Bytes since the last clear.
    heard: u64,
}

impl Played {
    /// Takes note of what the line told.
    pub fn notice(&mut self, event: &LineEvent) {
        match &event.what {
            Happening::Heard(audio) => self.heard += audio.len() as u64,
            Happening::Cleared { dropped, past } => {
                let heard = Duration::from_micros(std::mem::take(&mut self.heard) * BYTE_US);
                let mark = past.as_ref().and_then(|(name, behind)| Some((name.parse().ok()?, *behind)));
                let (mark, behind) = mark.map_or((None, heard), |(mark, behind)| (Some(mark), behind));
                let generation = self.cuts.len() as u32 + 1;
                self.cuts.push(Cut { generation, at: event.at, dropped: *dropped, mark, behind });
            }
            _ => {}
        }
    }

    /// Every clear so far, in order.
    pub fn cuts(&self) -> &[Cut] {
        &self.cuts
    }
}

impl Cut {
    /// The phrase that was being heard, and how much of it was; nothing when nothing of it was ever ordered.
    pub fn place(&self, account: &Account) -> Option<Place> {
        let mut orders = account.orders_of(self.generation - 1);
        let behind_ms = self.behind.as_secs_f64() * 1_000.0;
        // The mark that follows a clear is of what it cut off, and stands before all that was ordered since.
        let Some(mark) =
            self.mark.filter(|mark| account.orders_of(self.generation - 1).any(|order| order.phrase == mark.phrase))
        else {
            let first = orders.next()?;
            return Some(Place { phrase: first.phrase, heard_ms: f64::from(first.from_ms) + behind_ms });
        };
        let after = orders.skip_while(|order| order.phrase != mark.phrase).nth(1);
        match after {
            Some(next) if mark.ends_phrase && behind_ms > 0.0 => {
                Some(Place { phrase: next.phrase, heard_ms: f64::from(next.from_ms) + behind_ms })
            }
            _ => Some(Place { phrase: mark.phrase, heard_ms: f64::from(mark.offset_ms) + behind_ms }),
        }
    }
}
