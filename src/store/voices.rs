//! Who speaks: the voices in the database, the profiles of calls, and which voice follows from both.
//!
//! The order is: the voice of the call's profile, the first voice of the profile's role, the first voice of the role
//! `assistant`, and the server's own. Where its provider cannot speak, another provider's voice of the same role and
//! language stands in, or the server's own at that provider. What was read is believed for some seconds, so that a phrase that is at hand does
//! not wait for the database; a database that does not answer changes nobody's voice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::Utc;
use sqlx::FromRow;
use tokio::time::{Instant, timeout};

use super::statement::Statement;
use super::{Store, StoreError};

/// How long what was read is believed.
const BELIEVED_FOR: Duration = Duration::from_secs(10);

/// Profiles remembered at most; past that all are forgotten and read again.
const PROFILES_MAX: usize = 10_000;

/// How long the database may take, while somebody waits for words.
const READ_WITHIN: Duration = Duration::from_millis(500);

/// The role of whoever speaks where no profile names one.
const ROLE: &str = "assistant";

/// A voice.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Voice {
    /// Our name for it.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// `assistant`, `representative` or `bot`.
    pub role: String,
    /// As the provider describes it.
    pub gender: Option<String>,
    /// BCP 47: `en-US`.
    pub language: Option<String>,
    /// Whose voice it is: `deepgram`.
    pub provider: String,
    /// As the provider calls it.
    pub provider_voice_id: String,
}

/// What was agreed for a call.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
struct Profile {
    voice_id: Option<String>,
    role: Option<String>,
}

/// Chooses voices. Clones share what was read.
#[derive(Debug, Clone)]
pub struct Casting {
    store: Store,
    own: Arc<[Voice]>,
    providers: Arc<BTreeSet<&'static str>>,
    read: Arc<Mutex<Read>>,
}

/// What was read lately.
#[derive(Debug, Default)]
struct Read {
    voices: Arc<[Voice]>,
    has_profiles: bool,
    until: Option<Instant>,
    profiles: BTreeMap<String, (Option<Profile>, Instant)>,
}

impl Store {
    /// Writes voices down; one that is there under the same id is changed.
    ///
    /// # Errors
    /// When the database refuses a voice, such as one with a role there is not.
    pub async fn seed_voices(&self, voices: &[Voice]) -> Result<(), StoreError> {
        for voice in voices {
            Statement::of(
                "INSERT INTO voices (id, name, role, gender, language, provider, provider_voice_id, created_at, updated_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) ON CONFLICT (id) DO UPDATE SET name = excluded.name, \
                 role = excluded.role, gender = excluded.gender, language = excluded.language, \
                 provider = excluded.provider, provider_voice_id = excluded.provider_voice_id, \
                 updated_at = excluded.updated_at",
                [
                    (&voice.id).into(),
                    (&voice.name).into(),
                    (&voice.role).into(),
                    (&voice.gender).into(),
                    (&voice.language).into(),
                    (&voice.provider).into(),
                    (&voice.provider_voice_id).into(),
                    Utc::now().into(),
                ],
            )
            .run(&self.database.write())
            .await?;
        }
        Ok(())
    }
}

impl Casting {
    /// Chooses among the store's voices whose providers can speak. `own`, which is not empty, has one voice of each provider
    /// that is to be asked, in their order: the first speaks where no other is meant, the rest stand in.
    pub fn new(store: Store, own: Vec<Voice>, providers: impl IntoIterator<Item = &'static str>) -> Self {
        let (own, providers) = (own.into(), Arc::new(providers.into_iter().collect()));
        Self { store, own, providers, read: Arc::default() }
    }

    /// Whose voice speaks in a call, and who stands in for it, in that order.
    pub async fn cast_for(&self, call_id: &str) -> (Voice, Vec<Voice>) {
        let (voices, has_profiles) = self.voices().await;
        let profile = if has_profiles { self.profile(call_id).await } else { None };
        let usable: Vec<&Voice> = voices.iter().filter(|voice| self.providers.contains(&*voice.provider)).collect();
        let meant = cast(profile.as_ref(), &usable, &self.own[0]);
        let stand_ins = stand_ins(meant, &usable, &self.own);
        (meant.clone(), stand_ins.into_iter().cloned().collect())
    }

    /// Whether a voice is the one that speaks where no other is meant.
    pub fn is_own(&self, voice: &Voice) -> bool {
        self.own.first() == Some(voice)
    }

    /// Every voice that can speak here, the server's own first.
    pub async fn everyone(&self) -> Vec<Voice> {
        let (voices, _) = self.voices().await;
        let usable = voices.iter().filter(|voice| self.providers.contains(&*voice.provider));
        self.own[..1].iter().chain(usable).cloned().collect()
    }

    async fn voices(&self) -> (Arc<[Voice]>, bool) {
        let now = Instant::now();
        {
            let mut read = self.open();
            if read.until.is_some_and(|until| now < until) {
                return (Arc::clone(&read.voices), read.has_profiles);
            }
            // Whoever comes meanwhile goes by what was read before: one question at a time.
            if read.until.is_some() {
                read.until = Some(now + BELIEVED_FOR);
            }
        }
        let answer = timeout(READ_WITHIN, self.read_voices()).await;
        let mut read = self.open();
        read.until = Some(now + BELIEVED_FOR);
        match answer {
            Ok(Ok((voices, has_profiles))) => (read.voices, read.has_profiles) = (voices.into(), has_profiles),
            Ok(Err(error)) => tracing::warn!(%error, "voices cannot be read; those read before speak on"),
            Err(_) => tracing::warn!("the database is too slow to read voices; those read before speak on"),
        }
        (Arc::clone(&read.voices), read.has_profiles)
    }

