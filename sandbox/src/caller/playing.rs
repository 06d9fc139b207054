//! Playing a caller: listens, waits for its turn, and does what the script says.

use std::time::Duration;

use engine::audio::frame::FRAME_MS;
use engine::record::Speaker;
use tokio::time::sleep;

use super::listening::{Listening, playing_time, voiced};
use super::outcome::{HungUp, Outcome, Said};
use super::script::{Pattern, Script, Step};
use super::{Book, Moment};
use crate::clips::Clip;
use crate::recognizer::Lexicon;
use crate::twilio::{Ending, Happening, Line, LineEvent, Verb, Warning};

/// How long Twilio may take to end a call that was hung up: its own deadlines for closing and for the status callback.
const END_DEADLINE: Duration = Duration::from_secs(30);

/// Twilio's debugger has an entry for every stream that the gateway closes, on purpose or not.
const CLOSED_BY_GATEWAY: u16 = 31_921;

/// So long a pause of the assistant divides what it said before the caller cut in from what it says then. Words have
/// shorter ones between them.
const ANSWER_PAUSE: Duration = Duration::from_millis(250);

/// Words after which more is to come, whatever the silence.
const HOLDING: &str = "one moment please|one moment|cut off for a moment";

/// A caller in the middle of a call.
pub(super) struct Playing<'a, W> {
    line: Line,
    script: &'a Script,
    book: &'a Book,
    /// Which of several texts this caller says.
    number: usize,
    watch: W,
    listening: Listening,
    holding: Pattern,
    next_step: usize,
    /// How often each reaction may still be used.
    uses: Vec<u32>,
    doing: Doing,
    outcome: Outcome,
    /// When the caller last stopped speaking, until the assistant answers.
    spoke_until: Option<Duration>,
}

/// What the caller is doing.
#[derive(Debug)]
enum Doing {
    Listening,
    /// Speaking this, since then, once the first frame went out.
    Speaking {
        clip: Clip,
        since: Option<Duration>,
        cuts_in: bool,
    },
    /// Letting time go by, and taking the next step then, or listening again.
    Waiting {
        until: Duration,
        then_step: bool,
    },
    /// The call is over for the caller.
    HungUp {
        at: Duration,
    },
}

impl<'a, W: FnMut(&Moment)> Playing<'a, W> {
    pub(super) fn new(
        line: Line,
        script: &'a Script,
        book: &'a Book,
        lexicon: Lexicon,
        number: usize,
        watch: W,
    ) -> Self {
        let outcome = Outcome {
            call_sid: line.call_sid().to_owned(),
            transcript: Vec::new(),
            gaps: Vec::new(),
            stops: Vec::new(),
            hung_up: None,
            ending: None,
            lasted: Duration::ZERO,
            warnings: Vec::new(),
            tally: line.tally(),
        };
        Self {
            line,
            script,
            book,
            number,
            watch,
            listening: Listening::new(lexicon),
            holding: Pattern::new(HOLDING).expect("constant phrases have words in them"),
            next_step: 0,
            uses: script.reactions.iter().map(|reaction| reaction.uses).collect(),
            doing: Doing::Listening,
            outcome,
            spoke_until: None,
        }
    }

    /// Plays to the end of the call.
    pub(super) async fn play(mut self) -> Outcome {
        while self.outcome.ending.is_none() {
            let wait = self.next_deadline().saturating_sub(self.line.now());
            tokio::select! {
                event = self.line.next() => match event {
                    Some(event) => self.notice(event),
                    None => break,
                },
                () = sleep(wait) => {}
            }
            if self.act(self.line.now()) {
                break;
            }
        }
        self.finish_turn();
        self.outcome.lasted = self.line.now();
        self.outcome.tally = self.line.tally();
        self.outcome
    }

    /// The next moment at which something is due, if nothing happens before.
    fn next_deadline(&mut self) -> Duration {
        let cut_in = self.cut_in_due();
        let doing = match self.doing {
            Doing::Waiting { until, .. } => Some(until),
            Doing::HungUp { at } => return at + END_DEADLINE,
            Doing::Listening | Doing::Speaking { .. } => None,
        };
        let times = [self.listening.over_at(), cut_in, doing];
        times.into_iter().flatten().fold(self.script.deadline, Duration::min)
    }

