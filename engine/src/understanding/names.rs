//! The caller's name: said with an introduction, spelled, or bare in answer to a question.
//!
//! "I'm looking for a haircut" introduces nobody. A name after "I'm" or "it's" must look like one: no word that follows
//! there in other sentences, and a capital where the text has capitals at all.

use crate::letters::{distance, sound};

use super::name_words::{Place, fits, may_follow};
use super::spelling::{PARTICLES, put, spelled, written};
use super::words::{Pause, Word, before, listed, starts, starts_any, text};

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

/// What people say before they answer.
const OPENERS: &str = "um, uh, uhm, er, erm, hm, hmm, oh, so, well, yes, yeah, yep, sure, sure thing, ok, alright, of course, \
    certainly, hi, hello, hey, it is, it would be, that is, that would be, this is, i am, please, no, actually, sorry, the name is, \
    name is, just, for, under, you can call me, call me, my full name is";

/// Introductions after which only a name can stand.
const SURE: &str = "my name is, my name would be, the name is, my full name is, name is, name of, the name of, under the name, \
    under the name of, call me, you can call me, they call me, put it under, book it under, book it for, make it under, \
    make it out to, put down, just put, can put, name should be, name to, name it is";

/// Introductions after which much else can stand.
const UNSURE: &str =
    "i am, this is, it is, that is, it is for, this is for, is for, name, under, it should be, that should be, it was";

/// What stands before the one and the other part of a name.
const FIRST_NAME: &str = "first name is, first name, given name is, given name";
const LAST_NAME: &str = "last name is, last name, surname is, surname, family name is, family name";

/// Letters that may differ, as a part of all, between two hearings of one name: "Ada" and "Aida".
const DIFFERENT_PART: usize = 2;

/// People a caller books for.
const RELATIVES: &str = "son, daughter, wife, husband, mother, mom, father, dad, brother, sister, friend, partner, grandson, \
    granddaughter, girlfriend, boyfriend";

/// A name with an introduction, wherever it stands in the words. The last one wins: people correct themselves. In a text
/// without capitals, "it's urgent" looks like "it's ada"; such names count only where one is `likely`.
pub(super) fn introduced(words: &[Word], likely: bool) -> Option<Named> {
    let mut last = labelled(words);
    for at in 0..words.len() {
        if last.as_ref().is_none_or(|last| at >= last.to) {
            last = introduced_at(words, at, likely).or(last);
        }
    }
    last
}

/// A name in answer to "May I have your name?": introduced, or bare.
pub(super) fn answered(words: &[Word]) -> Option<Named> {
    if let Some(named) = labelled(words) {
        return Some(named);
    }
    let mut from = 0;
    while let Some(length) = starts_any(words, from, listed(OPENERS)) {
        from += length;
    }
    let bare = bare(words, from, Trust::Sure).map(|named| joined(words, named));
    match &bare {
        // "It's Ada Lovelace, L O V E …" is one bare name, though "it's Ada" alone would introduce one.
        Some(named) if named.name.contains(' ') => bare,
        _ => introduced(words, true).or(bare),
    }
}

/// A sentence that is a first and a last name and nothing else: "A haircut. Tomorrow at three. Ada Lovelace." Sentences
/// that are `taken` say something else with capitals: "Swedish Massage."
pub(super) fn in_a_sentence(words: &[Word], taken: impl Fn(&[Word]) -> bool) -> Option<Named> {
    let mut start = 0;
    for sentence in words.split_inclusive(|word| word.pause >= Pause::Stop) {
        let end = start + sentence.len();
        let asks = sentence.last().is_some_and(|word| word.pause == Pause::Question);
        let named = bare(words, start, Trust::Capitals).filter(|named| named.to == end && named.name.contains(' '));
        if named.is_some() && !asks && !taken(sentence) {
            return named;
        }
        start = end;
    }
    None
}

/// "First name Ada, last name Lovelace", in either order, the label of one of them left out or not.
fn labelled(words: &[Word]) -> Option<Named> {
    let after = |labels: &str| {
        (0..words.len()).find_map(|at| {
            let length = starts_any(words, at, listed(labels))?;
            bare(words, at + length, Trust::Sure).map(|named| Named { from: at, ..named })
        })
    };
    let (first, last) = (after(FIRST_NAME), after(LAST_NAME));
    let unlabelled = |label: &Named| {
        let start = (0..label.from).find(|at| starts_any(words, *at, listed(OPENERS)).is_none())?;
        bare(words, start, Trust::Sure).filter(|named| named.to <= label.from)
    };
    let (first, last) = match (first, last) {
        (Some(first), Some(last)) => (first, last),
        (Some(first), None) => match unlabelled(&first) {
            Some(last) => (first, last),
            None => return Some(first),
        },
        (None, Some(last)) => match unlabelled(&last) {
            Some(first) => (first, last),
            None => return Some(last),
        },
        (None, None) => return None,
    };
    let given = first.name.split(' ').next().unwrap_or_default();
    Some(Named { name: format!("{given} {}", last.name), from: first.from.min(last.from), to: first.to.max(last.to) })
}

