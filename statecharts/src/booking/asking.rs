//! The next question, and asking again: what every state does when nothing in it is special.

use statig::prelude::*;

use super::chart::{Chart, Node};
use super::facts::Search;
use super::{Effect, State};
use crate::Context;
use crate::prompt::{Number, Prompt};
use crate::proposal::{Expect, Fact, Intent, Proposal, Slot};

/// After this many turns in a row with nothing usable in them, a person has to help.
const MISSES_MAX: u8 = 3;
/// "Is there anything else?" is asked once more at most: what was wanted is done.
const ANYTHING_ELSE_MISSES_MAX: u8 = 2;
/// A number is asked for this often, then it goes on without.
const PHONE_MISSES_MAX: u8 = 3;
/// What need not be known is asked for this often.
const DETAIL_MISSES_MAX: u8 = 2;

/// What a prompt asks for; nothing when it is no question.
pub(super) fn expected_by(prompt: &Prompt) -> Option<Expect> {
    match prompt {
        Prompt::Greeting | Prompt::AnythingElse | Prompt::Remind { .. } | Prompt::AskMoveOrCancel => {
            Some(Expect::Anything)
        }
        Prompt::AskService | Prompt::UnknownService => Some(Expect::Service),
        Prompt::AskTime
        | Prompt::AskNewTime
        | Prompt::UnclearTime
        | Prompt::AskHalf { .. }
        | Prompt::Offer { .. }
        | Prompt::NothingFree => Some(Expect::Time),
        Prompt::AskName | Prompt::AskBookedName => Some(Expect::Name),
        Prompt::AskPhone | Prompt::AskBookedPhone => Some(Expect::Phone),
        Prompt::Confirm { .. } | Prompt::ConfirmAgain | Prompt::ConfirmMoveAgain => Some(Expect::YesNo),
        Prompt::WhichAppointment { .. } => Some(Expect::Appointment),
        Prompt::ConfirmCancel { .. } => Some(Expect::Cancelling),
        Prompt::AskMessage => Some(Expect::Message),
        Prompt::AskDetail { .. } => Some(Expect::Detail),
        Prompt::AskChange => Some(Expect::Change),
        _ => None,
    }
}

/// Whether a bare "yes" answers a prompt.
pub(super) fn takes_yes(prompt: &Prompt) -> bool {
    match prompt {
        Prompt::Confirm { .. } | Prompt::ConfirmAgain | Prompt::ConfirmMoveAgain | Prompt::ConfirmCancel { .. } => true,
        Prompt::AnythingElse | Prompt::AskPhone | Prompt::AskBookedPhone | Prompt::Remind { .. } => true,
        Prompt::Offer { times, .. } => times.len() == 1,
        _ => false,
    }
}

impl Chart {
    /// Says something, and remembers it where it is a question.
    pub(super) fn say(&mut self, context: &mut Context<Effect>, prompt: Prompt) {
        self.presence_asked = prompt == Prompt::StillThere;
        self.plan_heard &= !prompt.is_read_back();
        if expected_by(&prompt).is_some() {
            self.asked = Some(prompt.clone());
        }
        context.push(Effect::Say(prompt));
    }

    /// Does what is to be done next, by what is known: tells news, asks the calendar, asks the caller for the first
    /// thing that is missing, or reads everything back.
    pub(super) fn ask(&mut self, context: &mut Context<Effect>) -> Node {
        if let Some(news) = self.news.take() {
            return self.tell(context, news);
        }
        if self.reserving {
            self.say(context, Prompt::OneMoment);
            return Node::Booking {};
        }
        if let Some(errand) = self.errand() {
            return self.attend(context, errand);
        }
        let Some(service) = self.facts.service.clone() else {
            self.say(context, Prompt::AskService);
            return Node::Service {};
        };
        if let Some((morning, afternoon)) = self.facts.half.clone() {
            self.say(context, Prompt::AskHalf { morning, afternoon });
            return Node::Time {};
        }
        let Some(slot) = self.facts.slot.clone() else {
            self.ask_time(context, service);
            return Node::Time {};
        };
        self.hold(context, &service, &slot);
        if let Some(id) = self.missing_detail() {
            self.say(context, Prompt::AskDetail { id });
            return Node::Details {};
        }
        let Some(name) = self.facts.name.clone() else {
            self.say(context, Prompt::AskName);
            return Node::Contact {};
        };
        if self.facts.phone.is_none() && !self.without_phone {
            self.say(context, Prompt::AskPhone);
            return Node::Contact {};
        }
        let instead_of = self.facts.replaces.as_ref().map(|moved| moved.slot.clone());
        let phone = self.facts.phone.clone().map(|phone| match &self.caller_number {
            Some(calling) if *calling == phone => Number::Calling,
            _ => Number::Said(phone),
        });
        self.say(context, Prompt::Confirm { service, slot, name, instead_of, phone, details: self.details_told() });
        Node::Confirmation {}
    }

