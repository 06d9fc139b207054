//! Our own words, come back over the caller's line and transcribed as the caller's.
//!
//! The echo canceller takes our voice out of the line, but it has to find the way first, and again when that changes; what
//! it lets through at the beginning of a phrase reaches speech-to-text. So words are ours when they repeat what we were
//! saying while the voice began that they belong to:
//!
//! - the beginning of what we had just begun to say;
//! - or words of ours whose last was still to be said then: nobody repeats what they have not heard.
//!
//! One word alone says little: it is ours only where nothing else follows it.

use std::collections::VecDeque;
use std::time::Duration;

use crate::call::Call;
use crate::io::{Input, Output};
use crate::letters::{distance, sound};
use crate::time::CallTime;

/// From a frame of ours going out to its echo being noticed, at most: the longest delay of lines (640 ms, `audio::echo`),
/// the lead and the ways to the ear and back, and the detector.
const BACK_WITHIN: Duration = Duration::from_millis(1_100);

/// What was begun last and can still come back; more is not begun in that time.
const BEGUN_MAX: usize = 6;

/// From a sound that no detector noticed to its words, about.
const WORDS_LAG: Duration = Duration::from_millis(500);

/// A voice of which no words came for so long after its end came to none: those that come later are of another.
const NO_WORDS_AFTER: Duration = Duration::from_secs(4);

/// Letters of a word that may be heard differently, as a part of all.
const DIFFERENT_PART: usize = 3;

/// What we said lately, and since when the voice on the line has been going on.
#[derive(Debug, Default)]
pub(super) struct OwnWords {
    begun: VecDeque<Begun>,
    /// When the first voice of the vendor's present segment began.
    voice_since: Option<CallTime>,
    /// When it ended, while no words of the segment came.
    wordless_since: Option<CallTime>,
    /// What of the present segment was ours is on record.
    noted: bool,
}

/// Something that we began to say.
#[derive(Debug)]
struct Begun {
    at: CallTime,
    words: Vec<Word>,
}

/// A word of ours: as it sounds, and when it was to be heard if nothing stopped us.
#[derive(Debug)]
struct Word {
    sound: String,
    from: CallTime,
    to: CallTime,
}

impl OwnWords {
    /// A phrase went out from a point of it on: these are its words and where they end.
    fn began<'w>(&mut self, at: CallTime, words: impl Iterator<Item = (&'w str, u32)>, from_ms: u32) {
        let moment = |ms: u32| at + Duration::from_millis(u64::from(ms.saturating_sub(from_ms)));
        let mut from = at;
        let words = words.filter(|(_, end_ms)| *end_ms > from_ms).map(|(word, end_ms)| {
            let to = moment(end_ms);
            Word { sound: sound(word), from: std::mem::replace(&mut from, to), to }
        });
        let words = words.filter(|word| !word.sound.is_empty()).collect();
        if self.begun.len() == BEGUN_MAX {
            self.begun.pop_front();
        }
        self.begun.push_back(Begun { at, words });
    }

    /// A voice begins: the first of the vendor's segment, or the next after one that came to no words.
    fn voice_began(&mut self, at: CallTime) {
        let is_another = self.wordless_since.take().is_some_and(|ended| at.since(ended) > NO_WORDS_AFTER);
        self.voice_since = self.voice_since.filter(|_| !is_another).or(Some(at));
    }

    /// What of a transcript is the caller's, when it came at `at`: all but our own words at its beginning.
    fn callers<'t>(&self, at: CallTime, text: &'t str) -> &'t str {
        let onset = self.voice_since.unwrap_or(at - WORDS_LAG);
        let heard: Vec<(String, usize)> = words(text).collect();
        let said: Vec<&str> = heard.iter().map(|(sound, _)| sound.as_str()).collect();
        let mut ours = self.begun.iter().map(|begun| begun.came_back(&said, onset)).max().unwrap_or(0);
        if ours == 0 {
            return text;
        }
        // Behind them may be the beginning of what we went on with.
        let later = || self.begun.iter().filter(|begun| begun.at > onset && begun.at < at);
        while let Some(more) = later().map(|begun| begun.alike(0, &said[ours..])).max().filter(|more| *more > 0) {
            ours += more;
        }
        match ours {
            1 if said.len() > 1 => text,
            _ => text[heard[ours - 1].1..].trim(),
        }
    }
}

