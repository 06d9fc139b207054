//! The providers of speech, as the settings name them, and who of them speaks in a call.

use std::sync::Arc;
use std::time::Duration;

use engine::io::Fault;

use crate::app::{House, mapping};
use crate::cache::{Ask, Cast, Synthesize, Terms, Who};
use crate::config::{self, Provider, Providers, Settings};
use crate::store::Voice;
use crate::telemetry::Telemetry;
use crate::vendors::speech::{self, Order, Speak, Voices};
use crate::vendors::{Exchange, Watch, deepgram, elevenlabs};

/// How long a connection to a provider may take: a caller may be waiting.
const CONNECT_WITHIN: Duration = Duration::from_millis(1_500);

/// All providers that can be asked.
///
/// # Errors
/// An address or a key that cannot be one.
pub(super) fn voices(settings: &Settings, watch: Watch) -> Result<Voices, Fault> {
    let Providers { retries_max, try_within, is_streaming, .. } = settings.providers;
    let config = speech::Config { is_streaming, retries_max, try_within, watch, ..speech::Config::default() };
    let providers = Provider::ALL.into_iter().filter(|provider| settings.providers.has(*provider));
    let providers = providers.map(|provider| speaker(settings, provider));
    Ok(Voices::new(config, providers.collect::<Result<_, _>>()?))
}

fn speaker(settings: &Settings, provider: Provider) -> Result<Box<dyn Speak>, Fault> {
    let connect = CONNECT_WITHIN;
    Ok(match provider {
        Provider::Deepgram => {
            let (url, key) = (settings.deepgram.url.clone(), mapping::exposed(settings.deepgram.api_key.as_ref()));
            Box::new(deepgram::speak::Speaker::new(deepgram::speak::Config { url, key, connect })?)
        }
        Provider::ElevenLabs => {
            let config::ElevenLabs { url, model, .. } = settings.providers.elevenlabs.clone();
            let key = mapping::exposed(settings.providers.elevenlabs.api_key.as_ref());
            Box::new(elevenlabs::Speaker::new(elevenlabs::Config { url, key, model, connect })?)
        }
    })
}

/// The server's own voices: of each provider that is to be asked one, in their order. `first` takes the first one's place.
pub(super) fn own(settings: &Settings, first: Option<&str>) -> Vec<Voice> {
    let order = settings.providers.order.iter().enumerate();
    let own = order.map(|(place, provider)| {
        let named = first.filter(|_| place == 0);
        mapping::own_voice(named.unwrap_or_else(|| own_voice(settings, *provider)), provider.name())
    });
    own.collect()
}

/// The voice of a provider that speaks where no other is meant.
pub(super) fn own_voice(settings: &Settings, provider: Provider) -> &str {
    match provider {
        Provider::Deepgram => &settings.deepgram.voice,
        Provider::ElevenLabs => &settings.providers.elevenlabs.voice,
    }
}

/// A voice as the cache knows it.
pub(super) fn who(voices: &Voices, voice: &Voice) -> Who {
    Who {
        provider: voice.provider.clone(),
        voice: voice.provider_voice_id.clone(),
        settings: voices.settings(&voice.provider),
    }
}

/// What the cache has phrases made with.
pub(super) fn synthesize(voices: Voices) -> Synthesize {
    Arc::new(move |ask: &Ask, terms: Terms| {
        voices.synthesize(Order {
            provider: ask.who.provider.clone(),
            voice: ask.who.voice.clone(),
            text: ask.text.clone(),
            format: ask.format,
            first_within: terms.first_within,
            has_stand_in: terms.has_stand_in,
        })
    })
}

/// Tells the metrics what passes between us and providers.
pub(super) fn watch(telemetry: &Arc<Telemetry>) -> Watch {
    let telemetry = Arc::clone(telemetry);
    Arc::new(move |provider, exchange| match exchange {
        Exchange::Asked { again } => telemetry.provider_asked(provider, again),
        Exchange::Answered { after } => telemetry.provider_answered(provider, after),
    })
}

impl House {
    /// Who speaks in a call, and the voice that is meant.
    pub(super) async fn cast(&self, call_id: &str) -> (Cast, Voice) {
        let (meant, stand_ins) = self.casting.cast_for(call_id).await;
        let who = |voice: &Voice| who(&self.voices, voice);
        (Cast::new(who(&meant), stand_ins.iter().map(who)), meant)
    }
}
