//! Metrics and logs, computed from what calls are told and what they order, and nowhere else.
//!
//! The media plane has counters of its own, since frames are no inputs. Their children are looked up once, so counting a
//! frame costs some nanoseconds. Nothing is ever labelled by call: there would be no end of labels.

mod exposition;
mod fleet;
mod logging;
mod sessions;
mod speech;

use std::time::Duration;

use engine::io::{Fault, Input, Output};
use engine::record::{Guesses, Row, Stage};
use engine::time::CallTime;
use prometheus::core::Collector;
use prometheus::{
    Counter, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
};

pub use logging::{BadLogLevel, LogFormat, check_log_level, start_logging};
pub use sessions::{Stopwatch, Targets};

/// What people wait for: a stage of a turn, a whole call's gap.
const TURN_BUCKETS_S: [f64; 14] = [0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 2.0, 5.0, 10.0];

/// What happens within a frame or two.
const FRAME_BUCKETS_S: [f64; 12] = [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.04, 0.1, 0.5, 2.0];

/// How long calls take.
const CALL_BUCKETS_S: [f64; 8] = [5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0];

/// Every number about the process. One per process, shared by all calls.
#[derive(Debug)]
pub struct Telemetry {
    registry: Registry,
    calls: IntCounterVec,
    calls_active: IntGauge,
    call_seconds: Histogram,
    turns: IntCounterVec,
    turn_stages: HistogramVec,
    response_gap: Histogram,
    late_turns: IntCounterVec,
    model_tokens: IntCounterVec,
    wasted_tokens: IntCounterVec,
    guesses: IntCounterVec,
    phrases: IntCounterVec,
    clears: IntCounter,
    vendor_errors: IntCounterVec,
    events: IntCounterVec,
    frames_in: IntCounter,
    frames_out: IntCounter,
    frame_gap: Histogram,
    frame_lateness: Histogram,
    frames_dropped: IntCounterVec,
    malformed: IntCounterVec,
    transfers: IntCounterVec,
    told_others: IntCounterVec,
    clear_seconds: Histogram,
    webhooks: HistogramVec,
    sessions: sessions::Sessions,
    speech: speech::Speech,
    fleet: fleet::Fleet,
}

/// Counts its call as going on until it is dropped, also when the call panics.
#[derive(Debug)]
pub struct ActiveCall {
    active: IntGauge,
}

impl Drop for ActiveCall {
    fn drop(&mut self) {
        self.active.dec();
    }
}

impl Telemetry {
    /// All metrics at zero, with those of the process beside them.
    pub fn new() -> Self {
        let registry = Registry::new();
        let process = prometheus::process_collector::ProcessCollector::for_self();
        registry.register(Box::new(process)).expect("nothing else is registered yet");
        let make = Make { registry: &registry, namespace: "frontdesk" };
        Self {
            calls: make.counters("calls_total", "Calls that ended, by what came of them.", &["outcome"]),
            calls_active: make.gauge("calls_active", "Calls going on."),
            call_seconds: make.histogram("call_seconds", "How long calls took.", &CALL_BUCKETS_S),
            turns: make.counters("turns_total", "Turns of callers, by who answered.", &["by"]),
            turn_stages: make.histograms(
                "turn_stage_seconds",
                "From the stage before to this one, within a turn.",
                &TURN_BUCKETS_S,
                &["stage"],
            ),
            response_gap: make.histogram(
                "response_gap_seconds",
                "From the end of the caller's speech to our first frame.",
                &TURN_BUCKETS_S,
            ),
            late_turns: make.counters(
                "late_turns_total",
                "Turns whose answer was later than its budget, by the stage that took longest beyond its share.",
                &["stage"],
            ),
            model_tokens: make.counters("model_tokens_total", "Tokens the model read and wrote.", &["direction"]),
            wasted_tokens: make.counters(
                "model_tokens_wasted_total",
                "Tokens of answers that were thrown away, estimated from their characters.",
                &["direction"],
            ),
            guesses: make.counters(
                "guesses_total",
                "Requests to the model made before a turn was over, by what became of them.",
                &["fate"],
            ),
            phrases: make.counters("phrases_total", "Phrases that were spoken, by where they came from.", &["source"]),
            clears: make.counter("clears_total", "Times the assistant stopped speaking at once."),
            vendor_errors: make.counters("vendor_errors_total", "Faults, by whose and what kind.", &["vendor", "kind"]),
            events: make.counters(
                "events_total",
                "What calls noted down about themselves, by its name; a fault is one that a call had to get around.",
                &["event"],
            ),
            frames_in: make.counter("frames_in_total", "Frames of audio from callers."),
            frames_out: make.counter("frames_out_total", "Frames of audio to callers."),
            frame_gap: make.histogram(
                "frame_gap_seconds",
                "Between one frame of a caller and the next.",
                &FRAME_BUCKETS_S,
            ),
            frame_lateness: make.histogram(
                "frame_lateness_seconds",
                "How long after its time a frame was sent.",
                &FRAME_BUCKETS_S,
            ),
            frames_dropped: make.counters(
                "dropped_frames_total",
                "Frames dropped because a queue was full.",
                &["where"],
            ),
            told_others: make.counters(
                "told_total",
                "Webhooks, text messages and calls after a call, by what became of a try.",
                &["channel", "outcome"],
            ),
            transfers: make.counters(
                "transfers_total",
                "Callers who were put through, by what became of it.",
                &["status"],
            ),
            malformed: make.counters("malformed_messages_total", "Messages of legs that made no sense.", &["kind"]),
            clear_seconds: make.histogram(
                "clear_seconds",
                "From the decision to stop speaking to the order on the socket.",
                &FRAME_BUCKETS_S,
            ),
            webhooks: make.histograms(
                "webhook_seconds",
                "How long a webhook took to answer.",
                &FRAME_BUCKETS_S,
                &["path", "status"],
            ),
            sessions: sessions::Sessions::new(&registry),
            speech: speech::Speech::new(&registry),
            fleet: fleet::Fleet::new(&registry),
            registry,
        }
    }

