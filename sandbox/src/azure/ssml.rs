//! As much of SSML as a client of text needs: one voice, and the text in it. Other elements are passed over, their text is
//! spoken.

/// What a document says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Document {
    pub(super) voice: String,
    pub(super) text: String,
}

impl Document {
    /// Reads a document; none when it is not well-formed, or lacks its language, its voice or its words.
    pub(super) fn read(source: &str) -> Option<Self> {
        let (mut open, mut rest) = (Vec::new(), source.trim());
        let (mut voice, mut text, mut has_language) = (None, String::new(), false);
        while !rest.is_empty() {
            let Some(after) = rest.strip_prefix('<') else {
                let end = rest.find('<')?;
                if voice.is_some() {
                    text.push_str(&unescaped(&rest[..end])?);
                } else if !rest[..end].trim().is_empty() {
                    return None;
                }
                rest = &rest[end..];
                continue;
            };
            let (tag, after) = after.split_once('>')?;
            rest = after;
            if let Some(name) = tag.strip_prefix('/') {
                (open.pop()? == name.trim()).then_some(())?;
            } else if !tag.starts_with('?') {
                let is_closed = tag.ends_with('/');
                let tag = tag.trim_end_matches('/');
                let name = tag.split_whitespace().next()?;
                (!open.is_empty() || name == "speak").then_some(())?;
                has_language |= name == "speak" && attribute(tag, "xml:lang").is_some();
                if name == "voice" {
                    voice = Some(unescaped(attribute(tag, "name")?)?);
                }
                if !is_closed {
                    open.push(name);
                }
            }
        }
        let is_whole = open.is_empty() && has_language && !text.trim().is_empty();
        voice.filter(|_| is_whole).map(|voice| Self { voice, text: text.trim().to_owned() })
    }
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = tag.split_once(&format!(" {name}="))?;
    let quote = after.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    after[1..].split_once(quote).map(|(value, _)| value)
}

/// Text with the five named characters of XML; none where an ampersand stands for nothing.
fn unescaped(text: &str) -> Option<String> {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once('&') {
        let (name, after) = after.split_once(';')?;
        out.push_str(before);
        out.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => return None,
        });
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_with_its_voice_and_its_text() {
        let source = "<speak version=\"1.0\" xml:lang='en-US'><voice name=\"en-US-JennyNeural\">Fish &amp; <emphasis>chips</emphasis><break/></voice></speak>";
        let document = Document::read(source).expect("well-formed");
        assert_eq!((document.voice.as_str(), document.text.as_str()), ("en-US-JennyNeural", "Fish & chips"));
    }

    #[test]
    fn a_document_that_lacks_something_is_refused() {
        for source in [
            "",
            "hello",
            "<speak xml:lang=\"en-US\">hello</speak>",
            "<speak><voice name=\"v\">hello</voice></speak>",
            "<speak xml:lang=\"en-US\"><voice name=\"v\"></voice></speak>",
            "<speak xml:lang=\"en-US\"><voice name=\"v\">fish & chips</voice></speak>",
            "<speak xml:lang=\"en-US\"><voice name=\"v\">hello</speak></voice>",
            "<speak xml:lang=\"en-US\"><voice name=\"v\">hello</voice>",
        ] {
            assert_eq!(Document::read(source), None, "{source}");
        }
    }
}
