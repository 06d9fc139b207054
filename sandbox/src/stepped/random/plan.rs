//! The plan of a random call: who calls, what they do when, and what goes wrong. It is made before the call, so that parts
//! of it can be left out to see whether they matter.

use std::fmt;
use std::time::Duration;

use engine::io::{Fault, Input, PhraseId, ReplyId};

use crate::stepped::random::dice::Dice;
use crate::stepped::random::thoughts;
use crate::stepped::{CalendarAnswer, Echo, Ending, Manner, ModelAnswer, SpeechAnswer, Vendors};

/// All that makes one random call.
#[derive(Debug, Clone)]
pub struct Plan {
    pub(super) from: &'static str,
    pub(super) answered_at_ms: i64,
    pub(super) has_model: bool,
    pub(super) turns_by_vendor: bool,
    pub(super) vendors: Vendors,
    pub(super) up_ms: (u64, u64),
    pub(super) down_ms: (u64, u64),
    pub(super) calendar_is_down: bool,
    /// Appointments that the caller has already.
    pub(super) standing: u64,
    /// What the caller and the world do, one after the other.
    pub(super) acts: Vec<Act>,
    pub(super) model: Vec<ModelAnswer>,
    pub(super) speech: Vec<SpeechAnswer>,
    pub(super) calendar: Vec<CalendarAnswer>,
    pub(super) manners: Vec<Manner>,
    pub(super) echoes: Vec<Echo>,
    /// Makes the choices that depend on what was heard.
    pub(super) whims: Dice,
}

/// One thing that is done, and when.
#[derive(Debug, Clone)]
pub(super) struct Act {
    pub(super) when: When,
    pub(super) what: What,
}

/// When an act is done: always after the one before it.
#[derive(Debug, Clone, Copy)]
pub(super) enum When {
    /// So long after the act before it, whatever is heard.
    After(Duration),
    /// When the caller has heard nothing of us for so long.
    AfterUs(Duration),
    /// So long after we have begun to speak.
    IntoUs(Duration),
}