    /// A call begins; it is going on until what this gives is dropped.
    pub fn call_started(&self) -> ActiveCall {
        self.calls_active.inc();
        ActiveCall { active: self.calls_active.clone() }
    }

    /// Counts what a call is told.
    pub fn told(&self, input: &Input) {
        match input {
            Input::PhraseSynthesized { cached, .. } => {
                self.phrases.with_label_values(&[if *cached { "cache" } else { "synthesis" }]).inc();
            }
            Input::HearingFailed(fault) => self.vendor_failed("hearing", fault),
            Input::ReplyFailed { fault, .. } => self.vendor_failed("model", fault),
            Input::SynthesisFailed { fault, .. } => self.vendor_failed("speech", fault),
            Input::CalendarFailed { fault, .. } => self.vendor_failed("calendar", fault),
            _ => {}
        }
    }

    /// Counts what a call ordered.
    pub fn ordered(&self, outputs: &[Output]) {
        for output in outputs {
            match output {
                Output::ClearPlayout { .. } => self.clears.inc(),
                Output::Record(row) => self.observe_row(row),
                _ => {}
            }
        }
    }

    /// Counts and logs a vendor's fault, also one that no call hears of.
    pub fn vendor_failed(&self, vendor: &str, fault: &Fault) {
        let kind = match fault {
            Fault::Retry(why) => {
                tracing::info!(vendor, why, "a vendor failed and is tried again");
                "retry"
            }
            Fault::GiveUp(why) => {
                tracing::warn!(vendor, why, "a vendor failed and is given up for this call");
                "give_up"
            }
            Fault::OurMistake(why) => {
                tracing::error!(vendor, why, "a vendor refused what we asked");
                "our_mistake"
            }
        };
        self.vendor_errors.with_label_values(&[vendor, kind]).inc();
    }

    /// A frame of a caller arrived.
    pub fn frame_in(&self) {
        self.frames_in.inc();
    }

    /// A frame of a caller arrived this long after the one before.
    pub fn frame_gap(&self, gap: Duration) {
        self.frame_gap.observe(gap.as_secs_f64());
    }

    /// A frame was sent to a caller, this long after its time.
    pub fn frame_out(&self, late: Duration) {
        self.frames_out.inc();
        self.frame_lateness.observe(late.as_secs_f64());
    }

    /// Frames were dropped because a queue was full: `hearing`, `recording`, ….
    pub fn frames_dropped(&self, place: &'static str, frames: u64) {
        self.frames_dropped.with_label_values(&[place]).inc_by(frames);
    }

    /// A leg brought a message that makes no sense.
    pub fn malformed(&self, kind: &'static str) {
        self.malformed.with_label_values(&[kind]).inc();
    }

    /// Somebody was told of something, or not.
    pub fn told_others(&self, channel: &str, outcome: &'static str) {
        self.told_others.with_label_values(&[channel, outcome]).inc();
    }

    /// A caller who was put through is not any more, or never was. Words that are not the carrier's count as one.
    pub fn transferred(&self, status: &str) {
        const KNOWN: [&str; 6] = ["completed", "answered", "busy", "no-answer", "failed", "canceled"];
        let status = if KNOWN.contains(&status) { status } else { "other" };
        self.transfers.with_label_values(&[status]).inc();
    }

