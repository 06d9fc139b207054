//! What is wrong with a business's file, told so that its author can mend it.

use std::collections::BTreeMap;

use chrono::{NaiveTime, Weekday};

use super::templates::{ALL, EVERYWHERE};
use crate::business::{Business, Opening};
use crate::calendar::HORIZON_DAYS_MAX;
use crate::letters::distance;

/// Every problem of a business's file, each naming the thing and the remedy. Empty when all is well.
pub fn check(business: &Business) -> Vec<String> {
    let mut problems = Vec::new();
    services(business, &mut problems);
    staff(business, &mut problems);
    hours(business, &mut problems);
    booking(business, &mut problems);
    prompts(business, &mut problems);
    answers(business, &mut problems);
    problems
}

fn services(business: &Business, problems: &mut Vec<String>) {
    if business.services.is_empty() {
        problems.push("There is no service: add a [[services]] with id, name and minutes.".to_owned());
    }
    for id in doubled(business.services.iter().map(|service| service.id.as_str())) {
        problems.push(format!("Two services have the id {id:?}: give each its own."));
    }
    let longest = all_openings(business).map(|(_, opening)| minutes(opening.to) - minutes(opening.from)).max();
    for service in &business.services {
        let (id, name) = (&service.id, &service.name);
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if id.is_empty() || !id.chars().all(plain) {
            problems.push(format!(
                "The service id {id:?} may have only a-z, 0-9 and _: rename it, for example \"beard_trim\"."
            ));
        }
        if name.trim().is_empty() {
            problems
                .push(format!("The service {id:?} has no name: write what people call it, for example \"a haircut\"."));
        }
        if service.minutes == 0 {
            problems.push(format!("The service {id:?} takes zero minutes: set minutes to how long it takes."));
        }
        if longest.is_some_and(|longest| service.minutes > longest) {
            problems.push(format!(
                "The service {id:?} takes {} minutes, longer than any opening: shorten it, or open longer.",
                service.minutes
            ));
        }
        let done = business.staff.iter().any(|staff| staff.services.is_empty() || staff.services.contains(id));
        if !done && !business.staff.is_empty() {
            problems.push(format!("Nobody does the service {id:?}: add it to the services of somebody in [[staff]]."));
        }
    }
    for (word, ids) in shared_words(business) {
        problems.push(format!("{word:?} means the services {}: leave it to one of them.", ids.join(" and ")));
    }
}

/// Words that name more than one service.
fn shared_words(business: &Business) -> Vec<(String, Vec<String>)> {
    let mut by_word: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for service in &business.services {
        let mut words: Vec<String> =
            service.also.iter().chain([&service.name]).map(|word| word.trim().to_lowercase()).collect();
        words.sort();
        words.dedup();
        words.into_iter().for_each(|word| by_word.entry(word).or_default().push(format!("{:?}", service.id)));
    }
    by_word.into_iter().filter(|(_, ids)| ids.len() > 1).collect()
}

fn staff(business: &Business, problems: &mut Vec<String>) {
    if business.staff.is_empty() {
        problems.push("There is no staff, so nothing can be booked: add a [[staff]] with id and name.".to_owned());
    }
    for id in doubled(business.staff.iter().map(|staff| staff.id.as_str())) {
        problems.push(format!("Two of the staff have the id {id:?}: give each its own."));
    }
    for staff in &business.staff {
        for id in staff.services.iter().filter(|id| business.service(id).is_none()) {
            let known: Vec<&str> = business.services.iter().map(|service| service.id.as_str()).collect();
            problems.push(format!(
                "The staff {:?} does the service {id:?}, which does not exist: the services are {}.",
                staff.id,
                known.join(", ")
            ));
        }
    }
}

fn hours(business: &Business, problems: &mut Vec<String>) {
    if all_openings(business).next().is_none() {
        problems
            .push("The business is never open: add a day to [hours], for example mon = [\"09:00-17:00\"].".to_owned());
    }
    for day in WEEK {
        let mut openings: Vec<&Opening> = business.hours.of(day).iter().collect();
        openings.sort_by_key(|opening| opening.from);
        if let Some(pair) = openings.windows(2).find(|pair| pair[1].from < pair[0].to) {
            problems.push(format!(
                "The hours {:?} and {:?} of {day} overlap: make one of them.",
                String::from(*pair[0]),
                String::from(*pair[1])
            ));
        }
    }
}

