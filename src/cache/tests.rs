use std::sync::atomic::{AtomicUsize, Ordering};

use super::phrase::tests::who;
use super::*;

/// A voice whose pieces the test gives out one by one, and how often it was asked to speak.
struct Voice {
    pieces: mpsc::UnboundedSender<Result<Bytes, Fault>>,
    asked: Arc<AtomicUsize>,
    phrases: Phrases,
}

fn voice(config: Config) -> Voice {
    let (pieces, receiver) = mpsc::unbounded_channel();
    let receiver = Arc::new(tokio::sync::Mutex::new(receiver));
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let synthesize: Synthesize = Arc::new(move |_, _| {
        count.fetch_add(1, Ordering::Relaxed);
        let receiver = receiver.clone();
        // An empty piece is the end of a phrase.
        stream::unfold(receiver, async |receiver| {
            let piece = receiver.lock().await.recv().await?;
            (piece != Ok(Bytes::new())).then_some((piece, receiver))
        })
        .boxed()
    });
    Voice { pieces, asked, phrases: Phrases::new(config, means(synthesize)) }
}

fn means(synthesize: Synthesize) -> Means {
    Means { synthesize, tiers: Tiers::default(), wall_ms: Arc::new(|| 0), tell: Arc::new(|_| ()) }
}

impl Voice {
    fn says(&self, piece: &'static str) {
        self.pieces.send(Ok(piece.into())).expect("the voice is alive");
    }

    fn ends(&self) {
        self.says("");
    }

    fn fails(&self) {
        self.pieces.send(Err(Fault::Retry("cut".into()))).expect("the voice is alive");
    }
}

fn cast() -> Cast {
    Cast::new(who("v"), [])
}

type Parts = mpsc::Receiver<(PhraseId, SpeechPart)>;

fn ask(phrases: &Phrases, text: &str) -> (Option<Arc<[u8]>>, Parts) {
    let (parts, receiver) = mpsc::channel(1);
    (phrases.fetch(&cast(), text, PhraseId(1), parts).map(|spoken| spoken.audio), receiver)
}

/// The next part, within a second.
async fn part(parts: &mut Parts) -> SpeechPart {
    let next = tokio::time::timeout(Duration::from_secs(1), parts.recv()).await;
    next.expect("a part comes").expect("the phrase goes on").1
}

async fn rest(parts: &mut Parts) -> (String, SpeechPart) {
    let mut text = String::new();
    loop {
        match part(parts).await {
            SpeechPart::Chunk(chunk) => text.push_str(&String::from_utf8_lossy(&chunk)),
            SpeechPart::Words(ends_ms) => assert_eq!(ends_ms.len(), 1, "each phrase here is one word"),
            last => return (text, last),
        }
    }
}

#[tokio::test]
async fn many_callers_of_one_phrase_make_one_synthesis_and_all_get_all_of_it() {
    let voice = voice(Config::default());
    let mut callers: Vec<_> = (0..20).map(|_| ask(&voice.phrases, "hello").1).collect();
    voice.says("he");
    assert_eq!(part(&mut callers[0]).await, SpeechPart::Chunk(b"he"[..].into()));
    let (_, mut late) = ask(&voice.phrases, "hello");
    voice.says("llo");
    voice.ends();
    assert_eq!(rest(&mut late).await, ("hello".into(), SpeechPart::End));
    assert_eq!(rest(&mut callers[0]).await, ("llo".into(), SpeechPart::End));
    for caller in &mut callers[1..] {
        assert_eq!(rest(caller).await, ("hello".into(), SpeechPart::End));
    }
    assert_eq!(voice.asked.load(Ordering::Relaxed), 1);
    assert_eq!(ask(&voice.phrases, "hello").0.as_deref(), Some(&b"hello"[..]));
    let stats = voice.phrases.stats();
    assert_eq!((stats.hits, stats.misses, stats.syntheses, stats.bytes), (1, 21, 1, 5));
}

#[tokio::test]
async fn a_synthesis_goes_on_when_the_call_that_asked_is_gone() {
    let voice = voice(Config::default());
    drop(ask(&voice.phrases, "hello"));
    voice.says("hello");
    voice.ends();
    let (_, mut parts) = ask(&voice.phrases, "hello");
    assert_eq!(rest(&mut parts).await, ("hello".into(), SpeechPart::End));
    assert_eq!(voice.asked.load(Ordering::Relaxed), 1);
    assert!(ask(&voice.phrases, "hello").0.is_some());
}

