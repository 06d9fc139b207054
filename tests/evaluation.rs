//! How well conversations go: every caller of `fixtures/evaluation/callers.txt`, by rules and with models, with words
//! heard right and wrong. No appointment may be made, moved or cancelled that its caller did not want.
//!
//! `BLESS=1 cargo test -p sandbox --test evaluation` rewrites the figures in docs/evaluation.md; `SHOW="part of a title"`
//! prints the calls of the callers with that title.

use std::fs;
use std::path::Path;

use engine::business::Business;
use sandbox::evaluation::{Mind, Persona, Played, Verdict, Wish, personas, play, report};

/// How many of a hundred words are heard wrong, and how often each caller is played with that.
const NOISES: [(u64, u64); 3] = [(5, 2), (10, 2), (20, 3)];

/// Callers of these kinds are played with noise, too: they say what they want.
const NOISY: [&str; 6] = ["plain", "hurried", "rambling", "has an appointment", "numbers and names", "hostile"];

#[test]
fn nobody_gets_what_they_did_not_want_and_the_report_is_fresh() {
    let business: Business =
        toml::from_str(&(read("business.toml") + &read("fixtures/languages/es.toml"))).expect("the example business");
    let of = |file: &str| personas(&read(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    let mut callers = of("fixtures/evaluation/callers.txt");
    assert!(callers.len() >= 120, "{} callers", callers.len());
    callers.extend(of("fixtures/evaluation/spanish.txt"));
    let mut calls = Vec::new();
    for persona in &callers {
        for mind in Mind::ALL {
            let played = play(persona, &business, mind, 0, 1);
            show(persona, mind, 0, &played);
            calls.push((persona.kind.clone(), mind, played));
            // Who obeys anybody talks for ever; the worst line is enough of that.
            let noises = NOISES.iter().filter(|(percent, _)| mind != Mind::Obedient || *percent == 20);
            let (spoken, kind) = match persona.kind.strip_prefix("in Spanish") {
                Some(kind) => (", in Spanish", if kind.is_empty() { "plain" } else { kind.trim_start_matches(", ") }),
                None => ("", &*persona.kind),
            };
            for (percent, times) in noises.filter(|_| NOISY.contains(&kind)) {
                for seed in 1..=*times {
                    let played = play(persona, &business, mind, *percent, seed);
                    show(persona, mind, *percent, &played);
                    calls.push((format!("{percent:>2} % of words wrong{spoken}"), mind, played));
                }
            }
        }
    }
    let wrong: Vec<String> = calls.iter().filter_map(told_wrong).collect();
    assert!(wrong.is_empty(), "{} of {} calls went wrong:\n\n{}", wrong.len(), calls.len(), wrong.join("\n\n"));
    for mind in [Mind::Rules, Mind::Model] {
        let plain = |call: &&(String, Mind, Played)| call.1 == mind && !call.0.contains('%');
        let missed: Vec<String> = calls.iter().filter(plain).filter_map(told_missed).collect();
        let all = calls.iter().filter(plain).count();
        assert!(
            missed.len() * 20 <= all,
            "{} of {all} got nothing by {}:\n\n{}",
            missed.len(),
            mind.name(),
            missed.join("\n\n")
        );
    }
    compare(&report(&calls));
}

fn told_wrong((kind, mind, played): &(String, Mind, Played)) -> Option<String> {
    let Verdict::Wrong(what) = &played.verdict else { return None };
    Some(format!("{kind}, {}: {what}\n{}", mind.name(), played.transcript.join("\n")))
}

fn told_missed((kind, mind, played): &(String, Mind, Played)) -> Option<String> {
    let Verdict::Missed(what) = &played.verdict else { return None };
    Some(format!("{kind}, {}: {what}\n{}", mind.name(), played.transcript.join("\n")))
}

#[expect(clippy::print_stdout, reason = "whoever asks for a call wants to see it")]
fn show(persona: &Persona, mind: Mind, percent: u64, played: &Played) {
    let Some(wanted) = std::env::var_os("SHOW") else { return };
    if persona.title.contains(&*wanted.to_string_lossy()) {
        let Played { verdict, outcome, transcript, .. } = played;
        println!(
            "{:?}, {}, {percent} %: {verdict:?}, {outcome}\n{}\n",
            persona.title,
            mind.name(),
            transcript.join("\n")
        );
    }
}

#[test]
fn callers_are_read_or_told_what_is_wrong() {
    let read = |text: &str| personas(text).map(|all| all[0].wish.clone()).map_err(|error| error.to_string());
    assert_eq!(read("caller \"a\": plain\nwants cancelled"), Ok(Wish::Cancelled));
    assert!(read("wants nothing").expect_err("no caller").contains("begin with caller"));
    assert!(read("caller \"a\": plain\nsings \"la\"").expect_err("no line").contains("line 2"));
}

/// Compares the figures between the marks of the page.
fn compare(figures: &str) {
    const BEGIN: &str = "<!-- figures -->\n";
    const END: &str = "<!-- end of figures -->";
    let page = read("docs/evaluation.md");
    let (head, rest) = page.split_once(BEGIN).expect("docs/evaluation.md has a mark where the figures begin");
    let (written, tail) = rest.split_once(END).expect("docs/evaluation.md has a mark where the figures end");
    if written == figures {
        return;
    }
    assert!(std::env::var_os("BLESS").is_some(), "docs/evaluation.md is stale (BLESS=1 accepts):\n{figures}");
    fs::write(root().join("docs/evaluation.md"), format!("{head}{BEGIN}{figures}{END}{tail}")).expect("writable");
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
