//! Where each word of a phrase ends in its audio, so that what was heard can be told to the word.
//!
//! Synthesizers seldom say it. It is estimated: how long each word takes from how it is spoken, and where the voice pauses
//! from the audio's own energy. A pause belongs behind one of the words, best behind one with a comma or a stop; between
//! pauses the words share the time.

mod pauses;
mod spoken;

use crate::audio::mulaw;
use pauses::{Loudness, Pause};
use spoken::weight;

/// How fast we speak when a phrase's length is not known yet: about 15 characters a second.
const CHARACTER_MS: u32 = 66;

/// What a synthesizer is silent before the first word, as a word's weight.
const LEAD: f32 = 0.5;

/// How long a text takes to say, as far as it can be known without its audio.
pub fn length_ms(text: &str) -> u32 {
    text.chars().count() as u32 * CHARACTER_MS
}

/// When each word ends in speech of this length, by the text alone. A pause belongs to the word behind it.
pub fn ends_by_text(text: &str, length_ms: u32) -> Vec<u32> {
    let pause = |word: &str| match Break::behind(word) {
        Break::Stop => 0.9,
        Break::Comma => 0.45,
        Break::None => 0.0,
    };
    let words = || text.split_whitespace();
    let total: f32 = LEAD + words().map(|word| weight(word) + pause(word)).sum::<f32>();
    let mut passed = LEAD;
    let end = |word: &str| {
        passed += weight(word);
        let end = passed / total * length_ms as f32;
        passed += pause(word);
        end as u32
    };
    words().map(end).collect()
}

/// When each word ends in this µ-law audio at 8 kHz, which says the text. A pause belongs to the word behind it. Takes
/// some tens of microseconds for each second of audio; not to be done per frame.
pub fn ends(text: &str, audio: &[u8]) -> Vec<u32> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let loudness = Loudness::of(audio);
    let Some((first, last)) = loudness.speech() else {
        return ends_by_text(text, (audio.len() / mulaw::BYTES_PER_MS) as u32);
    };
    let weights: Vec<f32> = words.iter().map(|word| weight(word)).collect();
    let pauses = loudness.pauses(first, last);
    let mut ends = Vec::with_capacity(words.len());
    let mut from = first;
    for (word, pause) in matched(&words, &weights, &pauses) {
        share(&weights[ends.len()..=word], from, pause.from, &loudness, &mut ends);
        from = pause.to;
    }
    share(&weights[ends.len()..], from, last, &loudness, &mut ends);
    ends.into_iter().map(|end| (end * pauses::STEP_MS) as u32).collect()
}

/// Lets words that are said without a pause share the time by their weights. One ends where it is quietest nearby.
fn share(weights: &[f32], from: usize, to: usize, loudness: &Loudness, ends: &mut Vec<usize>) {
    let total: f32 = weights.iter().sum();
    let mut passed = 0.0;
    for (index, weight) in weights.iter().enumerate() {
        passed += weight;
        let end = from + ((to - from) as f32 * passed / total).round() as usize;
        ends.push(if index + 1 == weights.len() { to } else { loudness.quietest_near(end, from, to) });
    }
}

/// What stands behind a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Break {
    None,
    Comma,
    Stop,
}

impl Break {
    fn behind(word: &str) -> Self {
        match word.chars().last() {
            Some('.' | '?' | '!' | ';' | ':') => Self::Stop,
            Some(',') => Self::Comma,
            _ => Self::None,
        }
    }
}

/// How far a pause may be from where the weights expect a word's end, in weight, before that costs 1.
const DRIFT: f32 = 3.0;

/// What it costs to find a pause behind a word without a comma or stop.
const UNMARKED: f32 = 3.0;

/// What it costs to take 100 ms of silence for part of a word.
const INSIDE: f32 = 1.0;

/// What it costs to find no pause at a stop, and at a comma.
const STOP_UNHEARD: f32 = 4.0;
const COMMA_UNHEARD: f32 = 1.0;

