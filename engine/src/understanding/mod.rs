//! What a caller's words mean, by rules alone.
//!
//! The model proposes more fluently, but it may be down, late or wrong. So every fact it hands over is read again here
//! (it may say "tomorrow at three"; which day that is, code decides), and when it says nothing at all, the rules carry
//! the booking on by themselves. Nothing in here knows what has been booked: a meaning is a proposal, and the chart
//! decides.
//!
//! | file | reads |
//! |---|---|
//! | `words` | text into words, contractions and vendors' spellings undone |
//! | `numbers` | "twenty four", "24th" |
//! | `dates`, `times`, `picks` | days, times of day, choices among offered times, wherever they stand |
//! | `mentions`, `when` | all of these in a turn, put together into one [`When`] |
//! | `services`, `names`, `phones`, `answers` | the other facts |
//! | `intents` | yes, no, change, question, person, goodbye |

use chrono::{NaiveDate, NaiveDateTime};
pub use statecharts::proposal::Expect;
use statecharts::proposal::{Fact, Intent, Proposal, Slot, When};

use crate::business::Business;
use intents::Leaning;
use words::{Pause, Word};

pub use backchannels::is_backchannel;

mod answers;
mod backchannels;
mod dates;
mod intents;
mod mentions;
mod names;
mod numbers;
mod phones;
mod picks;
mod services;
#[cfg(test)]
mod tests;
mod times;
mod when;
mod words;

/// Where the conversation stands: all that a turn is read against.
#[derive(Debug, Clone)]
pub struct Situation<'a> {
    /// Whose phone this is.
    pub business: &'a Business,
    /// The business's own clock.
    pub now: NaiveDateTime,
    /// What bare answers mean.
    pub expects: Expect,
    /// The times offered last, in the order in which they were said; empty when none stand to choose from.
    pub offered: &'a [Slot],
    /// The two readings of a time that were just asked back, before and after noon.
    pub half: Option<(Slot, Slot)>,
    /// The day talked about last: "three" means three on that day.
    pub day_in_mind: Option<NaiveDate>,
    /// The service's id, when it is known.
    pub service: Option<&'a str>,
}

/// What words say about time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// Nothing.
    Nothing,
    /// Something that makes no sense: "November 31st", or a Friday the 24th that is a Tuesday.
    Unclear,
    /// This.
    Found(When),
}

/// What words say about services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServiceReading {
    /// Nothing.
    None,
    /// A service that the business does not have.
    Unknown,
    /// The service with this id.
    Found(String),
}

/// Reads one turn of the caller, by rules alone.
///
/// In answer to a question for the phone number, "this number" or "the one I'm calling from" is a
/// [`Confirm`](Intent::Confirm) without a number: whoever knows the caller's number may take it.
pub fn understand(text: &str, situation: &Situation) -> Proposal {
    let words = words::read(text);
    let (asking, telling) = questions_apart(&words, situation);
    let mut proposal = facts(&telling, situation);
    proposal.intent = intent(&words, !asking.is_empty(), &proposal, situation);
    if proposal.intent == Intent::Change && !proposal.has_facts() {
        proposal.about = about(&words);
    }
    // A business with one service is asked about by yes and no.
    if let (Intent::Confirm, Expect::Service, [only]) =
        (proposal.intent, situation.expects, &situation.business.services[..])
    {
        proposal.service = Some(only.id.clone());
    }
    if proposal.unknown_service
        && !matches!(proposal.intent, Intent::Book | Intent::Provide | Intent::Change | Intent::Other)
    {
        proposal.unknown_service = false;
    }
    proposal
}

/// What the words say about time. Used for the model's `when_text` as well.
pub fn when(text: &str, situation: &Situation) -> Reading {
    when::reading(&words::read(text), situation)
}

/// What the words say about services. The model's `service` may be an id, a name or another word for it.
pub fn service(text: &str, business: &Business) -> ServiceReading {
    services::reading(&words::read(text), business, true)
}

/// The name in a text that answers "May I have your name?": introduced ("I'm Ada"), spelled ("A D A"), or bare.
pub fn name(text: &str) -> Option<String> {
    names::alone(&words::read(text))
}

/// The phone number in a text, in E.164 where the country's numbering is known and fits, else its digits. At least
/// seven digits, at most fifteen; `country` is ISO 3166 alpha-2.
pub fn phone(text: &str, country: &str) -> Option<String> {
    phones::dialable(&phones::dialled(&words::read(text))?.digits, country)
}

/// What the business says to a question, if it has said what to say.
pub fn answer<'b>(text: &str, business: &'b Business) -> Option<&'b str> {
    answers::found(&words::read(text), business)
}

/// Sentences that ask something of the business, and the rest. "Are you open on Friday?" is no wish for Friday, while
/// "Do you have anything on Friday?" and "Can I come at three?" are wishes in the form of a question.
fn questions_apart(words: &[Word], situation: &Situation) -> (Vec<Word>, Vec<Word>) {
    let (mut asking, mut telling) = (Vec::new(), Vec::new());
    for sentence in words.split_inclusive(|word| word.pause >= Pause::Stop) {
        let wish = intents::wants_booking(sentence)
            || words::has(
                sentence,
                &[
                    "can i get",
                    "could i get",
                    "can i have",
                    "could i have",
                    "can i come",
                    "could i come",
                    "do you have",
                ],
            );
        let answered = answers::found(sentence, situation.business).is_some();
        let plain_wish = wish && !words::has(sentence, &["how much", "how long"]);
        let asks = intents::is_question(sentence) && answered && !plain_wish;
        if asks { asking.extend_from_slice(sentence) } else { telling.extend_from_slice(sentence) }
    }
    (asking, telling)
}

