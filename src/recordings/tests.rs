//! Recordings on a real disk, also by a process that is killed.

use std::io::{BufRead, BufReader, Read, Seek};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::keeping::digest;
use super::*;

/// 2026-11-21 12:00 UTC.
const NOON: i64 = 1_795_262_400_000;

const SOON: Duration = Duration::from_secs(20);

/// Half scale, as µ-law.
const LOUD: [u8; 160] = [0x90; 160];

/// Where a child process records; unset in the test run itself.
const CHILD_ROOT: &str = "FRONTDESK_TEST_RECORDING_ROOT";

async fn soon<T>(wait: impl Future<Output = T>) -> T {
    tokio::time::timeout(SOON, wait).await.expect("in time")
}

fn recordings(root: &Path) -> Recordings {
    Recordings::new(Config { root: root.to_owned(), key: None, archive: None }).expect("a writable folder")
}

fn place(kept: &Kept) -> Place {
    Place { path: kept.path.clone(), url: None, encrypted: kept.encrypted }
}

/// The caller speaks in the first half of every second, the assistant in the second half.
fn talk(recorder: &mut Recorder, from_ms: u64, to_ms: u64) {
    for at_ms in (from_ms..to_ms).step_by(20) {
        if at_ms % 1_000 < 500 {
            recorder.caller(at_ms, &LOUD);
        } else {
            recorder.caller(at_ms, &[0xff; 160]);
            recorder.assistant(at_ms, &LOUD);
        }
        recorder.tape(&format!("{at_ms}"));
        recorder.tick(at_ms + 20);
    }
}

fn samples(wav: &Path) -> Vec<i16> {
    let file = hound::WavReader::open(wav).expect("a WAV file");
    assert_eq!((file.spec().channels, file.spec().sample_rate, file.spec().bits_per_sample), (2, 16_000, 16));
    file.into_samples().collect::<Result<_, _>>().expect("as many samples as the header says")
}

/// Which side is loud in the middle of each half second.
fn who_speaks(samples: &[i16]) -> Vec<(bool, bool)> {
    let halves = samples.chunks_exact(16_000).map(|half| &half[4_000..12_000]);
    let loud = |half: &[i16], side| half.iter().skip(side).step_by(2).any(|sample| sample.unsigned_abs() > 5_000);
    halves.map(|half| (loud(half, 0), loud(half, 1))).collect()
}

#[tokio::test]
async fn a_call_is_recorded_with_both_sides_in_their_places() {
    let root = tempfile::tempdir().expect("a folder");
    let recordings = recordings(root.path());
    let mut recorder = recordings.open(Uuid::nil(), "CA1", NOON);
    assert_eq!(recorder.folder(), root.path().join("2026-11-21/CA1"));
    talk(&mut recorder, 0, 5_000);
    let recorded = soon(recorder.close(5_000)).await.expect("recorded");
    assert_eq!((recorded.duration_ms, recorded.complete), (5_000, true));
    assert_eq!(recorded.size_bytes, 44 + 5 * 64_000);
    assert_eq!(recorded.wav, root.path().join("2026-11-21/CA1/call.wav"));
    assert_eq!(who_speaks(&samples(&recorded.wav)), [(true, false), (false, true)].repeat(5));
    let tape = std::fs::read_to_string(root.path().join("2026-11-21/CA1/tape.jsonl")).expect("a tape");
    let expected: Vec<String> = (0..5_000).step_by(20).map(|at_ms| at_ms.to_string()).collect();
    assert_eq!(tape.lines().collect::<Vec<_>>(), expected);
    assert_eq!(recordings.losses(), Losses::default());
}

