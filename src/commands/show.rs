//! How commands talk to people: plain lines on standard output.

use std::io::Write;

/// Writes one line. A reader that went away is no reason to fail.
pub(super) fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}
