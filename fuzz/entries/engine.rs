//! Bytes for the engine: what a model writes, marks, tapes, and whole calls.
//!
//! The fuzzer and the test that replays its corpus both come in here.

#![allow(dead_code, reason = "each target is a program of its own and uses one of these")]

use std::sync::LazyLock;

use engine::audio::mark::Mark;
use engine::business::Business;
use engine::thinking::slots::{Slot, Slots};
use sandbox::stepped::random::{self, Dice, Plan};

static BUSINESS: LazyLock<Business> =
    LazyLock::new(|| toml::from_str(include_str!("../../business.toml")).expect("business.toml is a business"));

/// A model's answer means the same however it is cut.
pub(crate) fn slots(bytes: &[u8]) {
    let Some((cut, text)) = bytes.split_first() else { return };
    // Past a bound an answer is refused by the piece, and how long those are does matter.
    let text = String::from_utf8_lossy(&text[..text.len().min(1_000)]);
    let characters: Vec<char> = text.chars().collect();
    let pieces: Vec<String> =
        characters.chunks(usize::from(*cut % 16) + 1).map(|piece| piece.iter().collect()).collect();
    assert_eq!(closed(&[text.into_owned()]), closed(&pieces));
}

/// What closes while pieces are read, as far as they make sense, and whether the answer is whole then.
fn closed(pieces: &[String]) -> (Vec<Slot>, Option<bool>) {
    let (mut slots, mut new) = (Slots::default(), Vec::new());
    let makes_sense = pieces.iter().all(|piece| slots.push(piece, &mut new).is_ok());
    new.retain(|slot| matches!(slot, Slot::Closed { .. }));
    (new, makes_sense.then(|| slots.is_whole()))
}

/// Anybody can write a mark's name; what is read is written the same.
pub(crate) fn mark(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(mark) = text.parse::<Mark>() {
        assert_eq!(mark.to_string().parse(), Ok(mark));
    }
}

/// A tape may be damaged anywhere: then it says where, or differs.
pub(crate) fn tape(bytes: &[u8]) {
    let _ = engine::tape::replay(&String::from_utf8_lossy(bytes));
}

/// Bytes are choices of the caller, the vendors and the network: every promise holds.
pub(crate) fn call(bytes: &[u8]) {
    let plan = Plan::of(Dice::of_bytes(bytes));
    if let Err(failure) = random::call(&plan, &BUSINESS) {
        let small = random::shrunk(&plan, failure.broken.promise, &BUSINESS);
        panic!("{}: {}\n{small}\n{}", failure.broken.promise, failure.broken.how, failure.told);
    }
}
