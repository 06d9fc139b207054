//! Names where somebody introduces them. Others look like any word.

use super::words::Word;
use super::{Found, Kind, range};

/// What only a name follows.
const INTRODUCTIONS: [&str; 14] = [
    "my name is",
    "my name's",
    "the name is",
    "the name's",
    "name of",
    "under the name",
    "call me",
    "me llamo",
    "mi nombre es",
    "mi nombre completo es",
    "a nombre de",
    "el nombre es",
    "le habla",
    "soy",
];

/// What no name goes on with.
const NO_NAME: [&str; 25] = [
    "and", "but", "for", "at", "i", "i'd", "i'm", "i'll", "please", "so", "with", "on", "to", "the", "a", "is", "y",
    "por", "para", "quiero", "my", "back", "when", "tomorrow", "today",
];

/// Small words inside a name: "Ana de la Cruz".
const INSIDE: [&str; 9] = ["de", "del", "la", "los", "las", "van", "von", "der", "den"];

/// Parts that a name has at most, small words not counted.
const PARTS_MAX: usize = 3;

/// Every name that is introduced.
pub(super) fn find(words: &[Word]) -> Vec<Found> {
    (0..words.len()).filter_map(|at| introduced(words, at)).collect()
}

fn introduced(words: &[Word], at: usize) -> Option<Found> {
    let first = INTRODUCTIONS.iter().find_map(|introduction| {
        let parts: Vec<&str> = introduction.split(' ').collect();
        let said = words.get(at..at + parts.len())?;
        said.iter().zip(&parts).all(|(word, part)| word.text == *part).then_some(at + parts.len())
    })?;
    let has_capitals = words.get(first)?.is_capital;
    let (mut end, mut parts) = (first, 0);
    while end < words.len() && parts < PARTS_MAX {
        let word = &words[end];
        let inside = words[end..].iter().take_while(|word| INSIDE.contains(&word.text.as_str()) && !word.ends).count();
        let leads_on = words.get(end + inside).is_some_and(|next| next.is_capital == has_capitals);
        if end > first && inside > 0 && leads_on && has_capitals {
            end += inside;
            continue;
        }
        if word.text.starts_with('[') || NO_NAME.contains(&word.text.as_str()) || (has_capitals && !word.is_capital) {
            break;
        }
        end += 1;
        parts += 1;
        if word.ends {
            break;
        }
    }
    (end > first).then(|| Found { range: range(words, first, end - 1), kind: Kind::Name, digits: String::new() })
}
