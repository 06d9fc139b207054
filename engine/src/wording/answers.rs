//! Answers to questions, without a model: the business's own, or what its file tells.

use chrono::{NaiveDate, NaiveDateTime, Weekday};

use super::{Facts, fill, put, sentences, service_name};
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
    let language = business.language;
    let said = |name: &str| vec![fill(language.text(name), business, &Facts::new())];
    match topic(question, business, now)? {
        Topic::Hours(Some(day)) => Some(vec![hours_of(day, business, now)]),
        Topic::Hours(None) => Some(vec![hours(business)]),
        Topic::Length(id) => {
            told(id, business, "service_length", |service| Some(("length", language.voice().length(service.minutes))))
        }
        Topic::Price(id) => told(id, business, "service_price", |service| Some(("price", service.price.clone()?))),
        Topic::Services => Some(said("what_services")),
        Topic::Business => Some(said("what_business")),
        Topic::Robot => Some(said("a_robot")),
        Topic::Presence => Some(said("presence")),
        Topic::SmallTalk => Some(said("small_talk")),
    }
}

/// One sentence about one service, or about all of them; nothing when the file does not tell it of any.
fn told(
    id: Option<String>,
    business: &Business,
    name: &str,
    tell: impl Fn(&Service) -> Option<(&'static str, String)>,
) -> Option<Vec<String>> {
    let asked = |service: &&Service| id.as_ref().is_none_or(|id| *id == service.id);
    let part = |service: &Service| {
        let facts = Facts::from([("service", service_name(service, business)), tell(service)?]);
        Some(put(business.language.text(name), &facts))
    };
    let parts: Vec<String> = business.services.iter().filter(asked).filter_map(part).collect();
    let all = business.language.voice().all(&parts);
    (!parts.is_empty()).then(|| vec![fill(&format!("{all}."), business, &Facts::new())])
}

/// "We're open from nine AM to six PM tomorrow."
fn hours_of(day: NaiveDate, business: &Business, now: NaiveDateTime) -> String {
    let said = business.language.voice().day(day, now.date());
    let hours = openings(business.openings_on(day), business);
    let name = if hours.is_some() { "open_then" } else { "closed_then" };
    let facts = Facts::from([("day", said), ("hours", hours.unwrap_or_default())]);
    fill(business.language.text(name), business, &facts)
}

/// "We're open Tuesday, Wednesday, and Friday from nine AM to six PM, and Saturday from ten AM to four PM."
fn hours(business: &Business) -> String {
    let voice = business.language.voice();
    let mut groups: Vec<(String, Vec<Weekday>)> = Vec::new();
    for day in WEEK {
        let Some(hours) = openings(business.hours.of(day), business) else { continue };
        match groups.iter_mut().find(|(known, _)| *known == hours) {
            Some((_, days)) => days.push(day),
            None => groups.push((hours, vec![day])),
        }
    }
    let said: Vec<String> = groups.iter().map(|(hours, days)| format!("{} {hours}", voice.weekdays(days))).collect();
    let (name, facts) = match &said[..] {
        [] => ("never_open", Facts::new()),
        [first, second] => ("open_both", Facts::from([("first", first.clone()), ("second", second.clone())])),
        _ => ("open", Facts::from([("hours", voice.all(&said))])),
    };
    fill(business.language.text(name), business, &facts)
}

/// "from nine AM to noon and from one PM to six PM"; nothing on a day that is closed.
fn openings(openings: &[Opening], business: &Business) -> Option<String> {
    let voice = business.language.voice();
    let said: Vec<String> = openings.iter().map(|opening| voice.opening(opening.from, opening.to)).collect();
    (!said.is_empty()).then(|| voice.all(&said))
}