    /// Has the chosen time kept for this caller, once.
    fn hold(&mut self, context: &mut Context<Effect>, service: &str, slot: &Slot) {
        let (service, slot) = (service.to_owned(), slot.clone());
        if self.held.as_ref() != Some(&(service.clone(), slot.clone())) {
            self.held = Some((service.clone(), slot.clone()));
            context.push(Effect::Hold { service, slot });
        }
    }

    fn ask_time(&mut self, context: &mut Context<Effect>, service: String) {
        match (self.facts.wanted.clone(), self.facts.search) {
            (Some(when), Search::Due) => self.find_times(context, service, when),
            (Some(_), Search::Running) => self.say(context, Prompt::OneMoment),
            _ if !self.facts.offered.is_empty() => {
                self.say(context, Prompt::Offer { refusal: None, times: self.facts.offered.clone() });
            }
            _ if self.facts.replaces.is_some() => self.say(context, Prompt::AskNewTime),
            _ => self.say(context, Prompt::AskTime),
        }
    }

    /// Asks the question that stands open once more, in fewer words where there are any.
    pub(super) fn ask_again(&mut self, context: &mut Context<Effect>) -> Node {
        if self.reserving || self.news.is_some() {
            return self.ask(context);
        }
        match (self.home, &self.asked) {
            (State::Fallback, _) => self.ask_for_call_back(context),
            (State::Standing, Some(prompt @ (Prompt::Remind { .. } | Prompt::AskMoveOrCancel))) => {
                let prompt = prompt.clone();
                self.remind_again(context, prompt)
            }
            (State::Confirmation, Some(Prompt::AskChange)) => {
                self.say(context, Prompt::AskChange);
                Node::Confirmation {}
            }
            (State::Confirmation, _) => self.ask_again_to_confirm(context),
            (State::Greeting, Some(Prompt::AnythingElse)) => {
                self.say(context, Prompt::AnythingElse);
                Node::Greeting {}
            }
            (State::Success, _) => {
                self.say(context, Prompt::AnythingElse);
                Node::Success {}
            }
            _ => self.ask(context),
        }
    }

    /// Asks for a yes or no only where the caller knows to what; otherwise everything is read back.
    fn ask_again_to_confirm(&mut self, context: &mut Context<Effect>) -> Node {
        if !self.plan_heard {
            return self.ask(context);
        }
        let moving = self.facts.replaces.is_some();
        self.say(context, if moving { Prompt::ConfirmMoveAgain } else { Prompt::ConfirmAgain });
        Node::Confirmation {}
    }

    /// A turn that means the same in every state: facts, or nothing usable.
    pub(super) fn take_turn(&mut self, context: &mut Context<Effect>, turn: &Proposal) -> Outcome<Node> {
        let taken = self.facts.take(turn);
        if taken.plan || taken.phone {
            self.misses = 0;
        } else if turn.has_facts() {
            // What was known before brings nobody further.
            self.misses += 1;
        }
        if self.misses >= MISSES_MAX && turn.has_facts() {
            return Transition(self.give_up(context));
        }
        if taken.plan {
            self.news = None;
        }
        let nothing_offered = taken.not_offered && self.facts.offered.is_empty();
        let may_lose_time = self.facts.slot.is_none() || matches!(turn.intent, Intent::Change | Intent::Deny);
        if turn.unknown_service && turn.service.is_none() {
            return self.correct(context, turn, Prompt::UnknownService);
        }
        if nothing_offered || (turn.unclear_when && turn.when.is_none() && may_lose_time) {
            return self.correct(context, turn, Prompt::UnclearTime);
        }
        match turn.about {
            _ if turn.has_facts() && !taken.plan && !taken.phone && self.asked_to_confirm() => {
                Transition(self.ask_again(context))
            }
            _ if turn.has_facts() => Transition(self.ask(context)),
            Some(fact) => Transition(self.ask_for(context, fact)),
            None => self.miss(context, turn.intent != Intent::Other),
        }
    }

