//! The dashboard in a real browser: a Frontdesk with a filled week and a call that goes on, and an analyst in headless
//! Chromium (`tests/browser/walk.js`). Screenshots are left in `target/screenshots`.
//!
//! Needs chromium, node and `npm ci` in tests/browser; `./test` sees to it.

#[path = "browser/desk.rs"]
mod desk;

use std::process::{Command, Stdio};

use desk::{Ended, KEY, LESSER_KEY, PATIENCE, check_tools, lines, root, script};

#[test]
fn an_analyst_finds_a_call_plays_it_and_follows_another() {
    check_tools();
    let folder = tempfile::tempdir().expect("a folder");
    let (_desk, address) = desk::start(folder.path(), &["--calls", "40"], &[]);
    // One call with a recording, whole, before the analyst comes; and another while they look.
    assert!(dial(&address).0.wait().expect("it dials").success());
    let screenshots = root().join("target/screenshots");
    let screenshots = screenshots.to_str().expect("a plain path");
    let mut analyst = script("walk.js", &[&address, KEY, LESSER_KEY, screenshots]);
    let told = lines(&mut analyst.0);
    let (mut seen, mut calling) = (Vec::new(), None);
    while let Ok(line) = told.recv_timeout(PATIENCE) {
        if line == "READY" {
            calling = Some(dial(&address));
        }
        if line == "TAKE THE RECORDINGS AWAY" {
            std::fs::remove_dir_all(folder.path().join("recordings")).expect("removed");
        }
        seen.push(line);
    }
    let told = seen.join("\n");
    assert!(analyst.0.wait().expect("it ends").success(), "{told}");
    assert!(calling.is_some() && seen.len() > 40, "{told}");
}

/// One simulated caller who books a haircut.
fn dial(address: &str) -> Ended {
    let dial = Command::new(env!("CARGO_BIN_EXE_frontdesk"))
        .args(["dial", "--gateway", address, "--script", "fixtures/callers/demo.call"])
        .current_dir(root())
        .stdout(Stdio::null())
        .spawn();
    Ended(dial.expect("it starts"))
}
