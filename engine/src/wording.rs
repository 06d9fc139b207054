//! What the assistant says, in words.

use chrono::NaiveDateTime;
use statecharts::prompt::Prompt;

use crate::business::Business;

/// The phrases of a prompt, one sentence each.
pub fn phrases(prompt: &Prompt, business: &Business, now: NaiveDateTime) -> Vec<String> {
    let _ = (prompt, business, now);
    Vec::new()
}

/// Every sentence that may be said in any call and has no fact of a call in it.
pub fn standard_phrases(business: &Business) -> Vec<String> {
    let _ = business;
    Vec::new()
}

/// What is wrong with a business's file, each with its remedy.
pub fn check(business: &Business) -> Vec<String> {
    let _ = business;
    Vec::new()
}
