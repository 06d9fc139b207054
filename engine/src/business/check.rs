//! What makes no sense in a business's file, told so that its author can mend it.

use std::collections::BTreeMap;

use chrono::Weekday;

use super::hours::both;
use super::{Answer, Business, Opening, Service};
use crate::calendar::HORIZON_DAYS_MAX;
use crate::letters::distance;
use crate::wording::templates::{ALL, EVERYWHERE, Template};
use crate::wording::texts::{PLACEHOLDERS, TEXTS};

mod details;

/// The longest notice, about twenty seconds.
const NOTICE_CHARS_MAX: usize = 300;

const A_DAY_MIN: u32 = 24 * 60;

/// The longest before an appointment that anybody is reminded of it: a month.
const REMIND_HOURS_MAX: u32 = 24 * 31;

/// Something in a business's file that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What to look for in the file, as `key=` or `key="value"`, blanks aside. Of several such places the last one is
    /// meant: of two that are the same, the second one is too many.
    pub at: String,
    /// What is wrong and, after a colon, the remedy.
    pub why: String,
}

/// Every problem of a business. Empty when all is well.
pub fn check(business: &Business) -> Vec<Problem> {
    let mut problems = Problems(Vec::new());
    problems.of_business(business);
    problems.of_booking(business);
    problems.of_hours(business);
    problems.of_afterwards(business);
    problems.of_services(business);
    problems.of_staff(business);
    problems.of_details(business);
    problems.of_answers(&business.answers);
    problems.of_prompts(&business.prompts);
    problems.of_languages(business);
    problems.0
}

/// Whether a number can be dialled from anywhere: E.164, a plus and up to fifteen digits, the first of them no zero
/// (ITU-T E.164, section 6).
pub fn is_phone_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit()) && !digits.starts_with('0')
}

struct Problems(Vec<Problem>);

impl Problems {
    /// Notes a problem where something does not hold.
    fn require(&mut self, holds: bool, at: impl Into<String>, why: impl FnOnce() -> String) {
        if !holds {
            self.0.push(Problem { at: at.into(), why: why() });
        }
    }

    fn of_business(&mut self, business: &Business) {
        let Business { name, country, .. } = business;
        self.require(!name.trim().is_empty(), format!("name={name:?}"), || {
            "the business has no name: write what people call it".to_owned()
        });
        for number in &business.numbers {
            self.require(is_phone_number(number), format!("{number:?}"), || {
                format!("numbers has {number:?}, which cannot be dialled: write it in E.164, like \"+15551230000\"")
            });
        }
        for number in business.engine_by_number.keys() {
            self.require(number == "browser" || is_phone_number(number), format!("{number:?}="), || {
                format!("engine_by_number names {number}: write a number like \"+15551230000\", or browser")
            });
        }
        let is_country = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
        self.require(is_country, "country=", || {
            format!("the country {country:?} is no code of ISO 3166: write two capitals, like \"US\"")
        });
        if let Some(notice) = &business.notice {
            self.of_notice(notice);
        }
        if let Some(number) = &business.transfer_to {
            self.require(is_phone_number(number), "transfer_to=", || {
                format!("transfer_to {number:?} cannot be dialled: write it in E.164, like \"+15551230000\"")
            });
        }
    }

    /// Nobody can stop it, so it must be short; and what is in braces would be read out.
    fn of_notice(&mut self, notice: &str) {
        self.require(!notice.trim().is_empty(), "notice=", || {
            "the notice is empty: write what must be said first, or remove it".to_owned()
        });
        self.require(!notice.contains(['{', '}']), "notice=", || {
            "the notice has braces, which mean nothing there: write it as it is said".to_owned()
        });
        let length = notice.chars().count();
        self.require(length <= NOTICE_CHARS_MAX, "notice=", || {
            format!("the notice has {length} letters, and nobody may interrupt it: keep it below {NOTICE_CHARS_MAX}")
        });
    }

    fn of_booking(&mut self, business: &Business) {
        let rules = &business.booking;
        self.require((1..=A_DAY_MIN / 2).contains(&rules.grid_min), "grid_min=", || {
            format!("grid_min is {}: write minutes from 1 to 720, usually 15 or 30", rules.grid_min)
        });
        self.require((1..=HORIZON_DAYS_MAX).contains(&rules.horizon_days), "horizon_days=", || {
            format!("horizon_days is {}: write days from 1 to {HORIZON_DAYS_MAX}, usually 60", rules.horizon_days)
        });
        let horizon_min = u64::from(rules.horizon_days) * u64::from(A_DAY_MIN);
        self.require(u64::from(rules.lead_min) <= horizon_min, "lead_min=", || {
            format!(
                "lead_min of {} minutes is beyond horizon_days of {}, so nothing can be booked: lower one or raise the other",
                rules.lead_min, rules.horizon_days
            )
        });
    }

