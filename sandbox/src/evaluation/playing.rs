//! A call with one of the callers: they speak when nobody else does, answer what they were asked, and object to what is
//! not what they want.

use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use engine::business::Business;
use engine::calendar::{moment, slot};
use engine::io::{Input, Output};
use engine::record::Row;
use engine::time::CallTime;
use engine::understanding::{self, is_same_name};
use engine::wording;
use statecharts::prompt::Prompt;
use statecharts::proposal::{Appointment, Slot};

use super::manner::{Asked, Manner};
use super::minds::Mind;
use super::noise;
use super::persona::{Persona, Wish};
use crate::stepped::random::Dice;
use crate::stepped::{Logged, Stepped};

/// Every call is answered on Monday, November 23rd 2026, at ten in New York.
const ANSWERED_AT_MS: i64 = 1_795_446_000_000;

/// How long a caller thinks before they answer.
const THINKS: Duration = Duration::from_millis(700);

/// How often a caller looks whether it is their turn, at least.
const LOOKS_EVERY: Duration = Duration::from_millis(100);

/// How long a word takes.
const WORD: Duration = Duration::from_millis(330);

/// Turns after which a caller has had enough.
const PATIENCE_TURNS: usize = 30;

/// Nobody says anything any more.
const GIVES_UP: Duration = Duration::from_secs(40);

/// What came of a wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// What they wanted, and nothing else.
    Right,
    /// Nothing stands that they did not want, and not all that they wanted.
    Missed(String),
    /// Something stands that they did not want, or something is gone that they wanted to keep.
    Wrong(String),
}

/// A call that was played.
#[derive(Debug, Clone)]
pub struct Played {
    /// What came of it.
    pub verdict: Verdict,
    /// How often the caller spoke.
    pub turns: usize,
    /// Questions that had been asked before.
    pub asked_again: usize,
    /// How it ended, by its record.
    pub outcome: String,
    /// Who said what.
    pub transcript: Vec<String>,
}

/// Plays a call; `percent` of the caller's words are heard wrong.
pub fn play(persona: &Persona, business: &Business, mind: Mind, percent: u64, seed: u64) -> Played {
    let spoken = business.speaking(persona.speaks).unwrap_or_else(|| business.clone());
    let mut answers = business.clone();
    if persona.speaks == business.language {
        answers.languages.clear();
    }
    let mut stepped = Stepped::answered(answers, ANSWERED_AT_MS, &persona.from, mind != Mind::Rules);
    stepped.thinks = mind.thinks();
    for (service, slot, name, phone) in &persona.there {
        stepped.calendar.book(service, slot, name, phone);
    }
    persona.full.iter().for_each(|slot| stepped.calendar.fill(slot, 30));
    let before: Vec<Appointment> = stepped.calendar.appointments().cloned().collect();
    let mut call = Call {
        stepped,
        persona,
        manner: Manner::of(persona.speaks),
        business: spoken,
        dice: Dice::of_seed(seed),
        percent,
        reacted: vec![false; persona.reacts.len()],
        read: 0,
        is_right: false,
        told: Vec::new(),
        told_at: CallTime::ZERO,
        spoken_until: CallTime::ZERO,
        turns: 0,
        transcript: Vec::new(),
    };
    call.run();
    call.judge(&before)
}

struct Call<'a> {
    stepped: Stepped,
    persona: &'a Persona,
    manner: &'static Manner,
    /// The business in the caller's language.
    business: Business,
    dice: Dice,
    percent: u64,
    reacted: Vec<bool>,
    /// Up to where the log was read.
    read: usize,
    /// What was read back last is what they want.
    is_right: bool,
    /// What the assistant said since the caller spoke.
    told: Vec<String>,
    /// When it said the last of that.
    told_at: CallTime,
    spoken_until: CallTime,
    turns: usize,
    transcript: Vec<String>,
}

