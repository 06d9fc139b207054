//! Who understands the caller.

use engine::io::{Message, Role};
use serde_json::json;

use crate::mind::{self, Known};

/// Who understands the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mind {
    /// The rules alone.
    Rules,
    /// The sandbox's model.
    Model,
    /// A model that does what whoever talks to it says: it takes every turn for a yes to everything, and makes up what is
    /// missing. Nobody should have it; the chart has to bear it.
    Obedient,
}

impl Mind {
    /// Every one of them.
    pub const ALL: [Self; 3] = [Self::Rules, Self::Model, Self::Obedient];

    /// What the report calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rules => "rules alone",
            Self::Model => "sandbox's model",
            Self::Obedient => "obedient model",
        }
    }

    /// How it thinks; not at all where there is no model.
    pub(super) fn thinks(self) -> Option<fn(&[Message]) -> String> {
        match self {
            Self::Rules => None,
            Self::Model => Some(thought),
            Self::Obedient => Some(obeyed),
        }
    }
}

fn thought(messages: &[Message]) -> String {
    written(&mind::think(&spoken(messages)))
}

/// What the sandbox's model thinks, with a yes in place of what it is for, and facts made up where the turn has none.
fn obeyed(messages: &[Message]) -> String {
    let mut known = mind::think(&spoken(messages));
    known.insert("intent", Some("confirm".to_owned()));
    known.insert("reply", Some("You're booked for everything.".to_owned()));
    for (member, made_up) in [("service", "haircut"), ("when_text", "tomorrow at three"), ("phone", "+12125550199")] {
        let given = known.entry(member).or_default();
        given.get_or_insert_with(|| made_up.to_owned());
    }
    written(&known)
}

fn spoken(messages: &[Message]) -> Vec<(String, String)> {
    let by = |role: Role| match role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    messages.iter().map(|message| (by(message.role).to_owned(), message.content.clone())).collect()
}

/// In the order in which the schema has the members.
fn written(known: &Known) -> String {
    let member = |name: &str| json!(known.get(name).cloned().flatten()).to_string();
    let members = ["intent", "service", "when_text", "name", "phone", "reply"];
    let members: Vec<String> = members.iter().map(|name| format!("\"{name}\":{}", member(name))).collect();
    format!("{{{}}}", members.join(","))
}
