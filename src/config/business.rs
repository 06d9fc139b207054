//! Reading `business.toml`: what cannot be read, or makes no sense to the engine, is named by file and line,
//! all of it at once.

use std::path::{Path, PathBuf};
use std::{fs, io};

use engine::business::{Business, check};

/// A business file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BusinessError {
    /// The file is missing, or not for us.
    #[error("the business file {path} cannot be read: {source}; name yours in BUSINESS_FILE", path = .path.display())]
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
        let mut why = error.message().replace('\n', " ");
        if why.contains("timezone") {
            why.push_str("; write an IANA name, like \"America/New_York\"");
        }
        vec![WrongLine { line, why }]
    })?;
    let mut wrong: Vec<WrongLine> = check(&business)
        .into_iter()
        .map(|problem| WrongLine { line: line_of(&problem.at, text), why: problem.why })
        .collect();
    wrong.sort_by_key(|wrong| wrong.line);
    if wrong.is_empty() { Ok(business) } else { Err(wrong) }
}

/// The last line that begins with `at`, or else the last one that has it anywhere, blanks and comments aside. The first
/// line stands for what is nowhere.
fn line_of(at: &str, text: &str) -> usize {
    let bare = |text: &str| text.replace([' ', '\t'], "").to_lowercase();
    let at = bare(at);
    let lines: Vec<String> = text.lines().map(bare).collect();
    let last = |speaks: &dyn Fn(&str) -> bool| lines.iter().rposition(|line| !line.starts_with('#') && speaks(line));
    let found = last(&|line| line.starts_with(&at)).or_else(|| last(&|line| line.contains(&at)));
    found.unwrap_or(0) + 1
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

    fn line_with(part: &str) -> usize {
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
            ("America/New_York", "New York", "'New York'; write an IANA name"),
            ("minutes = 30", "minutes = \"30\"", "expected"),
            ("price = \"35 dollars\"", "prize = \"35 dollars\"", "prize"),
        ] {
            let lines = wrong(from, to);
            let line = line_with(from);
            assert!(lines[0].starts_with(&format!("{line}: ")), "{lines:?} is not in line {line}");
            assert!(lines[0].contains(why), "{lines:?}");
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
            let line = line_with(from);
            let is_said = |said: &String| said.contains(why) && said.starts_with(&format!("{line}: "));
            assert!(lines.iter().any(is_said), "{lines:?} for {to} in line {line}");
        }
        let too_long = format!("{}: service \"coloring\" takes 900 minutes", line_with("id = \"coloring\""));
        assert!(wrong("minutes = 90", "minutes = 900")[0].starts_with(&too_long));
    }

    #[test]
    fn a_prompt_that_is_wrong_is_named_by_its_line() {
        let mut text = EXAMPLE.to_owned();
        text.push_str(
            "\n[prompts]\ngretting = \"Hello.\"\nask_name = \"Who is {name}?\"\ngoodbye = \"Bye from {business}.\"\n",
        );
        let prompts = EXAMPLE.lines().count() + 2;
        let lines = read(&text).expect_err("two are wrong");
        let lines: Vec<(usize, &str)> = lines.iter().map(|wrong| (wrong.line - prompts, wrong.why.as_str())).collect();
        assert_eq!(lines[0], (1, "there is no prompt \"gretting\": did you mean \"greeting\"?"));
        assert!(lines[1].0 == 2 && lines[1].1.contains("{name}, which means nothing there"), "{lines:?}");
        assert_eq!(lines.len(), 2);
    }

    #[test]
    fn the_second_of_two_that_are_the_same_is_the_wrong_one() {
        let lines = wrong("id = \"robin\"", "id = \"sam\"");
        assert_eq!(
            lines,
            [format!("{}: staff id \"sam\" stands there 2 times: give each its own", line_with("id = \"robin\""))]
        );
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
        assert_eq!(lines, [3, 4, 5]);
    }
}
