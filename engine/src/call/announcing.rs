//! Words that somebody else wants said in this call: another system has something to tell the caller.
//!
//! They wait for a pause. Nobody is interrupted for them, no answer is overtaken, and they are said like any phrase of
//! ours: heard, cut off and written down the same way.

use statecharts::floor::State;

use crate::call::Call;
use crate::io::Output;
use crate::time::CallTime;

/// Announcements that may wait. One that comes on top of them is dropped: a caller who is told nine things listens to none.
const WAITING_MAX: usize = 8;

impl Call {
    pub(super) fn words_given(&mut self, at: CallTime, text: String, out: &mut Vec<Output>) {
        if self.is_closing() || self.given.len() >= WAITING_MAX {
            self.journal.event(at, "not_announced", "the call ends, or too much waits to be said", out);
        } else {
            self.given.push(text);
        }
    }

    /// Says what waits, if this is a pause.
    pub(super) fn announce(&mut self, at: CallTime, out: &mut Vec<Output>) {
        if self.given.is_empty() || !self.is_pause() {
            return;
        }
        for text in std::mem::take(&mut self.given) {
            self.journal.event(at, "announced", "another system's words", out);
            self.say_text(at, text, out);
        }
    }

    /// Nobody speaks, nobody is about to, and nothing is owed to the caller.
    fn is_pause(&self) -> bool {
        let is_quiet = !self.speaking.is_busy() && !self.listening.voice_is_on() && !self.listening.has_words();
        self.floor.state() == State::Open && is_quiet && self.kept.is_empty() && !self.is_closing()
    }
}
