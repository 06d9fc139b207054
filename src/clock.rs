//! The only clock read. Everything else is told the time, so that it can be tested with made-up moments and replayed.

use std::time::UNIX_EPOCH;

use engine::time::CallTime;
use tokio::time::Instant;

/// The process's clocks: a steady one to measure with, and the wall's to date things.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock;

impl Clock {
    /// The steady clock. In a test with paused time it stands still, too.
    pub fn now(self) -> Instant {
        Instant::now()
    }

    /// The wall clock: milliseconds since 1970 in UTC. It may jump; durations are never taken from it.
    #[expect(clippy::disallowed_methods, reason = "this is the one place where the clock is read")]
    pub fn wall_ms(self) -> i64 {
        let since_1970 = std::time::SystemTime::now().duration_since(UNIX_EPOCH);
        since_1970.map_or(0, |elapsed| i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
    }

    /// Starts the clock of a call that is answered now.
    pub fn answer(self) -> CallClock {
        CallClock { answered: self.now(), answered_at_ms: self.wall_ms() }
    }
}

/// One call's time: zero at the answer, steady from there on, also when another stream takes the call over.
#[derive(Debug, Clone, Copy)]
pub struct CallClock {
    answered: Instant,
    answered_at_ms: i64,
}

impl CallClock {
    /// The moment of the call that it is now.
    pub fn now(self) -> CallTime {
        self.at(Clock.now())
    }

    /// The moment of the call that an instant is; zero for one before the answer.
    pub fn at(self, instant: Instant) -> CallTime {
        let since_answer = instant.saturating_duration_since(self.answered);
        CallTime::from_us(u64::try_from(since_answer.as_micros()).unwrap_or(u64::MAX))
    }

    /// The instant of a moment of the call, to sleep until.
    pub fn instant(self, at: CallTime) -> Instant {
        self.answered + at.since(CallTime::ZERO)
    }

    /// The wall clock at the answer: milliseconds since 1970 in UTC.
    pub fn answered_at_ms(self) -> i64 {
        self.answered_at_ms
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_call_begins_at_zero_and_instants_go_both_ways() {
        let call = Clock.answer();
        assert_eq!(call.at(call.answered), CallTime::ZERO);
        assert_eq!(call.at(call.answered - Duration::from_secs(1)), CallTime::ZERO);
        let later = CallTime::from_us(1_234_567);
        assert_eq!(call.at(call.instant(later)), later);
    }

    #[test]
    fn the_wall_clock_is_in_this_century() {
        assert!(Clock.wall_ms() > 1_700_000_000_000);
        assert!(Clock.wall_ms() < 4_102_444_800_000);
    }
}
