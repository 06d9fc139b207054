//! What the assistant says, in words: every [`Prompt`] as sentences that a voice speaks well.
//!
//! One sentence is one phrase. Sentences without a fact of the call in them are the same in every call, so they are
//! found in the cache and begin at once while the voice still makes the next one. Numbers are written as words, because
//! voices read "9:30 AM" and "11/24" in many ways and "nine thirty AM" in one.
//!
//! A business puts its own words in place of ours in `[prompts]`, by the names in [`templates`], with the same
//! placeholders: `{business}` and `{services}` anywhere, `{service}`, `{time}`, `{times}`, `{name}`, `{before}`,
//! `{phone}`, `{detail}`, `{answer}` and `{appointments}` where the prompt has them.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use statecharts::booking::{Facts as Known, State};
use statecharts::prompt::{Number, Prompt, Refusal};
use statecharts::proposal::{Appointment, Detail, Slot};

use crate::business::{Business, DetailQuestion, InLanguage, Kind, Service};
use crate::calendar::moment;
use crate::languages::Language;

pub use answers::answer;
pub use carrier::{Aside, aside};
pub use texts::{Text, text};

mod answers;
mod carrier;
pub mod templates;
pub(crate) mod texts;

/// The longest answer that is read back.
const ANSWER_WORDS_MAX: usize = 8;

/// The facts of a call that a sentence may name, by placeholder.
type Facts = BTreeMap<&'static str, String>;

/// The phrases of a prompt in the business's words, one sentence each, in the order in which they are said. `now` is
/// the business's own clock; "tomorrow" is reckoned from it.
pub fn phrases(prompt: &Prompt, business: &Business, now: NaiveDateTime) -> Vec<String> {
    let fixed = |name: &str| filled(name, business, &Facts::new());
    let voice = business.language.voice();
    match prompt {
        Prompt::Notice => sentences(business.notice.as_deref().unwrap_or_default()),
        Prompt::Greeting if !business.is_open(now) => with_languages(fixed("greeting_closed"), business),
        Prompt::Greeting => with_languages(fixed("greeting"), business),
        Prompt::Remind { appointment: Appointment { service, slot, name, .. } } => {
            filled("remind", business, &appointment(service, slot, name, business, now))
        }
        Prompt::Confirmed => fixed("confirmed"),
        Prompt::AskMoveOrCancel => fixed("ask_move_or_cancel"),
        Prompt::AskService => fixed(if business.services.len() == 1 { "ask_service_one" } else { "ask_service" }),
        Prompt::UnknownService => {
            fixed(if business.services.len() == 1 { "unknown_service_one" } else { "unknown_service" })
        }
        Prompt::AskTime => fixed("ask_time"),
        Prompt::UnclearTime => fixed("unclear_time"),
        Prompt::AskHalf { morning, afternoon } => {
            let halves: Vec<NaiveDateTime> = [morning, afternoon].into_iter().filter_map(moment).collect();
            let facts = Facts::from([("times", voice.halves(&halves))]);
            filled("ask_half", business, &facts)
        }
        Prompt::Offer { refusal, times } => offer(*refusal, times, business, now),
        Prompt::NothingFree => fixed("nothing_free"),
        Prompt::AskName => fixed("ask_name"),
        Prompt::AskPhone => fixed("ask_phone"),
        Prompt::AskDetail { id } => {
            let ask = business.detail(id).map_or("", |question| &question.ask);
            sentences(ask).iter().map(|sentence| fill(sentence, business, &Facts::new())).collect()
        }
        Prompt::AskNewTime => fixed("ask_new_time"),
        Prompt::Confirm { service, slot, name, instead_of, phone, details: told } => {
            let mut facts =
                instead(appointment(service, slot, name, business, now), instead_of.as_ref(), business, now);
            let template = match (instead_of, phone) {
                (Some(_), _) => "confirm_move",
                // What is not to be recorded when it is asked for is not read out afterwards.
                (None, Some(Number::Said(_))) if business.recording.pause_in.contains(&State::Contact) => "confirm",
                (None, None) => "confirm",
                (None, Some(Number::Calling)) => "confirm_with_caller_id",
                (None, Some(Number::Said(phone))) => {
                    facts.insert("phone", voice.phone(phone));
                    "confirm_with_phone"
                }
            };
            with_details(filled(template, business, &facts), told, business)
        }
        Prompt::ConfirmAgain => fixed("confirm_again"),
        Prompt::ConfirmMoveAgain => fixed("confirm_move_again"),
        Prompt::AskChange => fixed("ask_change"),
        Prompt::Booked { service, slot, name, instead_of } => {
            let facts = instead(appointment(service, slot, name, business, now), instead_of.as_ref(), business, now);
            filled(if instead_of.is_some() { "moved" } else { "booked" }, business, &facts)
        }
        Prompt::AskBookedPhone => fixed("ask_booked_phone"),
        Prompt::AskBookedName => fixed("ask_booked_name"),
        Prompt::NoAppointment => fixed("no_appointment"),
        Prompt::YourAppointments { appointments } => {
            filled("your_appointments", business, &listed(appointments, business, now))
        }
        Prompt::WhichAppointment { appointments } => {
            filled("which_appointment", business, &listed(appointments, business, now))
        }
        Prompt::ConfirmCancel { appointment: Appointment { service, slot, name, .. } } => {
            filled("confirm_cancel", business, &appointment(service, slot, name, business, now))
        }
        Prompt::Cancelled { appointment: Appointment { service, slot, name, .. } } => {
            filled("cancelled", business, &appointment(service, slot, name, business, now))
        }
        Prompt::Kept => fixed("kept"),
        Prompt::NotBooked => fixed("not_booked"),
        Prompt::AskMessage => fixed("ask_message"),
        Prompt::MessageTaken => fixed("message_taken"),
        Prompt::CalendarDown => fixed("calendar_down"),
        Prompt::AnythingElse => fixed("anything_else"),
        Prompt::NoAnswer => fixed("no_answer"),
        Prompt::NotUnderstood => fixed("not_understood"),
        Prompt::Transferring => fixed("transferring"),
        Prompt::CallBack => fixed("call_back"),
        Prompt::Goodbye => fixed("goodbye"),
        Prompt::StillThere => fixed("still_there"),
        Prompt::OneMoment => fixed("one_moment"),
        Prompt::TroubleHearing => fixed("trouble_hearing"),
        Prompt::CutOff => fixed("cut_off"),
    }
}

