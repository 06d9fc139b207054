//! A call in numbers, counted while it goes on: from the audio who was heard, from the rows what was said and how long
//! the caller waited, from the prices what it cost.
//!
//! Counting costs a few instructions a frame. The lexicon is asked when figures are taken, once a minute and at the end.

mod cost;
mod line;
mod sentiment;
mod talk;
#[cfg(test)]
mod tests;

use engine::audio::frame::Frame;
use engine::figures::{Cost, Figures, Metadata, Metrics};
use engine::numbering;
use engine::record::{Row, Speaker, Stage};
use engine::time::CallTime;

pub use cost::Prices;

use cost::Usage;
use line::Line;
use talk::Talk;

/// How often figures are taken of a call that goes on.
const SNAPSHOT_EVERY_MS: u64 = 60_000;

/// What the caller said that is asked how it felt. What is said later does not count; an hour's talk has less.
const WORDS_BYTES_MAX: usize = 64 * 1024;

/// One call, counted.
#[derive(Debug)]
pub struct Tally {
    from: String,
    language: Option<String>,
    talk: Talk,
    line: Line,
    usage: Usage,
    caller_said: Vec<String>,
    caller_said_bytes: usize,
    caller_words: u64,
    assistant_words: u64,
    waits_ms: Vec<u64>,
    turns: u32,
    late_turns: u32,
    turns_by_rules: u32,
    interruptions: u32,
    faults: u32,
    snapshots: u32,
}

impl Tally {
    /// A call that begins. `from` is the caller as the carrier said it, `language` what is spoken, in BCP 47.
    pub fn new(from: &str, language: Option<String>) -> Self {
        Self {
            from: from.to_owned(),
            language,
            talk: Talk::default(),
            line: Line::default(),
            usage: Usage::default(),
            caller_said: Vec::new(),
            caller_said_bytes: 0,
            caller_words: 0,
            assistant_words: 0,
            waits_ms: Vec::new(),
            turns: 0,
            late_turns: 0,
            turns_by_rules: 0,
            interruptions: 0,
            faults: 0,
            snapshots: 0,
        }
    }

    /// A frame of the caller came, at this time of the stream and this time of the call.
    pub fn caller_frame(&mut self, stream_ms: u64, now_ms: u64) {
        self.line.frame(stream_ms, now_ms);
    }

    /// The voice detector hears the caller.
    pub fn voice_started(&mut self, at: CallTime) {
        self.talk.voice_started(at.as_ms());
    }

    /// It heard the caller for so long.
    pub fn voice_ended(&mut self, voiced_ms: u32) {
        self.talk.voice_ended(voiced_ms.into());
    }

    /// A frame of ours is to be heard at this moment.
    pub fn assistant_frame(&mut self, at_ms: u64, frame: &Frame) {
        self.talk.assistant(at_ms, frame);
    }

    /// Words of ours were heard from one moment to another: where there is no audio to look at.
    pub fn assistant_heard(&mut self, from: CallTime, to: CallTime) {
        self.talk.assistant_heard(from.as_ms(), to.as_ms());
    }

    /// Nothing of ours from this moment on was heard.
    pub fn cleared(&mut self, at_ms: u64) {
        self.talk.cleared(at_ms);
    }

    /// Words are to be spoken; `at_hand` where the cache had them.
    pub fn spoken(&mut self, text: &str, at_hand: bool) {
        let characters = text.chars().count() as u64;
        let counted = if at_hand { &mut self.usage.characters_at_hand } else { &mut self.usage.characters };
        *counted += characters;
    }

    /// The call left a row. It is to be the row as it was, before anything is taken out of it.
    pub fn row(&mut self, row: &Row) {
        match row {
            Row::Said { speaker: Speaker::Caller, heard, .. } => self.caller_said(heard),
            Row::Said { speaker: Speaker::Assistant, heard, .. } => self.assistant_words += words(heard),
            Row::Turn { stages, by_rules, tokens, guesses, late, .. } => {
                self.turns += 1;
                self.late_turns += u32::from(late.is_some());
                self.turns_by_rules += u32::from(*by_rules);
                self.usage.tokens = added(self.usage.tokens, *tokens);
                self.usage.wasted = added(self.usage.wasted, guesses.wasted);
                if let (Some(ended), Some(first)) = (stages.get(&Stage::SpeechEnded), stages.get(&Stage::FirstFrame)) {
                    self.waits_ms.push(first.as_ms().saturating_sub(ended.as_ms()));
                }
            }
            Row::Event { name, .. } => match name.as_str() {
                "stopped" => self.interruptions += 1,
                "fault" => self.faults += 1,
                _ => {}
            },
            Row::Message { .. } | Row::Ended { .. } => {}
        }
    }

