//! Thinking: one streamed request to the model per turn, read slot by slot while it is being written.
//!
//! ```text
//!  turn ─► StartReply ─► {"intent":…,"service":…,"when_text":…,"name":…,"phone":…   "reply":"…"}
//!                                                             └─ Understood         └─ Sentence, Sentence, …
//! ```
//!
//! The facts close before the reply is written, so the booking chart moves, and its next prompt plays, while the model is
//! still at it. Whatever the model says is a proposal; see [`proposing`].

mod guessing;
pub mod prompt;
pub mod proposing;
pub mod slots;

use crate::io::{Fault, Input, Message, Output, ReplyId};
use crate::record::Guesses;
use crate::thinking::guessing::{GUESSES_MAX, Guess, Spent, waste};
use crate::thinking::proposing::Slots as Proposed;
use crate::thinking::slots::{Slot, Slots};

/// What became of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Thought {
    /// The facts of the turn are closed.
    Understood(Proposed),
    /// One more sentence of the reply can be spoken.
    Sentence(String),
    /// The answer is whole.
    Finished {
        /// Tokens read and written.
        tokens: (u32, u32),
    },
    /// The answer will not come; the rules have to do.
    Failed(Fault),
}

/// The request being answered, if any.
#[derive(Debug, Default)]
pub struct Thinking {
    asked_before: u32,
    asking: Option<Asking>,
    /// The request was made ahead of the turn's end, and nothing may come of it yet.
    guess: Option<Guess>,
    guesses: Guesses,
}

#[derive(Debug)]
struct Asking {
    reply: ReplyId,
    slots: Slots,
    proposed: Proposed,
    understood: bool,
    sentence: String,
    held: Vec<String>,
    spent: Spent,
}

impl Thinking {
    /// Asks the model. A request that is still being answered is cancelled.
    pub fn ask(&mut self, messages: Vec<Message>, out: &mut Vec<Output>) {
        self.cancel(out);
        let reply = ReplyId(self.asked_before);
        self.asked_before += 1;
        self.asking = Some(Asking {
            reply,
            slots: Slots::default(),
            proposed: Proposed::default(),
            understood: false,
            sentence: String::new(),
            held: Vec::new(),
            spent: Spent::on(&messages),
        });
        out.push(Output::StartReply { reply, messages });
    }

    /// Whether the model may be asked ahead about these words: not while it answers a turn, not twice for the same, and
    /// not again and again in one turn.
    pub fn may_guess(&self, words: &str) -> bool {
        match &self.guess {
            Some(guess) => !guess.is_for(words) && self.guesses.asked < GUESSES_MAX,
            None => self.asking.is_none() && self.guesses.asked < GUESSES_MAX,
        }
    }

    /// Asks the model ahead of the turn's end. What it answers is kept until [`Thinking::confirm`].
    pub fn guess(&mut self, words: &str, messages: Vec<Message>, out: &mut Vec<Output>) {
        self.ask(messages, out);
        self.guess = Some(Guess::new(words));
        self.guesses.asked += 1;
    }

    /// The words have become these: a guess at others is cancelled.
    pub fn words_are(&mut self, words: &str, out: &mut Vec<Output>) {
        if self.guess.as_ref().is_some_and(|guess| !guess.is_for(words)) {
            self.cancel(out);
        }
    }

    /// The turn is not over after all.
    pub fn drop_guess(&mut self, out: &mut Vec<Output>) {
        if self.guess.is_some() {
            self.cancel(out);
        }
    }

    /// The turn is over with these words: gives what is known of the answer already, where the model was asked for them.
    /// Its rest comes as that of any request.
    pub fn confirm(&mut self, words: &str) -> Option<Vec<Thought>> {
        let guess = self.guess.take_if(|guess| guess.is_for(words))?;
        self.guesses.used = true;
        Some(guess.thoughts)
    }

    /// What was guessed in the turn that is being written down.
    pub fn take_guesses(&mut self) -> Guesses {
        std::mem::take(&mut self.guesses)
    }

    /// Stops caring about the request.
    pub fn cancel(&mut self, out: &mut Vec<Output>) {
        let (asking, guess) = (self.asking.take(), self.guess.take());
        if asking.is_some() || guess.is_some() {
            waste(&mut self.guesses, asking.as_ref().map(|asking| asking.spent), guess.as_ref());
        }
        out.extend(asking.map(|asking| Output::CancelReply { reply: asking.reply }));
    }

    /// Takes note of one input. Answers to requests that were cancelled are dropped by their id; those to a guess are kept.
    pub fn handle(&mut self, input: &Input, thoughts: &mut Vec<Thought>, out: &mut Vec<Output>) {
        let Some(mut guess) = self.guess.take() else { return self.take_answer(input, thoughts, out) };
        self.take_answer(input, &mut guess.thoughts, out);
        let failed = matches!(guess.thoughts.last(), Some(Thought::Failed(_)));
        // It is asked again when the turn is over.
        self.guess = Some(guess).filter(|_| !failed);
    }

