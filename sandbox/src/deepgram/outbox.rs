//! Messages on their way to a listening client, each at its own time and in order.

use std::collections::VecDeque;

use serde::Serialize;
use tokio::time::Instant;

use crate::deepgram::settings::Settings;

/// How long a message takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// As long as everything that is said about audio.
    Audio,
    /// As long as a final.
    Final,
    /// Not at all: answers to what the client asked.
    Once,
}

/// A message and how long it takes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outgoing {
    pub(super) json: String,
    pub(super) pace: Pace,
}

impl Outgoing {
    pub(super) fn new(message: &impl Serialize, pace: Pace) -> Self {
        let json = serde_json::to_string(message).expect("a message of numbers and texts can always be written");
        Self { json, pace }
    }
}

/// What waits to be sent. Bounded by what a session says within the delays that are set: some messages a second.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: VecDeque<(Instant, String)>,
}

impl Outbox {
    /// Takes messages said at `now`. None overtakes another.
    pub(super) fn put(&mut self, now: Instant, messages: impl IntoIterator<Item = Outgoing>, settings: &Settings) {
        if settings.faults.stall_listen {
            return;
        }
        for message in messages {
            let delay = match message.pace {
                Pace::Audio => settings.listen_delay,
                Pace::Final => settings.listen_delay + settings.final_delay,
                Pace::Once => std::time::Duration::ZERO,
            };
            let last = self.waiting.back().map_or(now, |(due, _)| *due);
            let due = (now + delay).max(last);
            if settings.faults.garbage {
                self.waiting.push_back((due, "\u{1}{not json".into()));
                self.waiting.push_back((due, r#"{"type":"SurpriseOfTheDay","channel":[0,1]}"#.into()));
            }
            self.waiting.push_back((due, message.json));
        }
    }

    /// When the next message is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.waiting.front().map(|(due, _)| *due)
    }

    /// The next message, whenever it is due.
    pub(super) fn take(&mut self) -> Option<String> {
        self.waiting.pop_front().map(|(_, json)| json)
    }
}
