//! The stepped detector: what the caller's line sounds like, told as the real detector tells it. It hears the line as it
//! sounds at Twilio; what it tells still has the way to us before it.

use std::time::Duration;

use engine::io::Input;
use engine::time::CallTime;

/// Between the beginning of a sound and its being noticed. A shorter sound is not.
const ONSET: Duration = Duration::from_millis(40);

/// Between the end of a voice and the word for it.
const HANGOVER: Duration = Duration::from_millis(200);

/// How often a voice that goes on is told of.
const LASTED_EVERY: Duration = Duration::from_millis(100);

#[derive(Debug, Default)]
pub(super) struct Detector {
    /// How like speech each of the sounds is that are on the line now, in percent.
    sounds: Vec<u8>,
    state: State,
    /// Which of the looks that were asked for still counts.
    look: u64,
}

#[derive(Debug, Default, Clone, Copy)]
enum State {
    #[default]
    Quiet,
    Rising {
        since: CallTime,
    },
    Voice {
        since: CallTime,
    },
    Falling {
        since: CallTime,
        ended: CallTime,
    },
}

/// When the detector wants to look again, and the number of that look.
pub(super) type Look = (CallTime, u64);

impl Detector {
    pub(super) fn begins(&mut self, now: CallTime, speech_percent: u8) -> Option<Look> {
        self.sounds.push(speech_percent);
        match self.state {
            State::Quiet => {
                self.state = State::Rising { since: now };
                self.look_at(now + ONSET)
            }
            State::Falling { since, .. } => {
                self.state = State::Voice { since };
                self.look_at(now + LASTED_EVERY)
            }
            State::Rising { .. } | State::Voice { .. } => None,
        }
    }

    pub(super) fn ends(&mut self, now: CallTime, speech_percent: u8) -> Option<Look> {
        let index = self.sounds.iter().position(|sound| *sound == speech_percent)?;
        self.sounds.swap_remove(index);
        if !self.sounds.is_empty() {
            return None;
        }
        match self.state {
            State::Voice { since } => {
                self.state = State::Falling { since, ended: now };
                self.look_at(now + HANGOVER)
            }
            State::Rising { .. } => {
                self.state = State::Quiet;
                None
            }
            State::Quiet | State::Falling { .. } => None,
        }
    }

    /// Looks, and tells what there is to tell.
    pub(super) fn looks(&mut self, now: CallTime, number: u64) -> (Option<Input>, Option<Look>) {
        if number != self.look {
            return (None, None);
        }
        match self.state {
            State::Quiet => (None, None),
            State::Rising { since } => {
                self.state = State::Voice { since };
                (Some(Input::VoiceStarted), self.look_at(now + LASTED_EVERY))
            }
            State::Voice { since } => {
                let speech_percent = self.sounds.iter().copied().max().unwrap_or_default();
                let lasted = Input::VoiceLasted { voiced_ms: ms(now, since), speech_percent };
                (Some(lasted), self.look_at(now + LASTED_EVERY))
            }
            State::Falling { since, ended } => {
                self.state = State::Quiet;
                (Some(Input::VoiceEnded { voiced_ms: ms(ended, since) }), None)
            }
        }
    }

    /// What is to be told first over a new stream, when the call was last told `voice_is_on` over the old one.
    pub(super) fn catches_up(&self, now: CallTime, voice_is_on: bool) -> Option<(CallTime, Input)> {
        match self.state {
            State::Voice { .. } if !voice_is_on => Some((now + ONSET, Input::VoiceStarted)),
            State::Quiet | State::Rising { .. } if voice_is_on => {
                Some((now + HANGOVER, Input::VoiceEnded { voiced_ms: 0 }))
            }
            _ => None,
        }
    }

    fn look_at(&mut self, at: CallTime) -> Option<Look> {
        self.look += 1;
        Some((at, self.look))
    }
}

fn ms(now: CallTime, since: CallTime) -> u32 {
    now.since(since).as_millis() as u32
}
