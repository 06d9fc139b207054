//! Listening: voice and transcripts in, finished turns out.
//!
//! A turn is all that the caller says before we may answer. Its words are the finals since the last turn, joined, and
//! what the last interim adds to them. When they have been said, three things are weighed:
//!
//! 1. **silence**, counted from where the voice really ended, before the detector's hangover;
//! 2. **the shape of the words** ([`Shape`]): an answer or a whole sentence ends soon; "I'd like a haircut on" is waited
//!    for although the vendor calls the turn over, and so is a number of which digits are missing;
//! 3. **the vendor's word**, where it decides turns by more than silence (Flux).
//!
//! | the words are | the turn is over after this much silence |
//! |---|---|
//! | complete | [`COMPLETE_AFTER`] |
//! | finished | [`FINISHED_AFTER`]; at once on the word of a vendor that decides turns |
//! | the first word of a name | [`HALF_NAME_AFTER`] |
//! | unfinished | [`UNFINISHED_AFTER`] |
//! | being dictated | [`DICTATING_AFTER`] |
//!
//! The first two grow with the caller's own pauses (`pauses`). A turn whose words may not reach to the end of the
//! voice is not taken before the vendor was asked for the rest.
//!
//! Words that were taken before the vendor settled them come again as a final. The same words are dropped, so that no
//! turn is answered twice; what they add is kept (`taken`).

mod pauses;
mod taken;
#[cfg(test)]
mod tests;
pub(crate) mod word_times;

use std::time::Duration;

use crate::io::{Input, Output};
use crate::languages::Language;
use crate::listening::pauses::Pauses;
use crate::listening::taken::Taken;
use crate::time::{CallTime, Timer, Timers};
use crate::understanding::{self, Shape, Situation};

/// Silence after an answer or a whole sentence. A pause between two words is rarely longer, and the vendor needs about as
/// long to hear the last of them.
pub const COMPLETE_AFTER: Duration = Duration::from_millis(300);

/// Silence after words that could end there.
pub const FINISHED_AFTER: Duration = Duration::from_millis(500);

/// Silence after the first word of a name that was asked for: many people pause before the second.
pub const HALF_NAME_AFTER: Duration = Duration::from_millis(900);

/// The same while a vendor that decides turns has not called this one over: it hears more than words.
pub const UNDECIDED_AFTER: Duration = Duration::from_millis(900);

/// Silence after words that cannot end there: then they are answered as far as they go.
pub const UNFINISHED_AFTER: Duration = Duration::from_millis(1_400);

/// Silence within a number or a name that is being dictated, and the longest that any turn waits for more. Shorter than
/// [`patience::WORDS`](crate::patience::WORDS), after which the floor ends the turn.
pub const DICTATING_AFTER: Duration = Duration::from_millis(1_750);

/// The longest waits for callers who pause a lot, after complete and after finished words.
const PAUSED_MOST: (Duration, Duration) = (Duration::from_millis(600), Duration::from_millis(1_000));

/// Silence after which a vendor that closes its segments at silence should have done so, and sent it: then it is asked to.
const ASK_AFTER: Duration = Duration::from_millis(600);

/// The longest that a vendor is waited for which was late before, as after a gap that it has to catch up with. Shorter than
/// [`patience::WORDS`](crate::patience::WORDS), too.
const LAG_MOST: Duration = Duration::from_millis(1_700);

/// How long the vendor may take to finish before the words that there are must do, and one that was slow before.
const TAKE_AFTER: Duration = Duration::from_millis(400);
const TAKE_AFTER_MOST: Duration = Duration::from_millis(900);

/// From a sound to its words in an interim, at most, when all is well (Deepgram, about 100 to 300 ms). A vendor that takes
/// longer in this call is believed to.
const WORDS_LAG: Duration = Duration::from_millis(300);

/// How long a word takes to say, about: the first words of a turn cannot come sooner than they are said.
const WORD: Duration = Duration::from_millis(200);

/// Words that come so long after the end of a voice are not of that voice.
const MISSED_AFTER: Duration = Duration::from_millis(1_200);

