//! The stepped line: the caller at one end, the network in between, and Twilio's buffer at the caller's end of it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use engine::io::{Input, PhraseId};
use engine::time::CallTime;

use crate::stepped::Happening;
use crate::stepped::detector::{Detector, Look};
use crate::stepped::network::Way;
use crate::stepped::playing::Sent;
use crate::stepped::twilio::{Echo, Twilio};

/// How like speech a voice is that speaks, in percent.
pub(super) const SPEECH_PERCENT: u8 = 90;

/// One way between Twilio and us, where nothing is said.
const WAY: Duration = Duration::from_millis(30);

/// Without a frame for so long, the call is told.
const FRAMES_STOPPED: Duration = Duration::from_secs(2);

/// The network, both ways, and what is at the other end.
#[derive(Debug)]
pub struct Line {
    /// From the caller to us.
    pub up: Way,
    /// From us to the caller.
    pub down: Way,
    /// What becomes of the next marks; good where nothing is said.
    pub echoes: VecDeque<Echo>,
    pub(super) twilio: Twilio,
    pub(super) is_up: bool,
    /// The words of each phrase that was ordered.
    pub(super) texts: BTreeMap<PhraseId, Arc<str>>,
    detector: Detector,
    voice_told: bool,
    frames_stopped: bool,
    /// Until when news of what was heard was held up or lost.
    troubled_until: Option<CallTime>,
}

/// Something at the caller's end.
#[derive(Debug)]
pub(super) enum There {
    SoundBegins(u8),
    SoundEnds(u8),
    DetectorLooks(u64),
    /// Audio with words in it, that speech-to-text takes so long to tell.
    Audio(Duration, Input),
    /// A message of Twilio's own.
    Says(Input),
    MarkReached(u64),
    Stalls(Duration),
    FramesAreMissed,
    FramesAreBack,
}

impl Default for Line {
    fn default() -> Self {
        let way = Way::of(WAY, Duration::ZERO);
        Self {
            up: way.clone(),
            down: way,
            echoes: VecDeque::new(),
            twilio: Twilio::default(),
            is_up: true,
            texts: BTreeMap::new(),
            detector: Detector::default(),
            voice_told: false,
            frames_stopped: false,
            troubled_until: None,
        }
    }
}

impl Line {
    /// Lets something happen at the caller's end; gives what comes of it at ours, and when.
    pub(super) fn happens(&mut self, now: CallTime, what: There) -> Vec<(CallTime, Happening)> {
        match what {
            There::SoundBegins(percent) => looks(self.detector.begins(now, percent)),
            There::SoundEnds(percent) => looks(self.detector.ends(now, percent)),
            There::DetectorLooks(number) => {
                let (told, look) = self.detector.looks(now, number);
                let mut coming = looks(look);
                coming.extend(told.and_then(|input| self.comes(now, input)));
                coming
            }
            There::Audio(_, _) if !self.is_up => Vec::new(),
            There::Audio(takes, input) => vec![(self.up.arrival(now) + takes, Happening::Transcribed(input))],
            There::Says(input) => self.comes(now, input).into_iter().collect(),
            There::MarkReached(number) => self.mark_reached(now, number),
            There::Stalls(lasts) => self.stalls(now, lasts),
            There::FramesAreMissed => self.frames_are_missed(now),
            There::FramesAreBack => self.frames_are_back(now),
        }
    }

    /// Nothing of ours gets through for a while.
    pub(super) fn stalls_down(&mut self, until: CallTime) {
        self.down.stall(until);
        self.is_troubled(until);
    }

    /// Until when news of what was heard was held up or lost, if it ever was.
    pub(super) fn troubled_until(&self) -> Option<CallTime> {
        self.troubled_until
    }

    /// Sends a frame or a mark to the caller.
    pub(super) fn sends(&mut self, now: CallTime, sent: Sent) -> Option<(CallTime, Happening)> {
        let arrives = self.down.arrival(now);
        match sent {
            Sent::Frame { phrase, offset_ms, .. } => {
                self.twilio.frame(arrives, phrase, offset_ms);
                None
            }
            Sent::Mark(mark) => {
                let (at, number) = self.twilio.mark(arrives, mark);
                Some((at, Happening::There(There::MarkReached(number))))
            }
        }
    }

