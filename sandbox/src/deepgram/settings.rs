//! How the sandbox's Deepgram behaves: its latencies, and what is broken at the moment.

use std::time::Duration;

/// Latencies, limits and faults. All can be changed while sessions are open; a session looks at them with each message.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// From audio to everything said about it. Real: about 100 to 300 ms.
    pub listen_delay: Duration,
    /// What finals take beyond that.
    pub final_delay: Duration,
    /// Audio between two interim results. Real: about a second.
    pub interim_every: Duration,
    /// A listening socket without audio or `KeepAlive` for this long is closed with 1011 `NET-0001`. Real: 10 s.
    pub idle_after: Duration,
    /// Listening sockets open at once; one more is refused with 429. Real: 150 for a project; here any number.
    pub listen_max: Option<u32>,
    /// From a request for speech to its first byte. Real: about 150 to 300 ms.
    pub speak_first_byte: Duration,
    /// How fast the rest of the speech follows, as a multiple of real time; `None` is all at once. Real: several times.
    pub speak_rate: Option<f64>,
    /// Requests for speech at once; one more is refused with 429. Real: 15 for a project; here any number.
    pub speak_max: Option<u32>,
    /// What is broken.
    pub faults: Faults,
}

impl Default for Settings {
    /// Answers at once: what tests of anything but latency want.
    fn default() -> Self {
        Self {
            listen_delay: Duration::ZERO,
            final_delay: Duration::ZERO,
            interim_every: Duration::from_secs(1),
            idle_after: Duration::from_secs(10),
            listen_max: None,
            speak_first_byte: Duration::ZERO,
            speak_rate: None,
            speak_max: None,
            faults: Faults::default(),
        }
    }
}

impl Settings {
    /// Latencies as the real service has them, for demonstrations.
    pub fn lifelike() -> Self {
        Self {
            listen_delay: Duration::from_millis(120),
            final_delay: Duration::from_millis(80),
            speak_first_byte: Duration::from_millis(180),
            speak_rate: Some(4.0),
            ..Self::default()
        }
    }
}

/// What is broken at the moment; nothing by default.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Faults {
    /// Handshakes of listening sockets are answered with this status.
    pub refuse_listen: Option<u16>,
    /// Listening sockets open and take audio but never say anything.
    pub stall_listen: bool,
    /// Listening sockets are closed with 1011 `NET-0000` after this much audio.
    pub close_listen_after: Option<Duration>,
    /// Listening sockets vanish without a close frame after this much audio.
    pub drop_listen_after: Option<Duration>,
    /// Before each result comes a text that is not JSON and a message of an unknown type.
    pub garbage: bool,
    /// Requests for speech, and handshakes of speaking sockets, are answered with this status.
    pub refuse_speak: Option<u16>,
    /// Requests for speech are accepted but bring no audio and no end.
    pub stall_speak: bool,
    /// The body of speech breaks off after this many bytes, without its end.
    pub cut_speak_after: Option<usize>,
}