/// The detector's word for the end of a voice is at most this late.
const HANGOVER_MAX: Duration = Duration::from_millis(500);

/// Below this, a transcript is a guess that is better asked about than believed.
const CONFIDENCE_MIN: f32 = 0.4;

/// A finished turn of the caller.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// The words, joined.
    pub text: String,
    /// The least confident part's confidence.
    pub confidence: f32,
    /// When the first of it was heard.
    pub from: CallTime,
    /// When the voice last ended, as far as it is known.
    pub speech_ended: CallTime,
    /// When the last of its words arrived.
    pub transcribed: Option<CallTime>,
}

impl Turn {
    /// Whether the words can be relied on.
    pub fn is_clear(&self) -> bool {
        self.confidence >= CONFIDENCE_MIN
    }

    /// This turn with another before it that was taken too early, and was not answered yet.
    #[must_use]
    pub fn behind(self, earlier: Self) -> Self {
        Self {
            text: format!("{} {}", earlier.text, self.text),
            confidence: self.confidence.min(earlier.confidence),
            from: earlier.from,
            ..self
        }
    }
}

/// What listening makes of an input.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// The caller's words are growing: these are all of the turn so far.
    Words(String),
    /// The turn is probably over, with these words.
    LikelyOver(String),
    /// It is not: the caller goes on.
    GoesOn,
    /// The turn is over.
    Turn(Turn),
    /// A politeness that came too late for its turn, which is answered already: "please".
    Aside(String),
}

/// The caller's side of the conversation, as far as it is heard.
#[derive(Debug, Default)]
pub struct Listening {
    /// The vendor decides turns by more than silence.
    turns_by_vendor: bool,
    /// What the call is held in.
    language: Language,
    finals: Vec<String>,
    interim: String,
    /// What the words look like, once somebody wanted to know.
    shape: Option<Shape>,
    confidence: Option<f32>,
    began: Option<CallTime>,
    voice_on: bool,
    voice_began: Option<CallTime>,
    voice_ended: Option<CallTime>,
    /// Where the vendor heard the last word end.
    last_word: Option<CallTime>,
    transcribed: Option<CallTime>,
    /// How late the vendor's first words were, in the turn before or in this one.
    lag: Duration,
    /// The vendor called the turn over with the words there are.
    called_over: bool,
    asked_to_finish: bool,
    /// A turn was given back, and its words were not looked at together with the others yet.
    resumed: bool,
    /// The words that were last said to be the whole turn, probably.
    suspected: String,
    taken: Option<Taken>,
    /// The last final, and where it lies. Some vendors send one twice.
    last_final: Option<(CallTime, CallTime, String)>,
    pauses: Pauses,
    progress: u32,
}

impl Listening {
    /// Nothing heard yet. Some vendors decide turns themselves, by more than silence.
    pub fn new(turns_by_vendor: bool) -> Self {
        Self { turns_by_vendor, ..Self::default() }
    }

    /// Takes note of one input, and appends what comes of it. Inputs that are none of its business do nothing.
    pub fn handle(
        &mut self,
        at: CallTime,
        input: &Input,
        situation: &Situation,
        timers: &mut Timers,
        heard: &mut Vec<Heard>,
    ) {
        self.language = situation.business.language;
        match input {
            Input::VoiceStarted => self.voice_started(at, timers),
            Input::VoiceEnded { voiced_ms } => self.voice_ended(at, *voiced_ms),
            Input::Interim { text, confidence } => self.take_interim(at, text, *confidence, heard),
            Input::Final { text, confidence, from_ms, to_ms, ends_turn, .. } => {
                let lies = (CallTime::from_ms(*from_ms), CallTime::from_ms(*to_ms));
                self.take_final(at, text, *confidence, lies, *ends_turn, heard);
            }
            Input::UtteranceEnded => self.called_over = self.has_words(),
            Input::TurnLikelyOver { text } => self.take_interim(at, text, 1.0, heard),
            Input::TurnResumed => heard.push(Heard::GoesOn),
            _ => return,
        }
        let vendor_suspects = matches!(input, Input::TurnLikelyOver { .. });
        self.look_for_the_end(at, vendor_suspects, situation, timers, heard);
    }

