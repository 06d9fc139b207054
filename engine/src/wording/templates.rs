//! Our own words for everything the assistant says.

/// The words for one thing to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Template {
    /// The prompt's name; what a business's `[prompts]` is keyed by.
    pub name: &'static str,
    /// The words, with placeholders in braces.
    pub text: &'static str,
    /// The placeholders beside [`EVERYWHERE`] that have a meaning here.
    pub facts: &'static [&'static str],
}

/// Placeholders that are facts of a call.
pub const FACTS: [&str; 7] = ["service", "time", "times", "name", "phone", "before", "appointments"];

/// Placeholders that are the same in every call, and allowed in every prompt.
pub const EVERYWHERE: [&str; 3] = ["business", "services", "grid"];

/// Every template. `greeting_closed` is for calls outside of opening hours; without it the business's `greeting` is said
/// then too. `_one` stands for a choice of one; `taken` to `off_grid` are said before an offer, each for its refusal.
pub const ALL: &[Template] = &[
    fixed("greeting", "Thanks for calling {business}. How can I help you?"),
    fixed("greeting_closed", "Thanks for calling {business}. How can I help you?"),
    with(
        "remind",
        "Hello, this is {business}. I'm calling about {service} {time}, for {name}. Will you be there?",
        &["service", "time", "name"],
    ),
    fixed("confirmed", "Thank you, we'll see you then. Goodbye!"),
    fixed("ask_move_or_cancel", "Would you like to move it, or to cancel it?"),
    fixed("ask_service", "What can we do for you: {services}?"),
    fixed("ask_service_one", "Would you like to book {services}?"),
    fixed("unknown_service", "I'm sorry, we don't do that here. You can book {services}. Which one would you like?"),
    fixed("unknown_service_one", "I'm sorry, we don't do that here. You can book {services}. Would you like that?"),
    fixed("ask_time", "When would you like to come in?"),
    fixed("ask_new_time", "When would you like to come instead?"),
    fixed("unclear_time", "Sorry, which day and time was that?"),
    with("ask_half", "Is that {times}?", &["times"]),
    fixed("taken", "I'm sorry, that time is taken."),
    fixed("closed", "I'm sorry, we're closed then."),
    fixed("past", "I'm afraid I can't book that time any more."),
    fixed("too_far", "I'm afraid we don't book that far ahead."),
    fixed("off_grid", "Our appointments start {grid}."),
    with("offer", "I have {times}. Which suits you best?", &["times"]),
    with("offer_one", "I have {times}. Does that suit you?", &["times"]),
    fixed("nothing_free", "I'm sorry, there's nothing free then. Which other day would suit you?"),
    fixed("ask_name", "May I have your name, please?"),
    fixed("ask_phone", "What number can we reach you on?"),
    with("confirm", "That's {service} {time}, for {name}. Shall I book it?", &["service", "time", "name"]),
    with(
        "confirm_with_caller_id",
        "That's {service} {time}, for {name}. I'll use the number you're calling from. Shall I book it?",
        &["service", "time", "name"],
    ),
    with(
        "confirm_with_phone",
        "That's {service} {time}, for {name}. Your number is {phone}. Shall I book it?",
        &["service", "time", "name", "phone"],
    ),
    with(
        "confirm_move",
        "That's {service} {time} instead of {before}, for {name}. Shall I move it?",
        &["service", "time", "before", "name"],
    ),
    fixed("confirm_again", "Should I book that? Please say yes or no."),
    fixed("confirm_move_again", "Should I move it? Please say yes or no."),
    fixed("ask_change", "What would you like to change?"),
    with(
        "booked",
        "You're all set, {name}. I've booked {service} {time}. We look forward to seeing you.",
        &["service", "time", "name"],
    ),
    with("moved", "It's moved, {name}. We'll see you for {service} {time}.", &["service", "time", "before", "name"]),
    fixed("ask_booked_phone", "What number was it booked under?"),
    fixed("ask_booked_name", "And what name is it under?"),
    fixed("no_appointment", "I'm sorry, I can't find an appointment under that number."),
    with("your_appointments", "You have {appointments}.", &["appointments"]),
    with("which_appointment", "You have {appointments}. Which one do you mean?", &["appointments"]),
    with("confirm_cancel", "That's {service} {time}, for {name}. Shall I cancel it?", &["service", "time", "name"]),
    with("cancelled", "It's cancelled: {service} {time}.", &["service", "time", "name"]),
    fixed("not_booked", "All right, I won't book it."),
    fixed("kept", "All right, it stays as it is."),
    fixed("ask_message", "What would you like me to pass on?"),
    fixed("message_taken", "Thank you, I'll pass that on."),
    fixed(
        "calendar_down",
        "I'm sorry, I can't reach our calendar just now. I've taken down your details, and someone will call you back.",
    ),
    fixed("anything_else", "Is there anything else I can do for you?"),
    fixed("no_answer", "I'm not sure about that, I'm afraid."),
    fixed("not_understood", "Sorry, I didn't catch that."),
    fixed("transferring", "Let me put you through to someone. One moment, please."),
    fixed("call_back", "I can't put you through right now, but someone will call you back."),
    fixed("goodbye", "Thank you for calling. Goodbye!"),
    fixed("still_there", "Are you still there?"),
    fixed("one_moment", "One moment, please."),
    fixed("trouble_hearing", "I'm sorry, I'm having trouble hearing you."),
    fixed("cut_off", "Sorry, we were cut off for a moment."),
];

const fn fixed(name: &'static str, text: &'static str) -> Template {
    Template { name, text, facts: &[] }
}

const fn with(name: &'static str, text: &'static str, facts: &'static [&'static str]) -> Template {
    Template { name, text, facts }
}