    /// When the caller will cut in on the turn in progress.
    fn cut_in_due(&mut self) -> Option<Duration> {
        let Some(Step::CutIn { after, .. }) = self.script.steps.get(self.next_step) else { return None };
        let listens = matches!(self.doing, Doing::Listening);
        self.listening.turn().filter(|turn| listens && !turn.answered).map(|turn| turn.began + *after)
    }

    /// Does what is due. Returns whether there is nothing left to wait for.
    fn act(&mut self, now: Duration) -> bool {
        if let Doing::HungUp { at } = self.doing {
            return now >= at + END_DEADLINE;
        }
        if now >= self.script.deadline {
            self.hang_up(HungUp::OutOfTime);
            return false;
        }
        if self.listening.over_at().is_some_and(|over| now >= over) {
            self.turn_over(now);
        } else if self.cut_in_due().is_some_and(|due| now >= due) {
            self.take_next_step(now, true);
        }
        if let Doing::Waiting { until, then_step } = self.doing
            && now >= until
        {
            self.doing = Doing::Listening;
            if then_step {
                self.take_next_step(now, false);
            }
        }
        false
    }

    fn notice(&mut self, event: LineEvent) {
        let at = event.at;
        match event.what {
            Happening::StreamStarted { .. } if self.next_step == 0 => self.wait_if_told(at),
            Happening::Heard(audio) => self.hear(&audio, at),
            Happening::Verb(Verb::Say { text }) => self.listening.read(&text, at),
            Happening::Saying => {
                // The frame that went out now holds the 20 ms before.
                let began = at.saturating_sub(Duration::from_millis(FRAME_MS));
                if let Doing::Speaking { since, .. } = &mut self.doing {
                    *since = Some(began);
                }
            }
            Happening::Said => self.said(at),
            Happening::Cleared { .. } => self.cleared(at),
            Happening::Warned(warning) => self.warned(warning),
            Happening::Ended(ending) => self.ended(ending),
            Happening::StreamStarted { .. }
            | Happening::Mark { .. }
            | Happening::Closed { .. }
            | Happening::Whispered(_)
            | Happening::Verb(_) => {}
        }
    }

    /// Waiting begins at the end of the step before it, or with the stream, and not with the assistant's words.
    fn wait_if_told(&mut self, now: Duration) {
        if let Some(Step::Wait(_) | Step::Silence(_)) = self.script.steps.get(self.next_step) {
            self.take_next_step(now, false);
        }
    }

    fn hear(&mut self, audio: &[u8], at: Duration) {
        // What comes after a pause, when the caller has spoken meanwhile, is the answer to that.
        if self.listening.turn().is_some_and(|turn| turn.answered && at > turn.ended + ANSWER_PAUSE) {
            self.finish_turn();
        }
        let Some(began) = self.listening.hear(audio, at) else { return };
        if let Some(until) = self.spoke_until.take() {
            let gap = began.saturating_sub(until);
            self.outcome.gaps.push(gap);
            (self.watch)(&Moment::Gap(gap));
        }
    }

    fn said(&mut self, at: Duration) {
        if !matches!(self.doing, Doing::Speaking { .. }) {
            return;
        }
        let Doing::Speaking { clip, since, .. } = std::mem::replace(&mut self.doing, Doing::Listening) else { return };
        let from = since.unwrap_or(at);
        let (first, last) = voiced(&clip.audio).unwrap_or((0, clip.audio.len()));
        let to = from + playing_time(last);
        // What is being spoken already is no answer to this.
        self.spoke_until = self.listening.turn().is_none().then_some(to);
        self.add(Said { speaker: Speaker::Caller, text: clip.text, from: from + playing_time(first), to });
        self.wait_if_told(at);
    }

