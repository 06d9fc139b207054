//! Random calls: a caller who does anything at any moment, vendors with bad days, and the promises that hold all the same.
//!
//! Everything comes from one seed, so a call that breaks a promise can be repeated for ever.

use std::fmt::Write as _;
use std::time::Duration;

use engine::business::Business;
use engine::io::{Fault, Input, Output, PhraseId, ReplyId};
use engine::record::Row;
use engine::tape;
use engine::time::CallTime;

use crate::stepped::{Log, Logged, ModelAnswer, Stepped};

/// What random callers say. None of it need make sense where it is said.
const SAYINGS: [&str; 30] = [
    "Hi, I'd like a haircut on tuesday at ten.",
    "a haircut please",
    "I want to book a coloring",
    "tomorrow at three",
    "next friday morning",
    "the earliest you have",
    "the first one",
    "the second one please",
    "Ada Lovelace",
    "my name is Grace Hopper",
    "yes",
    "yes please",
    "no",
    "no that's all thank you",
    "goodbye",
    "actually make that friday at two",
    "how much is it",
    "where are you",
    "do you have parking",
    "what's the meaning of life",
    "can I talk to a person",
    "mm-hm",
    "okay",
    "wait",
    "eight o'clock",
    "four one five five five five two six seven one",
    "saturday at four thirty in the morning",
    "yesterday",
    "uh",
    "I would like um to have well a trim I think on wednesday or maybe thursday at noon if you can",
];

/// The longest a caller who has stopped speaking may hear nothing, while the line is up and nobody is being waited for.
const DEAD_AIR_MAX: Duration = Duration::from_secs(9);

/// A promise that was broken, and the call in which it was.
#[derive(Debug)]
pub struct Broken {
    /// What should never happen.
    pub promise: String,
    /// The call up to there, as a tape.
    pub log: String,
}

/// Plays the call of a seed.
///
/// # Errors
/// [`Broken`] with the first promise that did not hold.
pub fn call(seed: u64, business: &Business) -> Result<(), Broken> {
    let mut stepped = prepared(seed, business);
    let mut watch = Watch::default();
    for _ in 0..100_000 {
        if stepped.call().is_over() {
            return watch.at_the_end(&stepped).map_err(|promise| broken(promise, &stepped));
        }
        if !stepped.step() {
            return Err(broken("the call neither ends nor waits for anything".to_owned(), &stepped));
        }
        watch.look(stepped.log()).map_err(|promise| broken(promise, &stepped))?;
        if stepped.call().unhandled() > 0 {
            return Err(broken("a chart met an event that no state knows".to_owned(), &stepped));
        }
    }
    Err(broken("the call does not end".to_owned(), &stepped))
}

/// The tape of a seed's call.
pub fn tape(seed: u64, business: &Business) -> String {
    let mut stepped = prepared(seed, business);
    stepped.run();
    taped(stepped.log())
}

fn prepared(seed: u64, business: &Business) -> Stepped {
    let mut dice = Dice { state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1 };
    let has_model = dice.one_in(2);
    let from = if dice.one_in(4) { "anonymous" } else { "+14155550123" };
    let answered_at_ms = 1_795_446_000_000 + dice.below(86_400_000 * 10) as i64;
    let mut stepped = Stepped::answered(business.clone(), answered_at_ms, from, has_model);
    stepped.vendors.transcript = Duration::from_millis(dice.below(1_500));
    stepped.vendors.synthesis = Duration::from_millis(dice.below(1_200));
    stepped.vendors.model = Duration::from_millis(dice.below(2_500));
    stepped.vendors.calendar = Duration::from_millis(if dice.one_in(8) { dice.below(8_000) } else { dice.below(80) });
    stepped.vendors.leg = Duration::from_millis(dice.below(200));
    stepped.calendar.is_down = dice.one_in(20);
    let mut at_ms = dice.below(6_000);
    for _ in 0..3 + dice.below(20) {
        happen(&mut stepped, &mut dice, at_ms);
        at_ms += dice.below(9_000);
    }
    if dice.one_in(3) {
        stepped.put(CallTime::from_ms(at_ms), Input::HungUp);
    }
    stepped
}