impl Call<'_> {
    fn run(&mut self) {
        while !self.stepped.call().is_over() {
            let quiet_since = self.stepped.twilio().played_until().max(self.spoken_until);
            let now = self.stepped.now();
            self.listen();
            let quiet = now.since(quiet_since);
            let was_heard = self.stepped.twilio().played_until() > self.told_at;
            if !self.told.is_empty() && was_heard && !self.stepped.is_audible() && quiet >= THINKS {
                self.answer();
            } else if quiet >= GIVES_UP || self.turns > PATIENCE_TURNS {
                self.stepped.put(now, Input::HungUp);
            }
            let next = self.stepped.next_at().unwrap_or(now + THINKS);
            // Nothing may happen for longer than a caller thinks.
            if next > now + LOOKS_EVERY || !self.stepped.step() {
                self.stepped.run_until(now + LOOKS_EVERY);
            }
        }
    }

    /// Takes in what the assistant has begun to say.
    fn listen(&mut self) {
        let log = self.stepped.log();
        for (at, logged) in &log[self.read..] {
            if let Logged::Output(Output::Speak { text, from_ms: 0, .. }) = logged {
                self.told.push(text.clone());
                self.told_at = *at;
                self.transcript.push(format!("{at:>8.1}  assistant  {text}"));
            }
        }
        self.read = log.len();
    }

    fn answer(&mut self) {
        let heard = self.told.join(" ").to_lowercase();
        self.told.clear();
        let Some(words) = self.reaction(&heard).or_else(|| self.reply(&heard)) else { return };
        let at = self.stepped.now();
        let misheard = noise::heard(&words, self.percent, self.persona.speaks, &mut self.dice);
        self.turns += 1;
        self.transcript.push(format!(
            "{at:>8.1}  caller     {words}{}",
            if misheard == words { String::new() } else { format!("  [heard: {misheard}]") }
        ));
        let lasts = WORD * (words.split_whitespace().count() as u32 + 1);
        self.spoken_until = at + lasts;
        self.stepped.says(at, &misheard, lasts);
    }

    /// What was planned to be said at those words.
    fn reaction(&mut self, heard: &str) -> Option<String> {
        let reacts = self.persona.reacts.iter().zip(&mut self.reacted);
        let mut fitting = reacts.filter(|((words, _), done)| !**done && heard.contains(words.as_str()));
        let ((_, says), done) = fitting.next()?;
        *done = true;
        Some(says.clone())
    }

    /// What anybody would say.
    fn reply(&mut self, heard: &str) -> Option<String> {
        let asked = self.manner.asked(heard)?;
        let what = match asked {
            Asked::Cancel => return Some(self.agree_to_cancel(heard)),
            Asked::Agree => return Some(self.agree(heard)),
            Asked::StillThere => return Some(self.manner.yes.to_owned()),
            Asked::AnythingElse => return Some(self.leave_or_insist()),
            Asked::ComeIn | Asked::Service if !self.wants_appointment() => {
                return Some(self.persona.answer("opens").unwrap_or(self.manner.wants_nothing).to_owned());
            }
            Asked::ComeIn => return Some(self.said("time", Asked::Time)),
            Asked::Change | Asked::Time => "time",
            Asked::Which => "which",
            Asked::BookedPhone | Asked::Phone => "phone",
            Asked::Message => "message",
            Asked::Name => "name",
            Asked::Pick => "pick",
            Asked::Half => "half",
            Asked::Service => "service",
            Asked::Open => "opens",
            Asked::Again => "again",
        };
        Some(self.said(what, asked))
    }

    /// What the caller says to that, or anybody would.
    fn said(&self, what: &str, asked: Asked) -> String {
        self.persona.answer(what).unwrap_or(self.manner.usual(asked)).to_owned()
    }

    /// Whoever has not got what they came for says so once more.
    fn leave_or_insist(&mut self) -> String {
        let before: Vec<Appointment> = Vec::new();
        let missing = matches!(self.verdict(&before), Verdict::Missed(_)) && self.persona.there.is_empty();
        match self.persona.answer("opens") {
            Some(opens) if missing && self.turns < PATIENCE_TURNS / 2 && self.wants_appointment() => opens.to_owned(),
            _ => self.manner.thats_all.to_owned(),
        }
    }

    fn wants_appointment(&self) -> bool {
        matches!(self.persona.wish, Wish::Booked { .. })
    }

    /// Yes to what they want, and otherwise no, with what is wrong.
    fn agree(&mut self, heard: &str) -> String {
        let manner = self.manner;
        // "Should I book that? Please say yes or no": what it is about was told before.
        let [yes_or_no, plan_told] = manner.yes_or_no;
        if heard.contains(yes_or_no) && !heard.contains(plan_told) {
            return if self.is_right { manner.yes_please.to_owned() } else { format!("{}.", manner.no) };
        }
        self.is_right = false;
        let (service, from, to, name) = match &self.persona.wish {
            Wish::Booked { service, from, to, name } => (Some(service.as_str()), from, to, Some(name.as_str())),
            Wish::Moved { from, to } => (None, from, to, None),
            Wish::Cancelled | Wish::Message | Wish::Nothing => return manner.not_that.to_owned(),
        };
        let plan = |slot: &Slot| {
            let service = service.unwrap_or("haircut").to_owned();
            let prompt = Prompt::Confirm {
                service,
                slot: slot.clone(),
                name: String::new(),
                instead_of: None,
                phone: None,
                details: Vec::new(),
            };
            let now = moment(&Slot("2026-11-23T10:00".to_owned())).expect("a moment");
            wording::phrases(&prompt, &self.business, now)[0].trim_end_matches(['.', ',']).to_lowercase()
        };
        let times = || starts(from, to).map(|slot| plan(&slot));
        let of = |plan: &str| {
            let parts = manner.times.iter().find_map(|begins| plan.split_once(begins));
            parts.map(|(what, _)| what.to_owned())
        };
        let wrong_service =
            service.is_some() && times().next().and_then(|plan| of(&plan)).is_some_and(|what| !heard.contains(&what));
        if wrong_service {
            return format!("{}, {}", manner.no, self.said("service", Asked::Service));
        }
        let told_before_instead = heard.split(manner.instead_of).next().unwrap_or(heard);
        let when = |plan: &str| of(plan).map_or(String::new(), |what| plan.replacen(&what, "", 1).trim().to_owned());
        if !times().any(|plan| told_before_instead.contains(&when(&plan))) {
            return format!("{}, {}", manner.no, self.said("time", Asked::Time));
        }
        if name.is_some_and(|name| !name.to_lowercase().split(' ').any(|part| heard.contains(part))) {
            return format!("{}, {} {}", manner.no, manner.my_name_is, self.said("name", Asked::Name));
        }
        if self.is_other_number(heard) {
            return format!("{}, {}", manner.no, self.said("phone", Asked::Phone));
        }
        self.is_right = true;
        manner.yes_please.to_owned()
    }

    /// Whether a number is read back that is not the one they say.
    fn is_other_number(&self, heard: &str) -> bool {
        let number = |text: &str| understanding::phone(text, &self.business.country, self.persona.speaks);
        let told = heard.split_once(self.manner.your_number_is).and_then(|(_, rest)| rest.split('.').next());
        told.is_some_and(|told| number(told) != number(&self.said("phone", Asked::Phone)))
    }

    fn agree_to_cancel(&self, heard: &str) -> String {
        let (service, slot) =
            self.persona.there.first().map_or(("", None), |(service, slot, ..)| (service, Some(slot)));
        let named = self.business.service(service).is_some_and(|service| heard.contains(&service.name.to_lowercase()));
        let right = self.persona.wish == Wish::Cancelled && named && slot.is_some();
        if right { self.manner.yes_please } else { self.manner.keep }.to_owned()
    }

    fn judge(mut self, before: &[Appointment]) -> Played {
        self.listen();
        let verdict = self.verdict(before);
        let outputs = || {
            self.stepped.log().iter().filter_map(|(_, logged)| match logged {
                Logged::Output(output) => Some(output),
                Logged::Input(_) => None,
            })
        };
        let outcome = outputs().find_map(|output| match output {
            Output::Record(Row::Ended { outcome, .. }) => Some(outcome.clone()),
            _ => None,
        });
        let mut questions: Vec<&str> = outputs()
            .filter_map(|output| match output {
                Output::Speak { text, from_ms: 0, .. }
                    if text.ends_with('?') && !self.manner.is_anything_else(text) =>
                {
                    Some(text.as_str())
                }
                _ => None,
            })
            .collect();
        let all = questions.len();
        questions.sort_unstable();
        questions.dedup();
        Played {
            verdict,
            turns: self.turns,
            asked_again: all - questions.len(),
            outcome: outcome.unwrap_or_default(),
            transcript: self.transcript,
        }
    }

    /// What stands now, compared with what was wanted; `before` are the appointments there were.
    fn verdict(&self, before: &[Appointment]) -> Verdict {
        let calendar = &self.stepped.calendar;
        let made: Vec<(&Appointment, &str)> = calendar.appointments_made_here().collect();
        let gone: Vec<&Appointment> =
            before.iter().filter(|one| !calendar.appointments().any(|other| other.id == one.id)).collect();
        let theirs = self.persona.there.first().map(|(_, slot, ..)| slot);
        let missed = |why: &str| Verdict::Missed(why.to_owned());
        let wrong = |what: &str, one: &Appointment| {
            Verdict::Wrong(format!("{what}: {} at {} for {}", one.service, one.slot.0, one.name))
        };
        let within = |slot: &Slot, from: &Slot, to: &Slot| (from..=to).contains(&slot);
        match (&self.persona.wish, &made[..], &gone[..]) {
            (Wish::Cancelled, [], [one]) if Some(&one.slot) == theirs => Verdict::Right,
            (Wish::Moved { from, to }, [(made, _)], [one])
                if Some(&one.slot) == theirs && within(&made.slot, from, to) =>
            {
                Verdict::Right
            }
            (Wish::Booked { service, from, to, name }, [(made, phone)], [])
                if made.service == *service && within(&made.slot, from, to) && is_same_name(name, &made.name) =>
            {
                let own = *phone == self.persona.from || self.persona.answer("phone").is_some() || phone.is_empty();
                if own || self.persona.from == "anonymous" {
                    Verdict::Right
                } else {
                    wrong("under another number", made)
                }
            }
            (_, [(one, _), ..], _) => wrong("made", one),
            (_, [], [one, ..]) => wrong("gone", one),
            (Wish::Nothing, [], []) => Verdict::Right,
            (Wish::Message, [], []) if self.left_a_message() => Verdict::Right,
            (Wish::Message, ..) => missed("no message was taken"),
            (Wish::Cancelled, ..) => missed("nothing was cancelled"),
            (Wish::Moved { .. }, ..) => missed("nothing was moved"),
            (Wish::Booked { .. }, ..) => missed("nothing was booked"),
        }
    }

    fn left_a_message(&self) -> bool {
        self.stepped.log().iter().any(|(_, logged)| {
            matches!(logged, Logged::Output(Output::Record(Row::Message { text, .. })) if !text.is_empty())
        })
    }
}

/// Every start between two, on the half hours.
fn starts(from: &Slot, to: &Slot) -> impl Iterator<Item = Slot> + use<> {
    let ends = moment(from).zip(moment(to));
    let (from, to) = ends.unwrap_or_else(|| {
        let never = DateTime::UNIX_EPOCH.naive_utc();
        (never, never - TimeDelta::days(1))
    });
    (0..).map(move |half_hours| from + TimeDelta::minutes(30 * half_hours)).take_while(move |at| *at <= to).map(slot)
}
