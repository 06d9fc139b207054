//! Voice in a real browser: a visitor in headless Chromium with a WAV file as the microphone (`tests/browser/talk.js`).
//! Screenshots are left in `target/screenshots`.
//!
//! Needs chromium, node and `npm ci` in tests/browser; `./test` sees to it.

#[path = "browser/desk.rs"]
mod desk;

use std::net::TcpListener;
use std::sync::{Mutex, PoisonError};

use desk::{Ended, KEY, PATIENCE, check_tools, lines, root, script};

static TURN: Mutex<()> = Mutex::new(());

#[test]
fn a_visitor_books_by_voice_and_by_typing_and_comes_back_after_a_break() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    check_tools();
    let folder = tempfile::tempdir().expect("a folder");
    let shop = free_port().to_string();
    let settings =
        [("VOICE_CORS_ORIGIN", format!("http://127.0.0.1:{shop}")), ("VOICE_RATE_LIMIT_PER_MINUTE", "100".to_owned())];
    let (_desk, address) = desk::start(folder.path(), &[], &settings);
    let screenshots = root().join("target/screenshots");
    let mut visitor = script("talk.js", &[&address, KEY, screenshots.to_str().expect("a plain path"), &shop]);
    assert!(sees(&mut visitor) > 25);
}

/// Reads on to the visitor's end, who must have seen all of it. How much that was.
fn sees(visitor: &mut Ended) -> usize {
    let told = lines(&mut visitor.0);
    let mut seen = Vec::new();
    while let Ok(line) = told.recv_timeout(PATIENCE) {
        seen.push(line);
    }
    let told = seen.join("\n");
    assert!(visitor.0.wait().expect("it ends").success(), "{told}");
    seen.len()
}

#[test]
fn a_visitor_books_by_voice_with_a_speech_to_speech_model() {
    // One visitor after the other: each needs the machine for the sound.
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    check_tools();
    let folder = tempfile::tempdir().expect("a folder");
    let business = std::fs::read_to_string(root().join("business.toml")).expect("the example business");
    let path = folder.path().join("business.toml");
    std::fs::write(&path, format!("engine_by_number = {{ browser = \"realtime\" }}\n{business}")).expect("written");
    let settings = [("BUSINESS_FILE", path.display().to_string())];
    let (_desk, address) = desk::start(folder.path(), &[], &settings);
    let screenshots = root().join("target/screenshots/realtime");
    let mut visitor = script("talk.js", &[&address, KEY, screenshots.to_str().expect("a plain path")]);
    assert!(sees(&mut visitor) > 7);
}

/// A port that nobody has, for the site that a visitor comes from.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}