    fn of_hours(&mut self, business: &Business) {
        self.require(openings(business).next().is_some(), "[hours]", || {
            "the business is never open: add a day, like tue = [\"09:00-18:00\"]".to_owned()
        });
        let weeks = business.staff.iter().filter_map(|one| one.hours.as_ref()).chain([&business.hours]);
        weeks.flat_map(|week| WEEK.map(|day| week.of(day))).for_each(|openings| self.in_order(openings));
        let others = business.staff.iter().map(|one| &one.days).chain([&business.days]);
        others.flat_map(|days| days.values()).for_each(|openings| self.in_order(openings));
    }

    fn of_afterwards(&mut self, business: &Business) {
        let after = &business.afterwards;
        let is_web = |address: &str| address.starts_with("https://") || address.starts_with("http://");
        if let Some(address) = &after.webhook {
            self.require(is_web(address), "webhook=", || {
                format!("the webhook {address:?} is no address: write it with https://")
            });
        }
        if let Some(number) = &after.from {
            self.require(is_phone_number(number), "from=", || {
                format!("from {number:?} cannot be dialled: write it in E.164, like \"+15551230000\"")
            });
        }
        let sends = after.confirm || after.remind_hours.is_some();
        self.require(!sends || after.from.is_some(), "[afterwards]", || {
            "nobody can be texted or reminded without a number: add from = \"+15551230000\", one of yours at Twilio"
                .to_owned()
        });
        self.require(
            after.remind_hours.is_none_or(|hours| (1..=REMIND_HOURS_MAX).contains(&hours)),
            "remind_hours=",
            || format!("remind_hours must be from 1 to {REMIND_HOURS_MAX}, usually 24"),
        );
        for (id, address) in &after.busy_from {
            self.require(business.staff.iter().any(|one| one.id == *id), format!("{id}="), || {
                format!("busy_from names {id:?}, who is not among the staff")
            });
            self.require(is_web(address), format!("{id}="), || {
                format!("the calendar {address:?} of {id:?} is no address: write it with https://")
            });
        }
    }

    fn in_order(&mut self, openings: &[Opening]) {
        for (one, next) in openings.iter().zip(openings.iter().skip(1)) {
            let (text, next_text) = (String::from(*one), String::from(*next));
            self.require(one.to <= next.from, next_text.clone(), || {
                format!("{next_text} begins before {text} ends: write the openings of a day in order, none in another")
            });
        }
    }

    fn of_services(&mut self, business: &Business) {
        self.require(!business.services.is_empty(), "services=", || {
            "there is nothing to book: add [[services]] with id, name and minutes".to_owned()
        });
        self.of_ids("service", business.services.iter().map(|service| service.id.as_str()));
        for service in &business.services {
            self.of_service(service, business);
        }
        for (word, ids) in shared_words(business) {
            self.require(false, format!("{word:?}"), || {
                format!("{word:?} means the services {}: leave it to one of them", ids.join(" and "))
            });
        }
    }

    fn of_service(&mut self, service: &Service, business: &Business) {
        let Service { id, name, minutes, buffer_min, .. } = service;
        let at = format!("id={id:?}");
        self.require(!name.trim().is_empty(), &at, || {
            format!("service {id:?} has no name: write what people call it, like \"a haircut\"")
        });
        self.require(*minutes > 0, &at, || format!("service {id:?} takes 0 minutes: set minutes to how long it takes"));
        self.require(*buffer_min <= A_DAY_MIN, &at, || {
            format!("service {id:?} has a buffer_min of {buffer_min} minutes: write what is needed afterwards, usually 5 to 15")
        });
        let longest = openings(business).map(|opening| (opening.to - opening.from).num_minutes()).max();
        self.require(longest.is_none_or(|longest| i64::from(*minutes) <= longest), &at, || {
            format!("service {id:?} takes {minutes} minutes, longer than any opening: shorten it or open longer")
        });
        let is_done = business.staff.iter().any(|one| one.services.is_empty() || one.services.contains(id));
        self.require(is_done || business.staff.is_empty(), &at, || {
            format!("nobody does the service {id:?}: add it to the services of somebody in [[staff]]")
        });
    }

    fn of_staff(&mut self, business: &Business) {
        self.require(!business.staff.is_empty(), "staff=", || {
            "there is no staff, so nothing can be booked: add [[staff]] with id and name".to_owned()
        });
        self.of_ids("staff", business.staff.iter().map(|one| one.id.as_str()));
        for one in &business.staff {
            let works = |day: &Weekday| {
                let own = one.hours.as_ref().map_or(business.hours.of(*day), |hours| hours.of(*day));
                !both(own, business.hours.of(*day)).is_empty()
            };
            self.require(WEEK.iter().any(works), format!("id={:?}", one.id), || {
                format!("{:?} is never at work while the business is open: mend its hours, or remove them", one.id)
            });
        }
        for one in &business.staff {
            for service in one.services.iter().filter(|id| business.service(id).is_none()) {
                self.require(false, format!("{service:?}"), || {
                    let known: Vec<&str> = business.services.iter().map(|service| service.id.as_str()).collect();
                    format!(
                        "{:?} does {service:?}, which does not exist: the services are {}",
                        one.id,
                        known.join(", ")
                    )
                });
            }
        }
    }

