//! Speaking what will be asked for before anybody does: phrases × voices, each made once.

use std::sync::Arc;
use std::time::Duration;

use engine::audio::format::Format;
use engine::business::Business;
use engine::io::Fault;
use engine::wording;
use tokio::time::timeout;

use crate::app::{OpenError, mapping, speech, voices};
use crate::cache::{Ask, Cast, Phrases};
use crate::config::{self, PhraseSeed, Settings};
use crate::store::{Store, Voice};
use crate::telemetry::Telemetry;
use crate::vendors::speech::Voices;

/// What a voice speaks for which no language is named.
const LANGUAGE: &str = "en";

/// How long what was made may take to be put away.
const PUT_AWAY_WITHIN: Duration = Duration::from_secs(60);

/// One phrase in one voice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Our name for the voice.
    pub voice: String,
    /// What is to be spoken.
    pub ask: Ask,
}

impl Line {
    /// What its provider counts, and bills.
    pub fn characters(&self) -> usize {
        self.ask.text.chars().count()
    }
}

/// What there is to speak, and the means to.
pub struct Presynthesis {
    phrases: Phrases,
    store: Store,
    lines: Vec<Line>,
}

impl Presynthesis {
    /// Opens the cache, and pairs every phrase with the voices that speak its language: those of the settings' file,
    /// and the business's own words. Only the voices in `only` are taken, by our names for them, where it names any.
    ///
    /// # Errors
    /// When something that is needed cannot be opened, nothing would be kept, or a voice is named that there is not.
    pub async fn open(settings: &Settings, only: &[String], format: Format) -> Result<Self, OpenError> {
        let businesses = config::load_businesses(&settings.desk.business_file)?;
        let mut seeds = config::load_phrases(&settings.speech.phrases_file)?;
        seeds.extend(businesses.iter().flat_map(own_words));
        let store = Store::open(mapping::store(settings)).await?;
        let telemetry = Arc::new(Telemetry::new());
        let speakers = voices::voices(settings, voices::watch(&telemetry)).map_err(OpenError::Vendor)?;
        let own = voices::own(settings, businesses[0].voice.as_deref());
        let of_languages: Vec<Voice> = businesses.iter().flat_map(|business| of_languages(business, &own[0])).collect();
        let mut voices = speech::casting(settings, &store, own, &speakers).await?.everyone().await;
        for voice in of_languages {
            if !voices.contains(&voice) {
                voices.push(voice);
            }
        }
        if let Some(unknown) = only.iter().find(|name| voices.iter().all(|voice| voice.id != **name)) {
            let known = voices.iter().map(|voice| voice.id.as_str()).collect::<Vec<_>>().join(", ");
            return Err(OpenError::UnknownVoice { name: unknown.clone(), known });
        }
        let voices = voices.into_iter().filter(|voice| only.is_empty() || only.contains(&voice.id));
        let lines = pair(&speakers, &seeds, &voices.collect::<Vec<_>>(), format);
        let phrases = speech::phrases(settings, &telemetry, &speakers).await?;
        if !phrases.keeps() {
            return Err(OpenError::NothingKept);
        }
        Ok(Self { phrases, store, lines })
    }

    /// All there is to speak.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Whether a line was spoken before and is good.
    pub async fn is_there(&self, line: &Line) -> bool {
        self.phrases.has(&line.ask).await
    }

    /// Speaks a line.
    ///
    /// # Errors
    /// When its provider will not, or does not in time.
    pub async fn speak(&self, line: &Line) -> Result<(), Fault> {
        let Ask { who, text, format } = &line.ask;
        // Nobody stands in: what is kept is to be in the voice that is meant.
        self.phrases.whole(&Cast::new(who.clone(), []), text, *format).await.map(|_| ())
    }

    /// Waits until all that was spoken is put away; `false` when that takes too long.
    pub async fn close(self) -> bool {
        let is_put_away = timeout(PUT_AWAY_WITHIN, self.phrases.flush()).await.is_ok();
        timeout(PUT_AWAY_WITHIN, self.store.close()).await.is_ok() && is_put_away
    }
}

/// What a business says in any call, in each of its languages.
fn own_words(business: &Business) -> Vec<PhraseSeed> {
    let spoken = business.spoken().filter_map(|language| business.speaking(language));
    let seeds = spoken.flat_map(|business| {
        let language = business.language.code();
        let seed = move |text| PhraseSeed { text, language: Some(language.to_owned()), voice: None };
        wording::standard_phrases(&business).into_iter().map(seed)
    });
    seeds.collect()
}

