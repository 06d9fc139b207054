//! The model and the calendar are asked one thing at a time, and nothing is left open.

use engine::io::Output;
use engine::time::CallTime;

use crate::stepped::Stepped;
use crate::stepped::promises::Kept;
use crate::stepped::promises::facts::Facts;

pub(super) fn one_at_a_time(facts: &Facts, _: &Stepped, _: CallTime, order: &Output) -> Kept {
    match order {
        Output::StartReply { reply, .. } if !facts.asked.is_empty() => {
            Err(format!("{} is asked while {:?} is open", reply.0, facts.asked))
        }
        _ => Ok(()),
    }
}

pub(super) fn nothing_is_left_open(facts: &Facts, _: &Stepped) -> Kept {
    if facts.asked.is_empty() { Ok(()) } else { Err(format!("{:?} is not", facts.asked)) }
}

/// Whoever asks the calendar something else no longer hears whether the appointment was made.
pub(super) fn reservations_are_waited_for(facts: &Facts, _: &Stepped, _: CallTime, order: &Output) -> Kept {
    match order {
        Output::FindTimes { query, .. } | Output::ReserveSlot { query, .. } if facts.reserving.is_some() => {
            Err(format!("{} is asked while {:?} is being reserved", query.0, facts.reserving))
        }
        _ => Ok(()),
    }
}
