//! The languages that are spoken: all that differs between them, each in a folder of its own.
//!
//! | file of a language | holds |
//! |---|---|
//! | `prompts.rs` | what is said, by the prompt's name |
//! | `spoken.rs` | times, days, numbers and lists as people say them |
//! | `words.txt` | what callers say, in the English words that the rules read |
//!
//! English is what the rules are written in, so it has no `words.txt`. How another language is added stands in
//! `docs/languages.md`.

use std::fmt;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, Weekday};
use serde::{Deserialize, Serialize};

mod english;
pub(crate) mod spanish;

/// A language that a call can be held in, by its code of ISO 639-1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Language {
    /// English.
    #[default]
    #[serde(rename = "en")]
    English,
    /// Spanish, polite: "usted".
    #[serde(rename = "es")]
    Spanish,
}

/// What is said in a language, and how.
pub(crate) trait Voice: Sync {
    /// Prompts, answers and text messages by name; all languages have the same.
    fn texts(&self) -> &'static [(&'static str, &'static str)];
    /// Words that are easily misheard on the telephone when a day and a time are asked for.
    fn times_expected(&self) -> &'static [&'static str];
    /// Words that answer a yes-or-no question.
    fn answers_expected(&self) -> &'static [&'static str];
    /// Ways to put a name into a sentence that go when there is no name, longest first, with `{name}`.
    fn around_name(&self) -> &'static [&'static str];

    /// A day and a time: "tomorrow at three PM".
    fn time(&self, at: NaiveDateTime, now: NaiveDateTime) -> String;
    /// Times to choose from, each day said once.
    fn times(&self, times: &[NaiveDateTime], now: NaiveDateTime) -> String;
    /// Times of both halves of the day to choose from: "eight in the morning or eight in the evening". Without any, the
    /// halves themselves.
    fn halves(&self, times: &[NaiveDateTime]) -> String;
    /// When appointments begin: "on the hour and half past".
    fn grid(&self, grid_min: u32) -> String;
    /// A day as part of a sentence: "tomorrow", "on Friday".
    fn day(&self, day: NaiveDate, today: NaiveDate) -> String;
    /// Some weekdays in order: "Monday to Friday".
    fn weekdays(&self, days: &[Weekday]) -> String;
    /// An opening: "from nine AM to noon".
    fn opening(&self, from: NaiveTime, to: NaiveTime) -> String;
    /// How long something takes: "an hour and a half".
    fn length(&self, minutes: u32) -> String;
    /// A number in groups, digit by digit.
    fn phone(&self, number: &str) -> String;
    /// A choice: "a, b, or c".
    fn either(&self, choices: &[String]) -> String;
    /// All of several: "a, b, and c".
    fn all(&self, parts: &[String]) -> String;
    /// A service as part of a sentence, with its article where that can be known.
    fn service(&self, name: &str) -> String;
    /// A day and a time in a text message: "Tue, Nov 24 at 3:00 PM".
    fn written(&self, at: NaiveDateTime) -> String;
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::English, Self::Spanish];

    /// Its code of ISO 639-1.
    pub const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
        }
    }

    /// The language of a code.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }

    /// Its name in English.
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Spanish => "Spanish",
        }
    }

    pub(crate) fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// How it is spoken.
    pub(crate) fn voice(self) -> &'static dyn Voice {
        match self {
            Self::English => &english::English,
            Self::Spanish => &spanish::Spanish,
        }
    }

    /// What its speakers say, in the words that the rules read; none for the language they are written in.
    pub(crate) const fn words(self) -> Option<&'static str> {
        match self {
            Self::English => None,
            Self::Spanish => Some(spanish::WORDS),
        }
    }

    /// One of its texts; empty when there is none of that name.
    pub(crate) fn text(self, name: &str) -> &'static str {
        self.voice().texts().iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Times by their day, in order.
fn by_day(times: &[NaiveDateTime]) -> Vec<(NaiveDate, Vec<NaiveTime>)> {
    let mut days: Vec<(NaiveDate, Vec<NaiveTime>)> = Vec::new();
    for at in times {
        match days.last_mut().filter(|(day, _)| *day == at.date()) {
            Some((_, clocks)) => clocks.push(at.time()),
            None => days.push((at.date(), vec![at.time()])),
        }
    }
    days
}

/// The digits of a number in groups as they are said, and whether "plus" goes before them. Countries with a grouping of
/// their own are many; outside of North America it goes by threes.
fn in_groups(number: &str) -> (bool, Vec<Vec<usize>>) {
    let digits: Vec<usize> =
        number.chars().filter_map(|digit| digit.to_digit(10)).map(|digit| digit as usize).collect();
    let plus = number.starts_with('+');
    let (plus, digits, sizes): (bool, &[usize], &[usize]) = match (plus, &digits[..]) {
        (true, [1, rest @ ..]) if rest.len() == 10 => (false, rest, &[3, 3, 4]),
        (false, digits) if digits.len() == 7 => (false, digits, &[3, 4]),
        (false, digits) if digits.len() == 10 => (false, digits, &[3, 3, 4]),
        (true, digits) => (true, digits, &[2, 3, 3, 3, 4]),
        (false, digits) => (false, digits, &[3]),
    };
    let mut rest = digits;
    let mut groups = Vec::new();
    for size in sizes.iter().copied().chain(std::iter::repeat(3)) {
        if rest.is_empty() {
            break;
        }
        let (group, behind) = rest.split_at(size.min(rest.len()));
        groups.push(group.to_vec());
        rest = behind;
    }
    (plus, groups)
}

/// Digits in groups, each by its name.
fn groups_said(groups: &[Vec<usize>], names: [&str; 10]) -> String {
    let said = groups.iter().map(|group| group.iter().map(|digit| names[*digit]).collect::<Vec<_>>().join(" "));
    said.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::wording::templates;

    fn placeholders(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(inside, _)| inside).collect()
    }

    #[test]
    fn every_language_says_everything_with_the_same_facts() {
        for language in Language::ALL {
            let names: Vec<&str> = language.voice().texts().iter().map(|(name, _)| *name).collect();
            let wanted: Vec<&str> = Language::English.voice().texts().iter().map(|(name, _)| *name).collect();
            assert_eq!(names, wanted, "{language}");
            for (name, text) in language.voice().texts() {
                let english = Language::English.text(name);
                assert_eq!(placeholders(text), placeholders(english), "{language}: {name}");
            }
        }
        assert!(templates::ALL.iter().all(|template| !Language::English.text(template.name).is_empty()));
    }

    #[test]
    fn a_language_has_one_code() {
        for language in Language::ALL {
            assert_eq!(Language::of_code(language.code()), Some(language));
            assert_eq!(serde_json::to_value(language).expect("a code"), language.code());
        }
        assert_eq!(Language::of_code("tlh"), None);
    }
}
