//! What callers say to the business's own questions, and how they take it back.

use statecharts::proposal::{Detail, Expect, Fact, Intent, Proposal};

use super::Situation;
use super::intents::{self, Leaning};
use super::numbers::cardinal;
use super::phrasebook as book;
use super::services;
use super::words::{self, Pause, Word, has, listed};
use crate::business::{DetailQuestion, Kind};
use crate::languages::Language;

/// The longest answer that is kept, in characters: half a minute of speech.
const ANSWER_CHARS_MAX: usize = 400;

/// What a turn says where one of these questions was asked. `otherwise` is what it says to no question at all: to
/// change the time, to ask something, or to leave is no answer. None when there is no answer in it.
pub(super) fn answered(
    text: &str,
    words: &[Word],
    question: &DetailQuestion,
    language: Language,
    otherwise: &Proposal,
) -> Option<Proposal> {
    if goes_elsewhere(words, otherwise, question) {
        return None;
    }
    let declines = question.optional && intents::is_short(words) && intents::leaning(words) == Leaning::No;
    let answer = match question.answer {
        Kind::Words if declines || has_nothing_to_say(words, question) => return Some(Proposal::of(Intent::Deny)),
        Kind::Words => Some(whole(text)).filter(|answer| !answer.is_empty()),
        Kind::Number => (0..words.len()).find_map(|at| cardinal(words, at)).map(|(number, _)| number.to_string()),
        Kind::YesOrNo => yes_or_no(words),
        Kind::Choice => choice(words, question, language),
    };
    match answer {
        Some(answer) => Some(provided(question, answer)),
        None if declines => Some(Proposal::of(Intent::Deny)),
        None => None,
    }
}

/// The answer that keys say, where one of these questions was asked.
pub fn keyed(digits: &str, question: &DetailQuestion) -> Option<Proposal> {
    let nth = digits.parse::<usize>().ok()?.checked_sub(1);
    let answer = match question.answer {
        Kind::Words | Kind::Number => Some(digits.to_owned()),
        Kind::YesOrNo => nth.and_then(|nth| ["yes", "no"].get(nth).map(|answer| (*answer).to_owned())),
        Kind::Choice => nth.and_then(|nth| question.choices.get(nth).cloned()),
    };
    answer.map(|answer| provided(question, answer))
}

/// Adds what a turn corrects of answers that were read back: by a choice ("no, long"), or by the question's name ("the
/// breed is wrong").
pub(super) fn correct(proposal: &mut Proposal, words: &[Word], situation: &Situation) {
    let changes = match situation.expects {
        Expect::Change => true,
        Expect::YesNo => matches!(proposal.intent, Intent::Change | Intent::Deny),
        _ => false,
    };
    if !changes || proposal.has_facts() {
        return;
    }
    let asked_here = situation
        .business
        .details
        .iter()
        .filter(|question| situation.service.is_some_and(|service| question.is_for(service)));
    let mut named = false;
    for question in asked_here {
        if let Some(answer) = choice(words, question, situation.business.language) {
            proposal.detail = Some(Detail { id: question.id.clone(), answer });
            proposal.intent = Intent::Change;
            return;
        }
        named |= is_named(words, &question.name, situation.business.language);
    }
    if named {
        proposal.about = Some(Fact::Details);
        proposal.intent = Intent::Change;
    }
}

/// Whether the turn is about something else. Any words may answer a question for words, so there only what is meant for
/// us counts.
fn goes_elsewhere(words: &[Word], otherwise: &Proposal, question: &DetailQuestion) -> bool {
    let any_words = question.answer == Kind::Words;
    if intents::is_question(words) && words.last().is_some_and(|word| word.pause == Pause::Question) {
        return true;
    }
    match otherwise.intent {
        Intent::Person => !any_words || intents::is_short(words),
        Intent::Goodbye | Intent::Question | Intent::Find | Intent::Move | Intent::Cancel => true,
        Intent::Change => otherwise.has_facts(),
        Intent::Message => !any_words,
        _ => false,
    }
}

