//! Scenarios: one known situation as readable text, what the world does and what the engine answers.
//!
//! ```text
//! # The caller cuts in on the offer. Only what was heard is remembered.
//! call from +14155550123 at 2026-11-23T15:00:00Z
//! 4.900  caller says "do you have anything on friday" for 1.3s
//! 7.350  > says "I have nine AM, ten AM, or two PM on Friday."
//! 9.000  caller says "ten thirty" for 0.8s
//! 9.040  > clear
//! ```
//!
//! Plain lines are the world; lines with `>` are the engine's answers, which [`run`] makes anew. `call … with model` lets
//! the model answer; `model answers {…}`, `model fails` and `model stalls` line up for its next requests.

use std::fmt::Write as _;
use std::time::Duration;

use chrono::DateTime;
use engine::business::Business;
use engine::io::{Appointment, Fault, Input, Output, Reservation};
use engine::languages::Language;
use engine::record::{Row, Speaker};
use engine::time::CallTime;
use statecharts::booking::State;
use statecharts::proposal::Slot;

use crate::stepped::{Echo, Logged, ModelAnswer, SpeechAnswer, Stepped};

/// A scenario that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {text:?} is not understood: {expected}")]
pub struct NotAScenario {
    line: usize,
    text: String,
    expected: &'static str,
}

/// Plays a scenario, and returns it with the engine's answers as they are now.
///
/// # Errors
/// [`NotAScenario`] for a line of the world that is not understood.
pub fn run(text: &str, business: &Business) -> Result<String, NotAScenario> {
    let world: Vec<(usize, &str)> =
        text.lines().enumerate().filter(|(_, line)| !is_answer(line)).map(|(index, line)| (index + 1, line)).collect();
    let mut stepped = open(&world, business)?;
    let mut lines: Vec<(Option<CallTime>, &str)> = Vec::new();
    for (number, line) in &world {
        let wrong = |expected| NotAScenario { line: *number, text: (*line).to_owned(), expected };
        let (at, what) = timed(line);
        if !line.trim().is_empty() && !line.starts_with('#') && !is_heading(line) {
            if let Some(at) = at {
                stepped.run_until(at);
            }
            happen(&mut stepped, at, what).ok_or_else(|| wrong(EXPECTED))?;
        }
        lines.push((at, line));
    }
    stepped.run();
    Ok(written(&lines, &stepped))
}

const EXPECTED: &str = "write `the business says first \"…\"`, `the business has a person`, `the business speaks Spanish`, `the business asks {\"id\":…}`, `the business asks in Spanish {\"ID\":…}`, `the business records no contact`, `the business calls about SERVICE at SLOT for NAME, PHONE`, `TIME caller says \"…\" \
                        for 1.2s`, `TIME caller makes a noise for 0.3s`, `TIME caller mumbles for 0.8s`, `TIME somebody far away says \"…\" for 2s`, `TIME caller \
                        presses 1`, `TIME caller types \"…\"`, `TIME turn is likely over with \"…\"`, `TIME turn goes on`, `TIME another system says \"…\"`, `TIME caller hangs up`, `TIME stream drops`, `TIME stream resumes`, `TIME frames stop for \
                        3s`, `speech never comes`, `speech fails`, `the next 3 marks are lost`, `TIME hearing \
                        fails for good`, `TIME calendar is down`, `TIME calendar is up`, `calendar is full at SLOT`, `booked before: SERVICE at SLOT for NAME, PHONE`, \
                        `model answers {…}`, `model fails`, `model stalls`, `transcripts take 0.5s`, `synthesis takes \
                        0.2s` or `the calendar takes 0.1s`";

/// How like speech a cough or a slammed door is, in percent.
const NOISE_PERCENT: u8 = 10;

/// How like speech of somebody near a voice is that is much fainter than the caller's.
const FAR_PERCENT: u8 = 20;

/// How like speech a mumble is of which nobody can tell the words.
const MUMBLE_PERCENT: u8 = 80;

