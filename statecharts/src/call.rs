//! Whether there is a call, and who may end it.
//!
//! A call ends once. Whatever the reason, the last step is [`Effect::Finish`], said exactly once, after which nothing is
//! listened to any more; and a goodbye is heard before the leg is closed, unless the leg is gone or the wait for its
//! last word is over.

use serde::{Deserialize, Serialize};
use statig::prelude::*;

use crate::Context;

/// Why a call ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Goodbye was said and heard.
    Goodbye,
    /// Nobody spoke for too long.
    Silence,
    /// The caller is handed to a person.
    Transfer,
    /// The caller hung up.
    HungUp,
    /// The stream dropped and nothing took its place.
    Lost,
    /// The call reached the longest a call may last.
    TooLong,
    /// The process is going down.
    Draining,
}

/// Where a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nobody can be heard yet.
    Ringing,
    /// Both sides can be heard.
    Live,
    /// The stream dropped; another may adopt the call.
    Resuming,
    /// The last words are being spoken, then the leg is closed.
    Closing,
    /// It is over. Everything is ignored from here on.
    Ended,
}

/// Something that happened to the call as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The stream started.
    Answered,
    /// The stream is gone without a goodbye.
    Dropped,
    /// Another stream adopted the call.
    Resumed,
    /// The caller hung up, or the carrier ended the call.
    HungUp,
    /// The last words are on their way to the caller; the call is to end after them.
    Farewell(Ending),
    /// The last mark of what was said came back.
    LastWordHeard,
    /// The caller says more, into the last words.
    CallerWentOn,
    /// The time of [`Call::wait`] is over.
    Deadline,
    /// The call reached the longest a call may last.
    TooLong,
    /// The process is going down and this call's time to end by itself is over.
    Draining,
}

/// Something to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Begin the conversation.
    Greet,
    /// Say that the line was gone for a moment, and ask the last question again.
    WelcomeBack,
    /// Say the last words that fit this ending; their last mark is [`Event::LastWordHeard`].
    SayGoodbye(Ending),
    /// Close the leg.
    Close(Ending),
    /// Write down how it ended, stop listening, let go of everything. Nothing follows it.
    Finish(Ending),
}

/// What a state waits for when nothing happens. How long is the driver's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wait {
    /// Another stream, after one dropped.
    Resume,
    /// The mark of the last word.
    LastWord,
}

/// The chart of one call.
#[derive(Clone, Serialize, Deserialize)]
pub struct Call {
    machine: StateMachine<Chart>,
    context: Context<Effect>,
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call").field("node", self.machine.state()).field("chart", self.machine.inner()).finish()
    }
}

impl Default for Call {
    fn default() -> Self {
        Self::new()
    }
}

impl Call {
    /// A call that nobody has answered.
    pub fn new() -> Self {
        Self { machine: Chart.state_machine(), context: Context::default() }
    }

    /// Tells the chart what happened; gives what is to be done about it, in order.
    pub fn handle(&mut self, event: Event) -> Vec<Effect> {
        self.machine.handle_with_context(&event, &mut self.context);
        std::mem::take(&mut self.context.effects)
    }

    /// Where the call is.
    pub fn state(&self) -> State {
        match self.machine.state() {
            Node::Ringing {} => State::Ringing,
            Node::Live {} => State::Live,
            Node::Resuming {} => State::Resuming,
            Node::Closing { .. } => State::Closing,
            Node::Ended {} => State::Ended,
        }
    }

    /// What the state waits for at most, counted from the moment it was entered. The other states are waited out by
    /// the floor chart and by [`Event::TooLong`].
    pub fn wait(&self) -> Option<Wait> {
        match self.state() {
            State::Resuming => Some(Wait::Resume),
            State::Closing => Some(Wait::LastWord),
            State::Ringing | State::Live | State::Ended => None,
        }
    }

    /// Whether the call goes on when the caller does: the last words are said because they seemed to leave.
    pub fn may_stay(&self) -> bool {
        matches!(self.machine.state(), Node::Closing { ending } if is_for_the_caller(*ending))
    }

