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
    /// There is no business in the folder.
    #[error("the folder {path} has no business: put a file like business.toml into it", path = .path.display())]
    Nobody {
        /// The folder.
        path: PathBuf,
    },
    /// Two files claim the same.
    #[error("{path}: {what} is claimed by {other} as well: leave it to one of them", path = .path.display(), other = .other.display())]
    Shared {
        /// The later file.
        path: PathBuf,
        /// The earlier one.
        other: PathBuf,
        /// A name or a number.
        what: String,
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

/// Reads and checks the business of a file, or every one of a folder, in the order of the files' names. There is one at
/// least.
///
/// # Errors
/// The first file that cannot be used, with all that is wrong in it.
pub fn load_businesses(path: &Path) -> Result<Vec<Business>, BusinessError> {
    let files = business_files(path)?;
    let mut all: Vec<(PathBuf, Business)> = Vec::new();
    for file in files {
        let text = text_of(&file)?;
        let business = read(&text).map_err(|lines| BusinessError::Wrong { path: file.clone(), lines })?;
        stands_apart(&file, &business, &all)?;
        all.push((file, business));
    }
    if all.is_empty() {
        return Err(BusinessError::Nobody { path: path.to_owned() });
    }
    Ok(all.into_iter().map(|(_, business)| business).collect())
}

/// What is written in the file, or in all of the folder, to see whether it has changed.
///
/// # Errors
/// When it cannot be read.
pub fn businesses_text(path: &Path) -> Result<String, BusinessError> {
    business_files(path)?.iter().map(|file| Ok(format!("{}\n{}\n", file.display(), text_of(file)?))).collect()
}

fn business_files(path: &Path) -> Result<Vec<PathBuf>, BusinessError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let unreadable = |source| BusinessError::Unreadable { path: path.to_owned(), source };
    let entries: Result<Vec<PathBuf>, io::Error> =
        fs::read_dir(path).map_err(unreadable)?.map(|entry| Ok(entry?.path())).collect();
    let mut files = entries.map_err(unreadable)?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    Ok(files)
}

fn text_of(path: &Path) -> Result<String, BusinessError> {
    fs::read_to_string(path).map_err(|source| BusinessError::Unreadable { path: path.to_owned(), source })
}

/// Calls and appointments are known by the business's name, and calls by the number that was dialled.
fn stands_apart(file: &Path, business: &Business, others: &[(PathBuf, Business)]) -> Result<(), BusinessError> {
    for (other, known) in others {
        let both = |number: &&String| known.numbers.contains(number);
        let what = if known.name == business.name {
            Some(format!("the name {:?}", business.name))
        } else if known.numbers.is_empty() && business.numbers.is_empty() {
            Some("every number that no other business has (numbers is missing)".to_owned())
        } else {
            business.numbers.iter().find(both).map(|number| format!("the number {number}"))
        };
        if let Some(what) = what {
            return Err(BusinessError::Shared { path: file.to_owned(), other: other.clone(), what });
        }
    }
    Ok(())
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
        let error = load_businesses(Path::new("no/business.toml")).expect_err("no file").to_string();
        assert!(error.contains("no/business.toml") && error.contains("BUSINESS_FILE"), "{error}");
    }

    #[test]
    fn a_folder_has_a_business_a_file_and_no_two_claim_the_same() {
        let folder = tempfile::tempdir().expect("a folder");
        let put = |file: &str, name: &str, numbers: &str| {
            let text = EXAMPLE.replace("Harbor Street Barbers", name);
            fs::write(folder.path().join(file), format!("numbers = [{numbers}]\n{text}")).expect("written");
        };
        let load = || load_businesses(folder.path());
        let failure = || load().expect_err("something is wrong").to_string();
        assert!(failure().contains("has no business"), "{}", failure());
        put("a.toml", "Ann's", "\"+15551230001\"");
        put("b.toml", "Bob's", "");
        fs::write(folder.path().join("notes.txt"), "not a business").expect("written");
        let names: Vec<String> = load().expect("both are good").into_iter().map(|business| business.name).collect();
        assert_eq!(names, ["Ann's", "Bob's"]);
        put("c.toml", "Cid's", "\"+15551230001\"");
        assert!(failure().contains("c.toml: the number +15551230001 is claimed by"), "{}", failure());
        put("c.toml", "Ann's", "\"+15551230002\"");
        assert!(failure().contains("the name \"Ann's\" is claimed by"), "{}", failure());
        put("c.toml", "Cid's", "");
        assert!(failure().contains("every number that no other business has"), "{}", failure());
    }

    #[test]
    fn a_business_that_is_never_open_or_does_nothing_is_refused() {
        let text = "name = \"x\"\ntime_zone = \"UTC\"\nservices = []\nstaff = []\n[hours]\n";
        let lines = read(text).expect_err("nothing there");
        let lines: Vec<usize> = lines.iter().map(|wrong| wrong.line).collect();
        assert_eq!(lines, [3, 4, 5]);
    }
}
