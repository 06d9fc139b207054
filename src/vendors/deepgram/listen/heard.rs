//! What Deepgram says, in words both of its listening services share.

use serde::Deserialize;

/// Of any message: which one it is.
#[derive(Deserialize)]
pub(super) struct Kind {
    #[serde(rename = "type")]
    pub(super) name: String,
}

/// One word, with where it lies where the service says so.
#[derive(Deserialize)]
pub(super) struct Word {
    #[serde(default)]
    pub(super) confidence: f64,
    pub(super) start: Option<f64>,
    pub(super) end: Option<f64>,
}

/// One message, reduced to what matters to a call. Seconds count from the first byte of the connection's audio.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// Words that may change.
    Interim {
        /// The segment's words so far.
        text: String,
        /// From 0 to 1.
        confidence: f32,
        /// Where the segment begins.
        from_s: f64,
    },
    /// Words that will not, possibly none.
    Final {
        /// The segment's words.
        text: String,
        /// From 0 to 1.
        confidence: f32,
        /// Where the words begin; the segment's begin when there are none.
        from_s: f64,
        /// Where they end, or the segment does.
        to_s: f64,
        /// Where each of them begins and ends; empty when the vendor does not say it of all.
        words_s: Vec<(f64, f64)>,
        /// Up to where the audio is dealt with for good.
        settled_s: f64,
        /// The turn is over.
        ends_turn: bool,
    },
    /// A gap between words.
    UtteranceEnded,
    /// The turn is probably over.
    TurnLikelyOver {
        /// Its words so far.
        text: String,
    },
    /// It was not.
    TurnResumed,
    /// The vendor complains. A close follows, or nothing does.
    Trouble(String),
    /// A message that is known and says nothing of use here.
    Aside,
    /// A message of a kind that did not exist when this was written.
    Unknown(String),
}

impl Heard {
    /// What it is, without what was said.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Interim { .. } => "interim",
            Self::Final { .. } => "final",
            Self::UtteranceEnded => "utterance ended",
            Self::TurnLikelyOver { .. } => "turn likely over",
            Self::TurnResumed => "turn resumed",
            Self::Trouble(_) => "trouble",
            Self::Aside => "aside",
            Self::Unknown(_) => "unknown",
        }
    }
}

/// Where each word begins and ends, if it is known of all.
pub(super) fn places(words: &[Word]) -> Vec<(f64, f64)> {
    words.iter().map(|word| word.start.zip(word.end)).collect::<Option<_>>().unwrap_or_default()
}

/// The mean of the words' confidences, or `otherwise` when there are none.
pub(super) fn mean(confidences: impl Iterator<Item = f64>, otherwise: f64) -> f32 {
    let (sum, count) = confidences.fold((0.0, 0), |(sum, count), next| (sum + next, count + 1));
    let mean = if count == 0 { otherwise } else { sum / f64::from(count) };
    mean.clamp(0.0, 1.0) as f32
}