impl Begun {
    /// How many words at the beginning of what was heard are these, come back, if the voice began at `onset`.
    fn came_back(&self, heard: &[&str], onset: CallTime) -> usize {
        let run = |from: usize| {
            let length = self.alike(from, heard);
            let (first, last) = (self.words.get(from)?, self.words.get((from + length).checked_sub(1)?)?);
            let in_time = (first.from..=first.from + BACK_WITHIN).contains(&onset);
            (in_time && (from == 0 || length > 1 && onset < last.to)).then_some(length)
        };
        (0..self.words.len()).filter_map(run).max().unwrap_or(0)
    }

    /// How many words from one on are the same as those that were heard.
    fn alike(&self, from: usize, heard: &[&str]) -> usize {
        let mut pairs = self.words[from.min(self.words.len())..].iter().zip(heard);
        // One word alone has to be the very same.
        match pairs.next() {
            Some((ours, heard)) if ours.sound == *heard => {}
            _ => return 0,
        }
        1 + pairs.take_while(|(ours, heard)| is_same(&ours.sound, heard)).count()
    }
}

impl Call {
    /// The same input without what of it is ours; nothing where all of it is the caller's.
    pub(super) fn without_our_words(&mut self, at: CallTime, input: &Input, out: &mut Vec<Output>) -> Option<Input> {
        match input {
            Input::PhraseStarted { phrase } => {
                if let Some((words, from_ms)) = self.speaking.words_of(*phrase) {
                    self.own_words.began(at, words, from_ms);
                }
                None
            }
            Input::VoiceStarted => {
                self.own_words.voice_began(at);
                None
            }
            Input::VoiceEnded { .. } => {
                let is_wordless = !self.listening.has_words() && !self.own_words.noted;
                self.own_words.wordless_since = is_wordless.then_some(at);
                None
            }
            Input::Interim { text, confidence } => {
                let text = self.callers_words(at, text, out)?;
                Some(Input::Interim { text, confidence: *confidence })
            }
            Input::TurnLikelyOver { text } => Some(Input::TurnLikelyOver { text: self.callers_words(at, text, out)? }),
            Input::Final { text, confidence, from_ms, to_ms, ends_turn, .. } => {
                let callers = self.callers_words(at, text, out);
                self.own_words.voice_since = self.listening.voice_is_on().then_some(at);
                self.own_words.noted = false;
                let (confidence, from_ms, to_ms, ends_turn) = (*confidence, *from_ms, *to_ms, *ends_turn);
                Some(Input::Final { text: callers?, confidence, from_ms, to_ms, ends_turn, words: Vec::new() })
            }
            _ => None,
        }
    }

    /// What of a transcript is the caller's; nothing where all of it is. Several words that are ours are no reason to be
    /// silent; what begins with one may go on otherwise.
    fn callers_words(&mut self, at: CallTime, text: &str, out: &mut Vec<Output>) -> Option<String> {
        let callers = self.own_words.callers(at, text);
        if callers.len() == text.len() {
            return None;
        }
        let callers = callers.to_owned();
        if !std::mem::replace(&mut self.own_words.noted, true) {
            self.journal.event(at, "echo", "words of ours came back", out);
        }
        let is_sure = callers.is_empty() && text.trim().contains(' ');
        if is_sure && self.speaking.is_holding() && !self.listening.has_words() {
            self.stop_was_our_echo(at, out);
        }
        Some(callers)
    }
}