fn open(world: &[(usize, &str)], business: &Business) -> Result<Stepped, NotAScenario> {
    let (line, text) = world.iter().find(|(_, line)| line.starts_with("call ")).copied().unwrap_or((1, ""));
    let read = || {
        let rest = text.strip_prefix("call from ")?;
        let (from, rest) = rest.split_once(" at ")?;
        let (at, has_model) = match rest.strip_suffix(" with model") {
            Some(at) => (at, true),
            None => (rest, false),
        };
        let answered_at = DateTime::parse_from_rfc3339(at.trim()).ok()?;
        let mut business = business.clone();
        if !world.iter().any(|(_, line)| *line == "the business speaks Spanish") {
            business.languages.clear();
        }
        for (_, line) in world {
            if let Some(notice) = line.strip_prefix("the business says first ") {
                business.notice = Some(notice.trim_matches('"').to_owned());
            }
            if let Some(words) = line.strip_prefix("the business asks in Spanish ") {
                business.languages.entry(Language::Spanish).or_default().details = serde_json::from_str(words).ok()?;
            } else if let Some(question) = line.strip_prefix("the business asks ") {
                business.details.push(serde_json::from_str(question).ok()?);
            }
            if *line == "the business records no contact" {
                business.recording.pause_in = vec![State::Contact];
            }
            if *line == "the business has a person" {
                business.transfer_to = Some("+12125550111".to_owned());
            }
        }
        let about = world.iter().find_map(|(_, line)| line.strip_prefix("the business calls about "));
        let reminds = match about {
            Some(about) => Some(booked(about)?.0),
            None => None,
        };
        let mut stepped =
            Stepped::reminding(business, answered_at.timestamp_millis(), from, has_model, reminds.clone());
        if let Some((appointment, phone)) = about.and_then(booked) {
            stepped.calendar.book(&appointment.service, &appointment.slot, &appointment.name, &phone);
        }
        Some(stepped)
    };
    let expected = "begin with `call from NUMBER at 2026-11-23T15:00:00Z`, and `with model` where there is one";
    read().ok_or(NotAScenario { line, text: text.to_owned(), expected })
}

/// `SERVICE at SLOT for NAME, PHONE`: the first appointment of a calendar, and whose number it has.
fn booked(text: &str) -> Option<(Appointment, String)> {
    let (service, rest) = text.split_once(" at ")?;
    let (slot, rest) = rest.split_once(" for ")?;
    let (name, phone) = rest.split_once(", ")?;
    let appointment = Appointment {
        id: "appointment-0".to_owned(),
        service: service.to_owned(),
        slot: Slot(slot.to_owned()),
        name: name.to_owned(),
    };
    Some((appointment, phone.to_owned()))
}