    /// Events so far that no state had a use for. Each is a mistake of the driver.
    pub fn unhandled(&self) -> u32 {
        self.context.unhandled
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Chart;

// No state has an entry action: effects belong to transitions. A snapshot therefore restores without side effects,
// although statig enters the restored state again.
#[state_machine(
    initial = "Node::ringing()",
    visibility = "pub(self)",
    state(name = "Node", derive(Debug, Clone, Serialize, Deserialize)),
    superstate(name = "Above", derive(Debug))
)]
impl Chart {
    /// The root: counts what no state wanted, and ends the call when the caller does.
    #[superstate]
    fn anywhere(context: &mut Context<Effect>, event: &Event) -> Outcome<Node> {
        match event {
            Event::HungUp => finish(context, Ending::HungUp),
            _ => {
                context.unhandled += 1;
                Handled
            }
        }
    }

    /// To [`live`](Self::live) when answered.
    #[state(superstate = "anywhere")]
    fn ringing(context: &mut Context<Effect>, event: &Event) -> Outcome<Node> {
        match event {
            Event::Answered => {
                context.push(Effect::Greet);
                Transition(Node::live())
            }
            Event::Dropped => finish(context, Ending::Lost),
            Event::Draining => close(context, Ending::Draining),
            Event::TooLong => close(context, Ending::TooLong),
            _ => Super,
        }
    }

    /// To [`closing`](Self::closing) with a goodbye, to [`resuming`](Self::resuming) when the stream is gone.
    #[state(superstate = "anywhere")]
    fn live(context: &mut Context<Effect>, event: &Event) -> Outcome<Node> {
        match event {
            Event::Dropped => Transition(Node::resuming()),
            // The new stream was quicker than the news of the old one's end.
            Event::Resumed => {
                context.push(Effect::WelcomeBack);
                Handled
            }
            Event::Farewell(ending) => Transition(Node::closing(*ending)),
            Event::TooLong => say_goodbye(context, Ending::TooLong),
            Event::Draining => say_goodbye(context, Ending::Draining),
            // The end of an answer, and nobody is leaving.
            Event::LastWordHeard => Handled,
            _ => Super,
        }
    }

    /// To [`live`](Self::live) with the next stream; whatever else ends a call ends it at once: nobody can hear it.
    #[state(superstate = "anywhere")]
    fn resuming(context: &mut Context<Effect>, event: &Event) -> Outcome<Node> {
        match event {
            Event::Resumed => {
                context.push(Effect::WelcomeBack);
                Transition(Node::live())
            }
            Event::Deadline => finish(context, Ending::Lost),
            Event::Farewell(ending) => finish(context, *ending),
            Event::TooLong => finish(context, Ending::TooLong),
            Event::Draining => finish(context, Ending::Draining),
            // The stream is gone already, and marks on their way went with it.
            Event::Dropped | Event::LastWordHeard => Handled,
            _ => Super,
        }
    }

    /// To [`ended`](Self::ended) when the last word was heard, or cannot be heard any more. Back to
    /// [`live`](Self::live) when the caller is not leaving after all.
    #[state(superstate = "anywhere")]
    fn closing(ending: &mut Ending, context: &mut Context<Effect>, event: &Event) -> Outcome<Node> {
        match event {
            Event::LastWordHeard | Event::Deadline => close(context, *ending),
            Event::Dropped => finish(context, *ending),
            Event::CallerWentOn if is_for_the_caller(*ending) => Transition(Node::live()),
            Event::CallerWentOn => Handled,
            // It is ending already, and the first reason is the reason.
            Event::Farewell(_) | Event::TooLong | Event::Draining => Handled,
            // The goodbye went with the old stream; its deadline ends the call.
            Event::Resumed => Handled,
            _ => Super,
        }
    }

    /// Everything is ignored: orders carried out late, marks and timers of a call that is over.
    #[state]
    fn ended(event: &Event) -> Outcome<Node> {
        let _ = event;
        Handled
    }
}

/// Whether a call ends because the caller has all they want, or nobody seems to be there.
fn is_for_the_caller(ending: Ending) -> bool {
    matches!(ending, Ending::Goodbye | Ending::Silence | Ending::Transfer)
}

fn say_goodbye(context: &mut Context<Effect>, ending: Ending) -> Outcome<Node> {
    context.push(Effect::SayGoodbye(ending));
    Transition(Node::closing(ending))
}

fn close(context: &mut Context<Effect>, ending: Ending) -> Outcome<Node> {
    context.push(Effect::Close(ending));
    finish(context, ending)
}

fn finish(context: &mut Context<Effect>, ending: Ending) -> Outcome<Node> {
    context.push(Effect::Finish(ending));
    Transition(Node::ended())
}
