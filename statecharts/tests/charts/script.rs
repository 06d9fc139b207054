//! Scripts of a chart: what happens on plain lines, what the chart makes of it on lines that begin with `>`.
//!
//! A line that begins with `#` opens a scene with a new chart. The `>` lines are rewritten by
//! `BLESS=1 cargo test -p statecharts`, and then read in the diff.

use std::path::Path;
use std::{env, fs};

/// Plays every scene of a script and compares what came of it with what is written there. `open` makes a chart, `play`
/// tells it one line and gives the answer.
pub(crate) fn check<C>(file: &str, open: impl Fn() -> C, play: impl Fn(&mut C, &str) -> String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let written = fs::read_to_string(&path).expect("a script is where its test says");
    let mut chart = open();
    let mut played = String::new();
    for line in written.lines().filter(|line| !line.starts_with('>')) {
        played.push_str(line);
        played.push('\n');
        if line.starts_with('#') {
            chart = open();
        } else if !line.is_empty() {
            played.push_str(&format!("> {}\n", play(&mut chart, line)));
        }
    }
    compare(file, &played);
}

/// Compares a text with the file of this package that holds it, or writes the file when `BLESS` is set.
pub(crate) fn compare(file: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if env::var_os("BLESS").is_some() {
        fs::write(path, made).expect("the tests may write beside themselves");
        return;
    }
    let written = fs::read_to_string(path).unwrap_or_default();
    for (number, (made, written)) in made.lines().zip(written.lines()).enumerate() {
        assert_eq!(made, written, "{file}:{} is stale (left: now); BLESS=1 rewrites it", number + 1);
    }
    assert_eq!(made.lines().count(), written.lines().count(), "{file} is stale (left: now); BLESS=1 rewrites it");
}

/// A state, and the effects on the way to it.
pub(crate) fn answer(state: &str, effects: &[String]) -> String {
    if effects.is_empty() { state.to_owned() } else { format!("{state}: {}", effects.join(", ")) }
}
