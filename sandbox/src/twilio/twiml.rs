//! TwiML, as far as a voice gateway writes it (twilio.com/docs/voice/twiml, read 2026-11-20).

use super::xml::{self, Element};

/// A verb, in the order of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verb {
    /// Carries the call over a WebSocket until the other side closes it.
    Connect {
        /// Where to, and what to say there.
        stream: StreamNoun,
        /// Where to ask for new TwiML once the stream is over; the next verb follows when absent.
        action: Option<String>,
    },
    /// Reads a text aloud.
    Say {
        /// The text.
        text: String,
    },
    /// Plays a file.
    Play {
        /// Where the file is.
        url: String,
    },
    /// Waits.
    Pause {
        /// How long, in seconds.
        seconds: u64,
    },
    /// Connects the caller to somebody.
    Dial {
        /// Whom: numbers, or the addresses of other nouns.
        to: Vec<String>,
        /// Where to ask for new TwiML once the callee hung up; the next verb follows when absent.
        action: Option<String>,
        /// Where to ask for what the callee alone hears first.
        whisper: Option<String>,
    },
    /// Goes on with the TwiML of another address.
    Redirect {
        /// The address.
        url: String,
    },
    /// Does not answer the call.
    Reject {
        /// Whether the caller hears the busy tone.
        busy: bool,
    },
    /// Ends the call.
    Hangup,
    /// A verb that this Twilio does not know. It is reported and skipped.
    Unknown {
        /// Its name.
        name: String,
    },
}

/// `<Stream>` inside `<Connect>`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StreamNoun {
    /// The address, `wss://…`.
    pub url: String,
    /// The stream's name, if it was given one.
    pub name: Option<String>,
    /// What `start` carries as `customParameters`.
    pub parameters: Vec<(String, String)>,
}

/// A document, and what Twilio would have warned about in it (12200).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Twiml {
    /// What to do, in order.
    pub verbs: Vec<Verb>,
    /// Attributes and elements that do not belong where they stand.
    pub warnings: Vec<String>,
}

/// Why a document cannot be carried out. Each has the number that Twilio's debugger shows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTwiml {
    /// It is longer than Twilio takes.
    #[error("the document has {0} bytes; Twilio takes 64 kB")]
    TooLong(usize),
    /// It is not XML.
    #[error("the document is not XML: {0}")]
    NotXml(#[from] xml::NotXml),
    /// It is XML of another kind.
    #[error("the root element is <{0}>, not <Response>")]
    NotResponse(String),
    /// A verb lacks what it cannot do without.
    #[error("<{verb}> {lacks}")]
    Incomplete {
        /// The verb.
        verb: &'static str,
        /// What is wrong with it.
        lacks: &'static str,
    },
}

impl BadTwiml {
    /// The number of the error in Twilio's dictionary (twilio.com/docs/api/errors).
    pub fn code(&self) -> u16 {
        match self {
            Self::TooLong(_) => 11_750,
            Self::NotXml(_) => 12_100,
            Self::NotResponse(_) | Self::Incomplete { .. } => 12_200,
        }
    }
}

/// Longest document, in bytes (error 11750).
const TWIML_BYTES_MAX: usize = 64 * 1024;

/// Longest name and value of a `<Parameter>` together, in characters.
const PARAMETER_CHARS_MAX: usize = 500;

impl Twiml {
    /// Reads a document.
    ///
    /// # Errors
    /// Whatever makes Twilio give up on a document. What Twilio only warns about is in [`Twiml::warnings`].
    pub fn parse(text: &str) -> Result<Self, BadTwiml> {
        if text.len() > TWIML_BYTES_MAX {
            return Err(BadTwiml::TooLong(text.len()));
        }
        let root = xml::parse(text)?;
        if root.name != "Response" {
            return Err(BadTwiml::NotResponse(root.name));
        }
        let mut twiml = Self::default();
        for element in &root.children {
            let verb = twiml.verb(element)?;
            twiml.verbs.push(verb);
        }
        Ok(twiml)
    }

    fn verb(&mut self, element: &Element) -> Result<Verb, BadTwiml> {
        let text = element.text.trim().to_owned();
        let action = element.attribute("action").map(str::to_owned);
        let (known, verb): (&[&str], _) = match element.name.as_str() {
            "Connect" => (&["action", "method"], Verb::Connect { stream: self.stream(element)?, action }),
            "Say" => (&["voice", "language", "loop"], Verb::Say { text }),
            "Play" => (&["loop", "digits"], Verb::Play { url: text }),
            "Pause" => (&["length"], Verb::Pause { seconds: pause_seconds(element)? }),
            "Dial" => (DIAL_ATTRIBUTES, Verb::Dial { to: dialled(element), action, whisper: whisper(element) }),
            "Redirect" if text.is_empty() => return Err(incomplete("Redirect", "has no address")),
            "Redirect" => (&["method"], Verb::Redirect { url: text }),
            "Reject" => (&["reason"], Verb::Reject { busy: element.attribute("reason") == Some("busy") }),
            "Hangup" => (&[], Verb::Hangup),
            name => {
                self.warnings.push(format!("<{name}> is not a verb this Twilio knows; it is skipped"));
                return Ok(Verb::Unknown { name: name.to_owned() });
            }
        };
        self.check_attributes(element, known);
        Ok(verb)
    }

