//! The caller's name: said with an introduction, spelled, or bare in answer to a question.
//!
//! "I'm looking for a haircut" introduces nobody. A name after "I'm" or "it's" must look like one: no word from the
//! list of words that follow there in other sentences, and a capital where the text has capitals at all.

use super::dates::{month_of, weekday_of};
use super::numbers::{cardinal, ordinal};
use super::words::{Pause, Word, before, starts, starts_any, text};

/// A name, and the words that said it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    /// As it should be written.
    pub(super) name: String,
    /// The first word of the introduction.
    pub(super) from: usize,
    /// The word after the last.
    pub(super) to: usize,
}

/// A name with an introduction, wherever it stands in the words. The last one wins: people correct themselves.
pub(super) fn introduced(words: &[Word]) -> Option<Named> {
    let mut last: Option<Named> = None;
    for at in 0..words.len() {
        if last.as_ref().is_none_or(|last| at >= last.to) {
            last = introduced_at(words, at).or(last);
        }
    }
    last
}

/// A name in answer to "May I have your name?": introduced, or bare.
pub(super) fn answered(words: &[Word]) -> Option<Named> {
    let mut from = 0;
    while let Some(length) = starts_any(words, from, &OPENERS) {
        from += length;
    }
    // "Ada, last name Lovelace" is one bare name, though "name Lovelace" alone would introduce one.
    let bare = bare(words, from, false);
    match &bare {
        Some(named) if named.name.contains(' ') => bare,
        _ => introduced(words).or(bare),
    }
}

/// What people say before they answer.
const OPENERS: [&str; 34] = [
    "um",
    "uh",
    "er",
    "oh",
    "so",
    "well",
    "yes",
    "yeah",
    "yep",
    "sure",
    "ok",
    "alright",
    "of course",
    "certainly",
    "hi",
    "hello",
    "hey",
    "it is",
    "it would be",
    "that is",
    "that would be",
    "this is",
    "i am",
    "please",
    "no",
    "actually",
    "sorry",
    "the name is",
    "name is",
    "just",
    "for",
    "under",
    "you can call me",
    "call me",
];

/// Introductions after which only a name can stand.
const SURE: [&str; 22] = [
    "my name is",
    "my name would be",
    "the name is",
    "my full name is",
    "my first name is",
    "first name is",
    "first name",
    "name is",
    "name of",
    "the name of",
    "under the name",
    "under the name of",
    "call me",
    "you can call me",
    "they call me",
    "my name am",
    "put it under",
    "book it under",
    "book it for",
    "make it under",
    "make it out to",
    "put down",
];

/// Introductions after which much else can stand.
const UNSURE: [&str; 8] = ["i am", "this is", "it is", "that is", "it is for", "this is for", "name", "under"];

/// People a caller books for.
const RELATIVES: [&str; 16] = [
    "son",
    "daughter",
    "wife",
    "husband",
    "mother",
    "mom",
    "father",
    "dad",
    "brother",
    "sister",
    "friend",
    "partner",
    "grandson",
    "granddaughter",
    "girlfriend",
    "boyfriend",
];

fn introduced_at(words: &[Word], at: usize) -> Option<Named> {
    // "What's the name of …" and "I'm not sure what my name is for" introduce nobody either.
    if ["what", "whats", "your", "not"].contains(&before(words, at)) {
        return None;
    }
    if let Some(length) = starts_any(words, at, &SURE) {
        let filler = starts_any(words, at + length, &["actually", "is", "um", "uh"]).unwrap_or(0);
        return bare(words, at + length + filler, false).map(|named| Named { from: at, ..named });
    }
    if let Some(length) = starts_any(words, at, &UNSURE) {
        return bare(words, at + length, true).map(|named| Named { from: at, ..named });
    }
    if ["my", "our"].contains(&text(words, at))
        && RELATIVES.contains(&text(words, at + 1))
        && text(words, at + 2) != "is"
    {
        return bare(words, at + 2, true).map(|named| Named { from: at, ..named });
    }
    // "Ada here", "Ada Lovelace speaking".
    let starts_sentence =
        at == 0 || words[at - 1].pause > Pause::None || ["hi", "hello", "hey"].contains(&before(words, at));
    let named = bare(words, at, true).filter(|_| starts_sentence)?;
    let length = starts_any(words, named.to, &["here", "speaking", "calling"])?;
    Some(Named { from: at, to: named.to + length, ..named })
}

