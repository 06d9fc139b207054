//! Tries every component the way a call uses it, and says how it went.

use std::sync::Arc;
use std::time::Duration;

use engine::audio::format::Format;
use engine::business::{Business, Engine};
use engine::io::{Fault, Input};
use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::app::{mapping, objects, tiers, voices};
use crate::config::{self, Provider, Settings};
use crate::recordings::Recordings;
use crate::store::{self, Records, StoreError};
use crate::vendors::deepgram::listen;
use crate::vendors::openai::{Model, realtime};
use crate::vendors::speech::Order;

/// How long one component may take to show that it works.
const WITHIN: Duration = Duration::from_secs(8);

/// One component, and what came of trying it.
pub struct Probed {
    /// What was tried.
    pub component: &'static str,
    /// Whether calls need it.
    pub is_needed: bool,
    /// What it said; or what is wrong, with the remedy.
    pub outcome: Result<String, String>,
}

/// Tries everything that calls need, and what they can do without as far as it is set. What needs a vendor is asked of
/// whoever the settings point at.
pub async fn everything(settings: &Settings) -> Vec<Probed> {
    let needed = |component, outcome| Probed { component, is_needed: true, outcome };
    let mut all = vec![
        needed("business file", business(settings)),
        needed("database", database(settings).await),
        needed("recordings", folder(settings)),
        needed("speech-to-text", within(hearing(settings)).await),
        needed("model", within(model(settings)).await),
        needed("public address", public_url(settings)),
    ];
    if uses_realtime(settings) {
        all.push(needed("speech-to-speech", within(conversing(settings)).await));
    }
    for provider in &settings.providers.order {
        all.push(needed("text-to-speech", within(speaking(settings, *provider)).await));
    }
    let shared = [("redis", tiers::try_redis(settings).await), ("object store", tiers::try_store(settings).await)];
    let shared = shared.into_iter().chain([("recordings' store", archive(settings).await)]);
    let set = shared.filter_map(|(component, outcome)| Some((component, outcome?)));
    all.extend(set.map(|(component, outcome)| Probed { component, is_needed: false, outcome }));
    all
}

fn business(settings: &Settings) -> Result<String, String> {
    let all = config::load_businesses(&settings.desk.business_file).map_err(|error| error.to_string())?;
    let told = |business: &Business| {
        format!("{}, {} services, {} staff", business.name, business.services.len(), business.staff.len())
    };
    Ok(all.iter().map(told).collect::<Vec<_>>().join("\n"))
}

/// Whether any call of the business is carried by a speech-to-speech model.
fn uses_realtime(settings: &Settings) -> bool {
    let all = config::load_businesses(&settings.desk.business_file).unwrap_or_default();
    all.iter().any(|business| {
        let engines = business.engine_by_number.values().chain([&business.engine]);
        engines.into_iter().any(|engine| *engine == Engine::Realtime)
    })
}

async fn conversing(settings: &Settings) -> Result<String, String> {
    let config = mapping::realtime(settings);
    realtime::try_out(&config).await.map_err(said)?;
    Ok(format!("{} with the voice {}", config.model, config.voice))
}

async fn database(settings: &Settings) -> Result<String, String> {
    let url = &settings.desk.database_url;
    match Records::open(url).await {
        Ok(_) => Ok(store::shown(url)),
        Err(error @ StoreError::Missing { .. }) => Ok(error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

fn folder(settings: &Settings) -> Result<String, String> {
    let root = settings.desk.recordings.display();
    let config = mapping::recordings(settings).map_err(|error| error.to_string())?;
    let said = if config.key.is_some() { format!("{root}, sealed") } else { root.to_string() };
    Recordings::new(config).map(|_| said).map_err(|error| error.to_string())
}

async fn archive(settings: &Settings) -> Option<Result<String, String>> {
    let archive = match objects::of_recordings(settings).transpose()? {
        Ok(archive) => archive,
        Err(error) => return Some(Err(error.to_string())),
    };
    Some(archive.try_out().await.map(|()| format!("{} takes recordings and gives them back", archive.base())))
}

async fn hearing(settings: &Settings) -> Result<String, String> {
    let (facts, mut told) = mpsc::channel(8);
    let config = mapping::hearing(settings);
    let (url, model) = (config.url.clone(), config.model.clone());
    let _hearing = listen::open(Arc::new(config), Vec::new(), facts);
    loop {
        match told.recv().await {
            Some(Input::HearingStarted) => return Ok(format!("{model} at {url}")),
            Some(Input::HearingFailed(fault)) => return Err(said(fault)),
            Some(_) => {}
            None => return Err("it ended without a word".to_owned()),
        }
    }
}

async fn speaking(settings: &Settings, provider: Provider) -> Result<String, String> {
    let (name, voice) = (provider.name(), voices::own_voice(settings, provider));
    let voices = voices::voices(settings, Arc::new(|_, _| ())).map_err(said)?;
    let mut audio = voices.synthesize(Order {
        provider: name.to_owned(),
        voice: voice.to_owned(),
        text: "Hello.".to_owned(),
        is_ssml: false,
        format: Format::Mulaw,
        first_within: WITHIN,
        has_stand_in: false,
    });
    let mut bytes = 0;
    while let Some(part) = audio.next().await {
        bytes += part.map_err(said)?.len();
    }
    Ok(format!("{voice} of {name} said hello in {} ms of audio", bytes / 8))
}

async fn model(settings: &Settings) -> Result<String, String> {
    let Some(config) = mapping::model(settings) else {
        return Ok("off: the rules book alone".to_owned());
    };
    let name = config.model.clone();
    let readiness = Model::new(&config).map_err(said)?.warm().await.map_err(said)?;
    match (readiness.warning, readiness.shutdown_date) {
        (Some(warning), _) => Err(warning),
        (None, Some(date)) => Ok(format!("{name}, until {date}")),
        (None, None) => Ok(name),
    }
}

fn public_url(settings: &Settings) -> Result<String, String> {
    match &settings.server.public_url {
        Some(url) => Ok(format!("{url}/voice is the number's webhook")),
        None if settings.stand_ins.twilio => Ok("not set, and not needed by the sandbox".to_owned()),
        None => Err("PUBLIC_URL is not set; Twilio's signatures are checked against it. Set it to the https address \
                     under which Twilio reaches this server, such as ngrok's"
            .to_owned()),
    }
}

async fn within(trying: impl Future<Output = Result<String, String>>) -> Result<String, String> {
    let late = || Err(format!("no answer within {} s", WITHIN.as_secs()));
    timeout(WITHIN, trying).await.unwrap_or_else(|_| late())
}

fn said(fault: Fault) -> String {
    match fault {
        Fault::Retry(what) | Fault::GiveUp(what) | Fault::OurMistake(what) => what,
    }
}
