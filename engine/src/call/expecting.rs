//! What speech-to-text is told to expect: the words of what was just asked for, then those of the business.

use statecharts::proposal::Expect;

use crate::business::Business;

/// Terms in all. Deepgram takes 500 tokens of them (its page "Keyterm Prompting", read 2026-11).
const KEYTERMS_MAX: usize = 50;

/// Words that are easily misheard on the telephone when a day and a time are asked for.
const TIMES: [&str; 12] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
    "tomorrow",
    "noon",
    "half past",
    "quarter",
    "o'clock",
];

/// Words that answer a yes-or-no question.
const YES_NO: [&str; 4] = ["yes", "no", "yes please", "no thanks"];

/// The terms for a state of the booking, most important first, each once.
pub(super) fn keyterms(business: &Business, expects: Expect) -> Vec<String> {
    let asked: &[&str] = match expects {
        Expect::Time | Expect::Change | Expect::Appointment => &TIMES,
        Expect::YesNo | Expect::Cancelling => &YES_NO,
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

/// Its own terms, the names of what can be booked, and of who does it.
fn of_business(business: &Business) -> impl Iterator<Item = String> {
    let services = business.services.iter().flat_map(|service| {
        let name = service.name.trim_start_matches("a ").trim_start_matches("an ").to_owned();
        std::iter::once(name).chain(service.also.iter().cloned())
    });
    let staff = business.staff.iter().map(|staff| staff.name.clone());
    business.keyterms.iter().cloned().chain(services).chain(staff)
}