/// What a person to whom a caller is put through is told first: who it is, and what about, as far as that is known.
pub fn whisper(known: &Known, business: &Business, now: NaiveDateTime) -> String {
    let language = business.language;
    let service = known.service.as_deref().and_then(|id| business.service(id)).map(|one| service_name(one, business));
    let time = known.slot.as_ref().and_then(moment).map(|at| language.voice().time(at, now));
    let what = [service, time].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let about = if what.is_empty() { what } else { put(language.text("about"), &Facts::from([("what", what)])) };
    let name = known.name.clone().unwrap_or_else(|| language.text("a_caller").to_owned());
    let facts = Facts::from([("business", business.name.clone()), ("name", name), ("about", about)]);
    put(language.text("whisper"), &facts)
}

/// Every sentence that may be said in any call and has no fact of a call in it: the notice, the fixed sentences of all
/// prompts and the business's answers. What is synthesized ahead of the first call.
pub fn standard_phrases(business: &Business) -> Vec<String> {
    let single = business.services.len() == 1;
    let said = |name: &str| match name {
        // Each language invites in itself, and not its own speakers.
        "offer_language" => false,
        "ask_service" | "unknown_service" => !single,
        "ask_service_one" | "unknown_service_one" => single,
        _ => true,
    };
    let prompts = templates::ALL.iter().filter(|template| said(template.name)).flat_map(|template| {
        let text = templates::text(template.name, business);
        let fixed = move |sentence: &String| !templates::FACTS.iter().any(|fact| sentence.contains(&braced(fact)));
        sentences(text).into_iter().filter(fixed).map(|sentence| fill(&sentence, business, &Facts::new()))
    });
    let notice = business.notice.as_deref().map(sentences).unwrap_or_default();
    let answers = business.answers.iter().flat_map(|answer| sentences(&answer.say));
    let asked = business.details.iter().flat_map(|question| sentences(&question.ask));
    let mut phrases: Vec<String> = Vec::new();
    for phrase in notice.into_iter().chain(prompts).chain(asked).chain(answers).chain(invitations(business)) {
        if !phrases.contains(&phrase) {
            phrases.push(phrase);
        }
    }
    phrases
}

