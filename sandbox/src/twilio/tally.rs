//! What one call looked like from Twilio's side, in numbers.

use std::time::Duration;

/// How a figure is spread: a count per millisecond, so that percentiles of a thousand calls can be added up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spread {
    /// How often the figure was in each millisecond; grown as needed.
    by_ms: Vec<u32>,
    /// Figures of [`Spread::MS_MAX`] and more.
    beyond: u32,
    max: Duration,
}

impl Spread {
    /// From here on, figures are only known to be at least this.
    pub const MS_MAX: usize = 500;

    /// Counts one figure.
    pub fn add(&mut self, figure: Duration) {
        self.max = self.max.max(figure);
        let ms = figure.as_millis() as usize;
        if ms >= Self::MS_MAX {
            self.beyond += 1;
            return;
        }
        if self.by_ms.len() <= ms {
            self.by_ms.resize(ms + 1, 0);
        }
        self.by_ms[ms] += 1;
    }

    /// Counts all figures of another.
    pub fn add_all(&mut self, other: &Self) {
        if self.by_ms.len() < other.by_ms.len() {
            self.by_ms.resize(other.by_ms.len(), 0);
        }
        for (mine, theirs) in self.by_ms.iter_mut().zip(&other.by_ms) {
            *mine += theirs;
        }
        self.beyond += other.beyond;
        self.max = self.max.max(other.max);
    }

    /// How many figures there are.
    pub fn count(&self) -> u64 {
        self.by_ms.iter().map(|count| u64::from(*count)).sum::<u64>() + u64::from(self.beyond)
    }

    /// The largest figure, exactly.
    pub fn max(&self) -> Duration {
        self.max
    }

    /// How many figures are at least so many milliseconds.
    pub fn at_least(&self, ms: usize) -> u64 {
        self.by_ms.iter().skip(ms).map(|count| u64::from(*count)).sum::<u64>() + u64::from(self.beyond)
    }

    /// The figure that this part of all figures stays under, up to a millisecond too high: `0.99` for p99. The largest
    /// figure when it is beyond [`Spread::MS_MAX`]; zero when there are none.
    pub fn percentile(&self, part: f64) -> Duration {
        let rank = (self.count() as f64 * part).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (ms, count) in self.by_ms.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= rank {
                return Duration::from_millis(ms as u64 + 1).min(self.max);
            }
        }
        self.max
    }
}

/// The figures of one call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// From posting the first webhook to having read its TwiML.
    pub webhook: Option<Duration>,
    /// From dialling the WebSocket of the first stream to being connected.
    pub connect: Option<Duration>,
    /// Audio messages received.
    pub frames_received: u64,
    /// Audio messages sent.
    pub frames_sent: u64,
    /// How much was played to the caller.
    pub played: Duration,
    /// Marks echoed.
    pub marks: u64,
    /// Clears obeyed.
    pub clears: u64,
    /// Audio that clears dropped.
    pub dropped: Duration,
    /// How late each audio message of an utterance was, its first one aside: how long the buffer had been dry. Zero for
    /// all that came in time.
    pub lateness: Spread,
    /// The time between two audio messages of the same utterance.
    pub spacing: Spread,
    /// How late this side's own 20 ms clock was. Where this is high, the machine was too busy for the other figures to
    /// say anything about the gateway.
    pub own_lateness: Spread,
    /// Messages that made no sense, and other things Twilio's debugger would show.
    pub warnings: u64,
    /// Events that nobody took in time, see [`super::Line::next`].
    pub events_lost: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_right_to_the_millisecond() {
        let mut spread = Spread::default();
        for us in [500, 1_500, 2_500, 3_500] {
            spread.add(Duration::from_micros(us));
        }
        assert_eq!(spread.percentile(0.5), Duration::from_millis(2));
        assert_eq!(spread.percentile(1.0), Duration::from_micros(3_500));
        assert_eq!(spread.at_least(2), 2);
        spread.add(Duration::from_secs(9));
        assert_eq!(spread.percentile(1.0), Duration::from_secs(9));
    }

    #[test]
    fn spreads_add_up() {
        let (mut a, mut b) = (Spread::default(), Spread::default());
        a.add(Duration::from_millis(1));
        b.add(Duration::from_millis(7));
        b.add(Duration::from_secs(1));
        a.add_all(&b);
        assert_eq!((a.count(), a.at_least(7), a.max()), (3, 2, Duration::from_secs(1)));
        assert_eq!(Spread::default().percentile(0.99), Duration::ZERO);
    }
}