/// One to four words that look like a name from `at` on, spelled letters put together.
fn bare(words: &[Word], at: usize, doubtful: bool) -> Option<Named> {
    const MOST: usize = 4;
    let cased = words.iter().skip(1).any(|word| word.raw.starts_with(char::is_uppercase) && word.text != "i")
        || words.first().is_some_and(|word| word.raw.starts_with(char::is_uppercase));
    let mut parts: Vec<String> = Vec::new();
    let mut next = at;
    while next < words.len() && parts.len() < MOST {
        if let Some((spelled, length)) = spelled(words, next) {
            put_spelled(&mut parts, &spelled);
            next += length;
        } else if let Some(length) = starts_any(words, next, &SPELLING_LEADS).filter(|_| !parts.is_empty()) {
            if spelled_at(words, next + length).is_none() {
                break;
            }
            next += length;
            continue;
        } else if looks_like_a_name(words, next, doubtful && cased, parts.is_empty()) {
            let word = &words[next];
            match parts.last_mut().filter(|_| word.hyphened) {
                Some(last) => *last = format!("{last}-{}", written(&word.raw)),
                None => parts.push(written(&word.raw)),
            }
            next += 1;
        } else {
            break;
        }
        let pause = words[next - 1].pause;
        let goes_on = spelled(words, next).is_some() || starts_any(words, next, &SPELLING_LEADS).is_some();
        if pause >= Pause::Comma && !goes_on {
            break;
        }
    }
    if parts.is_empty() {
        return None;
    }
    let only_a_particle = parts.iter().all(|part| PARTICLES.contains(&part.to_lowercase().as_str()));
    let unfinished =
        next < words.len() && words[next - 1].pause == Pause::None && doubtful && !ends_a_name(text(words, next));
    (!only_a_particle && !unfinished).then(|| Named { name: parts.join(" "), from: at, to: next })
}

/// Words before spelled letters.
const SPELLING_LEADS: [&str; 12] = [
    "that is",
    "spelled",
    "spelt",
    "that is spelled",
    "it is spelled",
    "spelled as",
    "last name",
    "last name is",
    "and last name",
    "and the last name is",
    "surname",
    "it is",
];

/// Small words inside names.
const PARTICLES: [&str; 16] =
    ["van", "de", "der", "den", "von", "bin", "ibn", "al", "el", "la", "le", "di", "da", "dos", "del", "st"];

fn spelled_at(words: &[Word], at: usize) -> Option<usize> {
    spelled(words, at).map(|(_, length)| length).or_else(|| looks_like_a_name(words, at, false, true).then_some(1))
}

/// Letters said one by one, "A as in apple" and "double L" among them. At least two, so that a middle initial is none.
fn spelled(words: &[Word], at: usize) -> Option<(String, usize)> {
    let mut letters = String::new();
    let mut next = at;
    let mut count = 0;
    while let Some(word) = words.get(next) {
        let (letter, times, length) = match word.text.as_str() {
            "double" => (letter_of(text(words, next + 1)), 2, 2),
            "capital" => (letter_of(text(words, next + 1)), 1, 2),
            one => (letter_of(one), 1, 1),
        };
        let Some(letter) = letter else { break };
        letters.extend(std::iter::repeat_n(letter, times));
        count += times;
        next += length;
        if let Some(length) = starts_any(words, next, &["as in", "like", "for", "is for", "like in"]) {
            let named = text(words, next + length).starts_with(letter);
            next += if named { length + 1 } else { 0 };
        }
        if words[next - 1].pause >= Pause::Stop
            || (words[next - 1].pause == Pause::Comma && !letter_follows(words, next))
        {
            break;
        }
    }
    (count >= 2).then(|| (written(&letters), next - at))
}

fn letter_follows(words: &[Word], at: usize) -> bool {
    letter_of(text(words, at)).is_some() || text(words, at) == "double"
}

fn letter_of(word: &str) -> Option<char> {
    let mut chars = word.chars();
    chars.next().filter(|c| c.is_alphabetic() && chars.next().is_none())
}

