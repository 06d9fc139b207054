//! Messages of `/v2/listen`, as a pure function.
//!
//! Flux decides turns itself; its transcript is that of the whole turn so far, so that each message replaces the one
//! before. Shapes: `asyncapi.yml` in deepgram/deepgram-api-specs and <https://developers.deepgram.com/docs/flux/state>,
//! read 2026-11.

use serde::Deserialize;

use super::heard::{Heard, Kind, Word, mean, places};

#[derive(Deserialize)]
struct TurnInfo {
    event: String,
    #[serde(default)]
    transcript: String,
    #[serde(default)]
    audio_window_start: f64,
    #[serde(default)]
    audio_window_end: f64,
    #[serde(default)]
    words: Vec<Word>,
    #[serde(default)]
    end_of_turn_confidence: f64,
}

#[derive(Deserialize)]
struct Complaint {
    code: Option<String>,
    error_code: Option<String>,
    description: Option<String>,
}

/// Reads one text message.
///
/// # Errors
/// What is wrong with a message that is not in the protocol at all.
pub fn parse(text: &str) -> Result<Heard, serde_json::Error> {
    let kind: Kind = serde_json::from_str(text)?;
    Ok(match kind.name.as_str() {
        "TurnInfo" => turn(serde_json::from_str(text)?),
        "Connected" | "ConfigureSuccess" => Heard::Aside,
        "Error" | "ConfigureFailure" => {
            let complaint: Complaint = serde_json::from_str(text)?;
            let parts = [complaint.code.or(complaint.error_code), complaint.description];
            Heard::Trouble(parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
        }
        _ => Heard::Unknown(kind.name),
    })
}

fn turn(turn: TurnInfo) -> Heard {
    let text = turn.transcript.trim().to_owned();
    let confidence = mean(turn.words.iter().map(|it| it.confidence), turn.end_of_turn_confidence);
    let from_s = turn.words.first().and_then(|it| it.start).unwrap_or(turn.audio_window_start);
    match turn.event.as_str() {
        "Update" | "StartOfTurn" => Heard::Interim { text, confidence, from_s },
        "EagerEndOfTurn" => Heard::TurnLikelyOver { text },
        "TurnResumed" => Heard::TurnResumed,
        "EndOfTurn" => {
            let settled_s = turn.audio_window_end;
            let to_s = turn.words.last().and_then(|it| it.end).unwrap_or(settled_s);
            Heard::Final { text, confidence, from_s, to_s, words_s: places(&turn.words), settled_s, ends_turn: true }
        }
        _ => Heard::Unknown(format!("TurnInfo {}", turn.event)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDED: &str = include_str!("../../../../fixtures/wire/deepgram/listen-v2.jsonl");

    #[test]
    fn a_recorded_turn_reads_as_interims_a_likely_end_a_resumption_and_a_final() {
        let texts: Vec<String> = RECORDED
            .lines()
            .filter_map(|line| parse(line).ok())
            .map(|heard| match heard {
                Heard::Interim { text, .. } => format!("? {text}"),
                Heard::Final { text, ends_turn: true, .. } => format!(". {text}"),
                Heard::TurnLikelyOver { text } => format!("~ {text}"),
                Heard::TurnResumed => "resumed".into(),
                Heard::Trouble(text) => format!("trouble {text}"),
                Heard::Unknown(name) => format!("unknown {name}"),
                _ => "-".into(),
            })
            .collect();
        assert_eq!(
            texts,
            [
                "-",
                "? ",
                "? I'd",
                "? I'd like a",
                "~ I'd like a haircut",
                "resumed",
                "? I'd like a haircut on Friday",
                "~ I'd like a haircut on Friday",
                ". I'd like a haircut on Friday",
                "unknown TurnInfo Hesitation",
                "unknown Weather",
                "trouble UNPARSABLE_CLIENT_MESSAGE, no such message",
            ]
        );
    }

    #[test]
    fn a_final_lies_where_its_words_lie_if_they_say_so() {
        let line = RECORDED.lines().find(|line| line.contains(r#""EndOfTurn""#)).expect("a recorded end");
        let Ok(Heard::Final { from_s, to_s, settled_s, .. }) = parse(line) else { panic!("a final") };
        assert_eq!((from_s, to_s, settled_s), (0.5, 2.25, 2.75));
        let bare = r#"{"type":"TurnInfo","event":"EndOfTurn","audio_window_start":1.0,"audio_window_end":2.0,"transcript":"yes","words":[{"word":"yes","confidence":0.5}],"end_of_turn_confidence":0.9}"#;
        let Ok(Heard::Final { from_s, to_s, confidence, .. }) = parse(bare) else { panic!("a final") };
        assert_eq!((from_s, to_s, confidence), (1.0, 2.0, 0.5));
    }

    #[test]
    fn garbage_is_an_error_and_nothing_worse() {
        for text in ["", "{", "[]", "{}", r#"{"type":"TurnInfo"}"#, r#"{"type":"TurnInfo","event":"Update","words":7}"#]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