    fn asked_to_confirm(&self) -> bool {
        matches!(self.asked, Some(Prompt::Confirm { .. } | Prompt::ConfirmAgain | Prompt::ConfirmMoveAgain))
            && self.home == State::Confirmation
    }

    /// Asks for a fact that is wrong; where more is missing, for that first.
    fn ask_for(&mut self, context: &mut Context<Effect>, fact: Fact) -> Node {
        self.facts.forget(fact);
        self.news = None;
        if fact == Fact::Phone {
            self.without_phone = false;
            self.phone_misses = 0;
        }
        self.ask(context)
    }

    /// Says that what was named does not exist here, or made no sense, and asks for it.
    fn correct(&mut self, context: &mut Context<Effect>, turn: &Proposal, prompt: Prompt) -> Outcome<Node> {
        if !turn.has_facts() {
            self.misses += 1;
        }
        if self.misses >= MISSES_MAX {
            return Transition(self.give_up(context));
        }
        let unknown_service = prompt == Prompt::UnknownService;
        Transition(match (unknown_service, self.facts.service.is_none()) {
            (true, true) => {
                self.say(context, prompt);
                Node::Service {}
            }
            (true, false) => {
                self.say(context, prompt);
                if turn.has_facts() { self.ask(context) } else { self.ask_again(context) }
            }
            (false, true) => self.ask(context),
            (false, false) => {
                self.facts.reopen_time();
                self.news = None;
                self.say(context, prompt);
                Node::Time {}
            }
        })
    }

    /// A turn with nothing usable in it: asks again, and in the end gives up. `puzzled` is whether to say that nothing
    /// was understood; small talk was.
    pub(super) fn miss(&mut self, context: &mut Context<Effect>, puzzled: bool) -> Outcome<Node> {
        if self.presence_asked {
            return Transition(self.ask_again(context));
        }
        if self.is_waiting() {
            self.say(context, Prompt::OneMoment);
            return Handled;
        }
        self.misses += 1;
        let anything_else = self.asked == Some(Prompt::AnythingElse);
        if self.asked == Some(Prompt::AskPhone) {
            self.phone_misses += 1;
            if self.phone_misses >= PHONE_MISSES_MAX {
                self.misses = 0;
                self.without_phone = true;
                return Transition(self.go_on(context));
            }
        } else if self.misses >= DETAIL_MISSES_MAX && self.may_go_without_detail() {
            return Transition(self.go_without_detail(context));
        } else if anything_else && self.misses >= ANYTHING_ELSE_MISSES_MAX {
            return Transition(self.leave(context));
        } else if self.misses >= MISSES_MAX {
            return Transition(self.give_up(context));
        }
        let says_so_itself = self.home == State::Confirmation || (anything_else && !puzzled);
        if !says_so_itself {
            self.say(context, Prompt::NotUnderstood);
        }
        Transition(self.ask_again(context))
    }

    /// A yes in [`State::Confirmation`].
    pub(super) fn hear_yes(&mut self, context: &mut Context<Effect>, turn: &Proposal) -> Node {
        let taken = self.facts.take(turn);
        if taken.plan || taken.phone || taken.not_offered || self.asked == Some(Prompt::AskChange) {
            self.misses = 0;
            return self.ask(context);
        }
        if self.plan_heard { self.reserve(context) } else { self.read_back_again(context) }
    }

    /// A yes to what was not heard to its end. On a line where nothing ever is, a person has to help.
    fn read_back_again(&mut self, context: &mut Context<Effect>) -> Node {
        self.misses += 1;
        if self.misses >= MISSES_MAX { self.give_up(context) } else { self.ask(context) }
    }

