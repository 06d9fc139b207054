//! Text to speech over `/v1/speak`, and the phrase cache in front of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use engine::audio::format::Format;
use engine::audio::speech::SpeechPart;
use engine::io::{Fault, PhraseId};
use frontdesk::cache::{self, Ask, Cast, Means, Phrases, Tiers, Who};
use frontdesk::vendors::deepgram::speak::{Config, Speaker};
use frontdesk::vendors::speech::{self, Order, Voices};
use futures_util::stream;
use sandbox::deepgram::Faults;
use sandbox::world::World;
use serde_json::Value;
use tokio::sync::mpsc;

use crate::scene::{PATIENCE, all, next, serve, until, world};

const VOICE: &str = "aura-2-thalia-en";
const TEXT: &str = "How can I help you?";

/// Asked again once.
fn config() -> speech::Config {
    speech::Config { retries_max: 1, ..speech::Config::default() }
}

/// Deepgram alone.
fn voices(config: speech::Config, url: String) -> Voices {
    let deepgram = Config { url, key: "a key".into(), ..Config::default() };
    Voices::new(config, vec![Box::new(Speaker::new(deepgram).expect("good settings"))])
}

fn order(text: &str) -> Order {
    Order {
        provider: "deepgram".into(),
        voice: VOICE.into(),
        text: text.into(),
        is_ssml: false,
        format: Format::Mulaw,
        first_within: PATIENCE,
        has_stand_in: false,
    }
}

/// All audio of a text, and how it ended.
async fn spoken(url: String, text: &str) -> (Vec<u8>, Result<(), Fault>) {
    all(voices(config(), url).synthesize(order(text))).await
}

fn phrases(world: &World) -> Phrases {
    let voices = voices(config(), world.deepgram_url());
    let means = Means {
        synthesize: Arc::new(move |ask: &Ask, _| voices.synthesize(order(&ask.text))),
        tiers: Tiers::default(),
        wall_ms: Arc::new(|| 0),
        tell: Arc::new(|_| ()),
    };
    Phrases::new(cache::Config::default(), means)
}

fn cast() -> Cast {
    Cast::new(Who { provider: "deepgram".into(), voice: VOICE.into(), settings: String::new() }, [])
}

fn broken(world: &World, faults: Faults) {
    world.deepgram().set(|settings| settings.faults = faults);
}

/// A server whose answers to `POST /v1/speak` are made from how many came before and the text.
async fn server(
    answer: impl Fn(usize, String) -> Response + Clone + Send + Sync + 'static,
) -> (String, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let speak = async move |Json(request): Json<Value>| {
        let text = request["text"].as_str().unwrap_or_default().to_owned();
        answer(count.fetch_add(1, Ordering::Relaxed), text)
    };
    (serve(Router::new().route("/v1/speak", post(speak))).await, asked)
}

fn audio(kind: &'static str, body: impl Into<Body>) -> Response {
    ([(header::CONTENT_TYPE, kind)], body.into()).into_response()
}

#[tokio::test]
async fn a_text_becomes_raw_mulaw_without_a_header() {
    let world = world();
    let (audio, end) = spoken(world.deepgram_url(), TEXT).await;
    assert_eq!(end, Ok(()));
    assert!((4_000..40_000).contains(&audio.len()), "half a second to five: {}", audio.len());
    assert!(!audio.starts_with(b"RIFF"));
}

#[tokio::test]
async fn a_header_that_comes_all_the_same_is_taken_off() {
    let mut wav =
        b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x07\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data\xff\xff\xff\xff"
            .to_vec();
    wav.extend_from_slice(&[0x55; 100]);
    let (url, _) = server(move |_, _| audio("audio/wav", wav.clone())).await;
    assert_eq!(spoken(url, TEXT).await, (vec![0x55; 100], Ok(())));
}

#[tokio::test]
async fn a_refusal_is_sorted() {
    let world = world();
    for status in [400, 401, 402, 403, 413, 422, 429, 500] {
        broken(&world, Faults { refuse_speak: Some(status), ..Faults::default() });
        let refused = world.deepgram().counts().refused;
        let (_, end) = spoken(world.deepgram_url(), TEXT).await;
        let attempts = world.deepgram().counts().refused - refused;
        let sorted = match end.expect_err("a refusal") {
            Fault::Retry(_) => (429, 2),
            Fault::GiveUp(_) => (402, 1),
            Fault::OurMistake(_) => (400, 1),
        };
        let expected = match status {
            429 | 500 => (429, 2),
            402 | 403 => (402, 1),
            _ => (400, 1),
        };
        assert_eq!((sorted.0, attempts), expected, "{status}");
    }
}

