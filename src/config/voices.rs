//! Reading `config/voices.json`: voices that are to be in the database.

use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::Deserialize;

/// A voice, as the file names it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VoiceSeed {
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
    #[serde(alias = "provider_voice_id")]
    pub provider_voice_id: String,
}

/// A file of voices that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum VoicesError {
    /// It is there, but not for us.
    #[error("the voices {path} cannot be read: {source}; name yours in VOICES_FILE", path = .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no list of voices.
    #[error("the voices {path} make no sense: {source}", path = .path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
}

/// A plain list, or one under the name `voices`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Voices {
    Plain(Vec<VoiceSeed>),
    Named { voices: Vec<VoiceSeed> },
}

/// Reads the voices. A file that is not there has none.
pub fn load_voices(path: &Path) -> Result<Vec<VoiceSeed>, VoicesError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(VoicesError::Unreadable { path: path.to_owned(), source }),
    };
    read(&text).map_err(|source| VoicesError::Wrong { path: path.to_owned(), source })
}

fn read(text: &str) -> Result<Vec<VoiceSeed>, serde_json::Error> {
    Ok(match serde_json::from_str(text)? {
        Voices::Plain(voices) | Voices::Named { voices } => voices,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_write_a_list_are_taken() {
        let voice =
            r#"{"id":"a","name":"Thalia","role":"bot","provider":"deepgram","providerVoiceId":"aura-2-thalia-en"}"#;
        let snake = voice.replace("providerVoiceId", "provider_voice_id");
        let plain = read(&format!("[{voice}]")).expect("good");
        assert_eq!(plain, read(&format!("{{\"voices\":[{snake}]}}")).expect("good"));
        assert_eq!((plain[0].provider_voice_id.as_str(), plain[0].gender.as_deref()), ("aura-2-thalia-en", None));
        assert!(read("[{\"id\":\"a\"}]").is_err());
    }

    #[test]
    fn the_example_is_good_and_a_file_that_is_missing_has_none() {
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/voices.json");
        assert!(!load_voices(&example).expect("good").is_empty());
        assert_eq!(load_voices(Path::new("no/voices.json")).expect("none"), []);
    }
}
