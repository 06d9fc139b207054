//! The business whose phone this is: what it does, when it is open, what it says. Read from `business.toml`.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, NaiveDateTime};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use statecharts::booking::State;

pub use afterwards::{Afterwards, RemindBy};
pub use check::{Problem, check, is_phone_number};
pub use details::{DetailQuestion, DetailWords, Kind};
pub use hours::{Days, Hours, Opening, OtherDays};
pub use languages::{InLanguage, ServiceWords};

use crate::languages::Language;

mod afterwards;
mod check;
mod details;
mod hours;
mod languages;

/// One business. Field names are the file's; see `business.toml` for an example with comments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Business {
    /// How it is called on the phone.
    pub name: String,
    /// The numbers it answers, in E.164, where several businesses share a server. Without any it answers all others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub numbers: Vec<String>,
    /// Its zone, by IANA name: every time said in a call is meant here.
    pub time_zone: Tz,
    /// The country that numbers without a prefix belong to, ISO 3166 alpha-2.
    #[serde(default = "default_country")]
    pub country: String,
    /// What the law wants said before anything else, and to its end: "This call may be recorded."
    #[serde(default)]
    pub notice: Option<String>,
    /// Where callers who want a person are put through to, in E.164.
    #[serde(default)]
    pub transfer_to: Option<String>,
    /// Whether somebody answers there while the business is closed. Where not, callers are called back then.
    #[serde(default = "always", skip_serializing_if = "Clone::clone")]
    pub transfer_when_closed: bool,
    /// Opening hours by day: `mon = ["09:00-12:00", "13:00-18:00"]`. A day that is missing is closed.
    pub hours: Hours,
    /// Days with other hours than their weekday, or with none: holidays.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub days: OtherDays,
    /// How calls are booked.
    #[serde(default)]
    pub booking: BookingRules,
    /// What is recorded.
    #[serde(default)]
    pub recording: RecordingRules,
    /// What follows a call.
    #[serde(default, skip_serializing_if = "Afterwards::is_nothing")]
    pub afterwards: Afterwards,
    /// What can be booked.
    pub services: Vec<Service>,
    /// Who, or what, can be booked: staff, chairs, rooms. Each takes one appointment at a time.
    pub staff: Vec<Staff>,
    /// What else is asked for an appointment, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<DetailQuestion>,
    /// Answers to what callers ask.
    #[serde(default)]
    pub answers: Vec<Answer>,
    /// The business's own words for prompts, by the prompt's name; the rest are ours.
    #[serde(default)]
    pub prompts: BTreeMap<String, String>,
    /// Terms that speech-to-text should expect beside services and staff.
    #[serde(default)]
    pub keyterms: Vec<String>,
    /// The voice that speaks, by the vendor's name for it. The server's default when absent.
    #[serde(default)]
    pub voice: Option<String>,
    /// The language that a call begins in, and that all of the above is written in.
    #[serde(default, skip_serializing_if = "Language::is_usual")]
    pub language: Language,
    /// What is said and understood in other languages, in which a call goes on where its caller speaks them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub languages: BTreeMap<Language, InLanguage>,
    /// What drives its calls.
    #[serde(default, skip_serializing_if = "Engine::is_usual")]
    pub engine: Engine,
    /// The same by the number that was dialled, or `browser`, where it differs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub engine_by_number: BTreeMap<String, Engine>,
}

/// What hears, thinks and speaks in a call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    /// Three services, one behind the other.
    #[default]
    Cascade,
    /// One speech-to-speech model.
    Realtime,
}

impl Engine {
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

impl Business {
    /// What drives a call to this number; `browser:…` is a page.
    pub fn engine_of(&self, to: &str) -> Engine {
        let dialled = if to.starts_with("browser:") { "browser" } else { to };
        self.engine_by_number.get(dialled).copied().unwrap_or(self.engine)
    }
}

/// How far ahead, how soon and on which minutes appointments may begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BookingRules {
    /// Appointments begin on multiples of this many minutes after the hour.
    pub grid_min: u32,
    /// An appointment must be at least this many minutes ahead.
    pub lead_min: u32,
    /// An appointment may be at most this many days ahead.
    pub horizon_days: u32,
}

impl Default for BookingRules {
    fn default() -> Self {
        Self { grid_min: 30, lead_min: 60, horizon_days: 60 }
    }
}

/// What is recorded of a call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RecordingRules {
    /// States of the booking in which both sides are silent on the recording, and the caller's words are not written down.
    pub pause_in: Vec<State>,
}

/// Something that can be booked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// What the database and the model call it: lower case, no spaces.
    pub id: String,
    /// What people call it, with its article: "a haircut".
    pub name: String,
    /// Other words for it: "trim", "cut".
    #[serde(default)]
    pub also: Vec<String>,
    /// How long it takes.
    pub minutes: u32,
    /// How long whoever did it needs afterwards before the next appointment: to clean up, to write it down.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub buffer_min: u32,
    /// What it costs, as it is said: "35 dollars".
    #[serde(default)]
    pub price: Option<String>,
}

/// Somebody or something that does one appointment at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Staff {
    /// What the database calls it.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The services it does, by id; all when empty.
    #[serde(default)]
    pub services: Vec<String>,
    /// When they are at work, within the business's hours; all of them when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
    /// Days on which they work other hours, or are away.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub days: OtherDays,
    /// Breaks of every day: `["12:30-13:00"]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub breaks: Vec<Opening>,
}

/// An answer to a common question, found by the words in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Words that mark the question: any of them is enough.
    pub ask: Vec<String>,
    /// What is said.
    pub say: String,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

fn always() -> bool {
    true
}

fn default_country() -> String {
    "US".to_owned()
}

impl Business {
    /// A service by its id.
    pub fn service(&self, id: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.id == id)
    }

    /// A question of its own by its id.
    pub fn detail(&self, id: &str) -> Option<&DetailQuestion> {
        self.details.iter().find(|question| question.id == id)
    }

    /// Whether the business is open at a moment of its own clock.
    pub fn is_open(&self, at: NaiveDateTime) -> bool {
        self.openings_on(at.date()).iter().any(|opening| opening.from <= at.time() && at.time() < opening.to)
    }

    /// When the business is open on a date.
    pub fn openings_on(&self, date: NaiveDate) -> &[Opening] {
        hours::openings_on(date, &self.hours, &self.days)
    }

    /// When one of the staff can be booked on a date: at work, while the business is open, and not in a break.
    pub fn at_work_on(&self, staff: &Staff, date: NaiveDate) -> Vec<Opening> {
        let open = self.openings_on(date);
        let own = match (&staff.hours, hours::other_openings(date, &staff.days)) {
            (_, Some(other)) => hours::both(other, open),
            (Some(week), None) => hours::both(week.of(date.weekday()), open),
            (None, None) => open.to_vec(),
        };
        staff.breaks.iter().fold(own, hours::without)
    }
}