    /// Looks at all the words of a turn that was given back ([`Listening::resume`]) together with those that followed.
    pub fn look_again(&mut self, at: CallTime, situation: &Situation, timers: &mut Timers, heard: &mut Vec<Heard>) {
        if std::mem::take(&mut self.resumed) {
            self.shape = None;
            self.look_for_the_end(at, false, situation, timers, heard);
        }
    }

    /// The end-of-turn timer fired: asks the vendor for the rest, or takes the words that there are.
    pub fn end_of_turn_due(&mut self, at: CallTime, timers: &mut Timers, out: &mut Vec<Output>) -> Option<Turn> {
        if !self.may_end() {
            return None;
        }
        if self.asked_to_finish || self.reaches_the_end() {
            return Some(self.end_turn(at, timers));
        }
        self.asked_to_finish = true;
        out.push(Output::FinishUtterance);
        timers.set(Timer::EndOfTurn, at + self.lag.clamp(TAKE_AFTER, TAKE_AFTER_MOST));
        None
    }

    /// Ends the turn now, with the words there are, if there are any.
    pub fn force(&mut self, at: CallTime, timers: &mut Timers) -> Option<Turn> {
        self.has_words().then(|| self.end_turn(at, timers))
    }

    /// Gives back a turn that was taken too early: the caller went on. Its words come before those that follow.
    pub fn resume(&mut self, turn: Turn) {
        if let Some(voice_began) = self.voice_began.filter(|began| *began >= turn.speech_ended) {
            self.pauses.ended(turn.speech_ended, voice_began);
            self.pauses.words_came();
        }
        self.resumed = true;
        self.finals.insert(0, turn.text);
        self.began = Some(turn.from);
        self.confidence = Some(self.confidence.map_or(turn.confidence, |known| known.min(turn.confidence)));
    }

    /// Forgets an attempt at speaking that never became words.
    pub fn forget(&mut self, timers: &mut Timers) {
        *self = self.after_a_turn();
        timers.clear(Timer::EndOfTurn);
    }

    /// Whether the local detector hears a voice.
    pub fn voice_is_on(&self) -> bool {
        self.voice_on
    }

    /// Counts what arrives of the caller's words: as long as it stands still, nothing more was understood.
    pub fn progress(&self) -> u32 {
        self.progress
    }

    /// How long the turn has been going on.
    pub fn lasted(&self, at: CallTime) -> Duration {
        self.began.map_or(Duration::ZERO, |began| at.since(began))
    }

    /// What the detector hears is no voice, for all that came of it.
    pub fn distrust_voice(&mut self) {
        self.voice_on = false;
    }

    /// Whether any words of the turn are known.
    pub fn has_words(&self) -> bool {
        !self.interim.is_empty() || !self.finals.is_empty()
    }

    fn voice_started(&mut self, at: CallTime, timers: &mut Timers) {
        // Pauses in words that have to go on say nothing about where words end that need not.
        let could_end = self.has_words() && matches!(self.shape, Some(Shape::Complete | Shape::Finished));
        if let Some(ended) = self.voice_ended.filter(|_| could_end) {
            self.pauses.ended(ended, at);
        }
        self.voice_on = true;
        self.voice_began = Some(at);
        self.began.get_or_insert(at);
        self.asked_to_finish = false;
        self.called_over = false;
        timers.clear(Timer::EndOfTurn);
    }

    fn voice_ended(&mut self, at: CallTime, voiced_ms: u32) {
        let voiced = Duration::from_millis(u64::from(voiced_ms));
        let ended = self.voice_began.map_or(at, |began| began + voiced);
        self.voice_on = false;
        self.voice_ended = Some(ended.min(at).max(at - HANGOVER_MAX));
    }

