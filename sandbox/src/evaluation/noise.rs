//! Words that are heard wrong: dropped, taken for others, or made up, as speech-to-text does on a bad line.

use crate::stepped::random::Dice;

/// Words that are taken for one another on the telephone.
const ALIKE: [[&str; 2]; 26] = [
    ["tuesday", "thursday"],
    ["three", "free"],
    ["two", "to"],
    ["four", "for"],
    ["ten", "then"],
    ["nine", "fine"],
    ["eight", "ate"],
    ["one", "won"],
    ["thirty", "thirteen"],
    ["fifteen", "fifty"],
    ["haircut", "hair"],
    ["beard", "bird"],
    ["trim", "dream"],
    ["coloring", "calling"],
    ["book", "look"],
    ["friday", "fry day"],
    ["monday", "sunday"],
    ["ada", "aida"],
    ["grace", "grays"],
    ["yes", "yet"],
    ["no", "now"],
    ["morning", "warning"],
    ["tomorrow", "to borrow"],
    ["cancel", "council"],
    ["move", "moo"],
    ["appointment", "ointment"],
];

/// Words that are heard where none were said.
const MADE_UP: [&str; 10] = ["the", "a", "uh", "and", "it", "so", "of", "that", "is", "you"];

/// The words as they may be heard, with so many of a hundred wrong.
pub(super) fn heard(words: &str, percent: u64, dice: &mut Dice) -> String {
    let mut heard: Vec<String> = Vec::new();
    for word in words.split_whitespace() {
        if dice.below(100) >= percent {
            heard.push(word.to_owned());
            continue;
        }
        match dice.below(10) {
            0..4 => {}
            4..8 => heard.push(taken_for(word, dice)),
            _ => heard.extend([word.to_owned(), dice.pick(&MADE_UP).to_owned()]),
        }
    }
    heard.join(" ")
}

fn taken_for(word: &str, dice: &mut Dice) -> String {
    let bare = word.trim_matches(|letter: char| !letter.is_alphanumeric()).to_lowercase();
    let other = ALIKE.iter().find_map(|[one, other]| match &*bare {
        bare if bare == *one => Some(*other),
        bare if bare == *other => Some(*one),
        _ => None,
    });
    other.map_or_else(|| dice.pick(&MADE_UP).to_owned(), str::to_owned)
}