    /// A no in [`State::Confirmation`], with what is wrong or without.
    pub(super) fn hear_no(&mut self, context: &mut Context<Effect>, turn: &Proposal) -> Node {
        let taken = self.facts.take(turn);
        if turn.has_facts() {
            self.misses = 0;
        }
        let not_this_time = turn.when.is_some().then_some(Fact::Time);
        let again = matches!(self.asked, Some(Prompt::ConfirmAgain | Prompt::ConfirmMoveAgain));
        match turn.about.or(not_this_time) {
            None if again && !taken.plan && !taken.phone && !taken.not_offered => self.drop_plan(context),
            _ if taken.plan || taken.phone || taken.not_offered => self.ask(context),
            Some(fact) => self.ask_for(context, fact),
            None => {
                self.misses += 1;
                let nothing_to_change = self.asked == Some(Prompt::AskChange) && turn.intent == Intent::Deny;
                if self.misses >= MISSES_MAX {
                    return self.give_up(context);
                }
                if nothing_to_change && self.facts.replaces.is_some() {
                    return self.keep(context);
                }
                if nothing_to_change {
                    return self.ask_again_to_confirm(context);
                }
                self.say(context, Prompt::AskChange);
                Node::Confirmation {}
            }
        }
    }

    /// A second no: what was planned is not wanted.
    fn drop_plan(&mut self, context: &mut Context<Effect>) -> Node {
        if self.facts.replaces.is_some() {
            return self.keep(context);
        }
        self.facts.start_over();
        self.misses = 0;
        self.say(context, Prompt::NotBooked);
        self.say(context, Prompt::AnythingElse);
        Node::Success {}
    }

    /// Facts after an appointment was made begin another one; small talk does not.
    pub(super) fn hear_more(&mut self, context: &mut Context<Effect>, turn: &Proposal) -> Outcome<Node> {
        if turn.service.is_some() || turn.when.is_some() {
            Transition(self.book_another(context, turn))
        } else if turn.unknown_service {
            self.say(context, Prompt::UnknownService);
            Transition(self.ask_again(context))
        } else {
            self.miss(context, turn.intent != Intent::Other)
        }
    }

    /// Begins another appointment, for the same person unless they say otherwise.
    pub(super) fn book_another(&mut self, context: &mut Context<Effect>, turn: &Proposal) -> Node {
        self.facts.start_over();
        self.facts.take(turn);
        self.misses = 0;
        if turn.unknown_service && self.facts.service.is_none() {
            self.say(context, Prompt::UnknownService);
            return Node::Service {};
        }
        self.ask(context)
    }

    /// A turn with more than an intent that came while a question was being answered.
    pub(super) fn take_turn_back_home(&mut self, context: &mut Context<Effect>, turn: &Proposal) -> Outcome<Node> {
        match self.home {
            State::Booking => Transition(self.ask(context)),
            State::Standing => self.hear_of_standing(context, turn),
            State::Success => self.hear_more(context, turn),
            State::Fallback if turn.has_facts() => Transition(self.take_details(context, turn)),
            _ => self.take_turn(context, turn),
        }
    }

    /// Answers a question. What it says beside the question is kept, but replaces nothing.
    pub(super) fn answer(&mut self, context: &mut Context<Effect>, turn: &Proposal) -> Node {
        let is_settled = matches!(self.home, State::Booking | State::Standing | State::Success | State::Fallback);
        if !is_settled {
            self.facts.fill(turn);
        }
        self.misses = 0;
        context.push(Effect::Answer);
        Node::Question {}
    }

    /// Goes on where a question was asked.
    pub(super) fn go_back(&mut self, context: &mut Context<Effect>) -> Node {
        match self.home {
            State::Greeting if self.facts.is_unplanned() => {
                self.say(context, Prompt::AnythingElse);
                Node::Greeting {}
            }
            State::Greeting => self.ask(context),
            _ => self.ask_again(context),
        }
    }

    /// Nobody said anything: asks whether anybody is there, unless they are waiting for us.
    pub(super) fn break_silence(&mut self, context: &mut Context<Effect>) -> Outcome<Node> {
        self.say(context, if self.is_waiting() { Prompt::OneMoment } else { Prompt::StillThere });
        Handled
    }
}
