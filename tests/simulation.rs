//! Random callers and bad days, in virtual time. What must never happen is checked after every step.
//!
//! A failing seed is printed with the command that repeats it, and belongs into `fixtures/seeds.txt` for ever.

use std::fs;
use std::path::Path;

use engine::business::Business;
use sandbox::stepped::random::{self, Broken};

/// Calls per run of the tests. `CALLS=100000` asks for more.
const CALLS: u64 = 1_000;

#[test]
fn random_calls_break_no_promise() {
    match setting("SEED") {
        Some(seed) => check(seed..=seed),
        None => check(1..=setting("CALLS").unwrap_or(CALLS)),
    }
}

#[test]
fn seeds_that_failed_once_are_kept_and_hold() {
    let seeds = fs::read_to_string(root().join("fixtures/seeds.txt")).expect("fixtures/seeds.txt is readable");
    check(seeds.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok()));
}

#[test]
fn the_same_seed_is_the_same_call_to_the_byte() {
    let business = example_business();
    assert_eq!(random::tape(7, &business), random::tape(7, &business));
}

#[test]
fn a_tape_of_any_call_replays() {
    let business = example_business();
    for seed in 1..=200 {
        let tape = random::tape(seed, &business);
        let replayed = engine::tape::replay(&tape).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert!(replayed.outputs > 0, "seed {seed}");
    }
}

fn check(seeds: impl Iterator<Item = u64>) {
    let business = example_business();
    for seed in seeds {
        if let Err(Broken { promise, log }) = random::call(seed, &business) {
            panic!("{promise}\n\n{log}\n\nRepeat it with: SEED={seed} cargo test -p sandbox --test simulation");
        }
    }
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn example_business() -> Business {
    toml::from_str(&fs::read_to_string(root().join("business.toml")).expect("business.toml is readable"))
        .expect("business.toml is a business")
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
