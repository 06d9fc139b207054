//! What a client of `/v2/listen` asks for (developers.deepgram.com/docs/flux/configuration), at the handshake and later.

use serde::{Deserialize, Serialize};

use crate::deepgram::parameters::Parameters;
use crate::deepgram::refusal::Refusal;
use crate::speech::format::Format;

/// Parameters of `/v1/listen` that Flux refuses.
const NOT_FLUX: [&str; 8] = [
    "interim_results",
    "endpointing",
    "utterance_end_ms",
    "vad_events",
    "smart_format",
    "punctuate",
    "channels",
    "diarize",
];

/// When a turn is over.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Thresholds {
    /// Confidence at which a turn ends: 0.5 to 0.9.
    pub(super) eot_threshold: f64,
    /// Confidence at which it probably ends: 0.3 to 0.9; nothing is said of it when unset.
    pub(super) eager_eot_threshold: Option<f64>,
    /// Silence after which it ends whatever the confidence: 500 to 10,000 ms.
    pub(super) eot_timeout_ms: u64,
}

impl Thresholds {
    fn checked(self) -> Result<Self, String> {
        let wrong = |name: &str| Err(format!("{name} is out of range"));
        if !(0.5..=0.9).contains(&self.eot_threshold) {
            return wrong("eot_threshold");
        }
        if self.eager_eot_threshold.is_some_and(|eager| !(0.3..=0.9).contains(&eager) || eager > self.eot_threshold) {
            return wrong("eager_eot_threshold");
        }
        if !(500..=10_000).contains(&self.eot_timeout_ms) {
            return wrong("eot_timeout_ms");
        }
        Ok(self)
    }
}

/// The parameters that change what the sandbox says, and those a client is told again when it changes them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Options {
    pub(super) format: Format,
    pub(super) thresholds: Thresholds,
    pub(super) keyterms: Vec<String>,
    pub(super) language_hints: Vec<String>,
}

impl Options {
    /// Reads and checks the query.
    pub(super) fn of(parameters: &Parameters) -> Result<Self, Refusal> {
        let model = parameters.text("model").unwrap_or_default();
        if !matches!(model, "flux-general-en" | "flux-general-multi") {
            return Err(Refusal::parameter(format!("Model {model:?} is not served on /v2/listen.")));
        }
        if let Some(name) = NOT_FLUX.into_iter().find(|name| parameters.text(name).is_some()) {
            return Err(Refusal::parameter(format!("{name} is not supported on /v2/listen.")));
        }
        let thresholds = Thresholds {
            eot_threshold: parameters.number("eot_threshold")?.unwrap_or(0.7),
            eager_eot_threshold: parameters.number("eager_eot_threshold")?,
            eot_timeout_ms: parameters.number("eot_timeout_ms")?.unwrap_or(5_000),
        };
        let options = Self {
            format: Format::heard(parameters)?,
            thresholds: thresholds.checked().map_err(Refusal::parameter)?,
            keyterms: parameters.all("keyterm").map(str::to_owned).collect(),
            language_hints: parameters.all("language_hint").map(str::to_owned).collect(),
        };
        check_terms(&options.keyterms).map_err(Refusal::parameter)?;
        if !options.language_hints.is_empty() && model != "flux-general-multi" {
            return Err(Refusal::parameter("language_hint is only supported by flux-general-multi."));
        }
        Ok(options)
    }

    /// Takes a `Configure` message: what it does not name stays.
    pub(super) fn configure(&mut self, change: Change) -> Result<(), String> {
        let asked = change.thresholds.unwrap_or_default();
        let thresholds = Thresholds {
            eot_threshold: asked.eot_threshold.unwrap_or(self.thresholds.eot_threshold),
            eager_eot_threshold: asked.eager_eot_threshold.or(self.thresholds.eager_eot_threshold),
            eot_timeout_ms: asked.eot_timeout_ms.unwrap_or(self.thresholds.eot_timeout_ms),
        };
        let keyterms = change.keyterms.unwrap_or_else(|| self.keyterms.clone());
        check_terms(&keyterms)?;
        self.thresholds = thresholds.checked()?;
        self.keyterms = keyterms;
        self.language_hints = change.language_hints.unwrap_or_else(|| self.language_hints.clone());
        Ok(())
    }
}

/// Terms have no weights here, as keywords of old models had.
fn check_terms(terms: &[String]) -> Result<(), String> {
    let weighted = |term: &&String| term.rsplit_once(':').is_some_and(|(_, weight)| weight.parse::<f32>().is_ok());
    match terms.iter().find(weighted) {
        Some(term) => Err(format!("keyterm {term:?} has a weight")),
        None => Ok(()),
    }
}

/// A `Configure` message.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Change {
    thresholds: Option<ThresholdChange>,
    keyterms: Option<Vec<String>>,
    language_hints: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
struct ThresholdChange {
    eot_threshold: Option<f64>,
    eager_eot_threshold: Option<f64>,
    eot_timeout_ms: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(query: &str) -> Result<Options, Refusal> {
        let query = ["model=flux-general-en&encoding=mulaw&sample_rate=8000&", query].concat();
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        Options::of(&Parameters(pairs.map(|(name, value)| (name.into(), value.into())).collect()))
    }

    #[test]
    fn thresholds_have_defaults_and_ranges() {
        let plain = options("").expect("a good query").thresholds;
        assert_eq!((plain.eot_threshold, plain.eager_eot_threshold, plain.eot_timeout_ms), (0.7, None, 5_000));
        for wrong in [
            "eot_threshold=0.2",
            "eager_eot_threshold=0.8",
            "eot_timeout_ms=100",
            "endpointing=300",
            "keyterm=trim:0.2",
            "language_hint=en",
        ] {
            assert!(options(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_change_keeps_what_it_does_not_name_and_a_wrong_one_changes_nothing() {
        let mut options = options("eot_timeout_ms=7000&keyterm=trim").expect("a good query");
        let change = |text: &str| serde_json::from_str(text).expect("a change");
        options.configure(change(r#"{"thresholds":{"eager_eot_threshold":0.5}}"#)).expect("a good change");
        assert_eq!(options.thresholds.eager_eot_threshold, Some(0.5));
        assert_eq!((options.thresholds.eot_timeout_ms, options.keyterms.len()), (7_000, 1));
        let before = options.clone();
        assert!(options.configure(change(r#"{"thresholds":{"eot_threshold":0.1}}"#)).is_err());
        assert_eq!(options, before);
    }
}