    async fn read_voices(&self) -> sqlx::Result<(Vec<Voice>, bool)> {
        let pool = self.store.database.ask();
        let voices = Statement::new(
            "SELECT id, name, role, gender, language, provider, provider_voice_id FROM voices ORDER BY id",
        );
        let profiles = Statement::new("SELECT call_id FROM call_profiles LIMIT 1");
        let profile: Option<(String,)> = profiles.first(&pool).await?;
        Ok((voices.all(&pool).await?, profile.is_some()))
    }

    async fn profile(&self, call_id: &str) -> Option<Profile> {
        let now = Instant::now();
        if let Some((profile, until)) = self.open().profiles.get(call_id)
            && now < *until
        {
            return profile.clone();
        }
        let pool = self.store.database.ask();
        let row = Statement::of("SELECT voice_id, role FROM call_profiles WHERE call_id = $1", [call_id.into()]);
        let answer = timeout(READ_WITHIN, row.first(&pool)).await;
        let Ok(Ok(profile)) = answer else {
            tracing::warn!("a call's profile cannot be read; it speaks with the usual voice");
            return None;
        };
        let mut read = self.open();
        if read.profiles.len() >= PROFILES_MAX {
            read.profiles.clear();
        }
        read.profiles.insert(call_id.to_owned(), (profile, now + BELIEVED_FOR));
        read.profiles[call_id].0.clone()
    }

    fn open(&self) -> std::sync::MutexGuard<'_, Read> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The voice that follows.
fn cast<'a>(profile: Option<&Profile>, voices: &[&'a Voice], own: &'a Voice) -> &'a Voice {
    let named = profile.and_then(|profile| profile.voice_id.as_deref());
    let named = named.and_then(|id| voices.iter().find(|voice| voice.id == id));
    let of_role = |role: &str| voices.iter().find(|voice| voice.role == role);
    let of_profiles_role = || profile.and_then(|profile| profile.role.as_deref()).and_then(of_role);
    named.or_else(of_profiles_role).or_else(|| of_role(ROLE)).copied().unwrap_or(own)
}

/// One voice of each other provider: the first of the same role and language, else the server's own there.
fn stand_ins<'a>(meant: &Voice, voices: &[&'a Voice], own: &'a [Voice]) -> Vec<&'a Voice> {
    let others = own.iter().filter(|own| own.provider != meant.provider);
    let alike =
        |voice: &&&Voice| voice.role == meant.role && (meant.language.is_none() || voice.language == meant.language);
    let of = |own: &'a Voice| {
        let voice = voices.iter().filter(alike).find(|voice| voice.provider == own.provider);
        voice.copied().unwrap_or(own)
    };
    others.map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voice(id: &str, role: &str, provider: &str) -> Voice {
        Voice {
            id: id.into(),
            name: id.into(),
            role: role.into(),
            gender: None,
            language: None,
            provider: provider.into(),
            provider_voice_id: format!("{id}-model"),
        }
    }

    fn chosen(voice_id: Option<&str>, role: Option<&str>, voices: &[Voice]) -> String {
        let profile = Profile { voice_id: voice_id.map(str::to_owned), role: role.map(str::to_owned) };
        let usable: Vec<&Voice> = voices.iter().filter(|voice| voice.provider == "deepgram").collect();
        cast(Some(&profile), &usable, &voice("own", "assistant", "deepgram")).id.clone()
    }

    #[test]
    fn who_stands_in_has_the_same_role_and_language_or_is_the_servers_own() {
        let spanish = |id, role, provider| Voice { language: Some("es".into()), ..voice(id, role, provider) };
        let own = ["deepgram", "polly", "azure"].map(|provider| voice(provider, "assistant", provider));
        let table =
            [voice("p-bot", "bot", "polly"), spanish("p-bot-es", "bot", "polly"), voice("a", "assistant", "azure")];
        let usable: Vec<&Voice> = table.iter().collect();
        let ids = |meant: &Voice| -> Vec<String> {
            stand_ins(meant, &usable, &own).into_iter().map(|voice| voice.id.clone()).collect()
        };
        assert_eq!(ids(&own[0]), ["polly", "a"]);
        assert_eq!(ids(&spanish("d", "bot", "deepgram")), ["p-bot-es", "azure"]);
        assert_eq!(ids(&voice("x", "bot", "elsewhere")), ["deepgram", "p-bot", "azure"]);
    }

    #[test]
    fn the_profile_comes_first_then_its_role_then_the_assistant_then_the_servers_own() {
        let voices = [
            voice("a", "assistant", "deepgram"),
            voice("b", "bot", "deepgram"),
            voice("c", "bot", "deepgram"),
            voice("p", "representative", "polly"),
        ];
        assert_eq!(chosen(Some("c"), Some("assistant"), &voices), "c");
        assert_eq!(chosen(None, Some("bot"), &voices), "b");
        assert_eq!(chosen(Some("gone"), None, &voices), "a");
        assert_eq!(chosen(Some("p"), Some("representative"), &voices), "a", "nobody here speaks for polly");
        assert_eq!(chosen(None, Some("bot"), &[]), "own");
    }
}
