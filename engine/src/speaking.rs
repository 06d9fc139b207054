//! Speaking: what was ordered to be said, how far it got, and what the caller really heard.
//!
//! The leg echoes marks when it has played up to them. Between marks the position is carried on by the clock, never past
//! the next mark: what was not proved was at best about to be heard. A clear begins a new generation; marks of older ones
//! are dropped, because the leg echoes all pending marks when it clears (Twilio, "Media Streams – WebSocket messages").

use std::collections::VecDeque;
use std::time::Duration;

use statecharts::booking::Interruptible;

use crate::audio::mark::Mark;
use crate::io::{Input, Output, PhraseId};
use crate::time::CallTime;

/// How fast we speak when a phrase's length is not known yet: about 15 characters a second.
const CHARACTER_MS: u32 = 66;

/// Marks lie at most this far apart (see `audio::playout`), so no position runs further past a mark.
const MARK_GAP_MS: u32 = 200;

/// What is left of a word after this share of it was heard is not worth repeating.
const WORD_HEARD_SHARE: f32 = 0.5;

/// A phrase whose fate is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Spoken {
    /// The words that reached the caller.
    pub heard: String,
    /// The words that did not.
    pub unheard: String,
    /// When its first word was heard; when it was dropped, if none was.
    pub from: CallTime,
    /// When its last heard word ended.
    pub to: CallTime,
}

/// What speaking makes of an input.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    /// The first frame of a phrase went out.
    Started(PhraseId),
    /// The caller heard the first of a phrase: the first mark of it came back.
    FirstHeard(PhraseId),
    /// A phrase was heard to its end.
    Finished(Spoken),
    /// Everything that was ordered has been heard.
    Silent,
}

/// The assistant's side of the conversation.
#[derive(Debug, Default)]
pub struct Speaking {
    generation: u32,
    phrases: VecDeque<Phrase>,
    held: VecDeque<Phrase>,
    next_phrase: u32,
    position: Option<Position>,
    progress: u32,
}

#[derive(Debug, Clone)]
struct Phrase {
    id: PhraseId,
    text: String,
    interruptible: Interruptible,
    /// Where the order began: a phrase that goes on after a stop begins in its middle.
    from_ms: u32,
    /// How far it was heard when it was last stopped: as far as `from_ms`, or further where it goes on from before.
    heard_ms: u32,
    length_ms: Option<u32>,
    first_heard: Option<CallTime>,
}

/// The last point of the playout that is certain.
#[derive(Debug, Clone, Copy)]
struct Position {
    at: CallTime,
    offset_ms: u32,
}

impl Speaking {
    /// Orders a phrase behind all others.
    pub fn say(&mut self, text: String, interruptible: Interruptible, out: &mut Vec<Output>) -> PhraseId {
        let id = PhraseId(self.next_phrase);
        self.next_phrase += 1;
        self.order(
            Phrase { id, text, interruptible, from_ms: 0, heard_ms: 0, length_ms: None, first_heard: None },
            out,
        );
        id
    }

    /// Takes note of one input. Inputs about phrases that were cleared do nothing.
    pub fn handle(&mut self, at: CallTime, input: &Input, progress: &mut Vec<Progress>) {
        match input {
            Input::PhraseSynthesized { phrase, length_ms, .. } => {
                for known in self.phrases.iter_mut().chain(&mut self.held).filter(|known| known.id == *phrase) {
                    known.length_ms = Some(*length_ms);
                }
            }
            Input::PhraseStarted { phrase } => self.started(at, *phrase, progress),
            Input::MarkReached(mark) if mark.generation == self.generation => self.reached(at, *mark, progress),
            _ => {}
        }
    }

    /// Stops at once. What was not heard is held, to go on with or to drop.
    pub fn stop(&mut self, at: CallTime, out: &mut Vec<Output>) {
        let heard_ms = self.heard_ms(at);
        if let (Some(front), Some(heard_ms)) = (self.phrases.front_mut(), heard_ms) {
            front.first_heard.get_or_insert(at - Duration::from_millis(u64::from(heard_ms)));
            front.from_ms = front.word_boundary_ms(heard_ms);
            front.heard_ms = front.heard_ms.max(front.from_ms);
        }
        self.held.append(&mut self.phrases);
        self.position = None;
        self.generation += 1;
        out.push(Output::ClearPlayout { generation: self.generation });
    }

    /// Goes on with what was held, from the word at which it stopped. Returns whether there was anything.
    pub fn resume(&mut self, out: &mut Vec<Output>) -> bool {
        let held = std::mem::take(&mut self.held);
        let any = !held.is_empty();
        for mut phrase in held {
            phrase.id = PhraseId(self.next_phrase);
            self.next_phrase += 1;
            self.order(phrase, out);
        }
        any
    }

