//! From the settings to each part's own configuration.

use std::sync::Arc;

use crate::cache::{self, Phrases, Synthesize};
use crate::config::{Deepgram, Secret, Settings};
use crate::store;
use crate::vendors::deepgram::listen::{self, Flavor};
use crate::vendors::deepgram::speak::{self, Speaker};
use crate::vendors::openai;

pub(super) fn store(settings: &Settings) -> store::Config {
    let journal = settings.desk.recordings.join("journal.jsonl");
    store::Config { url: settings.desk.database_url.clone(), journal }
}

pub(super) fn hearing(settings: &Settings) -> listen::Config {
    let Deepgram { url, model, .. } = &settings.deepgram;
    listen::Config {
        url: url.clone(),
        key: exposed(settings.deepgram.api_key.as_ref()),
        flavor: Flavor::of_model(model),
        model: model.clone(),
        ..listen::Config::default()
    }
}

pub(super) fn model(settings: &Settings) -> openai::Config {
    let openai = &settings.openai;
    openai::Config {
        base_url: openai.base_url.clone(),
        key: exposed(openai.api_key.as_ref()),
        org: openai.org_id.clone(),
        model: openai.model.clone(),
        ..openai::Config::default()
    }
}

pub(super) fn speaker(settings: &Settings) -> speak::Config {
    speak::Config {
        url: settings.deepgram.url.clone(),
        key: exposed(settings.deepgram.api_key.as_ref()),
        voice: settings.deepgram.voice.clone(),
        ..speak::Config::default()
    }
}

fn exposed(secret: Option<&Secret>) -> String {
    secret.map(|secret| secret.expose().to_owned()).unwrap_or_default()
}

pub(super) fn phrases(speaker: Speaker) -> Phrases {
    let synthesize: Synthesize = Arc::new(move |voice, text| speaker.synthesize(&voice, &text));
    Phrases::new(cache::Config::default(), synthesize)
}
