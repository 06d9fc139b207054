//! How the caller's words felt, by the VADER lexicon (Hutto and Gilbert, 2014). It reads English.

use std::sync::LazyLock;

use engine::figures::{Mood, Sentiment};
use vader_sentiment::SentimentIntensityAnalyzer;

/// Scores between -this and this are neither, as its authors use it.
const NEUTRAL_BELOW: f64 = 0.05;

static LEXICON: LazyLock<SentimentIntensityAnalyzer<'static>> = LazyLock::new(SentimentIntensityAnalyzer::new);

/// The mean of all that was said, without what says nothing either way; none where nothing was said.
pub(super) fn of(said: &[String]) -> Option<Sentiment> {
    let spoken = said.iter().filter(|text| text.chars().any(char::is_alphabetic));
    let scores: Vec<f64> = spoken.map(|text| score_of(text)).collect();
    if scores.is_empty() {
        return None;
    }
    let telling: Vec<f64> = scores.into_iter().filter(|score| score.abs() >= NEUTRAL_BELOW).collect();
    let score = telling.iter().sum::<f64>() / telling.len().max(1) as f64;
    let mood = match score {
        _ if score >= NEUTRAL_BELOW => Mood::Positive,
        _ if score <= -NEUTRAL_BELOW => Mood::Negative,
        _ => Mood::Neutral,
    };
    Some(Sentiment { mood, score, by: "lexicon".to_owned() })
}

fn score_of(text: &str) -> f64 {
    let score = LEXICON.polarity_scores(text).get("compound").copied().unwrap_or(0.0);
    if score.is_finite() { score.clamp(-1.0, 1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mood(said: &[&str]) -> Option<Mood> {
        let said: Vec<String> = said.iter().map(|text| (*text).to_owned()).collect();
        of(&said).map(|sentiment| sentiment.mood)
    }

    #[test]
    fn a_call_feels_as_its_caller_speaks() {
        assert_eq!(mood(&["I'd like a haircut", "That's wonderful, thank you so much!"]), Some(Mood::Positive));
        assert_eq!(mood(&["This is terrible, I hate it", "no"]), Some(Mood::Negative));
        assert_eq!(mood(&["a haircut on friday at three"]), Some(Mood::Neutral));
        assert_eq!(mood(&[]), None);
        assert_eq!(mood(&["", "…", "😀"]), None);
    }

    #[test]
    fn any_words_have_a_score() {
        for text in ["!!!!????", "not", "BUT", "very very", "ñ", ":) :(", "isn't n't", "\u{0}"] {
            assert!(score_of(text).abs() <= 1.0, "{text}");
        }
    }
}
