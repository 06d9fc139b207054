//! The dashboard in a real browser: a Frontdesk with a filled week and a call that goes on, and an analyst in headless
//! Chromium (`tests/browser/walk.js`). Screenshots are left in `target/screenshots`.
//!
//! Needs chromium, node and `npm ci` in tests/browser; `./test` sees to it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// What the analyst logs in with who may see everything.
const KEY: &str = "the-analysts-own-key-of-this-test";

/// And the one who may not.
const LESSER_KEY: &str = "another-analysts-key-of-this-test";

/// How long the demo may take to fill its week, or a browser to do one thing.
const PATIENCE: Duration = Duration::from_secs(180);

#[test]
fn an_analyst_finds_a_call_plays_it_and_follows_another() {
    let chromium = std::env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned());
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert!(
        Path::new(&chromium).exists(),
        "install chromium (apt-get install chromium), or say where it is in CHROMIUM"
    );
    assert!(root.join("tests/browser/node_modules").exists(), "run `npm ci` in tests/browser first");

    let folder = tempfile::tempdir().expect("a folder");
    let mut desk = Ended(
        Command::new(env!("CARGO_BIN_EXE_frontdesk"))
            .args(["demo", "--sandbox", "--calls", "40"])
            .current_dir(root)
            .env_clear()
            .env("PATH", std::env::var("PATH").unwrap_or_default())
            .env("PORT", "0")
            .env("HOST", "127.0.0.1")
            .env("ANALYST_KEYS", format!("ada:admin:*:{KEY},mo:analyst:*:{LESSER_KEY}"))
            .env("DATABASE_URL", format!("sqlite://{}", folder.path().join("frontdesk.db").display()))
            .env("RECORDING_STORAGE_PATH", folder.path().join("recordings"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts"),
    );
    let address = line_with(lines(&mut desk.0), "Still answering on ");
    let address = address.split_whitespace().find(|word| word.starts_with("http")).expect("an address");
    let address = address.trim_end_matches('.').to_owned();

    // One call with a recording, whole, before the analyst comes; and another while they look.
    assert!(dial(root, &address).0.wait().expect("it dials").success());
    let mut analyst = Ended(
        Command::new("node")
            .arg(root.join("tests/browser/walk.js"))
            .args([&address, KEY, LESSER_KEY])
            .arg(root.join("target/screenshots"))
            .stdout(Stdio::piped())
            .spawn()
            .expect("node is installed"),
    );
    let told = lines(&mut analyst.0);
    let (mut seen, mut calling) = (Vec::new(), None);
    while let Ok(line) = told.recv_timeout(PATIENCE) {
        if line == "READY" {
            calling = Some(dial(root, &address));
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
fn dial(root: &Path, address: &str) -> Ended {
    let dial = Command::new(env!("CARGO_BIN_EXE_frontdesk"))
        .args(["dial", "--gateway", address, "--script", "fixtures/callers/demo.call"])
        .current_dir(root)
        .stdout(Stdio::null())
        .spawn();
    Ended(dial.expect("it starts"))
}

/// What a process says, line by line, read to its end so that it never waits for us.
fn lines(child: &mut Child) -> mpsc::Receiver<String> {
    let (tell, told) = mpsc::channel();
    let output = BufReader::new(child.stdout.take().expect("it is piped"));
    thread::spawn(move || output.lines().map_while(Result::ok).for_each(|line| drop(tell.send(line))));
    told
}

fn line_with(told: mpsc::Receiver<String>, part: &str) -> String {
    loop {
        let line = told.recv_timeout(PATIENCE).expect("it says where it is");
        if line.contains(part) {
            return line;
        }
    }
}

/// A process that ends with the test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
