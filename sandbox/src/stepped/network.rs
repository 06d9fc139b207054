//! One way of the network between Twilio and us: a delay, jitter, and moments at which nothing gets through. A socket
//! keeps its order, so whatever is late holds up all that comes behind it.

use std::time::Duration;

use engine::time::CallTime;

/// One direction.
#[derive(Debug, Clone, Default)]
pub struct Way {
    /// How long anything is under way at least.
    delay: Duration,
    /// How much longer at most.
    jitter: Duration,
    stalled_until: CallTime,
    last: CallTime,
}

impl Way {
    /// A way that takes so long, and up to `jitter` longer.
    pub fn of(delay: Duration, jitter: Duration) -> Self {
        Self { delay, jitter, ..Self::default() }
    }

    /// When something arrives that is sent at `sent`.
    pub(super) fn arrival(&mut self, sent: CallTime) -> CallTime {
        let longer = self.jitter.mul_f64(share(sent));
        self.last = self.last.max(sent + self.delay + longer).max(self.stalled_until);
        self.last
    }

    pub(super) fn slowest(&self) -> Duration {
        self.delay + self.jitter
    }

    pub(super) fn is_stalled(&self, now: CallTime) -> bool {
        self.stalled_until > now
    }

    /// A new socket: it owes nothing to the old one.
    pub(super) fn begins_anew(&mut self) {
        self.last = CallTime::ZERO;
        self.stalled_until = CallTime::ZERO;
    }

    /// Lets nothing through before a moment.
    pub(super) fn stall(&mut self, until: CallTime) {
        self.stalled_until = self.stalled_until.max(until);
    }
}

/// A number from 0 to 1 that looks like chance and is the same for the same moment.
fn share(moment: CallTime) -> f64 {
    let mixed = (moment.as_us() ^ 0x9e37_79b9).wrapping_mul(0xff51_afd7_ed55_8ccd);
    (mixed >> 40) as f64 / (1_u64 << 24) as f64
}
