//! What the assistant says, in words: every [`Prompt`] as sentences that a voice speaks well.
//!
//! One sentence is one phrase. Sentences without a fact of the call in them are the same in every call, so they are
//! found in the cache and begin at once while the voice still makes the next one. Numbers are written as words, because
//! voices read "9:30 AM" and "11/24" in many ways and "nine thirty AM" in one.
//!
//! A business puts its own words in place of ours in `[prompts]`, by the names in [`templates`], with the same
//! placeholders: `{business}` and `{services}` anywhere, `{service}`, `{time}`, `{times}`, `{name}`, `{before}`,
//! `{phone}` and `{appointments}` where the prompt has them.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use statecharts::booking::{Facts as Known, State};
use statecharts::prompt::{Number, Prompt, Refusal};
use statecharts::proposal::{Appointment, Slot};

use crate::business::{Business, Service};
use crate::calendar::moment;

pub use answers::answer;
pub use texts::{Text, text};

mod answers;
mod spoken;
pub mod templates;
pub(crate) mod texts;

/// The facts of a call that a sentence may name, by placeholder.
type Facts = BTreeMap<&'static str, String>;

/// The phrases of a prompt in the business's words, one sentence each, in the order in which they are said. `now` is
/// the business's own clock; "tomorrow" is reckoned from it.
pub fn phrases(prompt: &Prompt, business: &Business, now: NaiveDateTime) -> Vec<String> {
    let fixed = |name: &str| filled(name, business, &Facts::new());
    match prompt {
        Prompt::Notice => sentences(business.notice.as_deref().unwrap_or_default()),
        Prompt::Greeting if !business.is_open(now) => fixed("greeting_closed"),
        Prompt::Greeting => fixed("greeting"),
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
            let facts = Facts::from([("times", spoken::halves(moment(morning), moment(afternoon)))]);
            filled("ask_half", business, &facts)
        }
        Prompt::Offer { refusal, times } => offer(*refusal, times, business, now),
        Prompt::NothingFree => fixed("nothing_free"),
        Prompt::AskName => fixed("ask_name"),
        Prompt::AskPhone => fixed("ask_phone"),
        Prompt::AskNewTime => fixed("ask_new_time"),
        Prompt::Confirm { service, slot, name, instead_of, phone } => {
            let mut facts = instead(appointment(service, slot, name, business, now), instead_of.as_ref(), now);
            let template = match (instead_of, phone) {
                (Some(_), _) => "confirm_move",
                // What is not to be recorded when it is asked for is not read out afterwards.
                (None, Some(Number::Said(_))) if business.recording.pause_in.contains(&State::Contact) => "confirm",
                (None, None) => "confirm",
                (None, Some(Number::Calling)) => "confirm_with_caller_id",
                (None, Some(Number::Said(phone))) => {
                    facts.insert("phone", spoken::phone(phone));
                    "confirm_with_phone"
                }
            };
            filled(template, business, &facts)
        }
        Prompt::ConfirmAgain => fixed("confirm_again"),
        Prompt::ConfirmMoveAgain => fixed("confirm_move_again"),
        Prompt::AskChange => fixed("ask_change"),
        Prompt::Booked { service, slot, name, instead_of } => {
            let facts = instead(appointment(service, slot, name, business, now), instead_of.as_ref(), now);
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
    let service = known.service.as_deref().and_then(|id| business.service(id)).map(service_name);
    let time = known.slot.as_ref().and_then(moment).map(|at| spoken::time(at, now));
    let about = match (&service, &time) {
        (None, None) => String::new(),
        _ => format!(", about {}", [service, time].into_iter().flatten().collect::<Vec<_>>().join(" ")),
    };
    let who = known.name.as_deref().unwrap_or("a caller");
    format!("{}: {who}{about}.", business.name)
}

/// Every sentence that may be said in any call and has no fact of a call in it: the notice, the fixed sentences of all
/// prompts and the business's answers. What is synthesized ahead of the first call.
pub fn standard_phrases(business: &Business) -> Vec<String> {
    let single = business.services.len() == 1;
    let said = |name: &str| match name {
        "ask_service" | "unknown_service" => !single,
        "ask_service_one" | "unknown_service_one" => single,
        _ => true,
    };
    let prompts = templates::ALL.iter().filter(|template| said(template.name)).flat_map(|template| {
        let text = text_of(template.name, business);
        let fixed = move |sentence: &String| !templates::FACTS.iter().any(|fact| sentence.contains(&braced(fact)));
        sentences(text).into_iter().filter(fixed).map(|sentence| fill(&sentence, business, &Facts::new()))
    });
    let notice = business.notice.as_deref().map(sentences).unwrap_or_default();
    let answers = business.answers.iter().flat_map(|answer| sentences(&answer.say));
    let mut phrases: Vec<String> = Vec::new();
    for phrase in notice.into_iter().chain(prompts).chain(answers) {
        if !phrases.contains(&phrase) {
            phrases.push(phrase);
        }
    }
    phrases
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
    let facts = Facts::from([("times", spoken::times(&times, now))]);
    let mut phrases = why.map(|name| filled(name, business, &facts)).unwrap_or_default();
    phrases.extend(filled(if times.len() == 1 { "offer_one" } else { "offer" }, business, &facts));
    phrases
}

/// What is said of an appointment.
fn appointment(service: &str, slot: &Slot, name: &str, business: &Business, now: NaiveDateTime) -> Facts {
    let service = business.service(service).map_or_else(|| "an appointment".to_owned(), service_name);
    let time = moment(slot).map_or_else(|| "then".to_owned(), |at| spoken::time(at, now));
    Facts::from([("service", service), ("time", time), ("name", name.trim().to_owned())])
}

/// The same with the time it was to be until now.
fn instead(mut facts: Facts, before: Option<&Slot>, now: NaiveDateTime) -> Facts {
    if let Some(at) = before.and_then(moment) {
        facts.insert("before", spoken::time(at, now));
    }
    facts
}

/// "a haircut tomorrow at three PM, and a beard trim on Friday at ten AM".
fn listed(appointments: &[Appointment], business: &Business, now: NaiveDateTime) -> Facts {
    let said = appointments.iter().map(|one| {
        let facts = appointment(&one.service, &one.slot, &one.name, business, now);
        format!("{} {}", facts["service"], facts["time"])
    });
    Facts::from([("appointments", spoken::all(&said.collect::<Vec<_>>()))])
}

/// The sentences of a template with its placeholders filled.
fn filled(name: &str, business: &Business, facts: &Facts) -> Vec<String> {
    sentences(text_of(name, business)).iter().map(|sentence| fill(sentence, business, facts)).collect()
}

/// The business's text for a name, or ours.
fn text_of<'a>(name: &str, business: &'a Business) -> &'a str {
    // A business that greets in words of its own does so at night too.
    let instead = if name == "greeting_closed" { "greeting" } else { name };
    let own = business.prompts.get(name).or_else(|| business.prompts.get(instead));
    own.map(String::as_str).unwrap_or_else(|| {
        templates::ALL.iter().find(|template| template.name == name).map_or("", |template| template.text)
    })
}

