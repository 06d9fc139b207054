//! Who may speak now.
//!
//! One voice at a time, and never a silence without end. The assistant stops as soon as a voice is noticed, and takes
//! its time to decide ([`State::Held`]) whether that was an interruption or a "mm-hm"; so stopping may be quick and
//! wrong. What was stopped is kept until it is known that something came of the voice, also while the caller has the floor
//! meanwhile; then it is dropped, or goes on. Every state names what it waits for; when that wait is over, something is said or done, so that no line goes
//! dead while each side waits for the other.

use serde::{Deserialize, Serialize};
use statig::prelude::*;

use crate::Context;

/// Who has the floor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nobody speaks; the caller may.
    Open,
    /// The caller speaks, or has spoken and may go on.
    CallerSpeaking,
    /// The caller's turn is over and its answer is being made. A filler may be heard meanwhile.
    Thinking,
    /// The assistant's answer is being heard.
    AssistantSpeaking,
    /// The assistant was stopped by a voice, and it is not yet decided whether the caller gets the floor for it.
    Held,
}

/// Something that happened on the line, or was decided about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A voice is noticed.
    VoiceStarted,
    /// A voice is noticed, and stops nothing: words might, or nothing may.
    VoicePassedOver,
    /// It is noticed no longer.
    VoiceEnded,
    /// Words of the caller came. They count as a voice where none was noticed.
    WordsHeard,
    /// The caller's turn is over, with words in it.
    TurnEnded,
    /// The assistant has an answer to play. A filler is not an answer.
    AnswerStarted,
    /// The last mark of the answer came back: all of it was heard.
    AnswerEnded,
    /// The voice that stopped the assistant, or words without one, want the floor.
    Interrupted,
    /// The voice that stopped the assistant was a "mm-hm", a cough or a noise, or nothing is known to have come of it.
    Backchannel,
    /// The caller pressed a key that means something.
    KeyPressed,
    /// The turn holds nothing that wants an answer.
    NothingToSay,
    /// The time of [`Floor::wait`] is over.
    Deadline,
}

/// Something to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Stop what is being played, and keep what was not heard of it.
    StopPlayout,
    /// Forget what was not heard.
    DropTail,
    /// Play what was not heard.
    ResumeTail,
    /// Drop the answer that is being made: the caller goes on, and the words to come belong to the same turn.
    CancelAnswer,
    /// End the turn with the words there are ([`Event::TurnEnded`]), or with none ([`Event::NothingToSay`]).
    ForceTurn,
    /// Ask whether anybody is there.
    AskStillThere,
    /// Nobody is there: say goodbye.
    GiveUp,
    /// Say that it takes a moment. The answer is still being made.
    SayFiller,
    /// Let the rules answer in the model's place.
    AnswerByRules,
    /// Say that it did not work and ask the caller to try again.
    Apologise,
    /// Count all that was played as heard: the marks that would prove it do not come.
    AssumeHeard,
}

/// What a state waits for when nothing happens. How long is the driver's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wait {
    /// The caller to say anything.
    Silence,
    /// The end of the turn, or more words: the voice has ended.
    Words,
    /// The voice to end.
    Monologue,
    /// The answer, before a filler is said.
    Filler,
    /// The answer, before the rules make one.
    Rules,
    /// The answer, before an apology.
    Apology,
    /// The mark of the answer's last word.
    LastMark,
    /// The verdict on the voice that stopped the assistant.
    Decision,
}

/// How often "Are you still there?" is asked before the assistant gives up.
const ASKED_STILL_THERE_MAX: u8 = 2;

/// The chart of the floor.
#[derive(Clone, Serialize, Deserialize)]
pub struct Floor {
    machine: StateMachine<Chart>,
    context: Context<Effect>,
}

impl std::fmt::Debug for Floor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Floor").field("node", self.machine.state()).field("chart", self.machine.inner()).finish()
    }
}

impl Default for Floor {
    fn default() -> Self {
        Self::new()
    }
}

