//! E-mail addresses: "ada@example.com", "ada at example dot com", "ada arroba ejemplo punto es".

use super::words::Word;
use super::{Found, Kind, range};

/// What an address that is said may end with; other words after "dot" are a sentence.
const ENDINGS: [&str; 24] = [
    "com", "net", "org", "edu", "gov", "info", "io", "co", "me", "biz", "us", "uk", "ca", "au", "es", "mx", "de", "fr",
    "it", "nl", "ie", "eu", "app", "dev",
];

const JOINTS: [&str; 9] = ["dot", "punto", "point", "underscore", "dash", "hyphen", "guion", "guión", "plus"];

/// Words that a domain has before its first dot at most: "g mail dot com".
const DOMAIN_WORDS_MAX: usize = 3;

/// Every address.
pub(super) fn find(words: &[Word]) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for at in 0..words.len() {
        let place = if is_written(&words[at].text) { Some((at, at)) } else { said(words, at) };
        if let Some((first, last)) = place {
            found.push(Found { range: range(words, first, last), kind: Kind::Email, digits: String::new() });
        }
    }
    found
}

fn is_written(word: &str) -> bool {
    word.split_once('@').is_some_and(|(name, domain)| !name.is_empty() && domain.contains('.'))
}

/// The first and the last word of an address whose "at" stands here.
fn said(words: &[Word], at: usize) -> Option<(usize, usize)> {
    if !matches!(words[at].text.as_str(), "at" | "arroba") || at == 0 {
        return None;
    }
    Some((first_word(words, at), last_word(words, at)?))
}

fn first_word(words: &[Word], at: usize) -> usize {
    let mut first = at - 1;
    while first > 0 {
        let before = words[first - 1].text.as_str();
        let is_letter = words[first].text.chars().count() == 1 && before.chars().count() == 1;
        if JOINTS.contains(&before) && first > 1 {
            first -= 2;
        } else if is_letter && before != "i" {
            first -= 1;
        } else {
            break;
        }
    }
    first
}

fn last_word(words: &[Word], at: usize) -> Option<usize> {
    let is_dot = |at: usize| words.get(at).is_some_and(|word| matches!(word.text.as_str(), "dot" | "punto" | "point"));
    let ends = |at: usize| words.get(at).is_some_and(|word| ENDINGS.contains(&word.text.as_str()));
    // Half of it may be written: "ada at example.com".
    if let Some((_, ending)) = words.get(at + 1)?.text.rsplit_once('.')
        && ENDINGS.contains(&ending)
    {
        return Some(at + 1);
    }
    let dot = (at + 2..=at + 1 + DOMAIN_WORDS_MAX).find(|dot| is_dot(*dot))?;
    let mut last = None;
    let mut dot = dot;
    while is_dot(dot) {
        if ends(dot + 1) {
            last = Some(dot + 1);
        }
        dot += 2;
    }
    last
}