fn booking(business: &Business, problems: &mut Vec<String>) {
    const A_DAY_MIN: u32 = 24 * 60;
    let rules = &business.booking;
    if rules.grid_min == 0 || rules.grid_min > A_DAY_MIN / 2 {
        problems
            .push(format!("booking.grid_min is {}: write minutes from 1 to 720, usually 15 or 30.", rules.grid_min));
    }
    if rules.horizon_days == 0 || rules.horizon_days > HORIZON_DAYS_MAX {
        problems.push(format!(
            "booking.horizon_days is {}: write days from 1 to {HORIZON_DAYS_MAX}, usually 60.",
            rules.horizon_days
        ));
    }
    if u64::from(rules.lead_min) > u64::from(rules.horizon_days) * u64::from(A_DAY_MIN) {
        problems.push(format!(
            "booking.lead_min of {} minutes is beyond booking.horizon_days of {}, so nothing can be booked: lower one, or raise the other.",
            rules.lead_min, rules.horizon_days
        ));
    }
    if business.country.len() != 2 || !business.country.bytes().all(|byte| byte.is_ascii_uppercase()) {
        problems.push(format!(
            "The country {:?} is no ISO 3166 code: write two capitals, for example \"US\".",
            business.country
        ));
    }
    if let Some(number) = &business.transfer_to {
        let digits = number.strip_prefix('+').unwrap_or_default();
        if !(7..=15).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            problems.push(format!(
                "transfer_to is {number:?}, which cannot be dialled: write it in E.164, for example \"+15551230000\"."
            ));
        }
    }
}

fn prompts(business: &Business, problems: &mut Vec<String>) {
    for (name, text) in &business.prompts {
        let Some(template) = ALL.iter().find(|template| template.name == name) else {
            problems.push(format!("There is no prompt {name:?}: {}.", nearest_name(name)));
            continue;
        };
        if text.trim().is_empty() {
            problems.push(format!("The prompt {name:?} is empty: write what is said, or remove it for our own words."));
        }
        for placeholder in placeholders(text) {
            if !EVERYWHERE.contains(&placeholder.as_str()) && !template.facts.contains(&placeholder.as_str()) {
                let known: Vec<String> =
                    EVERYWHERE.iter().chain(template.facts).map(|known| format!("{{{known}}}")).collect();
                problems.push(format!(
                    "The prompt {name:?} has the placeholder {{{placeholder}}}, which means nothing there: use {}.",
                    known.join(", ")
                ));
            }
        }
        if text.matches('{').count() != text.matches('}').count() {
            problems.push(format!(
                "The prompt {name:?} has a brace without its partner: write placeholders like {{business}}."
            ));
        }
    }
}

/// The name that is probably meant, or all of them.
fn nearest_name(name: &str) -> String {
    const CLOSE: usize = 3;
    let nearest = ALL.iter().map(|template| (distance(name, template.name), template.name)).min();
    match nearest.filter(|(distance, _)| *distance <= CLOSE) {
        Some((_, nearest)) => format!("did you mean {nearest:?}"),
        None => format!("the prompts are {}", ALL.iter().map(|template| template.name).collect::<Vec<_>>().join(", ")),
    }
}

/// What stands in braces.
fn placeholders(text: &str) -> Vec<String> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(inside, _)| inside.to_owned()).collect()
}

fn answers(business: &Business, problems: &mut Vec<String>) {
    for (nth, answer) in business.answers.iter().enumerate() {
        let which = answer.ask.first().map_or_else(|| format!("number {}", nth + 1), |ask| format!("to {ask:?}"));
        if answer.ask.iter().all(|ask| ask.trim().is_empty()) {
            problems.push(format!(
                "The answer {which} has no words in ask, so it is never given: add the words that mark the question."
            ));
        }
        if answer.say.trim().is_empty() {
            problems.push(format!("The answer {which} says nothing: write it in say."));
        }
    }
}

const WEEK: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

fn all_openings(business: &Business) -> impl Iterator<Item = (Weekday, &Opening)> {
    WEEK.into_iter().flat_map(|day| business.hours.of(day).iter().map(move |opening| (day, opening)))
}

fn minutes(time: NaiveTime) -> u32 {
    use chrono::Timelike;
    time.hour() * 60 + time.minute()
}

/// What occurs more than once.
fn doubled<'a>(ids: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    ids.for_each(|id| *counts.entry(id).or_default() += 1);
    counts.into_iter().filter(|(_, count)| *count > 1).map(|(id, _)| id).collect()
}