    fn stream(&mut self, connect: &Element) -> Result<StreamNoun, BadTwiml> {
        let [noun] = connect.children.as_slice() else {
            return Err(incomplete("Connect", "must hold exactly one noun"));
        };
        if noun.name != "Stream" {
            return Err(incomplete("Connect", "holds a noun other than <Stream>"));
        }
        let url = noun.attribute("url").ok_or(incomplete("Stream", "has no url"))?.to_owned();
        self.check_attributes(noun, &["url", "name", "track", "statusCallback", "statusCallbackMethod"]);
        let mut stream = StreamNoun { url, name: noun.attribute("name").map(str::to_owned), parameters: Vec::new() };
        for child in &noun.children {
            match (child.name.as_str(), child.attribute("name"), child.attribute("value")) {
                ("Parameter", Some(name), Some(value)) => {
                    self.check_attributes(child, &["name", "value"]);
                    if name.chars().count() + value.chars().count() >= PARAMETER_CHARS_MAX {
                        return Err(incomplete("Parameter", "has 500 or more characters in name and value"));
                    }
                    stream.parameters.push((name.to_owned(), value.to_owned()));
                }
                ("Parameter", ..) => return Err(incomplete("Parameter", "needs a name and a value")),
                (other, ..) => self.warnings.push(format!("<{other}> does not belong in <Stream>")),
            }
        }
        Ok(stream)
    }

    fn check_attributes(&mut self, element: &Element, known: &[&str]) {
        for (name, _) in &element.attributes {
            if !known.contains(&name.as_str()) {
                self.warnings.push(format!("<{}> has no attribute {name:?}", element.name));
            }
        }
    }
}

const DIAL_ATTRIBUTES: &[&str] = &[
    "action",
    "method",
    "timeout",
    "timeLimit",
    "callerId",
    "hangupOnStar",
    "answerOnBridge",
    "ringTone",
    "record",
    "recordingStatusCallback",
    "trim",
    "sequential",
];

/// Plain text is a number; nouns hold a number or an address each.
fn dialled(dial: &Element) -> Vec<String> {
    let plain = std::iter::once(dial.text.trim());
    let nouns = dial.children.iter().map(|noun| noun.text.trim());
    plain.chain(nouns).filter(|to| !to.is_empty()).map(str::to_owned).collect()
}

fn whisper(dial: &Element) -> Option<String> {
    dial.children.iter().find_map(|noun| noun.attribute("url")).map(str::to_owned)
}

fn pause_seconds(pause: &Element) -> Result<u64, BadTwiml> {
    match pause.attribute("length").unwrap_or("1").parse() {
        Ok(seconds) if seconds > 0 => Ok(seconds),
        _ => Err(incomplete("Pause", "needs a length in whole seconds above 0")),
    }
}

fn incomplete(verb: &'static str, lacks: &'static str) -> BadTwiml {
    BadTwiml::Incomplete { verb, lacks }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_and_what_follows_it_are_read_in_order() {
        let twiml = Twiml::parse(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response>
               <Connect><Stream url=\"wss://voice.example.com/media\" name=\"main\">
                 <Parameter name=\"ticket\" value=\"a&amp;b\"/>
               </Stream></Connect>
               <Redirect method=\"POST\">/voice/resume</Redirect>
               <Dial timeout=\"20\"><Number>+15551230000</Number></Dial><Pause/><Hangup/></Response>",
        )
        .expect("good TwiML");
        let stream = StreamNoun {
            url: "wss://voice.example.com/media".into(),
            name: Some("main".into()),
            parameters: vec![("ticket".into(), "a&b".into())],
        };
        assert_eq!(
            twiml.verbs,
            [
                Verb::Connect { stream, action: None },
                Verb::Redirect { url: "/voice/resume".into() },
                Verb::Dial { to: vec!["+15551230000".into()], action: None, whisper: None },
                Verb::Pause { seconds: 1 },
                Verb::Hangup,
            ]
        );
        assert!(twiml.warnings.is_empty(), "{:?}", twiml.warnings);
    }

    #[test]
    fn what_is_unknown_is_reported_and_skipped() {
        let twiml =
            Twiml::parse("<Response><say>x</say><Say Voice=\"man\">hello</Say></Response>").expect("good TwiML");
        assert_eq!(twiml.verbs, [Verb::Unknown { name: "say".into() }, Verb::Say { text: "hello".into() }]);
        assert_eq!(twiml.warnings.len(), 2);
    }

    #[test]
    fn what_cannot_be_carried_out_is_refused_with_twilios_number() {
        for (text, code) in [
            ("<Connect/>".to_owned(), 12_200),
            ("<Response><Connect/></Response>".to_owned(), 12_200),
            ("<Response><Connect><Stream/></Connect></Response>".to_owned(), 12_200),
            ("<Response><Redirect/></Response>".to_owned(), 12_200),
            ("<Response><Pause length=\"0\"/></Response>".to_owned(), 12_200),
            ("<Response>".to_owned(), 12_100),
            (format!("<Response><Say>{}</Say></Response>", "x".repeat(70_000)), 11_750),
        ] {
            assert_eq!(Twiml::parse(&text).expect_err("bad TwiML").code(), code, "{text:.60}");
        }
    }
}
