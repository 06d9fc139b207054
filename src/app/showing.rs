//! What the page of a browser's session shows of its call: words of both sides, and what the assistant is doing.

use engine::io::{Input, Output, PhraseId};
use engine::record::{Row, Speaker};

use crate::legs::browser::{Note, Page};
use crate::telemetry::{Stopwatch, Targets};

/// Turns what a call is told and orders into notes for its page.
pub(super) struct Showing {
    page: Page,
    /// What the caller said since their last line, and that line: speech-to-text may settle its words once more.
    so_far: String,
    last_line: String,
    /// The phrase that comes last of what is being said.
    last_phrase: Option<PhraseId>,
    doing: &'static str,
    /// Measures what the visitor waits for.
    pub(super) watch: Stopwatch,
}

impl Showing {
    pub(super) fn new(page: Page, targets: Targets) -> Self {
        let watch = Stopwatch::new(targets);
        Self { page, so_far: String::new(), last_line: String::new(), last_phrase: None, doing: "", watch }
    }

    pub(super) fn told(&mut self, input: &Input) {
        match input {
            Input::VoiceStarted if self.last_phrase.is_none() => self.does("listening"),
            Input::Interim { text, .. } => self.hears(text),
            Input::Final { text, .. } if !text.is_empty() && !self.is_settled(text) => {
                self.hears(text);
                self.so_far.push_str(text);
                self.so_far.push(' ');
            }
            Input::PhraseStarted { .. } => self.does("speaking"),
            Input::MarkReached(mark) if mark.ends_phrase && Some(mark.phrase) == self.last_phrase => {
                self.falls_silent()
            }
            Input::PlayoutCleared { .. } => self.falls_silent(),
            Input::HearingFailed(_) => self.notices("hearing", "We have trouble hearing you; you can type as well."),
            Input::SynthesisFailed { .. } => self.notices("speech", "We have trouble speaking; please read along."),
            _ => {}
        }
    }

    pub(super) fn ordered(&mut self, output: &Output) {
        match output {
            Output::StartReply { .. } if self.last_phrase.is_none() => self.does("thinking"),
            Output::Speak { phrase, text, .. } => {
                self.last_phrase = Some(*phrase);
                let text = text.clone();
                self.page.tell(Note::Words { who: "assistant", text, is_final: false, heard: None });
            }
            Output::Record(Row::Said { speaker, heard, unheard, .. }) => self.said(*speaker, heard, unheard),
            Output::CloseLeg { .. } => {
                self.does("ending");
                self.page.tell(Note::Bye { reason: "The call is over.".to_owned() });
            }
            _ => {}
        }
    }

    fn said(&mut self, speaker: Speaker, heard: &str, unheard: &str) {
        let (who, text, heard) = match speaker {
            Speaker::Caller => {
                self.so_far.clear();
                heard.clone_into(&mut self.last_line);
                ("caller", heard.to_owned(), None)
            }
            Speaker::Assistant => ("assistant", join(heard, unheard), Some(heard.to_owned())),
        };
        self.page.tell(Note::Words { who, text, is_final: true, heard });
    }

    fn hears(&self, words: &str) {
        if !words.is_empty() && !self.is_settled(words) {
            let text = format!("{}{words}", self.so_far);
            self.page.tell(Note::Words { who: "caller", text, is_final: false, heard: None });
        }
    }

    /// Whether these are words of the line that was shown last, and nothing came since.
    fn is_settled(&self, words: &str) -> bool {
        self.so_far.is_empty() && self.last_line.ends_with(words)
    }

    fn falls_silent(&mut self) {
        self.last_phrase = None;
        self.does("listening");
    }

    fn does(&mut self, doing: &'static str) {
        if std::mem::replace(&mut self.doing, doing) != doing {
            self.page.tell(Note::Doing { doing });
        }
    }

    fn notices(&self, code: &'static str, text: &str) {
        self.page.tell(Note::Notice { code, text: text.to_owned() });
    }
}

fn join(heard: &str, unheard: &str) -> String {
    [heard, unheard].into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use engine::time::CallTime;

    use super::*;

    fn showing() -> Showing {
        let targets = Targets {
            first_token: Default::default(),
            partial: Default::default(),
            barge_in: Default::default(),
            warns: false,
        };
        Showing::new(Page::default(), targets)
    }

    #[test]
    fn words_that_are_settled_once_more_are_not_shown_twice() {
        let mut showing = showing();
        let heard = "a haircut at ten, please".to_owned();
        let (unheard, words) = (String::new(), Vec::new());
        let (from, to) = (CallTime::ZERO, CallTime::ZERO);
        let row = Row::Said { line: 0, speaker: Speaker::Caller, heard, unheard, confidence: 1.0, from, to, words };
        showing.ordered(&Output::Record(row));
        assert!(showing.is_settled("at ten, please") && !showing.is_settled("no, at four"));
        showing.told(&Input::Final {
            text: "no,".to_owned(),
            confidence: 1.0,
            from_ms: 0,
            to_ms: 1,
            ends_turn: false,
            words: Vec::new(),
        });
        assert!(!showing.is_settled("please"), "something came since");
    }
}
