//! Reads settings one by one, and remembers what each is and everything that is wrong.

use std::fmt;

use super::{Secret, Strings};

/// A setting, and what is set for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// The part of Frontdesk it belongs to.
    pub group: &'static str,
    /// The variable's name.
    pub name: &'static str,
    /// What holds when it is not set; empty when nothing does.
    pub default: &'static str,
    /// What it is measured in, or what kind of text it is.
    pub unit: &'static str,
    /// What it is for.
    pub meaning: &'static str,
    /// What it is set to; `None` when it is not. Secrets are not shown.
    pub given: Option<String>,
    /// Why that cannot be used.
    pub problem: Option<String>,
}

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The variable's name.
    pub name: &'static str,
    /// What it is set to, unless that is a secret; `None` when it is missing.
    pub value: Option<String>,
    /// What to do about it.
    pub remedy: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{}={value} cannot be used: {}", self.name, self.remedy),
            None => write!(f, "{} is missing: {}", self.name, self.remedy),
        }
    }
}

/// Everything that is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", list(.0))]
pub struct Problems(pub Vec<Problem>);

fn list(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Why a text is not a setting's value: what it ought to be.
pub(super) type Parsed<T> = Result<T, String>;

pub(super) struct Reader<'a> {
    strings: &'a dyn Strings,
    group: &'static str,
    described: Vec<Described>,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(strings: &'a dyn Strings) -> Self {
        Self { strings, group: "", described: Vec::new(), problems: Vec::new() }
    }

    /// The part that the settings from here on belong to.
    pub(super) fn group(&mut self, group: &'static str) {
        self.group = group;
    }

    /// A setting that always has a value.
    pub(super) fn value<T>(
        &mut self,
        name: &'static str,
        default: &'static str,
        unit: &'static str,
        meaning: &'static str,
        parse: fn(&str) -> Parsed<T>,
    ) -> T {
        let given = self.describe(name, default, unit, meaning, shown);
        given
            .and_then(|given| self.parse(given, shown, parse))
            .unwrap_or_else(|| parse(default).expect("a test reads every default"))
    }

    /// A setting that may be missing.
    pub(super) fn optional<T>(
        &mut self,
        name: &'static str,
        unit: &'static str,
        meaning: &'static str,
        parse: fn(&str) -> Parsed<T>,
    ) -> Option<T> {
        let given = self.describe(name, "", unit, meaning, shown)?;
        self.parse(given, shown, parse)
    }

    /// A key, which is never shown.
    pub(super) fn secret(&mut self, name: &'static str, meaning: &'static str) -> Option<Secret> {
        self.hidden(name, "secret", meaning, super::parse::secret)
    }

    /// A setting that may be missing and has keys in it, which are never shown.
    pub(super) fn hidden<T>(
        &mut self,
        name: &'static str,
        unit: &'static str,
        meaning: &'static str,
        parse: fn(&str) -> Parsed<T>,
    ) -> Option<T> {
        let given = self.describe(name, "", unit, meaning, hidden)?;
        self.parse(given, hidden, parse)
    }

    /// Whether a setting that was read has a value of its own.
    pub(super) fn is_given(&self, name: &str) -> bool {
        self.described.iter().any(|setting| setting.name == name && setting.given.is_some())
    }

    /// Notes what is wrong, unless something is known to be wrong with that setting already.
    pub(super) fn problem(&mut self, problem: Problem) {
        if self.problems.iter().all(|known| known.name != problem.name) {
            self.problems.push(problem);
        }
    }

    pub(super) fn finish<T>(self, settings: T) -> Result<T, Problems> {
        if self.problems.is_empty() { Ok(settings) } else { Err(Problems(self.problems)) }
    }

    pub(super) fn into_described(self) -> Vec<Described> {
        self.described
    }

    /// Blanks around a value are not meant, and an empty one is none: `KEY=` switches a key of `.env` off.
    fn describe(
        &mut self,
        name: &'static str,
        default: &'static str,
        unit: &'static str,
        meaning: &'static str,
        show: fn(&str) -> String,
    ) -> Option<String> {
        let given = self.strings.get(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let (group, shown) = (self.group, given.as_deref().map(show));
        self.described.push(Described { group, name, default, unit, meaning, given: shown, problem: None });
        given
    }

    fn parse<T>(&mut self, given: String, show: fn(&str) -> String, parse: fn(&str) -> Parsed<T>) -> Option<T> {
        let setting = self.described.last_mut().expect("what is parsed was described just before");
        match parse(&given) {
            Ok(value) => Some(value),
            Err(remedy) => {
                setting.problem = Some(remedy.clone());
                let (name, value) = (setting.name, Some(show(&given)));
                self.problem(Problem { name, value, remedy });
                None
            }
        }
    }
}

/// The value, without a password that an address may carry.
fn shown(value: &str) -> String {
    match (value.split_once("://"), value.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://…@{host}"),
        _ => value.to_owned(),
    }
}

fn hidden(_: &str) -> String {
    "(hidden)".to_owned()
}
