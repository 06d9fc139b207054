//! English. The rules are written in its words, so it has no list of them.

mod prompts;
mod spoken;

pub(super) struct English;
