//! The booking chart's events and effects as lines that read like notes of a call.
//!
//! ```text
//! opened can_transfer +15551230001
//! book service=haircut at=tue-15:00 name=Ada
//! free
//! ```

use statecharts::booking::{Booking, Effect, Event};
use statecharts::prompt::{Number, Prompt, Refusal};
use statecharts::proposal::{Appointment, Detail, DetailRule, Proposal, Slot, When};

use crate::drawing::name;

/// Tells the chart one line; gives its effects as words.
pub(crate) fn play(booking: &mut Booking, line: &str) -> Vec<String> {
    booking.handle(&event(line)).iter().map(effect).collect()
}

/// Reads an event.
pub(crate) fn event(line: &str) -> Event {
    let mut words = line.split_whitespace();
    let first = words.next().unwrap_or_default();
    let mut words = words.peekable();
    let slots = |words: &mut dyn Iterator<Item = &str>| words.map(slot).collect();
    match first {
        "opened" => Event::Opened {
            can_transfer: words.next_if_eq(&"can_transfer").is_some(),
            details: details(&mut words),
            caller_number: words.next().map(str::to_owned),
            reminds: words.find(|word| word.contains(':')).map(appointment),
        },
        "not_understood" => Event::NotUnderstood,
        "heard" => Event::PlanHeard,
        "silence" => Event::Silence,
        "answered" => Event::Answered,
        "stayed" => Event::Stayed,
        "free" => Event::TimesFound { wanted_is_free: true, refusal: None, nearest: Vec::new() },
        "nearest" => Event::TimesFound {
            wanted_is_free: false,
            refusal: words.next_if(|word| word.starts_with('(')).map(refusal),
            nearest: slots(&mut words),
        },
        "reserved" => Event::Reserved { appointment: words.next().unwrap_or("a1").to_owned() },
        "taken" => Event::SlotTaken { nearest: slots(&mut words) },
        "calendar_failed" => Event::CalendarFailed,
        "found" => Event::AppointmentsFound { appointments: words.map(appointment).collect() },
        "cancelled" => Event::AppointmentCancelled,
        intent => Event::Understood(proposal(intent, words)),
    }
}

fn proposal<'a>(intent: &str, facts: impl Iterator<Item = &'a str>) -> Proposal {
    let intent = serde_json::from_value(intent.into()).unwrap_or_else(|_| panic!("{intent:?} is no event"));
    let mut turn = Proposal::of(intent);
    for fact in facts {
        let (name, value) = fact.split_once('=').unwrap_or((fact, ""));
        let pair = || value.split_once("..").map(|(a, b)| (slot(a), slot(b))).expect("two times with .. between");
        match name {
            "service" => turn.service = Some(value.to_owned()),
            "unknown_service" => turn.unknown_service = true,
            "at" => turn.when = Some(When::At(slot(value))),
            "within" => turn.when = Some(When::Within { from: pair().0, to: pair().1 }),
            "half" => turn.when = Some(When::EitherHalf { morning: pair().0, afternoon: pair().1 }),
            "offered" => turn.when = Some(When::Offered(value.parse().expect("a number from 0"))),
            "unclear_when" => turn.unclear_when = true,
            "name" => turn.name = Some(value.to_owned()),
            "phone" => turn.phone = Some(value.to_owned()),
            "detail" => turn.detail = Some(detail(value)),
            "phone_end" => turn.phone_end = Some(value.to_owned()),
            "about" => turn.about = Some(serde_json::from_value(value.into()).expect("a fact's name")),
            other => panic!("{other:?} is no fact"),
        }
    }
    turn
}

/// `asks=breed asks=age?@cut` is a breed for every service, and an age for a cut, where an answer is not needed.
fn details<'a>(words: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>) -> Vec<DetailRule> {
    let mut rules = Vec::new();
    while let Some(rule) = words.next_if(|word| word.starts_with("asks=")) {
        let (id, service) = rule["asks=".len()..].split_once('@').unwrap_or((&rule["asks=".len()..], ""));
        let services = service.split(',').filter(|service| !service.is_empty()).map(str::to_owned).collect();
        rules.push(DetailRule { id: id.trim_end_matches('?').to_owned(), services, optional: id.ends_with('?') });
    }
    rules
}

