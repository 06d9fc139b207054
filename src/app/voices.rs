//! The providers of speech, as the settings name them, and who of them speaks in a call.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use engine::business::Business;
use engine::io::Fault;
use engine::languages::Language;

use crate::app::House;
use crate::app::mapping::{self, exposed};
use crate::cache::{Ask, Cast, Synthesize, Terms, Who};
use crate::clock::Clock;
use crate::config::{self, Provider, Providers, Settings};
use crate::store::Voice;
use crate::telemetry::Telemetry;
use crate::vendors::deepgram::speak;
use crate::vendors::openai::speech as openai;
use crate::vendors::speech::{self, Order, Speak, Voices};
use crate::vendors::{Exchange, Watch, azure, elevenlabs, google, polly};

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
            let (url, key) = (settings.deepgram.url.clone(), exposed(settings.deepgram.api_key.as_ref()));
            Box::new(speak::Speaker::new(speak::Config { url, key, connect })?)
        }
        Provider::OpenAi => {
            let config::OpenAi { base_url, org_id: org, .. } = settings.openai.clone();
            let (key, model) = (exposed(settings.openai.api_key.as_ref()), settings.providers.openai.model.clone());
            Box::new(openai::Speaker::new(openai::Config { base_url, key, org, model, connect })?)
        }
        Provider::ElevenLabs => {
            let config::ElevenLabs { api_key, url, model, .. } = settings.providers.elevenlabs.clone();
            let key = exposed(api_key.as_ref());
            Box::new(elevenlabs::Speaker::new(elevenlabs::Config { url, key, model, connect })?)
        }
        Provider::Google => {
            let config::Google { account, url, .. } = settings.providers.google.clone();
            let account = exposed(account.as_ref());
            Box::new(google::Speaker::new(google::Config { url, account, connect, wall_ms: wall_ms() })?)
        }
        Provider::Polly => Box::new(polly::Speaker::new(polly_of(&settings.providers.polly))?),
        Provider::Azure => {
            let config::Azure { key, url, .. } = settings.providers.azure.clone();
            let key = exposed(key.as_ref());
            Box::new(azure::Speaker::new(azure::Config { url, key, connect })?)
        }
    })
}

fn polly_of(polly: &config::Polly) -> polly::Config {
    let config::Polly { account, url, engine, .. } = polly.clone();
    polly::Config {
        url,
        region: account.region,
        access_key_id: account.access_key_id.unwrap_or_default(),
        secret_access_key: exposed(account.secret_access_key.as_ref()),
        session_token: account.session_token.map(|token| token.expose().to_owned()),
        engine,
        connect: CONNECT_WITHIN,
        wall_ms: wall_ms(),
    }
}

fn wall_ms() -> Arc<dyn Fn() -> i64 + Send + Sync> {
    Arc::new(|| Clock.wall_ms())
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
        Provider::OpenAi => &settings.providers.openai.voice,
        Provider::ElevenLabs => &settings.providers.elevenlabs.voice,
        Provider::Google => &settings.providers.google.voice,
        Provider::Polly => &settings.providers.polly.voice,
        Provider::Azure => &settings.providers.azure.voice,
    }
}

/// The voice that speaks a language for a business: the one it names for it, else the agreed one, or its own, if that
/// speaks it.
pub(super) fn voice_of(business: &Business, language: Language, agreed: &Voice, is_own: bool) -> Voice {
    let named = |name: Option<&String>| {
        let name = name.filter(|_| is_own)?.clone();
        Some(Voice { provider_voice_id: name, ..agreed.clone() })
    };
    let own = named(business.voice.as_ref());
    if language == business.language && own.is_some() {
        return own.unwrap_or_else(|| agreed.clone());
    }
    let for_it = business.languages.get(&language).and_then(|words| words.voice.as_ref());
    named(for_it).unwrap_or_else(|| in_language(&own.unwrap_or_else(|| agreed.clone()), language, business))
}

