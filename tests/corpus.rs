//! Everything the fuzzer found worth keeping, once more: no input makes a reader panic, nor a call break a promise.

use std::fs;
use std::path::Path;

#[path = "../fuzz/entries/engine.rs"]
mod engine_entries;
#[path = "../fuzz/entries/gateway.rs"]
mod gateway_entries;

use engine_entries::{call, mark, slots, tape};
use gateway_entries::{answer, hearing, twilio};

#[test]
fn messages_of_a_media_stream_are_read_or_refused() {
    replay("twilio", twilio);
}

#[test]
fn messages_of_a_recognizer_are_read_or_refused() {
    replay("hearing", hearing);
}

#[test]
fn answers_of_a_model_are_read_or_refused() {
    replay("answer", answer);
}

#[test]
fn what_a_model_writes_means_the_same_however_it_is_cut() {
    replay("slots", slots);
}

#[test]
fn marks_are_read_as_they_are_written() {
    replay("mark", mark);
}

#[test]
fn damaged_tapes_are_refused() {
    replay("tape", tape);
}

#[test]
fn calls_made_of_bytes_keep_every_promise() {
    replay("call", call);
}

fn replay(target: &str, entry: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut inputs = 0;
    for file in fs::read_dir(&folder).expect("the corpus is there") {
        let path = file.expect("an entry is readable").path();
        let bytes = fs::read(&path).expect("an input is readable");
        if let Err(panic) = std::panic::catch_unwind(|| entry(&bytes)) {
            eprintln!("{} does it", path.display());
            std::panic::resume_unwind(panic);
        }
        inputs += 1;
    }
    assert!(inputs > 0, "{} is empty", folder.display());
}
