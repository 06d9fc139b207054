//! Sessions of browsers, under the names that their users know.

use std::time::Duration;

use engine::io::Input;
use engine::record::Stage;
use engine::time::CallTime;
use prometheus::{CounterVec, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry};

/// What a visitor waits for.
const BUCKETS_S: [f64; 7] = [0.05, 0.1, 0.15, 0.3, 0.5, 1.0, 2.0];

/// How quick a session is to be.
#[derive(Debug, Clone, Copy)]
pub struct Targets {
    /// From asking the model to the first that it understood.
    pub first_token: Duration,
    /// From a voice to its first words.
    pub partial: Duration,
    /// From a voice to silence in the speaker.
    pub barge_in: Duration,
    /// Whether one that is missed is logged.
    pub warns: bool,
}

/// What there is to measure.
#[derive(Debug)]
pub(super) struct Sessions {
    pub(super) total: IntCounterVec,
    pub(super) active: IntGauge,
    latency: HistogramVec,
    tokens: IntCounterVec,
    page_seconds: CounterVec,
}

impl Sessions {
    pub(super) fn new(registry: &Registry) -> Self {
        let total = Opts::new("voice_sessions_total", "Sessions of browsers that ended, by what became of them.");
        let latency = HistogramOpts::new(
            "voice_latency_seconds",
            "What visitors wait for: the model's first token, the first words of a voice, silence after a barge-in.",
        );
        let tokens =
            Opts::new("voice_page_tokens_total", "Tokens of sessions that pages had with the model by themselves.");
        let seconds = Opts::new("voice_page_seconds_total", "How long those sessions were, together.");
        let sessions = Self {
            tokens: IntCounterVec::new(tokens, &["tenant", "direction"]).expect("a name and two labels"),
            page_seconds: CounterVec::new(seconds, &["tenant"]).expect("a name and a label"),
            total: IntCounterVec::new(total, &["tenant", "status"]).expect("a name and two labels"),
            active: IntGauge::new("voice_sessions_active", "Sessions of browsers going on.").expect("a name"),
            latency: HistogramVec::new(latency.buckets(BUCKETS_S.to_vec()), &["type"]).expect("a name and a label"),
        };
        registry.register(Box::new(sessions.total.clone())).expect("every name is used once");
        registry.register(Box::new(sessions.active.clone())).expect("every name is used once");
        registry.register(Box::new(sessions.latency.clone())).expect("every name is used once");
        registry.register(Box::new(sessions.tokens.clone())).expect("every name is used once");
        registry.register(Box::new(sessions.page_seconds.clone())).expect("every name is used once");
        sessions
    }

    fn observe(&self, what: &'static str, took: Duration, target: Duration, warns: bool) {
        self.latency.with_label_values(&[what]).observe(took.as_secs_f64());
        if warns && took > target {
            let (took_ms, target_ms) = (took.as_millis() as u64, target.as_millis() as u64);
            tracing::warn!(what, took_ms, target_ms, "a session is slower than its target");
        }
    }
}

/// Measures one session as it goes on.
#[derive(Debug)]
pub struct Stopwatch {
    targets: Targets,
    /// When the voice began whose first words are not there yet.
    voice_began: Option<CallTime>,
}

impl Stopwatch {
    /// Nothing measured yet.
    pub fn new(targets: Targets) -> Self {
        Self { targets, voice_began: None }
    }
}

impl super::Telemetry {
    /// A session begins; it is going on until what this gives is dropped.
    pub fn session_started(&self) -> super::ActiveCall {
        self.sessions.active.inc();
        super::ActiveCall { active: self.sessions.active.clone() }
    }

    /// A session ended, or never began.
    pub fn session_ended(&self, tenant: &str, status: &'static str) {
        self.sessions.total.with_label_values(&[tenant, status]).inc();
    }

    /// A page told what its own session with the model used.
    pub fn page_used(&self, tenant: &str, read: u64, written: u64, seconds: f64) {
        self.sessions.tokens.with_label_values(&[tenant, "read"]).inc_by(read);
        self.sessions.tokens.with_label_values(&[tenant, "written"]).inc_by(written);
        self.sessions.page_seconds.with_label_values(&[tenant]).inc_by(seconds);
    }

    /// Measures what a session's call is told.
    pub fn session_told(&self, watch: &mut Stopwatch, at: CallTime, input: &Input) {
        let Targets { partial, barge_in, warns, .. } = watch.targets;
        match input {
            Input::VoiceStarted => watch.voice_began = Some(at),
            Input::VoiceEnded { .. } => {}
            Input::Interim { text, .. } | Input::Final { text, .. } if !text.is_empty() => {
                if let Some(began) = watch.voice_began.take() {
                    self.sessions.observe("partial_asr", at.since(began), partial, warns);
                }
            }
            Input::Noted { name, detail } if name == "barge_in" => {
                let ms = detail.split(' ').next().and_then(|ms| ms.parse().ok()).unwrap_or_default();
                self.sessions.observe("barge_in", Duration::from_millis(ms), barge_in, warns);
            }
            _ => {}
        }
    }

    /// Measures a turn of a session's call.
    pub fn session_turn(&self, watch: &Stopwatch, stages: &std::collections::BTreeMap<Stage, CallTime>) {
        if let (Some(asked), Some(first)) = (stages.get(&Stage::ModelAsked), stages.get(&Stage::FirstSlot)) {
            let Targets { first_token, warns, .. } = watch.targets;
            self.sessions.observe("first_token", first.since(*asked), first_token, warns);
        }
    }
}