impl Floor {
    /// A floor that nobody holds.
    pub fn new() -> Self {
        Self { machine: Chart::default().state_machine(), context: Context::default() }
    }

    /// Tells the chart what happened; gives what is to be done about it, in order.
    pub fn handle(&mut self, event: Event) -> Vec<Effect> {
        self.machine.handle_with_context(&event, &mut self.context);
        std::mem::take(&mut self.context.effects)
    }

    /// Who has the floor.
    pub fn state(&self) -> State {
        match self.machine.state() {
            Node::Open {} => State::Open,
            Node::CallerSpeaking { .. } => State::CallerSpeaking,
            Node::Thinking { .. } => State::Thinking,
            Node::AssistantSpeaking {} => State::AssistantSpeaking,
            Node::Held {} => State::Held,
        }
    }

    /// What the state waits for at most. It is counted from the moment [`Floor::waits`] last changed.
    pub fn wait(&self) -> Wait {
        match self.machine.state() {
            Node::Open {} => Wait::Silence,
            Node::CallerSpeaking { .. } if self.machine.inner().voice => Wait::Monologue,
            Node::CallerSpeaking { .. } => Wait::Words,
            Node::Thinking { wait } => *wait,
            Node::AssistantSpeaking {} => Wait::LastMark,
            Node::Held {} => Wait::Decision,
        }
    }

    /// How many waits have begun. When it changed, the deadline is to be set anew, also where [`Floor::wait`] is the
    /// same as before: more words came, or a deadline was answered by waiting on. It wraps around.
    pub fn waits(&self) -> u32 {
        self.machine.inner().waits
    }

    /// Events so far that no state had a use for. Each is a mistake of the driver.
    pub fn unhandled(&self) -> u32 {
        self.context.unhandled
    }
}

/// What outlives a state.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Chart {
    /// A voice is going on, as far as the detector can tell.
    voice: bool,
    /// The assistant was stopped, and what was not heard is kept.
    tail: bool,
    /// How often "Are you still there?" was asked since the caller last said something.
    asked_still_there: u8,
    /// See [`Floor::waits`].
    waits: u32,
}

// Every transition begins a wait, also one from a state to itself; what only happens meanwhile is `Handled`. No state
// has an entry action: a snapshot restores without side effects, although statig enters the restored state again.
#[state_machine(
    initial = "Node::open()",
    visibility = "pub(self)",
    state(name = "Node", derive(Debug, Clone, Serialize, Deserialize)),
    superstate(name = "Above", derive(Debug)),
    after_transition = "Self::begin_wait"
)]
impl Chart {
    /// The root: counts what no state wanted.
    #[superstate]
    fn anywhere(context: &mut Context<Effect>) -> Outcome<Node> {
        context.unhandled += 1;
        Handled
    }

    /// To [`caller_speaking`](Self::caller_speaking) with a voice, to [`assistant_speaking`](Self::assistant_speaking)
    /// when the assistant has something to say of its own accord: a greeting, a reminder, an answer that came late.
    #[state(superstate = "anywhere")]
    fn open(&mut self, context: &mut Context<Effect>, event: &Event) -> Outcome<Node> {
        match event {
            Event::VoiceStarted => self.hear_voice(),
            Event::WordsHeard | Event::KeyPressed => self.hear_words(),
            Event::TurnEnded => self.think(),
            Event::AnswerStarted => Transition(Node::assistant_speaking()),
            Event::Deadline if self.asked_still_there < ASKED_STILL_THERE_MAX => {
                self.asked_still_there += 1;
                context.push(Effect::AskStillThere);
                Transition(Node::open())
            }
            Event::Deadline => {
                context.push(Effect::GiveUp);
                Transition(Node::open())
            }
            // The voice began before the assistant spoke, and ends only now.
            Event::VoiceEnded => self.voice_ended(),
            // The mark comes after it was assumed to be lost.
            Event::AnswerEnded => Handled,
            Event::VoicePassedOver | Event::Interrupted | Event::Backchannel | Event::NothingToSay => Super,
        }
    }

