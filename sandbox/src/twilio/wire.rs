//! The messages of a bidirectional media stream (twilio.com/docs/voice/media-streams/websocket-messages, read
//! 2026-11-20; order of fields and spacing as in a recorded stream).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::audio::frame::{FRAME_MS, SILENCE};
use serde::Deserialize;
use serde_json::json;

/// The first message; it names no stream yet.
pub(super) const CONNECTED: &str = r#"{"event":"connected","protocol":"Call","version":"1.0.0"}"#;

/// The first audio message's time. Recorded streams begin between 60 and 200 ms, never at 0.
const FIRST_TIMESTAMP_MS: u64 = 120;

/// Writes one stream's messages and counts them.
#[derive(Debug)]
pub(super) struct Outbox {
    account_sid: String,
    call_sid: String,
    stream_sid: String,
    /// Of the last message that had one.
    sequence: u64,
    /// Of the last audio message.
    chunk: u64,
    /// Of the next audio message.
    timestamp_ms: u64,
}

impl Outbox {
    pub(super) fn new(account_sid: &str, call_sid: &str, stream_sid: &str) -> Self {
        Self {
            account_sid: account_sid.to_owned(),
            call_sid: call_sid.to_owned(),
            stream_sid: stream_sid.to_owned(),
            sequence: 0,
            chunk: 0,
            timestamp_ms: FIRST_TIMESTAMP_MS,
        }
    }

    pub(super) fn stream_sid(&self) -> &str {
        &self.stream_sid
    }

    pub(super) fn start(&mut self, parameters: &[(String, String)]) -> String {
        let parameters: BTreeMap<_, _> = parameters.iter().map(|(name, value)| (name, value)).collect();
        let start = json!({
            "accountSid": self.account_sid,
            "streamSid": self.stream_sid,
            "callSid": self.call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": parameters,
        });
        self.message("start", &start.to_string())
    }

    /// Audio, 20 ms of it by Twilio's habit. Moves the stream's clock on by 20 ms.
    pub(super) fn media(&mut self, audio: &[u8]) -> String {
        self.chunk += 1;
        let mut media = String::with_capacity(96 + audio.len() * 4 / 3);
        let (chunk, timestamp_ms) = (self.chunk, self.timestamp_ms);
        let written = write!(
            media,
            r#"{{"track":"inbound","chunk":"{chunk}","timestamp":"{timestamp_ms}","payload":"{}"}}"#,
            Payload(audio)
        );
        written.expect("writing to a String does not fail");
        self.timestamp_ms += FRAME_MS;
        self.message("media", &media)
    }

    /// Moves the stream's clock on without a message: audio that was lost before it reached Twilio.
    pub(super) fn lose_frame(&mut self) {
        self.timestamp_ms += FRAME_MS;
    }

    pub(super) fn dtmf(&mut self, digit: char) -> String {
        self.message("dtmf", &json!({"track": "inbound_track", "digit": digit}).to_string())
    }

    pub(super) fn mark(&mut self, name: &str) -> String {
        self.message("mark", &json!({"name": name}).to_string())
    }

    pub(super) fn stop(&mut self) -> String {
        let stop = json!({"accountSid": self.account_sid, "callSid": self.call_sid});
        self.message("stop", &stop.to_string())
    }

    fn message(&mut self, event: &str, body: &str) -> String {
        self.sequence += 1;
        let (sequence, stream_sid) = (self.sequence, &self.stream_sid);
        format!(r#"{{"event":"{event}","sequenceNumber":"{sequence}","{event}":{body},"streamSid":"{stream_sid}"}}"#)
    }
}

/// Base64 of a frame. Most frames are silent, and those need no encoding.
struct Payload<'a>(&'a [u8]);

impl std::fmt::Display for Payload<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const THREE_SILENT_BYTES: &str = "////";
        if self.0.iter().all(|byte| *byte == SILENCE) {
            for _ in 0..self.0.len() / 3 {
                f.write_str(THREE_SILENT_BYTES)?;
            }
            return f.write_str(["", "/w==", "//8="][self.0.len() % 3]);
        }
        base64::display::Base64Display::new(self.0, &STANDARD).fmt(f)
    }
}

/// A message from the other side that makes sense.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Inbound {
    Media(Vec<u8>),
    Mark(String),
    Clear,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Raw<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(borrow)]
    stream_sid: Option<Cow<'a, str>>,
    #[serde(borrow)]
    media: Option<RawMedia<'a>>,
    mark: Option<RawMark>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMedia<'a> {
    #[serde(borrow)]
    payload: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMark {
    name: String,
}

