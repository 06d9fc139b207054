//! Every provider of speech against its emulator, and what happens when one of them cannot speak.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use engine::audio::format::Format;
use engine::io::Fault;
use frontdesk::cache::{self, Ask, Cast, Means, Phrases, Tiers, Who};
use frontdesk::vendors::openai::speech as openai;
use frontdesk::vendors::speech::{Config, Order, Speak, Voices};
use frontdesk::vendors::{azure, deepgram, elevenlabs, google, polly};
use sandbox::speech::Faults;
use sandbox::world::World;

use crate::scene::{PATIENCE, all, serve, until, world};

const TEXT: &str = "How can I help you?";

/// Longer than any request may be, and not recorded.
fn long_text() -> String {
    "This is a sentence of some words. ".repeat(400)
}

/// A provider: itself at an address, a voice of it, and its emulator.
struct Provider {
    name: &'static str,
    voice: &'static str,
    open: fn(&World) -> Box<dyn Speak>,
    emulator: fn(&World) -> &sandbox::speech::Speaking,
    /// A refusal of each kind: a status, the provider's name for it, and what becomes of it.
    refusals: &'static [(u16, &'static str, Sort)],
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Sort {
    Retry,
    GiveUp,
    OurMistake,
}

const PROVIDERS: [Provider; 5] = [
    Provider {
        name: "elevenlabs",
        voice: "JBFqnCBsd6RMkjVDRZzb",
        open: |world| Box::new(elevenlabs_at(&world.speech_url(), "a-key")),
        emulator: |world| &world.providers().elevenlabs,
        refusals: &[
            (401, "invalid_api_key", Sort::OurMistake),
            (401, "quota_exceeded", Sort::GiveUp),
            (404, "voice_not_found", Sort::OurMistake),
            (429, "too_many_concurrent_requests", Sort::Retry),
            (429, "system_busy", Sort::Retry),
            (500, "internal_server_error", Sort::Retry),
        ],
    },
    Provider {
        name: "openai",
        voice: "alloy",
        open: |world| Box::new(openai_at(world, "a-key")),
        emulator: |world| &world.providers().openai,
        refusals: &[
            (401, "invalid_api_key", Sort::OurMistake),
            (403, "unsupported_country_region_territory", Sort::GiveUp),
            (404, "model_not_found", Sort::OurMistake),
            (429, "rate_limit_exceeded", Sort::Retry),
            (429, "insufficient_quota", Sort::GiveUp),
            (503, "", Sort::Retry),
        ],
    },
    Provider {
        name: "azure",
        voice: "en-US-JennyNeural",
        open: |world| Box::new(azure_at(world, "a-key")),
        emulator: |world| &world.providers().azure,
        refusals: &[
            (400, "", Sort::OurMistake),
            (401, "", Sort::OurMistake),
            (429, "", Sort::Retry),
            (502, "", Sort::Retry),
            (503, "", Sort::Retry),
        ],
    },
    Provider {
        name: "google",
        voice: "en-US-Neural2-F",
        open: |world| Box::new(google_at(world, world)),
        emulator: |world| &world.providers().google,
        refusals: &[
            (400, "INVALID_ARGUMENT", Sort::OurMistake),
            (401, "UNAUTHENTICATED", Sort::OurMistake),
            (403, "PERMISSION_DENIED", Sort::GiveUp),
            (429, "RESOURCE_EXHAUSTED", Sort::Retry),
            (503, "UNAVAILABLE", Sort::Retry),
            (504, "DEADLINE_EXCEEDED", Sort::Retry),
        ],
    },
    Provider {
        name: "polly",
        voice: "Joanna",
        open: |world| Box::new(polly_at(world, "AKIDEXAMPLE", sandbox::polly::SECRET_ACCESS_KEY)),
        emulator: |world| &world.providers().polly,
        refusals: &[
            (400, "ThrottlingException", Sort::Retry),
            (400, "TextLengthExceededException", Sort::OurMistake),
            (400, "ValidationException", Sort::OurMistake),
            (402, "ServiceQuotaExceededException", Sort::GiveUp),
            (403, "AccessDeniedException", Sort::GiveUp),
            (403, "ExpiredTokenException", Sort::OurMistake),
            (500, "ServiceFailureException", Sort::Retry),
        ],
    },
];