/// A bare name with the rest of it behind a pause: "Ada. Lovelace." The rest may say all of it: "Bond. James Bond."
fn joined(words: &[Word], named: Named) -> Named {
    let Some(rest) = bare(words, named.to, Trust::Sure).filter(|rest| rest.to == words.len()) else { return named };
    let again = rest.name.split(' ').any(|part| named.name.split(' ').any(|said| said == part));
    let name = if again { rest.name } else { format!("{} {}", named.name, rest.name) };
    Named { name, from: named.from, to: rest.to }
}

fn introduced_at(words: &[Word], at: usize, likely: bool) -> Option<Named> {
    // "What's the name of …" introduces nobody, and "last name …" is only a part.
    if ["what", "whats", "your", "not"].contains(&before(words, at)) {
        return None;
    }
    let doubt = if likely { Trust::Doubtful } else { Trust::Capitals };
    let introducing = |named: Named| Named { from: at, ..named };
    if let Some(length) = starts_any(words, at, listed(SURE)) {
        let filler = starts_any(words, at + length, ["actually", "is", "um", "uh"]).unwrap_or(0);
        return bare(words, at + length + filler, Trust::Sure).map(introducing);
    }
    if let Some(length) = starts_any(words, at, listed(UNSURE)) {
        return bare(words, at + length, doubt).map(introducing);
    }
    let relative = starts_any(words, at + 1, listed(RELATIVES)).filter(|_| ["my", "our"].contains(&text(words, at)));
    if let Some(length) = relative.filter(|length| text(words, at + 1 + length) != "is") {
        return bare(words, at + 1 + length, doubt).map(introducing);
    }
    // "Ada here", "Ada Lovelace speaking".
    let greeted = ["hi", "hello", "hey"].contains(&before(words, at));
    let starts_sentence = at == 0 || words[at - 1].pause > Pause::None || greeted;
    let named = bare(words, at, doubt).filter(|_| starts_sentence)?;
    let length = starts_any(words, named.to, ["here", "speaking", "calling"])?;
    Some(Named { from: at, to: named.to + length, ..named })
}

/// How much speaks for a name before it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trust {
    /// Only a name can stand here.
    Sure,
    /// Much else can: it must have a capital where the text has any, and end where names end.
    Doubtful,
    /// Much else does: it must have a capital.
    Capitals,
}

/// One to four words that look like a name from `at` on, spelled letters put together.
fn bare(words: &[Word], at: usize, trust: Trust) -> Option<Named> {
    const MOST: usize = 4;
    let large = |word: &Word| word.raw.starts_with(char::is_uppercase) && word.text != "i";
    let capital = trust == Trust::Capitals || (trust == Trust::Doubtful && words.iter().any(large));
    let mut parts: Vec<String> = Vec::new();
    let mut next = at;
    while next < words.len() && parts.len() < MOST {
        if let Some((letters, length)) = spelled(words, next) {
            put(&mut parts, &letters);
            next += length;
        } else if let Some(length) = spelling_lead(words, next).filter(|_| !parts.is_empty()) {
            next += length;
            continue;
        } else if fits(words, next, Place { first: parts.is_empty(), capital, sure: trust == Trust::Sure }) {
            let word = &words[next];
            match parts.last_mut().filter(|_| word.hyphened) {
                Some(last) => *last = format!("{last}-{}", written(&word.raw)),
                None => parts.push(written(&word.raw)),
            }
            next += 1;
        } else {
            break;
        }
        let goes_on = spelled(words, next).is_some() || spelling_lead(words, next).is_some();
        if words[next - 1].pause >= Pause::Comma && !goes_on {
            break;
        }
    }
    let particles = parts.iter().all(|part| PARTICLES.contains(&part.to_lowercase().as_str()));
    if particles {
        return None;
    }
    let unfinished = next < words.len() && words[next - 1].pause == Pause::None && !may_follow(text(words, next));
    (trust == Trust::Sure || !unfinished).then(|| Named { name: parts.join(" "), from: at, to: next })
}

/// Words between a name and its letters: "that's J O N".
fn spelling_lead(words: &[Word], at: usize) -> Option<usize> {
    const LEADS: &str = "that is, it is, spelled, spelt, that is spelled, it is spelled, spelled as, with letters";
    starts_any(words, at, listed(LEADS)).filter(|length| spelled(words, at + length).is_some())
}

/// A name of which the words are the rest, and nothing else; `half` is what was said of it before. Words that sound like
/// it are a correction.
pub(super) fn whole(half: &str, words: &[Word]) -> Option<String> {
    let rest = bare(words, 0, Trust::Capitals).filter(|rest| rest.to == words.len())?;
    let heard = sound(half);
    let again = rest.name.split(' ').map(sound).any(|part| distance(&part, &heard) <= heard.len() / DIFFERENT_PART);
    (!again).then(|| format!("{half} {}", rest.name))
}

/// A name alone: what the model hands over, or what answers "May I have your name?".
pub(super) fn alone(words: &[Word]) -> Option<String> {
    let named = answered(words).map(|named| named.name);
    named.filter(|_| starts(words, 0, "not").is_none())
}
