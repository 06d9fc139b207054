//! Voice in a real browser: a visitor in headless Chromium with a WAV file as the microphone (`tests/browser/talk.js`).
//! Screenshots are left in `target/screenshots`.
//!
//! Needs chromium, node and `npm ci` in tests/browser; `./test` sees to it.

#[path = "browser/desk.rs"]
mod desk;

use std::net::TcpListener;

use desk::{KEY, PATIENCE, check_tools, lines, root, script};

#[test]
fn a_visitor_books_by_voice_and_by_typing_and_comes_back_after_a_break() {
    check_tools();
    let folder = tempfile::tempdir().expect("a folder");
    let shop = free_port().to_string();
    let settings =
        [("VOICE_CORS_ORIGIN", format!("http://127.0.0.1:{shop}")), ("VOICE_RATE_LIMIT_PER_MINUTE", "100".to_owned())];
    let (_desk, address) = desk::start(folder.path(), &[], &settings);
    let screenshots = root().join("target/screenshots");
    let mut visitor = script("talk.js", &[&address, KEY, screenshots.to_str().expect("a plain path"), &shop]);
    let told = lines(&mut visitor.0);
    let mut seen = Vec::new();
    while let Ok(line) = told.recv_timeout(PATIENCE) {
        seen.push(line);
    }
    let told = seen.join("\n");
    assert!(visitor.0.wait().expect("it ends").success(), "{told}");
    assert!(seen.len() > 25, "{told}");
}

/// A port that nobody has, for the site that a visitor comes from.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}