#[tokio::test]
async fn a_fault_before_the_first_audio_is_met_with_one_more_attempt() {
    let (url, asked) = server(|before, _| match before {
        0 => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        _ => audio("audio/mulaw;rate=8000", vec![0x55; 320]),
    })
    .await;
    assert_eq!(spoken(url, TEXT).await, (vec![0x55; 320], Ok(())));
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_body_that_is_cut_is_an_error_after_what_came() {
    let world = world();
    broken(&world, Faults { cut_speak_after: Some(2_000), ..Faults::default() });
    let (audio, end) = spoken(world.deepgram_url(), TEXT).await;
    assert!(matches!(end, Err(Fault::Retry(_))), "{end:?}");
    assert!(audio.len() <= 2_000);
}

#[tokio::test]
async fn what_is_no_speech_is_an_error() {
    let answers: [fn() -> Response; 4] = [
        || audio("application/json", "{\"ok\":true}"),
        || audio("audio/mpeg", vec![1; 100]),
        || audio("audio/mulaw", ""),
        || audio("audio/wav", "RIFF"),
    ];
    for answer in answers {
        let (url, _) = server(move |_, _| answer()).await;
        let (audio, end) = spoken(url, TEXT).await;
        assert!(audio.is_empty() && end.is_err());
    }
}

#[tokio::test]
async fn speech_that_does_not_come_fails_in_time() {
    let world = world();
    broken(&world, Faults { stall_speak: true, ..Faults::default() });
    let config = speech::Config { retries_max: 0, try_within: Duration::from_millis(100), ..config() };
    let end = all(voices(config, world.deepgram_url()).synthesize(order(TEXT))).await.1;
    assert!(matches!(end, Err(Fault::Retry(text)) if text.contains("within 100 ms")));
    until("the vendor saw us go", async || world.deepgram().counts().speeches_open == 0).await;
}

#[tokio::test]
async fn a_long_text_is_asked_for_in_pieces_and_played_in_order() {
    let (url, asked) = server(|before, text| {
        assert!(text.chars().count() <= 1_000);
        audio("audio/mulaw", vec![before as u8; 10])
    })
    .await;
    let (audio, end) = spoken(url, &"This is a sentence of some words. ".repeat(60)).await;
    assert_eq!(end, Ok(()));
    assert_eq!(audio, [vec![0; 10], vec![1; 10], vec![2; 10]].concat());
    assert_eq!(asked.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn a_text_without_words_costs_nothing() {
    let (url, asked) = server(|_, _| audio("audio/mulaw", "")).await;
    assert_eq!(spoken(url, " *** \u{1f642} ").await, (Vec::new(), Ok(())));
    assert_eq!(asked.load(Ordering::Relaxed), 0);
}

/// All of a phrase's audio, and its last part.
async fn rest(parts: &mut mpsc::Receiver<(PhraseId, SpeechPart)>) -> (Vec<u8>, SpeechPart) {
    let mut audio = Vec::new();
    loop {
        match next(parts).await.expect("an end").1 {
            SpeechPart::Chunk(chunk) => audio.extend_from_slice(&chunk),
            SpeechPart::Words(ends_ms) => assert_eq!(ends_ms.len(), TEXT.split_whitespace().count()),
            last => return (audio, last),
        }
    }
}

#[tokio::test]
async fn many_callers_of_a_phrase_make_one_request_and_the_next_finds_it_whole() {
    let world = world();
    let phrases = phrases(&world);
    let mut callers: Vec<_> = (0..30)
        .map(|_| {
            let (sender, parts) = mpsc::channel(2);
            assert_eq!(phrases.fetch(&cast(), TEXT, PhraseId(1), sender), None);
            parts
        })
        .collect();
    let first = rest(&mut callers[0]).await;
    assert_eq!(first.1, SpeechPart::End);
    for caller in &mut callers[1..] {
        assert_eq!(rest(caller).await, first);
    }
    assert_eq!(world.deepgram().counts().speeches, 1);
    let (sender, _parts) = mpsc::channel(2);
    let whole = phrases.fetch(&cast(), TEXT, PhraseId(1), sender).expect("whole, at once");
    assert_eq!(&whole.audio[..], first.0);
    let length_ms = (whole.audio.len() / 8) as u32;
    assert!(whole.word_ends_ms.is_sorted() && whole.word_ends_ms.last().is_some_and(|end| *end <= length_ms));
}

#[tokio::test]
async fn speech_that_was_cut_is_never_kept() {
    let world = world();
    let phrases = phrases(&world);
    broken(&world, Faults { cut_speak_after: Some(2_000), ..Faults::default() });
    let (sender, mut parts) = mpsc::channel(2);
    assert_eq!(phrases.fetch(&cast(), TEXT, PhraseId(1), sender), None);
    assert!(matches!(rest(&mut parts).await.1, SpeechPart::Failed(Fault::Retry(_))));
    assert_eq!((phrases.stats().phrases, phrases.stats().failures), (0, 1));
    broken(&world, Faults::default());
    let warmed = phrases.warm(&cast(), vec![TEXT.into()]).await;
    assert_eq!((warmed.ready, phrases.stats().phrases), (1, 1));
}

#[tokio::test]
async fn a_body_that_never_ends_is_bounded_by_its_deadline() {
    let (url, _) = server(|_, _| {
        let endless = stream::unfold((), async |()| {
            tokio::time::sleep(Duration::from_millis(5)).await;
            Some((Ok::<_, std::io::Error>(vec![0x55_u8; 160]), ()))
        });
        audio("audio/mulaw", Body::from_stream(endless))
    })
    .await;
    let config = speech::Config { whole_within: Duration::from_millis(200), ..config() };
    let (audio, end) = all(voices(config, url).synthesize(order(TEXT))).await;
    assert!(!audio.is_empty());
    assert!(matches!(end, Err(Fault::Retry(text)) if text.contains("not whole within 200 ms")));
}
