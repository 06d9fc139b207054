//! One `/v2/listen` stream as a pure machine: it follows the caller's turns and says when one starts, is probably over,
//! goes on after all, and is over (developers.deepgram.com/docs/flux/state). Only audio moves it.

use engine::audio::frame::RATE_HZ;
use serde::Serialize;
use serde_json::Value;

use crate::deepgram::flux::options::{Change, Options, Thresholds};
use crate::deepgram::listen::seconds;
use crate::deepgram::outbox::{Outgoing, Pace};
use crate::recognizer::{Ear, HeardWord, Lexicon};

/// Audio between two decisions: 80 ms.
const STEP: u64 = 640;

/// Audio between two reports when nothing happens: 240 ms, as seen on the real service.
const REPORT_EVERY: u64 = 1_920;

/// Silence after which the confidence reaches 0.63, when the words sound like a whole sentence, and when they do not.
const SURE_AFTER_MS: f64 = 200.0;
const UNSURE_AFTER_MS: f64 = 900.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
enum Event {
    Update,
    StartOfTurn,
    EagerEndOfTurn,
    TurnResumed,
    EndOfTurn,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Trigger {
    Model,
    Manual,
    Timeout,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type")]
enum Message<'a> {
    Connected {
        request_id: &'a str,
        sequence_id: u64,
    },
    TurnInfo {
        request_id: &'a str,
        sequence_id: u64,
        event: Event,
        turn_index: u64,
        audio_window_start: f64,
        audio_window_end: f64,
        transcript: String,
        words: Vec<Word>,
        end_of_turn_confidence: f64,
        #[serde(skip_serializing_if = "Option::is_none")]
        trigger: Option<Trigger>,
    },
    ConfigureSuccess {
        request_id: &'a str,
        sequence_id: u64,
        thresholds: Thresholds,
        keyterms: &'a [String],
        language_hints: &'a [String],
    },
    ConfigureFailure {
        request_id: &'a str,
        sequence_id: u64,
        error_code: &'static str,
        description: String,
    },
    Error {
        sequence_id: u64,
        code: &'static str,
        description: &'static str,
    },
}

#[derive(Debug, Serialize)]
struct Word {
    word: String,
    confidence: f32,
    start: f64,
    end: f64,
}

/// What the present turn has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Phase {
    /// Nothing was said.
    Waiting,
    /// It has words.
    Started,
    /// It is probably over with this transcript.
    ProbablyOver(String),
}

/// One stream. Positions are samples since it began.
pub(super) struct Session {
    options: Options,
    request_id: String,
    ear: Ear,
    sequence: u64,
    turn: u64,
    phase: Phase,
    turn_from: u64,
    words_until: u64,
    decided_at: u64,
    reported_at: u64,
}

impl Session {
    /// A session that has said that it is connected.
    pub(super) fn new(options: Options, request_id: String, lexicon: Lexicon, out: &mut Vec<Outgoing>) -> Self {
        let mut session = Self {
            options,
            request_id,
            ear: Ear::new(lexicon),
            sequence: 0,
            turn: 0,
            phase: Phase::Waiting,
            turn_from: 0,
            words_until: 0,
            decided_at: 0,
            reported_at: 0,
        };
        let sequence_id = session.next_sequence();
        out.push(Outgoing::new(&Message::Connected { request_id: &session.request_id, sequence_id }, Pace::Once));
        session
    }

    /// Takes µ-law of any length.
    pub(super) fn hear(&mut self, audio: &[u8], out: &mut Vec<Outgoing>) {
        let mut rest = audio;
        while !rest.is_empty() {
            let until_step = self.decided_at + STEP - self.ear.position();
            let (now, later) = rest.split_at(rest.len().min(until_step as usize));
            self.ear.push(now);
            rest = later;
            if self.ear.position() == self.decided_at + STEP {
                self.decided_at = self.ear.position();
                self.decide(out);
            }
        }
    }

    /// The client changes the thresholds or terms (`Configure`).
    pub(super) fn configure(&mut self, message: Value, out: &mut Vec<Outgoing>) {
        let change = serde_json::from_value::<Change>(message).map_err(|error| error.to_string());
        let done = change.and_then(|change| self.options.configure(change));
        let sequence_id = self.next_sequence();
        let request_id = &self.request_id;
        let answer = match done {
            Ok(()) => Message::ConfigureSuccess {
                request_id,
                sequence_id,
                thresholds: self.options.thresholds,
                keyterms: &self.options.keyterms,
                language_hints: &self.options.language_hints,
            },
            Err(description) => {
                let error_code = "INVALID_CONFIGURATION";
                Message::ConfigureFailure { request_id, sequence_id, error_code, description }
            }
        };
        out.push(Outgoing::new(&answer, Pace::Once));
    }

