//! The messages of a browser's voice session, version 1 (`docs/browser-voice.md`). Text is JSON, one object a message,
//! told apart by `type`; unknown members are passed over, so that a newer page works with an older server.

use std::borrow::Cow;

use engine::audio::mark::Mark;
use serde::{Deserialize, Serialize};

/// The version of the protocol.
pub const VERSION: u32 = 1;

/// The longest text that somebody may type, in characters.
pub const TYPED_CHARS_MAX: usize = 500;

/// How audio is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    /// Opus packets (RFC 6716), one a message.
    Opus,
    /// Samples of 16 bits, little-endian.
    Pcm16,
}

/// What a page asks for when it opens a session.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Hello {
    /// The version of the protocol that it speaks.
    pub version: u32,
    /// What shows that it may; absent where the subprotocol carried it.
    #[serde(default)]
    pub token: Option<String>,
    /// The ticket of a session that lost its socket.
    #[serde(default)]
    pub resume: Option<String>,
    /// How it can speak and listen.
    pub audio: Wanted,
}

/// How a page can speak and listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Wanted {
    /// From the page.
    pub up: Codec,
    /// To the page.
    pub down: Codec,
    /// Samples a second, both ways.
    pub rate_hz: u32,
}

/// What a page says once its session is open.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Said<'a> {
    /// All before this mark was played, or dropped by a clear.
    Mark {
        #[serde(borrow)]
        name: Cow<'a, str>,
    },
    /// Written instead of spoken.
    Text {
        #[serde(borrow)]
        text: Cow<'a, str>,
    },
    /// A key of the keypad.
    Key {
        #[serde(borrow)]
        key: Cow<'a, str>,
    },
    /// What became of the microphone.
    Mic { state: Mic },
    /// What only the page can measure.
    Measured {
        #[serde(borrow)]
        what: Cow<'a, str>,
        ms: f64,
    },
    /// The visitor hangs up.
    Bye,
}

/// What became of a microphone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mic {
    Live,
    Muted,
    Silent,
    Lost,
    Denied,
}

impl Mic {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Muted => "muted",
            Self::Silent => "silent",
            Self::Lost => "lost",
            Self::Denied => "denied",
        }
    }
}

/// What a page is told when its session is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename = "welcome")]
pub struct Welcome {
    /// The version of the protocol.
    pub version: u32,
    /// The session; it stands in the call's record.
    pub session: String,
    /// Goes on with the session, once, should the socket break.
    pub resume: String,
    /// How long after the break that may be, in milliseconds.
    pub resume_within_ms: u64,
    /// Whether it goes on with one that was there.
    pub resumed: bool,
    /// Whom the visitor talks to.
    pub business: String,
    /// How audio is carried.
    pub audio: Carried,
    /// After this many milliseconds without a message the session counts as lost.
    pub idle_ms: u64,
}

/// How a session's audio is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Carried {
    /// From the page.
    pub up: Codec,
    /// To the page.
    pub down: Codec,
    /// Samples a second, both ways.
    pub rate_hz: u32,
    /// The length of a frame.
    pub frame_ms: u32,
    /// Bits a second of Opus, both ways.
    pub bitrate: u32,
}

/// What a page is shown of its call.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Note {
    /// Words, as they are known now.
    Words {
        /// `caller` or `assistant`.
        who: &'static str,
        /// The words. Those that are not final are replaced by the next of the same speaker.
        text: String,
        /// Whether they will not change any more.
        #[serde(rename = "final")]
        is_final: bool,
        /// What of the assistant's words was heard, where they are final.
        #[serde(skip_serializing_if = "Option::is_none")]
        heard: Option<String>,
    },
    /// What the assistant is doing.
    Doing {
        /// `listening`, `thinking`, `speaking` or `ending`.
        doing: &'static str,
    },
    /// Something went wrong that does not end the session.
    Notice {
        /// What, for a program.
        code: &'static str,
        /// What, for a person.
        text: String,
    },
    /// The call is over.
    Bye {
        /// Why, for a person.
        reason: String,
    },
}

/// The order to give a mark back when all before it was played.
#[derive(Serialize)]
#[serde(tag = "type", rename = "mark")]
pub(super) struct MarkOrder {
    pub(super) name: Mark,
}

/// The order to drop what has not been played.
pub(super) const CLEAR: &str = r#"{"type":"clear"}"#;

/// The first message, if it is a greeting that makes sense.
pub(super) fn read_hello(text: &str) -> Result<Hello, String> {
    #[derive(Deserialize)]
    struct Typed<'a> {
        #[serde(borrow)]
        r#type: Cow<'a, str>,
    }
    let typed: Typed = serde_json::from_str(text).map_err(|error| format!("it is no object with a type: {error}"))?;
    if typed.r#type != "hello" {
        return Err("the first message must be a hello".to_owned());
    }
    serde_json::from_str(text).map_err(|error| format!("the hello cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_hello_says_how_a_page_can_speak() {
        let text =
            r#"{"type":"hello","version":1,"token":"t","audio":{"up":"opus","down":"pcm16","rate_hz":48000},"new":1}"#;
        let hello = read_hello(text).expect("a hello");
        assert_eq!(hello.audio, Wanted { up: Codec::Opus, down: Codec::Pcm16, rate_hz: 48_000 });
        assert_eq!((hello.version, hello.token.as_deref(), hello.resume), (1, Some("t"), None));
    }

    #[test]
    fn what_is_no_hello_is_told_what_it_lacks() {
        for (text, part) in [
            ("hello", "no object"),
            (r#"{"type":"mark","name":"g0.p1.2"}"#, "must be a hello"),
            (r#"{"type":"hello","version":1}"#, "audio"),
            (r#"{"type":"hello","version":1,"audio":{"up":"mp3","down":"opus","rate_hz":48000}}"#, "mp3"),
        ] {
            let why = read_hello(text).expect_err(text);
            assert!(why.contains(part), "{why}");
        }
    }

    #[test]
    fn a_page_is_told_in_the_protocols_words() {
        let written = |note: &Note| serde_json::to_value(note).expect("written");
        let words =
            Note::Words { who: "assistant", text: "Hello there.".into(), is_final: true, heard: Some("Hello".into()) };
        let expected =
            json!({"type": "words", "who": "assistant", "text": "Hello there.", "final": true, "heard": "Hello"});
        assert_eq!(written(&words), expected);
        assert_eq!(written(&Note::Doing { doing: "thinking" }), json!({"type": "doing", "doing": "thinking"}));
        let mark = serde_json::to_value(MarkOrder { name: "g1.p2.300".parse().expect("a mark") }).expect("written");
        assert_eq!(mark, json!({"type": "mark", "name": "g1.p2.300"}));
    }
}