    fn take_interim(&mut self, at: CallTime, text: &str, confidence: f32, heard: &mut Vec<Heard>) {
        let text = match &mut self.taken {
            Some(taken) => match taken.added_by(at, text) {
                Some(more) if understanding::is_aside(more, self.language) => return,
                Some(more) => more,
                None => text,
            },
            None => text,
        };
        if text.is_empty() {
            return;
        }
        if let Some(began) = self.voice_began.filter(|_| self.transcribed.is_none()) {
            let said = WORD * text.split_whitespace().count() as u32;
            self.lag = at.since(began + said);
        }
        self.interim = text.to_owned();
        self.confidence = Some(self.confidence.unwrap_or(1.0).min(confidence.max(CONFIDENCE_MIN)));
        self.words_came(at, heard);
    }

    fn take_final(
        &mut self,
        at: CallTime,
        text: &str,
        confidence: f32,
        (from, to): (CallTime, CallTime),
        ends_turn: bool,
        heard: &mut Vec<Heard>,
    ) {
        let text = if self.is_last_final_again(text, (from, to)) { "" } else { text };
        // The segment is closed: nothing more is said of the words that were taken.
        let taken = self.taken.take_if(|_| !text.is_empty()).filter(|taken| !taken.is_before(from));
        let text = match taken.and_then(|mut taken| taken.added_by(at, text)) {
            Some(more) if understanding::is_aside(more, self.language) => {
                self.interim.clear();
                return heard.extend((!more.is_empty()).then(|| Heard::Aside(more.to_owned())));
            }
            Some(more) => more,
            None => text,
        };
        if !text.is_empty() {
            self.finals.push(text.to_owned());
            self.interim.clear();
            self.confidence = Some(self.confidence.unwrap_or(1.0).min(confidence));
            self.last_word = Some(to).filter(|to| (CallTime::ZERO..=at).contains(to) && *to > from);
            self.words_came(at, heard);
        }
        // A voice that came back within the turn is not over because the vendor heard the pause before it.
        let came_back = self.voice_on && self.voice_ended.is_some() && !self.turns_by_vendor;
        self.called_over |= ends_turn && !self.finals.is_empty() && !came_back;
        // The answer to what was asked for is that there is no more.
        self.called_over |= self.asked_to_finish && text.is_empty();
    }

    fn is_last_final_again(&mut self, text: &str, (from, to): (CallTime, CallTime)) -> bool {
        let lies_somewhere = to > from && !text.is_empty();
        let this = (from, to, text.to_owned());
        let again = lies_somewhere && self.last_final.as_ref() == Some(&this);
        if lies_somewhere {
            self.last_final = Some(this);
        }
        again
    }

    fn words_came(&mut self, at: CallTime, heard: &mut Vec<Heard>) {
        self.began.get_or_insert(at);
        self.progress = self.progress.wrapping_add(1);
        self.transcribed = Some(at);
        self.shape = None;
        self.called_over = false;
        self.asked_to_finish = false;
        self.pauses.words_came();
        heard.push(Heard::Words(self.words()));
    }

    /// Takes the turn if it is over, sets the timer if it will be, and says when it probably is. The words are judged when
    /// silence makes it matter and no sooner, because that takes longer than all the rest.
    fn look_for_the_end(
        &mut self,
        at: CallTime,
        vendor_suspects: bool,
        situation: &Situation,
        timers: &mut Timers,
        heard: &mut Vec<Heard>,
    ) {
        if !self.has_words() || !(self.may_end() || vendor_suspects) {
            return;
        }
        let shape = self.judged(situation);
        let wait = self.wait(shape);
        let wait = if self.reaches_the_end() { wait } else { wait.max(self.lag.clamp(ASK_AFTER, LAG_MOST)) };
        let due = self.silent_since(at) + wait;
        if due <= at && self.may_end() && self.reaches_the_end() {
            return heard.push(Heard::Turn(self.end_turn(at, timers)));
        }
        if self.may_end() && !self.asked_to_finish {
            timers.set(Timer::EndOfTurn, due.max(at));
        }
        if self.is_likely_over(shape, vendor_suspects) && self.suspected != self.words() {
            self.suspected = self.words();
            heard.push(Heard::LikelyOver(self.suspected.clone()));
        }
    }

