//! A log told so that it can be read: the lines of a scenario, with the world's side of it as it reached the call.

use std::fmt::Write as _;
use std::time::Duration;

use engine::io::Input;
use engine::time::CallTime;

use crate::stepped::scenario;
use crate::stepped::{Log, Logged};

/// The last of a log.
pub fn last_of(log: &Log, lasts: Duration) -> String {
    let end = log.last().map_or(CallTime::ZERO, |(at, _)| *at);
    let mut text = String::new();
    for (at, logged) in log.iter().filter(|(at, _)| end.since(*at) <= lasts) {
        if let Some(line) = line(logged) {
            let _ = writeln!(text, "{at:>9.3}  {line}");
        }
    }
    text
}

fn line(logged: &Logged) -> Option<String> {
    match logged {
        Logged::Input(input) => told(input),
        Logged::Output(output) => Some(format!("> {}", scenario::answer(output)?)),
    }
}

/// An input in words; `None` for those that only fill the page.
fn told(input: &Input) -> Option<String> {
    Some(match input {
        Input::VoiceLasted { voiced_ms, .. } if voiced_ms % 1_000 != 0 => return None,
        Input::MarkReached(mark) if !mark.ends_phrase => return None,
        Input::Answered(_) => "the call is answered".to_owned(),
        Input::StreamDropped => "stream drops".to_owned(),
        Input::StreamResumed { .. } => "stream resumes".to_owned(),
        Input::HungUp => "caller hangs up".to_owned(),
        Input::VoiceStarted => "a voice begins".to_owned(),
        Input::VoiceLasted { voiced_ms, speech_percent } => {
            format!("the voice goes on, {voiced_ms} ms now, {speech_percent} % like speech")
        }
        Input::VoiceEnded { voiced_ms } => format!("the voice has ended after {voiced_ms} ms"),
        Input::KeyPressed(key) => format!("caller presses {key}"),
        Input::Typed { text } => format!("caller types {text:?}"),
        Input::Interim { text, .. } => format!("hears {text:?} so far"),
        Input::Final { text, ends_turn: true, .. } => format!("hears {text:?}, and the turn is over"),
        Input::Final { text, .. } => format!("hears {text:?}"),
        Input::ReplyDelta { text, .. } => format!("model writes {text}"),
        Input::ReplyFinished { .. } => "model is done".to_owned(),
        Input::PhraseStarted { phrase } => format!("phrase {} goes out", phrase.0),
        Input::MarkReached(mark) => format!("phrase {} was played, says {mark}", mark.phrase.0),
        Input::Tick => "time passes".to_owned(),
        other => format!("{other:?}"),
    })
}
