//! The states of a conversation. Each says what it makes of the events that mean something special in it; what means
//! the same everywhere is in [`Chart::conversation`].

use serde::{Deserialize, Serialize};
use statig::prelude::*;

use super::calendar::News;
use super::standing::{Errand, Standing};
use super::{Effect, Event, Facts, State};
use crate::Context;
use crate::prompt::Prompt;
use crate::proposal::{DetailRule, Fact, Intent, Proposal, Slot};

/// What outlives a state.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Chart {
    pub(super) facts: Facts,
    /// The number that calls, where it is known: "this number" means it.
    pub(super) caller_number: Option<String>,
    pub(super) can_transfer: bool,
    /// What else the business wants to know, in its order.
    #[serde(default)]
    pub(super) detail_rules: Vec<DetailRule>,
    /// The state, or the one that a question goes back to.
    pub(super) home: State,
    /// The question that stands open: the last one that was asked.
    pub(super) asked: Option<Prompt>,
    /// "Are you still there?" was said after it, so that a bare "yes" answers that and nothing else.
    pub(super) presence_asked: bool,
    /// What was read back last was heard to its end. A yes to anything less books nothing.
    pub(super) plan_heard: bool,
    /// Turns in a row with nothing usable in them.
    pub(super) misses: u8,
    /// Answers to the question for a number that had none in them.
    pub(super) phone_misses: u8,
    /// The caller would not, or could not, leave a number.
    pub(super) without_phone: bool,
    /// The caller would not leave a name for the call back.
    pub(super) without_name: bool,
    /// The appointment that stands already and the caller is here for, if they are.
    pub(super) standing: Standing,
    /// The service and time that the calendar was told to hold.
    pub(super) held: Option<(String, Slot)>,
    /// The calendar was told to make the appointment, and has not answered.
    pub(super) reserving: bool,
    /// What follows when it has.
    pub(super) then: Then,
    /// Failures in a row of the question or order that the calendar has now.
    pub(super) calendar_failures: u8,
    /// What the calendar said, where it was not yet told to the caller.
    pub(super) news: Option<News>,
}

/// What follows an appointment that is being made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Then {
    /// Asking for more.
    #[default]
    AskForMore,
    /// Goodbye: the caller said it while waiting.
    Leave,
    /// A person: the caller asked for one while waiting.
    Person,
}

impl Default for Chart {
    fn default() -> Self {
        Self {
            facts: Facts::default(),
            caller_number: None,
            can_transfer: false,
            detail_rules: Vec::new(),
            home: State::Greeting,
            asked: None,
            presence_asked: false,
            plan_heard: false,
            misses: 0,
            phone_misses: 0,
            without_phone: false,
            without_name: false,
            standing: Standing::default(),
            held: None,
            reserving: false,
            then: Then::default(),
            calendar_failures: 0,
            news: None,
        }
    }
}

// No state has an entry action: effects belong to transitions. A snapshot therefore restores without side effects,
// although statig enters the restored state again.
#[state_machine(
    initial = "Node::greeting()",
    visibility = "pub(super)",
    state(name = "Node", derive(Debug, Clone, Serialize, Deserialize)),
    superstate(name = "Above", derive(Debug)),
    after_transition = "Self::arrive"
)]
impl Chart {
    /// The root: counts what no state wanted.
    #[superstate]
    fn anywhere(context: &mut Context<Effect>) -> Outcome<Node> {
        context.unhandled += 1;
        Handled
    }

    /// All states in which the caller is talked with.
    #[superstate(superstate = "anywhere")]
    fn conversation(&mut self, context: &mut Context<Effect>, event: &Event) -> Outcome<Node> {
        match event {
            Event::Understood(turn) => match turn.intent {
                Intent::Goodbye => Transition(self.leave_when_booked(context)),
                Intent::Person => Transition(self.person_when_booked(context)),
                Intent::Question => Transition(self.answer(context, turn)),
                Intent::Find => Transition(self.take_up(context, Errand::Find, turn)),
                Intent::Move => Transition(self.take_up(context, Errand::Move, turn)),
                Intent::Cancel => Transition(self.take_up(context, Errand::Cancel, turn)),
                Intent::Message => Transition(self.ask_for_message(context)),
                _ => self.take_turn(context, turn),
            },
            Event::NotUnderstood => self.miss(context, true),
            Event::LanguageChanged => {
                self.plan_heard = false;
                Transition(self.ask_again(context))
            }
            Event::PlanHeard => {
                self.plan_heard = true;
                Handled
            }
            Event::Silence => self.break_silence(context),
            Event::TimesFound { .. }
            | Event::Reserved { .. }
            | Event::SlotTaken { .. }
            | Event::AppointmentsFound { .. }
            | Event::AppointmentCancelled
            | Event::CalendarFailed => self.tell_what_calendar_said(context, event),
            // The caller spoke into the answer, and the conversation has gone on since.
            Event::Answered => Handled,
            // Goodbye was said for want of a sign of life.
            Event::Stayed => Handled,
            Event::Opened { .. } => Super,
        }
    }