    /// Judges the words there are. A full stop that the vendor wrote where nothing can end is taken back: it would part
    /// what belongs together.
    fn judged(&mut self, situation: &Situation) -> Shape {
        let shape =
            *self.shape.get_or_insert_with(|| understanding::shape(&words(&self.finals, &self.interim), situation));
        let goes_on = matches!(shape, Shape::Unfinished | Shape::Dictating);
        if let Some(last) = self.finals.last_mut().filter(|_| goes_on && self.interim.is_empty()) {
            last.truncate(last.trim_end_matches(['.', '?', '!']).len());
        }
        shape
    }

    /// Whether silence counts: words are known, and no voice is heard, or the vendor hears none in the noise.
    fn may_end(&self) -> bool {
        self.has_words() && (!self.voice_on || self.called_over)
    }

    /// How much silence ends the turn.
    fn wait(&self, shape: Shape) -> Duration {
        let (complete_most, finished_most) = PAUSED_MOST;
        match shape {
            Shape::Complete => self.pauses.beyond(COMPLETE_AFTER, complete_most),
            Shape::Finished | Shape::HalfName if self.turns_by_vendor && self.called_over => Duration::ZERO,
            Shape::Finished if self.turns_by_vendor => UNDECIDED_AFTER,
            Shape::Finished => self.pauses.beyond(FINISHED_AFTER, finished_most),
            Shape::HalfName => HALF_NAME_AFTER,
            Shape::Unfinished => UNFINISHED_AFTER,
            Shape::Dictating => DICTATING_AFTER,
        }
    }

    /// Since when the caller has been silent. Words that come long after the voice ended are of a voice that the detector
    /// missed.
    fn silent_since(&self, at: CallTime) -> CallTime {
        let came = self.transcribed.unwrap_or(at);
        let by_words = if self.called_over { self.last_word.unwrap_or(came - WORDS_LAG) } else { came };
        self.voice_ended.filter(|ended| !self.voice_on && came <= *ended + MISSED_AFTER).unwrap_or(by_words)
    }

    /// Whether the words are all that was said up to the end of the voice, because they came late enough.
    fn reaches_the_end(&self) -> bool {
        let came = self.transcribed.map(|came| came - self.lag.max(WORDS_LAG));
        self.called_over || came.is_some_and(|came| self.voice_ended.is_none_or(|ended| came >= ended))
    }

    /// Whether hardly anything but silence is missing.
    fn is_likely_over(&self, shape: Shape, vendor_suspects: bool) -> bool {
        match shape {
            Shape::Complete => vendor_suspects || !self.voice_on,
            Shape::Finished | Shape::HalfName => vendor_suspects || (!self.voice_on && self.reaches_the_end()),
            Shape::Unfinished | Shape::Dictating => false,
        }
    }

    fn end_turn(&mut self, at: CallTime, timers: &mut Timers) -> Turn {
        let turn = Turn {
            text: self.words(),
            confidence: self.confidence.unwrap_or(0.0),
            from: self.began.unwrap_or(at),
            speech_ended: self.silent_since(at),
            transcribed: self.transcribed,
        };
        if !self.interim.is_empty() {
            self.taken = Some(match self.taken.take() {
                Some(before) => before.and(at, &self.interim),
                None => Taken::new(at, std::mem::take(&mut self.interim)),
            });
        }
        *self = self.after_a_turn();
        timers.clear(Timer::EndOfTurn);
        turn
    }

    /// What is left when a turn is taken, or forgotten.
    fn after_a_turn(&mut self) -> Self {
        Self {
            turns_by_vendor: self.turns_by_vendor,
            voice_on: self.voice_on,
            voice_began: self.voice_began,
            // Words of this voice may still come.
            voice_ended: self.voice_ended,
            lag: self.lag,
            taken: self.taken.take(),
            last_final: self.last_final.take(),
            pauses: std::mem::take(&mut self.pauses),
            progress: self.progress,
            ..Self::default()
        }
    }

    fn words(&self) -> String {
        words(&self.finals, &self.interim)
    }
}

fn words(finals: &[String], interim: &str) -> String {
    let parts = finals.iter().map(String::as_str).chain([interim]).map(str::trim);
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}
