//! How the sandbox's Realtime service behaves: its latencies, its limits, and what is broken at the moment.

use std::time::Duration;

use serde::Deserialize;

/// Latencies, limits and faults. All can be changed at any time.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// From a request to the first of a response. Real: about 300 to 800 ms.
    pub first: Duration,
    /// From the end of an utterance to its transcript. Real: about 300 to 600 ms; it may come after the response.
    pub transcript: Duration,
    /// How many times faster than it plays audio is sent.
    pub pace: f64,
    /// How long a session may last. Real: an hour.
    pub session: Duration,
    /// What is broken.
    pub faults: Faults,
}

impl Default for Settings {
    /// Answers at once: what tests of anything but latency want.
    fn default() -> Self {
        Self {
            first: Duration::ZERO,
            transcript: Duration::ZERO,
            pace: 20.0,
            session: Duration::from_secs(3_600),
            faults: Faults::default(),
        }
    }
}

impl Settings {
    /// Latencies as the real service has them, for demonstrations.
    pub fn lifelike() -> Self {
        Self { first: Duration::from_millis(300), transcript: Duration::from_millis(250), pace: 4.0, ..Self::default() }
    }
}

/// What is broken at the moment; nothing by default. Read from JSON, what is not named is whole.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Every connection is answered with this status instead of an upgrade.
    pub refuse: Option<u16>,
    /// Sessions are cut off, without a close, after this many responses.
    pub drop_after: Option<u64>,
    /// Sessions accept everything and answer nothing.
    pub stall: bool,
    /// Every response fails: `rate_limit_exceeded`.
    pub rate_limited: bool,
    /// Events that no client knows are sent between the others.
    pub unknown_events: bool,
    /// What is to be said exactly is said in other words.
    pub rewords: bool,
}
