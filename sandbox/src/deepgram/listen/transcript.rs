//! Heard words as the service writes them: plain, or with capitals, punctuation and digits, as was asked for.

use engine::audio::frame::RATE_HZ;
use serde::Serialize;

use crate::clips::spoken_word;
use crate::deepgram::listen::options::Options;
use crate::recognizer::HeardWord;

/// One reading of some audio. The sandbox never has a second.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::deepgram) struct Alternative {
    pub(in crate::deepgram) transcript: String,
    pub(in crate::deepgram) confidence: f32,
    words: Vec<Word>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Word {
    word: String,
    start: f64,
    end: f64,
    confidence: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    punctuated_word: Option<String>,
}

/// Spoken digits in a row that are written as a number of digits.
const DIGITS_MIN: usize = 3;

/// Seconds of a position in samples.
pub(in crate::deepgram) fn seconds(samples: u64) -> f64 {
    samples as f64 / f64::from(RATE_HZ)
}

impl Alternative {
    /// Puts words into the shape that was asked for. No words are an empty transcript of no confidence.
    pub(in crate::deepgram) fn of(words: &[HeardWord], options: &Options) -> Self {
        let mut words: Vec<HeardWord> =
            words.iter().filter(|word| options.filler_words || !is_filler(word)).cloned().collect();
        if options.numerals {
            words = with_digits(&words);
        }
        let confidence = words.iter().map(|word| word.confidence).sum::<f32>() / words.len().max(1) as f32;
        let words: Vec<Word> = words.iter().map(|word| written(word, options.punctuate)).collect();
        let transcript = words.iter().map(|word| word.punctuated_word.as_ref().unwrap_or(&word.word).as_str());
        Self { transcript: transcript.collect::<Vec<_>>().join(" "), confidence, words }
    }
}

fn written(word: &HeardWord, punctuate: bool) -> Word {
    Word {
        word: spelled(&spoken_word(&word.text)),
        start: seconds(word.from),
        end: seconds(word.to),
        confidence: word.confidence,
        punctuated_word: punctuate.then(|| word.text.clone()),
    }
}

/// Stripped unless asked for (developers.deepgram.com/docs/filler-words).
fn is_filler(word: &HeardWord) -> bool {
    matches!(spoken_word(&word.text).as_str(), "uh" | "um")
}

/// The service has one spelling for each of these.
fn spelled(word: &str) -> String {
    match word {
        "mm-hm" | "mmhm" | "mm-hmm" => "mhmm".into(),
        other => other.into(),
    }
}

fn digit(word: &HeardWord) -> Option<char> {
    Some(match spoken_word(&word.text).as_str() {
        "zero" | "oh" => '0',
        "one" => '1',
        "two" => '2',
        "three" => '3',
        "four" => '4',
        "five" => '5',
        "six" => '6',
        "seven" => '7',
        "eight" => '8',
        "nine" => '9',
        _ => return None,
    })
}

/// Runs of spoken digits become one word of digits; shorter runs stay words.
fn with_digits(words: &[HeardWord]) -> Vec<HeardWord> {
    let mut out = Vec::new();
    for run in words.chunk_by(|a, b| digit(a).is_some() && digit(b).is_some()) {
        let digits: Option<String> = run.iter().map(digit).collect();
        match (digits, run) {
            (Some(digits), [first, .., last]) if digits.len() >= DIGITS_MIN => {
                let tail: String = last.text.chars().filter(char::is_ascii_punctuation).collect();
                let text = grouped(&digits) + &tail;
                out.push(HeardWord { text, from: first.from, to: last.to, confidence: first.confidence });
            }
            _ => out.extend_from_slice(run),
        }
    }
    out
}

/// Telephone numbers are written in groups.
fn grouped(digits: &str) -> String {
    match digits.len() {
        7 => format!("{}-{}", &digits[..3], &digits[3..]),
        10 => format!("{}-{}-{}", &digits[..3], &digits[3..6], &digits[6..]),
        _ => digits.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deepgram::parameters::Parameters;

    fn transcript(text: &str, query: &[(&str, &str)]) -> String {
        let raw = [("encoding", "mulaw"), ("sample_rate", "8000")];
        let pairs = raw.iter().chain(query).map(|(name, value)| ((*name).into(), (*value).into()));
        let options = Options::of(&Parameters(pairs.collect())).expect("a good query");
        let word = |(n, text): (usize, &str)| HeardWord {
            text: text.into(),
            from: n as u64 * 100,
            to: n as u64 * 100 + 90,
            confidence: 0.99,
        };
        let words: Vec<_> = text.split(' ').enumerate().map(word).collect();
        Alternative::of(&words, &options).transcript
    }

    #[test]
    fn plain_words_are_lower_case_and_formatted_ones_are_as_written() {
        assert_eq!(transcript("Hi, I'd like um that.", &[]), "hi i'd like that");
        assert_eq!(transcript("Hi, um, yes.", &[("punctuate", "true"), ("filler_words", "true")]), "Hi, um, yes.");
        assert_eq!(transcript("Mm-hm.", &[]), "mhmm");
    }

    #[test]
    fn dictated_digits_become_a_number_when_asked_for() {
        let said = "It's two one two, five five five, oh one nine nine.";
        assert_eq!(transcript(said, &[("smart_format", "true")]), "It's 212-555-0199.");
        assert_eq!(transcript(said, &[]), "it's two one two five five five oh one nine nine");
        assert_eq!(transcript("At two thirty", &[("smart_format", "true")]), "At two thirty");
    }
}
