//! From the settings to each part's own configuration.

use std::time::Duration;

use engine::redaction::Redactor;

use crate::analytics::Prices;
use crate::app::objects;
use crate::config::{Deepgram, Secret, Settings, Tape, VoiceSeed};
use crate::recordings::{self, RecordingsError};
use crate::store;
use crate::vendors::deepgram::listen::{self, Flavor};
use crate::vendors::openai::realtime;
use crate::vendors::{openai, twilio};

/// How long Twilio may take to say whether it plays something: somebody waits for it.
const CARRIER_ANSWERS_WITHIN: Duration = Duration::from_secs(2);

/// How long a speech-to-speech session may take to be ready, and to begin a response. Then the three services carry the call:
/// before the caller would take the line for dead.
const REALTIME_READY_WITHIN: Duration = Duration::from_millis(1_500);
const REALTIME_ANSWERS_WITHIN: Duration = Duration::from_millis(2_500);

/// Where calls are written, and what waits for it.
pub fn store(settings: &Settings) -> store::Config {
    let journal = settings.desk.recordings.join("journal.jsonl");
    store::Config { url: settings.desk.database_url.clone(), journal }
}

/// Where recordings are kept, what they are sealed with, and where they go then.
pub fn recordings(settings: &Settings) -> Result<recordings::Config, RecordingsError> {
    let keeping = &settings.keeping;
    let key = match (&keeping.recording_key, &keeping.recording_key_file) {
        (Some(key), _) => Some(("RECORDING_KEY", key.expose().to_owned())),
        (None, Some(path)) => {
            let text = std::fs::read_to_string(path);
            let why = |error| format!("{} cannot be read: {error}", path.display());
            let name = "RECORDING_KEY_FILE";
            Some((name, text.map_err(|error| RecordingsError::Key { name, why: why(error) })?))
        }
        (None, None) => None,
    };
    let read = |(name, text): (_, String)| {
        recordings::Key::parse(&text).map_err(|error| RecordingsError::Key { name, why: error.to_string() })
    };
    let archive = objects::of_recordings(settings).map_err(|error| RecordingsError::Archive(error.to_string()))?;
    Ok(recordings::Config { root: settings.desk.recordings.clone(), key: key.map(read).transpose()?, archive })
}

/// What is taken out of the record.
pub fn redactor(settings: &Settings) -> Redactor {
    let redact = settings.keeping.redact;
    Redactor { numbers: redact.numbers, emails: redact.emails, names: redact.names }
}

/// How tapes are kept: never [`Tape::Auto`].
pub(super) fn tape(settings: &Settings) -> Tape {
    let keeping = &settings.keeping;
    let is_sealed = keeping.recording_key.is_some() || keeping.recording_key_file.is_some();
    match keeping.tape {
        Tape::Auto if is_sealed || settings.stand_ins.twilio || redactor(settings).is_off() => Tape::Whole,
        Tape::Auto => Tape::Redacted,
        chosen => chosen,
    }
}

/// What vendors take.
pub fn prices(settings: &Settings) -> Prices {
    let prices = settings.keeping.prices;
    Prices {
        telephony_minute: prices.telephony_minute,
        hearing_minute: prices.hearing_minute,
        million_tokens_in: prices.million_tokens_in,
        million_tokens_out: prices.million_tokens_out,
        thousand_characters: settings.speech.usd_per_1000_characters,
    }
}

/// What a call takes that a speech-to-speech model carries: nobody else hears and speaks.
pub(super) fn realtime_prices(settings: &Settings) -> Prices {
    let keeping = settings.keeping.prices;
    Prices {
        hearing_minute: 0.0,
        thousand_characters: 0.0,
        million_tokens_in: keeping.realtime_million_tokens_in,
        million_tokens_out: keeping.realtime_million_tokens_out,
        ..prices(settings)
    }
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

/// None where the rules are to do alone.
pub(super) fn model(settings: &Settings) -> Option<openai::Config> {
    let openai = &settings.openai;
    (openai.model != "off").then(|| openai::Config {
        base_url: openai.base_url.clone(),
        key: exposed(openai.api_key.as_ref()),
        org: openai.org_id.clone(),
        model: openai.model.clone(),
        ..openai::Config::default()
    })
}

pub(super) fn realtime(settings: &Settings) -> realtime::Config {
    let openai = &settings.openai;
    realtime::Config {
        base_url: openai.base_url.clone(),
        key: exposed(openai.api_key.as_ref()),
        model: openai.realtime_model.clone(),
        voice: openai.realtime_voice.clone(),
        transcription: openai.realtime_transcription.clone(),
        languages: vec!["en".to_owned()],
        connect: REALTIME_READY_WITHIN,
        first: REALTIME_ANSWERS_WITHIN,
        renew_after: openai.realtime_session,
    }
}

/// A key in the open, for the client that sends it; empty where there is none.
pub(super) fn exposed(secret: Option<&Secret>) -> String {
    secret.map(|secret| secret.expose().to_owned()).unwrap_or_default()
}

pub(super) fn carrier(settings: &Settings) -> Option<twilio::Config> {
    let twilio = &settings.twilio;
    Some(twilio::Config {
        url: twilio.api_url.clone(),
        account_sid: twilio.account_sid.clone()?,
        auth_token: twilio.auth_token.as_ref()?.expose().to_owned(),
        within: CARRIER_ANSWERS_WITHIN,
    })
}

pub(super) fn voice(seed: VoiceSeed) -> store::Voice {
    let VoiceSeed { id, name, role, gender, language, provider, provider_voice_id } = seed;
    store::Voice { id, name, role, gender, language, provider, provider_voice_id }
}

/// A voice of the server's own, which stands in no table: it is called as its provider calls it.
pub(super) fn own_voice(name: &str, provider: &str) -> store::Voice {
    store::Voice {
        id: name.to_owned(),
        name: name.to_owned(),
        role: "assistant".to_owned(),
        gender: None,
        language: None,
        provider: provider.to_owned(),
        provider_voice_id: name.to_owned(),
    }
}
