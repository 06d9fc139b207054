//! The way of a frame through the gateway costs no memory: in from the socket, through the detector, on to the record,
//! and out again. With hundreds of calls it is taken tens of thousands of times a second.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use allocation_counter::measure;
use axum::extract::ws::Message;
use engine::audio::echo::{Echo, Verdict};
use engine::audio::frame::{FRAME_LEN, FRAME_MS, Frame, LegEvent, LegOrder, SILENCE};
use engine::audio::playout::{Playout, Step};
use engine::audio::speech::SpeechPart;
use engine::audio::timeline::Timeline;
use engine::audio::vad::Detector;
use engine::io::PhraseId;
use engine::time::CallTime;
use frontdesk::legs::browser::{self, Carried, Codec, Page, Terms, Welcome};
use frontdesk::legs::twilio;
use futures_util::{FutureExt, Sink, SinkExt, Stream, StreamExt};

/// So many frames are passed before anything is counted: what is kept and used again has been made by then.
const WARM_UP: u64 = 150;
const FRAMES: u64 = 500;

const START: &str = r#"{"event":"start","streamSid":"MZ1","start":{"callSid":"CA1"}}"#;

/// A peer that says what was put in, and throws away what it is sent.
struct Peer(VecDeque<Message>);

impl Stream for Peer {
    type Item = Result<Message, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.pop_front().map(Ok))
    }
}

impl Sink<Message> for Peer {
    type Error = axum::Error;

    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        Poll::Ready(Ok(()))
    }

    fn start_send(self: Pin<&mut Self>, _: Message) -> Result<(), axum::Error> {
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        Poll::Ready(Ok(()))
    }
}

/// A message as Twilio sends them, fields of its own included.
fn media(number: u64) -> Message {
    let (chunk, timestamp, payload) = (number + 1, number * FRAME_MS, "f39/".repeat(FRAME_LEN / 3) + "fw==");
    Message::text(format!(
        r#"{{"event":"media","sequenceNumber":"{chunk}","media":{{"track":"inbound","chunk":"{chunk}","timestamp":"{timestamp}","payload":"{payload}"}},"streamSid":"MZ1"}}"#
    ))
}

/// Runs a step for each frame, and counts the memory asked for by all but the first ones.
fn allocations(mut step: impl FnMut(u64)) -> u64 {
    (0..WARM_UP).for_each(&mut step);
    measure(|| (WARM_UP..WARM_UP + FRAMES).for_each(&mut step)).count_total
}

#[tokio::test]
async fn no_allocation_per_frame_on_the_leg() {
    let messages = std::iter::once(Message::text(START)).chain((0..WARM_UP + FRAMES).map(media)).collect();
    let (_, mut leg) = twilio::open(Peer(messages)).await.expect("a start");
    let count = allocations(|number| {
        let event = leg.next().now_or_never().expect("nothing waits");
        let Some(LegEvent::Frame { stream_ms, frame }) = event else { panic!("{event:?} is no frame") };
        assert_eq!(stream_ms, number * FRAME_MS);
        leg.feed(LegOrder::Frame(frame)).now_or_never().expect("nothing waits").expect("taken");
    });
    assert_eq!(count, 0);
}

/// A page's samples: 300 Hz, at 48 kHz.
fn samples(number: u64) -> Message {
    let mut message = vec![1, 2, 0, 0];
    message.extend((number as u32).to_be_bytes());
    let tone = |at: u64| (6_000.0 * (std::f64::consts::TAU * 300.0 * at as f64 / 48_000.0).sin()) as i16;
    message.extend((number * 960..(number + 1) * 960).flat_map(|at| tone(at).to_le_bytes()));
    Message::from(message)
}

