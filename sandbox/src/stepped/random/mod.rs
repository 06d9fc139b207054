//! Random calls: a caller who does anything at any moment, vendors and a network with bad days, and the promises that hold
//! all the same.
//!
//! Everything comes from one seed, or from a fuzzer's bytes, so a call that breaks a promise can be repeated for ever.

mod dice;
mod everyday;
mod plan;
mod playing_out;
mod sayings;
mod thoughts;

use std::fmt::Write as _;
use std::time::Duration;

use engine::business::Business;
use engine::tape;

use crate::stepped::promises::{Broken, Promises};
pub use crate::stepped::random::dice::Dice;
pub use crate::stepped::random::everyday::log;
pub use crate::stepped::random::plan::Plan;
use crate::stepped::random::playing_out::PlayingOut;
use crate::stepped::telling;
use crate::stepped::{Log, Logged};

/// Steps after which a call counts as one that does not end.
const STEPS_MAX: u32 = 300_000;

/// When nobody has done anything for so long, a call must have ended.
const ENDS_WITHIN: Duration = Duration::from_secs(180);

/// How much of a broken call is told.
const TOLD: Duration = Duration::from_secs(20);

/// A call in which a promise was broken.
#[derive(Debug)]
pub struct Failure {
    /// What was broken first.
    pub broken: Broken,
    /// The last of the call, to be read.
    pub told: String,
}

/// Plays the call of a plan. Returns its length in steps.
///
/// # Errors
/// [`Failure`] with the first promise that did not hold.
pub fn call(plan: &Plan, business: &Business) -> Result<u32, Failure> {
    let mut playing = PlayingOut::of(plan, business);
    let mut promises = Promises::default();
    match played(&mut playing, &mut promises) {
        Ok(steps) => Ok(steps),
        Err(broken) => Err(Failure { broken, told: telling::last_of(playing.stepped.log(), TOLD) }),
    }
}

/// The smallest plan that breaks the same promise as this one, found by leaving out one thing after the other.
pub fn shrunk(plan: &Plan, promise: &'static str, business: &Business) -> Plan {
    let fails = |plan: &Plan| call(plan, business).is_err_and(|failure| failure.broken.promise == promise);
    let mut smallest = plan.clone();
    while let Some(smaller) =
        smallest.smaller().into_iter().find(|smaller| smaller.size() < smallest.size() && fails(smaller))
    {
        smallest = smaller;
    }
    smallest
}

/// The tape of a plan's call.
pub fn tape(plan: &Plan, business: &Business) -> String {
    let mut playing = PlayingOut::of(plan, business);
    for _ in 0..STEPS_MAX {
        if playing.stepped.call().is_over() || !playing.step() {
            break;
        }
    }
    taped(playing.stepped.log())
}

fn played(playing: &mut PlayingOut, promises: &mut Promises) -> Result<u32, Broken> {
    for steps in 0..STEPS_MAX {
        if playing.stepped.call().is_over() {
            return promises.look_back(&playing.stepped).map(|()| steps);
        }
        if !playing.step() || playing.quiet_for().is_some_and(|quiet| quiet > ENDS_WITHIN) {
            break;
        }
        promises.look(&playing.stepped)?;
    }
    let how = "nobody does anything any more, and it does not".to_owned();
    Err(Broken { promise: "every call ends", at: playing.stepped.now(), how })
}

fn taped(log: &Log) -> String {
    let mut text = String::new();
    for (at, logged) in log {
        let line = match logged {
            Logged::Input(input) => tape::input_line(*at, input),
            Logged::Output(output) => tape::output_line(*at, output),
        };
        let _ = writeln!(text, "{line}");
    }
    text
}