/// Another voice of the same provider, where one speaks a language and its voices speak one each. Voices of other providers
/// speak many, or are the business's to name; and so is the server's voice for what a file in English says.
fn in_language(voice: &Voice, language: Language, business: &Business) -> Voice {
    let is_settled = language == Language::English && business.language == language;
    // https://developers.deepgram.com/docs/tts-models, read 2026-11: the language is the end of a voice's name.
    let speaks_another = voice.provider == Provider::Deepgram.name()
        && voice
            .provider_voice_id
            .rsplit_once('-')
            .is_some_and(|(_, spoken)| spoken.len() == 2 && spoken != language.code());
    let another = match language {
        Language::English => "aura-2-thalia-en",
        Language::Spanish => "aura-2-celeste-es",
    };
    let mut voice = voice.clone();
    if speaks_another && !is_settled {
        another.clone_into(&mut voice.provider_voice_id);
    }
    voice
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
            // Nobody who is not trusted with it gets so far with a text that begins like this.
            is_ssml: is_ssml(&ask.text),
            format: ask.format,
            first_within: terms.first_within,
            has_stand_in: terms.has_stand_in,
        })
    })
}

fn is_ssml(text: &str) -> bool {
    text.starts_with("<speak") || text.starts_with("<?xml")
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
    /// Who speaks for another system, and the voice that is meant.
    pub(super) async fn cast(&self, call_id: &str, is_ssml: bool) -> (Cast, Voice) {
        let (meant, mut stand_ins) = self.casting.cast_for(call_id).await;
        stand_ins.retain(|voice| !is_ssml || self.takes_ssml(voice));
        (self.cast_of(&meant, &stand_ins), meant)
    }

    /// Who speaks for a business in a call, in each of its languages, and the voice that is meant to begin.
    pub(super) async fn casts(&self, call_id: &str, business: &Business) -> (BTreeMap<Language, Cast>, Voice) {
        let (agreed, stand_ins) = self.casting.cast_for(call_id).await;
        let is_own = self.casting.is_own(&agreed);
        let meant = |language| voice_of(business, language, &agreed, is_own);
        let casts = business.spoken().map(|language| {
            let stand_ins: Vec<Voice> = stand_ins.iter().map(|voice| in_language(voice, language, business)).collect();
            (language, self.cast_of(&meant(language), &stand_ins))
        });
        (casts.collect(), meant(business.language))
    }

    fn cast_of(&self, meant: &Voice, stand_ins: &[Voice]) -> Cast {
        let who = |voice: &Voice| who(&self.voices, voice);
        Cast::new(who(meant), stand_ins.iter().map(who))
    }

    /// Whether a voice reads SSML; others would read its marks aloud.
    pub(super) fn takes_ssml(&self, voice: &Voice) -> bool {
        self.voices.traits(&voice.provider).is_some_and(|traits| traits.takes_ssml)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_has_a_voice_that_speaks_it() {
        let example = include_str!("../../business.toml");
        let both = format!("{example}{}", include_str!("../../fixtures/languages/es.toml"));
        let spanish = example.replacen("\n[hours]", "\nlanguage = \"es\"\n[hours]", 1);
        let server = mapping::own_voice("aura-2-thalia-en", "deepgram");
        let speaks = |file: &str, language, voice: &Voice, is_own| {
            let business: Business = toml::from_str(file).expect("a business");
            voice_of(&business, language, voice, is_own).provider_voice_id
        };
        let (english, of_spain) = (Language::English, Language::Spanish);
        assert_eq!(speaks(&both, english, &server, true), "aura-2-thalia-en");
        assert_eq!(speaks(&both, of_spain, &server, true), "aura-2-celeste-es");
        assert_eq!(speaks(&spanish, of_spain, &server, true), "aura-2-celeste-es", "its only language");
        let with_own = format!("voice = \"aura-2-apollo-en\"\n{both}");
        assert_eq!(speaks(&with_own, english, &server, true), "aura-2-apollo-en");
        assert_eq!(speaks(&with_own, of_spain, &server, true), "aura-2-celeste-es", "its own speaks English");
        let named = with_own.replace("[languages.es]\n", "[languages.es]\nvoice = \"aura-2-nestor-es\"\n");
        assert_eq!(speaks(&named, of_spain, &server, true), "aura-2-nestor-es");
        assert_eq!(
            speaks(&named, english, &mapping::own_voice("aura-2-arcas-en", "deepgram"), false),
            "aura-2-arcas-en"
        );
        assert_eq!(speaks(&both, of_spain, &mapping::own_voice("marin", "openai"), true), "marin");
        let german = mapping::own_voice("aura-2-viktoria-de", "deepgram");
        assert_eq!(speaks(example, english, &german, true), "aura-2-viktoria-de", "as the settings say");
    }
}
