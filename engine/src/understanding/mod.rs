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
//! | `lexicon`, `tongues` | words of other languages into those that the rules read; which language it is |
//! | `numbers` | "twenty four", "24th" |
//! | `dates`, `times`, `picks` | days, times of day, choices among offered times, wherever they stand |
//! | `mentions`, `when` | all of these in a turn, put together into one [`When`] |
//! | `services`, `names`, `phones`, `answers` | the other facts |
//! | `details` | answers to the business's own questions |
//! | `intents` | yes, no, change, question, person, goodbye |
//! | `shape` | whether the caller is done |

pub use answers::Topic;
use chrono::{NaiveDate, NaiveDateTime};
pub use statecharts::proposal::Expect;
use statecharts::proposal::{Intent, Proposal, Slot, When};

use crate::business::{Business, DetailQuestion};
use crate::languages::Language;
use crate::letters::distance;
use crate::numbering;
use intents::Leaning;
use words::{Pause, Word};

pub use backchannels::{asks_to_stop, is_backchannel, is_parting};
pub use details::keyed;
pub use shape::{Shape, is_aside, shape};
pub use tongues::{Turned, turned};

mod answers;
mod backchannels;
mod dates;
mod details;
mod intents;
mod lexicon;
mod mentions;
mod name_words;
mod names;
mod numbers;
mod phones;
mod phrasebook;
mod picks;
mod resolving;
mod services;
mod shape;
mod spans;
mod spelling;
#[cfg(test)]
mod tests;
mod times;
mod tongues;
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
    /// The question of the business's own that was asked, where one was.
    pub detail: Option<&'a DetailQuestion>,
    /// The times offered last, in the order in which they were said; empty when none stand to choose from.
    pub offered: &'a [Slot],
    /// The two readings of a time that were just asked back, before and after noon.
    pub half: Option<(Slot, Slot)>,
    /// The day talked about last: "three" means three on that day.
    pub day_in_mind: Option<NaiveDate>,
    /// The service's id, when it is known.
    pub service: Option<&'a str>,
    /// A name of one word that was given a moment ago: what follows may be the rest of it.
    pub half_name: Option<&'a str>,
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
    let words = words::read(text, situation.business.language);
    if situation.expects == Expect::Message {
        // Whatever is in it belongs to the message.
        return Proposal::of(intents::of_message(&words));
    }
    let (asking, telling) = questions_apart(&words, situation);
    let mut proposal = facts(&telling, &with_choices_of_times(situation));
    proposal.name = proposal.name.or_else(|| names::introduced(&words, false).map(|named| named.name));
    proposal.intent = intents::of(&words, !asking.is_empty(), &proposal, situation.expects);
    if proposal.intent == Intent::Change && !proposal.has_facts() {
        proposal.about = intents::about(&words);
    }
    if proposal.intent == Intent::Confirm {
        agree(&mut proposal, &words, situation);
    }
    complete_name(&mut proposal, text, situation);
    let may_name_one = [Intent::Book, Intent::Provide, Intent::Change, Intent::Other];
    proposal.unknown_service &= may_name_one.contains(&proposal.intent);
    details::correct(&mut proposal, &words, situation);
    let answered = situation
        .detail
        .and_then(|question| details::answered(text, &words, question, situation.business.language, &proposal));
    answered.unwrap_or(proposal)
}

/// Which of their appointments somebody means is told as a time is.
fn with_choices_of_times<'a>(situation: &Situation<'a>) -> Situation<'a> {
    let among_appointments = situation.expects == Expect::Appointment;
    Situation { expects: if among_appointments { Expect::Time } else { situation.expects }, ..situation.clone() }
}

/// What a yes brings along. A business with one service is asked about by yes and no; a service that is wanted as well
/// ("yes, and can I add a beard trim?") waits for its own booking.
fn agree(proposal: &mut Proposal, words: &[Word], situation: &Situation) {
    if let (Expect::Service, [only]) = (situation.expects, &situation.business.services[..]) {
        proposal.service = Some(only.id.clone());
    }
    if situation.expects == Expect::YesNo && words::has(words, words::listed(phrasebook::ONE_MORE)) {
        proposal.service = None;
    }
}

/// "Edwin." and then, behind a pause that ended the turn, "Hubble.": the rest of the name is put behind its beginning.
pub fn complete_name(proposal: &mut Proposal, text: &str, situation: &Situation) {
    let whole =
        situation.half_name.and_then(|half| names::whole(half, &words::read(text, situation.business.language)));
    if let Some(whole) = whole {
        proposal.name = Some(whole);
        proposal.intent = Intent::Provide;
    }
}

/// Adds what the words correct of answers to the business's own questions.
pub fn correct_details(proposal: &mut Proposal, text: &str, situation: &Situation) {
    details::correct(proposal, &words::read(text, situation.business.language), situation);
}

