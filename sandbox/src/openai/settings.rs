//! How the sandbox's OpenAI behaves: its latencies, and what is broken at the moment.

use std::time::Duration;

use serde::Deserialize;

/// Latencies, limits and faults. All can be changed at any time; a request looks at them once, when it arrives.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// From a request to its first token. Real: about 300 to 700 ms with a small model.
    pub first_token: Duration,
    /// How fast tokens follow; `None` is all at once. Real: about 50 to 150 a second.
    pub tokens_per_second: Option<f64>,
    /// The models that exist; any other is 404. Every name is good when empty.
    pub models: Vec<String>,
    /// What is broken.
    pub faults: Faults,
}

impl Default for Settings {
    /// Answers at once: what tests of anything but latency want.
    fn default() -> Self {
        Self { first_token: Duration::ZERO, tokens_per_second: None, models: Vec::new(), faults: Faults::default() }
    }
}

impl Settings {
    /// Latencies as the real service has them, for demonstrations.
    pub fn lifelike() -> Self {
        Self { first_token: Duration::from_millis(350), tokens_per_second: Some(80.0), ..Self::default() }
    }
}

/// What is broken at the moment; nothing by default. Read from JSON, what is not named is whole.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Every request is answered with this status.
    pub refuse: Option<u16>,
    /// Every request is answered with 429 `insufficient_quota`, which trying again does not help.
    pub out_of_quota: bool,
    /// What `retry-after` says on 429 and 503, in whole seconds.
    pub retry_after: Option<u64>,
    /// Requests are accepted and never answered.
    pub stall: bool,
    /// Streams fall silent for ever after this many tokens.
    pub stall_after: Option<usize>,
    /// Streams break off after this many tokens, without their end.
    pub cut_after: Option<usize>,
    /// Streams bring an error in place of the next token after this many.
    pub error_after: Option<usize>,
    /// The answer is prose, whatever schema was asked for.
    pub garbage: bool,
    /// The model refuses to answer, for safety.
    pub refusal: bool,
    /// The answer is empty.
    pub empty: bool,
    /// Each event of a stream is handed to the network in pieces of this many bytes, so that events, and letters of
    /// more than one byte, arrive in parts.
    pub piece_bytes: Option<usize>,
}