fn openai_at(world: &World, key: &str) -> openai::Speaker {
    let (base_url, key, model) = (world.openai_base_url(), key.to_owned(), "gpt-4o-mini-tts".to_owned());
    let config = openai::Config { base_url, key, org: None, model, connect: PATIENCE };
    openai::Speaker::new(config).expect("good settings")
}

fn azure_at(world: &World, key: &str) -> azure::Speaker {
    let (url, key) = (world.speech_url(), key.to_owned());
    azure::Speaker::new(azure::Config { url, key, connect: PATIENCE }).expect("good settings")
}

/// With an account that another world may know.
fn google_at(world: &World, known_to: &World) -> google::Speaker {
    let (url, account) = (world.speech_url(), known_to.providers().google_account.file(&world.speech_url()));
    let config = google::Config { url, account, connect: PATIENCE, wall_ms: Arc::new(|| 1_700_000_000_000) };
    google::Speaker::new(config).expect("good settings")
}

fn polly_at(world: &World, access_key_id: &str, secret: &str) -> polly::Speaker {
    let config = polly::Config {
        url: world.speech_url(),
        region: "eu-west-1".into(),
        access_key_id: access_key_id.into(),
        secret_access_key: secret.into(),
        session_token: None,
        engine: "neural".into(),
        connect: PATIENCE,
        wall_ms: Arc::new(|| 1_700_000_000_000),
    };
    polly::Speaker::new(config).expect("good settings")
}

fn elevenlabs_at(url: &str, key: &str) -> elevenlabs::Speaker {
    let (url, key, model) = (url.to_owned(), key.to_owned(), "eleven_flash_v2_5".to_owned());
    elevenlabs::Speaker::new(elevenlabs::Config { url, key, model, connect: PATIENCE }).expect("good settings")
}

/// ElevenLabs alone, at an address of the test's own.
fn elevenlabs(config: Config, url: &str) -> Voices {
    Voices::new(config, vec![Box::new(elevenlabs_at(url, "a-key"))])
}

fn deepgram_at(url: &str) -> deepgram::speak::Speaker {
    let (url, key) = (url.to_owned(), "a-key".to_owned());
    deepgram::speak::Speaker::new(deepgram::speak::Config { url, key, connect: PATIENCE }).expect("good settings")
}

fn config(retries_max: u32) -> Config {
    Config { retries_max, ..Config::default() }
}

impl Provider {
    fn alone(&self, config: Config, world: &World) -> Voices {
        Voices::new(config, vec![(self.open)(world)])
    }

    fn order(&self, text: &str, format: Format) -> Order {
        Order {
            provider: self.name.into(),
            voice: self.voice.into(),
            text: text.into(),
            is_ssml: false,
            format,
            first_within: PATIENCE,
            has_stand_in: false,
        }
    }

    fn breaks(&self, world: &World, faults: Faults) {
        (self.emulator)(world).set(|settings| settings.faults = faults);
    }
}

#[tokio::test]
async fn each_provider_speaks_in_every_format_without_a_header() {
    let world = world();
    for provider in &PROVIDERS {
        let voices = provider.alone(config(0), &world);
        for (format, bytes_per_s, start) in [
            (Format::Mulaw, Some(8_000), None),
            (Format::Linear16, Some(48_000), None),
            (Format::Mp3, None, Some(&[0xff_u8, 0xf3][..])),
            (Format::OggOpus, None, Some(b"OggS")),
        ] {
            let (audio, end) = all(voices.synthesize(provider.order(TEXT, format))).await;
            assert_eq!(end, Ok(()), "{} {format:?}", provider.name);
            assert!(!audio.starts_with(b"RIFF") && start.is_none_or(|start| audio.starts_with(start)), "{format:?}");
            let is_long = |bytes_per_s: usize| (bytes_per_s / 2..5 * bytes_per_s).contains(&audio.len());
            assert!(bytes_per_s.is_none_or(is_long), "{} {format:?}: {}", provider.name, audio.len());
        }
    }
}

