//! A business in another language: the same services and hours, in other words.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Answer, Business, DetailQuestion, DetailWords, Service};
use crate::languages::Language;

/// What a business says and understands in one more language.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InLanguage {
    /// The voice that speaks it; the business's own where that one can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voice: Option<String>,
    /// What the law wants said before anything else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    /// What the services are called, by their ids.
    pub services: BTreeMap<String, ServiceWords>,
    /// What else is asked for an appointment, by its id.
    pub details: BTreeMap<String, DetailWords>,
    /// Answers to what callers ask. Those of other languages are not given.
    pub answers: Vec<Answer>,
    /// The business's own words for prompts, by the prompt's name; the rest are ours.
    pub prompts: BTreeMap<String, String>,
    /// Terms that speech-to-text should expect beside services and staff.
    pub keyterms: Vec<String>,
}

/// What a service is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceWords {
    /// What people call it, with its article: "un corte de pelo".
    pub name: String,
    /// Other words for it.
    #[serde(default)]
    pub also: Vec<String>,
    /// What it costs, as it is said: "35 dólares".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
}

impl Business {
    /// The languages it speaks; the one that a call begins in comes first.
    pub fn spoken(&self) -> impl Iterator<Item = Language> {
        std::iter::once(self.language).chain(self.languages.keys().copied().filter(|other| *other != self.language))
    }

    /// The same business with all its words in another of its languages. Services keep their other names beside, because
    /// people mix them in. None where it does not speak it.
    pub fn speaking(&self, language: Language) -> Option<Self> {
        if language == self.language {
            return Some(self.clone());
        }
        let words = self.languages.get(&language)?.clone();
        let InLanguage { voice, notice, services, details, answers, prompts, keyterms } = words;
        let mut business = Self {
            language,
            voice: voice.or_else(|| self.voice.clone()),
            notice: notice.or_else(|| self.notice.clone()),
            answers,
            prompts,
            ..self.clone()
        };
        business.languages.remove(&language);
        business.languages.insert(self.language, self.in_own_language());
        business.keyterms.extend(keyterms);
        for service in &mut business.services {
            if let Some(words) = services.get(&service.id) {
                service.rename(words);
            }
        }
        for question in &mut business.details {
            if let Some(words) = details.get(&question.id) {
                question.rename(words);
            }
        }
        Some(business)
    }

    /// What it says in the language that its file is written in.
    fn in_own_language(&self) -> InLanguage {
        let Self { voice, notice, answers, prompts, keyterms, .. } = self.clone();
        let words = |service: &Service| {
            let Service { id, name, also, price, .. } = service.clone();
            (id, ServiceWords { name, also, price })
        };
        let services = self.services.iter().map(words).collect();
        let asked = |question: &DetailQuestion| (question.id.clone(), question.words());
        let details = self.details.iter().map(asked).collect();
        InLanguage { voice, notice, services, details, answers, prompts, keyterms }
    }
}

impl Service {
    fn rename(&mut self, words: &ServiceWords) {
        let before = std::mem::replace(&mut self.name, words.name.clone());
        self.also.push(before);
        self.also.extend(words.also.iter().cloned());
        self.price = words.price.clone().or_else(|| self.price.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_business_keeps_its_services_in_another_language() {
        let text = format!(
            "{}\n[languages.es]\nservices.haircut = {{ name = \"un corte de pelo\", also = [\"corte\"] }}",
            include_str!("../../../business.toml")
        );
        let business: Business = toml::from_str(&text).expect("a business");
        let spanish = business.speaking(Language::Spanish).expect("it speaks Spanish");
        let haircut = spanish.service("haircut").expect("the service");
        assert_eq!((haircut.name.as_str(), haircut.minutes), ("un corte de pelo", 30));
        assert!(haircut.also.iter().any(|name| name == "a haircut") && haircut.also.iter().any(|name| name == "corte"));
        assert_eq!((spanish.answers.len(), spanish.language), (0, Language::Spanish));
        assert_eq!(business.spoken().collect::<Vec<_>>(), [Language::English, Language::Spanish]);
        assert_eq!(spanish.spoken().collect::<Vec<_>>(), [Language::Spanish, Language::English]);
    }
}
