use std::collections::VecDeque;
use std::f64::consts::TAU;

use engine::audio::frame::{FRAME_LEN, Frame};
use engine::audio::mulaw;
use futures_util::FutureExt;

use super::*;

const HELLO: &str = r#"{"type":"hello","version":1,"audio":{"up":"opus","down":"opus","rate_hz":48000}}"#;

fn terms() -> Terms {
    let rate_hz = NonZeroU32::new(48_000).expect("not 0");
    Terms { rate_hz, bitrate: 16_000, idle: Duration::from_secs(10) }
}

fn welcome(resumed: bool) -> Welcome {
    Welcome {
        version: VERSION,
        session: "VS1".into(),
        resume: "r".into(),
        resume_within_ms: 30_000,
        resumed,
        business: "Barbers".into(),
        audio: Carried { up: Codec::Opus, down: Codec::Opus, rate_hz: 48_000, frame_ms: 20, bitrate: 16_000 },
        idle_ms: 10_000,
    }
}

/// A socket whose page has a script, and is silent at its end.
#[derive(Default)]
struct Scripted {
    incoming: VecDeque<Message>,
    sent: Vec<Message>,
}

impl Scripted {
    fn saying(messages: impl IntoIterator<Item = Message>) -> Self {
        Self { incoming: messages.into_iter().collect(), sent: Vec::new() }
    }
}

impl Stream for Scripted {
    type Item = Result<Message, axum::Error>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().incoming.pop_front().map_or(Poll::Pending, |message| Poll::Ready(Some(Ok(message))))
    }
}

impl Sink<Message> for Scripted {
    type Error = axum::Error;

    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        Poll::Ready(Ok(()))
    }

    fn start_send(self: Pin<&mut Self>, message: Message) -> Result<(), axum::Error> {
        self.get_mut().sent.push(message);
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        Poll::Ready(Ok(()))
    }
}

async fn leg(messages: impl IntoIterator<Item = Message>) -> (Leg<Scripted>, Page) {
    let page = Page::default();
    let script = std::iter::once(Message::text(HELLO)).chain(messages);
    let knock = listen(Scripted::saying(script), terms()).await.expect("a hello");
    (knock.let_in(&welcome(false), terms(), &page).await.expect("let in"), page)
}

fn events(leg: &mut Leg<Scripted>) -> Vec<LegEvent> {
    std::iter::from_fn(|| leg.next().now_or_never().flatten()).collect()
}

fn packet(codec: u8, sequence: u32, payload: &[u8]) -> Message {
    let mut message = vec![1, codec, 0, 0];
    message.extend(sequence.to_be_bytes());
    message.extend(payload);
    Message::from(message)
}

/// 300 Hz, as loud as speech.
fn tone(frames: usize) -> Vec<Frame> {
    let sample = |at: usize| (8_000.0 * (TAU * 300.0 * at as f64 / 8_000.0).sin()) as i16;
    let frame = |number: usize| std::array::from_fn(|at| mulaw::encode(sample(number * FRAME_LEN + at)));
    (0..frames).map(frame).collect()
}

fn level(frame: &Frame) -> f64 {
    let power: f64 = frame.iter().map(|byte| f64::from(mulaw::decode(*byte)).powi(2)).sum();
    (power / FRAME_LEN as f64).sqrt()
}

/// What a mouth says an ear hears.
fn carried(codec: Codec, drop: impl Fn(usize) -> bool) -> Vec<(u32, Frame)> {
    let rate_hz = terms().rate_hz;
    let (mut mouth, mut ear) = (Mouth::new(codec, rate_hz, 16_000), Ear::new(codec, rate_hz));
    let mut heard = Vec::new();
    for (number, frame) in tone(50).iter().enumerate() {
        let message = mouth.say(frame);
        if !drop(number) {
            ear.hear(&message, |sequence, frame| heard.push((sequence, frame))).expect("our own words");
        }
    }
    heard
}

#[test]
fn what_is_said_in_either_codec_is_heard() {
    for codec in [Codec::Opus, Codec::Pcm16] {
        let heard = carried(codec, |_| false);
        assert_eq!(heard.iter().map(|(sequence, _)| *sequence).collect::<Vec<_>>(), (0..50).collect::<Vec<_>>());
        for (sequence, frame) in &heard[5..] {
            let level = level(frame);
            assert!((4_000.0..7_500.0).contains(&level), "{codec:?}, frame {sequence}: {level}");
        }
    }
}

