//! What was answered to a business's own questions, as it stands with an appointment.

use std::collections::BTreeMap;

use engine::io::Reservation;
use serde::Serialize;

/// Answers by the question's id; a JSON object in the database.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Details(pub BTreeMap<String, String>);

impl Details {
    /// What was answered before an appointment was ordered.
    pub(super) fn of(reservation: &Reservation) -> Self {
        Self(reservation.details.iter().map(|detail| (detail.id.clone(), detail.answer.clone())).collect())
    }

    /// As it is written down.
    pub(super) fn to_text(&self) -> String {
        serde_json::to_string(&self.0).expect("texts are JSON")
    }

    /// In words: "hair long, guests 4"; empty when nothing was asked.
    pub fn in_words(&self) -> String {
        let words = self.0.iter().map(|(id, answer)| format!("{} {answer}", id.replace('_', " ")));
        words.collect::<Vec<_>>().join(", ")
    }
}

/// What stands in the column; something else than an object of texts, which we never write, is nothing.
impl From<String> for Details {
    fn from(text: String) -> Self {
        Self(serde_json::from_str(&text).unwrap_or_default())
    }
}
