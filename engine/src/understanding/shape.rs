//! Whether a caller who has fallen silent is done, judged by their words alone. How long the silence must last then is
//! [`listening`](crate::listening)'s business.

use statecharts::proposal::{Expect, Intent, Proposal, When};

use super::phones;
use super::words::{self, Pause, Word, has, listed, starts_any};
use super::{Situation, intents, phrasebook as book, understand};
use crate::business::Kind;
use crate::languages::Language;
use crate::numbering::{self, Length};

/// What the words so far look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// They answer what was asked, or are a sentence with nothing missing. Hardly anybody goes on.
    Complete,
    /// They could end here, and could as well go on: "Friday", "a haircut".
    Finished,
    /// A name was asked for, and is one word so far: "Edwin".
    HalfName,
    /// They cannot end here: "I'd like a haircut on", "my name is", "um".
    Unfinished,
    /// A number or a name is being said piece by piece, and is not whole yet.
    Dictating,
}

/// Words after which something must follow, at the end of whatever was said.
const LEADS_ON: &str = "a, an, the, my, your, our, their, his, and, or, but, because, so, if, when, with, at, on, in, for, from, of, to, by, \
    about, around, after, before, between, until, till, than, like, is, are, was, am, i, we, um, uh, uhm, er, erm, hmm, hm, \
    let me, let us, maybe, either, also, then, this, next, every, some, any, very, really, just, actually, would, could, \
    can, will, want, need, have, has, get, prefer, wanted, mr, mrs, ms, dr, double, say, well, you know, wait, hold on, \
    one second, one moment, just a second, just a moment, a second, a moment";

/// Ends of whole sentences that look like [`LEADS_ON`].
const LEADS_NOWHERE: &str = "yes i am, yes it is, yes i would, yes i do, yes i have, no i am, no it is, as well, very well, think so, \
    guess so, hope so, believe so, suppose so, if you can, if you could, whatever you have, all you have, anything you have, \
    what you have, the one i want, what i want, what i need, what i have, what it is, come in, get in, walk in, calling from, \
    call from, you can, you want, you need";

/// Words that a caller adds to an answer out of politeness.
const COURTESY: &str = "please, thanks, thank you, thank you so much, thank you very much, so much, very much, a lot, that is all, sir, madam, \
    for now, for today, sorry, to me, then, it, that, that one, again, too, with me, for me";

/// The fewest words of a sentence that is believed to be whole because a full stop was written behind it.
const SENTENCE_WORDS_MIN: usize = 4;

/// Digits in a row from which on they are a number being dictated, where none was asked for. Four may be a time.
const DICTATED_DIGITS_MIN: usize = 5;

/// What the words of a turn look like so far, given what was asked.
pub fn shape(said: &str, situation: &Situation) -> Shape {
    let words = words::read(said, situation.business.language);
    if let Some(shape) = of_number(&words, situation) {
        return shape;
    }
    if is_spelling(&words) {
        return Shape::Dictating;
    }
    let takes_answer = takes_answer(situation);
    if takes_answer && is_plain_answer(&words) {
        return Shape::Complete;
    }
    if is_unfinished(said, &words) {
        return Shape::Unfinished;
    }
    let asks = intents::is_question(&words) && ends_with(&words, Pause::Question);
    if asks || is_sentence(&words) {
        return Shape::Complete;
    }
    match understand(said, situation) {
        proposal if answers(&proposal, situation) => Shape::Complete,
        Proposal { name: Some(_), .. } if situation.expects == Expect::Name => Shape::HalfName,
        _ => Shape::Finished,
    }
}

/// Whether words are nothing but a politeness or a sound of thinking: they add nothing to what was said before them.
pub fn is_aside(said: &str, language: Language) -> bool {
    const SOUNDS: &str = "um, uh, er, hm, hmm, mm, ok, yes, yeah, yep, and, so, oh, ah, right, bye, goodbye, alright";
    let words = words::read(said, language);
    let mut at = 0;
    while let Some(length) = starts_any(&words, at, listed(COURTESY).chain(listed(SOUNDS))) {
        at += length;
    }
    at == words.len()
}

/// A number being dictated: whole, or not yet. Where a number has no fixed length, only silence can tell.
fn of_number(words: &[Word], situation: &Situation) -> Option<Shape> {
    let asked = situation.expects == Expect::Phone;
    let dialled = phones::dialled(words)?;
    let count = dialled.digits.trim_start_matches('+').len();
    let announced = asked || has(words, ["number", "phone", "reach me"]);
    let is_last = words[dialled.to..].iter().all(|word| phones::is_filler(&word.text));
    if !(is_last && (announced || count >= DICTATED_DIGITS_MIN)) {
        return None;
    }
    Some(match numbering::length(&dialled.digits, &situation.business.country) {
        Length::Whole => Shape::Complete,
        Length::Short | Length::Open => Shape::Dictating,
    })
}