fn happen(stepped: &mut Stepped, dice: &mut Dice, at_ms: u64) {
    let at = CallTime::from_ms(at_ms);
    let saying = SAYINGS[dice.below(SAYINGS.len() as u64) as usize];
    match dice.below(30) {
        0 => stepped.noise(at, Duration::from_millis(40 + dice.below(1_500))),
        1 => stepped.put(at, Input::KeyPressed(char::from(b"0123456789*#"[dice.below(12) as usize]))),
        2 => {
            stepped.put(at, Input::StreamDropped);
            if !dice.one_in(4) {
                let back = CallTime::from_ms(at_ms + dice.below(5_000));
                stepped.put(back, Input::StreamResumed { stream_sid: "MZ2".to_owned() });
            }
        }
        3 => stepped.put(at, Input::HearingFailed(Fault::Retry("gone".to_owned()))),
        4 if dice.one_in(6) => stepped.put(at, Input::HearingFailed(Fault::GiveUp("no credit".to_owned()))),
        5 => stepped.put(at, Input::Interim { text: saying.to_owned(), confidence: 0.3 }),
        6 => stepped.put(at, late_words(saying)),
        7 => stepped.put(at, Input::UtteranceEnded),
        8 => stepped.put(at, Input::ReplyFailed { reply: ReplyId(dice.below(9) as u32), fault: gone() }),
        9 => stepped.put(at, Input::SynthesisFailed { phrase: PhraseId(dice.below(20) as u32), fault: gone() }),
        10 => stepped.put(at, Input::VoiceStarted),
        11 => stepped.put(at, Input::VoiceEnded { voiced_ms: dice.below(3_000) as u32 }),
        12 if dice.one_in(6) => stepped.put(at, Input::Draining),
        _ => stepped.says(at, saying, Duration::from_millis(200 + saying.len() as u64 * 55)),
    }
    stepped.model.push_back(match dice.below(10) {
        0 => ModelAnswer::Stalls,
        1 => ModelAnswer::Fails,
        2 => ModelAnswer::Text("I would be glad to help you with that!".to_owned()),
        3 => ModelAnswer::Text(r#"{"intent":"other"}"#.to_owned()),
        _ => ModelAnswer::Text(thought(dice, saying)),
    });
}

/// What a model might make of a saying, right or wrong.
fn thought(dice: &mut Dice, saying: &str) -> String {
    const INTENTS: [&str; 9] =
        ["book", "provide", "change", "confirm", "deny", "question", "person", "goodbye", "other"];
    let intent = INTENTS[dice.below(9) as usize];
    let mut slot = |value: &str| if dice.one_in(3) { format!("{value:?}") } else { "null".to_owned() };
    format!(
        r#"{{"intent":"{intent}","service":{},"when_text":{},"name":{},"phone":{},"reply":{}}}"#,
        slot("haircut"),
        slot(saying),
        slot("Ada"),
        slot("4155550123"),
        slot("We are right next to the ferry. Anything else?"),
    )
}

fn late_words(saying: &str) -> Input {
    Input::Final { text: saying.to_owned(), confidence: 0.9, from_ms: 0, to_ms: 0, ends_turn: true }
}

fn gone() -> Fault {
    Fault::Retry("gone".to_owned())
}

fn broken(promise: String, stepped: &Stepped) -> Broken {
    Broken { promise, log: taped(stepped.log()) }
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

/// Looks at each new entry of the log and remembers what the promises need.
#[derive(Default)]
struct Watch {
    seen: usize,
    last_at: CallTime,
    generation: u32,
    last_phrase: Option<PhraseId>,
    reserving: Vec<String>,
    confirmed: usize,
    closed: bool,
    stirred_at: CallTime,
}

impl Watch {
    fn look(&mut self, log: &Log) -> Result<(), String> {
        for (at, logged) in &log[self.seen..] {
            if *at < self.last_at {
                return Err(format!("time ran back from {} to {at}", self.last_at));
            }
            self.last_at = *at;
            match logged {
                Logged::Input(input) => self.input(*at, input),
                Logged::Output(output) => self.output(*at, output)?,
            }
        }
        self.seen = log.len();
        if !self.closed && self.last_at.since(self.stirred_at) > DEAD_AIR_MAX {
            return Err(format!("nothing was said since {}", self.stirred_at));
        }
        Ok(())
    }

    /// The line is alive while somebody speaks, or while it is down.
    fn input(&mut self, at: CallTime, input: &Input) {
        match input {
            Input::MarkReached(_)
            | Input::PhraseStarted { .. }
            | Input::VoiceStarted
            | Input::VoiceEnded { .. }
            | Input::Interim { .. }
            | Input::Final { .. }
            | Input::KeyPressed(_)
            | Input::Answered(_) => self.stirred_at = self.stirred_at.max(at),
            Input::StreamResumed { .. } => self.stirred_at = at,
            Input::StreamDropped => self.stirred_at = at + Duration::from_secs(20),
            Input::SlotReserved { .. } => self.confirmed += 1,
            _ => {}
        }
    }

    fn output(&mut self, at: CallTime, output: &Output) -> Result<(), String> {
        if self.closed {
            return Err(format!("an order after the end: {output:?}"));
        }
        match output {
            Output::Speak { phrase, generation, text, .. } => {
                if *generation != self.generation {
                    return Err("a phrase of a generation that was cleared".to_owned());
                }
                if self.last_phrase.is_some_and(|last| *phrase <= last) {
                    return Err("phrase ids do not count up".to_owned());
                }
                if text.trim().is_empty() {
                    return Err("nothing is to be said".to_owned());
                }
                self.last_phrase = Some(*phrase);
                self.stirred_at = self.stirred_at.max(at);
            }
            Output::ClearPlayout { generation } => {
                if *generation <= self.generation {
                    return Err("a clear did not begin a new generation".to_owned());
                }
                self.generation = *generation;
            }
            Output::ReserveSlot { key, .. } => self.reserving.push(key.clone()),
            Output::Record(Row::Ended { .. }) => self.closed = true,
            _ => {}
        }
        Ok(())
    }

    fn at_the_end(&self, stepped: &Stepped) -> Result<(), String> {
        let mut keys = self.reserving.clone();
        keys.sort();
        keys.dedup();
        if let Some(twice) = keys.iter().find(|key| stepped.calendar.made(key) > 1) {
            return Err(format!("{twice} is booked twice"));
        }
        let endings = stepped
            .log()
            .iter()
            .filter(|(_, logged)| matches!(logged, Logged::Output(Output::Record(Row::Ended { .. }))));
        match endings.count() {
            1 => Ok(()),
            count => Err(format!("the end is written down {count} times")),
        }
    }
}

/// A small generator of numbers (xorshift64*), so that a seed means the same call on every machine and in every version.
struct Dice {
    state: u64,
}

impl Dice {
    fn roll(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: u64) -> u64 {
        (self.roll() >> 11) % bound.max(1)
    }

    fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }
}