/// Which word each pause is behind, in order; a pause that fits behind none is left out. The cheapest of all ways to
/// match them, found word by word.
fn matched(words: &[&str], weights: &[f32], pauses: &[Pause]) -> Vec<(usize, Pause)> {
    let inner = words.len().saturating_sub(1);
    let total: f32 = weights.iter().sum();
    let mut passed = 0.0;
    let expected: Vec<f32> = weights.iter().map(|weight| (passed += weight, passed).1).collect();
    let width = inner + 1;
    let mut costs = vec![f32::INFINITY; (pauses.len() + 1) * width];
    let mut steps = vec![Step::Start; costs.len()];
    costs[0] = 0.0;
    for at in 0..costs.len() {
        let (pause, word) = (at / width, at % width);
        let mut reach = |to: usize, cost: f32, step: Step| {
            if costs[at] + cost < costs[to] {
                costs[to] = costs[at] + cost;
                steps[to] = step;
            }
        };
        if let Some(silence) = pauses.get(pause) {
            reach(at + width, INSIDE * silence.lasts_ms() / 100.0, Step::PassPause);
            if word < inner {
                let drift = (silence.progress * total - expected[word]) / DRIFT;
                let unmarked = if Break::behind(words[word]) == Break::None { UNMARKED } else { 0.0 };
                reach(at + width + 1, drift * drift + unmarked, Step::Match);
            }
        }
        if word < inner {
            let unheard = match Break::behind(words[word]) {
                Break::Stop => STOP_UNHEARD,
                Break::Comma => COMMA_UNHEARD,
                Break::None => 0.0,
            };
            reach(at + 1, unheard, Step::PassWord);
        }
    }
    way_back(&steps, width).into_iter().map(|(pause, word)| (word, pauses[pause])).collect()
}

/// How a state of the match is reached most cheaply.
#[derive(Debug, Clone, Copy)]
enum Step {
    Start,
    PassPause,
    PassWord,
    Match,
}

fn way_back(steps: &[Step], width: usize) -> Vec<(usize, usize)> {
    let mut at = steps.len() - 1;
    let mut matches = Vec::new();
    loop {
        at = match steps[at] {
            Step::Start => break,
            Step::PassPause => at - width,
            Step::PassWord => at - 1,
            Step::Match => {
                let before = at - width - 1;
                matches.push((before / width, before % width));
                before
            }
        };
    }
    matches.reverse();
    matches
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Speech of so many milliseconds each, loud where the first is not negative.
    fn audio(pieces: &[i32]) -> Vec<u8> {
        let piece = |ms: &i32| {
            let code = if *ms < 0 { mulaw::encode(0) } else { mulaw::encode(8_000) };
            vec![code; ms.unsigned_abs() as usize * mulaw::BYTES_PER_MS]
        };
        pieces.iter().flat_map(piece).collect()
    }

    #[test]
    fn a_pause_is_where_the_comma_is() {
        let ends = ends("Of course, Ada.", &audio(&[-100, 700, -300, 400, -200]));
        assert_eq!(ends.len(), 3);
        assert!((790..=810).contains(&ends[1]), "{ends:?}");
        assert!((1_490..=1_510).contains(&ends[2]), "{ends:?}");
        assert!((100..500).contains(&ends[0]), "{ends:?}");
    }

    #[test]
    fn a_short_silence_inside_a_word_is_no_end_of_one() {
        let with = ends("one two, three", &audio(&[200, -80, 600, -250, 500]));
        assert!((870..=890).contains(&with[1]), "{with:?}");
    }

    #[test]
    fn without_any_sound_the_text_has_to_do() {
        assert_eq!(ends("one two", &audio(&[-1_000])), ends_by_text("one two", 1_000));
        assert_eq!(ends("", &audio(&[500])), Vec::<u32>::new());
        assert_eq!(ends("one", &[]), [0]);
    }

    #[test]
    fn ends_never_run_back_and_stay_within_the_audio() {
        let audio = audio(&[-50, 300, -120, 90, -400, 30, -90, 800, -60]);
        let length_ms = (audio.len() / mulaw::BYTES_PER_MS) as u32;
        for text in ["a", "a b c d e f g h i j k l m n o p", "Dr. Smith, at 10:30; $35!", "… — ?", "x, y, z, w, v."]
        {
            for ends in [ends(text, &audio), ends_by_text(text, length_ms)] {
                assert_eq!(ends.len(), text.split_whitespace().count());
                assert!(ends.is_sorted() && ends.iter().all(|end| *end <= length_ms), "{text}: {ends:?}");
            }
        }
    }
}