#[tokio::test]
async fn what_was_cleared_is_not_in_the_recording() {
    let root = tempfile::tempdir().expect("a folder");
    let recordings = recordings(root.path());
    let mut recorder = recordings.open(Uuid::nil(), "CA1", NOON);
    for nth in 0..100 {
        recorder.assistant(nth * 20, &LOUD);
    }
    talk(&mut recorder, 0, 480);
    recorder.cleared(500);
    for now_ms in (500..2_000).step_by(20) {
        recorder.caller(now_ms, &[0xff; 160]);
        recorder.tick(now_ms);
    }
    let recorded = soon(recorder.close(2_000)).await.expect("recorded");
    assert_eq!(who_speaks(&samples(&recorded.wav))[1..], [(false, false); 3]);
    assert_eq!(recorded.duration_ms, 2_000);
}

#[tokio::test]
async fn many_calls_at_once_do_not_mix() {
    let root = tempfile::tempdir().expect("a folder");
    let recordings = recordings(root.path());
    let mut calls: Vec<Recorder> =
        (0..20).map(|nth| recordings.open(Uuid::from_u128(nth), &format!("CA{nth}"), NOON)).collect();
    for second in 0..3 {
        for (nth, recorder) in calls.iter_mut().enumerate() {
            if nth % 2 == 0 {
                talk(recorder, second * 1_000, (second + 1) * 1_000);
            } else {
                recorder.tick((second + 1) * 1_000);
            }
        }
    }
    for (nth, recorder) in calls.into_iter().enumerate() {
        let recorded = soon(recorder.close(3_000)).await.expect("recorded");
        let loud = if nth % 2 == 0 { [(true, false), (false, true)] } else { [(false, false); 2] };
        assert_eq!(who_speaks(&samples(&recorded.wav)), loud.repeat(3), "call {nth}");
    }
}

#[tokio::test]
async fn a_second_recording_of_the_same_call_stands_beside_the_first() {
    let root = tempfile::tempdir().expect("a folder");
    let recordings = recordings(root.path());
    let mut names = Vec::new();
    for _ in 0..3 {
        let mut recorder = recordings.open(Uuid::nil(), "CA1", NOON);
        talk(&mut recorder, 0, 1_000);
        let recorded = soon(recorder.close(1_000)).await.expect("recorded");
        assert_eq!(recorded.duration_ms, 1_000);
        names.push(recorded.wav.file_name().expect("a name").to_owned());
    }
    assert_eq!(names, ["call.wav", "call-2.wav", "call-3.wav"]);
    assert!(root.path().join("2026-11-21/CA1/tape-2.jsonl").exists());
}

#[tokio::test]
async fn a_recorder_that_is_dropped_leaves_a_whole_file() {
    let root = tempfile::tempdir().expect("a folder");
    let recordings = recordings(root.path());
    let mut recorder = recordings.open(Uuid::nil(), "CA1", NOON);
    talk(&mut recorder, 0, 2_000);
    let wav = recorder.folder().join("call.wav");
    drop(recorder);
    soon(recordings.flush()).await;
    assert_eq!(samples(&wav).len(), 2 * 32_000);
}

#[tokio::test]
async fn a_full_disk_ends_neither_the_call_nor_the_other_recordings() {
    let root = tempfile::tempdir().expect("a folder");
    let full = |path: &Path| {
        let full = path.to_string_lossy().contains("CAfull");
        let mut options = File::options();
        options.read(true).write(true);
        if full { options.open("/dev/full") } else { options.create_new(true).open(path) }
    };
    let recordings = Recordings::start(root.path().to_owned(), full).expect("starts");
    let mut unlucky = recordings.open(Uuid::nil(), "CAfull", NOON);
    let mut lucky = recordings.open(Uuid::nil(), "CA1", NOON);
    talk(&mut unlucky, 0, 3_000);
    talk(&mut lucky, 0, 3_000);
    assert_eq!(soon(unlucky.close(3_000)).await, None);
    assert!(soon(lucky.close(3_000)).await.expect("recorded").complete);
    let losses = recordings.losses();
    assert!(losses.calls == 1 && losses.failed_writes > 1, "{losses:?}");
}

