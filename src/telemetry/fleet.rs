//! What instances do for each other, counted.

use prometheus::{IntCounterVec, Registry};

use super::{Make, Telemetry};

#[derive(Debug)]
pub(super) struct Fleet {
    words: IntCounterVec,
    jobs: IntCounterVec,
}

impl Fleet {
    pub(super) fn new(registry: &Registry) -> Self {
        let make = Make { registry, namespace: "frontdesk" };
        Self {
            words: make.counters(
                "words_given",
                "Words for calls that are not this instance's, by what became of them.",
                &["outcome"],
            ),
            jobs: make.counters("jobs", "Jobs that were accepted, refused, tried again, done, failed.", &["outcome"]),
        }
    }
}

impl Telemetry {
    /// Words were given to whichever instance has a call: `taken`, `refused`, `nobody` or `unknown`.
    pub fn words_given(&self, outcome: &'static str) {
        self.fleet.words.with_label_values(&[outcome]).inc();
    }

    /// A job was `queued`, `refused`, `done`, `failed` or is tried `again`.
    pub fn job(&self, outcome: &'static str) {
        self.fleet.jobs.with_label_values(&[outcome]).inc();
    }
}
