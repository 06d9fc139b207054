//! What a call comes to in numbers: who spoke for how long, how it felt, what it cost, over what line.

use serde::{Deserialize, Serialize};

/// How a call felt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mood {
    /// Well.
    Positive,
    /// Neither.
    Neutral,
    /// Badly.
    Negative,
}

impl Mood {
    /// Its name wherever it is written down.
    pub fn name(self) -> &'static str {
        match self {
            Self::Positive => "positive",
            Self::Neutral => "neutral",
            Self::Negative => "negative",
        }
    }
}

/// How the caller's words felt, and who says so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sentiment {
    /// In a word.
    pub mood: Mood,
    /// -1 to 1.
    pub score: f64,
    /// `lexicon` or `model`.
    pub by: String,
}

/// What somebody who read the whole call says of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Two sentences: what the caller wanted, and what came of it.
    pub text: String,
    /// How the caller felt; in place of what was counted.
    pub sentiment: Sentiment,
}

/// The figures of a call, or of what there is of it so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// 0 is the last word; 1, 2, … were taken while the call went on.
    pub snapshot: u32,
    /// When they were taken: milliseconds since 1970 in UTC.
    pub taken_at_ms: i64,
    /// None where the caller said nothing.
    pub sentiment: Option<Sentiment>,
    /// The caller was heard.
    pub caller_talk_ms: u64,
    /// The assistant was.
    pub assistant_talk_ms: u64,
    /// Somebody was.
    pub talk_time_ms: u64,
    /// Nobody was.
    pub silence_time_ms: u64,
    /// How often the assistant was cut short.
    pub interruptions: u32,
    /// End of the caller's speech to our first frame, on average. None where nothing was answered.
    pub average_latency_ms: Option<u64>,
    /// The same that one turn in twenty exceeds.
    pub p95_latency_ms: Option<u64>,
    /// All else.
    pub metrics: Metrics,
}

/// Figures that have no column of their own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// How many turns the caller had.
    pub turns: u32,
    /// The median of what the caller waited for.
    pub p50_latency_ms: Option<u64>,
    /// That one turn in ten exceeds.
    pub p90_latency_ms: Option<u64>,
    /// That one turn in a hundred exceeds.
    pub p99_latency_ms: Option<u64>,
    /// Of the caller, by the time in which they were heard.
    pub caller_words_per_minute: Option<u32>,
    /// Of what the caller heard from the assistant.
    pub assistant_words_per_minute: Option<u32>,
    /// Both were heard.
    pub overtalk_ms: u64,
    /// How often nobody was for a second or more.
    pub pauses: u32,
    /// The longest of these.
    pub longest_pause_ms: u64,
    /// Answers that came late, by the budget.
    pub late_turns: u32,
    /// Answers that the rules gave in the model's place.
    pub turns_by_rules: u32,
    /// Faults of vendors and of the line.
    pub faults: u32,
}

/// What one stage of a call cost. Money is in millionths of a US dollar.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// `telephony`, `speech_to_text`, `model` or `text_to_speech`.
    pub stage: String,
    /// How much was used.
    pub quantity: f64,
    /// `minute`, `token` or `character`.
    pub unit: String,
    /// What it cost.
    pub micros: i64,
    /// What the cache saved.
    pub saved_micros: i64,
    /// What was spent on guesses that came to nothing; part of `micros`.
    pub wasted_micros: i64,
}

/// What is known of the caller's side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// BCP 47.
    pub language: Option<String>,
    /// ISO 3166, of the caller's number.
    pub region: Option<String>,
    /// `phone` or `browser`.
    pub device_type: String,
    /// `good`, `fair` or `poor`; none before the first frame.
    pub network_quality: Option<String>,
}
