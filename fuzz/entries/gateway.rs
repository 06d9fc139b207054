//! Bytes for the gateway: what Twilio, Deepgram and the model's server send.
//!
//! The fuzzer and the test that replays its corpus both come in here.

#![allow(dead_code, reason = "each target is a program of its own and uses one of these")]

use engine::audio::frame::LegEvent;
use frontdesk::legs::twilio;
use frontdesk::vendors::deepgram::listen::heard::Heard;
use frontdesk::vendors::deepgram::listen::{flux, nova};
use frontdesk::vendors::openai;

/// The messages of a media stream, one a line. Nothing comes of a stream without a start but complaints.
pub(crate) fn twilio(bytes: &[u8]) {
    let (start, events) = twilio::read_log(&String::from_utf8_lossy(bytes));
    if start.is_none() {
        assert!(events.is_empty(), "{events:?}");
    }
    let frames = events.iter().filter(|event| matches!(event, LegEvent::Frame { .. }));
    // Base64 makes four characters of three bytes, and a frame holds 160; a gap in the audio is filled up to a bound.
    assert!(frames.count() <= bytes.len() / 160 + 2 + events.len());
}

/// A message of either listening service.
pub(crate) fn hearing(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for heard in [nova::parse(&text), flux::parse(&text)].into_iter().flatten() {
        if let Heard::Interim { confidence, .. } | Heard::Final { confidence, .. } = heard {
            assert!((0.0..=1.0).contains(&confidence), "{confidence}");
        }
    }
}

/// The events of a model's answer, one a line.
pub(crate) fn answer(bytes: &[u8]) {
    let _ = openai::answer::read(&String::from_utf8_lossy(bytes), &openai::Config::default());
}