/// Who speaks the languages of a business that the server's own voice, `own`, does not, or not by its name.
fn of_languages(business: &Business, own: &Voice) -> Vec<Voice> {
    let others = business.spoken().filter(|language| language.code() != LANGUAGE);
    let voices = others.map(|language| {
        let voice = voices::voice_of(business, language, own, true);
        let name = voice.provider_voice_id.clone();
        Voice { id: name.clone(), name, language: Some(language.code().to_owned()), ..voice }
    });
    voices.collect()
}

/// Each phrase with each voice that speaks it, once.
fn pair(speakers: &Voices, seeds: &[PhraseSeed], voices: &[Voice], format: Format) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for voice in voices {
        for seed in seeds.iter().filter(|seed| speaks(voice, seed)) {
            let ask = Ask { who: voices::who(speakers, voice), text: seed.text.trim().to_owned(), format };
            if !ask.text.is_empty() && lines.iter().all(|line| line.ask != ask) {
                lines.push(Line { voice: voice.id.clone(), ask });
            }
        }
    }
    lines
}

/// A voice without a language, like the server's own, speaks what has none or is English.
fn speaks(voice: &Voice, seed: &PhraseSeed) -> bool {
    let spoken = voice.language.as_deref().unwrap_or(LANGUAGE);
    let is_meant = seed.voice.as_ref().is_none_or(|named| *named == voice.id);
    is_meant && seed.language.as_deref().is_none_or(|written| is_spoken(written, spoken))
}

/// "es" is spoken by "es-MX" and "es", "es-MX" by "es-MX" only.
fn is_spoken(written: &str, spoken: &str) -> bool {
    let (written, spoken) = (written.to_lowercase().replace('_', "-"), spoken.to_lowercase().replace('_', "-"));
    spoken == written || spoken.strip_prefix(&written).is_some_and(|rest| rest.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nobody() -> Voices {
        Voices::new(crate::vendors::speech::Config::default(), Vec::new())
    }

    fn voice(id: &str, language: Option<&str>) -> Voice {
        Voice { language: language.map(str::to_owned), ..mapping::own_voice(id, "deepgram") }
    }

    fn seed(text: &str, language: Option<&str>, voice: Option<&str>) -> PhraseSeed {
        PhraseSeed { text: text.into(), language: language.map(str::to_owned), voice: voice.map(str::to_owned) }
    }

    #[test]
    fn a_phrase_is_spoken_once_by_each_voice_of_its_language() {
        let voices = [voice("own", None), voice("ana", Some("es-MX")), voice("bob", Some("en-US"))];
        let seeds = [
            seed("Hello.", Some("en"), None),
            seed("Hello.", None, Some("own")),
            seed("Hola.", Some("es"), None),
            seed("Beep.", None, None),
            seed("Only Bob.", None, Some("bob")),
            seed(" ", None, None),
        ];
        let lines = pair(&nobody(), &seeds, &voices, Format::Mulaw);
        let told: Vec<_> = lines.iter().map(|line| format!("{}: {}", line.voice, line.ask.text)).collect();
        assert_eq!(
            told,
            ["own: Hello.", "own: Beep.", "ana: Hola.", "ana: Beep.", "bob: Hello.", "bob: Beep.", "bob: Only Bob.",]
        );
    }

    #[test]
    fn each_language_of_a_business_is_spoken_by_who_speaks_it() {
        let both = concat!(include_str!("../../business.toml"), include_str!("../../fixtures/languages/es.toml"));
        let business: Business = toml::from_str(both).expect("a business");
        let own = voice("aura-2-thalia-en", None);
        let voices: Vec<Voice> = [own.clone()].into_iter().chain(of_languages(&business, &own)).collect();
        let lines = pair(&nobody(), &own_words(&business), &voices, Format::Mulaw);
        let who = |text: &str| {
            let said = lines.iter().filter(|line| line.ask.text == text);
            said.map(|line| line.voice.clone()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(who("May I have your name, please?"), "aura-2-thalia-en");
        assert_eq!(who("¿Me dice su nombre, por favor?"), "aura-2-celeste-es");
    }

    #[test]
    fn a_region_narrows_a_language() {
        assert!(is_spoken("es", "es-MX") && is_spoken("es_mx", "es-MX"));
        assert!(!is_spoken("es-MX", "es-ES") && !is_spoken("e", "es"));
    }
}
