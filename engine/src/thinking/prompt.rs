//! What the model is told: the business, the day, the state of the booking, and the conversation as it was heard.

use chrono::{Datelike, NaiveDateTime, Timelike};
use statecharts::proposal::Slot;

use crate::business::Business;
use crate::io::{Message, Role};
use crate::languages::Language;

/// Messages of the conversation that are sent along, the newest of them.
const HISTORY_MAX: usize = 24;

/// How far the booking is, in words for the model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// The chart's state, by name.
    pub state: String,
    /// The service's id, once known.
    pub service: Option<String>,
    /// The free time that was chosen.
    pub slot: Option<Slot>,
    /// The caller's name.
    pub name: Option<String>,
    /// Times that were just offered.
    pub offered: Vec<Slot>,
}

/// The request's messages: instructions, what has been said, and the turn to understand as the last.
pub fn messages(
    business: &Business,
    now: NaiveDateTime,
    progress: &Progress,
    history: &[Message],
    turn: &str,
) -> Vec<Message> {
    let recent = history.len().saturating_sub(HISTORY_MAX);
    let system = Message { role: Role::System, content: instructions(business, now, progress) };
    let turn = Message { role: Role::User, content: turn.to_owned() };
    std::iter::once(system).chain(history[recent..].iter().cloned()).chain(std::iter::once(turn)).collect()
}

fn instructions(business: &Business, now: NaiveDateTime, progress: &Progress) -> String {
    let mut text = format!(
        "You understand callers of {}, on the phone. Read the caller's last turn and fill in the object; the software \
         decides what happens.\n\
         intent: book, provide (a fact), change (a fact given before), confirm, deny, question (about the business), \
         find, move or cancel (an appointment the caller already has), message (to be passed on), person (wants a \
         human), goodbye, other. To \"Shall I cancel it?\", \"cancel it\" is confirm and \"keep it\" is deny.\n\
         service: one of the ids below, or null; the caller's own word when it is none of them.\n\
         when_text: the caller's own words about day and time, copied and not worked out, or null.\n\
         name, phone: as the caller said them, or null. Only what this turn says.\n\
         reply: null unless the intent is question or other; then one or two short spoken sentences, from the facts \
         below or saying that you do not know. Never offer, promise or confirm a time.\n",
        business.name
    );
    if business.language != Language::default() {
        text.push_str(&format!("The caller speaks {0}: write the reply in {0}.\n", business.language.name()));
    }
    text.push_str(&format!("Now it is {}.\n", spoken_now(now)));
    for service in &business.services {
        let price = service.price.as_ref().map(|price| format!(", {price}")).unwrap_or_default();
        text.push_str(&format!("Service {}: {}, {} minutes{price}.\n", service.id, service.name, service.minutes));
    }
    for answer in &business.answers {
        text.push_str(&format!("Fact: {}\n", answer.say));
    }
    text.push_str(&progress_lines(progress));
    text
}

fn progress_lines(progress: &Progress) -> String {
    let mut text = format!("The booking is at: {}.\n", progress.state);
    let known = [
        ("service", progress.service.clone()),
        ("time", progress.slot.as_ref().map(|slot| slot.0.clone())),
        ("name", progress.name.clone()),
    ];
    for (what, value) in known {
        if let Some(value) = value {
            text.push_str(&format!("Known {what}: {value}.\n"));
        }
    }
    if !progress.offered.is_empty() {
        let times: Vec<&str> = progress.offered.iter().map(|slot| slot.0.as_str()).collect();
        text.push_str(&format!("Just offered, in this order: {}.\n", times.join(", ")));
    }
    text
}

fn spoken_now(now: NaiveDateTime) -> String {
    let weekday = match now.weekday() {
        chrono::Weekday::Mon => "Monday",
        chrono::Weekday::Tue => "Tuesday",
        chrono::Weekday::Wed => "Wednesday",
        chrono::Weekday::Thu => "Thursday",
        chrono::Weekday::Fri => "Friday",
        chrono::Weekday::Sat => "Saturday",
        chrono::Weekday::Sun => "Sunday",
    };
    format!("{weekday} {}, {:02}:{:02}", now.date(), now.hour(), now.minute())
}
