//! From what the model wrote to what it proposes: its slots are texts, and nothing in them is believed unread.
//!
//! A service must be one of the business's, a time is resolved by code from the caller's own words, a number must be a
//! number, and a name must have been said. Where the model found nothing, and the rules do in the same words, the rules
//! are heard too.

use statecharts::proposal::{Expect, Intent, Proposal};

use crate::understanding::{self, Reading, ServiceReading, Situation};

/// The longest name that is written down, in characters.
const NAME_MAX: usize = 60;

/// The members of the model's answer that are facts, as they close. The outer `Option` says whether it was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Slots {
    /// What the caller wants.
    pub intent: Option<Intent>,
    /// The service, in the model's words.
    pub service: Option<Option<String>>,
    /// What the caller said about time.
    pub when_text: Option<Option<String>>,
    /// The caller's name.
    pub name: Option<Option<String>>,
    /// The caller's number.
    pub phone: Option<Option<String>>,
}

impl Slots {
    /// Takes one closed member. Members that are no facts are passed over.
    pub fn close(&mut self, key: &str, value: Option<String>) {
        let value = value.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        match key {
            "intent" => self.intent = Some(intent(value.as_deref().unwrap_or_default())),
            "service" => self.service = Some(value),
            "when_text" => self.when_text = Some(value),
            "name" => self.name = Some(value),
            "phone" => self.phone = Some(value),
            _ => {}
        }
    }

    /// Whether every fact has been written, be it as null.
    pub fn is_complete(&self) -> bool {
        self.intent.is_some()
            && self.service.is_some()
            && self.when_text.is_some()
            && self.name.is_some()
            && self.phone.is_some()
    }

    /// What the chart may be told, given the caller's own words.
    pub fn proposal(&self, said: &str, situation: &Situation) -> Proposal {
        if situation.expects == Expect::Message {
            return understanding::understand(said, situation);
        }
        let mut proposal = Proposal::of(self.intent.unwrap_or(Intent::Other));
        self.read_service(&mut proposal, situation);
        proposal.name = written(&self.name).and_then(|name| grounded_name(name, said));
        proposal.phone =
            written(&self.phone).and_then(|phone| understanding::phone(phone, &situation.business.country));
        self.read_when(&mut proposal, said, situation);
        understanding::complete_name(&mut proposal, said, situation);
        if situation.expects == Expect::Cancelling && proposal.intent == Intent::Confirm {
            // A model that takes "no, keep it" for a yes cancels nothing.
            proposal.intent = understanding::understand(said, situation).intent;
        }
        if proposal.has_facts() || proposal.unknown_service || proposal.unclear_when {
            return proposal;
        }
        by_the_rules_instead(proposal, said, situation)
    }

    fn read_service(&self, proposal: &mut Proposal, situation: &Situation) {
        let Some(service) = written(&self.service) else { return };
        match understanding::service(service, situation.business) {
            ServiceReading::Found(id) => proposal.service = Some(id),
            ServiceReading::Unknown | ServiceReading::None => proposal.unknown_service = true,
        }
    }

    fn read_when(&self, proposal: &mut Proposal, said: &str, situation: &Situation) {
        let Some(words) = written(&self.when_text) else { return };
        // The last digit of "oh one nine nine" is no nine o'clock.
        if proposal.phone.is_some() && understanding::is_dictated(words) {
            return;
        }
        let reading = match understanding::when(words, situation) {
            Reading::Found(when) => Reading::Found(when),
            Reading::Nothing | Reading::Unclear => understanding::when(said, situation),
        };
        match reading {
            Reading::Found(when) => proposal.when = Some(when),
            Reading::Nothing | Reading::Unclear => proposal.unclear_when = true,
        }
    }
}

/// The rules' reading of the same words, where the model found no fact in them. Its intent stands, unless it had none.
fn by_the_rules_instead(proposal: Proposal, said: &str, situation: &Situation) -> Proposal {
    let ruled = understanding::understand(said, situation);
    let intent = match (proposal.intent, ruled.has_facts()) {
        (Intent::Other, _) => ruled.intent,
        (Intent::Book | Intent::Provide | Intent::Change, true) => proposal.intent,
        _ => return proposal,
    };
    Proposal { intent, ..ruled }
}

fn intent(text: &str) -> Intent {
    serde_json::from_value(serde_json::Value::String(text.to_lowercase())).unwrap_or(Intent::Other)
}

fn written(slot: &Option<Option<String>>) -> Option<&str> {
    slot.as_ref()?.as_deref()
}

/// A name counts when a word of it was said, or all its letters were spelled.
fn grounded_name(name: &str, said: &str) -> Option<String> {
    let said = said.to_lowercase();
    let spelled: String = said.chars().filter(|letter| letter.is_alphabetic()).collect();
    let grounded = name.to_lowercase().split_whitespace().any(|word| {
        said.split(|letter: char| !letter.is_alphanumeric()).any(|heard| heard == word) || spelled.contains(word)
    });
    (grounded && name.chars().count() <= NAME_MAX).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::business::Business;
    use chrono::NaiveDate;

    fn proposal(said: &str, when_text: &str, phone: Option<&str>) -> Proposal {
        let business: Business = toml::from_str(include_str!("../../../business.toml")).expect("the example");
        let day = NaiveDate::from_ymd_opt(2026, 11, 23).and_then(|day| day.and_hms_opt(10, 0, 0)).expect("a moment");
        let situation = Situation {
            business: &business,
            now: day,
            expects: Expect::Phone,
            offered: &[],
            half: None,
            day_in_mind: day.date().succ_opt(),
            half_name: None,
            service: Some("haircut"),
        };
        let mut slots = Slots::default();
        slots.close("intent", Some("provide".to_owned()));
        slots.close("when_text", Some(when_text.to_owned()));
        slots.close("phone", phone.map(str::to_owned));
        slots.proposal(said, &situation)
    }

    #[test]
    fn a_digit_of_a_number_is_no_time() {
        let said = "My number is two one two, five five five, oh one nine nine.";
        let number = Some("two one two five five five oh one nine nine");
        let read = proposal(said, "nine", number);
        assert_eq!((read.phone.as_deref(), read.when), (Some("+12125550199"), None));
        assert!(proposal("make it nine, and it's 212 555 0199", "at nine", number).when.is_some());
        assert!(proposal("at nine", "nine", None).when.is_some());
    }
}