/// The words of a text as they sound, and where in it each ends.
fn words(text: &str) -> impl Iterator<Item = (String, usize)> {
    let end = |word: &str| word.as_ptr() as usize - text.as_ptr() as usize + word.len();
    text.split_whitespace().map(move |word| (sound(word), end(word))).filter(|(sound, _)| !sound.is_empty())
}

/// A short word begins alike: "can't" is not "want".
fn is_same(ours: &str, heard: &str) -> bool {
    const SHORT: usize = 4;
    let begins_alike = ours.len() > SHORT || ours.bytes().next() == heard.bytes().next();
    ours == heard || (begins_alike && distance(ours, heard) <= ours.len() / DIFFERENT_PART)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGAN: CallTime = CallTime::from_ms(10_000);

    /// Half a second a word, from the tenth second on.
    fn saying(text: &str) -> OwnWords {
        let mut own = OwnWords::default();
        say(&mut own, BEGAN, text);
        own
    }

    fn say(own: &mut OwnWords, at: CallTime, text: &str) {
        own.began(at, text.split(' ').zip((1..).map(|word| word * 500)), 0);
    }

    /// What is the caller's when the voice began so long after us.
    fn callers(own: &mut OwnWords, onset_ms: u64, text: &str) -> String {
        let onset = BEGAN + Duration::from_millis(onset_ms);
        own.voice_since = Some(onset);
        own.callers(onset + Duration::from_secs(2), text).to_owned()
    }

    #[test]
    fn what_we_have_just_begun_to_say_is_ours() {
        let mut own = saying("When would you like to come in?");
        for text in ["When", "When would you", "when would your"] {
            assert_eq!(callers(&mut own, 250, text), "", "{text}");
        }
        assert_eq!(callers(&mut own, 250, "When would you Hi, I'd like a haircut"), "Hi, I'd like a haircut");
    }

    #[test]
    fn a_word_that_others_follow_is_not_ours_for_being_the_same() {
        let mut own = saying("How can I help you?");
        assert_eq!(callers(&mut own, 250, "How"), "");
        assert_eq!(callers(&mut own, 250, "How much is it?"), "How much is it?");
        let mut own = saying("I can't put you through");
        assert_eq!(callers(&mut own, 250, "I want"), "I want");
    }

    #[test]
    fn what_is_repeated_after_it_was_heard_is_the_callers() {
        let mut own = saying("I have ten thirty or two");
        assert_eq!(callers(&mut own, 2_200, "ten thirty"), "ten thirty");
        assert_eq!(callers(&mut own, 1_300, "ten thirty or"), "");
        assert_eq!(callers(&mut own, 1_300, "two"), "two");
        assert_eq!(callers(&mut own, 5_000, "I have"), "I have");
    }

    #[test]
    fn what_we_went_on_with_is_ours_behind_what_we_had_begun() {
        let mut own = saying("What number can we reach you on?");
        say(&mut own, BEGAN + Duration::from_secs(1), "We're open Tuesday to Friday.");
        assert_eq!(callers(&mut own, 200, "What We're"), "");
        assert_eq!(callers(&mut own, 200, "What number We're open late?"), "late?");
    }

    #[test]
    fn a_voice_that_came_to_no_words_is_not_where_later_ones_began() {
        let mut own = saying("I can't put you through right now");
        own.voice_began(BEGAN + Duration::from_millis(300));
        own.wordless_since = Some(BEGAN + Duration::from_secs(3));
        own.voice_began(BEGAN + Duration::from_secs(18));
        assert_eq!(own.callers(BEGAN + Duration::from_secs(19), "I"), "I");
    }

    #[test]
    fn what_went_on_in_its_middle_comes_back_from_there() {
        let mut own = OwnWords::default();
        own.began(BEGAN, ["How", "can", "I", "help"].into_iter().zip([300, 600, 900, 1_200]), 600);
        assert_eq!(callers(&mut own, 250, "I help"), "");
        assert_eq!(callers(&mut own, 250, "can I help"), "can I help");
    }
}
