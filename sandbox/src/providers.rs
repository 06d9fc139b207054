//! All providers of speech beside Deepgram, each with its emulator.

use axum::Router;

use crate::google::Account;
use crate::speech::Speaking;
use crate::voice::Voice;
use crate::{azure, elevenlabs, google, openai, polly};

/// The providers: their settings, faults and counts.
#[derive(Clone)]
pub struct Providers {
    /// OpenAI's speech; its model is apart.
    pub openai: Speaking,
    /// ElevenLabs.
    pub elevenlabs: Speaking,
    /// Google Cloud.
    pub google: Speaking,
    /// The account that Google knows.
    pub google_account: Account,
    /// Amazon Polly.
    pub polly: Speaking,
    /// Azure.
    pub azure: Speaking,
}

impl Providers {
    /// Providers that all speak with this voice, and answer at once.
    pub fn new(voice: &Voice) -> Self {
        let speaking = || Speaking::new(voice.clone());
        Self {
            openai: speaking(),
            elevenlabs: speaking(),
            google: speaking(),
            google_account: Account::default(),
            polly: speaking(),
            azure: speaking(),
        }
    }

    /// Their routes; none of them has one of another's.
    pub fn router(&self) -> Router {
        openai::speech::router(&self.openai)
            .merge(elevenlabs::router(&self.elevenlabs))
            .merge(google::router(&self.google, &self.google_account))
            .merge(polly::router(&self.polly))
            .merge(azure::router(&self.azure))
    }

    /// All of them, by name.
    pub fn all(&self) -> [(&'static str, &Speaking); 5] {
        [
            ("openai-speech", &self.openai),
            ("elevenlabs", &self.elevenlabs),
            ("google", &self.google),
            ("polly", &self.polly),
            ("azure", &self.azure),
        ]
    }
}
