//! The numbers of the speech cache and of those who ask it by HTTP. Their names are older than Frontdesk and carry no
//! prefix: dashboards know them.

use std::time::Duration;

use prometheus::{Counter, Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, Registry};

use super::{Make, Telemetry};

/// From a hit in memory to a provider that is nearly given up, in milliseconds.
const BUCKETS_MS: [f64; 18] = [
    0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0, 5_000.0, 10_000.0,
];

#[derive(Debug)]
pub(super) struct Speech {
    hits: IntCounter,
    tier_hits: IntCounterVec,
    misses: IntCounter,
    retries: IntCounterVec,
    stale: IntCounter,
    damaged: IntCounter,
    saved_usd: Counter,
    generation_ms: Histogram,
    generation_errors: IntCounter,
    provider_calls: IntCounterVec,
    provider_response_ms: HistogramVec,
    uploads: IntCounter,
    upload_errors: IntCounter,
    upload_ms: Histogram,
    calls: IntCounter,
    call_errors: IntCounter,
    call_ms: Histogram,
    memory_bytes: IntGauge,
    disk_bytes: IntGauge,
}

impl Speech {
    pub(super) fn new(registry: &Registry) -> Self {
        let make = Make { registry, namespace: "" };
        Self {
            hits: make.counter("tts_cache_hits", "Phrases that were there when they were asked for."),
            tier_hits: make.counters("tts_cache_tier_hits", "The same, by where they were found.", &["tier"]),
            misses: make.counter("tts_cache_misses", "Phrases that had to be spoken."),
            retries: make.counters("tts_retries", "Times a provider of speech was asked again.", &["provider"]),
            stale: make.counter("tts_cache_stale", "Phrases that were too old and given out, for want of a new one."),
            damaged: make.counter("tts_cache_damaged", "Stored phrases that were cut or changed, and thrown away."),
            saved_usd: make
                .float_counter("tts_saved_usd", "What the hits would have cost to be spoken, in US dollars."),
            generation_ms: make.histogram("tts_generation_ms", "How long a phrase took to be made.", &BUCKETS_MS),
            generation_errors: make.counter("tts_generation_errors", "Phrases that could not be made."),
            provider_calls: make.counters("provider_calls", "Requests to providers of speech.", &["provider"]),
            provider_response_ms: make.histograms(
                "provider_response_ms",
                "From a request to a provider of speech to the beginning of its answer.",
                &BUCKETS_MS,
                &["provider"],
            ),
            uploads: make
                .counter("s3_uploads", "Phrases put where they outlive the process: a folder or an object store."),
            upload_errors: make.counter("s3_upload_errors", "Phrases that could not be put there."),
            upload_ms: make.histogram("s3_upload_ms", "How long putting one there took.", &BUCKETS_MS),
            calls: make.counter("call_total", "Requests for speech by HTTP."),
            call_errors: make.counter("call_errors", "Those that were refused or failed."),
            call_ms: make.histogram("call_total_ms", "How long a request for speech by HTTP took.", &BUCKETS_MS),
            memory_bytes: make.gauge("tts_cache_bytes", "Audio held in memory, in bytes."),
            disk_bytes: make.gauge("tts_cache_disk_bytes", "Audio held on the disk, in bytes."),
        }
    }
}

impl Telemetry {
    /// Phrases were found, each saving so much money.
    pub fn speech_hit(&self, tier: &'static str, times: u64, saved_usd: f64) {
        self.speech.hits.inc_by(times);
        self.speech.tier_hits.with_label_values(&[tier]).inc_by(times);
        self.speech.saved_usd.inc_by(saved_usd * times as f64);
    }

    /// A phrase was not there, for so many who asked for it.
    pub fn speech_missed(&self, times: u64) {
        self.speech.misses.inc_by(times);
    }

    /// A phrase was made, or could not be.
    pub fn speech_made(&self, took: Duration, is_whole: bool) {
        self.speech.generation_ms.observe(in_ms(took));
        if !is_whole {
            self.speech.generation_errors.inc();
        }
    }

    /// A phrase that was too old was given out.
    pub fn speech_stale(&self) {
        self.speech.stale.inc();
    }

    /// A stored phrase was not what had been stored.
    pub fn speech_damaged(&self) {
        self.speech.damaged.inc();
    }

    /// A phrase was stored where it outlives the process, or should have been.
    pub fn speech_stored(&self, took: Duration, is_there: bool) {
        if is_there {
            self.speech.uploads.inc();
            self.speech.upload_ms.observe(in_ms(took));
        } else {
            self.speech.upload_errors.inc();
        }
    }

    /// A provider of speech was asked, for the first time or again.
    pub fn provider_asked(&self, provider: &'static str, again: bool) {
        self.speech.provider_calls.with_label_values(&[provider]).inc();
        if again {
            self.speech.retries.with_label_values(&[provider]).inc();
        }
    }

    /// A provider of speech began to answer.
    pub fn provider_answered(&self, provider: &'static str, after: Duration) {
        self.speech.provider_response_ms.with_label_values(&[provider]).observe(in_ms(after));
    }

    /// A request for speech by HTTP was answered.
    pub fn speech_answered(&self, took: Duration, is_error: bool) {
        self.speech.calls.inc();
        self.speech.call_ms.observe(in_ms(took));
        if is_error {
            self.speech.call_errors.inc();
        }
    }

    /// The cache holds so much audio, in bytes.
    pub fn speech_held(&self, memory_bytes: u64, disk_bytes: u64) {
        let gauge = |bytes| i64::try_from(bytes).unwrap_or(i64::MAX);
        self.speech.memory_bytes.set(gauge(memory_bytes));
        self.speech.disk_bytes.set(gauge(disk_bytes));
    }
}

fn in_ms(took: Duration) -> f64 {
    took.as_secs_f64() * 1_000.0
}
