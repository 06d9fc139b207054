//! How commands talk to people: plain lines on standard output, in colour where that is a terminal.

use std::io::{IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};

/// What a stretch of text is, for its colour.
#[derive(Clone, Copy)]
pub(super) enum Tone {
    Good,
    Bad,
    Quiet,
    Caller,
    Assistant,
}

/// Writes one line. A reader that went away is no reason to fail.
pub(super) fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// Colours a text where standard output is a terminal.
pub(super) fn toned(tone: Tone, text: &str) -> String {
    if !std::io::stdout().is_terminal() {
        return text.to_owned();
    }
    let code = match tone {
        Tone::Good => "32",
        Tone::Bad => "31",
        Tone::Quiet => "2",
        Tone::Caller => "36",
        Tone::Assistant => "33",
    };
    format!("\x1b[{code}m{text}\x1b[0m")
}

/// The bar of work that takes a while, on standard error.
pub(super) fn progress(steps: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len}  {per_sec}  {eta} left");
    ProgressBar::new(steps).with_style(style.expect("the template is well-formed"))
}
