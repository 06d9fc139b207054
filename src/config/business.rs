//! Reading `business.toml`: what cannot be read or makes no sense is named by file and line, all of it at once.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use engine::business::{Business, Opening};

use super::parse::is_phone_number;

/// A business file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BusinessError {
    /// The file is missing, or not for us.
    #[error("the business file {path} cannot be read: {source}; BUSINESS_FILE names it", path = .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Lines in it are wrong.
    #[error("{}", list(.path, .lines))]
    Wrong {
        /// The file.
        path: PathBuf,
        /// Where and why.
        lines: Vec<WrongLine>,
    },
}

/// A line of the business file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongLine {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong with it, and the remedy.
    pub why: String,
}

fn list(path: &Path, lines: &[WrongLine]) -> String {
    let lines: Vec<String> =
        lines.iter().map(|WrongLine { line, why }| format!("{}:{line}: {why}", path.display())).collect();
    lines.join("\n")
}

/// Reads and checks the business.
pub fn load_business(path: &Path) -> Result<Business, BusinessError> {
    let text =
        fs::read_to_string(path).map_err(|source| BusinessError::Unreadable { path: path.to_owned(), source })?;
    read(&text).map_err(|lines| BusinessError::Wrong { path: path.to_owned(), lines })
}

fn read(text: &str) -> Result<Business, Vec<WrongLine>> {
    let business: Business = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start.min(text.len()));
        let line = text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        vec![WrongLine { line, why: error.message().replace('\n', " ") }]
    })?;
    let mut check = Check { text, wrong: Vec::new() };
    check.business(&business);
    check.services(&business);
    check.staff(&business);
    check.hours(&business);
    if check.wrong.is_empty() {
        return Ok(business);
    }
    check.wrong.sort_by_key(|wrong| wrong.line);
    Err(check.wrong)
}

struct Check<'a> {
    text: &'a str,
    wrong: Vec<WrongLine>,
}

impl Check<'_> {
    fn business(&mut self, business: &Business) {
        self.require(!business.name.trim().is_empty(), &format!("name={:?}", business.name), || {
            "the business has no name".to_owned()
        });
        let is_country = business.country.len() == 2 && business.country.bytes().all(|byte| byte.is_ascii_uppercase());
        self.require(is_country, "country=", || "country is two letters of ISO 3166, like \"US\"".to_owned());
        let number = business.transfer_to.as_deref().unwrap_or("+15551230000");
        let why = || format!("transfer_to {number:?} is no number to dial; write it like \"+15551230000\"");
        self.require(is_phone_number(number), "transfer_to=", why);
        let grid_min = business.booking.grid_min;
        self.require((1..=60).contains(&grid_min), "grid_min=", || "grid_min is 1 to 60 minutes".to_owned());
        let horizon_days = business.booking.horizon_days;
        self.require((1..=730).contains(&horizon_days), "horizon_days=", || "horizon_days is 1 to 730".to_owned());
        for answer in &business.answers {
            let is_whole = answer.ask.iter().any(|word| !word.trim().is_empty()) && !answer.say.trim().is_empty();
            self.require(is_whole, &format!("say={:?}", answer.say), || {
                "an answer needs words in ask and in say".to_owned()
            });
        }
    }

    fn services(&mut self, business: &Business) {
        self.require(!business.services.is_empty(), "services=", || {
            "there is nothing to book; add [[services]]".to_owned()
        });
        self.ids("service", business.services.iter().map(|service| service.id.as_str()));
        for service in &business.services {
            let (id, minutes) = (&service.id, service.minutes);
            let at = format!("id={id:?}");
            self.require(!service.name.trim().is_empty(), &at, || format!("service {id:?} has no name"));
            let is_done = business.staff.iter().any(|one| one.services.is_empty() || one.services.contains(id));
            self.require(is_done, &at, || format!("nobody among [[staff]] does {id:?}"));
            let fits = openings(business).any(|opening| (1..=length_min(opening)).contains(&i64::from(minutes)));
            let why = || format!("service {id:?} takes {minutes} minutes, and no opening hours are that long");
            self.require(fits, &at, why);
        }
    }

    fn staff(&mut self, business: &Business) {
        self.ids("staff", business.staff.iter().map(|one| one.id.as_str()));
        for one in &business.staff {
            for service in one.services.iter().filter(|id| business.service(id).is_none()) {
                let why = || format!("{:?} does {service:?}, which is none of the [[services]]", one.id);
                self.require(false, &format!("{service:?}"), why);
            }
        }
    }

    fn hours(&mut self, business: &Business) {
        let hours = &business.hours;
        let days = [&hours.mon, &hours.tue, &hours.wed, &hours.thu, &hours.fri, &hours.sat, &hours.sun];
        let is_open = days.iter().any(|day| !day.is_empty());
        self.require(is_open, "[hours]", || {
            "the business is never open; add a day like tue = [\"09:00-18:00\"]".to_owned()
        });
        for day in days {
            for (one, next) in day.iter().zip(day.iter().skip(1)) {
                let (text, next_text) = (String::from(*one), String::from(*next));
                let why = || format!("{next_text} begins before {text} ends; openings of a day stand in order");
                self.require(one.to <= next.from, &next_text, why);
            }
        }
    }

    /// Ids are what the database and the model call a thing: lower case, no blanks, each once.
    fn ids<'a>(&mut self, kind: &str, ids: impl Iterator<Item = &'a str>) {
        let mut seen = BTreeSet::new();
        for id in ids {
            let is_plain =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-';
            let at = format!("id={id:?}");
            let is_id = !id.is_empty() && id.bytes().all(is_plain);
            self.require(is_id, &at, || format!("{kind} id {id:?} is not made of a-z, 0-9, _ and -"));
            self.require(seen.insert(id), &at, || format!("two {kind} ids are {id:?}"));
        }
    }

    /// Notes what is wrong at the last line that has `at` in it, blanks aside: of two that are the same, the second one
    /// is too many. The first line stands for what is nowhere.
    fn require(&mut self, holds: bool, at: &str, why: impl FnOnce() -> String) {
        if holds {
            return;
        }
        let bare = |text: &str| text.replace([' ', '\t'], "");
        let speaks = |line: &str| !line.trim_start().starts_with('#') && bare(line).contains(&bare(at));
        let line = self.text.lines().enumerate().filter(|(_, line)| speaks(line)).last();
        self.wrong.push(WrongLine { line: line.map_or(1, |(index, _)| index + 1), why: why() });
    }
}