#[test]
fn a_few_lost_frames_are_made_up_for_and_many_are_a_gap() {
    let heard = carried(Codec::Opus, |number| number == 20 || number == 21);
    assert_eq!(heard.len(), 50);
    assert!(level(&heard[20].1) > 1_000.0, "the codec goes on for a frame");
    let heard = carried(Codec::Pcm16, |number| (20..30).contains(&number));
    assert_eq!(heard.iter().map(|(sequence, _)| *sequence).find(|sequence| *sequence >= 20), Some(30));
}

#[tokio::test]
async fn every_message_of_a_page_means_something() {
    let text = |text: &str| Message::text(text.to_owned());
    let (mut leg, _) = leg([
        text(r#"{"type":"mark","name":"g1.p2.300"}"#),
        text(r#"{"type":"text","text":"a haircut, \"please\""}"#),
        text(r##"{"type":"key","key":"#"}"##),
        text(r#"{"type":"mic","state":"muted"}"#),
        text(r#"{"type":"measured","what":"barge_in","ms":41.7}"#),
        text(r#"{"type":"key","key":"12"}"#),
        text(r#"{"type":"text","text":""}"#),
        text(r#"{"type":"measured","what":"barge_in","ms":-1}"#),
        text(r#"{"type":"dance"}"#),
        packet(2, 0, &[0; 1_920]),
        packet(1, 0, &[0xff; 3]),
        text(r#"{"type":"bye"}"#),
        text(r#"{"type":"key","key":"1"}"#),
    ])
    .await;
    let mut seen = events(&mut leg);
    let frame = seen.iter().position(|event| matches!(event, LegEvent::Frame { .. })).expect("a made-up frame");
    seen.remove(frame);
    let expected = [
        LegEvent::Mark("g1.p2.300".parse().expect("a mark")),
        LegEvent::Typed("a haircut, \"please\"".into()),
        LegEvent::Key('#'),
        LegEvent::Noted("microphone", "muted".into()),
        LegEvent::Noted("barge_in", "42 ms".into()),
        LegEvent::Malformed("key"),
        LegEvent::Malformed("text"),
        LegEvent::Malformed("measured"),
        LegEvent::Malformed("message"),
        LegEvent::Malformed("audio_header"),
        LegEvent::Malformed("audio"),
        LegEvent::Stopped,
    ];
    assert_eq!(seen, expected);
}

#[test]
fn a_frame_without_audio_is_silence_in_its_place() {
    for codec in [Codec::Opus, Codec::Pcm16] {
        let rate_hz = terms().rate_hz;
        let (mut mouth, mut ear) = (Mouth::new(codec, rate_hz, 16_000), Ear::new(codec, rate_hz));
        let mut heard = Vec::new();
        for (number, frame) in tone(20).iter().enumerate() {
            let message = mouth.say(frame);
            let message = if number < 10 { &message[..] } else { &message[..8] };
            ear.hear(message, |sequence, frame| heard.push((sequence, frame))).expect("it makes sense");
        }
        assert_eq!(heard.len(), 20);
        assert!(level(&heard[9].1) > 4_000.0 && level(&heard[15].1) < 10.0, "{codec:?}");
    }
}

#[tokio::test]
async fn truncated_and_random_audio_breaks_nothing() {
    let noise = |seed: u32, len: usize| -> Vec<u8> {
        let mut state = seed.wrapping_mul(2_654_435_761) | 1;
        let step = |_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state as u8
        };
        (0..len).map(step).collect()
    };
    let messages = (0..300).map(|n| packet(1, n, &noise(n, (n % 97) as usize)));
    let short = [vec![], vec![1], vec![1, 1, 0, 0, 0, 0, 0], vec![9; 40]].map(Message::from);
    let (mut leg, _) = leg(messages.chain(short)).await;
    let frames = events(&mut leg).iter().filter(|event| matches!(event, LegEvent::Frame { .. })).count();
    assert_eq!(frames, 300, "a place in time for each");
}

#[tokio::test]
async fn a_sequence_that_runs_back_is_not_heard_twice() {
    let silence = [0; 1_920];
    let page = Page::default();
    let hello = HELLO.replace("opus", "pcm16");
    let script = [0, 1, 1, 0, 2].map(|sequence| packet(2, sequence, &silence));
    let script = std::iter::once(Message::text(hello)).chain(script).chain([packet(2, 1_000_000, &silence)]);
    let knock = listen(Scripted::saying(script), terms()).await.expect("a hello");
    let mut leg = knock.let_in(&welcome(false), terms(), &page).await.expect("let in");
    let seen = events(&mut leg);
    let places: Vec<u64> = seen
        .iter()
        .filter_map(|event| match event {
            LegEvent::Frame { stream_ms, .. } => Some(*stream_ms),
            _ => None,
        })
        .collect();
    assert_eq!(places, [0, 20, 40]);
    assert_eq!(seen.last(), Some(&LegEvent::Malformed("audio_header")));
}

#[tokio::test]
async fn whoever_does_not_say_hello_is_told_what_is_missing() {
    for (message, part) in [
        (packet(1, 0, &[]), "audio came before the hello"),
        (Message::text(r#"{"type":"bye"}"#), "must be a hello"),
        (Message::text(HELLO.replace("48000", "44100")), "44100"),
        (Message::text(HELLO.replace("\"version\":1", "\"version\":2")), "version 2"),
    ] {
        let refused = listen(Scripted::saying([message]), terms()).await.err().expect("refused");
        assert!(refused.to_string().contains(part), "{refused}");
    }
}

#[tokio::test]
async fn a_page_that_says_nothing_is_lost_after_a_while() {
    let soon = Terms { idle: Duration::from_millis(30), ..terms() };
    let knock = listen(Scripted::saying([Message::text(HELLO)]), soon).await.expect("a hello");
    let mut leg = knock.let_in(&welcome(false), soon, &Page::default()).await.expect("let in");
    assert_eq!(leg.next().await, Some(LegEvent::Lost(Refused::Silent.to_string())));
    let Some(Message::Close(Some(close))) = leg.socket.sent.last() else { panic!("it is told") };
    assert_eq!(close.code, 4_408);
}

#[tokio::test]
async fn a_flood_ends_the_session() {
    let flood = (0..2_000).map(|_| Message::text(r#"{"type":"key","key":"1"}"#));
    let (mut leg, _) = leg(flood).await;
    let seen = events(&mut leg);
    assert_eq!(seen.last(), Some(&LegEvent::Lost("Too many at once: messages.".to_owned())));
    assert!(seen.len() < 1_000, "{}", seen.len());
}

#[tokio::test]
async fn orders_and_notes_reach_the_page_in_order() {
    let (mut leg, page) = leg([]).await;
    page.tell(Note::Doing { doing: "speaking" });
    assert_eq!(leg.next().now_or_never(), None);
    let mark = "g1.p2.300".parse().expect("a mark");
    for order in [LegOrder::Frame([0xff; FRAME_LEN]), LegOrder::Mark(mark), LegOrder::Clear] {
        leg.send(order).await.expect("taken");
    }
    page.tell(Note::Bye { reason: "over".into() });
    leg.close().await.expect("closed");
    let sent: Vec<String> = leg.socket.sent[1..]
        .iter()
        .map(|message| match message {
            Message::Text(text) => text.to_string(),
            Message::Binary(audio) => format!("audio {:?}", &audio[..8]),
            Message::Close(Some(close)) => format!("close {}", close.code),
            other => format!("{other:?}"),
        })
        .collect();
    let expected = [
        r#"{"type":"doing","doing":"speaking"}"#,
        "audio [1, 1, 0, 0, 0, 0, 0, 0]",
        r#"{"type":"mark","name":"g1.p2.300"}"#,
        r#"{"type":"clear"}"#,
        r#"{"type":"bye","reason":"over"}"#,
        "close 1000",
    ];
    assert_eq!(sent, expected);
}

#[tokio::test]
async fn a_page_that_takes_no_notes_holds_up_nobody() {
    let page = Page::default();
    page.tell(Note::Doing { doing: "speaking" });
    let (_leg, page) = {
        let (leg, page) = leg([]).await;
        (leg, page)
    };
    (0..1_000).for_each(|_| page.tell(Note::Doing { doing: "listening" }));
}