#[tokio::test]
async fn a_tape_that_cannot_be_written_leaves_the_recording_alone() {
    let root = tempfile::tempdir().expect("a folder");
    let no_tape = |path: &Path| {
        let tape = path.to_string_lossy().contains("tape");
        let mut options = File::options();
        options.read(true).write(true);
        if tape { options.open("/dev/full") } else { options.create_new(true).open(path) }
    };
    let recordings = Recordings::start(root.path().to_owned(), no_tape).expect("starts");
    let mut recorder = recordings.open(Uuid::nil(), "CA1", NOON);
    talk(&mut recorder, 0, 3_000);
    let recorded = soon(recorder.close(3_000)).await.expect("recorded");
    assert_eq!((recorded.duration_ms, recorded.complete), (3_000, false));
    assert_eq!(recordings.losses().failed_writes, 1);
}

/// The other half of the next test: records five seconds, says so, and never ends by itself.
#[tokio::test]
async fn the_process_that_is_killed() {
    let Ok(root) = std::env::var(CHILD_ROOT) else { return };
    let recordings = recordings(Path::new(&root));
    let mut recorder = recordings.open(Uuid::nil(), "CA1", NOON);
    talk(&mut recorder, 0, 5_000);
    soon(recordings.flush()).await;
    println!("\nrecorded");
    std::future::pending::<()>().await;
}

#[test]
fn a_killed_process_loses_less_than_a_second_and_the_file_plays() {
    let root = tempfile::tempdir().expect("a folder");
    let mut child = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "recordings::tests::the_process_that_is_killed", "--nocapture"])
        .env(CHILD_ROOT, root.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    assert!(lines.any(|line| line.is_ok_and(|line| line == "recorded")), "the child ended too early");
    child.kill().expect("running until now");
    child.wait().expect("ended");
    let folder = root.path().join("2026-11-21/CA1");
    let samples = samples(&folder.join("call.wav"));
    let kept_ms = samples.len() / 32;
    assert!(kept_ms > 4_000, "{kept_ms} ms of 5,000 were kept");
    assert_eq!(who_speaks(&samples), [(true, false), (false, true)].repeat(5)[..kept_ms / 500]);
    let tape = std::fs::read_to_string(folder.join("tape.jsonl")).expect("a tape");
    assert!(tape.ends_with('\n') && tape.lines().count() > 200, "{} lines", tape.lines().count());
}

/// A recorded call of five seconds, closed.
async fn recorded(recordings: &Recordings) -> Recorded {
    let mut recorder = recordings.open(Uuid::nil(), "CA1", NOON);
    talk(&mut recorder, 0, 5_000);
    soon(recorder.close(5_000)).await.expect("recorded")
}

fn key() -> Key {
    let identity = age::x25519::Identity::generate();
    let line = age::secrecy::ExposeSecret::expose_secret(&identity.to_string()).to_owned();
    Key::parse(&format!("# created: 2026-11-21\n# public key: {}\n{line}\n", identity.to_public())).expect("a key")
}

#[tokio::test]
async fn a_recording_is_put_away_with_its_digest() {
    let root = tempfile::tempdir().expect("a folder");
    let recordings = recordings(root.path());
    let kept = soon(recordings.put_away(recorded(&recordings).await)).await.expect("put away");
    assert_eq!((kept.path, kept.encrypted), (root.path().join("2026-11-21/CA1/call.wav"), false));
    assert_eq!(kept.sha256, digest(&root.path().join("2026-11-21/CA1/call.wav")).expect("readable"));
    assert_eq!(kept.size_bytes, 44 + 5 * 64_000);
}

