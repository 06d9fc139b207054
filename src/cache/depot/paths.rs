//! What things are called in the object store.

use object_store::path::Path;

use super::super::phrase::{Key, Record};

/// As much of a voice's name stands in a path.
const VOICE_LEN_MAX: usize = 64;

/// Where a phrase's audio is. Two phrases that sound alike may share it; what is there never changes.
pub(super) fn audio(root: &str, record: &Record) -> Path {
    let (voice, extension) = (plain(&record.ask.who.voice), record.ask.format.extension());
    Path::from(format!("{root}audio/{voice}/{}.{extension}", record.digest))
}

/// Where its card is.
pub(super) fn card(root: &str, key: Key) -> Path {
    let id = key.id();
    Path::from(format!("{root}cards/{}/{id}.json", &id[..2]))
}

/// A voice's name with letters, digits, dashes and underscores only. Names that become the same are told apart by what they
/// say.
fn plain(voice: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || letter == '_' { letter } else { '-' };
    voice.chars().take(VOICE_LEN_MAX).map(plain).collect()
}

#[cfg(test)]
mod tests {
    use engine::audio::format::Format;

    use super::super::super::phrase::tests::who;
    use super::super::super::phrase::{Ask, Whole};
    use super::*;

    #[test]
    fn a_path_has_safe_letters_only_and_tells_what_is_in_it() {
        let ask = Ask { who: who("../en US/ä%2f"), text: "hello".into(), format: Format::Mp3 };
        let whole = Whole::new(ask, b"audio"[..].into(), 0);
        let path = audio("a/", &whole.record);
        assert_eq!(path.as_ref(), format!("a/audio/---en-US---2f/{}.mp3", whole.record.digest));
        let card = card("", Key::of(&whole.record.ask));
        assert!(card.as_ref().starts_with("cards/") && card.as_ref().ends_with(&format!("/{}.json", whole.id())));
    }
}