fn happen(stepped: &mut Stepped, at: Option<CallTime>, what: &str) -> Option<()> {
    if let Some(spoken) = what.strip_prefix("caller says \"") {
        let (words, lasts) = spoken.split_once("\" for ")?;
        stepped.says(at?, words, seconds(lasts)?);
    } else if let Some(spoken) = what.strip_prefix("somebody far away says \"") {
        let (words, lasts) = spoken.split_once("\" for ")?;
        stepped.says_as(at?, words, seconds(lasts)?, FAR_PERCENT);
    } else if let Some(lasts) = what.strip_prefix("caller makes a noise for ") {
        stepped.sounds(at?, seconds(lasts)?, NOISE_PERCENT);
    } else if let Some(text) = what.strip_prefix("turn is likely over with \"") {
        stepped.put(at?, Input::TurnLikelyOver { text: text.strip_suffix('"')?.to_owned() });
    } else if let Some(text) = what.strip_prefix("another system says \"") {
        stepped.put(at?, Input::WordsGiven { text: text.strip_suffix('"')?.to_owned() });
    } else if let Some(lasts) = what.strip_prefix("caller mumbles for ") {
        stepped.sounds(at?, seconds(lasts)?, MUMBLE_PERCENT);
    } else if let Some(lasts) = what.strip_prefix("frames stop for ") {
        stepped.stalls(at?, seconds(lasts)?);
    } else if let Some(count) = what.strip_prefix("the next ").and_then(|rest| rest.strip_suffix(" marks are lost")) {
        let count: usize = count.parse().ok()?;
        stepped.line().echoes.extend(std::iter::repeat_n(Echo::Lost, count));
    } else if let Some(words) = what.strip_prefix("caller types \"") {
        stepped.types(at?, words.strip_suffix('"')?);
    } else if let Some(key) = what.strip_prefix("caller presses ") {
        stepped.presses(at?, key.chars().next()?);
    } else if let Some(answer) = what.strip_prefix("model answers ") {
        stepped.model.push_back(ModelAnswer::Text(answer.to_owned()));
    } else if let Some(slot) = what.strip_prefix("calendar is full at ") {
        stepped.calendar.fill(&Slot(slot.to_owned()), 30);
    } else if let Some(booked) = what.strip_prefix("booked before: ") {
        let (appointment, phone) = self::booked(booked)?;
        stepped.calendar.book(&appointment.service, &appointment.slot, &appointment.name, &phone);
    } else if let Some(takes) = what.strip_prefix("transcripts take ") {
        stepped.vendors.transcript = seconds(takes)?;
    } else if let Some(takes) = what.strip_prefix("synthesis takes ") {
        stepped.vendors.synthesis = seconds(takes)?;
    } else if let Some(takes) = what.strip_prefix("the calendar takes ") {
        stepped.vendors.calendar = seconds(takes)?;
    } else {
        return happen_plainly(stepped, at, what);
    }
    Some(())
}

fn happen_plainly(stepped: &mut Stepped, at: Option<CallTime>, what: &str) -> Option<()> {
    match what {
        "turn goes on" => stepped.put(at?, Input::TurnResumed),
        "caller hangs up" => stepped.hangs_up(at?),
        "stream drops" => stepped.drops(at?),
        "stream resumes" => stepped.resumes(at?),
        "hearing fails for good" => {
            stepped.put(at?, Input::HearingFailed(Fault::GiveUp("out of credit".to_owned())));
        }
        "speech never comes" => stepped.speech_answers().push_back(SpeechAnswer::NeverComes),
        "speech fails" => stepped.speech_answers().push_back(SpeechAnswer::Fails),
        "calendar is down" => stepped.calendar.is_down = true,
        "calendar is up" => stepped.calendar.is_down = false,
        "model fails" => stepped.model.push_back(ModelAnswer::Fails),
        "model stalls" => stepped.model.push_back(ModelAnswer::Stalls),
        _ => return None,
    }
    Some(())
}

/// Puts the engine's answers between the lines of the world.
fn written(lines: &[(Option<CallTime>, &str)], stepped: &Stepped) -> String {
    let mut answers = stepped
        .log()
        .iter()
        .filter_map(|(at, logged)| match logged {
            Logged::Output(output) => Some((*at, answer(output)?)),
            Logged::Input(_) => None,
        })
        .peekable();
    let mut text = String::new();
    for (index, (_, line)) in lines.iter().enumerate() {
        let next_at = lines[index..].iter().find_map(|(at, _)| *at);
        let untimed_header = lines[..=index].iter().all(|(at, _)| at.is_none());
        while !untimed_header && answers.peek().is_some_and(|(at, _)| next_at.is_some_and(|next| *at < next)) {
            write_answer(&mut text, answers.next());
        }
        let _ = writeln!(text, "{line}");
    }
    while answers.peek().is_some() {
        write_answer(&mut text, answers.next());
    }
    text
}

fn write_answer(text: &mut String, answer: Option<(CallTime, String)>) {
    if let Some((at, answer)) = answer {
        let _ = writeln!(text, "{at:.3}  > {answer}");
    }
}