    /// To whatever is asked next. A caller who wants to change something before anything was said has an appointment
    /// from another day.
    #[state(superstate = "conversation")]
    fn greeting(&mut self, context: &mut Context<Effect>, event: &Event) -> Outcome<Node> {
        match event {
            Event::Opened { caller_number, can_transfer, details, reminds } => {
                self.caller_number = caller_number.clone().filter(|number| !number.is_empty());
                self.facts.phone = self.caller_number.clone();
                self.can_transfer = *can_transfer;
                self.detail_rules = details.clone();
                if let Some(appointment) = reminds.clone() {
                    return Transition(self.remind(context, appointment));
                }
                self.say(context, Prompt::Greeting);
                Handled
            }
            Event::Understood(turn) if turn.intent == Intent::Change => {
                Transition(self.take_up(context, Errand::Move, turn))
            }
            Event::Understood(turn) if is_bare(turn) => match turn.intent {
                Intent::Deny if self.asked == Some(Prompt::AnythingElse) => Transition(self.leave(context)),
                Intent::Other if self.asked == Some(Prompt::AnythingElse) => Super,
                Intent::Goodbye | Intent::Person | Intent::Question => Super,
                Intent::Find | Intent::Move | Intent::Cancel | Intent::Message => Super,
                _ => Transition(self.ask(context)),
            },
            _ => Super,
        }
    }

    /// To whatever is asked next. "No" means that another appointment is not wanted after all.
    #[state(superstate = "conversation")]
    fn service(&mut self, context: &mut Context<Effect>, event: &Event) -> Outcome<Node> {
        match event {
            Event::Understood(turn)
                if turn.intent == Intent::Deny && is_bare(turn) && !self.facts.appointments.is_empty() =>
            {
                Transition(self.leave(context))
            }
            _ => Super,
        }
    }

    /// To whatever is asked next. "Yes" takes the only time offered; "no" takes none of those offered, and where an
    /// appointment was to be moved, leaves it.
    #[state(superstate = "conversation")]
    fn time(&mut self, context: &mut Context<Effect>, event: &Event) -> Outcome<Node> {
        let Event::Understood(turn) = event else { return Super };
        if turn.intent == Intent::Deny && is_bare(turn) && self.asked == Some(Prompt::AskNewTime) {
            return Transition(self.keep(context));
        }
        if !matches!(self.asked, Some(Prompt::Offer { .. })) || !is_bare(turn) || self.is_waiting() {
            return Super;
        }
        match (turn.intent, self.facts.offered.as_slice()) {
            (Intent::Confirm, [only]) if !self.presence_asked => {
                let only = only.clone();
                self.misses = 0;
                self.facts.choose(only);
                Transition(self.ask(context))
            }
            (Intent::Deny, _) => {
                self.facts.forget(Fact::Time);
                Transition(self.ask(context))
            }
            _ => Super,
        }
    }

    /// To whatever is asked next. "No" goes on without what need not be known.
    #[state(superstate = "conversation")]
    fn details(&mut self, context: &mut Context<Effect>, event: &Event) -> Outcome<Node> {
        let Event::Understood(turn) = event else { return Super };
        let goes_without = turn.intent == Intent::Deny && is_bare(turn) && !self.presence_asked;
        if goes_without && self.may_go_without_detail() {
            return Transition(self.go_without_detail(context));
        }
        Super
    }

