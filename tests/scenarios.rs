//! Known situations, one per `fixtures/scenarios/*.call`: what the world does, and what the engine answers.
//!
//! `BLESS=1 cargo test -p sandbox --test scenarios` rewrites the answers; read them in the diff.

use std::fs;
use std::path::{Path, PathBuf};

use engine::business::Business;
use sandbox::stepped::scenario;

#[test]
fn every_scenario_goes_as_it_is_written() {
    let business = example_business();
    let mut differing = Vec::new();
    for path in scenarios() {
        let written = fs::read_to_string(&path).expect("a scenario is readable");
        let now = scenario::run(&written, &business).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        if now == written {
            continue;
        }
        if std::env::var_os("BLESS").is_some() {
            fs::write(&path, now).expect("a scenario is writable");
        } else {
            differing.push(format!("{}\n{}", path.display(), difference(&written, &now)));
        }
    }
    assert!(differing.is_empty(), "scenarios differ (BLESS=1 accepts):\n{}", differing.join("\n"));
}

fn difference(written: &str, now: &str) -> String {
    let (written, now): (Vec<_>, Vec<_>) = (written.lines().collect(), now.lines().collect());
    let first = written.iter().zip(&now).take_while(|(a, b)| a == b).count();
    let show = |lines: &[&str], sign| {
        lines.iter().skip(first).take(6).map(|line| format!("  {sign} {line}\n")).collect::<String>()
    };
    format!("  from line {}:\n{}{}", first + 1, show(&written, '-'), show(&now, '+'))
}

fn scenarios() -> Vec<PathBuf> {
    let folder = root().join("fixtures/scenarios");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .expect("fixtures/scenarios is there")
        .map(|entry| entry.expect("an entry is readable").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "call"))
        .collect();
    paths.sort();
    assert!(!paths.is_empty());
    paths
}

fn example_business() -> Business {
    let read = |file: &str| fs::read_to_string(root().join(file)).expect("a file of the project");
    toml::from_str(&(read("business.toml") + &read("fixtures/languages/es.toml"))).expect("a business")
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