/// What the words say about time, which is what they are about: a bare "three" is an hour. Used for the model's
/// `when_text`.
pub fn when(text: &str, situation: &Situation) -> Reading {
    when::reading(
        &words::read(text, situation.business.language),
        &Situation { expects: Expect::Time, ..situation.clone() },
    )
}

/// What the words say about services. The model's `service` may be an id, a name or another word for it.
pub fn service(text: &str, business: &Business) -> ServiceReading {
    services::reading(&words::read(text, business.language), business, true)
}

/// The name in a text that answers "May I have your name?": introduced ("I'm Ada"), spelled ("A D A"), or bare.
pub fn name(text: &str, language: Language) -> Option<String> {
    names::alone(&words::read(text, language))
}

/// Whether somebody who says one name may be who is written down under the other: they share a word. One letter in five
/// may differ, because names are heard over the telephone.
pub fn is_same_name(said: &str, written: &str) -> bool {
    const SHORTEST: usize = 2;
    let words = |name: &str| -> Vec<String> {
        let words = name.split(|letter: char| !letter.is_alphabetic()).filter(|word| word.chars().count() >= SHORTEST);
        words.map(str::to_lowercase).collect()
    };
    let written = words(written);
    words(said).iter().any(|word| written.iter().any(|other| distance(word, other) <= word.chars().count() / 5))
}

/// The phone number in a text, in E.164 where the country's numbering is known and fits, else its digits. At least
/// seven digits, at most fifteen; `country` is ISO 3166 alpha-2.
pub fn phone(text: &str, country: &str, language: Language) -> Option<String> {
    numbering::dialable(&phones::dialled(&words::read(text, language))?.digits, country)
}

/// A quotation of the caller's words with those put back around it that make another time of it: "Tuesday" out of "next
/// Tuesday". None when it is no quotation.
pub fn widened(quoted: &str, said: &str, language: Language) -> Option<String> {
    const BEFORE: [&str; 24] = [
        "next",
        "last",
        "this",
        "not",
        "no",
        "before",
        "after",
        "until",
        "till",
        "by",
        "past",
        "following",
        "coming",
        "from",
        "between",
        "except",
        "but",
        "than",
        "to",
        "of",
        "half",
        "quarter",
        "late",
        "early",
    ];
    const BEHIND: [&str; 12] =
        ["or", "week", "after", "am", "pm", "thirty", "fifteen", "forty", "oclock", "afternoon", "evening", "morning"];
    let (quote, words) = (words::read(quoted, language), words::read(said, language));
    let fits = |at: &usize| words[*at..].iter().zip(&quote).all(|(word, quoted)| word.text == quoted.text);
    let last = words.len().checked_sub(quote.len()).filter(|_| !quote.is_empty())?;
    let mut from = (0..=last).find(fits)?;
    let mut to = from + quote.len();
    while from > 0 && BEFORE.contains(&words[from - 1].text.as_str()) {
        from -= 1;
    }
    while to < words.len() && words[to - 1].pause < Pause::Stop && BEHIND.contains(&words[to].text.as_str()) {
        to += 1;
    }
    if to - from == quote.len() {
        return Some(quoted.to_owned());
    }
    Some(words[from..to].iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" "))
}

/// Whether a text is nothing but digits as they are dictated: "oh one nine nine".
pub fn is_dictated(text: &str, language: Language) -> bool {
    let words = words::read(text, language);
    phones::dialled(&words).is_some_and(|dialled| dialled.from == 0 && dialled.to == words.len())
}

/// What the business says to a question, if it has said what to say.
pub fn answer<'b>(text: &str, business: &'b Business) -> Option<&'b str> {
    answers::found(&words::read(text, business.language), business)
}

/// What a question is about that the business's file answers by itself: hours, prices, lengths, who is on the line.
pub fn topic(text: &str, business: &Business, now: NaiveDateTime) -> Option<Topic> {
    answers::topic(&words::read(text, business.language), business, now)
}

/// Sentences that ask something of the business, and the rest. "Are you open on Friday?" is no wish for Friday, while
/// "Do you have anything on Friday?" and "Can I come at three?" are wishes in the form of a question.
fn questions_apart(words: &[Word], situation: &Situation) -> (Vec<Word>, Vec<Word>) {
    let (mut asking, mut telling) = (Vec::new(), Vec::new());
    for sentence in words.split_inclusive(|word| word.pause >= Pause::Stop) {
        let answered = || answers::found(sentence, situation.business).is_some() && !intents::wishes(sentence);
        let about_us = || intents::asks_about_us(sentence) && !asks_for_a_service_then(sentence, situation);
        let asks = intents::is_question(sentence) && (about_us() || answered());
        if asks { asking.extend_from_slice(sentence) } else { telling.extend_from_slice(sentence) }
    }
    (asking, telling)
}

