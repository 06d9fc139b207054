//! Ways out: goodbye, a person, and what is asked for when a person has to call back.

use super::chart::{Chart, Node, Then};
use super::facts::Search;
use super::{Effect, State};
use crate::Context;
use crate::prompt::Prompt;
use crate::proposal::Proposal;

impl Chart {
    /// Leaves, but not before the caller knows what became of an appointment that is being made or cancelled.
    pub(super) fn leave_when_booked(&mut self, context: &mut Context<Effect>) -> Node {
        if self.must_wait() { self.wait_and(context, Then::Leave) } else { self.leave(context) }
    }

    /// Gets a person, but not before the caller knows what became of an appointment that is being made or cancelled.
    pub(super) fn person_when_booked(&mut self, context: &mut Context<Effect>) -> Node {
        if self.must_wait() { self.wait_and(context, Then::Person) } else { self.person(context) }
    }

    fn must_wait(&self) -> bool {
        self.home == State::Booking || self.standing.is_cancelling()
    }

    fn wait_and(&mut self, context: &mut Context<Effect>, then: Then) -> Node {
        self.then = then;
        self.ask(context)
    }

    /// Says goodbye.
    pub(super) fn leave(&mut self, context: &mut Context<Effect>) -> Node {
        self.say(context, Prompt::Goodbye);
        context.push(Effect::HangUp);
        Node::Goodbye {}
    }

    /// Gets a person to help: now where there is one, later where not.
    pub(super) fn person(&mut self, context: &mut Context<Effect>) -> Node {
        self.standing.drop_errand();
        if self.can_transfer {
            self.say(context, Prompt::Transferring);
            context.push(Effect::Transfer);
            return Node::Transfer {};
        }
        self.say(context, Prompt::CallBack);
        self.fall_back(context)
    }

    /// Nobody is leaving after all: the question that stood open stands open again.
    pub(super) fn stay(&mut self) -> Node {
        if self.facts.search == Search::Running {
            self.facts.search = Search::Due;
        }
        match self.home {
            State::Service => Node::Service {},
            State::Time => Node::Time {},
            State::Details => Node::Details {},
            State::Contact => Node::Contact {},
            State::Confirmation => Node::Confirmation {},
            State::Booking => Node::Booking {},
            State::Standing if self.nothing_stands_open() => {
                self.asked = Some(Prompt::AnythingElse);
                Node::Success {}
            }
            State::Standing => Node::Standing {},
            State::Success => Node::Success {},
            State::Fallback => Node::Fallback {},
            State::Greeting | State::Question | State::Transfer | State::Goodbye => Node::Greeting {},
        }
    }

    /// Gives up on understanding. In [`State::Fallback`] a person was promised already.
    pub(super) fn give_up(&mut self, context: &mut Context<Effect>) -> Node {
        if self.home == State::Fallback { self.leave(context) } else { self.person(context) }
    }

    /// After somebody was promised to call back.
    pub(super) fn fall_back(&mut self, context: &mut Context<Effect>) -> Node {
        self.misses = 0;
        self.news = None;
        self.standing.drop_errand();
        if self.facts.search == Search::Running {
            self.facts.search = Search::Due;
        }
        self.ask_for_call_back(context)
    }

    /// Asks for what somebody who calls back must know, then for anything else.
    pub(super) fn ask_for_call_back(&mut self, context: &mut Context<Effect>) -> Node {
        let prompt = if self.asked == Some(Prompt::AskMessage) {
            Prompt::AskMessage
        } else if self.facts.phone.is_none() && !self.without_phone {
            Prompt::AskPhone
        } else if self.facts.name.is_none() && !self.without_name {
            Prompt::AskName
        } else {
            Prompt::AnythingElse
        };
        self.say(context, prompt);
        Node::Fallback {}
    }

    /// Asks what is to be passed on.
    pub(super) fn ask_for_message(&mut self, context: &mut Context<Effect>) -> Node {
        self.misses = 0;
        self.standing.drop_errand();
        self.say(context, Prompt::AskMessage);
        Node::Fallback {}
    }

    /// The turn is the message.
    pub(super) fn take_message(&mut self, context: &mut Context<Effect>) -> Node {
        self.misses = 0;
        self.asked = None;
        context.push(Effect::KeepMessage);
        self.say(context, Prompt::MessageTaken);
        self.ask_for_call_back(context)
    }

    /// There is no message after all.
    pub(super) fn go_without_message(&mut self, context: &mut Context<Effect>) -> Node {
        self.say(context, Prompt::AnythingElse);
        Node::Fallback {}
    }

    /// Facts in [`State::Fallback`]: who and how to reach them are for the call back; what and when try again.
    pub(super) fn take_details(&mut self, context: &mut Context<Effect>, turn: &Proposal) -> Node {
        self.facts.take(turn);
        self.misses = 0;
        if turn.service.is_some() || turn.when.is_some() { self.ask(context) } else { self.ask_for_call_back(context) }
    }

    /// A no in [`State::Fallback`]: to the question that stands open.
    pub(super) fn go_without(&mut self, context: &mut Context<Effect>) -> Node {
        match self.asked {
            Some(Prompt::AskPhone) => self.without_phone = true,
            Some(Prompt::AskName) => self.without_name = true,
            _ => return self.leave(context),
        }
        self.ask_for_call_back(context)
    }

    /// Goes on to the next question, whether or not the last one was answered.
    pub(super) fn go_on(&mut self, context: &mut Context<Effect>) -> Node {
        if self.home == State::Fallback { self.ask_for_call_back(context) } else { self.ask(context) }
    }
}