/// Letters after a word that begins like them say how that word is written; else they are a word of their own.
fn put_spelled(parts: &mut Vec<String>, spelled: &str) {
    let alike = |part: &&mut String| {
        part.chars().next().map(|c| c.to_ascii_lowercase()) == spelled.chars().next().map(|c| c.to_ascii_lowercase())
    };
    match parts.iter_mut().rev().find(alike) {
        Some(part) => *part = spelled.to_owned(),
        None => parts.push(spelled.to_owned()),
    }
}

/// A name with its capitals: as it was written where it has any beyond shouting, else one at the front of each part.
fn written(raw: &str) -> String {
    let title = |part: &str| {
        let mut chars = part.chars();
        chars
            .next()
            .map(|first| first.to_uppercase().chain(chars.flat_map(char::to_lowercase)).collect::<String>())
            .unwrap_or_default()
    };
    let dotted =
        |name: String| if ["Mr", "Mrs", "Ms", "Dr"].contains(&name.as_str()) { format!("{name}.") } else { name };
    let has_lower = raw.chars().any(char::is_lowercase);
    if has_lower && raw.starts_with(char::is_uppercase) {
        return dotted(raw.to_owned());
    }
    if PARTICLES.contains(&raw) && raw != "st" {
        return raw.to_owned();
    }
    dotted(raw.split('\'').map(title).collect::<Vec<_>>().join("'"))
}

/// Whether a word can be part of a name. `cased` asks for a capital; the first word of a name may not be a particle
/// with nothing behind it.
fn looks_like_a_name(words: &[Word], at: usize, cased: bool, first: bool) -> bool {
    let Some(word) = words.get(at) else { return false };
    let lower = word.text.as_str();
    let letters = lower.chars().all(|c| c.is_alphabetic() || c == '\'');
    if !letters || (cased && !word.raw.starts_with(char::is_uppercase) && !PARTICLES.contains(&lower)) {
        return false;
    }
    if PARTICLES.contains(&lower) {
        return words.get(at + 1).is_some() && word.pause == Pause::None;
    }
    if lower.chars().count() == 1 {
        // A middle initial, never a name's first word: "I" and "a" are words.
        return !first
            && lower != "i"
            && lower != "a"
            && words.get(at + 1).is_some_and(|next| next.text.chars().count() > 1);
    }
    if is_a_name_after_all(words, at, first) {
        return true;
    }
    let is_number = cardinal(words, at).is_some() || ordinal(words, at).is_some();
    let is_day = weekday_of(lower).is_some() || (first && cased && month_of(lower).is_some());
    let is_verb =
        lower.len() > 4 && lower.ends_with("ing") && !["sterling", "fleming", "browning", "channing"].contains(&lower);
    !is_number && !is_day && !is_verb && !NO_NAMES.contains(&lower)
}

/// Words that are names in some places: "Will" with a capital in front of another, "Price" at the end.
fn is_a_name_after_all(words: &[Word], at: usize, first: bool) -> bool {
    const SURNAMES: [&str; 14] =
        ["price", "best", "day", "way", "good", "new", "rich", "hope", "say", "may", "will", "cool", "home", "case"];
    let word = &words[at];
    let large = |word: &Word| word.raw.starts_with(char::is_uppercase);
    let ends = word.pause >= Pause::Comma || at + 1 == words.len();
    match word.text.as_str() {
        "will" if first => large(word) && (words.get(at + 1).is_none_or(large)),
        surname => !first && ends && SURNAMES.contains(&surname),
    }
}

/// Words after which a doubtful name is one: "I'm Ada and I'd like …".
fn ends_a_name(word: &str) -> bool {
    const ENDS: [&str; 22] = [
        "and", "i", "calling", "here", "from", "my", "speaking", "with", "can", "could", "please", "again", "by", "at",
        "on", "for", "but", "we", "thanks", "thank", "do", "what",
    ];
    ENDS.contains(&word)
}