    /// What is held is to go on from the beginning of the clause in which it stopped.
    pub fn go_back_to_clause(&mut self) {
        if let Some(front) = self.held.front_mut() {
            front.from_ms = front.clause_ms();
        }
    }

    /// Drops what was held, and says what of it had been heard.
    pub fn drop_held(&mut self, at: CallTime) -> Vec<Spoken> {
        std::mem::take(&mut self.held).into_iter().map(|phrase| phrase.cut(at)).collect()
    }

    /// The marks did not come back. Phrases whose audio is whole count as heard. One whose audio never ended is stuck, and
    /// holds up all behind it: they are dropped, and nothing of them is played any more.
    pub fn assume_heard(&mut self, at: CallTime, out: &mut Vec<Output>) -> Vec<Spoken> {
        let whole = self.phrases.iter().take_while(|phrase| phrase.is_whole()).count();
        let mut spoken: Vec<Spoken> = self.phrases.drain(..whole).map(|phrase| phrase.whole(at)).collect();
        if whole > 0 {
            self.position = None;
        }
        if self.is_busy() {
            self.stop(at, out);
            spoken.extend(self.drop_held(at));
        }
        spoken
    }

    /// Whether anything that was ordered has not been heard to its end.
    pub fn is_busy(&self) -> bool {
        !self.phrases.is_empty()
    }

    /// Whether something was stopped that could go on.
    pub fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    /// What may stop the phrase that is being said.
    pub fn interruptible(&self) -> Interruptible {
        self.phrases.front().map_or(Interruptible::ByAnything, |phrase| phrase.interruptible)
    }

    /// The phrases whose end was not heard yet, in order: being said, about to be, or stopped.
    pub fn unheard(&self) -> impl Iterator<Item = &str> {
        self.held.iter().chain(&self.phrases).map(|phrase| phrase.text.as_str())
    }

    /// Counts orders and marks: as long as it stands still, nothing is known to move.
    pub fn progress(&self) -> u32 {
        self.progress
    }

    /// How much longer the ordered phrases should take, by their lengths where those are known.
    pub fn remaining(&self) -> Duration {
        let ms: u32 = self.phrases.iter().map(|phrase| phrase.length_ms().saturating_sub(phrase.from_ms)).sum();
        Duration::from_millis(u64::from(ms))
    }

    fn order(&mut self, phrase: Phrase, out: &mut Vec<Output>) {
        self.progress = self.progress.wrapping_add(1);
        out.push(Output::Speak {
            phrase: phrase.id,
            generation: self.generation,
            text: phrase.text.clone(),
            from_ms: phrase.from_ms,
        });
        self.phrases.push_back(phrase);
    }

    fn started(&mut self, at: CallTime, id: PhraseId, progress: &mut Vec<Progress>) {
        if self.phrases.iter().all(|phrase| phrase.id != id) {
            return;
        }
        if let (None, Some(front)) = (self.position, self.phrases.front().filter(|front| front.id == id)) {
            self.position = Some(Position { at, offset_ms: front.from_ms });
        }
        progress.push(Progress::Started(id));
    }

    fn reached(&mut self, at: CallTime, mark: Mark, progress: &mut Vec<Progress>) {
        let Some(index) = self.phrases.iter().position(|phrase| phrase.id == mark.phrase) else { return };
        self.progress = self.progress.wrapping_add(1);
        for passed in self.phrases.drain(..index).collect::<Vec<_>>() {
            progress.push(Progress::Finished(passed.whole(at)));
        }
        let front = &mut self.phrases[0];
        if front.first_heard.is_none() {
            let heard_ms = mark.offset_ms.saturating_sub(front.from_ms);
            front.first_heard = Some(at - Duration::from_millis(u64::from(heard_ms)));
            progress.push(Progress::FirstHeard(front.id));
        }
        self.position = Some(Position { at, offset_ms: mark.offset_ms });
        if mark.ends_phrase {
            let whole = self.phrases.pop_front().expect("the mark's phrase is in front").whole(at);
            progress.push(Progress::Finished(whole));
            self.position = self.phrases.front().map(|next| Position { at, offset_ms: next.from_ms });
            if self.phrases.is_empty() {
                progress.push(Progress::Silent);
            }
        }
    }

    /// How much of the phrase in front the caller has heard by `at`; `None` when none of it went out.
    fn heard_ms(&self, at: CallTime) -> Option<u32> {
        let position = self.position?;
        let front = self.phrases.front()?;
        let since_ms = (at.since(position.at).as_millis() as u32).min(MARK_GAP_MS);
        Some((position.offset_ms + since_ms).min(front.length_ms()))
    }
}

impl Phrase {
    fn is_whole(&self) -> bool {
        self.length_ms.is_some()
    }

