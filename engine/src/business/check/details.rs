//! What makes no sense in a business's own questions.

use std::collections::BTreeSet;

use super::Problems;
use crate::business::{Business, DetailQuestion, InLanguage, Kind};
use crate::languages::Language;

/// The most questions of a business's own.
const DETAILS_MAX: usize = 8;

impl Problems {
    pub(super) fn of_details(&mut self, business: &Business) {
        self.require(business.details.len() <= DETAILS_MAX, "[[details]]", || {
            format!(
                "there are more than {DETAILS_MAX} [[details]]: nobody answers so much on the telephone, so ask less"
            )
        });
        self.of_ids("detail", business.details.iter().map(|question| question.id.as_str()));
        for question in &business.details {
            let DetailQuestion { id, name, ask, answer, choices, services, .. } = question;
            let at = format!("id={id:?}");
            self.require(!name.trim().is_empty() && !ask.trim().is_empty(), &at, || {
                format!("detail {id:?} needs a name, like \"breed\", and what is said in ask, like \"What breed is your dog?\"")
            });
            self.require((*answer == Kind::Choice) != choices.is_empty(), &at, || {
                format!("detail {id:?}: answer = \"choice\" and choices = [...] go together, so write both or neither")
            });
            self.of_choices(&at, id, choices);
            for service in services.iter().filter(|service| business.service(service).is_none()) {
                self.require(false, format!("{service:?}"), || {
                    format!("detail {id:?} is asked for {service:?}, which does not exist: mend its id, or remove it")
                });
            }
        }
    }

    fn of_choices(&mut self, at: &str, id: &str, choices: &[String]) {
        let plain: BTreeSet<String> = choices.iter().map(|choice| choice.trim().to_lowercase()).collect();
        self.require(plain.len() == choices.len() && !plain.contains(""), at, || {
            format!("detail {id:?} has an empty choice, or one twice: write each once, as callers say it")
        });
    }

    pub(super) fn of_details_in(&mut self, business: &Business, language: Language, words: &InLanguage, at: &str) {
        for DetailQuestion { id, choices, .. } in &business.details {
            let Some(said) = words.details.get(id) else {
                self.require(false, at, || {
                    format!(
                        "detail {id:?} has no {} words: add details.{id} = {{ name = \"…\", ask = \"…\" }} to [languages.{language}]",
                        language.name(),
                    )
                });
                continue;
            };
            let place = format!("{id}=");
            self.require(!said.name.trim().is_empty() && !said.ask.trim().is_empty(), &place, || {
                format!("detail {id:?} has an empty {} name or question: write both", language.name())
            });
            self.require(said.choices.len() == choices.len(), &place, || {
                format!(
                    "detail {id:?} has {} choices and {} in {}: write them in the same order",
                    choices.len(),
                    said.choices.len(),
                    language.name()
                )
            });
            self.of_choices(&place, id, &said.choices);
        }
        for id in words.details.keys().filter(|id| business.detail(id).is_none()) {
            self.require(false, format!("{id}="), || {
                format!("[languages.{language}] names a detail {id:?}, which does not exist: remove it, or mend its id")
            });
        }
    }
}