/// Words that stand where a name may stand and are none.
const NO_NAMES: &[&str] = &[
    "a",
    "able",
    "about",
    "actually",
    "afraid",
    "after",
    "afternoon",
    "again",
    "ahead",
    "all",
    "almost",
    "already",
    "alright",
    "also",
    "always",
    "am",
    "amazing",
    "an",
    "and",
    "another",
    "any",
    "anybody",
    "anyone",
    "anything",
    "anytime",
    "appointment",
    "are",
    "around",
    "as",
    "asap",
    "at",
    "available",
    "awesome",
    "back",
    "bad",
    "be",
    "beard",
    "because",
    "been",
    "before",
    "best",
    "better",
    "both",
    "book",
    "booked",
    "booking",
    "but",
    "busy",
    "by",
    "bye",
    "call",
    "can",
    "cancel",
    "cannot",
    "certainly",
    "change",
    "closed",
    "color",
    "come",
    "confirmed",
    "cool",
    "correct",
    "could",
    "cut",
    "date",
    "day",
    "definitely",
    "did",
    "different",
    "do",
    "does",
    "done",
    "early",
    "either",
    "else",
    "emergency",
    "er",
    "evening",
    "everything",
    "exactly",
    "excellent",
    "excited",
    "fantastic",
    "fine",
    "first",
    "flexible",
    "for",
    "free",
    "from",
    "full",
    "get",
    "give",
    "glad",
    "go",
    "good",
    "goodbye",
    "got",
    "great",
    "guess",
    "had",
    "haircut",
    "happy",
    "has",
    "have",
    "he",
    "hello",
    "help",
    "her",
    "here",
    "hey",
    "hi",
    "him",
    "his",
    "hold",
    "home",
    "hope",
    "how",
    "huh",
    "i",
    "if",
    "important",
    "in",
    "incorrect",
    "interested",
    "is",
    "it",
    "its",
    "just",
    "know",
    "last",
    "late",
    "later",
    "let",
    "like",
    "ma'am",
    "make",
    "maybe",
    "me",
    "mean",
    "mhm",
    "mine",
    "mistake",
    "moment",
    "more",
    "morning",
    "much",
    "must",
    "my",
    "name",
    "need",
    "nervous",
    "never",
    "new",
    "next",
    "nice",
    "night",
    "no",
    "nobody",
    "none",
    "noon",
    "nope",
    "not",
    "nothing",
    "now",
    "number",
    "of",
    "off",
    "oh",
    "ok",
    "old",
    "on",
    "one",
    "only",
    "open",
    "or",
    "other",
    "our",
    "out",
    "over",
    "perfect",
    "person",
    "phone",
    "please",
    "pretty",
    "price",
    "probably",
    "problem",
    "question",
    "quite",
    "ready",
    "really",
    "regular",
    "right",
    "running",
    "same",
    "sarcastic",
    "say",
    "schedule",
    "see",
    "set",
    "she",
    "should",
    "sick",
    "sir",
    "so",
    "some",
    "somebody",
    "someone",
    "something",
    "soon",
    "sorry",
    "sounds",
    "speak",
    "spelled",
    "still",
    "stop",
    "such",
    "super",
    "supposed",
    "sure",
    "take",
    "talk",
    "than",
    "thank",
    "thanks",
    "that",
    "thats",
    "the",
    "their",
    "them",
    "then",
    "there",
    "these",
    "they",
    "thing",
    "think",
    "this",
    "those",
    "time",
    "tired",
    "to",
    "today",
    "tomorrow",
    "tonight",
    "too",
    "trim",
    "trying",
    "uh",
    "um",
    "under",
    "until",
    "up",
    "us",
    "very",
    "wait",
    "want",
    "was",
    "way",
    "we",
    "weekend",
    "well",
    "were",
    "what",
    "whats",
    "when",
    "whenever",
    "where",
    "which",
    "who",
    "whom",
    "why",
    "will",
    "wonderful",
    "works",
    "would",
    "wrong",
    "yeah",
    "yep",
    "yes",
    "yesterday",
    "you",
    "your",
    "yours",
    "yup",
    "service",
    "services",
    "hair",
    "manager",
    "operator",
    "agent",
    "representative",
    "human",
    "robot",
    "machine",
    "absolutely",
    "week",
    "month",
    "hour",
    "minute",
    "second",
    "dollars",
    "customer",
    "client",
    "walk",
    "parking",
    "coming",
    "says",
    "said",
    "tell",
];

/// A name alone: what the model hands over, or what answers "May I have your name?".
pub(super) fn alone(words: &[Word]) -> Option<String> {
    answered(words).map(|named| named.name)
}

/// "My name" or "the name" without one behind it: what is to be changed, not what it is to be.
pub(super) fn is_about(words: &[Word]) -> bool {
    (0..words.len()).any(|at| starts(words, at, "name").is_some() && before(words, at) != "same")
}
