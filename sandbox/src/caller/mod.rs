//! A caller who does what a script says, on a line of the simulated Twilio: hears the assistant, waits for their turn,
//! speaks recorded speech, cuts in, presses keys, falls silent, hangs up; and tells in the end how it was.
//!
//! See [`Script`] for the language of the scripts, and `fixtures/callers` for some.

mod grammar;
mod listening;
mod outcome;
mod playing;
mod script;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clips::{Clip, spoken};
use crate::recognizer::Lexicon;
use crate::twilio::{Ending, Line, Warning};

pub use outcome::{HungUp, Outcome, Said};
pub use script::{BadScript, DEADLINE, Expectation, Pattern, REACTION_USES, Reaction, Script, Step};

/// What callers can say, by its text as it sounds or by its id.
#[derive(Debug, Clone, Default)]
pub struct Book {
    by_text: BTreeMap<String, Clip>,
    by_id: BTreeMap<String, String>,
}

/// Something that happens in a call, as it happens: for whoever watches.
#[derive(Debug, Clone, PartialEq)]
pub enum Moment {
    /// One of the two has said something.
    Said(Said),
    /// The assistant answered, so long after the caller had stopped.
    Gap(Duration),
    /// The assistant stopped, so long after the caller had cut in.
    Stopped(Duration),
    /// The caller pressed a key.
    Pressed(char),
    /// The caller hung up.
    HungUp(HungUp),
    /// Twilio's debugger shows this.
    Warned(Warning),
    /// The call is over.
    Ended(Ending),
}

/// A script wants something said that was never recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("nobody ever recorded {text:?}{}", nearest.as_ref().map(|text| format!("; did you mean {text:?}?")).unwrap_or_default())]
pub struct UnknownText {
    /// What was to be said.
    pub text: String,
    /// The recorded text that has most words in common with it.
    pub nearest: Option<String>,
}

impl Book {
    /// A book of these clips.
    pub fn new(clips: impl IntoIterator<Item = Clip>) -> Self {
        let mut book = Self::default();
        for clip in clips {
            let text = spoken(&clip.text);
            book.by_id.insert(clip.id.clone(), text.clone());
            book.by_text.insert(text, clip);
        }
        book
    }

    /// The clip of a text, or with this id.
    pub fn clip(&self, text: &str) -> Option<&Clip> {
        let by_id = || self.by_text.get(self.by_id.get(text)?);
        self.by_text.get(&spoken(text)).or_else(by_id)
    }

    /// Whether everything that a script may say is here.
    ///
    /// # Errors
    /// The first text that is not.
    pub fn check(&self, script: &Script) -> Result<(), UnknownText> {
        match script.texts().find(|text| self.clip(text).is_none()) {
            None => Ok(()),
            Some(text) => Err(UnknownText { text: text.to_owned(), nearest: self.nearest(text) }),
        }
    }

    fn nearest(&self, text: &str) -> Option<String> {
        let wanted = spoken(text);
        let shared =
            |candidate: &str| wanted.split(' ').filter(|word| candidate.split(' ').any(|w| w == *word)).count();
        let (text, clip) = self.by_text.iter().max_by_key(|(candidate, _)| shared(candidate))?;
        (shared(text) > 0).then(|| clip.text.clone())
    }
}

/// Plays a script on a line that was just placed, to the end of the call.
///
/// `lexicon` is what the caller's ear knows: usually that of the sandbox's Deepgram, which includes what it speaks.
/// `number` tells the callers of a crowd apart, where a script gives them several texts to choose from. `watch` is told
/// everything as it happens. A script should have been checked with [`Book::check`]; what is not in the book is not said.
pub async fn play(
    line: Line,
    script: &Script,
    book: &Book,
    lexicon: Lexicon,
    number: usize,
    watch: impl FnMut(&Moment),
) -> Outcome {
    playing::Playing::new(line, script, book, lexicon, number, watch).play().await
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::clips;

    fn book() -> Book {
        let clip = |id: &str, text: &str| Clip::estimated(id.into(), text.into(), vec![0x90; 800]);
        Book::new([clip("yes", "Yes, please."), clip("first", "The first one, please.")])
    }

    #[test]
    fn a_text_is_found_by_its_sound_or_its_id() {
        assert_eq!(book().clip("yes please").map(|clip| clip.id.as_str()), Some("yes"));
        assert_eq!(book().clip("first").map(|clip| clip.id.as_str()), Some("first"));
    }

    #[test]
    fn every_script_that_is_shipped_can_be_played() {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
        let book = Book::new(clips::load(&fixtures.join("utterances")).expect("the fixtures are committed"));
        let scripts = fs::read_dir(fixtures.join("callers")).expect("the fixtures are committed");
        for path in scripts.map(|entry| entry.expect("a readable folder").path()) {
            let text = fs::read_to_string(&path).expect("a readable file");
            let script = Script::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            book.check(&script).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert!(!script.title.is_empty() && !script.expectations.is_empty(), "{}", path.display());
        }
    }

    #[test]
    fn a_text_that_was_never_recorded_is_named_with_the_nearest() {
        let script = Script::parse("say \"yes\"\nsay \"The first, please.\"").expect("a good script");
        let error = book().check(&script).expect_err("not in the book");
        assert_eq!(error.nearest.as_deref(), Some("The first one, please."));
        assert!(error.to_string().contains("did you mean"), "{error}");
    }
}