    fn length_ms(&self) -> u32 {
        self.length_ms.unwrap_or(self.text.chars().count() as u32 * CHARACTER_MS)
    }

    fn whole(self, at: CallTime) -> Spoken {
        Spoken { heard: self.text, unheard: String::new(), from: self.first_heard.unwrap_or(at), to: at }
    }

    /// Splits at `heard_ms`, to which [`Speaking::stop`] moved it: all before it was heard.
    fn cut(self, at: CallTime) -> Spoken {
        let words_heard = self.words_until(self.heard_ms);
        let split = self.text.split_whitespace().collect::<Vec<_>>();
        let (heard, unheard) = split.split_at(words_heard);
        let from = self.first_heard.unwrap_or(at);
        let to = if self.first_heard.is_some() { from + Duration::from_millis(u64::from(self.heard_ms)) } else { at };
        Spoken { heard: heard.join(" "), unheard: unheard.join(" "), from, to: to.min(at) }
    }

    /// Where the word begins that was being said at `heard_ms`, or the one after it when most of it was heard.
    fn word_boundary_ms(&self, heard_ms: u32) -> u32 {
        let ends = self.word_ends_ms();
        let heard = self.words_until(heard_ms);
        if heard == 0 { 0 } else { ends[heard - 1] }
    }

    /// Where the clause begins that stopped at `from_ms`: behind the last comma or stop before it.
    fn clause_ms(&self) -> u32 {
        let heard = self.words_until(self.from_ms);
        let words = self.text.split_whitespace().take(heard).collect::<Vec<_>>();
        let clause = words.iter().rposition(|word| word.ends_with([',', '.', '?', '!', ';', ':']));
        clause.map_or(0, |last| self.word_ends_ms()[last])
    }

    /// How many words lie before a point, a word of which most was heard counted in.
    fn words_until(&self, heard_ms: u32) -> usize {
        let mut begins = 0.0;
        for (index, end) in self.word_ends_ms().into_iter().enumerate() {
            let end = end as f32;
            if begins + (end - begins) * WORD_HEARD_SHARE > heard_ms as f32 {
                return index;
            }
            begins = end;
        }
        self.text.split_whitespace().count()
    }

    /// When each word ends, estimated from its letters and the pause behind its punctuation.
    fn word_ends_ms(&self) -> Vec<u32> {
        let weights: Vec<u32> = self.text.split_whitespace().map(weight).collect();
        let total: u32 = weights.iter().sum::<u32>().max(1);
        let mut passed = 0;
        weights
            .into_iter()
            .map(|weight| {
                passed += weight;
                (u64::from(self.length_ms()) * u64::from(passed) / u64::from(total)) as u32
            })
            .collect()
    }
}

