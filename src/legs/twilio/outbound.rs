//! What we say to Twilio, written from a prefix made once per stream into a buffer that is used again and again.

use std::fmt::Write as _;

use axum::extract::ws::Utf8Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::BytesMut;
use engine::audio::frame::{FRAME_LEN, Frame, LegOrder};

/// Characters of base64 for a frame.
const PAYLOAD_LEN: usize = FRAME_LEN.div_ceil(3) * 4;

const SUFFIX: &str = "\"}}";

/// Messages that may wait in the socket before the buffer has to grow: what the playout's lead may be, and some marks.
const MESSAGES_HELD: usize = 16;

#[derive(Debug)]
pub(super) struct Outbound {
    media_prefix: String,
    mark_prefix: String,
    clear: Utf8Bytes,
    buffer: BytesMut,
}

impl Outbound {
    pub(super) fn new(stream_sid: &str) -> Self {
        let sid = serde_json::Value::from(stream_sid);
        let media_prefix = format!(r#"{{"event":"media","streamSid":{sid},"media":{{"payload":""#);
        let message_len = media_prefix.len() + PAYLOAD_LEN + SUFFIX.len();
        Self {
            mark_prefix: format!(r#"{{"event":"mark","streamSid":{sid},"mark":{{"name":""#),
            clear: Utf8Bytes::from(format!(r#"{{"event":"clear","streamSid":{sid}}}"#)),
            buffer: BytesMut::with_capacity(MESSAGES_HELD * message_len),
            media_prefix,
        }
    }

    /// The message that carries an order.
    pub(super) fn write(&mut self, order: &LegOrder) -> Utf8Bytes {
        match order {
            LegOrder::Frame(frame) => self.frame(frame),
            LegOrder::Mark(mark) => {
                self.buffer.reserve(self.mark_prefix.len() + 64);
                self.buffer.extend_from_slice(self.mark_prefix.as_bytes());
                write!(self.buffer, "{mark}").expect("a buffer that grows takes any text");
                self.finish()
            }
            LegOrder::Clear => self.clear.clone(),
        }
    }

    fn frame(&mut self, frame: &Frame) -> Utf8Bytes {
        self.buffer.reserve(self.media_prefix.len() + PAYLOAD_LEN + SUFFIX.len());
        self.buffer.extend_from_slice(self.media_prefix.as_bytes());
        let payload = self.buffer.len();
        self.buffer.resize(payload + PAYLOAD_LEN, 0);
        STANDARD
            .encode_slice(frame, &mut self.buffer[payload..])
            .expect("the payload has the frame's length in base64");
        self.finish()
    }

    fn finish(&mut self) -> Utf8Bytes {
        self.buffer.extend_from_slice(SUFFIX.as_bytes());
        Utf8Bytes::try_from(self.buffer.split().freeze()).expect("JSON and base64 are ASCII, and the prefix was text")
    }
}

#[cfg(test)]
mod tests {
    use engine::audio::mark::Mark;
    use engine::io::PhraseId;
    use serde_json::{Value, json};

    use super::*;

    fn written(outbound: &mut Outbound, order: &LegOrder) -> Value {
        serde_json::from_str(&outbound.write(order)).expect("what we send is JSON")
    }

    #[test]
    fn every_order_is_the_message_of_the_protocol() {
        let mut outbound = Outbound::new("MZ1");
        let frame: Frame = std::array::from_fn(|at| at as u8);
        let payload = STANDARD.encode(frame);
        let expected = json!({"event": "media", "streamSid": "MZ1", "media": {"payload": payload}});
        assert_eq!(written(&mut outbound, &LegOrder::Frame(frame)), expected);
        let mark = Mark { generation: 1, phrase: PhraseId(2), offset_ms: 300, ends_phrase: false };
        let expected = json!({"event": "mark", "streamSid": "MZ1", "mark": {"name": "g1.p2.300"}});
        assert_eq!(written(&mut outbound, &LegOrder::Mark(mark)), expected);
        assert_eq!(written(&mut outbound, &LegOrder::Clear), json!({"event": "clear", "streamSid": "MZ1"}));
    }

    #[test]
    fn a_stream_sid_cannot_break_out_of_its_quotes() {
        let sid = "MZ\"},\\\u{1}";
        let mut outbound = Outbound::new(sid);
        for order in [LegOrder::Frame([0; FRAME_LEN]), LegOrder::Clear] {
            assert_eq!(written(&mut outbound, &order)["streamSid"], sid);
        }
    }

    #[test]
    fn the_buffer_is_used_again_once_messages_are_gone() {
        let mut outbound = Outbound::new("MZ1");
        let frame = LegOrder::Frame([7; FRAME_LEN]);
        let reach: std::collections::BTreeSet<usize> =
            (0..10_000).map(|_| outbound.write(&frame).as_ptr() as usize).collect();
        assert!(reach.len() <= MESSAGES_HELD, "{} places for one message at a time", reach.len());
    }

    #[test]
    fn messages_still_held_are_never_written_over() {
        let mut outbound = Outbound::new("MZ1");
        let held: Vec<Utf8Bytes> = (0..200).map(|byte| outbound.write(&LegOrder::Frame([byte; FRAME_LEN]))).collect();
        for (byte, message) in (0..).zip(held) {
            let message: Value = serde_json::from_str(&message).expect("JSON");
            let payload = message["media"]["payload"].as_str().expect("a payload");
            assert_eq!(STANDARD.decode(payload).expect("base64"), [byte; FRAME_LEN]);
        }
    }
}
