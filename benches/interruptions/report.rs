//! The figures of all interruptions.

use std::time::Duration;

use crate::compared::{Compared, Outcome};

pub fn print(all: &[Compared]) {
    let made: Vec<&Compared> = all.iter().filter(|one| one.outcome != Outcome::TooLate).collect();
    let (listeners, interrupters): (Vec<&Compared>, Vec<&Compared>) = made.iter().partition(|one| one.listens);
    println!("\n{} spoken into, {} of them just as we fell silent", all.len(), all.len() - made.len());
    times("voice began → clear at Twilio", made.iter().filter_map(|one| one.stopped_after));
    times("stop → verdict, at the gateway", made.iter().filter_map(|one| one.decided_after));
    positions(&made);
    words(&made);
    println!("interruptions: {}", interrupters.len());
    count("  gone on over: missed", &interrupters, |one| one.outcome == Outcome::WentOn);
    count("  not stopped for: missed", &interrupters, |one| one.outcome == Outcome::NotStopped);
    count("  undecided when the call was over", &interrupters, |one| one.outcome == Outcome::Undecided);
    count("  talked over for 100 ms and more", &interrupters, |one| one.talked_over >= Duration::from_millis(100));
    let (into_questions, others): (Vec<&Compared>, Vec<&Compared>) =
        listeners.iter().partition(|one| one.into_question);
    println!("listeners: {}", listeners.len());
    let unmoved = |one: &Compared| matches!(one.outcome, Outcome::WentOn | Outcome::NotStopped);
    count("  gone on over, or never stopped for", &others, unmoved);
    count("  the same of those who spoke into a question", &into_questions, unmoved);
    let went_on: Vec<&Compared> = made.iter().copied().filter(|one| one.went_on_at.is_some()).collect();
    let off = |one: &Compared| one.went_on_at.map_or(0, |(at, due)| at.abs_diff(due));
    count("gone on from the word that was due", &went_on, |one| off(one) == 0);
    count("gone on from that or one beside it", &went_on, |one| off(one) <= 1);
}

pub fn print_one(one: &Compared) {
    let ms = |took: Option<Duration>| took.map(|took| took.as_millis());
    println!(
        "{} {:>7.3} {:<12} {:?}, clear after {:?} ms, verdict after {:?} ms, ahead {:.0?} ms, words {:?}, went on {:?}",
        one.call_sid,
        one.onset.as_secs_f64(),
        one.what,
        one.outcome,
        ms(one.stopped_after),
        ms(one.decided_after),
        one.ahead_ms,
        one.words,
        one.went_on_at
    );
}

fn positions(made: &[&Compared]) {
    let ahead: Vec<f64> = made.iter().flat_map(|one| one.ahead_ms.iter().copied()).collect();
    let early = ahead.iter().filter(|ms| **ms < -20.0).count();
    let late = ahead.iter().filter(|ms| **ms > 20.0).count();
    spread("heard position, off by", ahead.iter().map(|ms| ms.abs()).collect());
    println!("  of them claimed more than 20 ms too little {early}, too much {late}");
}

fn words(made: &[&Compared]) {
    let cut: Vec<&Compared> = made.iter().copied().filter(|one| one.words.is_some()).collect();
    let off = |one: &Compared| one.words.map_or(0, |(claimed, true_)| claimed.abs_diff(true_));
    count("right word at the cut", &cut, |one| off(one) == 0);
    count("right word or one beside it", &cut, |one| off(one) <= 1);
    count("right word, if word ends were known", &cut, |one| {
        one.words_at_claim.is_some_and(|at_claim| one.words.is_some_and(|(_, true_)| at_claim == true_))
    });
    let clear: Vec<&Compared> =
        cut.iter().copied().filter(|one| one.margin_ms.is_some_and(|margin| margin >= 60.0)).collect();
    count("right word, cut 60 ms and more from where it changes", &clear, |one| off(one) == 0);
}

fn count(what: &str, of: &[&Compared], is_it: impl Fn(&Compared) -> bool) {
    let found = of.iter().filter(|one| is_it(one)).count();
    let percent = if of.is_empty() { 0.0 } else { found as f64 * 100.0 / of.len() as f64 };
    println!("{what}: {found} of {}, {percent:.1} %", of.len());
}

fn times(what: &str, figures: impl Iterator<Item = Duration>) {
    spread(what, figures.map(|took| took.as_secs_f64() * 1_000.0).collect());
}

fn spread(what: &str, mut figures: Vec<f64>) {
    figures.sort_by(f64::total_cmp);
    let at = |part: f64| figures[((figures.len() as f64 * part).ceil() as usize).clamp(1, figures.len()) - 1];
    match figures.len() {
        0 => println!("{what}: none"),
        count => {
            println!(
                "{what}: p50 {:.0}, p95 {:.0}, p99 {:.0}, max {:.0} ms ({count})",
                at(0.5),
                at(0.95),
                at(0.99),
                at(1.0)
            );
        }
    }
}