fn openings(business: &Business) -> impl Iterator<Item = &Opening> {
    let hours = &business.hours;
    [&hours.mon, &hours.tue, &hours.wed, &hours.thu, &hours.fri, &hours.sat, &hours.sun].into_iter().flatten()
}

fn length_min(opening: &Opening) -> i64 {
    (opening.to - opening.from).num_minutes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../../business.toml");

    /// What is wrong with the example once something in it is replaced, as `line: why`.
    fn wrong(from: &str, to: &str) -> Vec<String> {
        assert!(EXAMPLE.contains(from), "{from}");
        let lines = read(&EXAMPLE.replacen(from, to, 1)).expect_err("something is wrong");
        lines.into_iter().map(|WrongLine { line, why }| format!("{line}: {why}")).collect()
    }

    fn line_of(part: &str) -> usize {
        EXAMPLE.lines().position(|line| line.contains(part)).expect("it is in the example") + 1
    }

    #[test]
    fn the_example_is_good() {
        let business = read(EXAMPLE).expect("good");
        assert_eq!(business.services.len(), 3);
    }

    #[test]
    fn what_toml_cannot_read_is_named_by_its_line() {
        for (from, to, why) in [
            ("09:00-18:00", "9 to 6", "9 to 6"),
            ("America/New_York", "New York", "time_zone"),
            ("minutes = 30", "minutes = \"30\"", "expected"),
            ("price = \"35 dollars\"", "prize = \"35 dollars\"", "prize"),
        ] {
            let lines = wrong(from, to);
            let line = line_of(from);
            assert!(lines[0].starts_with(&format!("{line}: ")), "{lines:?} is not in line {line}");
            assert!(lines[0].contains(why) || why == "time_zone", "{lines:?}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_named_by_its_line() {
        // What is replaced, by what, and what is said about it. The line is the replaced one's.
        let cases = [
            ("name = \"Harbor Street Barbers\"", "name = \" \"", "no name"),
            ("country = \"US\"", "country = \"usa\"", "ISO 3166"),
            ("# transfer_to = \"+15551230000\"", "transfer_to = \"911\"", "\"911\""),
            ("grid_min = 30", "grid_min = 0", "grid_min"),
            ("id = \"beard_trim\"", "id = \"Beard Trim\"", "a-z"),
            ("\"haircut\", \"beard_trim\"", "\"haircut\", \"shampoo\"", "\"shampoo\""),
            ("thu = [\"09:00-20:00\"]", "thu = [\"09:00-12:30\", \"12:00-20:00\"]", "in order"),
        ];
        for (from, to, why) in cases {
            let lines = wrong(from, to);
            let line = line_of(from);
            let is_said = |said: &String| said.contains(why) && said.starts_with(&format!("{line}: "));
            assert!(lines.iter().any(is_said), "{lines:?} for {to} in line {line}");
        }
        let too_long = format!("{}: service \"coloring\" takes 900 minutes", line_of("id = \"coloring\""));
        assert!(wrong("minutes = 90", "minutes = 900")[0].starts_with(&too_long));
    }

    #[test]
    fn the_second_of_two_that_are_the_same_is_the_wrong_one() {
        let lines = wrong("id = \"robin\"", "id = \"sam\"");
        assert_eq!(lines, [format!("{}: two staff ids are \"sam\"", line_of("id = \"robin\""))]);
    }

    #[test]
    fn everything_wrong_is_said_at_once_with_the_files_name() {
        let lines = vec![WrongLine { line: 3, why: "a".to_owned() }, WrongLine { line: 9, why: "b".to_owned() }];
        let error = BusinessError::Wrong { path: "business.toml".into(), lines };
        assert_eq!(error.to_string(), "business.toml:3: a\nbusiness.toml:9: b");
        let error = load_business(Path::new("no/business.toml")).expect_err("no file").to_string();
        assert!(error.contains("no/business.toml") && error.contains("BUSINESS_FILE"), "{error}");
    }

    #[test]
    fn a_business_that_is_never_open_or_does_nothing_is_refused() {
        let text = "name = \"x\"\ntime_zone = \"UTC\"\nservices = []\nstaff = []\n[hours]\n";
        let lines = read(text).expect_err("nothing there");
        let lines: Vec<usize> = lines.iter().map(|wrong| wrong.line).collect();
        assert_eq!(lines, [3, 5]);
    }
}
