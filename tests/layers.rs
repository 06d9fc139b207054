//! Who may import whom, as the README says, read from every path in the source. An arrow that turns back fails here.

use std::fs;
use std::path::{Path, PathBuf};

/// Our packages, and those of ours that each may name.
const PACKAGES: [(&str, &[&str]); 3] =
    [("statecharts/src", &[]), ("engine/src", &["statecharts"]), ("sandbox/src", &["engine", "statecharts"])];

/// What the pure packages may not name, and why.
const IMPURE: [(&str, &str); 7] = [
    ("tokio", "waiting is the driver's"),
    ("std::fs", "files are the recordings' and the store's"),
    ("std::net", "sockets are the adapters'"),
    ("std::env", "the environment is the configuration's"),
    ("std::thread", "tasks are the wiring's"),
    ("Instant::now", "time is passed in"),
    ("SystemTime::now", "time is passed in"),
];

/// Modules of `src/` that may name their siblings: those that stand above them.
const ABOVE: [&str; 4] = ["app", "commands", "main", "lib"];

/// Siblings that know each other all the same: the log's level and format are settings, and only the log can read them;
/// and what the web shows of calls, it asks the store.
const NEIGHBOURS: [(&str, &str); 2] = [("config", "telemetry"), ("web", "store")];

/// Crates that belong to one place in `src/`, and that place.
const CRATES: [(&str, &[&str]); 24] = [
    ("async_openai", &["src/vendors/openai/"]),
    ("aws_credential_types", &["src/vendors/polly/"]),
    ("aws_sigv4", &["src/vendors/polly/"]),
    ("axum", &["src/app/", "src/config/", "src/legs/", "src/web/"]),
    ("clap", &["src/commands/", "src/main.rs"]),
    ("deepgram", &["src/vendors/deepgram/"]),
    ("dotenvy", &["src/config/"]),
    ("hound", &["src/recordings/"]),
    ("http_range_header", &["src/web/"]),
    ("icalendar", &["src/calendars/"]),
    ("jsonwebtoken", &["src/vendors/", "src/web/"]),
    ("nix", &["src/main.rs"]),
    ("object_store", &["src/cache/depot/", "src/objects.rs", "src/recordings/archive.rs"]),
    ("parquet", &["src/store/export/"]),
    ("prometheus", &["src/telemetry/"]),
    ("redis", &["src/app/", "src/cache/", "src/fleet/"]),
    ("reqwest", &["src/commands/", "src/vendors/"]),
    ("ropus", &["src/legs/browser/"]),
    ("roxmltree", &["src/web/"]),
    ("rustls", &["src/main.rs", "src/vendors/"]),
    ("sandbox", &["src/commands/"]),
    ("sqlx", &["src/store/"]),
    ("tokio_tungstenite", &["src/legs/", "src/vendors/"]),
    ("vader_sentiment", &["src/analytics/"]),
];

#[test]
fn arrows_point_one_way() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["src", "engine/src", "statecharts/src", "sandbox/src"];
    let mut files: Vec<PathBuf> = folders.iter().flat_map(|folder| sources(&root.join(folder))).collect();
    files.sort();
    assert!(files.len() > 100, "{} files are too few to be all", files.len());
    let broken: Vec<String> = files
        .iter()
        .flat_map(|path| {
            let name = path.strip_prefix(root).expect("it is below the root").display().to_string();
            broken(&name, &fs::read_to_string(path).expect("source is readable"))
        })
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn a_broken_arrow_is_named_with_file_line_and_rule() {
    for (file, line, rule) in [
        ("statecharts/src/a.rs", "use engine::io::Input;", "statecharts/src may not name engine"),
        ("engine/src/a.rs", "let a = sandbox::voice();", "engine/src may not name sandbox"),
        ("engine/src/a.rs", "use std::{fmt, fs};", "std::fs: files are"),
        ("engine/src/a.rs", "let now = std::time::Instant::now();", "time is passed in"),
        ("src/store/a.rs", "use crate::cache::Phrases;", "store may not name its sibling cache"),
        ("src/driver.rs", "use super::cache;", "driver may not name its sibling cache"),
        ("src/store/a.rs", "use crate::{cache, store};", "name one module a line"),
        ("src/web/a.rs", "fn a(_: sqlx::Error) {}", "sqlx belongs to src/store/"),
        ("src/vendors/openai/a.rs", "use deepgram::Deepgram;", "deepgram belongs to src/vendors/deepgram/"),
    ] {
        let found = broken(file, &format!("//! sqlx::Error is only mentioned.\n{line}"));
        assert!(found.len() == 1 && found[0].starts_with(&format!("{file}:2: ")), "{line}: {found:?}");
        assert!(found[0].contains(rule), "{found:?} does not say {rule:?}");
    }
}

