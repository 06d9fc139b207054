//! The stepped synthesizer and the cache before it: how long a phrase is, and when its audio comes, if it comes.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use engine::io::{Fault, PhraseId};
use engine::time::CallTime;

/// How fast the stepped voice speaks, in milliseconds per character.
const CHARACTER_MS: u32 = 60;

/// Without a first byte for so long, twice, whoever asks gives up.
const FIRST_BYTE: Duration = Duration::from_millis(4_150);

/// Without an end for so long, whoever asks gives up.
const TOTAL: Duration = Duration::from_secs(20);

/// What the synthesizer does with the next phrase that is not in the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpeechAnswer {
    /// Sends all of it at once.
    Whole,
    /// Sends half of it, and the rest so much later.
    Slowly(Duration),
    /// Says that it cannot.
    Fails,
    /// Sends half of it, and says that it cannot go on.
    FailsMidway,
    /// Never answers.
    NeverComes,
    /// Sends half of it, and then nothing.
    NeverEnds,
    /// Ends after so much of it, as if that were all.
    Short {
        /// Of the whole, in percent.
        percent: u8,
    },
}

/// A part of a phrase's audio, or the news that there is no more.
#[derive(Debug, Clone)]
pub(super) enum Part {
    Audio { ms: u32, is_first: bool },
    End { length_ms: u32 },
    Failed(Fault),
}

#[derive(Debug, Default)]
pub(super) struct Speech {
    /// What comes of the phrases that are asked for next; all of it at once where nothing is said.
    pub(super) answers: VecDeque<SpeechAnswer>,
    /// When each text was whole, or will be.
    kept: BTreeMap<String, CallTime>,
}

/// What an order brings: everything at once, or parts at their moments.
pub(super) enum Fetched {
    Kept { length_ms: u32 },
    Comes(Vec<(CallTime, PhraseId, Part)>),
}

impl Speech {
    pub(super) fn fetch(&mut self, now: CallTime, phrase: PhraseId, text: &str, takes: Duration) -> Fetched {
        let length_ms = text.chars().count() as u32 * CHARACTER_MS;
        match self.kept.get(text) {
            Some(ready) if *ready <= now => return Fetched::Kept { length_ms },
            Some(ready) => return Fetched::Comes(whole(*ready, phrase, length_ms)),
            None => {}
        }
        let at = now + takes;
        let answer = self.answers.pop_front().unwrap_or(SpeechAnswer::Whole);
        let ready = match answer {
            SpeechAnswer::Whole => Some(at),
            SpeechAnswer::Slowly(later) => Some(at + later),
            _ => None,
        };
        if let Some(ready) = ready {
            self.kept.insert(text.to_owned(), ready);
        }
        Fetched::Comes(parts(at, phrase, length_ms, answer))
    }
}

/// Where each word ends in the stepped voice, in milliseconds. A word takes its letters and the space behind it.
pub fn word_ends_ms(text: &str) -> Vec<u32> {
    let mut characters = 0;
    let words: Vec<&str> = text.split_whitespace().collect();
    let ends = words.iter().map(|word| {
        characters += word.chars().count() as u32 + 1;
        characters * CHARACTER_MS
    });
    let length_ms = text.chars().count() as u32 * CHARACTER_MS;
    ends.map(|end| end.min(length_ms)).collect()
}

fn parts(at: CallTime, phrase: PhraseId, length_ms: u32, answer: SpeechAnswer) -> Vec<(CallTime, PhraseId, Part)> {
    let gone = || Part::Failed(Fault::Retry("the stepped voice is gone".to_owned()));
    let half = (at, phrase, Part::Audio { ms: length_ms / 2, is_first: true });
    match answer {
        SpeechAnswer::Whole => whole(at, phrase, length_ms),
        SpeechAnswer::Slowly(later) => {
            let rest = Part::Audio { ms: length_ms - length_ms / 2, is_first: false };
            vec![half, (at + later, phrase, rest), (at + later, phrase, Part::End { length_ms })]
        }
        SpeechAnswer::Fails => vec![(at, phrase, gone())],
        SpeechAnswer::FailsMidway => vec![half, (at + Duration::from_millis(100), phrase, gone())],
        SpeechAnswer::NeverComes => vec![(at + FIRST_BYTE, phrase, gone())],
        SpeechAnswer::NeverEnds => vec![half, (at + TOTAL, phrase, gone())],
        SpeechAnswer::Short { percent } => whole(at, phrase, length_ms * u32::from(percent) / 100),
    }
}

fn whole(at: CallTime, phrase: PhraseId, length_ms: u32) -> Vec<(CallTime, PhraseId, Part)> {
    vec![(at, phrase, Part::Audio { ms: length_ms, is_first: true }), (at, phrase, Part::End { length_ms })]
}