#[tokio::test]
async fn with_a_key_nothing_of_a_call_is_left_in_the_open_and_everything_is_read_back() {
    let root = tempfile::tempdir().expect("a folder");
    let key = key();
    let recordings = Recordings::new(Config { root: root.path().to_owned(), key: Some(key.clone()), archive: None })
        .expect("starts");
    let recorded = recorded(&recordings).await;
    let plain = std::fs::read(&recorded.wav).expect("a recording");
    let kept = soon(recordings.put_away(recorded)).await.expect("put away");
    let folder = root.path().join("2026-11-21/CA1");
    let mut names: Vec<_> = std::fs::read_dir(&folder).expect("there").flatten().map(|file| file.file_name()).collect();
    names.sort();
    assert_eq!(names, ["call.wav.age", "tape.jsonl.age"]);
    assert_eq!((kept.encrypted, &kept.sha256), (true, &digest(&kept.path).expect("readable")));

    let (mut audio, size) = recordings.read(&place(&kept)).expect("opens");
    assert_eq!(size, plain.len() as u64);
    // From the middle on, as a player asks for it.
    audio.seek(io::SeekFrom::Start(200_000)).expect("seeks");
    let mut rest = Vec::new();
    audio.read_to_end(&mut rest).expect("reads");
    assert_eq!(rest, plain[200_000..]);
    assert_eq!(read_tape(&folder.join("tape.jsonl.age"), Some(&key)).expect("a tape").lines().count(), 250);

    let without = self::recordings(root.path()).read(&place(&kept)).err().expect("sealed");
    assert_eq!(
        (without.kind(), without.to_string().contains("RECORDING_KEY")),
        (io::ErrorKind::PermissionDenied, true)
    );
    let other = Recordings::new(Config { root: root.path().to_owned(), key: Some(self::key()), archive: None })
        .expect("starts");
    assert_eq!(other.read(&place(&kept)).err().expect("sealed otherwise").kind(), io::ErrorKind::InvalidData);
}

#[tokio::test]
async fn a_recording_whose_header_is_behind_is_made_whole() {
    let root = tempfile::tempdir().expect("a folder");
    let recordings = recordings(root.path());
    let recorded = recorded(&recordings).await;
    let mut bytes = std::fs::read(&recorded.wav).expect("a recording");
    // As if the process had died before the header counted the last second, in the middle of a sample.
    bytes[4..8].copy_from_slice(&(4 * 64_000_u32 + 36).to_le_bytes());
    bytes[40..44].copy_from_slice(&(4 * 64_000_u32).to_le_bytes());
    bytes.push(7);
    std::fs::write(&recorded.wav, bytes).expect("written");
    let found = recordings.repair(Uuid::nil(), "CA1", NOON, 1).expect("repaired").expect("there");
    assert_eq!((found.wav.clone(), found.duration_ms, found.size_bytes), (recorded.wav, 5_000, 44 + 5 * 64_000));
    assert_eq!(samples(&found.wav).len(), 2 * 5 * 16_000);
    assert_eq!(recordings.repair(Uuid::nil(), "CA1", NOON, 2).expect("nothing there"), None);
}

#[tokio::test]
async fn a_recording_is_taken_away_with_its_tape_and_nothing_else_is() {
    let root = tempfile::tempdir().expect("a folder");
    let recordings = recordings(root.path());
    let first = recorded(&recordings).await;
    let second = recorded(&recordings).await;
    let freed = recordings.remove(&first.wav, None).await.expect("removed");
    assert!(freed > first.size_bytes, "{freed}");
    assert!(second.wav.exists() && second.wav.with_file_name("tape-2.jsonl").exists());
    assert!(!first.wav.with_file_name("tape.jsonl").exists());
    recordings.remove(&second.wav, None).await.expect("removed");
    assert_eq!(std::fs::read_dir(root.path()).expect("there").count(), 0, "no empty folders are left");
    assert_eq!(recordings.remove(&second.wav, None).await.expect("not there any more"), 0);
    for path in ["/etc/passwd", "2026-11-21/../../x"] {
        assert!(recordings.remove(&root.path().join(path), None).await.is_err(), "{path}");
    }
}