    /// To whatever is asked next. Nobody has to leave a number, and "this number" is one where it is known.
    #[state(superstate = "conversation")]
    fn contact(&mut self, context: &mut Context<Effect>, event: &Event) -> Outcome<Node> {
        let Event::Understood(turn) = event else { return Super };
        if self.asked != Some(Prompt::AskPhone) || !is_bare(turn) || self.presence_asked {
            return Super;
        }
        match turn.intent {
            Intent::Confirm if self.caller_number.is_some() => self.facts.phone = self.caller_number.clone(),
            Intent::Deny => self.without_phone = true,
            _ => return Super,
        }
        Transition(self.ask(context))
    }

    /// To [`booking`](Self::booking) with a yes to what was read back, and with nothing else; any change of it is read
    /// back again, and so is what was not heard to its end.
    #[state(superstate = "conversation")]
    fn confirmation(&mut self, context: &mut Context<Effect>, event: &Event) -> Outcome<Node> {
        let Event::Understood(turn) = event else { return Super };
        match turn.intent {
            Intent::Confirm if self.presence_asked && is_bare(turn) => Super,
            Intent::Confirm => Transition(self.hear_yes(context, turn)),
            Intent::Deny | Intent::Change if !turn.unknown_service && !turn.unclear_when => {
                Transition(self.hear_no(context, turn))
            }
            _ => Super,
        }
    }

    /// To [`success`](Self::success), back to [`time`](Self::time), or to [`fallback`](Self::fallback), as the calendar
    /// answers. What the caller says meanwhile cannot stop it any more, so goodbye waits until they know how it went.
    #[state(superstate = "conversation")]
    fn booking(&mut self, context: &mut Context<Effect>, event: &Event) -> Outcome<Node> {
        match event {
            Event::Understood(turn) if matches!(turn.intent, Intent::Goodbye | Intent::Person | Intent::Question) => {
                Super
            }
            Event::Understood(_) | Event::NotUnderstood => {
                self.say(context, Prompt::OneMoment);
                Handled
            }
            _ => Super,
        }
    }

    /// Waits for the calendar, asks which appointment is meant, or whether to cancel it. To [`time`](Self::time) to move
    /// it, to [`success`](Self::success) when it was told or cancelled, or stays as it is.
    #[state(superstate = "conversation")]
    fn standing(&mut self, context: &mut Context<Effect>, event: &Event) -> Outcome<Node> {
        match event {
            Event::Understood(turn) => match turn.intent {
                Intent::Book if turn.service.is_some() || is_bare(turn) => {
                    self.standing.drop_errand();
                    Transition(self.book_another(context, turn))
                }
                Intent::Goodbye | Intent::Person | Intent::Question | Intent::Message => Super,
                Intent::Find | Intent::Move | Intent::Cancel if !self.standing.is_waiting() => Super,
                _ => self.hear_of_standing(context, turn),
            },
            _ => Super,
        }
    }

    /// To another appointment, or to [`goodbye`](Self::goodbye). A change is one of the appointment that was made.
    #[state(superstate = "conversation")]
    fn success(&mut self, context: &mut Context<Effect>, event: &Event) -> Outcome<Node> {
        let Event::Understood(turn) = event else { return Super };
        match turn.intent {
            Intent::Goodbye | Intent::Person | Intent::Question => Super,
            Intent::Find | Intent::Move | Intent::Cancel | Intent::Message => Super,
            Intent::Deny if is_bare(turn) => Transition(self.leave(context)),
            Intent::Deny | Intent::Change if matches!(turn.about, None | Some(Fact::Time)) && turn.name.is_none() => {
                Transition(self.take_up(context, Errand::Move, turn))
            }
            Intent::Deny | Intent::Change => Transition(self.person(context)),
            Intent::Confirm if is_bare(turn) && self.presence_asked => Super,
            Intent::Book | Intent::Confirm => Transition(self.book_another(context, turn)),
            Intent::Provide | Intent::Other => self.hear_more(context, turn),
        }
    }

