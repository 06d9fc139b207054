//! SSML 1.1, for clients that are trusted with it: well-formed, and of those elements only that say how words sound.
//!
//! Source: <https://www.w3.org/TR/speech-synthesis11/>, read 2026-11. What fetches something (`audio`, `lexicon`, and every
//! attribute that holds an address) or chooses the voice, which is the server's, is refused; so are providers' own
//! elements, since the client does not know which one speaks.

use roxmltree::{Document, Node, NodeType, ParsingOptions};

/// The namespace of SSML; elements without one are meant, too.
const NAMESPACE: &str = "http://www.w3.org/2001/10/synthesis";

/// The namespace of `xml:lang`.
const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// Nodes at most: a text that is longer than that is none.
const NODES_MAX: u32 = 10_000;

/// What may be in it, and with which attributes.
const ELEMENTS: [(&str, &[&str]); 12] = [
    ("break", &["strength", "time"]),
    ("emphasis", &["level"]),
    ("lang", &[]),
    ("mark", &["name"]),
    ("p", &[]),
    ("phoneme", &["alphabet", "ph"]),
    ("prosody", &["contour", "duration", "pitch", "range", "rate", "volume"]),
    ("s", &[]),
    ("say-as", &["detail", "format", "interpret-as"]),
    ("speak", &["version"]),
    ("sub", &["alias"]),
    ("w", &["role"]),
];

/// Whether a text is meant as SSML: a provider that takes it would carry out what is in it.
pub(super) fn is_meant(text: &str) -> bool {
    let begins_with = |start: &str| text.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start));
    ["<speak", "<?xml", "<!"].into_iter().any(begins_with)
}

/// The words of it, without what says how they sound.
///
/// # Errors
/// What is wrong with it.
pub(super) fn words(text: &str) -> Result<String, String> {
    let options = ParsingOptions { nodes_limit: NODES_MAX, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|error| format!("it is no XML: {error}"))?;
    let root = document.root_element();
    if root.tag_name().name() != "speak" {
        return Err("SSML is one element speak".to_owned());
    }
    let mut words = String::new();
    for node in root.descendants() {
        match node.node_type() {
            NodeType::Element => words.push_str(&check(node)?),
            NodeType::Text if !is_substituted(node) => words.push_str(node.text().unwrap_or_default()),
            NodeType::PI => return Err("processing instructions are not taken in SSML".to_owned()),
            _ => {}
        }
    }
    Ok(words.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// What an element adds to the words: those that stand for others, or the blank that ends a word.
fn check(element: Node<'_, '_>) -> Result<String, String> {
    let name = element.tag_name();
    let is_ours = name.namespace().is_none_or(|namespace| namespace == NAMESPACE);
    let known = ELEMENTS.iter().find(|(known, _)| is_ours && *known == name.name());
    let (_, attributes) = known.ok_or_else(|| format!("the element {} is not taken in SSML", name.name()))?;
    let may_have = |attribute: &roxmltree::Attribute<'_, '_>| match attribute.namespace() {
        None => attributes.contains(&attribute.name()),
        Some(namespace) => (namespace, attribute.name()) == (XML, "lang"),
    };
    if let Some(attribute) = element.attributes().find(|attribute| !may_have(attribute)) {
        return Err(format!("the attribute {} of {} is not taken in SSML", attribute.name(), name.name()));
    }
    Ok(match name.name() {
        "sub" => element.attribute("alias").unwrap_or_default().to_owned(),
        "break" | "p" | "s" => " ".to_owned(),
        _ => String::new(),
    })
}

fn is_substituted(text: Node<'_, '_>) -> bool {
    text.ancestors().any(|node| node.has_tag_name("sub") || node.has_tag_name((NAMESPACE, "sub")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_what_is_heard() {
        for (text, heard) in [
            ("<speak>Your table<break time=\"1s\"/>is ready.</speak>", "Your table is ready."),
            ("<speak><p>One.</p><p>Two &amp; three.</p></speak>", "One. Two & three."),
            ("<speak><sub alias=\"doctor\">Dr.</sub> Ada</speak>", "doctor Ada"),
            (
                "<?xml version=\"1.0\"?><speak version=\"1.1\" xmlns=\"http://www.w3.org/2001/10/synthesis\" \
                 xml:lang=\"en-US\"><prosody rate=\"slow\">Slowly</prosody>, please.</speak>",
                "Slowly, please.",
            ),
        ] {
            assert_eq!(words(text).as_deref(), Ok(heard), "{text}");
        }
    }

    #[test]
    fn nothing_is_fetched_and_nobody_else_speaks() {
        for text in [
            "<speak><audio src=\"http://169.254.169.254/latest\"/></speak>",
            "<speak><lexicon uri=\"http://example.com/l.pls\"/></speak>",
            "<speak xml:base=\"http://example.com/\">Hi</speak>",
            "<speak xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"a http://b\">Hi</speak>",
            "<speak><p onclick=\"http://example.com\">Hi</p></speak>",
            "<speak><voice name=\"somebody\">Hi</voice></speak>",
            "<speak xmlns:m=\"https://www.w3.org/2001/mstts\"><m:backgroundaudio src=\"http://a\"/>Hi</speak>",
            "<speak><?fetch http://example.com?>Hi</speak>",
            "<!DOCTYPE speak [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><speak>&x;</speak>",
        ] {
            assert!(is_meant(text) && words(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_not_well_formed_is_refused_with_its_place() {
        for text in ["<speak>Hi", "<speak><p>Hi</speak></p>", "<speak>Fish & chips</speak>", "<speak/>Hi", "<p>Hi</p>"]
        {
            assert!(words(text).is_err(), "{text}");
        }
        let error = words("<speak><p>Hi</speak>").expect_err("p is not closed");
        assert!(error.contains("1:13"), "{error}");
        assert!(words(&format!("<speak>{}{}</speak>", "<p>".repeat(20_000), "</p>".repeat(20_000))).is_err());
    }
}
