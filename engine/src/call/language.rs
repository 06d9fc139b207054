//! The language of a call: the business's own until the caller speaks, or asks for, another one of its languages.

use crate::call::{Call, expecting};
use crate::io::Output;
use crate::languages::Language;
use crate::time::CallTime;
use crate::understanding;

impl Call {
    /// Goes on in the language of a turn. Whether that is all the turn was for.
    pub(super) fn follow_language(&mut self, at: CallTime, words: &str, out: &mut Vec<Output>) -> bool {
        let Some(turned) = understanding::turned(words, &self.situation(at)) else { return false };
        self.thinking.drop_guess(out);
        self.speak_language(turned.language, out);
        self.journal.event(at, "language", turned.language.code(), out);
        turned.only_asked && !understanding::understand(words, &self.situation(at)).has_facts()
    }

    /// From now on the call is held in this language, where the business speaks it.
    pub(super) fn speak_language(&mut self, language: Language, out: &mut Vec<Output>) {
        let Some(business) = self.answered().business.speaking(language) else { return };
        self.spoken = Some(business);
        out.push(Output::SpeakLanguage { language });
        out.push(Output::ExpectWords { keyterms: expecting::keyterms(self.business(), self.expected) });
    }
}
