//! What follows a call: who is told, who is reminded, and whose calendar is looked into.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What is done after an appointment was made, moved or cancelled, and after a call. Nothing, unless it is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Afterwards {
    /// Where each change is told, signed: an `https://` address.
    pub webhook: Option<String>,
    /// The number, in E.164, that text messages and reminder calls come from. None are sent without.
    pub from: Option<String>,
    /// Whether the caller gets a text message of what was booked, moved or cancelled.
    pub confirm: bool,
    /// How many hours before it begins the caller is reminded of an appointment; not at all when absent.
    pub remind_hours: Option<u32>,
    /// How they are reminded.
    pub remind_by: RemindBy,
    /// Calendars of others that are respected: an `.ics` address for each of the staff, by id.
    pub busy_from: BTreeMap<String, String>,
}

/// How a caller is reminded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemindBy {
    /// By a text message.
    #[default]
    Text,
    /// By a call in which they confirm, move or cancel it.
    Call,
}

impl Afterwards {
    pub(super) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}