/// The greeting with an invitation to speak another language, before the question that ends it.
fn with_languages(mut greeting: Vec<String>, business: &Business) -> Vec<String> {
    let ends_with_question = greeting.last().is_some_and(|last| last.ends_with('?'));
    let at = greeting.len() - usize::from(ends_with_question);
    greeting.splice(at..at, invitations(business));
    greeting
}

/// A reading back with what else was told, behind the sentence that says what it is all about.
fn with_details(mut reading: Vec<String>, told: &[Detail], business: &Business) -> Vec<String> {
    let at = reading.len().min(1);
    reading.splice(at..at, details(told, business));
    reading
}

/// "Breed: poodle." What is told at length is not told back: nobody listens to themselves for so long. What is not to be
/// recorded when it is asked for is not read out afterwards.
fn details(told: &[Detail], business: &Business) -> Vec<String> {
    if business.recording.pause_in.contains(&State::Details) {
        return Vec::new();
    }
    let is_short = |detail: &&Detail| detail.answer.split_whitespace().count() <= ANSWER_WORDS_MAX;
    let said = told.iter().filter(is_short).filter_map(|detail| {
        let question = business.detail(&detail.id)?;
        let answer = answer_said(question, &detail.answer, business.language).to_owned();
        Some(filled("detail", business, &Facts::from([("detail", question.name.clone()), ("answer", answer)])))
    });
    said.flatten().collect()
}

/// An answer as the language that is spoken says it.
fn answer_said<'a>(question: &'a DetailQuestion, answer: &'a str, language: Language) -> &'a str {
    let in_words = |answer: &str| (question.answer == Kind::YesOrNo).then(|| language.text(answer));
    let nth = question.choices.iter().position(|choice| choice == answer);
    let choice = nth.and_then(|nth| question.choices_said().get(nth)).map(String::as_str);
    choice.or_else(|| in_words(answer)).unwrap_or(answer)
}

/// "Para español, diga español."
fn invitations(business: &Business) -> Vec<String> {
    let others = business.languages.iter().filter(|(language, _)| **language != business.language);
    let invitation = |(language, words): (&Language, &InLanguage)| {
        let own = words.prompts.get("offer_language").map(String::as_str);
        fill(own.unwrap_or_else(|| language.text("offer_language")), business, &Facts::new())
    };
    others.map(invitation).collect()
}

/// Cuts a text into sentences, each one phrase. A business's answers are cut by this as well, so that what is said is
/// what [`standard_phrases`] lists.
pub fn sentences(text: &str) -> Vec<String> {
    const ABBREVIATIONS: [&str; 16] =
        ["mr", "mrs", "ms", "dr", "st", "ave", "rd", "blvd", "no", "inc", "ltd", "co", "a.m", "p.m", "e.g", "i.e"];
    let mut found = Vec::new();
    let mut sentence = String::new();
    for word in text.split_whitespace() {
        if !sentence.is_empty() {
            sentence.push(' ');
        }
        sentence.push_str(word);
        let bare = word.trim_end_matches(['"', ')', '\u{201d}', '\'']);
        let stem = bare.trim_end_matches('.').to_lowercase();
        let abbreviated = bare.ends_with('.') && ABBREVIATIONS.contains(&stem.as_str());
        if bare.ends_with(['.', '!', '?', '\u{2026}']) && !abbreviated {
            found.push(std::mem::take(&mut sentence));
        }
    }
    if !sentence.is_empty() {
        found.push(sentence);
    }
    found
}

