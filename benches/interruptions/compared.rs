//! One interruption, by Twilio's count and by the gateway's account.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use sandbox::clips::spoken;
use sandbox::heard::{Account, Cut, Decision, Place, Stop, Words};
use tokio::time::{Instant, sleep};

use crate::caller::Interrupted;

/// How long a call's tape may take to be whole after its end.
const TAPE_WITHIN: Duration = Duration::from_secs(10);

/// Whoever falls silent by themselves so soon after a voice began was not interrupted.
const FALLS_SILENT: Duration = Duration::from_millis(500);

/// What the gateway says of a call.
pub struct Call {
    call_sid: String,
    account: Account,
}

/// What came of an interruption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The assistant had just finished: there was nothing to interrupt.
    TooLate,
    /// The assistant was not stopped.
    NotStopped,
    /// It was, and the caller had the floor.
    Yielded,
    /// It was, and went on.
    WentOn,
    /// It was, and nothing was decided before the call was over.
    Undecided,
}

#[derive(Debug, Clone)]
pub struct Compared {
    pub call_sid: String,
    /// When the voice began, since the call was placed.
    pub onset: Duration,
    pub what: String,
    pub listens: bool,
    pub outcome: Outcome,
    pub talked_over: Duration,
    /// From the voice's beginning to the clear at Twilio.
    pub stopped_after: Option<Duration>,
    /// From the stop to the first verdict, by the gateway's clock.
    pub decided_after: Option<Duration>,
    /// It came into a question of ours, which it may answer.
    pub into_question: bool,
    /// How much further than Twilio's count the gateway's is, in milliseconds, for each clear.
    pub ahead_ms: Vec<f64>,
    /// Words heard, by the gateway's record and in truth, where we did not go on.
    pub words: Option<(usize, usize)>,
    /// What they would be in truth if the gateway's position were right.
    pub words_at_claim: Option<usize>,
    /// How far the cut was from the middle of a word, where one more or less is nearly as right.
    pub margin_ms: Option<f64>,
    /// Where we went on: the word, and the one that was to be heard next.
    pub went_on_at: Option<(usize, usize)>,
}

impl Call {
    pub async fn read(recordings: &Path, call_sid: &str) -> anyhow::Result<Self> {
        let until = Instant::now() + TAPE_WITHIN;
        loop {
            let tape = tape(recordings, call_sid).unwrap_or_default();
            if tape.contains("{\"Ended\":") || Instant::now() > until {
                return Ok(Self { call_sid: call_sid.to_owned(), account: Account::read(&tape) });
            }
            sleep(Duration::from_millis(50)).await;
        }
    }
}

fn tape(recordings: &Path, call_sid: &str) -> anyhow::Result<String> {
    let days = std::fs::read_dir(recordings)?.filter_map(Result::ok);
    let mut tapes = days.map(|day| day.path().join(call_sid).join("tape.jsonl")).filter(|path| path.exists());
    Ok(std::fs::read_to_string(tapes.next().context("there is no tape")?)?)
}

impl Compared {
    pub fn new(interrupted: &Interrupted, call: &Call, words: &Words) -> Self {
        let account = &call.account;
        let stops = || interrupted.cuts.iter().filter_map(|cut| Some((cut, account.stop(cut.generation)?)));
        let first = stops().next();
        let verdict = |stop: &Stop| stop.decisions.first().map(|(at, _)| at.since(stop.at));
        let mut compared = Self {
            call_sid: call.call_sid.clone(),
            onset: interrupted.onset,
            what: interrupted.what.clone(),
            listens: interrupted.listens,
            outcome: outcome(interrupted, stops().rev().find_map(|(_, stop)| decided(stop))),
            talked_over: interrupted.talked_over,
            stopped_after: first.map(|(cut, _)| cut.at.saturating_sub(interrupted.onset)),
            decided_after: first.and_then(|(_, stop)| verdict(stop)),
            into_question: false,
            ahead_ms: stops().filter_map(|(cut, stop)| ahead_ms(cut, stop, account)).collect(),
            words: None,
            words_at_claim: None,
            margin_ms: None,
            went_on_at: None,
        };
        if let Some((cut, stop)) = stops().next_back() {
            compared.compare_words(cut, stop, account, words);
        }
        compared
    }

    fn compare_words(&mut self, cut: &Cut, stop: &Stop, account: &Account, words: &Words) {
        let Some(truth) = cut.place(account) else { return };
        let Some(text) = account.text(truth.phrase) else { return };
        self.into_question = text.ends_with('?');
        let Some(heard) = words.heard(text, truth.heard_ms) else { return };
        let again = account.orders_of(cut.generation).find(|order| spoken(&order.text) == spoken(text));
        let whole = |line: &&sandbox::heard::Line| spoken(&format!("{} {}", line.heard, line.unheard)) == spoken(text);
        match (self.outcome, again) {
            (Outcome::WentOn, Some(order)) => {
                let due = words.done(text, truth.heard_ms);
                self.went_on_at = words.heard(text, f64::from(order.from_ms)).zip(due);
            }
            _ => self.words = stop.lines.iter().find(whole).map(|line| (line.heard.split_whitespace().count(), heard)),
        }
        self.margin_ms = words.margin_ms(text, truth.heard_ms);
        let claim = stop.heard.filter(|claim| claim.phrase == truth.phrase);
        self.words_at_claim = claim.and_then(|claim| words.heard(text, claim.heard_ms));
    }
}

fn outcome(interrupted: &Interrupted, last: Option<Decision>) -> Outcome {
    match last {
        _ if interrupted.cuts.is_empty() && interrupted.heard_on < FALLS_SILENT => Outcome::TooLate,
        _ if interrupted.cuts.is_empty() => Outcome::NotStopped,
        Some(Decision::Yielded) => Outcome::Yielded,
        Some(Decision::WentOn) => Outcome::WentOn,
        None => Outcome::Undecided,
    }
}

/// What a stop came to in the end. Words that stopped us had the floor with that.
fn decided(stop: &Stop) -> Option<Decision> {
    let cut_off = stop.lines.iter().any(|line| !line.unheard.is_empty());
    stop.decisions.last().map(|(_, last)| *last).or(cut_off.then_some(Decision::Yielded))
}

fn ahead_ms(cut: &Cut, stop: &Stop, account: &Account) -> Option<f64> {
    let truth: Place = cut.place(account)?;
    account.apart_ms(truth, stop.heard?)
}
