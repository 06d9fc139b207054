//! What a random model writes, right or wrong.

use crate::stepped::random::dice::Dice;

const INTENTS: [&str; 13] = [
    "book", "provide", "change", "confirm", "deny", "question", "find", "move", "cancel", "message", "person",
    "goodbye", "other",
];

/// An answer of the right form.
pub(super) fn thought(dice: &mut Dice) -> String {
    let intent = dice.pick(&INTENTS);
    let when = dice.pick(&["friday at two", "tomorrow morning", "the first one", "yesterday", "next week"]);
    let mut slot = |value: &str| if dice.one_in(3) { format!("{value:?}") } else { "null".to_owned() };
    format!(
        r#"{{"intent":"{intent}","service":{},"when_text":{},"name":{},"phone":{},"reply":{}}}"#,
        slot("haircut"),
        slot(when),
        slot("Ada"),
        slot("4155550123"),
        slot("We are right next to the ferry. Anything else?"),
    )
}
