//! Speaking: what was ordered to be said, how far it got, and what the caller really heard.
//!
//! The leg echoes marks when it has played up to them: so phrases finish. A clear begins a new generation; marks of older
//! ones are dropped, because the leg echoes all pending marks when it clears (Twilio, "Media Streams – WebSocket
//! messages"). How much of a phrase was heard when it was cleared is told by the media plane, which knows the ways to the
//! ear and back (`audio::ear`). Until it has told, the last mark and the clock have to do.

mod phrase;

use std::collections::VecDeque;
use std::time::Duration;

use statecharts::booking::Interruptible;

use crate::audio::mark::Mark;
use crate::io::{Input, Output, PhraseId};
use crate::record::Span;
use crate::speaking::phrase::Phrase;
use crate::time::CallTime;

/// Marks lie at most this far apart (see `audio::playout`), so no position runs further past a mark.
const MARK_GAP_MS: u32 = 200;

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
    /// When each word that was heard was.
    pub words: Vec<Span>,
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
    /// How many of those were held before the last stop.
    held_before: usize,
    next_phrase: u32,
    position: Option<Position>,
    progress: u32,
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
        self.order(Phrase::new(id, text, interruptible), out);
        id
    }

    /// Takes note of one input. Inputs about phrases that were cleared do nothing.
    pub fn handle(&mut self, at: CallTime, input: &Input, progress: &mut Vec<Progress>) {
        match input {
            Input::PhraseSynthesized { phrase, length_ms, word_ends_ms, .. } => {
                for known in self.phrases.iter_mut().chain(&mut self.held).filter(|known| known.id == *phrase) {
                    known.synthesized(*length_ms, word_ends_ms);
                }
            }
            Input::PlayoutCleared { generation, phrase, heard_ms } if *generation == self.generation => {
                self.cleared(at, *phrase, *heard_ms, progress);
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
            front.stopped(at, heard_ms);
        }
        self.held_before = self.held.len();
        self.held.append(&mut self.phrases);
        self.position = None;
        self.generation += 1;
        out.push(Output::ClearPlayout { generation: self.generation });
    }

    /// Goes on with what was held, from the word at which it stopped. Returns whether there was anything.
    pub fn resume(&mut self, out: &mut Vec<Output>) -> bool {
        let held = std::mem::take(&mut self.held);
        let any = !held.is_empty();
        for phrase in held {
            let id = PhraseId(self.next_phrase);
            self.next_phrase += 1;
            self.order(phrase.going_on(id), out);
        }
        any
    }

    /// What is held is to go on from the beginning of the clause in which it stopped.
    pub fn go_back_to_clause(&mut self) {
        if let Some(front) = self.held.front_mut() {
            front.go_back_to_clause();
        }
    }

    /// Drops what was held, and says what of it had been heard.
    pub fn drop_held(&mut self, at: CallTime) -> Vec<Spoken> {
        std::mem::take(&mut self.held).into_iter().map(|phrase| phrase.cut(at)).collect()
    }

    /// Drops what was held with these words, and says what of it had been heard.
    pub fn drop_held_of(&mut self, at: CallTime, texts: &[String]) -> Vec<Spoken> {
        let (dropped, held): (VecDeque<_>, VecDeque<_>) =
            std::mem::take(&mut self.held).into_iter().partition(|phrase| texts.contains(&phrase.text));
        self.held = held;
        dropped.into_iter().map(|phrase| phrase.cut(at)).collect()
    }

    /// The marks did not come back. Phrases that began and whose audio is whole count as heard. One that did not begin, or
    /// whose audio never ended, is stuck and holds up all behind it: they are dropped, and nothing of them is played any more.
    pub fn assume_heard(&mut self, at: CallTime, out: &mut Vec<Output>) -> Vec<Spoken> {
        let whole = self.phrases.iter().take_while(|phrase| phrase.began && phrase.is_whole()).count();
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

    /// Whether anything went out of the phrase that is to be heard next.
    pub fn has_begun(&self) -> bool {
        self.phrases.front().is_none_or(|phrase| phrase.began)
    }

    /// Whether audio is missing of what is to be heard.
    pub fn is_incomplete(&self) -> bool {
        self.phrases.iter().any(|phrase| !phrase.began || !phrase.is_whole())
    }

    /// Whether a phrase is still to be heard.
    pub fn has(&self, id: PhraseId) -> bool {
        self.phrases.iter().any(|phrase| phrase.id == id)
    }

    /// Whether this phrase is all that is to be heard, and its audio does not end.
    pub fn is_stuck_on(&self, id: PhraseId) -> bool {
        self.phrases.len() == 1 && self.phrases.iter().all(|phrase| phrase.id == id && !phrase.is_whole())
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

    /// The words of a phrase that is to be heard and where each of them ends in its audio, and where in that the order
    /// begins; both in milliseconds.
    pub fn words_of(&self, id: PhraseId) -> Option<(impl Iterator<Item = (&str, u32)>, u32)> {
        let phrase = self.phrases.iter().find(|phrase| phrase.id == id)?;
        Some((phrase.words().zip(phrase.word_ends_ms()), phrase.from_ms))
    }

    /// Counts orders into silence, beginnings and marks: as long as it stands still, nothing is known to move. What is
    /// ordered behind other phrases moves none of them; one that is stuck would have all the time of those behind it.
    pub fn progress(&self) -> u32 {
        self.progress
    }

    /// How much longer the ordered phrases should take, by their lengths where those are known.
    pub fn remaining(&self) -> Duration {
        // What lies before a phrase that began has gone out.
        let sent = self.phrases.iter().rposition(|phrase| phrase.began).unwrap_or(0);
        let ms: u32 = self.phrases.iter().skip(sent).map(Phrase::remaining_ms).sum();
        Duration::from_millis(u64::from(ms))
    }

    fn order(&mut self, phrase: Phrase, out: &mut Vec<Output>) {
        self.progress = self.progress.wrapping_add(u32::from(!self.is_busy()));
        out.push(Output::Speak {
            phrase: phrase.id,
            generation: self.generation,
            text: phrase.text.clone(),
            from_ms: phrase.from_ms,
        });
        self.phrases.push_back(phrase);
    }

    fn started(&mut self, at: CallTime, id: PhraseId, progress: &mut Vec<Progress>) {
        let Some(phrase) = self.phrases.iter_mut().find(|phrase| phrase.id == id) else { return };
        phrase.began = true;
        self.progress = self.progress.wrapping_add(1);
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
        if front.reached(at, mark.offset_ms) {
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

    /// Of what was stopped last, this phrase was being heard up to here, and all before it was heard whole.
    fn cleared(&mut self, at: CallTime, id: PhraseId, heard_ms: u32, progress: &mut Vec<Progress>) {
        let before = self.held_before.min(self.held.len());
        self.held.range_mut(before..).for_each(Phrase::forget_stop);
        let Some(index) = self.held.iter().position(|phrase| phrase.id == id) else { return };
        for passed in self.held.drain(before.min(index)..index) {
            progress.push(Progress::Finished(passed.whole(at)));
        }
        self.held[before.min(index)].stopped(at, heard_ms);
    }

    /// How much of the phrase in front the caller has heard by `at`; `None` when none of it went out.
    fn heard_ms(&self, at: CallTime) -> Option<u32> {
        let position = self.position?;
        let front = self.phrases.front()?;
        let since_ms = (at.since(position.at).as_millis() as u32).min(MARK_GAP_MS);
        Some((position.offset_ms + since_ms).min(front.length_ms()))
    }
}

#[cfg(test)]
mod tests;
