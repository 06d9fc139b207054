//! Whether a page sends more than any page would.

use std::time::Duration;

use tokio::time::Instant;

/// Between one message and the next in the long run: a page sends fifty frames a second, and half as many again of
/// everything else.
const EVERY: Duration = Duration::from_millis(10);

/// How far a page may be ahead of that: it sends five seconds of frames at once after its socket broke.
const AHEAD_MAX: Duration = Duration::from_secs(8);

/// Counts messages by when the next one would come if all came evenly.
#[derive(Debug)]
pub(super) struct Flood {
    next: Instant,
}

impl Flood {
    pub(super) fn new(now: Instant) -> Self {
        Self { next: now }
    }

    /// Counts a message.
    pub(super) fn is_too_much(&mut self, now: Instant) -> bool {
        self.next = self.next.max(now) + EVERY;
        self.next > now + AHEAD_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_forgiven_and_a_flood_is_not() {
        let start = Instant::now();
        let mut flood = Flood::new(start);
        assert!((0..700).all(|_| !flood.is_too_much(start)));
        assert!((0..300).any(|_| flood.is_too_much(start)));
        let later = start + Duration::from_secs(10);
        assert!((0..1_000).all(|frame| !flood.is_too_much(later + Duration::from_millis(20) * frame)));
    }
}
