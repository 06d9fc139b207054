//! What Twilio says on the socket, read without an allocation per frame.
//!
//! One flat struct holds the fields of all events side by side: an internally tagged enum would read every message twice.
//! Facts are from Twilio, "Media Streams – WebSocket messages", read 2026-10.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::GeneralPurposeConfig;
use base64::engine::{DecodePaddingMode, GeneralPurpose};
use engine::audio::frame::{FRAME_LEN, LegEvent};
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

use super::cutter::{Cutter, Placed, Step};

/// Standard base64, with or without its padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What the stream said of itself when it started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// The stream; everything sent back carries it.
    pub stream_sid: String,
    /// The call that the stream carries.
    pub call_sid: String,
    /// Whose call it is. Empty when the peer did not say.
    pub account_sid: String,
    /// The `<Parameter>`s of our TwiML. Anybody can open a socket and write them: only a redeemed ticket counts.
    pub parameters: BTreeMap<String, String>,
}

/// What a message before the stream started was.
#[derive(Debug)]
pub(super) enum Opening {
    /// The start; the call may begin.
    Start(Start),
    /// `connected`, or something that makes no sense yet.
    NotYet,
    /// A start that cannot be used, and why.
    Unusable(String),
}

/// Reads a message before the stream started.
pub(super) fn read_opening(text: &str) -> Opening {
    match serde_json::from_str::<Wire>(text) {
        Ok(wire) if wire.event.0 == "start" => read_start(wire).unwrap_or_else(|why| Opening::Unusable(why.to_owned())),
        Ok(_) => Opening::NotYet,
        Err(error) => match serde_json::from_str::<Event>(text) {
            Ok(event) if event.event.0 == "start" => Opening::Unusable(error.to_string()),
            _ => Opening::NotYet,
        },
    }
}

fn read_start(wire: Wire) -> Result<Opening, &'static str> {
    let start = wire.start.ok_or("there is no start object in it")?;
    let format = start.media_format.unwrap_or_default();
    if format.encoding.is_some_and(|encoding| encoding.0 != "audio/x-mulaw")
        || format.sample_rate.is_some_and(|rate| rate.0 != 8_000)
        || format.channels.is_some_and(|channels| channels.0 != 1)
    {
        return Err("the audio is not audio/x-mulaw at 8000 Hz on one channel");
    }
    let some = |sid: Option<Text>| sid.map(|sid| sid.0.into_owned()).filter(|sid| !sid.is_empty());
    let stream_sid = match (some(wire.stream_sid), some(start.stream_sid)) {
        (Some(outer), Some(inner)) if outer != inner => return Err("streamSid and start.streamSid differ"),
        (Some(sid), _) | (None, Some(sid)) => sid,
        (None, None) => return Err("streamSid is missing"),
    };
    Ok(Opening::Start(Start {
        stream_sid,
        call_sid: some(start.call_sid).ok_or("start.callSid is missing")?,
        account_sid: some(start.account_sid).unwrap_or_default(),
        parameters: start.custom_parameters.unwrap_or_default(),
    }))
}

/// Turns messages into events, several of them per message when the payload is long.
#[derive(Debug)]
pub(super) struct Inbound {
    stream_sid: String,
    cutter: Cutter,
    /// The audio of the last message; what lies before `taken` has become frames.
    audio: Vec<u8>,
    taken: usize,
    /// What comes before the frames in `audio`, and what after.
    before: Option<LegEvent>,
    after: Option<LegEvent>,
}

impl Inbound {
    pub(super) fn new(stream_sid: &str) -> Self {
        Self {
            stream_sid: stream_sid.to_owned(),
            cutter: Cutter::new(),
            // Base64 is decoded in groups of three bytes.
            audio: Vec::with_capacity(FRAME_LEN.next_multiple_of(3)),
            taken: 0,
            before: None,
            after: None,
        }
    }

    /// Reads one text message. To be called when [`Inbound::next`] has nothing more to give.
    pub(super) fn read(&mut self, text: &str) {
        self.before = match serde_json::from_str::<Wire>(text) {
            Ok(wire) => self.take_in(&wire),
            Err(_) => Some(LegEvent::Malformed("message")),
        };
    }

    /// The stream is over: what is left of the last frame is given, then `last`.
    pub(super) fn end(&mut self, last: Option<LegEvent>) {
        self.before = self.cutter.flush().map(event);
        self.after = last;
    }

    /// The next event of what was read.
    pub(super) fn next(&mut self) -> Option<LegEvent> {
        if let Some(event) = self.before.take() {
            return Some(event);
        }
        let mut audio = &self.audio[self.taken..];
        let frame = self.cutter.fill(&mut audio);
        self.taken = self.audio.len() - audio.len();
        frame.map(event).or_else(|| self.after.take())
    }

