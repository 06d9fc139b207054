//! Our own voice coming back is not the caller. A hybrid, a speakerphone or a mobile network returns what we play 40 to
//! 600 ms later, fainter, and changed; it must not stop us, and must not be transcribed as the caller's words.
//!
//! ```text
//!  what we play ─► reference ─┬────────────► search: at which delay?
//!                             │                      │ found
//!  the caller's frame ────────┼─► path: filter ─► what is left ─► only our echo? ─► down to the line's noise
//!                             └──────┘ learns                  └► somebody over it ─► what is left
//! ```
//!
//! On a line without an echo every frame passes to the bit; all that is done is to look for a delay, where the line is
//! loud while we can be heard. On one with an echo the frame that comes out is for the detector and for speech-to-text;
//! the recording keeps the original. Where it is uncertain whether somebody speaks over us, the echo is let through.

mod canceller;
mod filter;
mod levels;
mod past;
mod path;
mod reference;
mod search;

use canceller::Canceller;

use crate::audio::frame::Frame;
use crate::time::CallTime;

/// How long a sample lasts, in microseconds.
const SAMPLE_US: u64 = 125;

/// Samples in a millisecond.
const SAMPLES_PER_MS: i64 = 8;

/// What a frame of the caller's turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing of ours is known to be in it: it is as it came, to the bit.
    Untouched,
    /// It held nothing but our echo. What is left of it is no louder than the line's noise.
    OnlyEcho,
    /// Our echo was taken out of it, and more than that is left.
    SomebodyOver,
}

/// Takes our echo out of one call: less than 24 KiB from when we first speak, no allocation after that. Same frames, same
/// frames out.
#[derive(Debug, Default)]
pub struct Echo {
    canceller: Option<Box<Canceller>>,
}

impl Echo {
    /// We play a frame, and it is heard from this moment on unless a clear comes first. One that is said to be heard
    /// before the end of the one before follows that one instead.
    pub fn played(&mut self, heard_at: CallTime, frame: &Frame) {
        self.canceller.get_or_insert_with(Canceller::new).played(position(heard_at), frame);
    }

    /// Nothing of ours is heard from this moment on.
    pub fn cleared(&mut self, at: CallTime) {
        if let Some(canceller) = &mut self.canceller {
            canceller.cleared(position(at));
        }
    }

    /// Takes our echo out of a frame that was said, or came back, at this time of the call.
    pub fn hear(&mut self, at_ms: u64, frame: &mut Frame) -> Verdict {
        match &mut self.canceller {
            Some(canceller) => canceller.hear(at_ms as i64 * SAMPLES_PER_MS, frame),
            None => Verdict::Untouched,
        }
    }
}

/// A moment of the call in samples.
fn position(at: CallTime) -> i64 {
    (at.as_us() / SAMPLE_US) as i64
}

#[cfg(test)]
mod tests;