/// `breed:poodle`.
fn detail(text: &str) -> Detail {
    let (id, answer) = text.split_once(':').unwrap_or_else(|| panic!("{text:?} is no detail like breed:poodle"));
    Detail { id: id.to_owned(), answer: answer.to_owned() }
}

fn refusal(word: &str) -> Refusal {
    serde_json::from_value(word.trim_matches(['(', ')']).into()).expect("a refusal's name in brackets")
}

/// `a1:cut:tue-15:Ada`.
fn appointment(text: &str) -> Appointment {
    match <[String; 4]>::try_from(text.split(':').map(str::to_owned).collect::<Vec<_>>()) {
        Ok([id, service, at, name]) => Appointment { id, service, slot: Slot(at), name },
        Err(parts) => panic!("{parts:?} is no appointment like a1:cut:tue-15:Ada"),
    }
}

fn slot(text: &str) -> Slot {
    Slot(text.to_owned())
}

/// Writes an effect.
fn effect(effect: &Effect) -> String {
    match effect {
        Effect::Say(prompt) => format!("say {}", spoken(prompt)),
        Effect::Answer => "answer".to_owned(),
        Effect::FindTimes { service, when, instead_of } => {
            format!("find {service} {}{}", time(when), instead(instead_of.as_deref()))
        }
        Effect::Hold { service, slot } => format!("hold {service} {}", slot.0),
        Effect::Reserve { service, slot, name, phone, details, replaces } => {
            let order = format!("reserve {service} {} {name} {phone}", slot.0);
            format!("{}{}{}", order.trim_end(), with(details), instead(replaces.as_deref()))
        }
        Effect::FindAppointments { phone, name } => {
            format!("look {phone} {}", name.as_deref().unwrap_or_default()).trim_end().to_owned()
        }
        Effect::CancelAppointment { appointment } => format!("cancel {appointment}"),
        Effect::ConfirmAppointment { appointment } => format!("comes {appointment}"),
        Effect::KeepMessage => "keep_message".to_owned(),
        Effect::Transfer => "transfer".to_owned(),
        Effect::HangUp => "hang_up".to_owned(),
    }
}

fn instead(of: Option<&str>) -> String {
    of.map(|of| format!(" instead of {of}")).unwrap_or_default()
}

fn with(details: &[Detail]) -> String {
    details.iter().map(|Detail { id, answer }| format!(" {id}={answer}")).collect()
}

fn spoken(prompt: &Prompt) -> String {
    match prompt {
        Prompt::AskHalf { morning, afternoon } => format!("ask_half {}..{}", morning.0, afternoon.0),
        Prompt::Offer { refusal, times } => {
            let why = refusal.map(|refusal| format!("({}) ", name(&refusal))).unwrap_or_default();
            format!("offer {why}{}", times.iter().map(|time| time.0.as_str()).collect::<Vec<_>>().join(" "))
        }
        Prompt::AskDetail { id } => format!("ask_detail {id}"),
        Prompt::Confirm { service, slot, name, instead_of, phone, details } => {
            let instead = instead(instead_of.as_ref().map(|slot| slot.0.as_str()));
            let phone = match phone {
                None => String::new(),
                Some(Number::Calling) => " at theirs".to_owned(),
                Some(Number::Said(phone)) => format!(" at {phone}"),
            };
            format!("confirm {service} {} {name}{phone}{}{instead}", slot.0, with(details))
        }
        Prompt::Booked { service, slot, name, instead_of } => {
            let instead = instead(instead_of.as_ref().map(|slot| slot.0.as_str()));
            format!("booked {service} {} {name}{instead}", slot.0)
        }
        Prompt::YourAppointments { appointments } => format!("your_appointments {}", all(appointments)),
        Prompt::WhichAppointment { appointments } => format!("which_appointment {}", all(appointments)),
        Prompt::Remind { appointment } => format!("remind {}", appointment.id),
        Prompt::ConfirmCancel { appointment } => format!("confirm_cancel {}", appointment.id),
        Prompt::Cancelled { appointment } => format!("cancelled {}", appointment.id),
        plain => name(plain),
    }
}

fn all(appointments: &[Appointment]) -> String {
    appointments.iter().map(|appointment| appointment.id.as_str()).collect::<Vec<_>>().join(" ")
}

fn time(when: &When) -> String {
    match when {
        When::At(slot) => format!("at {}", slot.0),
        When::Within { from, to } => format!("within {}..{}", from.0, to.0),
        other => panic!("{other:?} cannot be looked up"),
    }
}
