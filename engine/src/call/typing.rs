//! Words that are written instead of said: a turn of their own, which is over when it comes.

use statecharts::floor::Event;

use crate::call::Call;
use crate::io::Output;
use crate::listening::Turn;
use crate::time::CallTime;

impl Call {
    /// Who writes wants the floor as whoever presses a key does. What was being said until then is the beginning of it.
    pub(super) fn typed(&mut self, at: CallTime, text: &str, out: &mut Vec<Output>) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        self.words_came(text);
        self.journal.event(at, "typed", "", out);
        self.journal.caller_said(text, Vec::new(), 1.0, (at, at), out);
        let typed = Turn { text: text.to_owned(), confidence: 1.0, from: at, speech_ended: at, transcribed: Some(at) };
        let turn = match self.listening.force(at, &mut self.timers) {
            Some(said) => typed.behind(said),
            None => typed,
        };
        if self.nothing_may_stop_us() {
            return self.keep_turn(turn);
        }
        self.floor_event(at, Event::KeyPressed, out);
        self.take_turn(at, turn, out);
    }
}