    fn cleared(&mut self, at: Duration) {
        if self.listening.turn().is_some_and(|turn| turn.answered) {
            self.finish_turn();
        }
        let Doing::Speaking { clip, since: Some(since), cuts_in } = &mut self.doing else { return };
        if std::mem::take(cuts_in) {
            let onset = *since + voiced(&clip.audio).map_or(Duration::ZERO, |(first, _)| playing_time(first));
            let stop = at.saturating_sub(onset);
            self.outcome.stops.push(stop);
            (self.watch)(&Moment::Stopped(stop));
        }
    }

    fn warned(&mut self, warning: Warning) {
        if warning.code != CLOSED_BY_GATEWAY {
            (self.watch)(&Moment::Warned(warning.clone()));
            self.outcome.warnings.push(warning);
        }
    }

    fn ended(&mut self, ending: Ending) {
        self.finish_turn();
        (self.watch)(&Moment::Ended(ending.clone()));
        self.outcome.ending = Some(ending);
    }

    /// Ends the assistant's turn and, if it is the caller's turn now, takes it.
    fn turn_over(&mut self, now: Duration) {
        let Some((text, answered)) = self.finish_turn() else { return };
        if answered || !matches!(self.doing, Doing::Listening) || self.ends_with_holding(&text) {
            return;
        }
        match self.best_reaction(&text) {
            Some(at) => {
                self.uses[at] -= 1;
                let step = self.script.reactions[at].step.clone();
                self.take(&step, now, false);
            }
            None => self.take_next_step(now, false),
        }
    }

    fn ends_with_holding(&self, text: &str) -> bool {
        self.holding.heard_in(text).is_some_and(|end| end >= crate::clips::spoken(text).len())
    }

    /// The reaction to the last thing in the text that any reacts to; the first of the script when several do.
    fn best_reaction(&self, text: &str) -> Option<usize> {
        let left = self.script.reactions.iter().enumerate().filter(|(at, _)| self.uses[*at] > 0);
        let heard = left.filter_map(|(at, reaction)| Some((reaction.hears.heard_in(text)?, at)));
        heard.max_by_key(|(end, at)| (*end, std::cmp::Reverse(*at))).map(|(_, at)| at)
    }

    fn take_next_step(&mut self, now: Duration, cuts_in: bool) {
        let Some(step) = self.script.steps.get(self.next_step).cloned() else { return };
        self.next_step += 1;
        self.take(&step, now, cuts_in);
    }

    fn take(&mut self, step: &Step, now: Duration, cuts_in: bool) {
        match step {
            Step::Say(texts) | Step::CutIn { texts, .. } => self.say(&texts[self.number % texts.len()], cuts_in),
            Step::Press(keys) => {
                for key in keys.chars() {
                    self.line.press(key);
                    (self.watch)(&Moment::Pressed(key));
                }
                self.mark_answered();
                self.wait_if_told(now);
            }
            Step::Wait(time) => self.doing = Doing::Waiting { until: now + *time, then_step: true },
            Step::Silence(time) => self.doing = Doing::Waiting { until: now + *time, then_step: false },
            Step::HangUp => self.hang_up(HungUp::AsPlanned),
        }
    }

    fn say(&mut self, text: &str, cuts_in: bool) {
        // Scripts are checked against the book before they are played.
        let Some(clip) = self.book.clip(text).cloned() else { return };
        self.line.say(&clip.audio);
        self.mark_answered();
        self.doing = Doing::Speaking { clip, since: None, cuts_in };
    }

    fn mark_answered(&mut self) {
        if let Some(turn) = self.listening.turn() {
            turn.answered = true;
        }
    }

    fn hang_up(&mut self, why: HungUp) {
        self.line.hang_up();
        self.outcome.hung_up = Some(why);
        self.doing = Doing::HungUp { at: self.line.now() };
        (self.watch)(&Moment::HungUp(why));
    }

    /// Writes the assistant's turn down; returns its words, and whether the caller has answered them already.
    fn finish_turn(&mut self) -> Option<(String, bool)> {
        let (turn, text) = self.listening.finish()?;
        self.add(Said { speaker: Speaker::Assistant, text: text.clone(), from: turn.began, to: turn.ended });
        Some((text, turn.answered))
    }

    fn add(&mut self, said: Said) {
        (self.watch)(&Moment::Said(said.clone()));
        self.outcome.transcript.push(said);
    }
}
