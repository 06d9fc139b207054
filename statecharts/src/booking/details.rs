//! What a business asks for beside the service, the time, the name and the number, by its file: a dog's breed, how many
//! come, whether it is the first visit. An appointment that is moved keeps what was said when it was made.

use super::Effect;
use super::chart::{Chart, Node};
use crate::Context;
use crate::prompt::Prompt;
use crate::proposal::{Detail, DetailRule};

impl Chart {
    /// The first thing that is to be asked for this service and was not.
    pub(super) fn missing_detail(&self) -> Option<String> {
        let missing = self.rules_here().find(|rule| !self.facts.details.contains_key(&rule.id));
        missing.map(|rule| rule.id.clone())
    }

    /// What was said to all that is asked for this service.
    pub(super) fn details_told(&self) -> Vec<Detail> {
        let said = |rule: &DetailRule| {
            let answer = self.facts.details.get(&rule.id)?.clone()?;
            Some(Detail { id: rule.id.clone(), answer })
        };
        self.rules_here().filter_map(said).collect()
    }

    /// Whether what was asked for last need not be known.
    pub(super) fn may_go_without_detail(&self) -> bool {
        match &self.asked {
            Some(Prompt::AskDetail { id }) => self.detail_rules.iter().any(|rule| rule.id == *id && rule.optional),
            _ => false,
        }
    }

    /// Goes on without what was asked for last.
    pub(super) fn go_without_detail(&mut self, context: &mut Context<Effect>) -> Node {
        if let Some(Prompt::AskDetail { id }) = &self.asked {
            self.facts.details.insert(id.clone(), None);
        }
        self.misses = 0;
        self.ask(context)
    }

    fn rules_here(&self) -> impl Iterator<Item = &DetailRule> {
        let service = self.facts.service.as_ref().filter(|_| self.facts.replaces.is_none());
        let is_for = move |rule: &&DetailRule| {
            service.is_some_and(|service| rule.services.is_empty() || rule.services.contains(service))
        };
        self.detail_rules.iter().filter(is_for)
    }
}