/// An output in words; `None` for those that a reader need not see.
pub(super) fn answer(output: &Output) -> Option<String> {
    Some(match output {
        Output::Speak { text, from_ms: 0, .. } => format!("says {text:?}"),
        Output::Speak { text, from_ms, .. } => format!("goes on at {from_ms} ms of {text:?}"),
        Output::ClearPlayout { .. } => "clear".to_owned(),
        Output::StartReply { .. } => "asks the model".to_owned(),
        Output::CancelReply { .. } => "stops the model".to_owned(),
        Output::FindTimes { wanted, .. } if wanted.from == wanted.to => {
            format!("looks for {} at {}", wanted.service, wanted.from.0)
        }
        Output::FindTimes { wanted, .. } => {
            format!("looks for {} from {} to {}", wanted.service, wanted.from.0, wanted.to.0)
        }
        Output::ReserveSlot { reservation, .. } => {
            let phone = if reservation.phone.is_empty() { "no number" } else { &reservation.phone };
            let verb = if reservation.replaces.is_some() { "moves" } else { "books" };
            let details = reservation.details.iter().map(|detail| format!(", {}: {}", detail.id, detail.answer));
            let Reservation { service, slot, name, .. } = reservation;
            format!("{verb} {service} at {} for {name}, {phone}{}", slot.0, details.collect::<String>())
        }
        Output::SpeakLanguage { language } => format!("goes on in {}", language.name()),
        Output::HoldSlot { service, slot } => format!("keeps {service} at {} free", slot.0),
        Output::FindAppointments { phone, name, .. } => {
            let name = name.as_ref().map(|name| format!(" and {name}")).unwrap_or_default();
            format!("looks for appointments under {phone}{name}")
        }
        Output::ConfirmAppointment { appointment } => format!("notes that they come to {appointment}"),
        Output::CancelAppointment { appointment, .. } => format!("cancels {appointment}"),
        Output::Transfer { to, whisper } => format!("transfers to {to}, and whispers {whisper:?}"),
        Output::CloseLeg { ending } => format!("closes: {ending:?}").to_lowercase(),
        Output::FinishUtterance => "asks for the rest of the transcript".to_owned(),
        Output::PauseRecording => "records nothing".to_owned(),
        Output::ResumeRecording => "records again".to_owned(),
        Output::Record(row) => return row_in_words(row),
        Output::StartHearing { .. } | Output::ExpectWords { .. } | Output::StopHearing => return None,
    })
}

fn row_in_words(row: &Row) -> Option<String> {
    match row {
        Row::Said { speaker: Speaker::Assistant, heard, unheard, .. } if !unheard.is_empty() => {
            Some(format!("was heard up to {heard:?}, not {unheard:?}"))
        }
        Row::Event { name, detail, .. } if name == "booking_state" => Some(format!("state {detail}")),
        Row::Event { name, detail, .. } => Some(format!("notes {name} {detail}").trim_end().to_owned()),
        Row::Message { text, name, phone, .. } => Some(format!("leaves a message: {text:?} of {name:?}, {phone:?}")),
        Row::Ended { outcome, .. } => Some(format!("ended: {outcome}")),
        Row::Said { .. } | Row::Turn { .. } => None,
    }
}

fn is_heading(line: &str) -> bool {
    line.starts_with("call ") || line.starts_with("the business ")
}

fn is_answer(line: &str) -> bool {
    timed(line).1.starts_with("> ")
}

/// Splits the time off a line that begins with one.
fn timed(line: &str) -> (Option<CallTime>, &str) {
    let line = line.trim();
    match line.split_once(' ') {
        Some((time, rest)) if line.starts_with(|first: char| first.is_ascii_digit()) => {
            (time.parse().ok(), rest.trim_start())
        }
        _ => (None, line),
    }
}

fn seconds(text: &str) -> Option<Duration> {
    let seconds: f64 = text.trim().strip_suffix('s')?.parse().ok()?;
    (0.0..=3_600.0).contains(&seconds).then(|| Duration::from_secs_f64(seconds))
}
