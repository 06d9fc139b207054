//! How fast audio may be sent: as it comes, and after an outage a little faster than it was spoken.
//!
//! Deepgram asks for 1.25 times at most:
//! <https://developers.deepgram.com/docs/recovering-from-connection-errors-and-timeouts-when-live-streaming-audio>,
//! read 2026-11. A short burst is allowed on top, so that the audio held during the handshake goes out at once.

use std::time::Duration;

use engine::audio::frame::FRAME_MS;
use tokio::time::Instant;

/// What may be sent at once, on top: 240 ms of audio, about one message of the longest recommended length.
pub(super) const BURST_FRAMES: usize = 12;

/// The budget. It fills with time and is never fuller than one burst.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// The time a frame takes.
    frame_cost: Duration,
    /// When all that was sent is paid for.
    paid_at: Instant,
}

impl Pace {
    /// A full budget, which fills so many times as fast as time goes.
    pub(super) fn new(now: Instant, speed: f64) -> Self {
        let frame_cost = Duration::from_millis(FRAME_MS).div_f64(speed.clamp(1.0, 1_000.0));
        Self { frame_cost, paid_at: now }
    }

    /// How many frames may be sent now.
    pub(super) fn allowance(&self, now: Instant) -> usize {
        let owed = self.paid_at.saturating_duration_since(now);
        let left = (self.frame_cost * BURST_FRAMES as u32).saturating_sub(owed);
        usize::try_from(left.as_nanos() / self.frame_cost.as_nanos()).unwrap_or(BURST_FRAMES)
    }

    /// Notes that so many frames were sent.
    pub(super) fn spend(&mut self, now: Instant, frames: usize) {
        self.paid_at = self.paid_at.max(now) + self.frame_cost * u32::try_from(frames).unwrap_or(u32::MAX);
    }

    /// When so many frames, a burst at most, may be sent.
    pub(super) fn ready_at(&self, frames: usize) -> Instant {
        let room = self.frame_cost * BURST_FRAMES.saturating_sub(frames) as u32;
        self.paid_at.checked_sub(room).unwrap_or(self.paid_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn live_audio_is_never_held_back() {
        let start = Instant::now();
        let mut pace = Pace::new(start, 1.25);
        for n in 0..1_000 {
            let now = start + Duration::from_millis(n * 20);
            assert!(pace.allowance(now) >= 1);
            pace.spend(now, 1);
        }
    }

    #[test]
    fn a_backlog_goes_out_at_one_and_a_quarter_times_its_length() {
        let start = Instant::now();
        let mut pace = Pace::new(start, 1.25);
        let mut now = start;
        let mut left = 500;
        while left > 0 {
            let frames = pace.allowance(now).min(left);
            pace.spend(now, frames);
            left -= frames;
            now = pace.ready_at(BURST_FRAMES.min(left)).max(now);
        }
        let took = now - start;
        assert!((Duration::from_millis(7_600)..=Duration::from_millis(8_000)).contains(&took), "{took:?} for 10 s");
    }

    #[test]
    fn frames_are_allowed_at_the_moment_that_was_promised() {
        let start = Instant::now();
        let mut pace = Pace::new(start, 1.25);
        pace.spend(start, BURST_FRAMES);
        assert_eq!(pace.allowance(start), 0);
        for frames in 1..=BURST_FRAMES {
            assert_eq!(pace.allowance(pace.ready_at(frames)), frames);
        }
    }
}
