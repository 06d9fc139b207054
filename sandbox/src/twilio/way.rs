//! The way between Twilio and the gateway: everything takes time on it, and not always the same, but nothing overtakes.

use std::collections::VecDeque;
use std::time::Duration;

/// How far apart Twilio and the gateway are. Nothing between them, by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Network {
    /// What a message to the gateway takes at least.
    pub there: Duration,
    /// What a message from the gateway takes at least.
    pub back: Duration,
    /// What each takes at most beyond that; how much differs from message to message.
    pub jitter: Duration,
    /// The same number gives the same differences.
    pub seed: u64,
}

/// Messages under way in one direction.
#[derive(Debug)]
pub(super) struct Way<T> {
    least: Duration,
    jitter: Duration,
    chance: u64,
    messages: VecDeque<(Duration, T)>,
}

impl Network {
    pub(super) fn there<T>(self) -> Way<T> {
        Way::new(self.there, self.jitter, self.seed)
    }

    pub(super) fn back<T>(self) -> Way<T> {
        Way::new(self.back, self.jitter, !self.seed)
    }
}

impl<T> Way<T> {
    fn new(least: Duration, jitter: Duration, seed: u64) -> Self {
        // The odd factor spreads neighbouring seeds, and the generator needs one that is not zero.
        let chance = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        Self { least, jitter, chance, messages: VecDeque::new() }
    }

    pub(super) fn send(&mut self, now: Duration, message: T) {
        let due = now + self.least + self.more();
        let before = self.messages.back().map_or(due, |(due, _)| *due);
        self.messages.push_back((due.max(before), message));
    }

    /// When the next message arrives.
    pub(super) fn next_due(&self) -> Option<Duration> {
        self.messages.front().map(|(due, _)| *due)
    }

    /// The next message, if it has arrived.
    pub(super) fn arrived(&mut self, now: Duration) -> Option<T> {
        self.messages.pop_front_if(|(due, _)| *due <= now).map(|(_, message)| message)
    }

    /// All that is under way arrives at once.
    pub(super) fn hurry(&mut self) {
        self.messages.iter_mut().for_each(|(due, _)| *due = Duration::ZERO);
    }

    fn more(&mut self) -> Duration {
        self.chance ^= self.chance >> 12;
        self.chance ^= self.chance << 25;
        self.chance ^= self.chance >> 27;
        let part = (self.chance.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 40) as f64 / (1u64 << 24) as f64;
        self.jitter.mul_f64(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn without_a_network_everything_arrives_at_once() {
        let mut way = Network::default().there();
        way.send(ms(5), 'a');
        assert_eq!(way.arrived(ms(5)), Some('a'));
        assert_eq!(way.next_due(), None);
    }

    #[test]
    fn messages_take_their_time_and_never_overtake() {
        let mut way = Network { there: ms(50), jitter: ms(40), seed: 3, ..Network::default() }.there();
        let mut took = Vec::new();
        for number in 0..200 {
            way.send(ms(number), number);
        }
        for now in 0..400 {
            while let Some(number) = way.arrived(ms(now)) {
                assert_eq!(number as usize, took.len());
                took.push(now - number);
            }
        }
        assert_eq!(took.len(), 200);
        assert!(took.iter().all(|took| (50..=91).contains(took)), "{took:?}");
        assert!(took.iter().max() > took.iter().min());
    }
}
