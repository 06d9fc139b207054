//! The stepped speech-to-text: the words of an utterance as a vendor on a good or a bad day sends them.

use std::time::Duration;

use engine::io::Input;
use engine::time::CallTime;

/// Between the end of a voice and anything that is said about its words.
const HANGOVER: Duration = Duration::from_millis(200);

/// The vendor's own gap between words behind which it says that an utterance ended.
const UTTERANCE_GAP: Duration = Duration::from_millis(1_000);

/// How an utterance is transcribed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Growing interims, and a final that ends the turn.
    Well,
    /// The same, and the gap behind it is told as well.
    WithGap,
    /// Two finals, of which only the second ends the turn.
    Split,
    /// No final ends the turn.
    NeverEnding,
    /// The final comes so much later.
    Late(Duration),
    /// The final comes twice.
    Twice,
    /// One more interim comes behind the final.
    OutOfOrder,
    /// The interims come to nothing: the final is empty.
    Vanishing,
    /// No final comes unless it is asked for.
    Unfinished,
    /// Nobody can tell what was said.
    Unsure,
    /// The vendor guesses early that the turn is over.
    Eager,
    /// The vendor guesses too early that the turn is over, and takes it back.
    TooEager,
    /// Nothing comes.
    Lost,
}

/// Something the vendor says: when its audio was at Twilio, how long the vendor takes from there, and what it says.
pub(super) type Sent = (CallTime, Duration, Input);

/// An utterance, and how the vendor takes it.
pub(super) struct Utterance<'a> {
    pub(super) words: &'a str,
    pub(super) from: CallTime,
    pub(super) lasts: Duration,
    pub(super) takes: Duration,
    pub(super) manner: Manner,
}

impl Utterance<'_> {
    /// All that the vendor says of itself.
    pub(super) fn transcript(&self) -> Vec<Sent> {
        let mut sent = self.interims();
        match self.manner {
            Manner::Lost => sent.clear(),
            Manner::Unfinished => {}
            Manner::Vanishing => sent.push(self.last("", 0.0, true)),
            Manner::Unsure => sent.push(self.last(self.words, 0.2, true)),
            Manner::NeverEnding => sent.push(self.last(self.words, 0.95, false)),
            Manner::Split => sent.extend(self.split()),
            Manner::Late(later) => {
                let (at, takes, input) = self.last(self.words, 0.95, true);
                sent.push((at, takes + later, input));
            }
            Manner::Twice => {
                sent.push(self.last(self.words, 0.95, true));
                let (at, takes, input) = self.last(self.words, 0.95, true);
                sent.push((at, takes + Duration::from_millis(300), input));
            }
            Manner::OutOfOrder => {
                sent.push(self.last(self.words, 0.95, true));
                let (at, takes, _) = self.last(self.words, 0.95, true);
                sent.push((at, takes + Duration::from_millis(120), interim(self.words)));
            }
            Manner::Well => sent.push(self.last(self.words, 0.95, true)),
            Manner::WithGap => {
                sent.push(self.last(self.words, 0.95, true));
                sent.push((self.ends() + UTTERANCE_GAP, self.takes, Input::UtteranceEnded));
            }
            Manner::Eager => {
                sent.push((self.ends(), self.takes / 2, Input::TurnLikelyOver { text: self.words.to_owned() }));
                sent.push(self.last(self.words, 0.95, true));
            }
            Manner::TooEager => {
                let guess = Input::TurnLikelyOver { text: self.half().0 };
                sent.push((self.from + self.lasts / 2, self.takes, guess));
                sent.push((self.from + self.lasts * 3 / 4, self.takes, Input::TurnResumed));
                sent.push(self.last(self.words, 0.95, true));
            }
        }
        sent
    }

    /// What the vendor sends when it is asked to finish.
    pub(super) fn finished(&self) -> Input {
        self.last(self.words, 0.95, true).2
    }

    fn interims(&self) -> Vec<Sent> {
        let words: Vec<&str> = self.words.split_whitespace().collect();
        (1..words.len())
            .map(|heard| {
                let share = self.lasts.mul_f64(heard as f64 / words.len() as f64);
                (self.from + share, self.takes / 2, interim(&words[..heard].join(" ")))
            })
            .collect()
    }

    fn split(&self) -> [Sent; 2] {
        let (first, rest) = self.half();
        let (at, takes, input) = self.last(&rest, 0.95, true);
        let early = self.from + self.lasts / 2;
        let from_ms = self.from.as_ms();
        let part = Input::Final {
            text: first,
            confidence: 0.95,
            from_ms,
            to_ms: early.as_ms(),
            ends_turn: false,
            words: Vec::new(),
        };
        [(early, takes, part), (at, takes, input)]
    }

    fn half(&self) -> (String, String) {
        let words: Vec<&str> = self.words.split_whitespace().collect();
        let (first, rest) = words.split_at(words.len() / 2);
        (first.join(" "), rest.join(" "))
    }

    fn last(&self, text: &str, confidence: f32, ends_turn: bool) -> Sent {
        let (from_ms, to_ms) = (self.from.as_ms(), self.ends().as_ms());
        let said = Input::Final { text: text.to_owned(), confidence, from_ms, to_ms, ends_turn, words: Vec::new() };
        (self.ends(), self.takes.max(HANGOVER), said)
    }

    fn ends(&self) -> CallTime {
        self.from + self.lasts
    }
}

fn interim(text: &str) -> Input {
    Input::Interim { text: text.to_owned(), confidence: 0.9 }
}