#[tokio::test]
async fn each_refusal_of_each_provider_is_sorted_and_retried_where_that_may_help() {
    let world = world();
    for provider in &PROVIDERS {
        for (status, name, sort) in provider.refusals {
            provider.breaks(&world, Faults { refuse: Some((*status, (*name).to_owned())), ..Faults::default() });
            let before = (provider.emulator)(&world).counts().refused;
            let voices = provider.alone(config(1), &world);
            let (audio, end) = all(voices.synthesize(provider.order(TEXT, Format::Mulaw))).await;
            let asked = (provider.emulator)(&world).counts().refused - before;
            let sorted = match end.expect_err("a refusal") {
                Fault::Retry(_) => (Sort::Retry, 2),
                Fault::GiveUp(_) => (Sort::GiveUp, 1),
                Fault::OurMistake(_) => (Sort::OurMistake, 1),
            };
            assert_eq!((sorted, audio.len()), ((*sort, asked), 0), "{} {status} {name}", provider.name);
        }
    }
}

#[tokio::test]
async fn a_key_that_is_not_known_is_named_with_its_remedy() {
    let (world, other) = (crate::scene::world(), crate::scene::world());
    let cases: [(usize, Box<dyn Speak>, &str); 6] = [
        (0, Box::new(elevenlabs_at(&world.speech_url(), "bad-key")), "ELEVENLABS_API_KEY"),
        (1, Box::new(openai_at(&world, "bad-key")), "OPENAI_API_KEY"),
        (2, Box::new(azure_at(&world, "bad-key")), "AZURE_SPEECH_KEY"),
        (3, Box::new(google_at(&world, &other)), "GOOGLE_APPLICATION_CREDENTIALS"),
        (4, Box::new(polly_at(&world, "bad-key", sandbox::polly::SECRET_ACCESS_KEY)), "AWS_ACCESS_KEY_ID"),
        (4, Box::new(polly_at(&world, "AKIDEXAMPLE", "bad-key")), "AWS_SECRET_ACCESS_KEY"),
    ];
    for (provider, speaker, setting) in cases {
        let voices = Voices::new(config(3), vec![speaker]);
        let (_, end) = all(voices.synthesize(PROVIDERS[provider].order(TEXT, Format::Mulaw))).await;
        let Err(Fault::OurMistake(text)) = end else { panic!("{setting}: {end:?}") };
        assert!(text.contains(setting) && !text.contains("bad-key"), "{text}");
    }
}

#[tokio::test]
async fn a_long_text_is_spoken_in_pieces_that_the_provider_takes() {
    let world = world();
    for provider in &PROVIDERS {
        let voices = provider.alone(config(0), &world);
        let text = long_text();
        let (audio, end) = all(voices.synthesize(provider.order(&text, Format::Mulaw))).await;
        let counts = (provider.emulator)(&world).counts();
        assert_eq!((end, counts.refused), (Ok(()), 0), "{}", provider.name);
        assert!(counts.speeches > 1 && audio.len() > 100_000, "{}: {counts:?}", provider.name);
        let lost = text.chars().count() as u64 - counts.characters;
        assert!(lost <= counts.speeches, "{}: only blanks between pieces are left out, not {lost}", provider.name);
    }
}

#[tokio::test]
async fn ssml_is_read_by_those_who_can_and_nobody_else_gets_it() {
    let world = world();
    let ssml = "<speak>How can I <emphasis>help</emphasis> you?</speak>";
    for provider in &PROVIDERS {
        let voices = provider.alone(config(0), &world);
        let order = Order { is_ssml: true, ..provider.order(ssml, Format::Mulaw) };
        let takes_ssml = voices.traits(provider.name).expect("it is set up").takes_ssml;
        let (audio, end) = all(voices.synthesize(order)).await;
        assert_eq!((end.is_ok(), audio.len() > 4_000), (takes_ssml, takes_ssml), "{}: {end:?}", provider.name);
        let counts = (provider.emulator)(&world).counts();
        assert_eq!((counts.speeches, counts.refused), (u64::from(takes_ssml), 0), "{}", provider.name);
    }
}

