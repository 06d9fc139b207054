//! What else a business wants to know for an appointment: a step of the booking that its file adds.

use serde::{Deserialize, Serialize};
use statecharts::proposal::DetailRule;

/// One question of the business's own. It is asked once the time is found, read back with the appointment, and kept
/// with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetailQuestion {
    /// What the database calls it: lower case, no spaces.
    pub id: String,
    /// What people call it, as it is read back: "breed" for "Breed: poodle."
    pub name: String,
    /// How it is asked.
    pub ask: String,
    /// What is an answer.
    #[serde(default, skip_serializing_if = "Kind::is_usual")]
    pub answer: Kind,
    /// The answers there are, where it is a choice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// The services it is asked for, by id; all when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// Whether "no" goes on without an answer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// The choices in the language that is spoken, where that is another one.
    #[serde(skip)]
    pub(crate) spoken_choices: Vec<String>,
}

/// What is an answer to a question of the business's own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Any words.
    #[default]
    Words,
    /// A number below ten thousand, kept as digits.
    Number,
    /// Kept as `yes` or `no`.
    YesOrNo,
    /// One of [`choices`](DetailQuestion::choices), kept as it stands in the file.
    Choice,
}

impl Kind {
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// A question in another language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetailWords {
    /// What people call it.
    pub name: String,
    /// How it is asked.
    pub ask: String,
    /// The answers there are, in the order of the question's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
}

impl DetailQuestion {
    /// What the booking has to know of it.
    pub fn rule(&self) -> DetailRule {
        DetailRule { id: self.id.clone(), services: self.services.clone(), optional: self.optional }
    }

    /// Whether it is asked for a service.
    pub fn is_for(&self, service: &str) -> bool {
        self.services.is_empty() || self.services.iter().any(|id| id == service)
    }

    /// Its choices as they are said.
    pub(crate) fn choices_said(&self) -> &[String] {
        if self.spoken_choices.len() == self.choices.len() { &self.spoken_choices } else { &self.choices }
    }

    pub(super) fn rename(&mut self, words: &DetailWords) {
        self.name.clone_from(&words.name);
        self.ask.clone_from(&words.ask);
        self.spoken_choices.clone_from(&words.choices);
    }

    pub(super) fn words(&self) -> DetailWords {
        DetailWords { name: self.name.clone(), ask: self.ask.clone(), choices: self.choices_said().to_vec() }
    }
}