    /// To [`thinking`](Self::thinking) when the turn is over. When there was nothing in it, back to
    /// [`assistant_speaking`](Self::assistant_speaking) with what was stopped, or to [`open`](Self::open). A turn that
    /// does not end is ended; where that does not help and the line is quiet, it counts as one with nothing in it.
    #[state(superstate = "anywhere")]
    fn caller_speaking(&mut self, forced: &mut bool, context: &mut Context<Effect>, event: &Event) -> Outcome<Node> {
        match event {
            Event::VoiceStarted => self.hear_voice(),
            Event::VoiceEnded => {
                self.voice = false;
                Transition(Node::caller_speaking(*forced))
            }
            // Words that may yet turn out to be a "mm-hm", where something was stopped.
            Event::WordsHeard => self.hear_words(),
            Event::Interrupted | Event::KeyPressed => {
                self.drop_tail(context);
                self.hear_words()
            }
            Event::TurnEnded => {
                self.drop_tail(context);
                self.think()
            }
            Event::Backchannel | Event::NothingToSay if self.tail => self.resume(context),
            Event::Deadline if *forced && !self.voice && self.tail => self.resume(context),
            Event::NothingToSay => Transition(Node::open()),
            Event::Deadline if *forced && !self.voice => Transition(Node::open()),
            Event::Deadline => {
                context.push(Effect::ForceTurn);
                Transition(Node::caller_speaking(true))
            }
            // Something that must be said now, whoever speaks: that nothing can be heard, or goodbye.
            Event::AnswerStarted => {
                self.drop_tail(context);
                Transition(Node::assistant_speaking())
            }
            // The last mark of an answer that was interrupted at its very end.
            Event::AnswerEnded => Handled,
            Event::VoicePassedOver | Event::Backchannel => Super,
        }
    }

    /// To [`assistant_speaking`](Self::assistant_speaking) with the answer, back to
    /// [`caller_speaking`](Self::caller_speaking) when the caller goes on. Fillers are heard in here and end nothing:
    /// the waits for rules and apology go on behind them.
    #[state(superstate = "anywhere")]
    fn thinking(&mut self, wait: &mut Wait, context: &mut Context<Effect>, event: &Event) -> Outcome<Node> {
        match event {
            Event::AnswerStarted => Transition(Node::assistant_speaking()),
            Event::NothingToSay => Transition(Node::open()),
            Event::VoiceStarted => {
                stop_thinking(*wait, context);
                self.hear_voice()
            }
            Event::WordsHeard | Event::KeyPressed => {
                stop_thinking(*wait, context);
                self.hear_words()
            }
            // More of the same turn, and over at once.
            Event::TurnEnded => {
                stop_thinking(*wait, context);
                self.think()
            }
            Event::Deadline => out_of_patience(*wait, context),
            Event::VoicePassedOver => self.voice_began(),
            // The vendor was quicker than the detector to see that the caller had finished.
            Event::VoiceEnded => self.voice_ended(),
            // A filler was heard to its end.
            Event::AnswerEnded => Handled,
            Event::Interrupted | Event::Backchannel => Super,
        }
    }

    /// To [`open`](Self::open) when all was heard, to [`held`](Self::held) at a voice that may stop it. Words that want
    /// the floor, a key, and a turn that is already over need no second thought.
    #[state(superstate = "anywhere")]
    fn assistant_speaking(&mut self, context: &mut Context<Effect>, event: &Event) -> Outcome<Node> {
        match event {
            Event::VoiceStarted | Event::WordsHeard => {
                self.voice |= *event == Event::VoiceStarted;
                self.tail = true;
                context.push(Effect::StopPlayout);
                Transition(Node::held())
            }
            Event::KeyPressed | Event::Interrupted => {
                stop_for_good(context);
                self.hear_words()
            }
            Event::TurnEnded => {
                stop_for_good(context);
                self.think()
            }
            Event::AnswerEnded => Transition(Node::open()),
            Event::Deadline => {
                context.push(Effect::AssumeHeard);
                Transition(Node::open())
            }
            Event::VoicePassedOver => self.voice_began(),
            // The voice began before the assistant spoke, or was a backchannel.
            Event::VoiceEnded => self.voice_ended(),
            // The next phrase of the same answer.
            Event::AnswerStarted => Handled,
            Event::Backchannel | Event::NothingToSay => Super,
        }
    }

