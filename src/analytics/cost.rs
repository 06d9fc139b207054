//! What a call cost, by the prices that are set.

use engine::figures::Cost;

/// What vendors take, in US dollars.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prices {
    /// A minute on the telephone, its media stream included.
    pub telephony_minute: f64,
    /// A minute of speech-to-text.
    pub hearing_minute: f64,
    /// A million tokens that the model reads.
    pub million_tokens_in: f64,
    /// A million tokens that it writes.
    pub million_tokens_out: f64,
    /// A thousand characters that are spoken.
    pub thousand_characters: f64,
}

/// What was used beside time.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Usage {
    /// Tokens of the model, read and written.
    pub(super) tokens: (u64, u64),
    /// Tokens of guesses that came to nothing.
    pub(super) wasted: (u64, u64),
    /// Characters that a provider spoke.
    pub(super) characters: u64,
    /// Characters that the cache had.
    pub(super) characters_at_hand: u64,
}

impl Prices {
    /// What each stage cost, in the order in which a call passes them.
    pub(super) fn costs(&self, usage: &Usage, duration_ms: u64) -> Vec<Cost> {
        let minutes = duration_ms as f64 / 60_000.0;
        let model = self.tokens(usage.tokens);
        let wasted = self.tokens(usage.wasted);
        let tokens = usage.tokens.0 + usage.tokens.1 + usage.wasted.0 + usage.wasted.1;
        let speech = |characters: u64| characters as f64 / 1_000.0 * self.thousand_characters;
        vec![
            cost("telephony", minutes, "minute", minutes * self.telephony_minute),
            cost("speech_to_text", minutes, "minute", minutes * self.hearing_minute),
            Cost { wasted_micros: micros(wasted), ..cost("model", tokens as f64, "token", model + wasted) },
            Cost {
                saved_micros: micros(speech(usage.characters_at_hand)),
                ..cost("text_to_speech", usage.characters as f64, "character", speech(usage.characters))
            },
        ]
    }

    fn tokens(&self, (read, written): (u64, u64)) -> f64 {
        (read as f64 * self.million_tokens_in + written as f64 * self.million_tokens_out) / 1e6
    }
}

fn cost(stage: &str, quantity: f64, unit: &str, dollars: f64) -> Cost {
    let (stage, unit) = (stage.to_owned(), unit.to_owned());
    Cost { stage, quantity, unit, micros: micros(dollars), saved_micros: 0, wasted_micros: 0 }
}

/// In millionths. A price that no money can pay stops at the largest number.
fn micros(dollars: f64) -> i64 {
    (dollars * 1e6).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_costs_what_it_used() {
        let prices = Prices {
            telephony_minute: 0.01,
            hearing_minute: 0.005,
            million_tokens_in: 1.0,
            million_tokens_out: 4.0,
            thousand_characters: 0.03,
        };
        let usage = Usage { tokens: (1_000, 100), wasted: (500, 0), characters: 100, characters_at_hand: 900 };
        let costs = prices.costs(&usage, 90_000);
        let told: Vec<_> = costs.iter().map(|cost| (cost.stage.as_str(), cost.quantity, cost.micros)).collect();
        assert_eq!(
            told,
            [
                ("telephony", 1.5, 15_000),
                ("speech_to_text", 1.5, 7_500),
                ("model", 1_600.0, 1_900),
                ("text_to_speech", 100.0, 3_000)
            ]
        );
        assert_eq!((costs[2].wasted_micros, costs[3].saved_micros), (500, 27_000));
    }
}