/// How long a word takes, in characters: its own, the gap behind it, and the pause of a comma or a stop.
fn weight(word: &str) -> u32 {
    let pause = match word.chars().last() {
        Some('.' | '?' | '!' | ';' | ':') => 6,
        Some(',') => 3,
        _ => 0,
    };
    word.chars().count() as u32 + 1 + pause
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(name: &str) -> Input {
        Input::MarkReached(name.parse().expect("a mark"))
    }

    fn tell(speaking: &mut Speaking, ms: u64, input: Input) -> Vec<Progress> {
        let mut progress = Vec::new();
        speaking.handle(CallTime::from_ms(ms), &input, &mut progress);
        progress
    }

    fn speaking_of(texts: &[&str]) -> (Speaking, Vec<Output>) {
        let (mut speaking, mut out) = (Speaking::default(), Vec::new());
        for text in texts {
            let phrase = speaking.say((*text).to_owned(), Interruptible::ByAnything, &mut out);
            tell(
                &mut speaking,
                0,
                Input::PhraseSynthesized { phrase, length_ms: 2_000, word_ends_ms: Vec::new(), cached: true },
            );
        }
        (speaking, out)
    }

    #[test]
    fn phrases_finish_one_by_one_and_then_there_is_silence() {
        let (mut speaking, _) = speaking_of(&["Hello.", "How can I help?"]);
        tell(&mut speaking, 1_000, Input::PhraseStarted { phrase: PhraseId(0) });
        assert!(matches!(tell(&mut speaking, 1_200, mark("g0.p0.200"))[..], [Progress::FirstHeard(PhraseId(0))]));
        let finished = tell(&mut speaking, 3_000, mark("g0.p0.2000e"));
        assert!(matches!(&finished[..], [Progress::Finished(spoken)] if spoken.from == CallTime::from_ms(1_000)));
        let last = tell(&mut speaking, 5_000, mark("g0.p1.2000e"));
        assert_eq!(last.last(), Some(&Progress::Silent));
    }

    #[test]
    fn a_stop_cuts_at_the_word_that_was_heard() {
        let (mut speaking, mut out) = speaking_of(&["one two three four five six seven eight", "Never begun."]);
        tell(&mut speaking, 1_000, Input::PhraseStarted { phrase: PhraseId(0) });
        tell(&mut speaking, 2_000, mark("g0.p0.1000"));
        speaking.stop(CallTime::from_ms(2_050), &mut out);
        assert_eq!(out.last(), Some(&Output::ClearPlayout { generation: 1 }));
        let dropped = speaking.drop_held(CallTime::from_ms(2_400));
        assert_eq!(dropped[0].heard, "one two three four");
        assert_eq!(dropped[0].unheard, "five six seven eight");
        assert_eq!((dropped[1].heard.as_str(), dropped[1].unheard.as_str()), ("", "Never begun."));
        assert!(dropped[0].to <= CallTime::from_ms(2_050));
    }

    #[test]
    fn a_phrase_whose_audio_never_ended_is_dropped_with_all_behind_it() {
        let (mut speaking, mut out) = speaking_of(&["Thank you."]);
        speaking.say("I have nine AM.".to_owned(), Interruptible::ByAnything, &mut out);
        speaking.say("Which suits you best?".to_owned(), Interruptible::ByAnything, &mut out);
        let spoken = speaking.assume_heard(CallTime::from_ms(9_000), &mut out);
        assert_eq!(out.last(), Some(&Output::ClearPlayout { generation: 1 }));
        let heard: Vec<&str> = spoken.iter().map(|spoken| spoken.heard.as_str()).collect();
        assert_eq!(heard, ["Thank you.", "", ""]);
        assert!(!speaking.is_busy());
    }

    #[test]
    fn marks_echoed_by_a_clear_prove_nothing() {
        let (mut speaking, mut out) = speaking_of(&["Hello there, caller."]);
        tell(&mut speaking, 0, Input::PhraseStarted { phrase: PhraseId(0) });
        speaking.stop(CallTime::from_ms(100), &mut out);
        assert!(tell(&mut speaking, 101, mark("g0.p0.2000e")).is_empty());
        assert_eq!(speaking.drop_held(CallTime::from_ms(200))[0].heard, "");
    }

    #[test]
    fn what_was_stopped_goes_on_from_its_word() {
        let (mut speaking, mut out) = speaking_of(&["one two three four five six seven eight"]);
        tell(&mut speaking, 0, Input::PhraseStarted { phrase: PhraseId(0) });
        tell(&mut speaking, 1_000, mark("g0.p0.1000"));
        speaking.stop(CallTime::from_ms(1_000), &mut out);
        assert!(speaking.resume(&mut out));
        let Some(Output::Speak { generation: 1, from_ms, .. }) = out.last() else { panic!("it goes on: {out:?}") };
        assert!((850..=1_150).contains(from_ms), "{from_ms}");
        let finished = tell(&mut speaking, 3_000, mark("g1.p1.2000e"));
        assert!(matches!(&finished[..], [.., Progress::Finished(spoken), Progress::Silent]
            if spoken.heard == "one two three four five six seven eight"));
    }

    #[test]
    fn what_goes_on_from_its_clause_counts_as_heard_once() {
        let (mut speaking, mut out) = speaking_of(&["one two, three four five six"]);
        tell(&mut speaking, 0, Input::PhraseStarted { phrase: PhraseId(0) });
        tell(&mut speaking, 1_400, mark("g0.p0.1400"));
        speaking.stop(CallTime::from_ms(1_400), &mut out);
        speaking.go_back_to_clause();
        speaking.resume(&mut out);
        let Some(Output::Speak { from_ms: 500..=900, .. }) = out.last() else { panic!("from the comma: {out:?}") };
        speaking.stop(CallTime::from_ms(5_000), &mut out);
        assert_eq!(speaking.drop_held(CallTime::from_ms(5_000))[0].heard, "one two, three four");
    }

    #[test]
    fn what_is_held_stays_held_when_all_is_stopped_again() {
        let (mut speaking, mut out) = speaking_of(&["one two three", "four five six"]);
        speaking.stop(CallTime::from_ms(10), &mut out);
        speaking.stop(CallTime::from_ms(20), &mut out);
        assert_eq!(speaking.drop_held(CallTime::from_ms(30)).len(), 2);
    }

    #[test]
    fn a_position_never_runs_further_than_a_mark_past_what_is_proved() {
        let (mut speaking, mut out) = speaking_of(&["one two three four five six seven eight"]);
        tell(&mut speaking, 0, Input::PhraseStarted { phrase: PhraseId(0) });
        speaking.stop(CallTime::from_ms(60_000), &mut out);
        assert_eq!(speaking.drop_held(CallTime::from_ms(60_000))[0].heard, "one");
    }
}
