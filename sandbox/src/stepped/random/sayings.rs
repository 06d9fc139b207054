//! What random callers say: what fits the last question more often than not, and otherwise anything.

use crate::stepped::random::dice::Dice;

/// None of it need make sense where it is said.
const SAYINGS: [&str; 46] = [
    "Hi, I'd like a haircut on tuesday at ten.",
    "a haircut please",
    "I want to book a coloring",
    "tomorrow at three",
    "next friday morning",
    "the earliest you have",
    "the first one",
    "the second one please",
    "Ada Lovelace",
    "my name is Grace Hopper",
    "yes",
    "yes please",
    "no",
    "no that's all thank you",
    "goodbye",
    "actually make that friday at two",
    "how much is it",
    "where are you",
    "do you have parking",
    "what's the meaning of life",
    "can I talk to a person",
    "mm-hm",
    "okay",
    "right",
    "wait",
    "no wait",
    "hold on a second please",
    "eight o'clock",
    "four one five five five five two six seven one",
    "saturday at four thirty in the morning",
    "yesterday",
    "uh",
    "I'd like a",
    "my name is",
    "what did you say",
    "I need to cancel my appointment",
    "can I move my appointment to thursday at three",
    "when is my appointment",
    "cancel it",
    "move it to friday",
    "keep it",
    "can I leave a message",
    "I'm running ten minutes late",
    "never mind",
    "the one on wednesday",
    "I would like um to have well a trim I think on wednesday or maybe thursday at noon if you can",
];

/// Answers to questions of ours, by a word that the question has in it.
const ANSWERS: [(&str, &[&str]); 15] = [
    (
        "help you",
        &[
            "a haircut on wednesday at eleven please",
            "I need a beard trim",
            "a haircut tomorrow at three",
            "I'd like to cancel my appointment",
            "I need to move my haircut to friday at two",
        ],
    ),
    ("come instead", &["friday at two", "tomorrow afternoon", "never mind leave it"]),
    ("cancel it", &["yes please", "yes", "cancel it", "no keep it", "no"]),
    ("do you mean", &["the first one", "the second one", "the haircut"]),
    ("booked under", &["four one five five five five two six seven one"]),
    ("pass on", &["please tell Sam I'll bring my son", "I lost my umbrella on friday at three"]),
    ("do for you", &["a haircut", "a beard trim please", "a coloring"]),
    ("like to come in", &["friday at two", "tomorrow afternoon", "on thursday at half past nine"]),
    ("suits you", &["the first one", "the second one please", "the last one"]),
    ("suit you", &["yes", "no", "yes that's fine"]),
    ("name", &["Ada Lovelace", "it's Grace Hopper", "John"]),
    ("number", &["four one five five five five two six seven one"]),
    ("move it", &["yes please", "yes", "no"]),
    ("book it", &["yes please", "yes", "no", "yes go ahead"]),
    ("anything else", &["no that's all thank you", "no", "yes how much is it", "goodbye"]),
];

/// The same of somebody who speaks Spanish.
const SPANISH_SAYINGS: [&str; 24] = [
    "Hola, quisiera un corte de pelo el martes a las diez.",
    "un arreglo de barba por favor",
    "mañana a las tres",
    "el viernes por la mañana",
    "lo antes posible",
    "la primera",
    "Ana de la Cruz",
    "me llamo Luis",
    "sí",
    "no gracias",
    "no, mejor el jueves a las cuatro",
    "cuánto cuesta",
    "quiero hablar con una persona",
    "ajá",
    "vale",
    "espere un momento",
    "cuatro uno cinco cinco cinco cinco dos seis siete uno",
    "quiero cancelar mi cita",
    "quiero cambiar mi cita para el viernes a las dos",
    "quisiera un",
    "adiós",
    "English please",
    "Español por favor",
    "eh",
];

/// And their answers.
const SPANISH_ANSWERS: [(&str, &[&str]); 9] = [
    ("cancelo", &["sí", "no, déjela"]),
    ("hacer por usted", &["un corte", "un tinte, por favor"]),
    ("gustaría venir", &["el viernes a las dos", "mañana por la tarde"]),
    ("viene mejor", &["la primera", "la segunda, por favor"]),
    ("viene bien", &["sí", "no"]),
    ("nombre", &["Ana García", "soy Luis"]),
    ("número", &["cuatro uno cinco cinco cinco cinco dos seis siete uno"]),
    ("reservo", &["sí, por favor", "sí", "no"]),
    ("algo más", &["no, eso es todo, gracias", "adiós"]),
];

/// Something to say after a question; `question` is what was last said to the caller.
pub(super) fn saying(dice: &mut Dice, question: Option<&str>, in_two_languages: bool) -> &'static str {
    if in_two_languages {
        let spanish = SPANISH_ANSWERS.iter().find(|(word, _)| question.is_some_and(|question| question.contains(word)));
        match spanish {
            Some((_, answers)) if !dice.one_in(4) => return answers[dice.below(answers.len() as u64) as usize],
            _ if dice.one_in(2) => return SPANISH_SAYINGS[dice.below(SPANISH_SAYINGS.len() as u64) as usize],
            _ => {}
        }
    }
    let fitting = ANSWERS.iter().find(|(word, _)| question.is_some_and(|question| question.contains(word)));
    match fitting {
        Some((_, answers)) if !dice.one_in(4) => answers[dice.below(answers.len() as u64) as usize],
        _ => SAYINGS[dice.below(SAYINGS.len() as u64) as usize],
    }
}
