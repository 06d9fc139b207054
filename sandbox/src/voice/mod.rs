//! Speech for a text: recorded where there is a recording, spoken by espeak-ng where that is installed, and otherwise a
//! hum of about the right length, so that a call goes on and nobody takes it for speech.
//!
//! Whatever it says, its lexicon knows from then on: speech made in this process can be played to this process's
//! recognizer and is heard.

mod espeak;
mod hum;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::clips::{Clip, spoken};
use crate::recognizer::Lexicon;
use espeak::Espeak;

/// Texts that are kept once they were spoken; past that all are forgotten and spoken anew.
const KEPT_MAX: usize = 500;

/// Where speech came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A recording of these words.
    Recorded,
    /// espeak-ng.
    Espeak,
    /// Nobody: it is a hum.
    Hum,
}

/// Some speech.
#[derive(Debug, Clone)]
pub struct Speech {
    /// µ-law at 8 kHz.
    pub audio: Arc<[u8]>,
    /// Where it came from.
    pub source: Source,
}

/// Turns text into speech. Clones share what was spoken.
#[derive(Debug, Clone)]
pub struct Voice {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    recorded: BTreeMap<String, Arc<[u8]>>,
    spoken: Mutex<BTreeMap<String, Speech>>,
    lexicon: Lexicon,
    espeak: Option<Espeak>,
    warned: AtomicBool,
}

impl Voice {
    /// A voice that has recordings of some phrases, and whose other speech the lexicon will know.
    pub fn new(phrases: &[Clip], lexicon: Lexicon) -> Self {
        Self::with(phrases, lexicon, Some(Espeak::default()))
    }

    /// A voice that never uses espeak-ng, as where it is not installed.
    pub fn without_espeak(phrases: &[Clip], lexicon: Lexicon) -> Self {
        Self::with(phrases, lexicon, None)
    }

    fn with(phrases: &[Clip], lexicon: Lexicon, espeak: Option<Espeak>) -> Self {
        let recorded = phrases.iter().map(|clip| (spoken(&clip.text), clip.audio.clone().into())).collect();
        let warned = AtomicBool::new(false);
        Self { shared: Arc::new(Shared { recorded, spoken: Mutex::default(), lexicon, espeak, warned }) }
    }

    /// What the recognizer knows, this voice's own speech included.
    pub fn lexicon(&self) -> &Lexicon {
        &self.shared.lexicon
    }

    /// Speaks. Takes some tens of milliseconds the first time; bounded by espeak-ng's own deadline.
    pub async fn speak(&self, text: &str) -> Speech {
        let key = spoken(text);
        if let Some(audio) = self.shared.recorded.get(&key) {
            return Speech { audio: Arc::clone(audio), source: Source::Recorded };
        }
        let kept = self.kept().get(&key).cloned();
        if let Some(speech) = kept {
            return speech;
        }
        let speech = self.synthesize(text).await;
        let clip = Clip::estimated(key.clone(), text.to_owned(), speech.audio.to_vec());
        self.shared.lexicon.learn(clip);
        let mut kept = self.kept();
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(key, speech.clone());
        speech
    }

    async fn synthesize(&self, text: &str) -> Speech {
        if let Some(espeak) = &self.shared.espeak {
            match espeak.speak(text).await {
                Ok(audio) => return Speech { audio: audio.into(), source: Source::Espeak },
                Err(error) => self.warn_once(&error.to_string()),
            }
        } else {
            self.warn_once("espeak-ng is switched off");
        }
        Speech { audio: hum::hum(text).into(), source: Source::Hum }
    }

    fn warn_once(&self, reason: &str) {
        if !self.shared.warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(reason, "the sandbox hums what it has no recording of; install espeak-ng to hear words");
        }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Speech>> {
        self.shared.spoken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognizer::Ear;

    fn phrase() -> Clip {
        Clip::estimated("hello".into(), "Hello there.".into(), vec![0x90; 4_000])
    }

    fn heard(voice: &Voice, audio: &[u8]) -> String {
        let mut ear = Ear::new(voice.lexicon().clone());
        ear.push(audio);
        ear.push(&[0xff; 4_000]);
        ear.words().iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[tokio::test]
    async fn a_phrase_is_recognized_by_its_words() {
        let voice = Voice::without_espeak(&[phrase()], Lexicon::default());
        let speech = voice.speak("hello, there!").await;
        assert_eq!((speech.source, speech.audio.len()), (Source::Recorded, 4_000));
    }

    #[tokio::test]
    async fn without_a_speaker_a_text_is_a_hum_of_its_own_that_is_heard_as_the_text() {
        let voice = Voice::without_espeak(&[], Lexicon::default());
        let (one, other) = (voice.speak("See you at ten").await, voice.speak("There is nothing free on Monday").await);
        assert_eq!(one.source, Source::Hum);
        assert!((4_000..16_000).contains(&one.audio.len()), "{}", one.audio.len());
        assert_eq!(heard(&voice, &one.audio), "See you at ten");
        assert_eq!(heard(&voice, &other.audio), "There is nothing free on Monday");
    }

    #[tokio::test]
    async fn espeak_speaks_where_it_is_installed() {
        let voice = Voice::new(&[], Lexicon::default());
        let speech = voice.speak("Nothing is recorded of this.").await;
        if speech.source == Source::Espeak {
            assert!((8_000..24_000).contains(&speech.audio.len()), "{}", speech.audio.len());
            assert_eq!(heard(&voice, &speech.audio), "Nothing is recorded of this.");
        }
    }
}
