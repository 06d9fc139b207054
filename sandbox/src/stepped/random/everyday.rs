//! Callers as they are on most days: they answer what they are asked, more or less, and sometimes cut in.

use std::time::Duration;

use engine::business::Business;
use statecharts::proposal::Slot;

use crate::stepped::random::dice::Dice;
use crate::stepped::random::plan::{Act, Plan, What, When, ms};
use crate::stepped::random::{PlayingOut, STEPS_MAX};
use crate::stepped::{Log, Vendors};

/// Numbers that are nobody's (555-01xx).
const CALLERS: [&str; 16] = [
    "+14155550101",
    "+14155550118",
    "+14155550123",
    "+14155550137",
    "+12125550104",
    "+12125550142",
    "+12125550166",
    "+12125550187",
    "+16465550111",
    "+16465550129",
    "+16465550175",
    "+17185550103",
    "+17185550158",
    "+17185550190",
    "+19175550126",
    "anonymous",
];

/// How a call begins.
const OPENINGS: [&str; 8] = [
    "Hi, I'd like a haircut on tuesday at ten.",
    "a haircut tomorrow at three",
    "I need a beard trim",
    "I want to book a coloring",
    "a haircut on wednesday at eleven please",
    "do you have parking",
    "how much is it",
    "a haircut please",
];

impl Plan {
    /// A caller of an ordinary day who is answered at a moment, in milliseconds since 1970. The rules carry the call:
    /// no model is stepped that would make sense.
    pub fn everyday(mut dice: Dice, answered_at_ms: i64) -> Self {
        let mut plan = Self {
            from: dice.pick(&CALLERS),
            answered_at_ms,
            has_model: false,
            turns_by_vendor: false,
            vendors: Vendors {
                transcript: ms(&mut dice, 180, 520),
                synthesis: ms(&mut dice, 80, 420),
                ..Vendors::default()
            },
            up_ms: (20 + dice.below(40), dice.below(20)),
            down_ms: (20 + dice.below(40), dice.below(20)),
            standing: 0,
            calendar_is_down: false,
            acts: Vec::new(),
            model: Vec::new(),
            speech: Vec::new(),
            calendar: Vec::new(),
            manners: Vec::new(),
            echoes: Vec::new(),
            whims: dice.clone(),
        };
        plan.acts.push(Act { when: When::After(ms(&mut dice, 4_200, 6_500)), what: What::Says(dice.pick(&OPENINGS)) });
        for _ in 0..5 + dice.below(6) {
            let cuts_in = dice.one_in(7);
            let when = if cuts_in {
                When::IntoUs(ms(&mut dice, 700, 1_800))
            } else {
                When::AfterUs(ms(&mut dice, 250, 1_500))
            };
            plan.acts.push(Act { when, what: What::Speaks });
        }
        plan.acts.push(Act { when: When::AfterUs(Duration::from_secs(2)), what: What::HangsUp });
        plan
    }
}

/// Everything that went in and out in the call of a plan, where these times were taken before.
pub fn log(plan: &Plan, business: &Business, taken: &[(Slot, i64)]) -> Log {
    let mut playing = PlayingOut::of(plan, business);
    for (slot, minutes) in taken {
        playing.stepped.calendar.fill(slot, *minutes);
    }
    for _ in 0..STEPS_MAX {
        if playing.stepped.call().is_over() || !playing.step() {
            break;
        }
    }
    playing.stepped.log().clone()
}
