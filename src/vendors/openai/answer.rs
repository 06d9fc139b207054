//! The chunks of a streamed answer, read tolerantly, and when an answer is whole.
//!
//! An answer is whole when its `finish_reason` is `stop`. A body that ends without one was cut, however well it ended.

use engine::io::Fault;
use serde::Deserialize;
use serde_json::Value;

use super::Config;
use super::failure::Complaint;

/// Reads a whole stream, one event a line: the text of the answer as far as it came, and its tokens where they were told.
/// Lines that are no events are passed over.
///
/// # Errors
/// Why the answer is not whole, beside what there is of it.
pub fn read(lines: &str, config: &Config) -> (String, Result<Option<(u32, u32)>, Fault>) {
    let (mut answer, mut text) = (Answer::default(), String::new());
    for chunk in lines.lines().filter_map(|line| serde_json::from_str(line).ok()) {
        match answer.take(chunk, config) {
            Ok(Step::Text(more)) => text.push_str(&more),
            Ok(Step::Nothing) => {}
            Err(fault) => return (text, Err(fault)),
        }
    }
    (text, answer.end(config))
}

/// One event of the stream. Every member may be missing: servers that speak this protocol differ in what they send.
#[derive(Debug, Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(super) struct Chunk {
    choices: Vec<Choice>,
    usage: Option<Usage>,
    error: Option<Value>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
struct Choice {
    delta: Delta,
    finish_reason: Option<String>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
struct Delta {
    content: Option<String>,
    refusal: Option<String>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
struct Usage {
    prompt_tokens: u32,
    completion_tokens: u32,
}

/// What a chunk brought.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    Nothing,
    /// More of the answer's JSON.
    Text(String),
}

/// The answer so far.
#[derive(Debug, Default)]
pub(super) struct Answer {
    has_begun: bool,
    is_whole: bool,
    refused: bool,
    tokens: Option<(u32, u32)>,
}

impl Answer {
    /// Takes the next chunk.
    ///
    /// # Errors
    /// The answer will not become whole.
    pub(super) fn take(&mut self, chunk: Chunk, config: &Config) -> Result<Step, Fault> {
        if let Some(error) = chunk.error {
            return Err(Complaint::of(&error).in_stream(config));
        }
        self.tokens = chunk.usage.map(|usage| (usage.prompt_tokens, usage.completion_tokens)).or(self.tokens);
        let Some(choice) = chunk.choices.into_iter().next() else { return Ok(Step::Nothing) };
        self.refused |= choice.delta.refusal.is_some_and(|refusal| !refusal.is_empty());
        let text = choice.delta.content.filter(|text| !text.is_empty());
        self.has_begun |= text.is_some() || self.refused;
        if let Some(reason) = choice.finish_reason {
            self.finish(&reason, config)?;
        }
        Ok(text.map_or(Step::Nothing, Step::Text))
    }

    /// Only `stop` is an end. The others may not happen to the next turn, so that none of them is a reason to ask this
    /// model nothing more.
    fn finish(&mut self, reason: &str, config: &Config) -> Result<(), Fault> {
        let Config { model, tokens_max, .. } = config;
        Err(Fault::Retry(match reason {
            "stop" if !self.refused => {
                self.is_whole = true;
                return Ok(());
            }
            "stop" => format!("`{model}` refused to answer"),
            "length" => format!("the answer of `{model}` is longer than {tokens_max} tokens"),
            "content_filter" => format!("a content filter took the answer of `{model}` away"),
            other => format!("the answer of `{model}` ended with `{other}`"),
        }))
    }

    /// The stream is over: the tokens read and written, if they were told.
    ///
    /// # Errors
    /// The answer is not whole.
    pub(super) fn end(self, config: &Config) -> Result<Option<(u32, u32)>, Fault> {
        if self.is_whole {
            return Ok(self.tokens);
        }
        Err(Fault::Retry(format!("the answer of `{}` was cut off", config.model)))
    }

    /// Whether anything of the answer came.
    pub(super) fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// Whether all of it came.
    pub(super) fn is_whole(&self) -> bool {
        self.is_whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDED: &str = include_str!("../../../fixtures/wire/openai/answer.jsonl");

    fn read(lines: &str) -> (String, Result<Option<(u32, u32)>, Fault>) {
        super::read(lines, &Config::default())
    }

    #[test]
    fn a_recorded_answer_is_put_together_and_counted() {
        let (text, end) = read(RECORDED);
        let value: Value = serde_json::from_str(&text).expect("the answer is JSON");
        assert_eq!(value["intent"], "question");
        assert_eq!(value["reply"], "We open at nine — “sharp”.");
        assert_eq!(end, Ok(Some((412, 37))));
    }

    #[test]
    fn an_answer_that_ends_in_any_other_way_is_a_failure() {
        let upto =
            |marker| RECORDED.split_inclusive('\n').take_while(|line| !line.contains(marker)).collect::<String>();
        assert!(matches!(read(&upto("\"stop\"")).1, Err(Fault::Retry(_))), "cut");
        for reason in ["length", "content_filter", "tool_calls", "something_new"] {
            let lines = format!(r#"{{"choices":[{{"delta":{{}},"finish_reason":"{reason}"}}]}}"#);
            assert!(matches!(read(&lines).1, Err(Fault::Retry(_))), "{reason}");
        }
        let refusal =
            "{\"choices\":[{\"delta\":{\"refusal\":\"I can't\"}}]}\n{\"choices\":[{\"finish_reason\":\"stop\"}]}";
        assert!(matches!(read(refusal).1, Err(Fault::Retry(_))));
    }

    #[test]
    fn an_error_within_the_stream_is_sorted_too() {
        let error = |code| format!(r#"{{"error":{{"message":"m","type":"server_error","code":"{code}"}}}}"#);
        assert!(matches!(read(&error("server_error")).1, Err(Fault::Retry(_))));
        assert!(matches!(read(&error("insufficient_quota")).1, Err(Fault::GiveUp(_))));
        assert!(matches!(read(r#"{"error":"overloaded"}"#).1, Err(Fault::Retry(_))));
    }

    #[test]
    fn chunks_without_choices_or_members_are_nothing() {
        let lines =
            "{}\n{\"choices\":[]}\n{\"choices\":[{}]}\n{\"choices\":[{\"delta\":{\"content\":null}}],\"new\":1}";
        assert_eq!(read(lines).0, "");
    }
}