#[derive(Debug, Clone)]
pub(super) enum What {
    /// Says something, fitting or not.
    Speaks,
    /// Says this.
    Says(&'static str),
    /// Says a number in pieces, with pauses of this length.
    Dictates(Duration),
    /// Makes a sound without words, so much like speech.
    Sounds(Duration, u8),
    /// Writes instead of speaking.
    Types(&'static str),
    /// Presses keys, one after the other.
    Presses(&'static str, Duration),
    HangsUp,
    StreamDrops(Option<Duration>),
    HearingFails(Fault, Duration),
    CallerStalls(Duration),
    AssistantStalls(Duration),
    CalendarIsDown(bool),
    Drains,
    /// The call is told something that makes no sense.
    Strays(Input),
}

impl Plan {
    /// The plan that the dice make.
    pub fn of(mut dice: Dice) -> Self {
        let bad_day = dice.one_in(2);
        let mut plan = Self {
            from: if dice.one_in(4) { "anonymous" } else { "+14155550123" },
            answered_at_ms: 1_795_446_000_000 + dice.below(86_400_000 * 10) as i64,
            has_model: dice.one_in(2),
            turns_by_vendor: dice.one_in(3),
            vendors: vendors(&mut dice),
            up_ms: (dice.below(200), dice.below(60)),
            down_ms: (dice.below(200), dice.below(60)),
            calendar_is_down: dice.one_in(20),
            standing: dice.below(4),
            acts: Vec::new(),
            model: (0..24).map(|_| model_answer(&mut dice)).collect(),
            speech: Vec::new(),
            calendar: Vec::new(),
            manners: Vec::new(),
            echoes: Vec::new(),
            whims: dice.clone(),
        };
        if bad_day {
            plan.speech = (0..24).map(|_| speech_answer(&mut dice)).collect();
            plan.calendar = (0..8).map(|_| calendar_answer(&mut dice)).collect();
            plan.manners = (0..24).map(|_| manner(&mut dice)).collect();
            plan.echoes = (0..200).map(|_| echo(&mut dice)).collect();
        }
        plan.acts = (0..3 + dice.below(18)).map(|_| act(&mut dice)).collect();
        if dice.one_in(3) {
            plan.acts.push(Act { when: when(&mut dice), what: What::HangsUp });
        }
        plan
    }

    /// The plan with one of its acts or bad answers less, for each there is.
    pub(super) fn smaller(&self) -> Vec<Self> {
        let mut plans: Vec<Self> = (0..self.acts.len())
            .rev()
            .map(|index| {
                let mut plan = self.clone();
                plan.acts.remove(index);
                plan
            })
            .collect();
        let without: [fn(&mut Self); 8] = [
            |plan| plan.speech.clear(),
            |plan| plan.calendar.clear(),
            |plan| plan.manners.clear(),
            |plan| plan.echoes.clear(),
            |plan| plan.vendors = Vendors::default(),
            |plan| (plan.up_ms, plan.down_ms) = ((30, 0), (30, 0)),
            |plan| plan.has_model = false,
            |plan| plan.turns_by_vendor = false,
        ];
        plans.extend(without.iter().map(|without| {
            let mut plan = self.clone();
            without(&mut plan);
            plan
        }));
        plans
    }

    /// How much there is of it: a smaller plan has less.
    pub(super) fn size(&self) -> usize {
        let odd_network = usize::from(self.up_ms != (30, 0) || self.down_ms != (30, 0));
        let odd_vendors = usize::from(self.vendors.synthesis != Vendors::default().synthesis);
        self.acts.len()
            + self.speech.len()
            + self.calendar.len()
            + self.manners.len()
            + self.echoes.len()
            + usize::from(self.has_model)
            + usize::from(self.turns_by_vendor)
            + odd_network
            + odd_vendors
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, has_model, turns_by_vendor, vendors, up_ms, down_ms, .. } = self;
        writeln!(f, "call from {from}, model {has_model}, turns by vendor {turns_by_vendor}")?;
        writeln!(f, "{vendors:?}, up {up_ms:?} ms, down {down_ms:?} ms")?;
        for Act { when, what } in &self.acts {
            writeln!(f, "  {when:?}: {what:?}")?;
        }
        let answers = [
            ("speech", format!("{:?}", self.speech)),
            ("calendar", format!("{:?}", self.calendar)),
            ("transcripts", format!("{:?}", self.manners)),
            ("marks", format!("{:?}", self.echoes)),
        ];
        answers
            .iter()
            .filter(|(_, answers)| answers != "[]")
            .try_for_each(|(of, answers)| writeln!(f, "  {of}: {answers}"))
    }
}

fn vendors(dice: &mut Dice) -> Vendors {
    Vendors {
        transcript: ms(dice, 0, 1_500),
        synthesis: ms(dice, 0, 1_200),
        model: ms(dice, 0, 2_500),
        calendar: if dice.one_in(8) { ms(dice, 0, 8_000) } else { ms(dice, 0, 80) },
    }
}

fn act(dice: &mut Dice) -> Act {
    Act { when: when(dice), what: what(dice) }
}

fn when(dice: &mut Dice) -> When {
    match dice.below(8) {
        0 | 1 => When::After(ms(dice, 0, 9_000)),
        2 => When::IntoUs(ms(dice, 0, 4_000)),
        3 => When::IntoUs(ms(dice, 0, 600)),
        4 => When::AfterUs(ms(dice, 0, 12_000)),
        _ => When::AfterUs(ms(dice, 100, 2_500)),
    }
}

fn what(dice: &mut Dice) -> What {
    match dice.below(40) {
        0 => What::Sounds(ms(dice, 20, 600), 15),
        1 => What::Sounds(ms(dice, 200, 2_500), dice.pick(&[5, 20, 35])),
        2 => What::Sounds(ms(dice, 200, 4_000), dice.pick(&[60, 90])),
        3 if dice.one_in(3) => What::Sounds(ms(dice, 5_000, 60_000), dice.pick(&[10, 60])),
        4 => What::Presses(dice.pick(&["1", "2", "0", "*", "#"]), Duration::ZERO),
        5 => What::Presses(dice.pick(&["4155552671#", "4155552671", "12", "9*3#"]), ms(dice, 20, 900)),
        6 => What::Dictates(ms(dice, 200, 1_600)),
        7 => What::Says(dice.pick(&["mm-hm", "okay", "right", "yeah"])),
        8 => What::Says(dice.pick(&["no wait", "friday instead", "what?", "stop"])),
        9 | 10 => strange(dice),
        11 => broken(dice),
        12 => stalled(dice),
        13 => What::Types(dice.pick(&[
            "a haircut tomorrow at three",
            "yes",
            "no, friday at two",
            "when are you open?",
            "bye",
        ])),
        _ => What::Speaks,
    }
}

fn strange(dice: &mut Dice) -> What {
    let gone = || Fault::Retry("gone".to_owned());
    let words = || "friday at two".to_owned();
    What::Strays(match dice.below(9) {
        0 => Input::VoiceEnded { voiced_ms: dice.below(3_000) as u32 },
        1 => Input::UtteranceEnded,
        2 => Input::Interim { text: words(), confidence: 0.3 },
        3 => Input::Final {
            text: words(),
            confidence: 0.9,
            from_ms: 0,
            to_ms: 0,
            ends_turn: dice.one_in(2),
            words: Vec::new(),
        },
        4 => Input::ReplyFailed { reply: ReplyId(dice.below(9) as u32), fault: gone() },
        5 => Input::SynthesisFailed { phrase: PhraseId(dice.below(20) as u32), fault: gone() },
        6 => Input::TurnLikelyOver { text: words() },
        7 => Input::TurnResumed,
        _ => Input::HearingStarted,
    })
}

fn broken(dice: &mut Dice) -> What {
    match dice.below(7) {
        0 => What::StreamDrops(None),
        1 | 2 => What::StreamDrops(Some(ms(dice, 0, 5_000))),
        3 => What::HearingFails(Fault::Retry("gone".to_owned()), ms(dice, 100, 8_000)),
        4 => What::HearingFails(Fault::GiveUp("no credit".to_owned()), Duration::ZERO),
        5 => What::CalendarIsDown(dice.one_in(2)),
        _ => What::Drains,
    }
}

fn stalled(dice: &mut Dice) -> What {
    match dice.below(5) {
        0 => What::CallerStalls(ms(dice, 1_000, 8_000)),
        1 if dice.one_in(3) => What::CallerStalls(Duration::from_secs(600)),
        2 | 3 => What::AssistantStalls(ms(dice, 50, 1_500)),
        _ => What::CallerStalls(ms(dice, 50, 900)),
    }
}

fn model_answer(dice: &mut Dice) -> ModelAnswer {
    let text = thoughts::thought(dice);
    match dice.below(12) {
        0 => ModelAnswer::Stalls,
        1 => ModelAnswer::Fails,
        2 => ModelAnswer::Text(
            dice.pick(&["", "I would be glad to help you with that!", "{}", r#"{"intent":"other"}"#]).to_owned(),
        ),
        3 => {
            let ending = dice.pick(&[Ending::Uncounted, Ending::Fails, Ending::Stalls]);
            ModelAnswer::Pieces { text, characters: 1 + dice.below(9) as usize, ending }
        }
        4 => {
            let cut = text.chars().take(dice.below(120) as usize).collect();
            let ending = dice.pick(&[Ending::Whole, Ending::Fails, Ending::Stalls]);
            ModelAnswer::Pieces { text: cut, characters: 7, ending }
        }
        _ => ModelAnswer::Pieces { text, characters: 4 + dice.below(40) as usize, ending: Ending::Whole },
    }
}

fn speech_answer(dice: &mut Dice) -> SpeechAnswer {
    match dice.below(20) {
        0 => SpeechAnswer::Fails,
        1 => SpeechAnswer::FailsMidway,
        2 => SpeechAnswer::NeverComes,
        3 => SpeechAnswer::NeverEnds,
        4 => SpeechAnswer::Short { percent: 10 + dice.below(90) as u8 },
        5 | 6 => SpeechAnswer::Slowly(ms(dice, 100, 3_000)),
        _ => SpeechAnswer::Whole,
    }
}

fn calendar_answer(dice: &mut Dice) -> CalendarAnswer {
    match dice.below(9) {
        0 => CalendarAnswer::Fails,
        1 => CalendarAnswer::Late(ms(dice, 500, 6_000)),
        2 => CalendarAnswer::Lost,
        3 => CalendarAnswer::Taken,
        _ => CalendarAnswer::Good,
    }
}

fn manner(dice: &mut Dice) -> Manner {
    match dice.below(20) {
        0 => Manner::WithGap,
        1 | 2 => Manner::Split,
        3 => Manner::NeverEnding,
        4 => Manner::Late(ms(dice, 100, 4_000)),
        5 => Manner::Twice,
        6 => Manner::OutOfOrder,
        7 => Manner::Vanishing,
        8 => Manner::Unfinished,
        9 => Manner::Unsure,
        10 => Manner::Eager,
        11 => Manner::TooEager,
        12 => Manner::Lost,
        _ => Manner::Well,
    }
}

fn echo(dice: &mut Dice) -> Echo {
    match dice.below(40) {
        0 => Echo::Lost,
        1 => Echo::Twice,
        2 => Echo::Late(ms(dice, 10, 1_500)),
        _ => Echo::Good,
    }
}

pub(super) fn ms(dice: &mut Dice, least: u64, most: u64) -> Duration {
    Duration::from_millis(least + dice.below(most - least + 1))
}
