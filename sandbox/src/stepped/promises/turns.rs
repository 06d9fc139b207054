//! Turns are answered, stops are decided, nobody is talked over, and the line does not go dead.

use std::time::Duration;

use engine::io::Output;
use engine::time::CallTime;

use crate::stepped::Stepped;
use crate::stepped::promises::Kept;
use crate::stepped::promises::facts::Facts;

/// From a stop to what comes of it.
const DECISION_MAX: Duration = Duration::from_millis(500);

/// From the end of a turn to an answer, or a word that it takes a moment.
const ANSWER_MAX: Duration = Duration::from_millis(3_500);

/// The longest that nobody hears anything while the line is up. Eight seconds are the caller's to think, three are waited
/// for a mark that was lost, and the rest is what the slowest voice and network here take before the reminder is heard.
const DEAD_AIR_MAX: Duration = Duration::from_secs(14);

/// Words that came so long ago are no sign that the caller goes on.
const GOING_ON: Duration = Duration::from_millis(700);

pub(super) fn stops_are_decided(facts: &Facts, _: &Stepped, now: CallTime) -> Kept {
    match facts.held_since {
        Some(since) if now.since(since) > DECISION_MAX => Err(format!("not since {since:.3}")),
        _ => Ok(()),
    }
}

/// The goodbye of a call that ends whatever happens is said into anything.
pub(super) fn nobody_is_talked_over(facts: &Facts, stepped: &Stepped, at: CallTime, order: &Output) -> Kept {
    let Output::Speak { text, .. } = order else { return Ok(()) };
    let grew = facts.voice.words_at.filter(|grew| facts.voice.is_on && at.since(*grew) < GOING_ON);
    match grew {
        Some(grew) if !stepped.call().is_closing() => {
            Err(format!("{text:?}, while a voice goes on since {:.3} with words at {grew:.3}", facts.voice.since))
        }
        _ => Ok(()),
    }
}

pub(super) fn turns_are_answered(facts: &Facts, _: &Stepped, now: CallTime) -> Kept {
    match facts.turn_since {
        Some(since) if now.since(since) > ANSWER_MAX => Err(format!("the one of {since:.3} is not")),
        _ => Ok(()),
    }
}

pub(super) fn no_dead_air(facts: &Facts, _: &Stepped, now: CallTime) -> Kept {
    if facts.ends > 0 || now.since(facts.stirred_at) <= DEAD_AIR_MAX {
        return Ok(());
    }
    Err(format!("nothing was heard since {:.3}", facts.stirred_at))
}