#[test]
fn arrows_that_point_down_are_whole() {
    for (file, line) in [
        ("engine/src/a.rs", "use statecharts::prompt::Prompt;"),
        ("engine/src/a.rs", "let text = \"std::fs\"; // std::net"),
        ("src/app/a.rs", "use crate::store::Store;"),
        ("src/app/a.rs", "use crate::vendors::deepgram::listen;"),
        ("src/config/a.rs", "use crate::telemetry::LogFormat;"),
        ("src/store/a.rs", "use super::rows::Row;"),
        ("src/web/a.rs", "#[cfg(test)]\nmod tests {\n    use sandbox::twilio;\n}"),
    ] {
        assert_eq!(broken(file, line), Vec::<String>::new(), "{line}");
    }
}

/// Every source file below a folder that is no test.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder is readable") {
        let path = entry.expect("an entry is readable").path();
        let is_test = path.file_stem().is_some_and(|stem| stem == "tests");
        if path.is_dir() && !is_test {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") && !is_test {
            found.push(path);
        }
    }
    found
}

/// What is broken in one file, as `file:line: rule`.
fn broken(file: &str, text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let tests = lines.windows(2).position(|two| two[0] == "#[cfg(test)]" && two[1].ends_with('{'));
    let product = lines[..tests.unwrap_or(lines.len())].iter().enumerate();
    product
        .flat_map(|(index, line)| {
            let rules = broken_rules(file, &code_of(line));
            rules.into_iter().map(move |rule| format!("{file}:{}: {rule}", index + 1))
        })
        .collect()
}

fn broken_rules(file: &str, line: &str) -> Vec<String> {
    let mut rules = Vec::new();
    let packages = PACKAGES.iter().map(|(folder, _)| folder.trim_end_matches("/src"));
    if let Some((folder, allowed)) = PACKAGES.iter().find(|(folder, _)| file.starts_with(&format!("{folder}/"))) {
        let own = folder.trim_end_matches("/src");
        for other in packages.chain(["frontdesk"]).filter(|other| *other != own && !allowed.contains(other)) {
            if names(line, other) {
                rules.push(format!("{folder} may not name {other}"));
            }
        }
        if own != "sandbox" {
            let impure = IMPURE.iter().filter(|(path, _)| names(line, path));
            rules.extend(impure.map(|(path, why)| format!("{folder} may not name {path}: {why}")));
        }
        return rules;
    }
    for (name, folders) in CRATES {
        if names(line, name) && !folders.iter().any(|folder| file.starts_with(folder)) {
            rules.push(format!("{name} belongs to {}", folders.join(", ")));
        }
    }
    rules.extend(broken_between_siblings(file, line));
    rules
}

/// The rule that a path from one module of `src/` to another breaks.
fn broken_between_siblings(file: &str, line: &str) -> Option<String> {
    let inside = file.strip_prefix("src/")?;
    let (module, rest) = inside.split_once('/').unwrap_or((inside.trim_end_matches(".rs"), "mod.rs"));
    if ABOVE.contains(&module) {
        return None;
    }
    let roots: &[&str] = if rest == "mod.rs" { &["crate::", "super::"] } else { &["crate::"] };
    let path = roots.iter().find_map(|root| line.split_once(root).map(|(_, path)| path))?;
    let other: String = path.chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect();
    if other.is_empty() {
        return Some(format!("name one module a line, so that it can be read who names whom: {line}"));
    }
    let may = other == module || NEIGHBOURS.contains(&(module, &other));
    (!may).then(|| format!("{module} may not name its sibling {other}; they meet in src/app/"))
}

/// Whether a line names a path: a crate by what stands in it, `std::fs` also as `std::{fs, io}`, and a type's function
/// wherever the type comes from.
fn names(line: &str, path: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    if let Some((outer, inner)) = path.split_once("::")
        && let Some((_, group)) = line.split_once(&format!("{outer}::{{"))
    {
        return group.split(|letter| !is_letter(letter)).any(|word| word == inner);
    }
    let of_any_origin = path.starts_with(char::is_uppercase);
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = &line[at + path.len()..];
        let begins = before.is_none_or(|letter| !is_letter(letter) && (of_any_origin || letter != ':'));
        let ends = if path.contains("::") { !after.starts_with(is_letter) } else { after.starts_with("::") };
        begins && ends
    })
}

/// A line without its comment and without the insides of its strings.
fn code_of(line: &str) -> String {
    let outside = line.split('"').step_by(2).collect::<Vec<_>>().join("\"\"");
    outside.split("//").next().unwrap_or_default().to_owned()
}