#[tokio::test]
async fn a_failure_is_told_after_what_came_and_is_not_kept() {
    let voice = voice(Config::default());
    let (_, mut parts) = ask(&voice.phrases, "hello");
    voice.says("he");
    voice.fails();
    assert_eq!(rest(&mut parts).await, ("he".into(), SpeechPart::Failed(Fault::Retry("cut".into()))));
    let (whole, mut parts) = ask(&voice.phrases, "hello");
    assert_eq!(whole, None);
    voice.says("hello");
    voice.ends();
    assert_eq!(rest(&mut parts).await, ("hello".into(), SpeechPart::End));
    assert_eq!((voice.phrases.stats().failures, voice.asked.load(Ordering::Relaxed)), (1, 2));
}

#[tokio::test]
async fn a_phrase_that_takes_too_long_has_failed() {
    let voice = voice(Config { fill: Duration::from_millis(1), ..Config::default() });
    let (_, mut parts) = ask(&voice.phrases, "hello");
    assert!(matches!(rest(&mut parts).await, (_, SpeechPart::Failed(Fault::Retry(_)))));
}

#[tokio::test]
async fn a_voice_that_panics_leaves_nobody_waiting() {
    let phrases = Phrases::new(Config::default(), means(Arc::new(|_, _| panic!("a voice that panics"))));
    let (_, mut parts) = ask(&phrases, "hello");
    assert!(matches!(rest(&mut parts).await, (_, SpeechPart::Failed(Fault::Retry(_)))));
    assert!(matches!(phrases.warm(&cast(), vec!["hello".into()]).await.failed[..], [_]));
}

#[tokio::test]
async fn warming_says_which_phrases_are_there() {
    let voice = voice(Config { syntheses_max: 1, ..Config::default() });
    voice.says("one");
    voice.ends();
    voice.fails();
    let warmed = voice.phrases.warm(&cast(), vec!["1".into(), "2".into()]).await;
    assert_eq!((warmed.ready, warmed.failed.len()), (1, 1));
}

/// Voices of two providers: what each says, or why it cannot; and which of them were asked, on what terms.
fn two(first: Result<&'static str, Fault>, second: Result<&'static str, Fault>) -> (Phrases, Asked) {
    let asked = Asked::default();
    let told = asked.clone();
    let synthesize: Synthesize = Arc::new(move |ask, terms| {
        told.lock().expect("no panic").push((ask.who.voice.clone(), terms));
        let said = if ask.who.voice == "a" { first.clone() } else { second.clone() };
        stream::iter([said.map(Bytes::from)]).boxed()
    });
    (Phrases::new(Config::default(), means(synthesize)), asked)
}

type Asked = Arc<Mutex<Vec<(String, Terms)>>>;

fn a_or_b() -> Cast {
    Cast::new(who("a"), [who("b")])
}

#[tokio::test]
async fn who_stands_in_is_kept_under_its_own_name_and_the_voice_that_was_meant_is_asked_again() {
    let (phrases, asked) = two(Err(Fault::GiveUp("no credit".into())), Ok("hello"));
    for tier in [None, Some(Tier::Memory)] {
        let fetched = phrases.whole(&a_or_b(), "hello", Format::Mp3).await.expect("the second speaks");
        assert_eq!((fetched.whole.record.ask.who.voice.as_str(), fetched.tier), ("b", tier));
    }
    let asked = asked.lock().expect("no panic").clone();
    assert_eq!(asked.iter().map(|(voice, _)| voice.as_str()).collect::<Vec<_>>(), ["a", "b", "a"]);
    let terms = asked[0].1;
    assert!(terms.has_stand_in && terms.first_within <= Config::default().first / 2, "{terms:?}");
    assert!(!asked[1].1.has_stand_in);
}

#[tokio::test]
async fn a_phrase_that_nobody_can_speak_may_work_next_time_if_one_says_so() {
    let wrong = || Err(Fault::OurMistake("no such voice".into()));
    let busy = || Err(Fault::Retry("busy".into()));
    for (first, second) in [(wrong(), busy()), (busy(), wrong())] {
        let (phrases, _) = two(first, second);
        assert!(matches!(phrases.whole(&a_or_b(), "hello", Format::Mp3).await, Err(Fault::Retry(_))));
    }
}

#[tokio::test]
async fn nobody_goes_on_with_what_another_voice_began() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let synthesize: Synthesize = Arc::new(move |_, _| {
        count.fetch_add(1, Ordering::Relaxed);
        stream::iter([Ok(Bytes::from("he")), Err(Fault::Retry("cut".into()))]).boxed()
    });
    let phrases = Phrases::new(Config::default(), means(synthesize));
    assert_eq!(phrases.whole(&a_or_b(), "hello", Format::Mulaw).await, Err(Fault::Retry("cut".into())));
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}
