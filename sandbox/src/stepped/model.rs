//! The stepped model: what it answers, and when each piece of the answer comes.

use std::time::Duration;

use engine::io::{Fault, Input, ReplyId};

/// Between two pieces of an answer.
const PIECE_EVERY: Duration = Duration::from_millis(15);

/// What the model does with the next request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelAnswer {
    /// Writes this.
    Text(String),
    /// Fails.
    Fails,
    /// Never answers.
    Stalls,
    /// Writes this in pieces of so many characters, and ends as it likes.
    Pieces {
        /// What it writes.
        text: String,
        /// How many characters come at once, at least 1.
        characters: usize,
        /// What comes behind the last piece.
        ending: Ending,
    },
}

/// How an answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// As it should.
    Whole,
    /// As it should, without a count of its tokens.
    Uncounted,
    /// With an error.
    Fails,
    /// Not at all.
    Stalls,
}

/// What comes of a request, and how long after it; `takes` is the time to the first of it.
pub(super) fn answered(reply: ReplyId, answer: ModelAnswer, takes: Duration) -> Vec<(Duration, Input)> {
    let failed =
        || Input::ReplyFailed { reply, fault: Fault::Retry("the stepped model has nothing to say".to_owned()) };
    match answer {
        ModelAnswer::Stalls => Vec::new(),
        ModelAnswer::Fails => vec![(takes, failed())],
        ModelAnswer::Text(text) => {
            let middle = text.char_indices().nth(text.chars().count() / 2).map_or(0, |(index, _)| index);
            let (head, tail) = text.split_at(middle);
            vec![
                (takes, Input::ReplyDelta { reply, text: head.to_owned() }),
                (takes + Duration::from_millis(150), Input::ReplyDelta { reply, text: tail.to_owned() }),
                (takes + Duration::from_millis(160), Input::ReplyFinished { reply, tokens: Some((400, 40)) }),
            ]
        }
        ModelAnswer::Pieces { text, characters, ending } => {
            let letters: Vec<char> = text.chars().collect();
            let pieces = letters.chunks(characters.max(1)).map(|piece| piece.iter().collect::<String>());
            let mut after = takes;
            let mut inputs = Vec::new();
            for text in pieces {
                inputs.push((after, Input::ReplyDelta { reply, text }));
                after += PIECE_EVERY;
            }
            match ending {
                Ending::Whole => inputs.push((after, Input::ReplyFinished { reply, tokens: Some((400, 40)) })),
                Ending::Uncounted => inputs.push((after, Input::ReplyFinished { reply, tokens: None })),
                Ending::Fails => inputs.push((after, failed())),
                Ending::Stalls => {}
            }
            inputs
        }
    }
}
