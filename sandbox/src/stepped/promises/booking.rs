//! What is said of an appointment is true.

use engine::io::Output;
use engine::record::Row;
use engine::time::CallTime;

use crate::stepped::Stepped;
use crate::stepped::promises::Kept;
use crate::stepped::promises::facts::Facts;

/// How the example business says that an appointment is made.
const BOOKED: [&str; 3] = ["You're all set", "I've booked", "It's moved"];

/// How it says that one stands no more.
const CANCELLED: &str = "It's cancelled";

/// How it offers times.
const OFFER: &str = "I have ";

pub(super) fn one_appointment_for_a_key(facts: &Facts, stepped: &Stepped) -> Kept {
    match facts.keys.iter().find(|key| stepped.calendar.made(key) > 1) {
        Some(key) => Err(format!("{key} is there {} times", stepped.calendar.made(key))),
        None => Ok(()),
    }
}

pub(super) fn booked_is_true(facts: &Facts, _: &Stepped, _: CallTime, order: &Output) -> Kept {
    match order {
        Output::Speak { text, .. } if facts.reserved == 0 && BOOKED.iter().any(|said| text.starts_with(said)) => {
            Err(format!("{text:?}"))
        }
        _ => Ok(()),
    }
}

pub(super) fn cancelled_is_true(facts: &Facts, _: &Stepped, _: CallTime, order: &Output) -> Kept {
    match order {
        Output::Speak { text, .. } if facts.cancelled == 0 && text.starts_with(CANCELLED) => Err(format!("{text:?}")),
        _ => Ok(()),
    }
}

pub(super) fn offers_are_found(facts: &Facts, _: &Stepped, _: CallTime, order: &Output) -> Kept {
    match order {
        Output::Speak { text, .. } if facts.found == 0 && text.starts_with(OFFER) => Err(format!("{text:?}")),
        _ => Ok(()),
    }
}

pub(super) fn the_outcome_is_true(facts: &Facts, _: &Stepped, _: CallTime, order: &Output) -> Kept {
    match order {
        Output::Record(Row::Ended { outcome, .. })
            if matches!(&**outcome, "booked" | "moved") != (facts.reserved > 0) =>
        {
            Err(format!("{outcome}, with {} appointments", facts.reserved))
        }
        _ => Ok(()),
    }
}
