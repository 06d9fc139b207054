//! Which language a caller speaks, or wants to speak.

use statecharts::proposal::Expect;

use super::words::{Word, cut, has};
use super::{Situation, lexicon, words};
use crate::languages::Language;

/// A caller who goes on in another language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turned {
    /// The language.
    pub language: Language,
    /// That is all they said: what was asked is asked again.
    pub only_asked: bool,
}

/// More words than this say more than that another language is wanted.
const ASKED_WORDS_MAX: usize = 7;

/// So many words of another language are no name and no loan.
const WORDS_MIN: usize = 2;

/// The language that a caller turns to: one that the business speaks and the call is not held in. They ask for it by its
/// name ("en español, por favor"), or simply speak it: then most words must be its own.
pub fn turned(text: &str, situation: &Situation) -> Option<Turned> {
    let here = situation.business.language;
    let mut others = situation.business.spoken().filter(|other| *other != here);
    let words = cut(text);
    others.find_map(|language| {
        let only_asked = words.len() <= ASKED_WORDS_MAX && asks_for(&words, text, language, here);
        (only_asked || is_spoken(&words, language, here, situation.expects)).then_some(Turned { language, only_asked })
    })
}

/// Whether a language is named, in itself or in the one that is spoken; or this one is, by who does not speak it.
fn asks_for(words: &[Word], text: &str, language: Language, here: Language) -> bool {
    let speaks = |named: Language, said_in| has(&words::read(text, said_in), [named.name().to_lowercase()]);
    let denied = has(words, ["no", "not"]);
    if denied { speaks(here, language) } else { speaks(language, language) || speaks(language, here) }
}

/// Whether most of the words are a language's own. An answer with names in it must be surer.
fn is_spoken(words: &[Word], language: Language, here: Language, expects: Expect) -> bool {
    let (theirs, ours) = match (language, here) {
        (Language::English, here) => {
            let (theirs, ours) = lexicon::belonging(words, here);
            (ours, theirs)
        }
        (language, _) => lexicon::belonging(words, language),
    };
    let least =
        if matches!(expects, Expect::Name | Expect::Message | Expect::Detail) { WORDS_MIN + 1 } else { WORDS_MIN };
    theirs >= least && theirs > 2 * ours
}