/// Whether letters are being said one by one at the end: "Lovelace, L O V". "I" and "a" are words.
fn is_spelling(words: &[Word]) -> bool {
    let is_letter = |word: &Word| word.text.chars().count() == 1 && word.text.chars().all(char::is_alphabetic);
    let spells = |word: &Word| is_letter(word) || word.text == "double";
    words.iter().rev().take_while(|word| spells(word)).count() >= 2 && !ends_with(words, Pause::Question)
}

/// Whether a yes, a no or a goodbye is all that was said.
fn is_plain_answer(words: &[Word]) -> bool {
    let answers =
        || listed(book::YES).chain(listed(book::NO)).chain(listed(book::NOTHING_MORE)).chain(listed(book::GOODBYE));
    let openers = ["um", "uh", "oh", "well", "hm", "hmm", "and", "so"];
    let (mut at, mut answered) = (0, false);
    while at < words.len() {
        let answer = starts_any(words, at, answers());
        let other = starts_any(words, at, listed(COURTESY)).or(starts_any(words, at, openers).filter(|_| !answered));
        match (answer, other) {
            (Some(length), _) => {
                answered = true;
                at += length;
            }
            (None, Some(length)) => at += length,
            (None, None) => return false,
        }
    }
    answered && words.last().is_none_or(|word| word.pause != Pause::Comma)
}

/// Whether a bare yes or no answers what was asked.
fn takes_answer(situation: &Situation) -> bool {
    let yes_or_no = situation.detail.is_some_and(|question| question.optional || question.answer == Kind::YesOrNo);
    yes_or_no
        || matches!(situation.expects, Expect::YesNo | Expect::Cancelling | Expect::Anything | Expect::Change)
        || (situation.expects == Expect::Service && situation.business.services.len() == 1)
}

/// Whether the words break off: behind a word that leads on, a comma, or a dash.
fn is_unfinished(said: &str, words: &[Word]) -> bool {
    let broken =
        said.trim_end().ends_with([',', '-', '\u{2013}', '\u{2014}', '\u{2026}']) || said.trim_end().ends_with("...");
    let asks = ends_with(words, Pause::Question);
    words.is_empty() || broken || (!asks && ends_with_any(words, LEADS_ON) && !ends_with_any(words, LEADS_NOWHERE))
}

/// Whether a caller who was asked for this has nothing to add to it.
fn answers(proposal: &Proposal, situation: &Situation) -> bool {
    match situation.expects {
        _ if proposal.intent == Intent::Goodbye => true,
        Expect::Time | Expect::Appointment => matches!(proposal.when, Some(When::Offered(_) | When::At(_))),
        Expect::Name => proposal.name.as_ref().is_some_and(|name| name.contains(' ')),
        Expect::Phone | Expect::YesNo | Expect::Cancelling => matches!(proposal.intent, Intent::Confirm | Intent::Deny),
        Expect::Change => proposal.has_facts(),
        // Whoever leaves a message takes their time, and so does who tells what there are no words for here.
        Expect::Message => false,
        Expect::Detail => {
            let any_words = situation.detail.is_none_or(|question| question.answer == Kind::Words);
            proposal.detail.is_some() && !any_words
        }
        Expect::Anything | Expect::Service => proposal.service.is_some() && matches!(proposal.when, Some(When::At(_))),
    }
}

/// Whether a full stop was written behind a sentence of some length. Behind a word or two it is written in any case.
fn is_sentence(words: &[Word]) -> bool {
    let last = words.iter().rposition(|word| word.pause >= Pause::Stop).filter(|at| at + 1 == words.len());
    let Some(end) = last else { return false };
    let start = words[..end].iter().rposition(|word| word.pause >= Pause::Stop).map_or(0, |at| at + 1);
    end + 1 - start >= SENTENCE_WORDS_MIN
}

fn ends_with(words: &[Word], pause: Pause) -> bool {
    words.last().is_some_and(|word| word.pause == pause)
}

/// Whether one of the phrases is the end of the words.
fn ends_with_any(words: &[Word], phrases: &str) -> bool {
    listed(phrases).any(|phrase| {
        let length = phrase.split(' ').count();
        words.len().checked_sub(length).is_some_and(|at| words::starts(words, at, phrase) == Some(length))
    })
}