    /// Sends a clear to the caller's end.
    pub(super) fn clears(&mut self, now: CallTime) -> Vec<(CallTime, Happening)> {
        if !self.is_up {
            return Vec::new();
        }
        let arrives = self.down.arrival(now);
        let early = self.twilio.clear(arrives);
        early.into_iter().map(|number| (arrives, Happening::There(There::MarkReached(number)))).collect()
    }

    /// The stream is gone. Returns false when there was none.
    pub(super) fn drops(&mut self, now: CallTime) -> bool {
        self.twilio.drops(now);
        std::mem::replace(&mut self.is_up, false)
    }

    /// A new stream. Gives what the detector has to say first; `None` when the old stream still stands.
    pub(super) fn resumes(&mut self, now: CallTime) -> Option<Vec<(CallTime, Happening)>> {
        if std::mem::replace(&mut self.is_up, true) {
            return None;
        }
        self.up.begins_anew();
        self.down.begins_anew();
        self.frames_stopped = false;
        let told = self.detector.catches_up(now, self.voice_told);
        Some(told.map(|(at, input)| (at, Happening::Told(input))).into_iter().collect())
    }

    /// Remembers what the call was told of the caller's voice.
    pub(super) fn note(&mut self, input: &Input) {
        match input {
            Input::VoiceStarted => self.voice_told = true,
            Input::VoiceEnded { .. } => self.voice_told = false,
            _ => {}
        }
    }

    fn is_troubled(&mut self, until: CallTime) {
        self.troubled_until = self.troubled_until.max(Some(until));
    }

    fn comes(&mut self, now: CallTime, input: Input) -> Option<(CallTime, Happening)> {
        self.is_up.then(|| (self.up.arrival(now), Happening::Told(input)))
    }

    fn mark_reached(&mut self, now: CallTime, number: u64) -> Vec<(CallTime, Happening)> {
        let Some(mark) = self.twilio.reached(now, number) else { return Vec::new() };
        let (arrives, input) = (self.up.arrival(now), Input::MarkReached(mark));
        let echo = self.echoes.pop_front().unwrap_or(Echo::Good);
        match echo {
            Echo::Late(later) => self.is_troubled(arrives + later),
            Echo::Lost => self.is_troubled(arrives),
            Echo::Good | Echo::Twice => {}
        }
        match echo {
            Echo::Good => vec![(arrives, Happening::Told(input))],
            Echo::Late(later) => vec![(arrives + later, Happening::Told(input))],
            Echo::Lost => Vec::new(),
            Echo::Twice => vec![(arrives, Happening::Told(input.clone())), (arrives, Happening::Told(input))],
        }
    }

    fn stalls(&mut self, now: CallTime, lasts: Duration) -> Vec<(CallTime, Happening)> {
        self.up.stall(now + lasts);
        self.is_troubled(now + lasts);
        let missed = (now + FRAMES_STOPPED, Happening::There(There::FramesAreMissed));
        let back = (now + lasts, Happening::There(There::FramesAreBack));
        if lasts > FRAMES_STOPPED { vec![missed, back] } else { Vec::new() }
    }

    fn frames_are_missed(&mut self, now: CallTime) -> Vec<(CallTime, Happening)> {
        let missed = self.is_up && self.up.is_stalled(now) && !std::mem::replace(&mut self.frames_stopped, true);
        missed.then_some((now, Happening::Told(Input::FramesStopped))).into_iter().collect()
    }

    fn frames_are_back(&mut self, now: CallTime) -> Vec<(CallTime, Happening)> {
        let back = !self.up.is_stalled(now) && std::mem::take(&mut self.frames_stopped);
        back.then_some((now, Happening::Told(Input::FramesResumed))).into_iter().collect()
    }
}

fn looks(look: Option<Look>) -> Vec<(CallTime, Happening)> {
    look.map(|(at, number)| (at, Happening::There(There::DetectorLooks(number)))).into_iter().collect()
}
