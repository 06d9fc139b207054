//! Reading `config/phrases.json`: what is to be spoken before anybody asks for it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::Deserialize;

/// A phrase, as the file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhraseSeed {
    /// The words.
    pub text: String,
    /// BCP 47: `es` or `es-MX`. Voices of other languages do not speak it.
    pub language: Option<String>,
    /// The only voice that speaks it, by our name for it.
    pub voice: Option<String>,
}

/// A file of phrases that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PhrasesError {
    /// It is there, but not for us.
    #[error("the phrases {path} cannot be read: {source}; name yours in PHRASES_FILE", path = .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no list of phrases.
    #[error(
        "the phrases {path} make no sense: {source}; write [\"Hello.\"], or {{\"es\": [\"Hola.\"]}}",
        path = .path.display()
    )]
    Wrong {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
}

/// A plain list, one under the name `phrases`, or lists by language.
#[derive(Deserialize)]
#[serde(untagged)]
enum Phrases {
    Plain(Vec<Phrase>),
    Named(BTreeMap<String, Vec<Phrase>>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Phrase {
    Words(String),
    #[serde(rename_all = "camelCase")]
    Described {
        text: String,
        language: Option<String>,
        #[serde(alias = "voice_id", alias = "voice")]
        voice_id: Option<String>,
    },
}

/// Reads the phrases. A file that is not there has none.
///
/// # Errors
/// When it cannot be read, or is no list of phrases.
pub fn load_phrases(path: &Path) -> Result<Vec<PhraseSeed>, PhrasesError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(PhrasesError::Unreadable { path: path.to_owned(), source }),
    };
    read(&text).map_err(|source| PhrasesError::Wrong { path: path.to_owned(), source })
}

fn read(text: &str) -> Result<Vec<PhraseSeed>, serde_json::Error> {
    Ok(match serde_json::from_str(text)? {
        Phrases::Plain(phrases) => phrases.into_iter().map(|phrase| phrase.seed(None)).collect(),
        Phrases::Named(lists) => lists
            .into_iter()
            .flat_map(|(name, phrases)| {
                let language = (name != "phrases").then_some(name);
                phrases.into_iter().map(move |phrase| phrase.seed(language.as_deref()))
            })
            .collect(),
    })
}

impl Phrase {
    fn seed(self, of_list: Option<&str>) -> PhraseSeed {
        let of_list = of_list.map(str::to_owned);
        match self {
            Self::Words(text) => PhraseSeed { text, language: of_list, voice: None },
            Self::Described { text, language, voice_id } => {
                PhraseSeed { text, language: language.or(of_list), voice: voice_id }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seed(text: &str, language: Option<&str>, voice: Option<&str>) -> PhraseSeed {
        PhraseSeed { text: text.into(), language: language.map(str::to_owned), voice: voice.map(str::to_owned) }
    }

    #[test]
    fn every_way_to_write_a_list_is_taken() {
        let hello = [seed("Hello.", None, None)];
        for text in [r#"["Hello."]"#, r#"{"phrases": ["Hello."]}"#, r#"[{"id": 7, "text": "Hello."}]"#] {
            assert_eq!(read(text).expect("good"), hello, "{text}");
        }
        let by_language = read(r#"{"en": ["Hello."], "es-MX": ["Hola."]}"#).expect("good");
        assert_eq!(by_language, [seed("Hello.", Some("en"), None), seed("Hola.", Some("es-MX"), None)]);
        let described = read(r#"[{"text": "Hola.", "language": "es", "voiceId": "ana"}]"#).expect("good");
        assert_eq!(described, [seed("Hola.", Some("es"), Some("ana"))]);
        assert!(read(r#"[{"words": "Hello."}]"#).is_err());
    }

    #[test]
    fn the_example_is_good_and_a_file_that_is_missing_has_none() {
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/phrases.json");
        assert!(!load_phrases(&example).expect("good").is_empty());
        assert_eq!(load_phrases(Path::new("no/phrases.json")).expect("none"), []);
    }
}
