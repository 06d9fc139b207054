//! The few TwiML documents we answer with. Every value that is not ours is escaped.

use std::fmt::Write as _;

use engine::languages::Language;

/// What a call is told to do next, verb by verb. The first verb starts at the first byte: Twilio takes no blank before it.
#[derive(Debug)]
pub struct Twiml {
    text: String,
}

impl Twiml {
    /// A document without verbs. On its own it ends the call.
    pub fn new() -> Self {
        Self { text: r#"<?xml version="1.0" encoding="UTF-8"?><Response>"#.to_owned() }
    }

    /// Connects the call to a media stream, and goes on with the next verb when that has ended. The stream's parameters
    /// are the only way to tell it something: Twilio does not support a query in its address.
    pub fn connect_stream(mut self, url: &str, parameters: &[(&str, &str)]) -> Self {
        self.push(r#"<Connect><Stream url=""#, url, r#"">"#);
        for (name, value) in parameters {
            self.push(r#"<Parameter name=""#, name, r#"""#);
            self.push(r#" value=""#, value, r#""/>"#);
        }
        self.text.push_str("</Stream></Connect>");
        self
    }

    /// Asks this address what to do. Verbs after it are not reached.
    pub fn redirect(mut self, url: &str) -> Self {
        self.push(r#"<Redirect method="POST">"#, url, "</Redirect>");
        self
    }

    /// Speaks with Twilio's own voice; one that speaks the language, where it is not Twilio's usual one
    /// (twilio.com/docs/voice/twiml/say, attribute `language`, read 2026-11).
    pub fn say(mut self, text: &str, language: Language) -> Self {
        let begin = match language {
            Language::English => "<Say>",
            Language::Spanish => r#"<Say language="es-US">"#,
        };
        self.push(begin, text, "</Say>");
        self
    }

    /// Connects the caller to a number; whoever answers there first hears the TwiML of an address alone, and what became of it
    /// is told to another, which says what follows.
    pub fn put_through(mut self, number: &str, whisper: &str, after: &str) -> Self {
        self.push("<Dial action=\"", after, "\">");
        self.push("<Number url=\"", whisper, "\">");
        self.push("", number, "</Number></Dial>");
        self
    }

    /// Puts the caller through to a number. The next verb comes when they have hung up, or nobody answered.
    pub fn dial(mut self, number: &str) -> Self {
        self.push("<Dial>", number, "</Dial>");
        self
    }

    /// Ends the call.
    pub fn hang_up(mut self) -> Self {
        self.text.push_str("<Hangup/>");
        self
    }

    /// Does not answer at all: the caller hears the line is busy, and nobody pays. Only as the first verb.
    pub fn reject_busy(mut self) -> Self {
        self.text.push_str(r#"<Reject reason="busy"/>"#);
        self
    }

    /// The whole document.
    pub fn finish(mut self) -> String {
        self.text.push_str("</Response>");
        self.text
    }

    fn push(&mut self, before: &str, value: &str, after: &str) {
        let escaped = Escaped(value);
        write!(self.text, "{before}{escaped}{after}").expect("a string takes any text");
    }
}

impl Default for Twiml {
    fn default() -> Self {
        Self::new()
    }
}

/// Text for XML and HTML, between tags and between double quotes. What XML 1.0 cannot carry at all becomes U+FFFD.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&apos;")?,
                '\t' | '\n' | '\r' => write!(f, "&#{};", character as u32)?,
                '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => f.write_char('\u{fffd}')?,
                plain => f.write_char(plain)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_carries_its_parameters_and_is_followed_by_the_redirect() {
        let twiml = Twiml::new()
            .connect_stream("wss://example.com/media", &[("ticket", "1-ab")])
            .redirect("https://example.com/voice/resume")
            .finish();
        assert_eq!(
            twiml,
            concat!(
                r#"<?xml version="1.0" encoding="UTF-8"?><Response><Connect><Stream url="wss://example.com/media">"#,
                r#"<Parameter name="ticket" value="1-ab"/></Stream></Connect>"#,
                r#"<Redirect method="POST">https://example.com/voice/resume</Redirect></Response>"#
            )
        );
    }

    #[test]
    fn values_cannot_leave_their_place() {
        let said = Twiml::new().say("a</Say><Dial>&'\"\u{0}\n", Language::English).finish();
        assert!(said.contains("<Say>a&lt;/Say&gt;&lt;Dial&gt;&amp;&apos;&quot;\u{fffd}&#10;</Say>"), "{said}");
        let stream = Twiml::new().connect_stream("wss://x/\"><Hangup/>", &[("a\"b", "<c>")]).finish();
        assert!(!stream.contains("<Hangup/>") && !stream.contains("<c>") && !stream.contains("a\"b"), "{stream}");
    }

    #[test]
    fn the_short_answers_are_whole_documents() {
        let head = r#"<?xml version="1.0" encoding="UTF-8"?><Response>"#;
        assert_eq!(Twiml::new().reject_busy().finish(), format!(r#"{head}<Reject reason="busy"/></Response>"#));
        let dialled = Twiml::new().dial("+15551230000").hang_up().finish();
        assert_eq!(dialled, format!("{head}<Dial>+15551230000</Dial><Hangup/></Response>"));
    }
}
