//! Answers to questions, without a model: the business's own, or what its file tells.

use chrono::{NaiveDate, NaiveDateTime, Weekday};

use super::spoken::{all, clock, length};
use super::{Facts, fill, sentences, service_name};
use crate::business::{Business, Opening, Service};
use crate::understanding::{Topic, answer as own_answer, topic};

/// The week as people count it.
const WEEK: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

/// The answer to a question, one sentence each; nothing when neither the business's answers nor its file have one.
/// What the business wrote itself goes first. `now` is the business's own clock.
pub fn answer(question: &str, business: &Business, now: NaiveDateTime) -> Option<Vec<String>> {
    if let Some(own) = own_answer(question, business) {
        return Some(sentences(own));
    }
    let said = |text: &str| vec![fill(text, business, &Facts::new())];
    match topic(question, business, now)? {
        Topic::Hours(Some(day)) => Some(vec![hours_of(day, business, now)]),
        Topic::Hours(None) => Some(vec![hours(business)]),
        Topic::Length(id) => {
            told(id, business, |service| Some(format!("{} takes {}", service_name(service), length(service.minutes))))
        }
        Topic::Price(id) => {
            told(id, business, |service| Some(format!("{} is {}", service_name(service), service.price.as_ref()?)))
        }
        Topic::Services => Some(said("You can book {services}.")),
        Topic::Business => Some(said("This is {business}.")),
        Topic::Robot => Some(said("I'm the automated assistant of {business}.")),
        Topic::Presence => Some(said("Yes, I can hear you.")),
        Topic::SmallTalk => Some(said("I'm very well, thank you.")),
    }
}

/// One sentence about one service, or about all of them; nothing when the file does not tell it of any.
fn told(id: Option<String>, business: &Business, tell: impl Fn(&Service) -> Option<String>) -> Option<Vec<String>> {
    let asked = |service: &&Service| id.as_ref().is_none_or(|id| *id == service.id);
    let parts: Vec<String> = business.services.iter().filter(asked).filter_map(tell).collect();
    (!parts.is_empty()).then(|| vec![fill(&format!("{}.", all(&parts)), business, &Facts::new())])
}

/// "We're open from nine AM to six PM tomorrow."
fn hours_of(day: NaiveDate, business: &Business, now: NaiveDateTime) -> String {
    let when = match (day - now.date()).num_days() {
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        _ => format!("on {}", day.format("%A")),
    };
    match openings(business.openings_on(day)) {
        Some(hours) => format!("We're open {hours} {when}."),
        None => format!("We're closed {when}."),
    }
}

/// "We're open Tuesday, Wednesday, and Friday from nine AM to six PM, and Saturday from ten AM to four PM."
fn hours(business: &Business) -> String {
    let mut groups: Vec<(String, Vec<Weekday>)> = Vec::new();
    for day in WEEK {
        let Some(hours) = openings(business.hours.of(day)) else { continue };
        match groups.iter_mut().find(|(known, _)| *known == hours) {
            Some((_, days)) => days.push(day),
            None => groups.push((hours, vec![day])),
        }
    }
    let said: Vec<String> = groups.iter().map(|(hours, days)| format!("{} {hours}", days_said(days))).collect();
    match &said[..] {
        [] => "We're closed at the moment.".to_owned(),
        [first, second] => format!("We're open {first}, and {second}."),
        _ => format!("We're open {}.", all(&said)),
    }
}

/// "Monday to Friday", or each by its name where they do not follow one another.
fn days_said(days: &[Weekday]) -> String {
    let follow = days.windows(2).all(|pair| pair[0].succ() == pair[1]);
    match days {
        [first, .., last] if follow && days.len() > 2 => format!("{} to {}", name(*first), name(*last)),
        _ => all(&days.iter().map(|day| name(*day).to_owned()).collect::<Vec<_>>()),
    }
}

/// "from nine AM to noon and from one PM to six PM"; nothing on a day that is closed.
fn openings(openings: &[Opening]) -> Option<String> {
    let said: Vec<String> =
        openings.iter().map(|opening| format!("from {} to {}", clock(opening.from), clock(opening.to))).collect();
    (!said.is_empty()).then(|| all(&said))
}

fn name(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "Monday",
        Weekday::Tue => "Tuesday",
        Weekday::Wed => "Wednesday",
        Weekday::Thu => "Thursday",
        Weekday::Fri => "Friday",
        Weekday::Sat => "Saturday",
        Weekday::Sun => "Sunday",
    }
}