    /// To [`caller_speaking`](Self::caller_speaking) or [`thinking`](Self::thinking) when the caller wants the floor,
    /// back to [`assistant_speaking`](Self::assistant_speaking) when not. Undecided at the deadline, a voice that is
    /// still going on gets the floor, and one that has ended does not; what was stopped is kept even so.
    #[state(superstate = "anywhere")]
    fn held(&mut self, context: &mut Context<Effect>, event: &Event) -> Outcome<Node> {
        match event {
            Event::Interrupted | Event::KeyPressed => {
                self.drop_tail(context);
                self.hear_words()
            }
            Event::Backchannel | Event::NothingToSay => self.resume(context),
            Event::TurnEnded => {
                self.drop_tail(context);
                self.think()
            }
            Event::Deadline if self.voice => Transition(Node::caller_speaking(false)),
            Event::Deadline => self.resume(context),
            // The answer was at its end when the voice came: there is no tail, and the voice is the caller's turn.
            Event::AnswerEnded => {
                self.drop_tail(context);
                Transition(Node::caller_speaking(false))
            }
            Event::VoiceStarted | Event::VoicePassedOver => self.voice_began(),
            Event::VoiceEnded => self.voice_ended(),
            // The words are what the verdict is made of; the next phrase waits with the tail.
            Event::WordsHeard | Event::AnswerStarted => Handled,
        }
    }

    fn hear_voice(&mut self) -> Outcome<Node> {
        self.voice = true;
        Transition(Node::caller_speaking(false))
    }

    fn hear_words(&mut self) -> Outcome<Node> {
        self.asked_still_there = 0;
        Transition(Node::caller_speaking(false))
    }

    fn voice_began(&mut self) -> Outcome<Node> {
        self.voice = true;
        Handled
    }

    fn voice_ended(&mut self) -> Outcome<Node> {
        self.voice = false;
        Handled
    }

    fn think(&mut self) -> Outcome<Node> {
        self.asked_still_there = 0;
        Transition(Node::thinking(Wait::Filler))
    }

    fn drop_tail(&mut self, context: &mut Context<Effect>) {
        if std::mem::take(&mut self.tail) {
            context.push(Effect::DropTail);
        }
    }

    fn resume(&mut self, context: &mut Context<Effect>) -> Outcome<Node> {
        self.tail = false;
        context.push(Effect::ResumeTail);
        Transition(Node::assistant_speaking())
    }

    fn begin_wait(&mut self, _from: &Node, _to: &Node) {
        self.waits = self.waits.wrapping_add(1);
    }
}

fn stop_for_good(context: &mut Context<Effect>) {
    context.push(Effect::StopPlayout);
    context.push(Effect::DropTail);
}

/// Drops the answer that is being made, and the filler that may be heard by now.
fn stop_thinking(wait: Wait, context: &mut Context<Effect>) {
    if wait != Wait::Filler {
        stop_for_good(context);
    }
    context.push(Effect::CancelAnswer);
}

fn out_of_patience(wait: Wait, context: &mut Context<Effect>) -> Outcome<Node> {
    match wait {
        Wait::Filler => {
            context.push(Effect::SayFiller);
            Transition(Node::thinking(Wait::Rules))
        }
        Wait::Rules => {
            context.push(Effect::AnswerByRules);
            Transition(Node::thinking(Wait::Apology))
        }
        // The floor is the caller's again, so that an apology nobody can hear is followed by a question and a goodbye.
        _ => {
            context.push(Effect::Apologise);
            Transition(Node::open())
        }
    }
}
