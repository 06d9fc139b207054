//! Words that ask for nothing but that we go on: "mm-hm", "okay", "right".

use super::words;
use crate::languages::Language;

/// Words that only a listener says.
const LISTENING: [&str; 25] = [
    "mm", "mmm", "mhm", "hm", "hmm", "mm-hm", "mm-hmm", "mhmm", "uh-huh", "uhhuh", "uh", "um", "huh", "ah", "oh",
    "okay", "ok", "yeah", "yep", "right", "sure", "alright", "aha", "ya", "i",
];

/// Words that may stand beside them.
const BESIDE: [&str; 7] = ["see", "good", "great", "cool", "nice", "all", "yes"];

/// More words than this are not said by somebody who only listens.
const WORDS_MAX: usize = 3;

/// Words of who wants us to stop.
const STOPPING: [&str; 14] = [
    "wait", "stop", "hold", "no", "nope", "sorry", "excuse", "pardon", "hello", "what", "repeat", "again", "help",
    "hang",
];

/// Words of who takes leave.
const PARTING: [&str; 17] = [
    "bye", "goodbye", "good-bye", "good", "thanks", "thank", "you", "too", "so", "much", "a", "lot", "have", "day",
    "nice", "great", "later",
];

/// Of these, at least one has to be there.
const LEAVE: [&str; 6] = ["bye", "goodbye", "good-bye", "thanks", "thank", "too"];

/// More words than this are not said only to take leave.
const PARTING_WORDS_MAX: usize = 8;

/// Whether a listener said this while we spoke, and wants nothing.
pub fn is_backchannel(text: &str, language: Language) -> bool {
    let words = words(text, language);
    !words.is_empty() && words.len() <= WORDS_MAX && words.iter().all(|word| is_listening(word))
}

/// Whether there is a word in it that is said to somebody who is speaking, so that they stop.
pub fn asks_to_stop(text: &str, language: Language) -> bool {
    words(text, language).iter().any(|word| STOPPING.contains(&word.as_str()))
}

/// Whether somebody only takes leave with this: said into our goodbye, it wants no answer.
pub fn is_parting(text: &str, language: Language) -> bool {
    let words = words(text, language);
    let known = |word: &String| PARTING.contains(&word.as_str()) || is_listening(word);
    words.len() <= PARTING_WORDS_MAX
        && words.iter().all(known)
        && words.iter().any(|word| LEAVE.contains(&word.as_str()))
}

fn is_listening(word: &str) -> bool {
    LISTENING.contains(&word) || BESIDE.contains(&word)
}

/// Words as they were said; "mm-hm" is one. Those of another language are put into the rules' own.
fn words(text: &str, language: Language) -> Vec<String> {
    let said = text
        .split_whitespace()
        .map(|word| word.trim_matches(|letter: char| !letter.is_alphanumeric()).to_lowercase())
        .filter(|word| !word.is_empty());
    match language {
        Language::English => said.collect(),
        _ => words::read(text, language).into_iter().map(|word| word.text).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_is_no_interruption() {
        for text in ["Mm-hm.", "okay", "Right.", "uh-huh", "Yeah, yeah.", "I see.", "oh okay", "All right."] {
            assert!(is_backchannel(text, Language::English), "{text}");
        }
    }

    #[test]
    fn a_listener_listens_in_any_language() {
        for text in ["Ajá.", "vale, vale", "Sí.", "claro", "mm-hm", "ya"] {
            assert!(is_backchannel(text, Language::Spanish), "{text}");
        }
        assert!(
            is_parting("Gracias, adiós.", Language::Spanish) && is_parting("gracias, hasta luego", Language::Spanish)
        );
        assert!(asks_to_stop("No, espere.", Language::Spanish) && asks_to_stop("¿cómo?", Language::Spanish));
        assert!(!is_backchannel("el viernes", Language::Spanish) && !asks_to_stop("y luego fuimos", Language::Spanish));
    }

    #[test]
    fn leave_is_taken_in_a_few_words() {
        for text in ["Bye!", "thank you, bye bye", "Okay thanks, you too.", "Thanks so much, have a great day"] {
            assert!(is_parting(text, Language::English), "{text}");
        }
        for text in ["", "good", "wait", "thanks, and can I", "bye the way what do you charge"] {
            assert!(!is_parting(text, Language::English), "{text}");
        }
    }

    #[test]
    fn a_word_that_stops_is_heard_among_others() {
        assert!(
            asks_to_stop("no", Language::English)
                && asks_to_stop("Hang on a second.", Language::English)
                && asks_to_stop("sorry, what?", Language::English)
        );
        assert!(
            !asks_to_stop("and then she told me it was over", Language::English)
                && !asks_to_stop("nobody knows", Language::English)
        );
    }

    #[test]
    fn somebody_who_wants_something_is_one() {
        for text in ["", "no", "wait", "okay wait a second", "Friday instead", "right there please", "what?", "stop"] {
            assert!(!is_backchannel(text, Language::English), "{text}");
        }
    }
}
