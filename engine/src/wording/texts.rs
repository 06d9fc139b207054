//! Text messages after a call: written to be read, so with figures, and in one piece.

use statecharts::proposal::Slot;

use super::{service_name, templates};
use crate::business::Business;
use crate::calendar::moment;

/// What happened to an appointment, as far as a text message tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text {
    /// It was made.
    Created,
    /// It was moved here.
    Moved,
    /// It stands no more.
    Cancelled,
    /// It is soon.
    Reminder,
}

/// The words of a text message. The business's own stand in `[prompts]`, by the names `text_created`, `text_moved`,
/// `text_cancelled` and `text_reminder`, with `{business}`, `{service}`, `{date}` and `{name}`.
pub fn text(what: Text, service: &str, slot: &Slot, name: &str, business: &Business) -> String {
    let key = TEXTS.iter().find(|(of, _)| *of == what).map_or("", |(_, key)| *key);
    let words = templates::text(key, business);
    let service = business.service(service).map_or_else(
        || business.language.text("your_appointment").to_owned(),
        |service| service_name(service, business),
    );
    let date = moment(slot).map_or_else(|| slot.0.clone(), |at| business.language.voice().written(at));
    let facts = [("{business}", business.name.as_str()), ("{service}", &service), ("{date}", &date), ("{name}", name)];
    facts.iter().fold(words.to_owned(), |text, (placeholder, fact)| text.replace(placeholder, fact))
}

/// Their names.
pub(crate) const TEXTS: [(Text, &str); 4] = [
    (Text::Created, "text_created"),
    (Text::Moved, "text_moved"),
    (Text::Cancelled, "text_cancelled"),
    (Text::Reminder, "text_reminder"),
];

/// Placeholders of these texts.
pub(crate) const PLACEHOLDERS: [&str; 4] = ["business", "service", "date", "name"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_short_and_has_the_facts() {
        let business: Business = toml::from_str(include_str!("../../../business.toml")).expect("the example");
        let slot = Slot("2026-11-24T15:00".to_owned());
        let said = |what| text(what, "haircut", &slot, "Ada", &business);
        assert_eq!(
            said(Text::Created),
            "Harbor Street Barbers: you're booked for a haircut on Tue, Nov 24 at 3:00 PM. To move or cancel it, call us. Reply STOP for no more messages."
        );
        assert_eq!(
            said(Text::Cancelled),
            "Harbor Street Barbers: your appointment on Tue, Nov 24 at 3:00 PM is cancelled."
        );
        let mut own = business.clone();
        own.prompts.insert("text_moved".to_owned(), "{name}, see you {date}!".to_owned());
        assert_eq!(text(Text::Moved, "haircut", &slot, "Ada", &own), "Ada, see you Tue, Nov 24 at 3:00 PM!");
        // One message of 160 letters costs one; ours take one or two.
        assert!(
            [Text::Created, Text::Moved, Text::Cancelled, Text::Reminder]
                .into_iter()
                .all(|what| said(what).len() <= 306)
        );
    }
}
