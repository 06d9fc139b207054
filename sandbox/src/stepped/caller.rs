//! What the caller does, and what their line does to them.

use std::time::Duration;

use engine::io::Input;
use engine::time::CallTime;

use crate::stepped::hearing::{Manner, Utterance};
use crate::stepped::line::{SPEECH_PERCENT, There};
use crate::stepped::{Happening, Stepped};

impl Stepped {
    /// The caller says something: the detector notices, and words follow.
    pub fn says(&mut self, at: CallTime, words: &str, lasts: Duration) {
        self.says_as(at, words, lasts, SPEECH_PERCENT);
    }

    /// The same in a voice that the detector thinks so much like speech.
    pub fn says_as(&mut self, at: CallTime, words: &str, lasts: Duration, speech_percent: u8) {
        self.sounds(at, lasts, speech_percent);
        let manner = self.manners.pop_front().unwrap_or(Manner::Well);
        let utterance = Utterance { words, from: at, lasts, takes: self.vendors.transcript, manner };
        for (at, takes, input) in utterance.transcript() {
            self.enter(at, Happening::There(There::Audio(takes, input)));
        }
        let is_owed = manner == Manner::Unfinished;
        self.unfinished = is_owed.then(|| (at + lasts, utterance.finished()));
    }

    /// A sound that the detector takes for a voice, and that has no words. A real voice is 90 percent like speech.
    pub fn sounds(&mut self, at: CallTime, lasts: Duration, speech_percent: u8) {
        self.enter(at, Happening::There(There::SoundBegins(speech_percent)));
        self.enter(at + lasts, Happening::There(There::SoundEnds(speech_percent)));
    }

    /// The caller presses a key.
    pub fn presses(&mut self, at: CallTime, key: char) {
        self.enter(at, Happening::There(There::Says(Input::KeyPressed(key))));
    }

    /// The caller writes instead of speaking.
    pub fn types(&mut self, at: CallTime, words: &str) {
        self.enter(at, Happening::There(There::Says(Input::Typed { text: words.to_owned() })));
    }

    /// The caller hangs up.
    pub fn hangs_up(&mut self, at: CallTime) {
        self.enter(at, Happening::There(There::Says(Input::HungUp)));
    }

    /// The stream is gone without a word.
    pub fn drops(&mut self, at: CallTime) {
        self.enter(at, Happening::StreamDrops);
    }

    /// A new stream adopts the call.
    pub fn resumes(&mut self, at: CallTime) {
        self.enter(at, Happening::StreamResumes);
    }

    /// Nothing of the caller's comes through for a while.
    pub fn stalls(&mut self, at: CallTime, lasts: Duration) {
        self.enter(at, Happening::There(There::Stalls(lasts)));
    }

    /// Nothing of ours comes through for a while.
    pub fn stalls_down(&mut self, at: CallTime, lasts: Duration) {
        self.line.stalls_down(at + lasts);
    }
}
