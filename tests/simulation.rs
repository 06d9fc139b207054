//! Random callers and bad days, in virtual time. What must never happen is checked after every step.
//!
//! A failing seed is printed with the command that repeats it, and belongs into `fixtures/seeds.txt` for ever. `CALLS=100000`
//! asks for more calls, `SEED=7` for one, `FROM=5000` for those from there on.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use engine::business::Business;
use sandbox::stepped::random::{self, Dice, Failure, Plan};

/// Calls per run of the tests.
const CALLS: u64 = 4_000;

/// The same with a business that speaks Spanish, too.
const CALLS_IN_TWO_LANGUAGES: u64 = 1_000;

/// The same with a business that asks for more than others do.
const CALLS_WITH_DETAILS: u64 = 1_000;

#[test]
fn random_calls_keep_every_promise() {
    check(&seeds(CALLS), &example_business());
}

#[test]
fn random_calls_in_two_languages_keep_every_promise() {
    check(&seeds(CALLS_IN_TWO_LANGUAGES), &business_in_two_languages());
}

#[test]
fn random_calls_to_a_business_with_questions_of_its_own_keep_every_promise() {
    check(&seeds(CALLS_WITH_DETAILS), &business_with_details());
}

#[test]
fn seeds_that_failed_once_are_kept_and_hold() {
    let seeds = read("fixtures/seeds.txt");
    let seeds: Vec<u64> = seeds.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect();
    check(&seeds, &example_business());
    check(&seeds, &business_in_two_languages());
    check(&seeds, &business_with_details());
}

#[test]
fn the_same_seed_is_the_same_call_to_the_byte() {
    let business = example_business();
    let tape = || random::tape(&Plan::of(Dice::of_seed(7)), &business);
    assert_eq!(tape(), tape());
}

#[test]
fn a_tape_of_any_call_replays() {
    let business = example_business();
    for seed in 1..=200 {
        let tape = random::tape(&Plan::of(Dice::of_seed(seed)), &business);
        let replayed = engine::tape::replay(&tape).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert!(replayed.outputs > 0, "seed {seed}");
    }
}

/// The seeds that the settings ask for.
fn seeds(usual: u64) -> Vec<u64> {
    let from = setting("SEED").or_else(|| setting("FROM")).unwrap_or(1);
    let calls = if setting("SEED").is_some() { 1 } else { setting("CALLS").unwrap_or(usual) };
    (from..from + calls).collect()
}

/// Plays the calls of seeds on all cores, and fails with the first few that broke a promise.
fn check(seeds: &[u64], business: &Business) {
    let (next, failures) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
                    if let Err(failure) = random::call(&Plan::of(Dice::of_seed(*seed)), business) {
                        failures.lock().unwrap_or_else(PoisonError::into_inner).push((*seed, failure));
                    }
                }
            });
        }
    });
    let mut failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    failures.sort_by_key(|(seed, _)| *seed);
    assert!(
        failures.is_empty(),
        "{} of {} calls broke a promise\n\n{}",
        failures.len(),
        seeds.len(),
        list(&failures, business)
    );
}

/// Each promise that was broken: how often, and the first call that shows it.
fn list(failures: &[(u64, Failure)], business: &Business) -> String {
    let mut by_promise: BTreeMap<&str, Vec<&(u64, Failure)>> = BTreeMap::new();
    for failure in failures {
        by_promise.entry(failure.1.broken.promise).or_default().push(failure);
    }
    let counted = by_promise.iter().map(|(promise, failures)| {
        let seeds: Vec<String> = failures.iter().take(8).map(|(seed, _)| seed.to_string()).collect();
        format!("{:>6}  {promise} ({})", failures.len(), seeds.join(" "))
    });
    let shown = by_promise.values().map(|failures| told(failures[0].0, &failures[0].1, business));
    counted.chain(shown).collect::<Vec<_>>().join("\n")
}

fn told(seed: u64, failure: &Failure, business: &Business) -> String {
    let promise = failure.broken.promise;
    let smallest = random::shrunk(&Plan::of(Dice::of_seed(seed)), promise, business);
    let again = random::call(&smallest, business).expect_err("what was left out did not matter");
    format!(
        "\n{promise}: {}\n\nThe smallest call that shows it:\n{smallest}\n{}\nRepeat it with: SEED={seed} cargo test -p sandbox --test simulation",
        again.broken.how, again.told,
    )
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn example_business() -> Business {
    toml::from_str(&read("business.toml")).expect("business.toml is a business")
}

fn business_with_details() -> Business {
    toml::from_str(&(read("business.toml") + &read("fixtures/details.toml"))).expect("a business")
}

fn business_in_two_languages() -> Business {
    toml::from_str(&(read("business.toml") + &read("fixtures/languages/es.toml"))).expect("a business")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect("a file of the project")
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
