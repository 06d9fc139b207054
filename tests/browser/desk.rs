//! A Frontdesk of its own process, for whoever comes with a browser.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Who may see everything.
pub(crate) const KEY: &str = "the-analysts-own-key-of-this-test";

/// And who may not.
pub(crate) const LESSER_KEY: &str = "another-analysts-key-of-this-test";

/// How long a Frontdesk may take to be there, or a browser to do one thing.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);

/// Where the repository is.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Says what has to be there first, where it is not.
pub(crate) fn check_tools() {
    let chromium = std::env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned());
    assert!(
        Path::new(&chromium).exists(),
        "install chromium (apt-get install chromium), or say where it is in CHROMIUM"
    );
    assert!(root().join("tests/browser/node_modules").exists(), "run `npm ci` in tests/browser first");
}

/// Starts a Frontdesk with the sandbox in a folder, and tells where it answers.
pub(crate) fn start(folder: &Path, args: &[&str], settings: &[(&str, String)]) -> (Ended, String) {
    let speech: PathBuf = folder.join("speech");
    let mut desk = Command::new(env!("CARGO_BIN_EXE_frontdesk"))
        .args(["demo", "--sandbox"])
        .args(args)
        .current_dir(root())
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap_or_default())
        .env("PORT", "0")
        .env("HOST", "127.0.0.1")
        .env("ANALYST_KEYS", format!("ada:admin:*:{KEY},mo:analyst:*:{LESSER_KEY}"))
        .env("DATABASE_URL", format!("sqlite://{}", folder.join("frontdesk.db").display()))
        .env("RECORDING_STORAGE_PATH", folder.join("recordings"))
        .env("SPEECH_CACHE_PATH", speech)
        .envs(settings.iter().map(|(name, value)| (*name, value.as_str())))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let said = lines(&mut desk);
    let address = line_with(&said, "Still answering on ");
    let address = address.split_whitespace().find(|word| word.starts_with("http")).expect("an address");
    (Ended(desk), address.trim_end_matches('.').to_owned())
}

/// A script of ours in Node.
pub(crate) fn script(name: &str, args: &[&str]) -> Ended {
    let script = root().join("tests/browser").join(name);
    let script = Command::new("node").arg(script).args(args).stdout(Stdio::piped()).spawn();
    Ended(script.expect("node is installed"))
}

/// What a process says, line by line, read to its end so that it never waits for us.
pub(crate) fn lines(child: &mut Child) -> mpsc::Receiver<String> {
    let (tell, told) = mpsc::channel();
    let output = BufReader::new(child.stdout.take().expect("it is piped"));
    thread::spawn(move || output.lines().map_while(Result::ok).for_each(|line| drop(tell.send(line))));
    told
}

fn line_with(told: &mpsc::Receiver<String>, part: &str) -> String {
    loop {
        let line = told.recv_timeout(PATIENCE).expect("it says where it is");
        if line.contains(part) {
            return line;
        }
    }
}

/// A process that ends with the test.
pub(crate) struct Ended(pub(crate) Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
