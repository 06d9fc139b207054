//! The document that Azure wants: of a plain text, or of SSML that names no voice.

use std::fmt::Write as _;

/// The document in which a voice says a text. What is markup in XML is text here.
pub(super) fn speak(voice: &str, text: &str) -> String {
    document(voice, &escaped(text))
}

/// The document in which a voice says what stands in another; none when that is not one element `speak`.
pub(super) fn with_voice(voice: &str, ssml: &str) -> Option<String> {
    let (_, root) = ssml.split_once("<speak")?;
    let mut quote = None;
    let end = root.find(|mark| {
        match (quote, mark) {
            (None, '"' | '\'') => quote = Some(mark),
            (Some(open), mark) if mark == open => quote = None,
            _ => {}
        }
        quote.is_none() && mark == '>'
    })?;
    let (inside, _) = root[end + 1..].rsplit_once("</speak>")?;
    Some(document(voice, inside))
}

fn document(voice: &str, inside: &str) -> String {
    let mut document = String::from("<speak version=\"1.0\" xmlns=\"http://www.w3.org/2001/10/synthesis\" xml:lang=\"");
    document.push_str(&escaped(language(voice)));
    write!(document, "\"><voice name=\"{}\">{}</voice></speak>", escaped(voice), inside)
        .expect("a string takes any text");
    document
}

/// A voice carries its language in front: `en-US-JennyNeural`.
fn language(voice: &str) -> &str {
    match voice.match_indices('-').nth(1) {
        Some((end, _)) => &voice[..end],
        None => "en-US",
    }
}

/// Without what XML 1.0 has no character for.
fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, char| {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            char if char.is_control() && !matches!(char, '\t' | '\n' | '\r') => out.push(' '),
            char => out.push(char),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_no_markup_whatever_is_in_it() {
        let said = speak("en-US-JennyNeural", "Fish & \"chips\" </voice><break/>\u{7}");
        let voice = said.strip_prefix(
            "<speak version=\"1.0\" xmlns=\"http://www.w3.org/2001/10/synthesis\" xml:lang=\"en-US\"><voice name=\"en-US-JennyNeural\">",
        );
        let text = "Fish &amp; &quot;chips&quot; &lt;/voice&gt;&lt;break/&gt; ";
        assert_eq!(voice, Some(&*format!("{text}</voice></speak>")));
    }

    #[test]
    fn ssml_gets_the_voice_that_it_lacks() {
        let said = with_voice("en-US-JennyNeural", "<?xml version=\"1.0\"?><speak a='>'>Hi <break/> there</speak>\n");
        let said = said.expect("one element");
        assert!(said.ends_with("<voice name=\"en-US-JennyNeural\">Hi <break/> there</voice></speak>"), "{said}");
        assert_eq!(said.matches("<speak").count(), 1);
        assert_eq!((with_voice("v", "<speak/>"), with_voice("v", "Hi")), (None, None));
    }

    #[test]
    fn the_language_is_the_voices() {
        assert_eq!(language("de-DE-KatjaNeural"), "de-DE");
        assert_eq!(language("Jenny"), "en-US");
        assert!(speak("a\"b", "x").contains("name=\"a&quot;b\""));
    }
}
