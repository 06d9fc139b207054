//! The real process: told to stop, and killed.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use engine::tape;
use frontdesk::store::{CallRecord, Records};
use sandbox::twilio::{CallSetup, Ending};
use sandbox::world::World;

use crate::caller::{ANSWERS, Caller};
use crate::gateway::{CALLER, DESK, PATIENCE, caller_said, place, settings, until, world};

/// What a killed process may lose of a recording: half a second between blocks, what is not settled, and what waits for
/// a caller's stream that stalls.
const RECORDING_LOSS_MAX: Duration = Duration::from_millis(2_800);

#[tokio::test]
async fn a_killed_process_leaves_a_recording_that_plays_and_a_call_that_is_closed_at_the_next_start() {
    let (world, folder) = (world(), tempfile::tempdir().expect("a folder"));
    let mut process = Process::start(folder.path(), &world, &[]);
    let mut caller = process.caller(&world);
    caller.hears("how can i help you").await;
    caller.says("open-tue-10").await;
    caller.hears("your name").await;
    caller.says("ada").await;
    caller.hears_anything().await;
    // What was accepted in the last 50 ms is allowed to be lost; what is in the database is not.
    let call_sid = caller.call_sid();
    until("both answers are in the database", async || {
        (caller_said(&record(folder.path(), &call_sid).await?).len() == 2).then_some(())
    })
    .await;
    process.kill();
    let spoken = Duration::from_millis(20) * caller.line.tally().frames_sent as u32;

    let wav = files(folder.path(), "call.wav").pop().expect("a recording");
    let recording = hound::WavReader::open(&wav).expect("it plays");
    let kept = Duration::from_secs_f64(f64::from(recording.duration()) / 16_000.0);
    assert!(kept + RECORDING_LOSS_MAX > spoken, "{kept:?} of {spoken:?}");
    let tape = std::fs::read_to_string(wav.with_file_name("tape.jsonl")).expect("a tape");
    assert!(tape::replay(&tape).expect("the same again").inputs > 5);

    let _next = Process::start(folder.path(), &world, &[]);
    let record = until("the call is closed, and its recording is on record", async || {
        let record = record(folder.path(), &call_sid).await?;
        (record.status != "active" && !record.recordings.is_empty()).then_some(record)
    })
    .await;
    assert_eq!(record.status, "interrupted");
    assert_eq!(folder.path().join(&record.recordings[0].file_path), wav);
    assert!(record.recordings[0].sha256.is_some());
    assert_eq!(caller_said(&record), ["hi i'd like a haircut on tuesday at ten", "ada lovelace"]);
}

#[tokio::test]
async fn a_process_that_is_told_to_stop_lets_calls_end_and_takes_no_more() {
    let (world, folder) = (world(), tempfile::tempdir().expect("a folder"));
    let mut process = Process::start(folder.path(), &world, &[("DRAIN_SECONDS", "60")]);
    let mut caller = process.caller(&world);
    caller.hears("how can i help you").await;
    process.terminate();

    let late = until("no more calls are taken", async || {
        let mut late = process.caller(&world);
        late.ends_or_connects().await.then_some(late)
    })
    .await;
    assert!(late.was_read("cannot take your call right now"), "{:?}", late.verbs);
    assert_eq!(late.streams, 0);

    caller.says("open-tue-10").await;
    assert_eq!(caller.answers(ANSWERS).await, Ending::Completed);
    assert!(process.ends().success());
    let record = record(folder.path(), &caller.call_sid()).await.expect("on record");
    assert_eq!((record.status.as_str(), record.outcome.as_deref()), ("completed", Some("booked")));
    assert_eq!(record.recordings.len(), 1);
}

#[tokio::test]
async fn a_call_that_goes_on_too_long_for_a_process_that_stops_is_ended_with_a_goodbye() {
    let (world, folder) = (world(), tempfile::tempdir().expect("a folder"));
    let mut process = Process::start(folder.path(), &world, &[("DRAIN_SECONDS", "6")]);
    let mut caller = process.caller(&world);
    caller.hears("how can i help you").await;
    process.terminate();
    caller.hears("goodbye").await;
    assert_eq!(caller.ends().await, Ending::Completed);
    assert!(process.ends().success());
    let record = record(folder.path(), &caller.call_sid()).await.expect("on record");
    assert_eq!((record.status.as_str(), record.ending.as_deref()), ("completed", Some("draining")));
}

/// `frontdesk serve`, killed when dropped.
pub(crate) struct Process {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Process {
    /// Starts it in a folder, and waits until it answers calls.
    pub(crate) fn start(folder: &Path, world: &World, more: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_frontdesk"))
            .arg("serve")
            .current_dir(folder)
            .env_clear()
            .envs(settings(folder, world))
            .envs(more.iter().copied())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let log = BufReader::new(child.stderr.take().expect("it is piped"));
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            // To the end, so that the process never waits for somebody to read its log.
            for line in log.lines().map_while(Result::ok) {
                if let Some(address) = line.split("address=").nth(1) {
                    let _ = tell.send(address.trim().to_owned());
                }
            }
        });
        let address = told.recv_timeout(PATIENCE).expect("it answers calls");
        Self { child, address: address.parse().expect("an address") }
    }

    pub(crate) fn caller(&self, world: &World) -> Caller {
        Caller::on(place(self.address, CallSetup::new(CALLER, DESK)), world)
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it is over");
    }

    fn terminate(&self) {
        self.signal("-TERM");
    }

    /// Sends it a signal: `-STOP` freezes it, `-CONT` lets it go on.
    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().expect("there is a kill").success());
    }

    fn ends(&mut self) -> ExitStatus {
        let until = std::time::Duration::from_secs(20);
        let (mut waited, step) = (Duration::ZERO, Duration::from_millis(20));
        loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                return status;
            }
            assert!(waited < until, "it does not end");
            thread::sleep(step);
            waited += step;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) async fn record(folder: &Path, call_sid: &str) -> Option<CallRecord> {
    let records = Records::open(&format!("sqlite://{}", folder.join("frontdesk.db").display())).await.ok()?;
    records.call(call_sid).await.ok()?
}

/// The files of this name, however deep in a folder.
fn files(folder: &Path, name: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => files(&path, name),
            false => (path.file_name().is_some_and(|file| file == name)).then_some(path).into_iter().collect(),
        })
        .collect()
}
