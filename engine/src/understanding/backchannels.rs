//! Words that ask for nothing but that we go on: "mm-hm", "okay", "right".

/// Words that only a listener says.
const LISTENING: [&str; 24] = [
    "mm", "mmm", "mhm", "hm", "hmm", "mm-hm", "mm-hmm", "mhmm", "uh-huh", "uhhuh", "uh", "um", "huh", "ah", "oh",
    "okay", "ok", "yeah", "yep", "right", "sure", "alright", "aha", "i",
];

/// Words that may stand beside them.
const BESIDE: [&str; 7] = ["see", "good", "great", "cool", "nice", "all", "yes"];

/// More words than this are not said by somebody who only listens.
const WORDS_MAX: usize = 3;

/// Whether a listener said this while we spoke, and wants nothing.
pub fn is_backchannel(text: &str) -> bool {
    let words: Vec<String> = text
        .split_whitespace()
        .map(|word| word.trim_matches(|letter: char| !letter.is_alphanumeric()).to_lowercase())
        .filter(|word| !word.is_empty())
        .collect();
    let known = |word: &String| LISTENING.contains(&word.as_str()) || BESIDE.contains(&word.as_str());
    !words.is_empty() && words.len() <= WORDS_MAX && words.iter().all(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_is_no_interruption() {
        for text in ["Mm-hm.", "okay", "Right.", "uh-huh", "Yeah, yeah.", "I see.", "oh okay", "All right."] {
            assert!(is_backchannel(text), "{text}");
        }
    }

    #[test]
    fn somebody_who_wants_something_is_one() {
        for text in ["", "no", "wait", "okay wait a second", "Friday instead", "right there please", "what?", "stop"] {
            assert!(!is_backchannel(text), "{text}");
        }
    }
}
