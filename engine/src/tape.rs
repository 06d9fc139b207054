//! The tape of a call: every input and every output, one line each, as they happened.
//!
//! ```text
//! 0.000000 < {"Answered":{…}}
//! 0.000000 > {"StartHearing":{…}}
//! 4.911204 < "VoiceStarted"
//! ```
//!
//! `<` came in, `>` went out, `!` is a note of who wrote it: why something is missing from there on. A tape is a whole account of a call: fed to a new [`Call`], its inputs must bring forth its
//! outputs again, to the byte. What differs is a bug, in the engine or in who wrote the tape.

use crate::call::Call;
use crate::io::{Input, Output};
use crate::time::CallTime;

/// A line that says what came in.
pub fn input_line(at: CallTime, input: &Input) -> String {
    line(at, '<', serde_json::to_string(input))
}

/// A line that says what went out.
pub fn output_line(at: CallTime, output: &Output) -> String {
    line(at, '>', serde_json::to_string(output))
}

/// A line that says why something is missing from there on.
pub fn note_line(at: CallTime, why: &str) -> String {
    format!("{at} ! {why}")
}

/// What a replay came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// Inputs that were fed.
    pub inputs: usize,
    /// Outputs that were the same.
    pub outputs: usize,
}

/// Why a replay stopped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    /// The tape cannot be read here.
    #[error("line {line} is not a line of a tape: {reason}")]
    Unreadable {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// Something is missing from here on. Until then it was the same.
    #[error("line {line} ends what can be replayed: {why}")]
    Missing {
        /// Counted from 1.
        line: usize,
        /// What the tape says about it.
        why: String,
    },
    /// The engine did something else than it did then.
    #[error("line {line} differs\n  on the tape: {taped}\n  now:         {now}")]
    Output {
        /// Counted from 1.
        line: usize,
        /// What the tape says.
        taped: String,
        /// What the engine says now; empty when it has nothing more to say.
        now: String,
    },
}

/// Feeds a tape's inputs to a new call and compares what comes out. A last line that was cut off is passed over: it is
/// what a killed process leaves.
///
/// # Errors
/// The first [`Difference`].
pub fn replay(tape: &str) -> Result<Replayed, Difference> {
    let mut call = Call::default();
    let mut out = Vec::new();
    let mut expected: std::collections::VecDeque<String> = std::collections::VecDeque::new();
    let mut replayed = Replayed { inputs: 0, outputs: 0 };
    let whole = tape.rfind('\n').map_or("", |end| &tape[..=end]);
    for (index, text) in whole.lines().enumerate() {
        let number = index + 1;
        let unreadable = |reason: String| Difference::Unreadable { line: number, reason };
        let (at, direction, body) = split(text).ok_or_else(|| unreadable("it has no time and direction".into()))?;
        if direction == "!" {
            return Err(Difference::Missing { line: number, why: body.to_owned() });
        }
        let at: CallTime = at.parse().map_err(|error| unreadable(format!("{error}")))?;
        match direction {
            "<" => {
                leftover(&mut expected, number)?;
                let input = serde_json::from_str(body).map_err(|error| unreadable(error.to_string()))?;
                call.handle(at, input, &mut out);
                expected.extend(out.drain(..).map(|output| output_line(at, &output)));
                replayed.inputs += 1;
            }
            ">" => {
                let now = expected.pop_front().unwrap_or_default();
                if now != text {
                    return Err(Difference::Output { line: number, taped: text.to_owned(), now });
                }
                replayed.outputs += 1;
            }
            other => return Err(unreadable(format!("{other:?} is none of <, > and !"))),
        }
    }
    Ok(replayed)
}

/// Outputs that the tape does not have, found when its next input comes.
fn leftover(expected: &mut std::collections::VecDeque<String>, line: usize) -> Result<(), Difference> {
    match expected.pop_front() {
        Some(now) => Err(Difference::Output { line, taped: String::new(), now }),
        None => Ok(()),
    }
}

fn line(at: CallTime, direction: char, body: serde_json::Result<String>) -> String {
    format!("{at} {direction} {}", body.expect("words of a call have string keys and finite numbers"))
}

fn split(text: &str) -> Option<(&str, &str, &str)> {
    let (at, rest) = text.split_once(' ')?;
    let (direction, body) = rest.split_once(' ')?;
    Some((at, direction, body))
}
