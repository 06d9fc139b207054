//! A plain text as the document that Azure wants.

use std::fmt::Write as _;

/// The document in which a voice says a text. What is markup in XML is text here.
pub(super) fn speak(voice: &str, text: &str) -> String {
    let mut document = String::from("<speak version=\"1.0\" xmlns=\"http://www.w3.org/2001/10/synthesis\" xml:lang=\"");
    document.push_str(&escaped(language(voice)));
    write!(document, "\"><voice name=\"{}\">{}</voice></speak>", escaped(voice), escaped(text))
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
    fn the_language_is_the_voices() {
        assert_eq!(language("de-DE-KatjaNeural"), "de-DE");
        assert_eq!(language("Jenny"), "en-US");
        assert!(speak("a\"b", "x").contains("name=\"a&quot;b\""));
    }
}
