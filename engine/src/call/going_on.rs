//! Going on after a voice cut us off and nothing came of it: a lorry, a cough, a "mm-hm" that took its time.
//!
//! A stop is taken back within half a second where it can be (`statecharts::floor`). A voice that goes on longer gets
//! the floor, and what it cut off is dropped; but when that voice then had nothing to say, the caller has missed what we
//! said, and hears it again from the beginning of the sentence.

use crate::call::Call;
use crate::io::Output;
use crate::speaking::Spoken;
use crate::time::CallTime;
use crate::understanding;

impl Call {
    /// Keeps what was cut off until the caller says something that matters.
    pub(super) fn cut_off(&mut self, dropped: &[Spoken]) {
        if dropped.is_empty() {
            return;
        }
        let missed = dropped.iter().filter(|spoken| !spoken.unheard.is_empty());
        self.unsaid = missed.map(|spoken| format!("{} {}", spoken.heard, spoken.unheard).trim().to_owned()).collect();
    }

    /// What was cut off matters no more.
    pub(super) fn let_go(&mut self) {
        self.unsaid.clear();
        self.said_again = false;
    }

    /// Says again what was cut off, if anything was. Only once in a row: on a line where everything is cut off, asking
    /// is better.
    pub(super) fn say_again(&mut self, at: CallTime, out: &mut Vec<Output>) -> bool {
        let unsaid = std::mem::take(&mut self.unsaid);
        if unsaid.is_empty() || std::mem::replace(&mut self.said_again, true) {
            return false;
        }
        self.journal.event(at, "said_again", "nothing came of what cut it off", out);
        for text in unsaid {
            self.say_text(at, text, out);
        }
        true
    }

    /// Whether words only say "go on". What answers a question that was heard is no such thing; a "yeah" while the
    /// appointment is still being read back agrees to nothing yet.
    pub(super) fn is_backchannel(&self, words: &str) -> bool {
        let is_answer = self.booking.takes_yes() && !self.question_is_ahead();
        !is_answer && understanding::is_backchannel(words)
    }

    /// Whether a question is still to be said, behind what is being said or was cut off: nothing answers it yet.
    fn question_is_ahead(&self) -> bool {
        let mut unheard = self.unsaid.iter().map(String::as_str).chain(self.speaking.unheard());
        let asks = |text: &str| text.ends_with('?');
        !unheard.next().is_some_and(asks) && unheard.any(asks)
    }
}