    /// The order to stop playing reached the socket, this long after it was decided.
    pub fn clear_sent(&self, after: Duration) {
        self.clear_seconds.observe(after.as_secs_f64());
    }

    /// A webhook was answered. The path must be one of our routes.
    pub fn webhook_answered(&self, path: &str, status: u16, took: Duration) {
        self.webhooks.with_label_values(&[path, &status.to_string()]).observe(took.as_secs_f64());
    }

    /// Everything in Prometheus's text format 0.0.4.
    pub fn text(&self) -> String {
        TextEncoder::new().encode_to_string(&self.registry.gather()).unwrap_or_else(|error| {
            tracing::error!(%error, "the metrics could not be written");
            String::new()
        })
    }

    /// Everything as JSON: by metric's name, with estimated quantiles in place of buckets.
    pub fn json(&self) -> serde_json::Value {
        exposition::json(&self.registry.gather())
    }

    fn observe_row(&self, row: &Row) {
        match row {
            Row::Turn { stages, by_rules, tokens: (read, written), guesses, late, .. } => {
                self.observe_guesses(guesses);
                if let Some(stage) = late {
                    self.late_turns.with_label_values(&[stage.name()]).inc();
                }
                self.turns.with_label_values(&[if *by_rules { "rules" } else { "model" }]).inc();
                self.model_tokens.with_label_values(&["read"]).inc_by((*read).into());
                self.model_tokens.with_label_values(&["written"]).inc_by((*written).into());
                for ((_, before), (stage, at)) in stages.iter().zip(stages.iter().skip(1)) {
                    let took_s = at.since(*before).as_secs_f64();
                    self.turn_stages.with_label_values(&[stage.name()]).observe(took_s);
                }
                if let (Some(silent), Some(frame)) = (stages.get(&Stage::SpeechEnded), stages.get(&Stage::FirstFrame)) {
                    self.response_gap.observe(frame.since(*silent).as_secs_f64());
                }
            }
            Row::Ended { at, ending, outcome } => {
                tracing::info!(%at, ?ending, outcome, "the call is over");
                self.calls.with_label_values(&[outcome]).inc();
                self.call_seconds.observe(at.since(CallTime::ZERO).as_secs_f64());
            }
            Row::Event { at, name, detail, .. } => {
                if name == "fault" {
                    tracing::info!(%at, detail, "the call goes on around a fault");
                }
                self.events.with_label_values(&[name]).inc();
            }
            Row::Said { .. } | Row::Message { .. } => {}
        }
    }
}

impl Telemetry {
    fn observe_guesses(&self, guesses: &Guesses) {
        let used = u64::from(guesses.used);
        self.guesses.with_label_values(&["used"]).inc_by(used);
        self.guesses.with_label_values(&["dropped"]).inc_by(u64::from(guesses.asked).saturating_sub(used));
        self.wasted_tokens.with_label_values(&["read"]).inc_by(guesses.wasted.0.into());
        self.wasted_tokens.with_label_values(&["written"]).inc_by(guesses.wasted.1.into());
    }
}

impl Default for Telemetry {
    fn default() -> Self {
        Self::new()
    }
}

/// Makes metrics and registers them, all under one name.
struct Make<'a> {
    registry: &'a Registry,
    namespace: &'static str,
}

impl Make<'_> {
    fn counter(&self, name: &str, help: &str) -> IntCounter {
        self.register(IntCounter::with_opts(self.opts(name, help)))
    }

    fn float_counter(&self, name: &str, help: &str) -> Counter {
        self.register(Counter::with_opts(self.opts(name, help)))
    }

    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
        self.register(IntCounterVec::new(self.opts(name, help), labels))
    }

    fn gauge(&self, name: &str, help: &str) -> IntGauge {
        self.register(IntGauge::with_opts(self.opts(name, help)))
    }

    fn histogram(&self, name: &str, help: &str, buckets: &[f64]) -> Histogram {
        self.register(Histogram::with_opts(HistogramOpts::from(self.opts(name, help)).buckets(buckets.to_vec())))
    }

    fn histograms(&self, name: &str, help: &str, buckets: &[f64], labels: &[&str]) -> HistogramVec {
        let opts = HistogramOpts::from(self.opts(name, help)).buckets(buckets.to_vec());
        self.register(HistogramVec::new(opts, labels))
    }

    fn register<M: Collector + Clone + 'static>(&self, metric: prometheus::Result<M>) -> M {
        let metric = metric.expect("the names, labels and buckets above are valid");
        self.registry.register(Box::new(metric.clone())).expect("every name above is used once");
        metric
    }

    fn opts(&self, name: &str, help: &str) -> Opts {
        Opts::new(name, help).namespace(self.namespace)
    }
}

#[cfg(test)]
mod tests;
