//! Words that are heard wrong: dropped, taken for others, or made up, as speech-to-text does on a bad line.

use engine::languages::Language;

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

/// The same in Spanish.
const ALIKE_IN_SPANISH: [[&str; 2]; 22] = [
    ["tres", "trece"],
    ["dos", "doce"],
    ["seis", "siete"],
    ["once", "dos"],
    ["cuatro", "cuarto"],
    ["diez", "dice"],
    ["nueve", "jueves"],
    ["viernes", "vienes"],
    ["martes", "marzo"],
    ["sábado", "sabe"],
    ["mañana", "semana"],
    ["tarde", "parte"],
    ["corte", "corta"],
    ["pelo", "pero"],
    ["barba", "barra"],
    ["tinte", "tinto"],
    ["cita", "cinta"],
    ["sí", "si"],
    ["no", "nos"],
    ["cancelar", "cancela"],
    ["cambiar", "cambia"],
    ["ana", "hana"],
];

/// Words that are heard where none were said in Spanish.
const MADE_UP_IN_SPANISH: [&str; 10] = ["el", "la", "eh", "y", "de", "que", "es", "un", "lo", "pues"];

/// Words that are heard where none were said.
const MADE_UP: [&str; 10] = ["the", "a", "uh", "and", "it", "so", "of", "that", "is", "you"];

/// The words as they may be heard, with so many of a hundred wrong.
pub(super) fn heard(words: &str, percent: u64, language: Language, dice: &mut Dice) -> String {
    let (alike, made_up): (&[[&str; 2]], &[&str]) = match language {
        Language::English => (&ALIKE, &MADE_UP),
        Language::Spanish => (&ALIKE_IN_SPANISH, &MADE_UP_IN_SPANISH),
    };
    let mut heard: Vec<String> = Vec::new();
    for word in words.split_whitespace() {
        if dice.below(100) >= percent {
            heard.push(word.to_owned());
            continue;
        }
        match dice.below(10) {
            0..4 => {}
            4..8 => heard.push(taken_for(word, alike, made_up, dice)),
            _ => heard.extend([word.to_owned(), dice.pick(made_up).to_string()]),
        }
    }
    heard.join(" ")
}

fn taken_for(word: &str, alike: &[[&str; 2]], made_up: &[&str], dice: &mut Dice) -> String {
    let bare = word.trim_matches(|letter: char| !letter.is_alphanumeric()).to_lowercase();
    let other = alike.iter().find_map(|[one, other]| match &*bare {
        bare if bare == *one => Some(*other),
        bare if bare == *other => Some(*one),
        _ => None,
    });
    other.map_or_else(|| dice.pick(made_up).to_string(), str::to_owned)
}
