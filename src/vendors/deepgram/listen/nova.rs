//! Messages of `/v1/listen`, as a pure function.
//!
//! Read into our own types, not the vendor crate's: those refuse a `Results` that leaves out a member the specification
//! calls optional, and a refused message would be words lost. Shapes: `asyncapi.yml` in deepgram/deepgram-api-specs,
//! read 2026-11.

use serde::Deserialize;

use super::heard::{Heard, Kind, Word, mean, places};

#[derive(Deserialize)]
struct Results {
    #[serde(default)]
    start: f64,
    #[serde(default)]
    duration: f64,
    is_final: Option<bool>,
    speech_final: Option<bool>,
    channel: Channel,
}

#[derive(Deserialize)]
struct Channel {
    #[serde(default)]
    alternatives: Vec<Alternative>,
}

#[derive(Deserialize, Default)]
struct Alternative {
    #[serde(default)]
    transcript: String,
    #[serde(default)]
    confidence: f64,
    #[serde(default)]
    words: Vec<Word>,
}

/// The shape of an error is not in the specification; these members were seen.
#[derive(Deserialize)]
struct Complaint {
    description: Option<String>,
    message: Option<String>,
    variant: Option<String>,
}

/// Reads one text message.
///
/// # Errors
/// What is wrong with a message that is not in the protocol at all.
pub fn parse(text: &str) -> Result<Heard, serde_json::Error> {
    let kind: Kind = serde_json::from_str(text)?;
    Ok(match kind.name.as_str() {
        "Results" => results(serde_json::from_str(text)?),
        "UtteranceEnd" => Heard::UtteranceEnded,
        "SpeechStarted" | "Metadata" | "ConfigureSuccess" => Heard::Aside,
        "Error" | "ConfigureFailure" => {
            let complaint: Complaint = serde_json::from_str(text)?;
            let parts = [complaint.variant, complaint.message, complaint.description];
            Heard::Trouble(parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
        }
        _ => Heard::Unknown(kind.name),
    })
}

fn results(results: Results) -> Heard {
    let best = results.channel.alternatives.into_iter().next().unwrap_or_default();
    let text = best.transcript.trim().to_owned();
    let ends_turn = results.speech_final.unwrap_or(false);
    let settled_s = results.start + results.duration;
    let confidence = mean(std::iter::once(best.confidence).filter(|_| !text.is_empty()), 0.0);
    // The end of speech is only ever said of words that will not change.
    if !results.is_final.unwrap_or(false) && !ends_turn {
        return Heard::Interim { text, confidence, from_s: results.start };
    }
    let from_s = best.words.first().and_then(|it| it.start).unwrap_or(results.start);
    let to_s = best.words.last().and_then(|it| it.end).unwrap_or(settled_s);
    let confidence = if confidence > 0.0 { confidence } else { mean(best.words.iter().map(|it| it.confidence), 0.0) };
    Heard::Final { text, confidence, from_s, to_s, words_s: places(&best.words), settled_s, ends_turn }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDED: &str = include_str!("../../../../fixtures/wire/deepgram/listen-v1.jsonl");

    fn heard() -> Vec<Heard> {
        RECORDED.lines().filter_map(|line| parse(line).ok()).collect()
    }

    #[test]
    fn a_recorded_turn_reads_as_interims_finals_and_an_end() {
        let texts: Vec<String> = heard()
            .into_iter()
            .map(|heard| match heard {
                Heard::Interim { text, .. } => format!("? {text}"),
                Heard::Final { text, ends_turn, .. } => format!("{} {text}", if ends_turn { "." } else { "!" }),
                Heard::UtteranceEnded => "end".into(),
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
                "? i'd like",
                "! I'd like to book",
                "? a hair",
                "! a haircut",
                ". ",
                "end",
                ". yes please",
                "! ",
                "unknown SentimentShift",
                "trouble SchemaError, invalid request, request schema is invalid",
                "-",
            ]
        );
    }

    #[test]
    fn a_final_lies_where_its_words_lie_and_settles_its_whole_segment() {
        let finals: Vec<_> = heard().into_iter().filter(|it| matches!(it, Heard::Final { .. })).collect();
        let Heard::Final { from_s, to_s, settled_s, confidence, .. } = finals[0] else { unreachable!("a final") };
        assert_eq!((from_s, to_s, settled_s), (0.5, 1.25, 1.5));
        assert!((confidence - 0.98).abs() < 1e-6);
        let Heard::Final { from_s, to_s, .. } = finals[2] else { unreachable!("a final") };
        assert_eq!((from_s, to_s), (2.5, 2.75), "an empty final lies where its segment lies");
    }

    #[test]
    fn a_final_without_optional_members_is_still_words() {
        let text = r#"{"type":"Results","start":0,"duration":1,"is_final":true,"channel":{"alternatives":[{"transcript":"yes"}]}}"#;
        assert!(matches!(parse(text), Ok(Heard::Final { text, ends_turn: false, .. }) if text == "yes"));
        let text = r#"{"type":"Results","channel":{"alternatives":[]},"is_final":null}"#;
        assert!(matches!(parse(text), Ok(Heard::Interim { text, .. }) if text.is_empty()));
    }

    #[test]
    fn garbage_is_an_error_and_nothing_worse() {
        assert_eq!(RECORDED.lines().filter(|line| parse(line).is_err()).count(), 3);
        for text in ["", "{", "[]", "null", "{}", r#"{"type":7}"#, r#"{"type":"Results"}"#, "\u{feff}{}"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