    /// The client ends the turn (`ForceEndTurn`). Nothing happens when none is open.
    pub(super) fn force_end(&mut self, out: &mut Vec<Outgoing>) {
        if self.phase != Phase::Waiting {
            self.end_turn(&self.words(), Trigger::Manual, out);
        }
    }

    /// The client sent something that is no message of Flux.
    pub(super) fn refuse(&mut self, out: &mut Vec<Outgoing>) {
        let sequence_id = self.next_sequence();
        let (code, description) = ("UNPARSABLE_CLIENT_MESSAGE", "The message could not be parsed.");
        out.push(Outgoing::new(&Message::Error { sequence_id, code, description }, Pace::Once));
    }

    fn decide(&mut self, out: &mut Vec<Outgoing>) {
        let words = self.words();
        let transcript = transcript(&words);
        let confidence = self.confidence(&words);
        let limits = self.options.thresholds;
        let silence_ms = self.silence_ms();
        match &self.phase {
            Phase::Waiting if !words.is_empty() => {
                self.phase = Phase::Started;
                self.say(Event::StartOfTurn, &words, None, out);
            }
            // What a turn is over with is what was announced; so a word that came late reopens it.
            Phase::ProbablyOver(announced)
                if *announced != transcript || silence_ms < STEP * 1_000 / u64::from(RATE_HZ) =>
            {
                self.phase = Phase::Started;
                self.say(Event::TurnResumed, &words, None, out);
            }
            Phase::Waiting => self.report(&words, out),
            _ if confidence >= limits.eot_threshold => self.end_turn(&words, Trigger::Model, out),
            _ if silence_ms >= limits.eot_timeout_ms => self.end_turn(&words, Trigger::Timeout, out),
            Phase::Started if limits.eager_eot_threshold.is_some_and(|eager| confidence >= eager) => {
                self.phase = Phase::ProbablyOver(transcript);
                self.say(Event::EagerEndOfTurn, &words, None, out);
            }
            _ => self.report(&words, out),
        }
    }

    fn report(&mut self, words: &[HeardWord], out: &mut Vec<Outgoing>) {
        if self.ear.position() - self.reported_at >= REPORT_EVERY {
            self.say(Event::Update, words, None, out);
        }
    }

    fn end_turn(&mut self, words: &[HeardWord], trigger: Trigger, out: &mut Vec<Outgoing>) {
        self.say(Event::EndOfTurn, words, Some(trigger), out);
        self.turn += 1;
        self.turn_from = self.ear.position();
        self.words_until = words.last().map_or(self.words_until, |word| word.to);
        self.phase = Phase::Waiting;
    }

    /// How sure it is that the turn is over: the longer the silence the surer, and sooner after a whole sentence.
    fn confidence(&self, words: &[HeardWord]) -> f64 {
        let Some(last) = words.last() else { return 0.05 };
        let patience_ms = if last.text.ends_with(['.', '?', '!']) { SURE_AFTER_MS } else { UNSURE_AFTER_MS };
        let confidence = 1.0 - (-(self.silence_ms() as f64) / patience_ms).exp();
        (confidence.clamp(0.02, 0.99) * 10_000.0).round() / 10_000.0
    }

    fn silence_ms(&self) -> u64 {
        let voice = self.ear.last_voice().unwrap_or(0);
        self.ear.position().saturating_sub(voice) * 1_000 / u64::from(RATE_HZ)
    }

    /// The turn's words so far.
    fn words(&self) -> Vec<HeardWord> {
        let mut words = self.ear.words();
        words.retain(|word| (word.from + word.to) / 2 >= self.words_until);
        words
    }

    fn say(&mut self, event: Event, words: &[HeardWord], trigger: Option<Trigger>, out: &mut Vec<Outgoing>) {
        self.reported_at = self.ear.position();
        let sequence_id = self.next_sequence();
        let message = Message::TurnInfo {
            request_id: &self.request_id,
            sequence_id,
            event,
            turn_index: self.turn,
            audio_window_start: seconds(self.turn_from),
            audio_window_end: seconds(self.ear.position()),
            transcript: transcript(words),
            words: words.iter().map(written).collect(),
            end_of_turn_confidence: self.confidence(words),
            trigger,
        };
        let pace = if event == Event::EndOfTurn { Pace::Final } else { Pace::Audio };
        out.push(Outgoing::new(&message, pace));
    }

    fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence - 1
    }
}

fn transcript(words: &[HeardWord]) -> String {
    words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
}

fn written(word: &HeardWord) -> Word {
    Word { word: word.text.clone(), confidence: word.confidence, start: seconds(word.from), end: seconds(word.to) }
}
