//! A provider that is down is not waited for: a circuit breaker.
//!
//! ```text
//!            5 failures in a row                its time is over
//!  closed ──────────────────────────► open ──────────────────────────► half-open
//!    ▲                                 ▲                                │  │
//!    │                                 └── the trial failed: twice as ──┘  │
//!    │                                     long, a minute at most          │
//!    └──────────────────────────────────── the trial succeeded ────────────┘
//! ```
//!
//! Closed, everybody may ask. Open, nobody who can go elsewhere may. Half-open, one may try; the others go elsewhere.
//! Any success closes it.

use std::time::Duration;

use tokio::time::Instant;

/// Failures in a row after which a provider is taken to be down.
const FAILURES_MAX: u32 = 5;

/// How long it is left alone at first, and at most.
const LEFT_ALONE: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(60));

/// How one provider has been doing.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed { failures: u32 },
    Open { until: Instant, lasts: Duration },
    HalfOpen { lasted: Duration },
}

impl Default for State {
    fn default() -> Self {
        Self::Closed { failures: 0 }
    }
}

impl Breaker {
    /// Whether somebody who can go elsewhere may ask now. Whoever may, says how it went.
    pub(super) fn admits(&mut self, now: Instant) -> bool {
        match self.state {
            State::Closed { .. } => true,
            State::Open { until, lasts } if until <= now => {
                self.state = State::HalfOpen { lasted: lasts };
                true
            }
            State::Open { .. } | State::HalfOpen { .. } => false,
        }
    }

    /// It answered.
    pub(super) fn succeeded(&mut self) {
        self.state = State::default();
    }

    /// It did not. Whether it is taken to be down from this failure on.
    pub(super) fn failed(&mut self, now: Instant) -> bool {
        match self.state {
            State::Closed { failures } if failures + 1 < FAILURES_MAX => {
                self.state = State::Closed { failures: failures + 1 };
                false
            }
            State::Closed { .. } => {
                self.open(now, LEFT_ALONE.0);
                true
            }
            // Somebody asks who had nowhere else to go.
            State::Open { .. } => false,
            State::HalfOpen { lasted } => {
                self.open(now, (2 * lasted).min(LEFT_ALONE.1));
                true
            }
        }
    }

    /// Whoever was admitted went away before it was known: the next one may try.
    pub(super) fn abandoned(&mut self, now: Instant) {
        if let State::HalfOpen { lasted } = self.state {
            self.state = State::Open { until: now, lasts: lasted };
        }
    }

    fn open(&mut self, now: Instant, lasts: Duration) {
        self.state = State::Open { until: now + lasts, lasts };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// A breaker that has just opened.
    fn opened(now: Instant) -> Breaker {
        let mut breaker = Breaker::default();
        for failure in 1..=FAILURES_MAX {
            assert!(breaker.admits(now));
            assert_eq!(breaker.failed(now), failure == FAILURES_MAX);
        }
        breaker
    }

    #[test]
    fn a_success_between_failures_keeps_it_closed() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        for _ in 0..3 * FAILURES_MAX {
            breaker.failed(now);
            breaker.failed(now);
            breaker.succeeded();
            assert!(breaker.admits(now));
        }
    }

    #[test]
    fn it_opens_lets_one_try_and_closes_when_that_went_well() {
        let now = Instant::now();
        let mut breaker = opened(now);
        assert!(!breaker.admits(now) && !breaker.admits(now + LEFT_ALONE.0 - MS));
        let later = now + LEFT_ALONE.0;
        assert!(breaker.admits(later));
        assert!(!breaker.admits(later), "one at a time");
        breaker.succeeded();
        assert!(breaker.admits(later) && breaker.admits(later));
    }

    #[test]
    fn a_trial_that_fails_doubles_the_time_up_to_a_minute() {
        let mut now = Instant::now();
        let mut breaker = opened(now);
        let mut lasts = LEFT_ALONE.0;
        for _ in 0..6 {
            assert!(!breaker.admits(now + lasts - MS));
            now += lasts;
            assert!(breaker.admits(now) && breaker.failed(now));
            lasts = (2 * lasts).min(LEFT_ALONE.1);
        }
        assert_eq!(lasts, LEFT_ALONE.1);
        assert!(!breaker.admits(now + lasts - MS) && breaker.admits(now + lasts));
    }

    #[test]
    fn a_trial_that_nobody_waited_for_is_made_again() {
        let now = Instant::now();
        let mut breaker = opened(now);
        let later = now + LEFT_ALONE.0;
        assert!(breaker.admits(later) && !breaker.admits(later));
        breaker.abandoned(later);
        assert!(breaker.admits(later) && !breaker.admits(later));
    }

    #[test]
    fn who_has_nowhere_else_to_go_neither_prolongs_nor_misses_its_recovery() {
        let now = Instant::now();
        let mut breaker = opened(now);
        assert!(!breaker.failed(now + MS), "it is known to be down");
        assert!(breaker.admits(now + LEFT_ALONE.0));
        let mut breaker = opened(now);
        breaker.succeeded();
        assert!(breaker.admits(now));
    }
}