#[tokio::test]
async fn no_allocation_per_frame_of_a_page() {
    let hello = r#"{"type":"hello","version":1,"audio":{"up":"pcm16","down":"pcm16","rate_hz":48000}}"#;
    let messages = std::iter::once(Message::text(hello)).chain((0..WARM_UP + FRAMES).map(samples)).collect();
    let rate_hz = 48_000.try_into().expect("not 0");
    let terms = Terms { rate_hz, bitrate: 16_000, idle: std::time::Duration::from_secs(10) };
    let audio = Carried { up: Codec::Pcm16, down: Codec::Pcm16, rate_hz: 48_000, frame_ms: 20, bitrate: 16_000 };
    let (session, resume, business) = (String::new(), String::new(), String::new());
    let welcome =
        Welcome { version: 1, session, resume, resume_within_ms: 0, resumed: false, business, audio, idle_ms: 0 };
    let knock = browser::listen(Peer(messages), terms).await.expect("a hello");
    let mut leg = knock.let_in(&welcome, terms, &Page::default()).await.expect("let in");
    let count = allocations(|number| {
        let event = leg.next().now_or_never().expect("nothing waits");
        let Some(LegEvent::Frame { stream_ms, frame }) = event else { panic!("{event:?} is no frame") };
        assert_eq!(stream_ms, number * FRAME_MS);
        leg.feed(LegOrder::Frame(frame)).now_or_never().expect("nothing waits").expect("taken");
    });
    assert_eq!(count, 0);
}

#[test]
fn no_allocation_per_frame_in_the_detector() {
    let mut detector = Detector::new();
    let count = allocations(|number| {
        let frame: Frame = std::array::from_fn(|n| if number / 20 % 2 == 0 { SILENCE } else { (n % 64) as u8 });
        detector.push(&frame, number % 3 == 0);
    });
    assert_eq!(count, 0);
}

#[test]
fn no_allocation_per_frame_while_an_echo_is_taken_out() {
    let mut echo = Echo::default();
    let mut seed = 1_u32;
    let ours: Vec<Frame> = (0..WARM_UP + FRAMES)
        .map(|number| {
            // With pauses: what never falls silent is a noise of the line.
            std::array::from_fn(|_| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                if number % 10 < 3 { SILENCE } else { (seed >> 24) as u8 }
            })
        })
        .collect();
    let mut taken_out = 0;
    let count = allocations(|number| {
        echo.played(CallTime::from_ms(number * FRAME_MS), &ours[number as usize]);
        // Half of the time ours comes back after 200 ms, and half of the time what nobody said.
        let heard = if number / 100 % 2 == 0 { number.saturating_sub(10) } else { FRAMES - number / 2 };
        let mut heard = ours[heard as usize];
        taken_out += u64::from(echo.hear(number * FRAME_MS, &mut heard) == Verdict::OnlyEcho);
        if number % 150 == 149 {
            echo.cleared(CallTime::from_ms(number * FRAME_MS));
        }
    });
    assert_eq!(count, 0);
    assert!(taken_out > 100, "{taken_out}");
}

#[test]
fn no_allocation_per_frame_in_the_playout() {
    let mut playout = Playout::default();
    let speech = vec![1; FRAME_LEN * (WARM_UP + FRAMES) as usize];
    playout.append(PhraseId(1), 0);
    playout.fill(PhraseId(1), SpeechPart::Chunk(speech.into()));
    let mut frames = 0;
    let count = allocations(|number| {
        while let Some(step) = playout.next(CallTime::from_ms(number * FRAME_MS)) {
            frames += u64::from(matches!(step, Step::Frame { .. }));
        }
    });
    assert_eq!((count, frames), (0, WARM_UP + FRAMES));
}

#[test]
fn no_allocation_per_frame_on_the_record() {
    let mut timeline = Timeline::new();
    let (mut caller, mut assistant) = (Vec::with_capacity(1 << 20), Vec::with_capacity(1 << 20));
    let count = allocations(|number| {
        timeline.caller(number * FRAME_MS, &[1; FRAME_LEN]);
        timeline.assistant(number * FRAME_MS + 100, &[2; FRAME_LEN]);
        if number % 25 == 0 {
            timeline.commit(number * FRAME_MS, &mut caller, &mut assistant);
        }
    });
    assert_eq!(count, 0);
}
