//! Time, ids and generations count up, and nothing is ordered after the end.

use engine::io::Output;
use engine::time::CallTime;

use crate::stepped::Stepped;
use crate::stepped::promises::Kept;
use crate::stepped::promises::facts::Facts;

/// Messages that a request holds at most: instructions, the conversation, the turn.
const MESSAGES_MAX: usize = 64;

pub(super) fn time_never_runs_back(facts: &Facts, _: &Stepped, now: CallTime) -> Kept {
    if now < facts.last_at { Err(format!("from {} to {now}", facts.last_at)) } else { Ok(()) }
}

pub(super) fn phrases_count_up(facts: &Facts, _: &Stepped, _: CallTime, order: &Output) -> Kept {
    match order {
        Output::Speak { phrase, .. } if facts.last_phrase.is_some_and(|last| *phrase <= last) => {
            Err(format!("{} comes after {:?}", phrase.0, facts.last_phrase))
        }
        _ => Ok(()),
    }
}

pub(super) fn clears_count_up(facts: &Facts, _: &Stepped, _: CallTime, order: &Output) -> Kept {
    match order {
        Output::ClearPlayout { generation } if *generation <= facts.generation => {
            Err(format!("{generation} comes after {}", facts.generation))
        }
        _ => Ok(()),
    }
}

pub(super) fn phrases_belong_to_the_generation(facts: &Facts, _: &Stepped, _: CallTime, order: &Output) -> Kept {
    match order {
        Output::Speak { generation, text, .. } if *generation != facts.generation => {
            Err(format!("{text:?} is of generation {generation}, and {} has begun", facts.generation))
        }
        _ => Ok(()),
    }
}

pub(super) fn what_is_said_has_words(_: &Facts, _: &Stepped, _: CallTime, order: &Output) -> Kept {
    match order {
        Output::Speak { text, .. } if text.trim().is_empty() => Err("an empty phrase".to_owned()),
        _ => Ok(()),
    }
}

pub(super) fn nothing_after_the_end(facts: &Facts, _: &Stepped, _: CallTime, order: &Output) -> Kept {
    if facts.ends > 0 { Err(format!("{order:?}")) } else { Ok(()) }
}

/// What is said in the moment of the drop is taken back in the same.
pub(super) fn nothing_while_the_line_is_down(facts: &Facts, _: &Stepped, at: CallTime, order: &Output) -> Kept {
    match order {
        Output::Speak { text, .. } if facts.down_since.is_some_and(|down| down < at) => Err(format!("{text:?}")),
        _ => Ok(()),
    }
}

pub(super) fn one_end(facts: &Facts, _: &Stepped) -> Kept {
    if facts.ends == 1 { Ok(()) } else { Err(format!("{} times", facts.ends)) }
}

pub(super) fn charts_know_their_events(_: &Facts, stepped: &Stepped, _: CallTime) -> Kept {
    match stepped.call().unhandled() {
        0 => Ok(()),
        count => Err(format!("{count} of them")),
    }
}

pub(super) fn queues_keep_their_bounds(_: &Facts, stepped: &Stepped, _: CallTime) -> Kept {
    match stepped.refused() {
        0 => Ok(()),
        count => Err(format!("{count} phrases found no room in the playout")),
    }
}

pub(super) fn requests_keep_their_bounds(_: &Facts, _: &Stepped, _: CallTime, order: &Output) -> Kept {
    match order {
        Output::StartReply { messages, .. } if messages.len() > MESSAGES_MAX => {
            Err(format!("{} messages", messages.len()))
        }
        _ => Ok(()),
    }
}

pub(super) fn something_is_waited_for(_: &Facts, stepped: &Stepped, _: CallTime) -> Kept {
    if stepped.call().is_over() || stepped.call().deadline().is_some() {
        return Ok(());
    }
    Err("no timer is set".to_owned())
}