/// The refusal, if there is one, and the times. Without any time there is nothing to offer, and that is said.
fn offer(refusal: Option<Refusal>, times: &[Slot], business: &Business, now: NaiveDateTime) -> Vec<String> {
    let times: Vec<NaiveDateTime> = times.iter().filter_map(moment).collect();
    if times.is_empty() {
        return filled("nothing_free", business, &Facts::new());
    }
    let why = refusal.map(|refusal| match refusal {
        Refusal::Taken => "taken",
        Refusal::Closed => "closed",
        Refusal::Past => "past",
        Refusal::TooFar => "too_far",
        Refusal::OffGrid => "off_grid",
    });
    let facts = Facts::from([("times", business.language.voice().times(&times, now))]);
    let mut phrases = why.map(|name| filled(name, business, &facts)).unwrap_or_default();
    phrases.extend(filled(if times.len() == 1 { "offer_one" } else { "offer" }, business, &facts));
    phrases
}

/// What is said of an appointment.
fn appointment(service: &str, slot: &Slot, name: &str, business: &Business, now: NaiveDateTime) -> Facts {
    let language = business.language;
    let known = business.service(service).map(|service| service_name(service, business));
    let service = known.unwrap_or_else(|| language.text("an_appointment").to_owned());
    let time = moment(slot).map_or_else(|| language.text("then").to_owned(), |at| language.voice().time(at, now));
    Facts::from([("service", service), ("time", time), ("name", name.trim().to_owned())])
}

/// The same with the time it was to be until now.
fn instead(mut facts: Facts, before: Option<&Slot>, business: &Business, now: NaiveDateTime) -> Facts {
    if let Some(at) = before.and_then(moment) {
        facts.insert("before", business.language.voice().time(at, now));
    }
    facts
}

/// "a haircut tomorrow at three PM, and a beard trim on Friday at ten AM".
fn listed(appointments: &[Appointment], business: &Business, now: NaiveDateTime) -> Facts {
    let said = appointments.iter().map(|one| {
        let facts = appointment(&one.service, &one.slot, &one.name, business, now);
        format!("{} {}", facts["service"], facts["time"])
    });
    Facts::from([("appointments", business.language.voice().all(&said.collect::<Vec<_>>()))])
}

/// The sentences of a template with its placeholders filled.
fn filled(name: &str, business: &Business, facts: &Facts) -> Vec<String> {
    sentences(templates::text(name, business)).iter().map(|sentence| fill(sentence, business, facts)).collect()
}

/// One sentence with its placeholders filled, its first letter large. A missing name takes its comma with it.
fn fill(sentence: &str, business: &Business, facts: &Facts) -> String {
    let voice = business.language.voice();
    let mut text = sentence.to_owned();
    if facts.get("name").is_none_or(String::is_empty) {
        for around in voice.around_name() {
            text = text.replace(around, "");
        }
    }
    text = put(&text, facts);
    text = text.replace("{services}", &services(business)).replace("{business}", &business.name);
    text = text.replace("{grid}", &voice.grid(business.booking.grid_min));
    // "For Mr." and "at three p.m." at the end of a sentence bring a dot of their own.
    text = text.replace("..", ".");
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// A text with facts in place of their placeholders.
fn put(text: &str, facts: &Facts) -> String {
    facts.iter().fold(text.to_owned(), |text, (placeholder, fact)| text.replace(&braced(placeholder), fact))
}

fn braced(placeholder: &str) -> String {
    format!("{{{placeholder}}}")
}

/// What the business does, as a choice. Nobody keeps more than six in mind.
fn services(business: &Business) -> String {
    const MOST: usize = 6;
    let named = |service| service_name(service, business);
    let mut names: Vec<String> = business.services.iter().take(MOST).map(named).collect();
    if business.services.len() > MOST {
        names.push(business.language.text("another_service").to_owned());
    }
    business.language.voice().either(&names)
}

fn service_name(service: &Service, business: &Business) -> String {
    business.language.voice().service(service.name.trim())
}

#[cfg(test)]
mod tests;