#[tokio::test]
async fn a_long_text_is_one_file_whatever_its_format() {
    let world = world();
    let provider = &PROVIDERS[0];
    let voices = provider.alone(config(0), &world);
    let (ogg, end) = all(voices.synthesize(provider.order(&long_text(), Format::OggOpus))).await;
    assert_eq!(end, Ok(()));
    let flags: Vec<u8> = ogg.windows(6).filter(|bytes| bytes.starts_with(b"OggS\0")).map(|bytes| bytes[5]).collect();
    assert!(flags.len() > 100 && flags.first() == Some(&0b10) && flags.last() == Some(&0b100));
    assert!(flags[1..flags.len() - 1].iter().all(|flags| *flags == 0), "it begins once and ends once");
    let (mp3, end) = all(voices.synthesize(provider.order(&long_text(), Format::Mp3))).await;
    assert_eq!((end, &mp3[..2]), (Ok(()), &[0xff, 0xf3][..]));
}

#[tokio::test]
async fn speech_that_is_cut_is_an_error_and_is_never_kept() {
    let world = world();
    for provider in &PROVIDERS {
        provider.breaks(&world, Faults { cut_after: Some(2_000), ..Faults::default() });
        let phrases = phrases(provider.alone(config(1), &world));
        let cast = Cast::new(who(provider), []);
        let failed = phrases.whole(&cast, TEXT, Format::Mulaw).await;
        assert!(matches!(failed, Err(Fault::Retry(_))), "{}: {failed:?}", provider.name);
        assert_eq!((phrases.stats().phrases, phrases.stats().failures), (0, 1));
        provider.breaks(&world, Faults::default());
        let whole = phrases.whole(&cast, TEXT, Format::Mulaw).await.expect("it is well again").whole;
        assert!(whole.audio.len() > 4_000 && whole.record.ask.who.provider == provider.name);
    }
}

#[tokio::test]
async fn speech_that_is_not_streamed_is_asked_for_again_when_it_breaks_off() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let speak = async move || match count.fetch_add(1, Ordering::Relaxed) {
        0 => cut_after(1_000),
        _ => audio(vec![0x55; 3_000]),
    };
    let url = serve(Router::new().route("/v1/text-to-speech/{voice}", post(speak))).await;
    let voices = elevenlabs(Config { is_streaming: false, ..config(1) }, &url);
    let spoken = all(voices.synthesize(PROVIDERS[0].order(TEXT, Format::Mulaw))).await;
    assert_eq!(spoken, (vec![0x55; 3_000], Ok(())));
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

fn audio(audio: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "audio/basic")], audio).into_response()
}

/// A body that promises more than it has.
fn cut_after(bytes: usize) -> Response {
    let broken = std::io::Error::other("cut on purpose");
    let pieces = futures_util::stream::iter([Ok(vec![0x55_u8; bytes]), Err(broken)]);
    ([(header::CONTENT_TYPE, "audio/basic")], axum::body::Body::from_stream(pieces)).into_response()
}

#[tokio::test]
async fn a_pause_that_the_provider_asks_for_is_not_waited_past_the_deadline() {
    let world = world();
    let provider = &PROVIDERS[0];
    let refuse = Some((429, "system_busy".to_owned()));
    provider.breaks(&world, Faults { refuse, retry_after: Some(60), ..Faults::default() });
    let voices = provider.alone(config(3), &world);
    let (_, end) = all(voices.synthesize(provider.order(TEXT, Format::Mulaw))).await;
    assert!(matches!(end, Err(Fault::Retry(_))), "{end:?}");
    assert_eq!(world.providers().elevenlabs.counts().refused, 1);
}

fn who(provider: &Provider) -> Who {
    Who { provider: provider.name.into(), voice: provider.voice.into(), settings: String::new() }
}

