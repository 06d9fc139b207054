//! Reading XML, as little of it as TwiML needs, and strictly: what Twilio's parser refuses is refused here, with the
//! place and the reason. No namespaces, no entities but the five of XML itself, no document types.

/// An element: its name, its attributes in order, and what is between its tags.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) children: Vec<Element>,
    /// All text directly inside, joined.
    pub(super) text: String,
}

/// Why a text is not XML, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct NotXml {
    /// Counted from 1.
    pub line: usize,
    /// What was found and what was expected.
    pub reason: String,
}

/// Elements deeper than this are refused; TwiML has four levels.
const DEPTH_MAX: usize = 16;

impl Element {
    /// The value of an attribute. Names are case-sensitive.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Reads a whole document and returns its root.
pub(super) fn parse(text: &str) -> Result<Element, NotXml> {
    let mut reader = Reader { text, at: 0 };
    reader.declaration()?;
    reader.blank_and_comments()?;
    if !reader.take("<") {
        return Err(reader.wrong("a root element was expected"));
    }
    let root = reader.element(0)?;
    reader.blank_and_comments()?;
    match reader.rest().is_empty() {
        true => Ok(root),
        false => Err(reader.wrong("something follows the root element")),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    /// `<?xml … ?>`, which may be missing but may not be preceded by anything, not even by a blank.
    fn declaration(&mut self) -> Result<(), NotXml> {
        if self.text.trim_start().starts_with("<?xml") && !self.take("<?xml") {
            return Err(self.wrong("the XML declaration must be the very first thing"));
        }
        if self.at > 0 {
            self.until("?>", "the XML declaration does not end")?;
        }
        Ok(())
    }

    /// The element whose `<` was just taken.
    fn element(&mut self, depth: usize) -> Result<Element, NotXml> {
        if depth > DEPTH_MAX {
            return Err(self.wrong("elements are nested too deep"));
        }
        let mut element = Element { name: self.name()?, ..Element::default() };
        loop {
            self.blank();
            if self.take("/>") {
                return Ok(element);
            }
            if self.take(">") {
                self.content(&mut element, depth)?;
                return Ok(element);
            }
            let (name, value) = self.attribute()?;
            if element.attribute(&name).is_some() {
                return Err(self.wrong(&format!("<{}> has {name:?} twice", element.name)));
            }
            element.attributes.push((name, value));
        }
    }

    fn attribute(&mut self) -> Result<(String, String), NotXml> {
        let name = self.name()?;
        self.blank();
        if !self.take("=") {
            return Err(self.wrong(&format!("attribute {name:?} has no value")));
        }
        self.blank();
        let quote = if self.take("\"") {
            "\""
        } else if self.take("'") {
            "'"
        } else {
            return Err(self.wrong(&format!("the value of attribute {name:?} is not in quotes")));
        };
        let raw = self.until(quote, "an attribute's value does not end")?;
        if raw.contains('<') {
            return Err(self.wrong(&format!("the value of attribute {name:?} contains a bare \"<\"")));
        }
        Ok((name, self.unescape(raw)?))
    }

    /// Everything up to and including the element's end tag.
    fn content(&mut self, element: &mut Element, depth: usize) -> Result<(), NotXml> {
        loop {
            let plain =
                self.rest().find('<').ok_or_else(|| self.wrong(&format!("<{}> is never closed", element.name)))?;
            let raw = &self.rest()[..plain];
            element.text += &self.unescape(raw)?;
            self.at += plain;
            if self.take("<!--") {
                self.until("-->", "a comment does not end")?;
            } else if self.take("<![CDATA[") {
                element.text += self.until("]]>", "a CDATA section does not end")?;
            } else if self.take("</") {
                let name = self.name()?;
                self.blank();
                if name != element.name || !self.take(">") {
                    return Err(self.wrong(&format!("<{}> is closed by </{name}>", element.name)));
                }
                return Ok(());
            } else if self.take("<") {
                let child = self.element(depth + 1)?;
                element.children.push(child);
            }
        }
    }

    fn unescape(&self, raw: &str) -> Result<String, NotXml> {
        let mut text = String::with_capacity(raw.len());
        let mut rest = raw;
        while let Some(ampersand) = rest.find('&') {
            text += &rest[..ampersand];
            let after = &rest[ampersand + 1..];
            let (entity, following) =
                after.split_once(';').ok_or_else(|| self.wrong("a bare \"&\": write \"&amp;\""))?;
            text.push(character(entity).ok_or_else(|| self.wrong(&format!("&{entity}; is not known")))?);
            rest = following;
        }
        Ok(text + rest)
    }

    fn name(&mut self) -> Result<String, NotXml> {
        let rest = self.rest();
        let part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
        let name = &rest[..rest.find(|c| !part(c)).unwrap_or(rest.len())];
        if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            return Err(self.wrong("a name was expected"));
        }
        self.at += name.len();
        Ok(name.to_owned())
    }

    fn blank_and_comments(&mut self) -> Result<(), NotXml> {
        self.blank();
        while self.take("<!--") {
            self.until("-->", "a comment does not end")?;
            self.blank();
        }
        Ok(())
    }

    fn blank(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start_matches([' ', '\t', '\r', '\n']).len();
    }

    fn take(&mut self, expected: &str) -> bool {
        let found = self.rest().starts_with(expected);
        self.at += if found { expected.len() } else { 0 };
        found
    }

    /// The text before `end`, stepping over both.
    fn until(&mut self, end: &str, otherwise: &str) -> Result<&'a str, NotXml> {
        let rest = self.rest();
        let length = rest.find(end).ok_or_else(|| self.wrong(otherwise))?;
        self.at += length + end.len();
        Ok(&rest[..length])
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn wrong(&self, reason: &str) -> NotXml {
        let line = self.text[..self.at].matches('\n').count() + 1;
        NotXml { line, reason: reason.to_owned() }
    }
}

fn character(entity: &str) -> Option<char> {
    match entity {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = entity.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_attributes_and_text_are_read() {
        let root =
            parse("<?xml version=\"1.0\"?>\n<!-- hello --><A b='1' c=\"x &amp; y\">t<B/> &#65;<![CDATA[<raw>]]></A>\n")
                .expect("well-formed");
        assert_eq!(root.name, "A");
        assert_eq!(root.attribute("c"), Some("x & y"));
        assert_eq!(root.text, "t A<raw>");
        assert_eq!(root.children[0].name, "B");
    }

    #[test]
    fn what_twilio_refuses_is_refused_with_its_line() {
        for (text, reason) in [
            ("\n<?xml version=\"1.0\"?><A/>", "the XML declaration must be the very first thing"),
            ("<A>\n b & c</A>", "a bare \"&\""),
            ("<A>\n<B></A>", "<B> is closed by </A>"),
            ("<A>", "<A> is never closed"),
            ("<A/><B/>", "something follows"),
            ("<A b=1/>", "not in quotes"),
            ("<A b='1' b='2'/>", "twice"),
            ("<A>&nbsp;</A>", "&nbsp; is not known"),
            ("", "a root element was expected"),
            ("<!DOCTYPE x><A/>", "a name was expected"),
        ] {
            let error = parse(text).expect_err(text).to_string();
            assert!(error.contains(reason), "{text:?}: {error}");
        }
        assert_eq!(parse("<A>\n<B></A>").expect_err("ill-formed").line, 2);
    }

    #[test]
    fn nesting_without_end_is_refused_and_not_recursed_into() {
        assert!(parse(&"<A>".repeat(100_000)).expect_err("too deep").reason.contains("too deep"));
    }
}