/// "Is there a haircut on Saturday at ten?" wishes for one, while "Is there parking?" asks about the business.
fn asks_for_a_service_then(sentence: &[Word], situation: &Situation) -> bool {
    intents::asks_whether_there_is(sentence)
        && services::named(sentence, situation.business).is_some()
        && matches!(when::reading(sentence, situation), Reading::Found(_))
}

/// Every fact in the words. Words that said a number or a name say nothing about time.
fn facts(words: &[Word], situation: &Situation) -> Proposal {
    let mut proposal = Proposal::of(Intent::Other);
    let mut rest = words.to_vec();
    take_phone_end(&mut proposal, &mut rest);
    take_phone(&mut proposal, &mut rest, situation);
    proposal.service = services::named(&rest, situation.business).map(|named| named.id);
    let chosen = situation.expects == Expect::Service && proposal.service.is_none();
    if let Some(id) = services::chosen(&rest, situation.business).filter(|_| chosen) {
        proposal.service = Some(id);
        return proposal;
    }
    take_name(&mut proposal, &mut rest, situation);
    take_time(&mut proposal, &rest, situation);
    if proposal.name.is_none() && proposal.service.is_some() {
        proposal.name = names::in_a_sentence(&rest, |sentence| services::named(sentence, situation.business).is_some())
            .map(|named| named.name);
    }
    let bare_answer = situation.expects == Expect::Service
        && intents::leaning(words) == Leaning::Neither
        && !proposal.has_facts()
        && !intents::is_question(words)
        && !is_for_somebody_else(words);
    match services::reading(&rest, situation.business, bare_answer) {
        ServiceReading::Unknown => proposal.unknown_service = proposal.service.is_none(),
        ServiceReading::Found(id) => proposal.service = proposal.service.or(Some(id)),
        ServiceReading::None => {}
    }
    proposal
}

/// "No, it ends in forty two": the last digits of a number that was read back.
fn take_phone_end(proposal: &mut Proposal, rest: &mut Vec<Word>) {
    const MOST: usize = 6;
    let Some((at, length)) = words::find(rest, words::listed(phrasebook::ENDS_IN)) else { return };
    let behind = at + length;
    let Some(end) = phones::dialled(&rest[behind..]).filter(|end| end.from == 0 && end.digits.len() <= MOST) else {
        return;
    };
    rest.drain(at..behind + end.to);
    proposal.phone_end = Some(end.digits);
}

/// A number of seven digits where one was asked for, of ten where none was.
fn take_phone(proposal: &mut Proposal, rest: &mut Vec<Word>, situation: &Situation) {
    let enough = if situation.expects == Expect::Phone { 7 } else { 10 };
    let dialled = phones::dialled(rest).filter(|dialled| dialled.digits.trim_start_matches('+').len() >= enough);
    if let Some(dialled) = dialled {
        proposal.phone = numbering::dialable(&dialled.digits, &situation.business.country);
        rest.drain(dialled.from..dialled.to);
    }
}

fn take_name(proposal: &mut Proposal, rest: &mut Vec<Word>, situation: &Situation) {
    let asked_for = situation.expects == Expect::Name && proposal.service.is_none() && !is_for_somebody_else(rest);
    let likely = matches!(situation.expects, Expect::Anything | Expect::Name | Expect::Change);
    let named = if asked_for { names::answered(rest) } else { names::introduced(rest, likely) };
    if let Some(named) = named {
        proposal.name = Some(named.name);
        rest.drain(named.from..named.to);
    }
}

fn take_time(proposal: &mut Proposal, rest: &[Word], situation: &Situation) {
    let half_a_number =
        situation.expects == Expect::Phone && phones::dialled(rest).is_some_and(|run| run.digits.len() >= 3);
    // "That's all for today" wishes for nothing today.
    let done = words::has(rest, ["for today", "for now"]) && words::has(rest, words::listed(phrasebook::NOTHING_MORE));
    if half_a_number || done {
        return;
    }
    match when::reading(rest, situation) {
        Reading::Found(when) if !is_a_memory(&when, proposal, rest, situation) => proposal.when = Some(when),
        Reading::Unclear => proposal.unclear_when = true,
        Reading::Found(_) | Reading::Nothing => {}
    }
}

/// "I was there yesterday": a day that has gone by, told by somebody who asks for nothing.
fn is_a_memory(when: &When, proposal: &Proposal, rest: &[Word], situation: &Situation) -> bool {
    let (When::Within { to: last, .. } | When::At(last)) = when else { return false };
    let gone = crate::calendar::moment(last).is_some_and(|last| last.date() < situation.now.date());
    gone && situation.expects != Expect::Time && proposal.service.is_none() && !intents::wants_booking(rest)
}

/// Words that answer no question about the booking: a person is wanted, or nothing any more.
fn is_for_somebody_else(words: &[Word]) -> bool {
    intents::wants_person(words) || intents::is_goodbye(words)
}
