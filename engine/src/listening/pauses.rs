//! How long this caller pauses in mid-turn: whoever takes their time between words is given it.

use std::time::Duration;

use crate::time::CallTime;

/// Longer silences are no pauses within a thought, whatever was said after them.
const PAUSE_MAX: Duration = Duration::from_millis(1_500);

/// How much longer than the pauses so far a silence must be to be more than a pause.
const MARGIN: Duration = Duration::from_millis(100);

/// The caller's pauses so far, as one estimate: drawn half-way up by a longer pause, and an eighth of the way down by a
/// shorter one, because an answer that cuts in is worse than one that comes a little later.
#[derive(Debug, Clone, Default)]
pub(super) struct Pauses {
    usual: Duration,
    /// A pause that becomes one when words come after it; without them the sound behind it was a noise.
    last: Option<Duration>,
}

impl Pauses {
    /// A voice came back while the turn was still open.
    pub(super) fn ended(&mut self, silent_since: CallTime, at: CallTime) {
        self.last = Some(at.since(silent_since)).filter(|pause| *pause <= PAUSE_MAX);
    }

    /// Words came: what was before them was a pause.
    pub(super) fn words_came(&mut self) {
        let Some(pause) = self.last.take() else { return };
        self.usual = if pause > self.usual {
            self.usual + (pause - self.usual) / 2
        } else {
            self.usual - (self.usual - pause) / 8
        };
    }

    /// A silence longer than this caller's pauses, at least `least` and at most `most`.
    pub(super) fn beyond(&self, least: Duration, most: Duration) -> Duration {
        if self.usual.is_zero() { least } else { (self.usual + MARGIN).clamp(least, most) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: Duration = Duration::from_millis(300);
    const MOST: Duration = Duration::from_millis(900);

    fn pauses(all_ms: &[u64]) -> Pauses {
        let mut pauses = Pauses::default();
        for ms in all_ms {
            pauses.ended(CallTime::ZERO, CallTime::from_ms(*ms));
            pauses.words_came();
        }
        pauses
    }

    #[test]
    fn a_caller_without_pauses_is_not_waited_for() {
        assert_eq!(pauses(&[]).beyond(LEAST, MOST), LEAST);
        assert_eq!(pauses(&[60, 80]).beyond(LEAST, MOST), LEAST);
    }

    #[test]
    fn the_wait_grows_with_the_callers_pauses_and_has_an_end() {
        assert_eq!(pauses(&[800]).beyond(LEAST, MOST), Duration::from_millis(500));
        assert_eq!(pauses(&[800, 800]).beyond(LEAST, MOST), Duration::from_millis(700));
        assert_eq!(pauses(&[1_400; 9]).beyond(LEAST, MOST), MOST);
    }

    #[test]
    fn it_shrinks_again_slowly() {
        let after = pauses(&[800, 800, 200]).beyond(LEAST, MOST);
        assert_eq!(after, Duration::from_millis(650));
    }

    #[test]
    fn a_silence_that_no_words_follow_is_no_pause() {
        let mut pauses = Pauses::default();
        pauses.ended(CallTime::ZERO, CallTime::from_ms(800));
        assert_eq!(pauses.beyond(LEAST, MOST), LEAST);
        pauses.ended(CallTime::ZERO, CallTime::from_ms(9_000));
        pauses.words_came();
        assert_eq!(pauses.beyond(LEAST, MOST), LEAST);
    }
}
