//! Plays out a plan: each act at its moment, and the stepped world in between.

use std::time::Duration;

use engine::business::Business;
use engine::io::{Answered, Input, Output};
use engine::time::CallTime;
use statecharts::proposal::Slot;

use crate::stepped::random::plan::{Act, Plan, What, When, ms};
use crate::stepped::random::sayings;
use crate::stepped::{Logged, Stepped, Way};

/// How long a letter takes a caller to say.
const LETTER: Duration = Duration::from_millis(55);

/// What a caller has booked before, as far as they have.
const STANDING: [(&str, &str); 3] =
    [("2026-12-09T10:00", "haircut"), ("2026-12-10T11:30", "beard_trim"), ("2026-12-11T09:30", "coloring")];

/// A call being played out.
pub(super) struct PlayingOut {
    pub(super) stepped: Stepped,
    plan: Plan,
    /// The business speaks Spanish, too, and so may the caller, from one turn to the next.
    in_two_languages: bool,
    next: usize,
    /// When the last act is over, as far as it has a length.
    acted_until: CallTime,
}

impl PlayingOut {
    pub(super) fn of(plan: &Plan, business: &Business) -> Self {
        let mut stepped = Stepped::of(Answered {
            call_sid: "CA00000000000000000000000000000001".to_owned(),
            stream_sid: "MZ00000000000000000000000000000001".to_owned(),
            from: plan.from.to_owned(),
            to: "+12125550100".to_owned(),
            answered_at_ms: plan.answered_at_ms,
            business: business.clone(),
            turns_by_vendor: plan.turns_by_vendor,
            has_model: plan.has_model,
            longest_ms: None,
            reminds: None,
            language: None,
        });
        stepped.vendors = plan.vendors.clone();
        stepped.calendar.is_down = plan.calendar_is_down;
        for (slot, service) in STANDING.iter().take(plan.standing as usize) {
            let slot = Slot((*slot).to_owned());
            stepped.calendar.book(service, &slot, "Ada Lovelace", "+14155550123");
        }
        stepped.calendar.answers = plan.calendar.iter().copied().collect();
        stepped.model = plan.model.iter().cloned().collect();
        stepped.manners = plan.manners.iter().copied().collect();
        *stepped.speech_answers() = plan.speech.iter().copied().collect();
        let line = stepped.line();
        line.echoes = plan.echoes.iter().copied().collect();
        line.up = way(plan.up_ms);
        line.down = way(plan.down_ms);
        Self {
            stepped,
            plan: plan.clone(),
            in_two_languages: !business.languages.is_empty(),
            next: 0,
            acted_until: CallTime::ZERO,
        }
    }

    /// Lets the next thing happen. Returns false when nothing is left to happen.
    pub(super) fn step(&mut self) -> bool {
        let next = self.stepped.next_at();
        match self.due() {
            Some(due) if next.is_none_or(|next| due < next) => {
                self.act(due);
                true
            }
            _ => self.stepped.step(),
        }
    }

    /// Whether all that was planned was done, and how long ago.
    pub(super) fn quiet_for(&self) -> Option<Duration> {
        (self.next == self.plan.acts.len()).then(|| self.stepped.now().since(self.acted_until))
    }

    fn due(&self) -> Option<CallTime> {
        let after = self.acted_until;
        let due = match self.plan.acts.get(self.next)?.when {
            When::After(pause) => after + pause,
            When::AfterUs(pause) => self.stepped.twilio().played_until().max(after) + pause,
            When::IntoUs(pause) => self.stepped.twilio().spurt_began().filter(|began| *began >= after)? + pause,
        };
        Some(due.max(self.stepped.now()))
    }

    fn act(&mut self, at: CallTime) {
        let Act { what, .. } = self.plan.acts[self.next].clone();
        self.next += 1;
        let lasts = self.does(at, what);
        self.acted_until = at + lasts;
    }

    /// Does something, and says how long that takes.
    fn does(&mut self, at: CallTime, what: What) -> Duration {
        let stepped = &mut self.stepped;
        match what {
            What::Speaks => {
                let words = sayings::saying(&mut self.plan.whims, last_said(stepped), self.in_two_languages);
                return self.says(at, words);
            }
            What::Says(words) => return self.says(at, words),
            What::Dictates(pause) => return self.dictates(at, pause),
            What::Sounds(lasts, percent) => {
                stepped.sounds(at, lasts, percent);
                return lasts;
            }
            What::Types(words) => stepped.types(at, words),
            What::Presses(keys, gap) => {
                for (place, key) in keys.chars().enumerate() {
                    stepped.presses(at + gap * place as u32, key);
                }
                return gap * keys.len() as u32;
            }
            What::HangsUp => stepped.hangs_up(at),
            What::StreamDrops(back) => {
                stepped.drops(at);
                back.into_iter().for_each(|after| stepped.resumes(at + after));
            }
            What::HearingFails(fault, back) => {
                stepped.put(at, Input::HearingFailed(fault));
                stepped.put(at + back, Input::HearingStarted);
            }
            What::CallerStalls(lasts) => stepped.stalls(at, lasts),
            What::AssistantStalls(lasts) => stepped.stalls_down(at, lasts),
            What::CalendarIsDown(is_down) => stepped.calendar.is_down = is_down,
            What::Drains => stepped.put(at, Input::Draining),
            What::Strays(input) => stepped.put(at, input),
        }
        Duration::ZERO
    }

    fn says(&mut self, at: CallTime, words: &str) -> Duration {
        let lasts = Duration::from_millis(200) + LETTER * words.len() as u32;
        self.stepped.says(at, words, lasts);
        lasts
    }

    fn dictates(&mut self, at: CallTime, pause: Duration) -> Duration {
        let mut lasts = Duration::ZERO;
        for piece in ["four one five", "five five five", "two six", "seven one"] {
            lasts += self.says(at + lasts, piece) + ms(&mut self.plan.whims, 0, 200) + pause;
        }
        lasts
    }
}

fn last_said(stepped: &Stepped) -> Option<&str> {
    stepped.log().iter().rev().find_map(|(_, logged)| match logged {
        Logged::Output(Output::Speak { text, .. }) => Some(text.as_str()),
        _ => None,
    })
}

fn way((delay_ms, jitter_ms): (u64, u64)) -> Way {
    Way::of(Duration::from_millis(delay_ms), Duration::from_millis(jitter_ms))
}
