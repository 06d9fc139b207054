//! Time inside a call, and the table of what it waits for.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Time since the call was answered, to the microsecond. Unlike an `Instant` it prints, parses and repeats.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallTime {
    since_answer_us: u64,
}

impl CallTime {
    /// The moment of answering.
    pub const ZERO: Self = Self { since_answer_us: 0 };

    /// A moment by its distance from the answer, in milliseconds.
    pub const fn from_ms(since_answer_ms: u64) -> Self {
        Self { since_answer_us: since_answer_ms * 1_000 }
    }

    /// A moment by its distance from the answer, in microseconds.
    pub const fn from_us(since_answer_us: u64) -> Self {
        Self { since_answer_us }
    }

    /// Whole milliseconds since the answer.
    pub const fn as_ms(self) -> u64 {
        self.since_answer_us / 1_000
    }

    /// Microseconds since the answer.
    pub const fn as_us(self) -> u64 {
        self.since_answer_us
    }

    /// The time from `earlier` to here; zero when `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.since_answer_us.saturating_sub(earlier.since_answer_us))
    }
}

impl Add<Duration> for CallTime {
    type Output = Self;

    fn add(self, wait: Duration) -> Self {
        Self { since_answer_us: self.since_answer_us + wait.as_micros() as u64 }
    }
}

impl Sub<Duration> for CallTime {
    type Output = Self;

    fn sub(self, wait: Duration) -> Self {
        Self { since_answer_us: self.since_answer_us.saturating_sub(wait.as_micros() as u64) }
    }
}

/// Seconds with six decimals, or with as many as the format asks for: `{:.3}` prints `4.900`, `{:>8.1}` pads it.
impl fmt::Display for CallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = f.precision().unwrap_or(6).min(6);
        let fraction = format!("{:06}", self.since_answer_us % 1_000_000);
        let text = format!("{}.{}", self.since_answer_us / 1_000_000, &fraction[..decimals]);
        write!(f, "{text:>width$}", width = f.width().unwrap_or(0))
    }
}

/// A text that is not a time: `seconds.fraction` with at most six decimals was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a call time; write seconds like 4.900")]
pub struct NotACallTime(String);

impl FromStr for CallTime {
    type Err = NotACallTime;

    fn from_str(text: &str) -> Result<Self, NotACallTime> {
        let wrong = || NotACallTime(text.to_owned());
        let (seconds, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(seconds) || !digits(fraction) || fraction.len() > 6 || seconds.len() > 9 {
            return Err(wrong());
        }
        let seconds: u64 = seconds.parse().map_err(|_| wrong())?;
        let fraction_us: u64 = format!("{fraction:0<6}").parse().map_err(|_| wrong())?;
        Ok(Self::from_us(seconds * 1_000_000 + fraction_us))
    }
}

impl Serialize for CallTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CallTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// What a call may be waiting for, each named by what ends when it fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Timer {
    /// The caller's turn: they stopped, and their words are there.
    EndOfTurn,
    /// What the floor waits for, whoever has it.
    Floor,
    /// A voice ended without words yet, and something waits to be said.
    Kept,
    /// No more keys follow those that were pressed.
    Keys,
    /// The calendar has not answered.
    Calendar,
    /// The last word before the end has been heard.
    LastWord,
    /// No audio of the caller has come for too long.
    Frames,
    /// The stream dropped, and no other adopted the call.
    Resume,
    /// The call is at its longest.
    LongestCall,
}

/// When each timer fires, if it is set. Small and fixed, so the soonest is found by looking.
#[derive(Debug, Clone, Default)]
pub struct Timers {
    due: [Option<CallTime>; Timer::ALL.len()],
}

impl Timer {
    /// Every timer, in the order in which ties are broken.
    pub const ALL: [Self; 9] = [
        Self::EndOfTurn,
        Self::Floor,
        Self::Kept,
        Self::Keys,
        Self::Calendar,
        Self::LastWord,
        Self::Frames,
        Self::Resume,
        Self::LongestCall,
    ];
}

impl Timers {
    /// Sets a timer, in place of the one of the same name.
    pub fn set(&mut self, timer: Timer, due: CallTime) {
        self.due[timer as usize] = Some(due);
    }

    /// Forgets a timer.
    pub fn clear(&mut self, timer: Timer) {
        self.due[timer as usize] = None;
    }

    /// When a timer fires, if it is set.
    pub fn due(&self, timer: Timer) -> Option<CallTime> {
        self.due[timer as usize]
    }

    /// The soonest timer.
    pub fn soonest(&self) -> Option<(CallTime, Timer)> {
        Timer::ALL.into_iter().filter_map(|timer| Some((self.due(timer)?, timer))).min()
    }

    /// Takes the soonest timer that is due at `now` out of the table.
    pub fn take_due(&mut self, now: CallTime) -> Option<Timer> {
        let (due, timer) = self.soonest()?;
        (due <= now).then(|| {
            self.clear(timer);
            timer
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_time_prints_and_parses_to_itself() {
        for us in [0, 1, 999_999, 1_000_000, 4_900_000, 86_400_000_001] {
            let time = CallTime::from_us(us);
            assert_eq!(time.to_string().parse(), Ok(time));
        }
        assert_eq!(format!("{:.3}", CallTime::from_ms(4_900)), "4.900");
        assert_eq!(format!("{:>6.1}", CallTime::from_ms(4_900)), "   4.9");
        assert_eq!("4.9".parse(), Ok(CallTime::from_ms(4_900)));
    }

    #[test]
    fn a_text_that_is_no_time_is_refused_by_name() {
        for text in ["", "x", "1.", ".5", "-1", "1.0000001", "99999999999"] {
            let refusal = text.parse::<CallTime>().expect_err("not a time");
            assert!(refusal.to_string().contains(&format!("{text:?}")));
        }
    }

    #[test]
    fn the_soonest_timer_is_taken_once() {
        let mut timers = Timers::default();
        timers.set(Timer::Resume, CallTime::from_ms(30));
        timers.set(Timer::Floor, CallTime::from_ms(20));
        assert_eq!(timers.take_due(CallTime::from_ms(10)), None);
        assert_eq!(timers.take_due(CallTime::from_ms(25)), Some(Timer::Floor));
        assert_eq!(timers.take_due(CallTime::from_ms(25)), None);
        assert_eq!(timers.soonest(), Some((CallTime::from_ms(30), Timer::Resume)));
    }
}
