//! What speech-to-text is told to expect: the words of what was just asked for, then those of the business.

use statecharts::proposal::Expect;

use crate::business::Business;

/// Terms in all. Deepgram takes 500 tokens of them (its page "Keyterm Prompting", read 2026-11).
const KEYTERMS_MAX: usize = 50;

/// The terms for a state of the booking, most important first, each once.
pub(super) fn keyterms(business: &Business, expects: Expect) -> Vec<String> {
    let voice = business.language.voice();
    let asked: &[&str] = match expects {
        Expect::Time | Expect::Change | Expect::Appointment => voice.times_expected(),
        Expect::YesNo | Expect::Cancelling | Expect::Detail => voice.answers_expected(),
        Expect::Anything | Expect::Service | Expect::Name | Expect::Phone | Expect::Message => &[],
    };
    let mut terms: Vec<String> = Vec::new();
    for term in asked.iter().map(|term| (*term).to_owned()).chain(of_business(business)) {
        if terms.len() < KEYTERMS_MAX && !terms.contains(&term) {
            terms.push(term);
        }
    }
    terms
}

/// Its own terms, the names of what can be booked, and of who does it; then those of its other languages.
fn of_business(business: &Business) -> impl Iterator<Item = String> {
    let services = business.services.iter().flat_map(|service| [&service.name].into_iter().chain(&service.also));
    let staff = business.staff.iter().map(|staff| &staff.name);
    let others = business.languages.iter().filter(|(language, _)| **language != business.language);
    let others = others.flat_map(|(_, words)| {
        let services = words.services.values();
        words.keyterms.iter().chain(services.flat_map(|service| [&service.name].into_iter().chain(&service.also)))
    });
    let choices = business.details.iter().flat_map(|question| question.choices_said());
    business.keyterms.iter().chain(services).chain(staff).chain(choices).chain(others).map(|term| without_article(term))
}

fn without_article(term: &str) -> String {
    let article = ["a ", "an ", "un ", "una "].into_iter().find_map(|article| term.strip_prefix(article));
    article.unwrap_or(term).to_owned()
}