/// Every fact in the words. Words that said a number or a name say nothing about time.
fn facts(words: &[Word], situation: &Situation) -> Proposal {
    let mut proposal = Proposal::of(Intent::Other);
    let mut rest = words.to_vec();
    let enough = if situation.expects == Expect::Phone { 7 } else { 10 };
    if let Some(dialled) =
        phones::dialled(&rest).filter(|dialled| dialled.digits.trim_start_matches('+').len() >= enough)
    {
        proposal.phone = phones::dialable(&dialled.digits, &situation.business.country);
        rest.drain(dialled.from..dialled.to);
    }
    if let Some(named) = services::named(&rest, situation.business) {
        proposal.service = Some(named.id);
    }
    let leaning = intents::leaning(&rest);
    let introduced = names::introduced(&rest);
    let named = match situation.expects {
        Expect::Name if proposal.service.is_none() && !is_for_somebody_else(&rest) => {
            introduced.or_else(|| names::answered(&rest))
        }
        _ => introduced,
    };
    if let Some(named) = named {
        proposal.name = Some(named.name);
        rest.drain(named.from..named.to);
    }
    let only_digits =
        matches!(situation.expects, Expect::Phone) && phones::dialled(&rest).is_some_and(|run| run.digits.len() >= 3);
    if !only_digits {
        match when::reading(&rest, situation) {
            Reading::Found(when) => proposal.when = Some(when),
            Reading::Unclear => proposal.unclear_when = true,
            Reading::Nothing => {}
        }
    }
    let bare_answer = situation.expects == Expect::Service
        && leaning == Leaning::Neither
        && !proposal.has_facts()
        && !intents::is_question(words)
        && !is_for_somebody_else(words);
    proposal.unknown_service = proposal.service.is_none()
        && services::reading(&rest, situation.business, bare_answer) == ServiceReading::Unknown;
    proposal
}

/// Words that answer no question about the booking: a person is wanted, or nothing any more.
fn is_for_somebody_else(words: &[Word]) -> bool {
    intents::wants_person(words) || intents::is_goodbye(words)
}

/// What the turn is for, with the facts in hand.
fn intent(words: &[Word], asked: bool, proposal: &Proposal, situation: &Situation) -> Intent {
    let leaning = intents::leaning(words);
    let yes_or_no = situation.expects == Expect::YesNo;
    let facts = proposal.has_facts() || proposal.unclear_when;
    if intents::wants_person(words)
        || (situation.expects == Expect::Anything && intents::is_about_an_old_appointment(words))
    {
        return Intent::Person;
    }
    if yes_or_no && leaning == Leaning::Yes && !asked && !(facts && intents::wants_change(words)) {
        return if intents::wants_booking(words) && proposal.service.is_some() {
            Intent::Book
        } else {
            Intent::Confirm
        };
    }
    if intents::is_goodbye(words) && !facts {
        return Intent::Goodbye;
    }
    if intents::wants_nothing_more(words) && !facts && !asked {
        return if situation.expects == Expect::Anything { Intent::Goodbye } else { Intent::Deny };
    }
    if asked {
        return Intent::Question;
    }
    if facts {
        return of_facts(words, leaning, proposal, situation);
    }
    if situation.expects == Expect::Phone
        && words::has(words, &["this number", "this one", "same number", "calling from", "this phone"])
    {
        return Intent::Confirm;
    }
    let names_a_fact = about(words).is_some() && (situation.expects == Expect::Change || intents::finds_fault(words));
    if intents::wants_change(words) || names_a_fact {
        return Intent::Change;
    }
    if yes_or_no && leaning == Leaning::No && (!intents::wants_booking(words) || words::has(words, &["not book"])) {
        return Intent::Deny;
    }
    if proposal.unknown_service || intents::wants_booking(words) {
        return Intent::Book;
    }
    if intents::is_question(words) && leaning == Leaning::Neither {
        return Intent::Question;
    }
    intents::of_leaning(leaning).unwrap_or(Intent::Other)
}

/// The intent of a turn with facts in it.
fn of_facts(words: &[Word], leaning: Leaning, proposal: &Proposal, situation: &Situation) -> Intent {
    let opening = situation.expects == Expect::Anything;
    if (intents::wants_change(words) && !opening) || situation.expects == Expect::Change {
        return Intent::Change;
    }
    if leaning == Leaning::No && !opening && situation.expects != Expect::Name && situation.expects != Expect::Phone {
        return Intent::Change;
    }
    let booking = proposal.service.is_some() || proposal.when.is_some() || intents::wants_booking(words);
    if opening && booking { Intent::Book } else { Intent::Provide }
}

/// The fact that a turn names without giving it a value.
fn about(words: &[Word]) -> Option<Fact> {
    const TIME: [&str; 6] = ["time", "day", "date", "hour", "when", "appointment time"];
    const PHONE: [&str; 4] = ["number", "phone", "phone number", "telephone"];
    const SERVICE: [&str; 3] = ["service", "treatment", "services"];
    if words::has(words, &PHONE) {
        Some(Fact::Phone)
    } else if names::is_about(words) {
        Some(Fact::Name)
    } else if words::has(words, &SERVICE) {
        Some(Fact::Service)
    } else if words::has(words, &TIME) {
        Some(Fact::Time)
    } else {
        None
    }
}