    /// Ids are what the database and the model call a thing: lower case, no blanks, each once.
    fn of_ids<'a>(&mut self, kind: &str, ids: impl Iterator<Item = &'a str>) {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
        let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
        ids.for_each(|id| *counts.entry(id).or_default() += 1);
        for (id, count) in counts {
            let at = format!("id={id:?}");
            self.require(!id.is_empty() && id.bytes().all(is_plain), &at, || {
                format!("{kind} id {id:?} is not made of a-z, 0-9, _ and -: rename it, like \"beard_trim\"")
            });
            self.require(count == 1, &at, || format!("{kind} id {id:?} stands there {count} times: give each its own"));
        }
    }

    fn of_answers(&mut self, answers: &[Answer]) {
        for answer in answers {
            let at = format!("say={:?}", answer.say);
            self.require(answer.ask.iter().any(|ask| !ask.trim().is_empty()), &at, || {
                "an answer without words in ask is never given: add the words that mark the question".to_owned()
            });
            self.require(!answer.say.trim().is_empty(), &at, || {
                format!("the answer to {:?} says nothing: write it in say", answer.ask.join(", "))
            });
        }
    }

    /// Every other language needs a name for every service: nobody says "un haircut".
    fn of_languages(&mut self, business: &Business) {
        for (language, words) in &business.languages {
            let at = format!("[languages.{language}");
            self.require(*language != business.language, &at, || {
                format!("{} is the language of the file already: remove [languages.{language}]", language.name())
            });
            for service in business.services.iter().filter(|service| !words.services.contains_key(&service.id)) {
                self.require(false, &at, || {
                    format!(
                        "service {:?} has no {} name: add services.{} = {{ name = \"…\" }} to [languages.{language}]",
                        service.id,
                        language.name(),
                        service.id
                    )
                });
            }
            for id in words.services.keys().filter(|id| business.service(id).is_none()) {
                self.require(false, format!("{id}="), || {
                    format!(
                        "[languages.{language}] names a service {id:?}, which does not exist: remove it, or mend its id"
                    )
                });
            }
            for (id, service) in &words.services {
                self.require(!service.name.trim().is_empty(), format!("{id}="), || {
                    format!("service {id:?} has an empty {} name: write what people call it", language.name())
                });
            }
            self.of_details_in(business, *language, words, &at);
            if let Some(notice) = &words.notice {
                self.of_notice(notice);
            }
            self.of_answers(&words.answers);
            self.of_prompts(&words.prompts);
        }
    }

    fn of_prompts(&mut self, prompts: &BTreeMap<String, String>) {
        for (name, text) in prompts {
            let of_text = || TEXTS.iter().find(|(_, key)| key == name);
            match ALL.iter().find(|template| template.name == name) {
                Some(template) => self.of_prompt(template, text),
                None if of_text().is_some() => self.of_prompt(&Template { name: "text", facts: &PLACEHOLDERS }, text),
                None => self.require(false, format!("{name}="), || {
                    format!("there is no prompt {name:?}: {}", nearest_name(name))
                }),
            }
        }
    }

    fn of_prompt(&mut self, template: &Template, text: &str) {
        let name = template.name;
        let at = format!("{name}=");
        self.require(!text.trim().is_empty(), &at, || {
            format!("the prompt {name:?} is empty: write what is said, or remove it for our own words")
        });
        let known = || EVERYWHERE.iter().chain(template.facts);
        for placeholder in placeholders(text) {
            self.require(known().any(|known| *known == placeholder), &at, || {
                let known: Vec<String> = known().map(|known| format!("{{{known}}}")).collect();
                let known = known.join(", ");
                format!(
                    "the prompt {name:?} has the placeholder {{{placeholder}}}, which means nothing there: use {known}"
                )
            });
        }
        self.require(text.matches('{').count() == text.matches('}').count(), &at, || {
            format!("the prompt {name:?} has a brace without its partner: write placeholders like {{business}}")
        });
    }
}

/// Words that name more than one service, with the services' ids.
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

/// The name that is probably meant, or all of them.
fn nearest_name(name: &str) -> String {
    const CLOSE: usize = 3;
    let nearest = ALL.iter().map(|template| (distance(name, template.name), template.name)).min();
    match nearest.filter(|(distance, _)| *distance <= CLOSE) {
        Some((_, nearest)) => format!("did you mean {nearest:?}?"),
        None => format!("the prompts are {}", ALL.iter().map(|template| template.name).collect::<Vec<_>>().join(", ")),
    }
}

/// What stands in braces.
fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(inside, _)| inside)
}

const WEEK: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

fn openings(business: &Business) -> impl Iterator<Item = &Opening> {
    WEEK.into_iter().flat_map(|day| business.hours.of(day))
}

#[cfg(test)]
mod tests;