/// One sentence with its placeholders filled, its first letter large. A missing name takes its comma with it.
fn fill(sentence: &str, business: &Business, facts: &Facts) -> String {
    let mut text = sentence.to_owned();
    if facts.get("name").is_none_or(String::is_empty) {
        for around in [", for {name}", " for {name}", ", {name}", "{name}, ", " {name}", "{name}"] {
            text = text.replace(around, "");
        }
    }
    for (placeholder, fact) in facts {
        text = text.replace(&braced(placeholder), fact);
    }
    text = text.replace("{services}", &services(business)).replace("{business}", &business.name);
    text = text.replace("{grid}", &spoken::grid(business.booking.grid_min));
    // "For Mr." and "at three p.m." at the end of a sentence bring a dot of their own.
    text = text.replace("..", ".");
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

fn braced(placeholder: &str) -> String {
    format!("{{{placeholder}}}")
}

/// What the business does, as a choice. Nobody keeps more than six in mind.
fn services(business: &Business) -> String {
    const MOST: usize = 6;
    let mut names: Vec<String> = business.services.iter().take(MOST).map(service_name).collect();
    if business.services.len() > MOST {
        names.push("something else".to_owned());
    }
    spoken::either(&names)
}

/// A service with its article: the file's own, else one that suits the word.
fn service_name(service: &Service) -> String {
    let name = service.name.trim();
    let first = name.split_whitespace().next().unwrap_or_default().to_lowercase();
    let has_article = ["a", "an", "the", "some", "your", "our", "one"].contains(&first.as_str());
    if has_article || name.ends_with('s') || first.starts_with(|c: char| c.is_ascii_digit()) {
        return name.to_owned();
    }
    format!("{} {name}", spoken::article(name))
}

#[cfg(test)]
mod tests;