fn phrases(voices: Voices) -> Phrases {
    let synthesize = move |ask: &Ask, terms: cache::Terms| {
        voices.synthesize(Order {
            provider: ask.who.provider.clone(),
            voice: ask.who.voice.clone(),
            text: ask.text.clone(),
            is_ssml: false,
            format: ask.format,
            first_within: terms.first_within,
            has_stand_in: terms.has_stand_in,
        })
    };
    let means = Means {
        synthesize: Arc::new(synthesize),
        tiers: Tiers::default(),
        wall_ms: Arc::new(|| 0),
        tell: Arc::new(|_| ()),
    };
    Phrases::new(cache::Config { first: PATIENCE, ..cache::Config::default() }, means)
}

/// ElevenLabs, and Deepgram in its stead.
fn two(elevenlabs: &str, deepgram: &str) -> (Phrases, Cast) {
    let voices =
        Voices::new(config(1), vec![Box::new(elevenlabs_at(elevenlabs, "a-key")), Box::new(deepgram_at(deepgram))]);
    let stand_in = Who { provider: "deepgram".into(), voice: "aura-2-thalia-en".into(), settings: String::new() };
    (phrases(voices), Cast::new(who(&PROVIDERS[0]), [stand_in]))
}

#[tokio::test]
async fn who_is_down_is_stood_in_for_and_after_a_while_not_asked_until_it_is_well() {
    let world = world();
    let (phrases, cast) = two(&world.speech_url(), &world.deepgram_url());
    PROVIDERS[0].breaks(&world, Faults { refuse: Some((500, "down".to_owned())), ..Faults::default() });
    let said = async |number: usize| {
        let fetched = phrases.whole(&cast, &format!("You are number {number}."), Format::Mulaw).await;
        fetched.expect("somebody speaks").whole.record.ask.who.provider.clone()
    };
    for number in 0..6 {
        assert_eq!(said(number).await, "deepgram");
    }
    assert_eq!(world.providers().elevenlabs.counts().refused, 5, "after five failures in a row it is left alone");
    PROVIDERS[0].breaks(&world, Faults::default());
    let mut number = 100;
    until("it is asked again once its time is over", async || {
        number += 1;
        said(number).await == "elevenlabs"
    })
    .await;
    assert_eq!(said(10_000).await, "elevenlabs");
    assert_eq!(world.providers().elevenlabs.counts().refused, 5);
}

#[tokio::test]
async fn a_machine_that_is_gone_or_stalls_is_stood_in_for() {
    let world = world();
    let (phrases, cast) = two("http://127.0.0.1:9", &world.deepgram_url());
    let fetched = phrases.whole(&cast, TEXT, Format::Mulaw).await.expect("Deepgram speaks");
    assert_eq!(fetched.whole.record.ask.who.provider, "deepgram");
    PROVIDERS[0].breaks(&world, Faults { stall: true, ..Faults::default() });
    let (phrases, cast) = two(&world.speech_url(), &world.deepgram_url());
    let (sender, mut parts) = tokio::sync::mpsc::channel(64);
    assert_eq!(phrases.fetch(&cast, "Hello.", engine::io::PhraseId(1), sender), None);
    let mut last = None;
    while let Ok(Some((_, part))) = tokio::time::timeout(PATIENCE, parts.recv()).await {
        last = Some(part);
    }
    assert_eq!(last, Some(engine::audio::speech::SpeechPart::End));
    until("the stalled request is dropped", async || world.providers().elevenlabs.counts().speeches_open == 0).await;
}

#[tokio::test]
async fn an_answer_that_is_no_audio_is_not_played() {
    let speak = async || ([(header::CONTENT_TYPE, "application/json")], "{}");
    let url = serve(Router::new().route("/v1/text-to-speech/{voice}/stream", post(speak))).await;
    let (audio, end) = all(elevenlabs(config(3), &url).synthesize(PROVIDERS[0].order(TEXT, Format::Mulaw))).await;
    assert!(audio.is_empty() && matches!(end, Err(Fault::OurMistake(_))), "{end:?}");
}