/// Reads a message as strictly as Twilio does: a wrong stream, an unknown event, a missing or a superfluous field make
/// it worthless (warning 31951). The error says which it was.
pub(super) fn read(text: &str, stream_sid: &str) -> Result<Inbound, String> {
    let raw: Raw = serde_json::from_str(text).map_err(|error| format!("not a message: {error}"))?;
    match raw.stream_sid {
        Some(sid) if sid == stream_sid => {}
        Some(sid) => return Err(format!("the message is for stream {sid:?}, this is {stream_sid:?}")),
        None => return Err("the message names no streamSid".to_owned()),
    }
    match (&*raw.event, raw.media, raw.mark) {
        ("media", Some(media), None) => STANDARD
            .decode(&*media.payload)
            .map(Inbound::Media)
            .map_err(|error| format!("media.payload is not base64: {error}")),
        ("mark", None, Some(mark)) => Ok(Inbound::Mark(mark.name)),
        ("clear", None, None) => Ok(Inbound::Clear),
        ("media" | "mark" | "clear", ..) => Err(format!("{:?} has missing or superfluous fields", raw.event)),
        (other, ..) => Err(format!("event {other:?} is unknown")),
    }
}

#[cfg(test)]
mod tests {
    use engine::audio::frame::FRAME_LEN;
    use serde_json::Value;

    use super::*;

    fn parse(text: &str) -> Value {
        serde_json::from_str(text).expect("our own messages are JSON")
    }

    #[test]
    fn numbers_are_strings_and_count_as_twilio_counts() {
        let mut outbox = Outbox::new("AC1", "CA1", "MZ1");
        let start = parse(&outbox.start(&[("ticket".into(), "a\"b".into())]));
        assert_eq!(start["sequenceNumber"], "1");
        assert_eq!(start["start"]["customParameters"]["ticket"], "a\"b");
        assert_eq!(start["start"]["mediaFormat"]["sampleRate"], 8000);
        outbox.media(&[SILENCE; FRAME_LEN]);
        outbox.lose_frame();
        let media = parse(&outbox.media(&[0x12; FRAME_LEN]));
        assert_eq!(media["sequenceNumber"], "3");
        assert_eq!(media["streamSid"], "MZ1");
        assert_eq!(media["media"]["chunk"], "2");
        assert_eq!(media["media"]["timestamp"], (FIRST_TIMESTAMP_MS + 40).to_string());
        assert_eq!(parse(&outbox.dtmf('#'))["dtmf"], json!({"track": "inbound_track", "digit": "#"}));
        assert_eq!(parse(&outbox.stop())["sequenceNumber"], "5");
    }

    #[test]
    fn silence_of_any_length_is_encoded_rightly() {
        for length in 0..10 {
            let silence = vec![SILENCE; length];
            assert_eq!(Payload(&silence).to_string(), STANDARD.encode(&silence));
        }
    }

    #[test]
    fn what_the_other_side_may_send_is_read() {
        let read = |text| read(text, "MZ1");
        assert_eq!(
            read(r#"{"event":"media","streamSid":"MZ1","media":{"payload":"AAE="}}"#),
            Ok(Inbound::Media(vec![0, 1]))
        );
        assert_eq!(read(r#"{"event":"mark","streamSid":"MZ1","mark":{"name":"a"}}"#), Ok(Inbound::Mark("a".into())));
        assert_eq!(read(r#"{"event":"clear","streamSid":"MZ1"}"#), Ok(Inbound::Clear));
    }

    #[test]
    fn what_the_other_side_may_not_send_is_refused_with_the_reason() {
        for (text, reason) in [
            ("hello", "not a message"),
            (r#"{"event":"clear"}"#, "names no streamSid"),
            (r#"{"event":"clear","streamSid":"MZ2"}"#, "for stream \"MZ2\""),
            (r#"{"event":"stop","streamSid":"MZ1"}"#, "\"stop\" is unknown"),
            (r#"{"event":"media","streamSid":"MZ1"}"#, "missing or superfluous"),
            (r#"{"event":"media","streamSid":"MZ1","media":{"payload":"AA==","track":"outbound"}}"#, "unknown field"),
            (r#"{"event":"media","streamSid":"MZ1","media":{"payload":"A"}}"#, "not base64"),
        ] {
            let error = read(text, "MZ1").expect_err(text);
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