    fn take_answer(&mut self, input: &Input, thoughts: &mut Vec<Thought>, out: &mut Vec<Output>) {
        let Some(asking) = &mut self.asking else { return };
        match input {
            Input::ReplyDelta { reply, text } if *reply == asking.reply => {
                if let Err(nonsense) = asking.read(text, thoughts) {
                    // What more it writes of such nonsense is not worth its tokens.
                    self.asking = None;
                    out.push(Output::CancelReply { reply: *reply });
                    thoughts.push(Thought::Failed(Fault::Retry(nonsense.to_string())));
                }
            }
            Input::ReplyFinished { reply, tokens } if *reply == asking.reply => {
                let mut asking = self.asking.take().expect("it was matched above");
                asking.finish(tokens.unwrap_or_default(), thoughts);
            }
            Input::ReplyFailed { reply, fault } if *reply == asking.reply => {
                self.asking = None;
                thoughts.push(Thought::Failed(fault.clone()));
            }
            _ => {}
        }
    }
}

impl Asking {
    fn read(&mut self, text: &str, thoughts: &mut Vec<Thought>) -> Result<(), slots::Nonsense> {
        self.spent.written += text.chars().count();
        let mut new = Vec::new();
        self.slots.push(text, &mut new)?;
        for slot in new {
            match slot {
                Slot::Piece { key, text } if key == "reply" => self.grow(&text, thoughts),
                Slot::Piece { .. } => {}
                Slot::Closed { key, .. } if key == "reply" => self.close_sentence(thoughts),
                Slot::Closed { key, value } => self.proposed.close(&key, value),
            }
            if !self.understood && self.proposed.is_complete() {
                self.understand(thoughts);
            }
        }
        Ok(())
    }

    fn finish(&mut self, tokens: (u32, u32), thoughts: &mut Vec<Thought>) {
        if !self.slots.is_whole() || self.proposed.intent.is_none() {
            let what = "the model's answer ended before it said what the caller wants".to_owned();
            thoughts.push(Thought::Failed(Fault::Retry(what)));
            return;
        }
        if !self.understood {
            self.understand(thoughts);
        }
        thoughts.push(Thought::Finished { tokens });
    }

    fn understand(&mut self, thoughts: &mut Vec<Thought>) {
        self.understood = true;
        thoughts.push(Thought::Understood(self.proposed.clone()));
        thoughts.extend(self.held.drain(..).map(Thought::Sentence));
    }

    /// Adds to the reply, and lets go of each sentence as its end is seen: the mark and a space behind it.
    fn grow(&mut self, text: &str, thoughts: &mut Vec<Thought>) {
        for letter in text.chars() {
            let ends = letter.is_whitespace() && self.sentence.ends_with(['.', '?', '!']);
            if ends {
                self.close_sentence(thoughts);
            } else {
                self.sentence.push(letter);
            }
        }
    }

    fn close_sentence(&mut self, thoughts: &mut Vec<Thought>) {
        let sentence = std::mem::take(&mut self.sentence).trim().to_owned();
        if sentence.is_empty() {
            return;
        }
        if self.understood {
            thoughts.push(Thought::Sentence(sentence));
        } else {
            self.held.push(sentence);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn think(pieces: &[&str]) -> Vec<Thought> {
        let (mut thinking, mut thoughts) = (Thinking::default(), Vec::new());
        thinking.ask(Vec::new(), &mut Vec::new());
        for piece in pieces {
            let input = Input::ReplyDelta { reply: ReplyId(0), text: (*piece).to_owned() };
            thinking.handle(&input, &mut thoughts, &mut Vec::new());
        }
        let finished = Input::ReplyFinished { reply: ReplyId(0), tokens: Some((10, 5)) };
        thinking.handle(&finished, &mut thoughts, &mut Vec::new());
        thoughts
    }

    const FACTS: &str = r#"{"intent":"question","service":null,"when_text":null,"name":null,"phone":null"#;

    #[test]
    fn the_facts_are_known_before_the_reply_is_written() {
        let thoughts = think(&[FACTS, r#","reply":"We close"#, r#" at six. See"#, r#" you."}"#]);
        assert!(matches!(&thoughts[0], Thought::Understood(_)));
        assert_eq!(thoughts[1], Thought::Sentence("We close at six.".into()));
        assert_eq!(thoughts[2], Thought::Sentence("See you.".into()));
        assert_eq!(thoughts[3], Thought::Finished { tokens: (10, 5) });
    }

    #[test]
    fn a_reply_written_before_the_facts_waits_for_them() {
        let thoughts = think(&[r#"{"reply":"Hello.","intent":"other"}"#]);
        assert!(matches!(&thoughts[0], Thought::Understood(_)));
        assert_eq!(thoughts[1], Thought::Sentence("Hello.".into()));
    }

    #[test]
    fn an_answer_that_is_cut_or_nonsense_fails() {
        assert!(matches!(think(&[FACTS, ","])[..], [Thought::Understood(_), Thought::Failed(_)]));
        assert!(matches!(think(&[FACTS])[..], [Thought::Failed(_)]));
        assert!(matches!(think(&["Sure, tomorrow at three!"])[..], [Thought::Failed(_)]));
        assert!(matches!(think(&["{}"])[..], [Thought::Failed(_)]));
    }

    #[test]
    fn answers_to_a_cancelled_request_are_dropped() {
        let (mut thinking, mut thoughts, mut out) = (Thinking::default(), Vec::new(), Vec::new());
        thinking.ask(Vec::new(), &mut out);
        thinking.ask(Vec::new(), &mut out);
        assert_eq!(out[1], Output::CancelReply { reply: ReplyId(0) });
        let late = Input::ReplyDelta { reply: ReplyId(0), text: FACTS.to_owned() };
        thinking.handle(&late, &mut thoughts, &mut out);
        assert!(thoughts.is_empty());
    }
}