    /// Gives what is to come before the message's audio.
    fn take_in(&mut self, wire: &Wire) -> Option<LegEvent> {
        if wire.stream_sid.as_ref().is_none_or(|sid| sid.0 != self.stream_sid) {
            return Some(LegEvent::Malformed("stream_sid"));
        }
        match wire.event.0.as_ref() {
            "media" => match &wire.media {
                Some(media) => self.hear(media),
                None => Some(LegEvent::Malformed("media")),
            },
            "mark" => Some(
                wire.mark
                    .as_ref()
                    .and_then(|mark| mark.name.0.parse().ok())
                    .map_or(LegEvent::Malformed("mark"), LegEvent::Mark),
            ),
            "dtmf" => {
                let key = wire.dtmf.as_ref().and_then(|dtmf| key(&dtmf.digit.0));
                Some(key.map_or(LegEvent::Malformed("dtmf"), LegEvent::Key))
            }
            "stop" => {
                self.end(Some(LegEvent::Stopped));
                self.before.take()
            }
            "start" => Some(LegEvent::Malformed("second_start")),
            _ => Some(LegEvent::Malformed("event")),
        }
    }

    fn hear(&mut self, media: &Media) -> Option<LegEvent> {
        if media.track.as_ref().is_some_and(|track| track.0 != "inbound") {
            return None;
        }
        self.audio.clear();
        self.taken = 0;
        if BASE64.decode_vec(media.payload.0.as_ref(), &mut self.audio).is_err() {
            self.audio.clear();
            return Some(LegEvent::Malformed("payload"));
        }
        match media.timestamp.as_ref().map(|timestamp| self.cutter.seek(timestamp.0)) {
            None | Some(Step::Steady) => None,
            Some(Step::Gap(cut_short)) => cut_short.map(event),
            Some(Step::NewClock) => Some(LegEvent::Malformed("timestamp")),
        }
    }
}

fn event((stream_ms, frame): Placed) -> LegEvent {
    LegEvent::Frame { stream_ms, frame }
}

fn key(digit: &str) -> Option<char> {
    let mut chars = digit.chars();
    let key = chars.next().filter(|key| matches!(key, '0'..='9' | '*' | '#'))?;
    chars.next().is_none().then_some(key)
}

/// What is left to read of a message that is otherwise damaged.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    event: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    #[serde(borrow)]
    event: Text<'a>,
    #[serde(borrow)]
    stream_sid: Option<Text<'a>>,
    #[serde(borrow)]
    media: Option<Media<'a>>,
    #[serde(borrow)]
    mark: Option<MarkName<'a>>,
    #[serde(borrow)]
    dtmf: Option<Dtmf<'a>>,
    #[serde(borrow)]
    start: Option<StartBody<'a>>,
}

#[derive(Deserialize)]
struct Media<'a> {
    #[serde(borrow)]
    track: Option<Text<'a>>,
    timestamp: Option<Count>,
    #[serde(borrow)]
    payload: Text<'a>,
}

#[derive(Deserialize)]
struct MarkName<'a> {
    #[serde(borrow)]
    name: Text<'a>,
}

#[derive(Deserialize)]
struct Dtmf<'a> {
    #[serde(borrow)]
    digit: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StartBody<'a> {
    #[serde(borrow)]
    stream_sid: Option<Text<'a>>,
    #[serde(borrow)]
    account_sid: Option<Text<'a>>,
    #[serde(borrow)]
    call_sid: Option<Text<'a>>,
    #[serde(borrow)]
    media_format: Option<MediaFormat<'a>>,
    custom_parameters: Option<BTreeMap<String, String>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct MediaFormat<'a> {
    #[serde(borrow)]
    encoding: Option<Text<'a>>,
    sample_rate: Option<Count>,
    channels: Option<Count>,
}

/// Text borrowed from the message; only a text with JSON escapes in it is copied. Some encoders write every `/` of
/// base64 as `\/`. Unlike a plain `Cow` it borrows inside an `Option`, too.
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrowing;
        impl<'de> Visitor<'de> for Borrowing {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Borrowing)
    }
}

/// A count that Twilio writes as a string; a plain number is understood, too.
struct Count(u64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Counting;
        impl Visitor<'_> for Counting {
            type Value = Count;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number, as a string or plain")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Count, E> {
                text.parse().map(Count).map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Count, E> {
                Ok(Count(number))
            }
        }
        deserializer.deserialize_any(Counting)
    }
}

#[cfg(test)]
mod tests;