    /// Back to the booking when the caller says more about it, otherwise to [`goodbye`](Self::goodbye). Before that,
    /// what somebody who calls back must know is asked for.
    #[state(superstate = "conversation")]
    fn fallback(&mut self, context: &mut Context<Effect>, event: &Event) -> Outcome<Node> {
        let Event::Understood(turn) = event else { return Super };
        let is_sign_of_life = self.presence_asked && is_bare(turn);
        if self.asked == Some(Prompt::AskMessage) && !is_sign_of_life {
            return match turn.intent {
                Intent::Goodbye | Intent::Person if is_bare(turn) => Super,
                Intent::Deny if is_bare(turn) => Transition(self.go_without_message(context)),
                _ => Transition(self.take_message(context)),
            };
        }
        match turn.intent {
            Intent::Goodbye | Intent::Person | Intent::Question => Super,
            Intent::Find | Intent::Move | Intent::Cancel | Intent::Message => Super,
            _ if turn.has_facts() => Transition(self.take_details(context, turn)),
            _ if !is_bare(turn) => Super,
            Intent::Deny => Transition(self.go_without(context)),
            Intent::Book => Transition(self.ask(context)),
            Intent::Confirm if self.asked == Some(Prompt::AnythingElse) && !self.presence_asked => {
                Transition(self.ask(context))
            }
            _ => Super,
        }
    }

    /// Back to where it was when the answer was given, or spoken into. A bare "yes" or "okay" is to the answer: it never
    /// books.
    #[state(superstate = "conversation")]
    fn question(&mut self, context: &mut Context<Effect>, event: &Event) -> Outcome<Node> {
        match event {
            Event::Answered | Event::NotUnderstood | Event::LanguageChanged => Transition(self.go_back(context)),
            Event::Understood(turn) => match turn.intent {
                Intent::Goodbye | Intent::Person | Intent::Question => Super,
                Intent::Find | Intent::Move | Intent::Cancel | Intent::Message if self.home != State::Booking => Super,
                Intent::Book if is_bare(turn) && self.home == State::Greeting => Transition(self.ask(context)),
                _ if is_bare(turn) => Transition(self.go_back(context)),
                _ => self.take_turn_back_home(context, turn),
            },
            // It is told when the answer is over.
            Event::TimesFound { .. }
            | Event::Reserved { .. }
            | Event::SlotTaken { .. }
            | Event::AppointmentsFound { .. }
            | Event::AppointmentCancelled
            | Event::CalendarFailed => {
                self.learn_from_calendar(context, event);
                Handled
            }
            _ => Super,
        }
    }

    /// Back to where it was when the caller says more; otherwise the leg is handed over. Who speaks meanwhile is told
    /// that it takes a moment.
    #[state(superstate = "anywhere")]
    fn transfer(&mut self, context: &mut Context<Effect>, event: &Event) -> Outcome<Node> {
        match event {
            Event::Opened { .. } => Super,
            Event::Stayed => Transition(self.stay()),
            Event::Understood(_) => {
                self.say(context, Prompt::OneMoment);
                Handled
            }
            // The person will see to it.
            _ => Handled,
        }
    }

    /// Back to where it was when the caller says more.
    #[state(superstate = "anywhere")]
    fn goodbye(&mut self, context: &mut Context<Effect>, event: &Event) -> Outcome<Node> {
        match event {
            Event::Opened { .. } => Super,
            Event::Stayed => Transition(self.stay()),
            Event::Understood(_) => {
                context.push(Effect::HangUp);
                Handled
            }
            // Goodbye was said.
            _ => Handled,
        }
    }

    fn arrive(&mut self, _from: &Node, to: &Node) {
        if !matches!(to.name(), State::Question | State::Transfer | State::Goodbye) {
            self.home = to.name();
        }
    }
}

impl Node {
    pub(super) fn name(&self) -> State {
        match self {
            Self::Greeting {} => State::Greeting,
            Self::Service {} => State::Service,
            Self::Time {} => State::Time,
            Self::Details {} => State::Details,
            Self::Contact {} => State::Contact,
            Self::Confirmation {} => State::Confirmation,
            Self::Booking {} => State::Booking,
            Self::Standing {} => State::Standing,
            Self::Success {} => State::Success,
            Self::Fallback {} => State::Fallback,
            Self::Question {} => State::Question,
            Self::Transfer {} => State::Transfer,
            Self::Goodbye {} => State::Goodbye,
        }
    }
}

/// Whether a turn has an intent and nothing else.
pub(super) fn is_bare(turn: &Proposal) -> bool {
    !turn.has_facts() && !turn.unknown_service && !turn.unclear_when && turn.about.is_none()
}
