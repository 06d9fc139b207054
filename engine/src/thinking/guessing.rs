//! Asking ahead: a request made while the turn is probably over, on the words there are.
//!
//! Nothing comes of a guess before the turn is over: no word is spoken, nothing is looked up or written, and the booking
//! does not move, because what the model answers is only kept. Where the turn says the same in the end, the answer is
//! there that much sooner; where it does not, the request is cancelled and was for nothing. What that costs is counted.

use crate::io::Message;
use crate::letters::sound;
use crate::record::Guesses;
use crate::thinking::Thought;

/// Guesses within one turn. A caller who pauses after every few words is not guessed at each time.
pub(super) const GUESSES_MAX: u32 = 2;

/// Characters of English in a token, about (OpenAI, "What are tokens and how to count them?").
const TOKEN_CHARACTERS: usize = 4;

/// A request for a turn that is not over, and what came of it so far.
#[derive(Debug)]
pub(super) struct Guess {
    sound: String,
    pub(super) thoughts: Vec<Thought>,
}

impl Guess {
    pub(super) fn new(words: &str) -> Self {
        Self { sound: sound(words), thoughts: Vec::new() }
    }

    /// Whether it was asked for these words, spelling and marks aside.
    pub(super) fn is_for(&self, words: &str) -> bool {
        self.sound == sound(words)
    }

    /// What the model said it took, where its answer was whole before it was thrown away.
    fn reported(&self) -> Option<(u32, u32)> {
        self.thoughts.iter().find_map(|thought| match thought {
            Thought::Finished { tokens } => Some(*tokens),
            _ => None,
        })
    }
}

/// What a request has taken so far, in characters.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Spent {
    pub(super) read: usize,
    pub(super) written: usize,
}

impl Spent {
    pub(super) fn on(messages: &[Message]) -> Self {
        Self { read: messages.iter().map(|message| message.content.chars().count()).sum(), written: 0 }
    }

    fn tokens(self) -> (u32, u32) {
        let tokens = |characters: usize| u32::try_from(characters.div_ceil(TOKEN_CHARACTERS)).unwrap_or(u32::MAX);
        (tokens(self.read), tokens(self.written))
    }
}

/// Counts a request that is thrown away. Nobody says what a cancelled one took, so that is estimated.
pub(super) fn waste(guesses: &mut Guesses, cancelled: Option<Spent>, guess: Option<&Guess>) {
    let tokens = cancelled.map(Spent::tokens).or(guess.and_then(Guess::reported)).unwrap_or_default();
    guesses.wasted = (guesses.wasted.0 + tokens.0, guesses.wasted.1 + tokens.1);
}
