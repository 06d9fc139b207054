//! The prompts by name, and what may stand in each. Their words are [`languages`](crate::languages)' business.

use crate::business::Business;

/// One thing to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Template {
    /// The prompt's name; what a business's `[prompts]` is keyed by.
    pub name: &'static str,
    /// The placeholders beside [`EVERYWHERE`] that have a meaning here.
    pub facts: &'static [&'static str],
}

/// Placeholders that are facts of a call.
pub const FACTS: [&str; 9] =
    ["service", "time", "times", "name", "phone", "before", "appointments", "detail", "answer"];

/// Placeholders that are the same in every call, and allowed in every prompt.
pub const EVERYWHERE: [&str; 3] = ["business", "services", "grid"];

/// Every template. `greeting_closed` is for calls outside of opening hours; without it the business's `greeting` is said
/// then too; `offer_language` is said within either by a business that speaks the language. `_one` stands for a choice of one; `taken` to `off_grid` are said before an offer, each for its refusal.
pub const ALL: &[Template] = &[
    fixed("greeting"),
    fixed("greeting_closed"),
    fixed("offer_language"),
    with("remind", &["service", "time", "name"]),
    fixed("confirmed"),
    fixed("ask_move_or_cancel"),
    fixed("ask_service"),
    fixed("ask_service_one"),
    fixed("unknown_service"),
    fixed("unknown_service_one"),
    fixed("ask_time"),
    fixed("ask_new_time"),
    fixed("unclear_time"),
    with("ask_half", &["times"]),
    fixed("taken"),
    fixed("closed"),
    fixed("past"),
    fixed("too_far"),
    fixed("off_grid"),
    with("offer", &["times"]),
    with("offer_one", &["times"]),
    fixed("nothing_free"),
    fixed("ask_name"),
    fixed("ask_phone"),
    with("confirm", &["service", "time", "name"]),
    with("confirm_with_caller_id", &["service", "time", "name"]),
    with("confirm_with_phone", &["service", "time", "name", "phone"]),
    with("confirm_move", &["service", "time", "before", "name"]),
    with("detail", &["detail", "answer"]),
    fixed("confirm_again"),
    fixed("confirm_move_again"),
    fixed("ask_change"),
    with("booked", &["service", "time", "name"]),
    with("moved", &["service", "time", "before", "name"]),
    fixed("ask_booked_phone"),
    fixed("ask_booked_name"),
    fixed("no_appointment"),
    with("your_appointments", &["appointments"]),
    with("which_appointment", &["appointments"]),
    with("confirm_cancel", &["service", "time", "name"]),
    with("cancelled", &["service", "time", "name"]),
    fixed("not_booked"),
    fixed("kept"),
    fixed("ask_message"),
    fixed("message_taken"),
    fixed("calendar_down"),
    fixed("anything_else"),
    fixed("no_answer"),
    fixed("not_understood"),
    fixed("transferring"),
    fixed("call_back"),
    fixed("goodbye"),
    fixed("still_there"),
    fixed("one_moment"),
    fixed("trouble_hearing"),
    fixed("cut_off"),
];

/// The business's words for a prompt, or ours in its language.
pub(super) fn text<'a>(name: &str, business: &'a Business) -> &'a str {
    // A business that greets in words of its own does so at night too.
    let instead = if name == "greeting_closed" { "greeting" } else { name };
    let own = business.prompts.get(name).or_else(|| business.prompts.get(instead));
    own.map(String::as_str).unwrap_or_else(|| business.language.text(name))
}

const fn fixed(name: &'static str) -> Template {
    Template { name, facts: &[] }
}

const fn with(name: &'static str, facts: &'static [&'static str]) -> Template {
    Template { name, facts }
}