/// "I don't know", "I'd rather not say", where an answer is not needed.
fn has_nothing_to_say(words: &[Word], question: &DetailQuestion) -> bool {
    question.optional && intents::is_short(words) && has(words, listed(book::NO_IDEA))
}

/// All of it as one line, without the full stop behind it.
fn whole(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().take(ANSWER_CHARS_MAX).collect();
    line.trim_end_matches(['.', ',', ' ']).to_owned()
}

fn yes_or_no(words: &[Word]) -> Option<String> {
    match intents::leaning(words) {
        Leaning::Yes => Some("yes".to_owned()),
        Leaning::No => Some("no".to_owned()),
        Leaning::Neither => None,
    }
}

/// The choice that is named last: "short, no, long".
fn choice(words: &[Word], question: &DetailQuestion, language: Language) -> Option<String> {
    let said = question.choices_said().iter().zip(&question.choices);
    let found = said.filter_map(|(said, kept)| Some((services::last_said(words, said, language)?, kept)));
    found.max_by_key(|((at, length), _)| (at + length, *length)).map(|(_, kept)| kept.clone())
}

fn is_named(words: &[Word], name: &str, language: Language) -> bool {
    let name = words::read(name, language).iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
    !name.is_empty() && has(words, [name])
}

fn provided(question: &DetailQuestion, answer: String) -> Proposal {
    let detail = Some(Detail { id: question.id.clone(), answer });
    Proposal { detail, ..Proposal::of(Intent::Provide) }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::super::understand;
    use super::*;
    use crate::business::Business;

    fn business(language: &str) -> Business {
        let english = r#"
            [[details]]
            id = "breed"
            name = "breed"
            ask = "What breed is your dog?"
            [[details]]
            id = "notes"
            name = "to know"
            ask = "Is there anything we should know?"
            optional = true
            [[details]]
            id = "guests"
            name = "guests"
            ask = "How many people are coming?"
            answer = "number"
            [[details]]
            id = "first"
            name = "first visit"
            ask = "Is it your first visit?"
            answer = "yes_or_no"
            [[details]]
            id = "hair"
            name = "hair"
            ask = "Is your hair short, shoulder length, or long?"
            answer = "choice"
            choices = ["short", "shoulder length", "long"]
            optional = true
            [languages.es.details]
            hair = { name = "cabello", ask = "¿Lo tiene corto, mediano o largo?", choices = ["corto", "mediano", "largo"] }
            first = { name = "primera visita", ask = "¿Es su primera visita?" }
            guests = { name = "personas", ask = "¿Cuántas personas vienen?" }
        "#;
        let file = format!("{}\n{english}", include_str!("../../../business.toml"));
        let business: Business = toml::from_str(&file).expect("a business");
        let language = Language::of_code(language).expect("a language");
        business.speaking(language).expect("it speaks it")
    }

    /// What a turn says: the intent, and the answer or what it is about.
    fn said(language: &str, expects: Expect, asked: &str, words: &str) -> String {
        let business = business(language);
        let now = NaiveDate::from_ymd_opt(2026, 11, 23).and_then(|day| day.and_hms_opt(10, 0, 0)).expect("a moment");
        let situation = Situation {
            business: &business,
            now,
            expects,
            offered: &[],
            half: None,
            day_in_mind: now.date().succ_opt(),
            half_name: None,
            detail: business.detail(asked),
            service: Some("haircut"),
        };
        let proposal = understand(words, &situation);
        let what = match (&proposal.detail, &proposal.when, proposal.about) {
            (Some(Detail { id, answer }), _, _) => format!(" {id}={answer}"),
            (None, Some(_), _) => " a time".to_owned(),
            (None, None, Some(about)) => format!(" {about:?}"),
            (None, None, None) => String::new(),
        };
        format!("{:?}{what}", proposal.intent)
    }

    #[test]
    fn a_question_of_the_businesss_own_is_answered_in_its_kind() {
        for (asked, words, wanted) in [
            (
                "breed",
                "It's a golden retriever, three years old.",
                "Provide breed=It's a golden retriever, three years old",
            ),
            ("breed", "No.", "Provide breed=No"),
            ("breed", "Poodle.", "Provide breed=Poodle"),
            ("breed", "What do you mean?", "Other"),
            ("breed", "Can I talk to a person?", "Person"),
            (
                "breed",
                "A terrier that a person gave me last Friday at three.",
                "Provide breed=A terrier that a person gave me last Friday at three",
            ),
            ("breed", "Actually, can we make it Friday at three?", "Change a time"),
            ("breed", "Goodbye.", "Goodbye"),
            ("notes", "Tell them that my back hurts.", "Provide notes=Tell them that my back hurts"),
            ("notes", "No, nothing.", "Deny"),
            ("notes", "I don't know.", "Deny"),
            ("guests", "There are four of us.", "Provide guests=4"),
            ("guests", "Twenty-two.", "Provide guests=22"),
            ("guests", "12.", "Provide guests=12"),
            ("guests", "A few.", "Other"),
            ("guests", "No, make it Friday at three.", "Change a time"),
            ("first", "Yes, it is.", "Provide first=yes"),
            ("first", "No, I've been there.", "Provide first=no"),
            ("first", "Perhaps.", "Other"),
            ("hair", "It's quite long.", "Provide hair=long"),
            ("hair", "Shoulder length, I'd say.", "Provide hair=shoulder length"),
            ("hair", "Short. No, long.", "Provide hair=long"),
            ("hair", "No.", "Deny"),
            ("hair", "It's nice.", "Other"),
        ] {
            assert_eq!(said("en", Expect::Detail, asked, words), wanted, "{asked}: {words}");
        }
    }

    #[test]
    fn an_answer_is_kept_as_the_file_writes_it_in_every_language() {
        for (asked, words, wanted) in [
            ("hair", "Largo.", "Provide hair=long"),
            ("hair", "Lo tengo mediano.", "Provide hair=shoulder length"),
            ("first", "Sí, claro.", "Provide first=yes"),
            ("first", "No.", "Provide first=no"),
            ("guests", "Somos cuatro.", "Provide guests=4"),
            ("breed", "Un caniche gigante.", "Provide breed=Un caniche gigante"),
            ("notes", "No, nada.", "Deny"),
        ] {
            assert_eq!(said("es", Expect::Detail, asked, words), wanted, "{asked}: {words}");
        }
    }

    #[test]
    fn an_answer_that_was_read_back_is_corrected_by_a_choice_or_by_name() {
        for (expects, words, wanted) in [
            (Expect::YesNo, "No, long.", "Change hair=long"),
            (Expect::YesNo, "No, the breed is wrong.", "Change Details"),
            (Expect::YesNo, "Yes.", "Confirm"),
            (Expect::YesNo, "No, make it Friday at three.", "Change a time"),
            (Expect::Change, "The breed.", "Change Details"),
            (Expect::Change, "My hair is short.", "Change hair=short"),
            (Expect::Change, "The time.", "Change Time"),
        ] {
            assert_eq!(said("en", expects, "", words), wanted, "{words}");
        }
    }

    #[test]
    fn keys_answer_by_number() {
        let business = business("en");
        let answer = |id: &str, keys: &str| {
            let proposal = keyed(keys, business.detail(id).expect("a question"));
            proposal.and_then(|proposal| proposal.detail).map(|detail| detail.answer)
        };
        assert_eq!(answer("guests", "12").as_deref(), Some("12"));
        assert_eq!(answer("first", "2").as_deref(), Some("no"));
        assert_eq!(answer("hair", "3").as_deref(), Some("long"));
        assert_eq!(answer("hair", "4"), None);
        assert_eq!(answer("hair", "0"), None);
    }
}
