//! What must hold in every call, whoever calls and whatever fails. Each promise is a small function with a name; they are
//! looked at after every step.
//!
//! | file | about |
//! |---|---|
//! | `orders` | time, ids and generations count up; nothing is ordered after the end |
//! | `turns` | turns are answered, stops are decided, nobody is talked over, no line goes dead |
//! | `heard` | what is written down as heard, and what is gone on with, is what Twilio played |
//! | `booking` | what is said of an appointment is true |
//! | `asking` | the model is asked one thing at a time, and nothing is left open |

mod asking;
mod booking;
mod facts;
mod heard;
mod orders;
mod turns;

use engine::io::Output;
use engine::time::CallTime;

use crate::stepped::promises::facts::Facts;
use crate::stepped::{Logged, Stepped};

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Its name, as a sentence.
    pub promise: &'static str,
    /// When.
    pub at: CallTime,
    /// How.
    pub how: String,
}

type Kept = Result<(), String>;

/// When a promise is looked at.
enum Look {
    /// Before an order is carried out.
    AtOrder(fn(&Facts, &Stepped, CallTime, &Output) -> Kept),
    /// Whenever anything has happened.
    Always(fn(&Facts, &Stepped, CallTime) -> Kept),
    /// When the call is over.
    AtTheEnd(fn(&Facts, &Stepped) -> Kept),
}

const PROMISES: [(&str, Look); 31] = [
    ("time never runs back", Look::Always(orders::time_never_runs_back)),
    ("phrases count up", Look::AtOrder(orders::phrases_count_up)),
    ("a clear begins a new generation", Look::AtOrder(orders::clears_count_up)),
    ("nothing is said for a generation that was cleared", Look::AtOrder(orders::phrases_belong_to_the_generation)),
    ("what is said has words", Look::AtOrder(orders::what_is_said_has_words)),
    ("nothing is said while the line is down", Look::AtOrder(orders::nothing_while_the_line_is_down)),
    ("nothing is ordered after the end", Look::AtOrder(orders::nothing_after_the_end)),
    ("the end is written down once", Look::AtTheEnd(orders::one_end)),
    ("no chart meets an event that it does not know", Look::Always(orders::charts_know_their_events)),
    ("queues keep their bounds", Look::Always(orders::queues_keep_their_bounds)),
    ("the model is told no more than it is meant to read", Look::AtOrder(orders::requests_keep_their_bounds)),
    ("a call that is not over waits for something", Look::Always(orders::something_is_waited_for)),
    ("one voice at a time is heard of us", Look::Always(heard::one_voice_at_a_time)),
    ("no frame of a cleared generation is heard after its clear", Look::Always(heard::no_frame_after_its_clear)),
    ("a stop is decided within half a second", Look::Always(turns::stops_are_decided)),
    ("a caller who goes on is not talked over", Look::AtOrder(turns::nobody_is_talked_over)),
    ("every turn is answered", Look::Always(turns::turns_are_answered)),
    ("the line does not go dead", Look::Always(turns::no_dead_air)),
    ("what goes on begins where the caller stopped hearing", Look::AtOrder(heard::going_on_fits)),
    ("only what was ordered is written down as said", Look::AtOrder(heard::rows_match_orders)),
    ("everything that was ordered is written down", Look::AtTheEnd(heard::orders_match_rows)),
    ("nothing counts as heard that was not played", Look::AtOrder(heard::nothing_unplayed_was_heard)),
    ("what was played counts as heard", Look::AtOrder(heard::what_was_played_was_heard)),
    ("an appointment is made once", Look::AtTheEnd(booking::one_appointment_for_a_key)),
    ("booked is said of what is booked", Look::AtOrder(booking::booked_is_true)),
    ("cancelled is said of what is cancelled", Look::AtOrder(booking::cancelled_is_true)),
    ("times are offered that the calendar found", Look::AtOrder(booking::offers_are_found)),
    ("a call ends as booked when it booked", Look::AtOrder(booking::the_outcome_is_true)),
    ("one request is in flight at most", Look::AtOrder(asking::one_at_a_time)),
    ("every request is finished, failed or cancelled", Look::AtTheEnd(asking::nothing_is_left_open)),
    ("an appointment being made is waited for", Look::AtOrder(asking::reservations_are_waited_for)),
];

/// Looks at a call step by step.
#[derive(Default)]
pub struct Promises {
    facts: Facts,
    seen: usize,
}

impl Promises {
    /// Looks at what the last step brought.
    ///
    /// # Errors
    /// The first promise that is broken.
    pub fn look(&mut self, stepped: &Stepped) -> Result<(), Broken> {
        let log = stepped.log();
        for (at, logged) in &log[self.seen..] {
            if let Logged::Output(order) = logged {
                check(*at, |look| match look {
                    Look::AtOrder(keeps) => keeps(&self.facts, stepped, *at, order),
                    _ => Ok(()),
                })?;
            }
            self.facts.take(*at, logged, stepped);
        }
        self.seen = log.len();
        let now = stepped.now();
        self.facts.stepped_to(now, stepped);
        check(now, |look| match look {
            Look::Always(keeps) => keeps(&self.facts, stepped, now),
            _ => Ok(()),
        })
    }

    /// Looks back at a call that is over.
    ///
    /// # Errors
    /// The first promise that is broken.
    pub fn look_back(&self, stepped: &Stepped) -> Result<(), Broken> {
        check(stepped.now(), |look| match look {
            Look::AtTheEnd(keeps) => keeps(&self.facts, stepped),
            _ => Ok(()),
        })
    }
}

fn check(at: CallTime, keeps: impl Fn(&Look) -> Kept) -> Result<(), Broken> {
    for (promise, look) in &PROMISES {
        if let Err(how) = keeps(look) {
            return Err(Broken { promise, at, how });
        }
    }
    Ok(())
}