    /// The figures so far, where a minute has passed since the last.
    pub fn snapshot(&mut self, now_ms: u64, wall_ms: i64) -> Option<Figures> {
        if now_ms / SNAPSHOT_EVERY_MS <= self.snapshots.into() {
            return None;
        }
        // After a pause of the whole machine the minutes in between have no figures.
        self.snapshots = (now_ms / SNAPSHOT_EVERY_MS) as u32;
        Some(self.figures(self.snapshots, now_ms, wall_ms))
    }

    /// The figures of the whole call, so long after it was answered.
    pub fn last_figures(&self, duration_ms: u64, wall_ms: i64) -> Figures {
        self.figures(0, duration_ms, wall_ms)
    }

    /// The model read the whole call once more.
    pub fn summed_up(&mut self, tokens: (u32, u32)) {
        self.usage.tokens = added(self.usage.tokens, tokens);
    }

    /// What it cost.
    pub fn costs(&self, duration_ms: u64, prices: &Prices) -> Vec<Cost> {
        prices.costs(&self.usage, duration_ms)
    }

    /// What is known of the caller's side.
    pub fn metadata(&self) -> Metadata {
        let device_type = if self.from.starts_with("client:") { "browser" } else { "phone" };
        Metadata {
            language: self.language.clone(),
            region: numbering::country_of(&self.from),
            device_type: device_type.to_owned(),
            network_quality: self.line.quality().map(str::to_owned),
        }
    }

    fn caller_said(&mut self, heard: &str) {
        self.caller_words += words(heard);
        if self.caller_said_bytes + heard.len() <= WORDS_BYTES_MAX {
            self.caller_said_bytes += heard.len();
            self.caller_said.push(heard.to_owned());
        }
    }

    fn figures(&self, snapshot: u32, now_ms: u64, taken_at_ms: i64) -> Figures {
        let talk = self.talk.shares(now_ms);
        let mut waits = self.waits_ms.clone();
        waits.sort_unstable();
        let average = (!waits.is_empty()).then(|| waits.iter().sum::<u64>() / waits.len() as u64);
        Figures {
            snapshot,
            taken_at_ms,
            sentiment: sentiment::of(&self.caller_said),
            caller_talk_ms: talk.caller_ms,
            assistant_talk_ms: talk.assistant_ms,
            talk_time_ms: talk.somebody_ms,
            silence_time_ms: talk.nobody_ms,
            interruptions: self.interruptions,
            average_latency_ms: average,
            p95_latency_ms: percentile(&waits, 95),
            metrics: Metrics {
                turns: self.turns,
                p50_latency_ms: percentile(&waits, 50),
                p90_latency_ms: percentile(&waits, 90),
                p99_latency_ms: percentile(&waits, 99),
                caller_words_per_minute: per_minute(self.caller_words, talk.caller_ms),
                assistant_words_per_minute: per_minute(self.assistant_words, talk.assistant_ms),
                overtalk_ms: talk.both_ms,
                pauses: talk.pauses,
                longest_pause_ms: talk.longest_pause_ms,
                late_turns: self.late_turns,
                turns_by_rules: self.turns_by_rules,
                faults: self.faults,
            },
        }
    }
}

/// The smallest value that so many in a hundred do not exceed (nearest rank).
fn percentile(sorted: &[u64], percent: usize) -> Option<u64> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}

fn per_minute(words: u64, talk_ms: u64) -> Option<u32> {
    let per_minute = (words * 60_000).checked_div(talk_ms)?;
    u32::try_from(per_minute).ok()
}

fn words(text: &str) -> u64 {
    text.split_whitespace().count() as u64
}

fn added((read, written): (u64, u64), (more_read, more_written): (u32, u32)) -> (u64, u64) {
    (read + u64::from(more_read), written + u64::from(more_written))
}
