//! Spanish, spoken to a stranger: "usted".

pub(crate) mod numbers;
mod prompts;
mod spoken;

/// What its speakers say, in the words that the rules read.
pub(super) const WORDS: &str = include_str!("words.txt");

pub(super) struct Spanish;
