//! Scripted callers against a gateway that plays phrases by turns.
#![cfg(feature = "sockets")]

mod gateway;

use std::path::Path;

use axum::extract::ws::Message;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::audio::mulaw;
use engine::record::Speaker;
use gateway::{CONNECT, Setup, Stream};
use sandbox::caller::{Book, HungUp, Moment, Outcome, Script, play};
use sandbox::clips::{self, Clip};
use sandbox::recognizer::Lexicon;
use sandbox::twilio::Ending;
use serde_json::json;

fn clips(folder: &str) -> Vec<Clip> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    clips::load(&fixtures.join(folder)).expect("the fixtures are committed")
}

fn phrase(text: &str) -> Vec<u8> {
    let phrase = clips("phrases").into_iter().find(|clip| clip.text == text);
    phrase.unwrap_or_else(|| panic!("{text:?} is a recorded phrase")).audio
}

/// Plays a script against a gateway that has this done to its stream.
async fn call<F>(script: &str, serve: impl FnOnce(Stream) -> F) -> (Outcome, Vec<Moment>)
where
    F: Future<Output = ()>,
{
    let script = Script::parse(script).expect("a good script");
    let book = Book::new(clips("utterances"));
    book.check(&script).expect("everything was recorded");
    let mut setup = Setup::new(&[("/voice", CONNECT), ("/voice/resume", "<Response/>"), ("/voice/status", "")]).await;
    let line = setup.place();
    let mut moments = Vec::new();
    let lexicon = Lexicon::new(clips("phrases"));
    let playing = play(line, &script, &book, lexicon, 0, |moment| moments.push(moment.clone()));
    let serving = async {
        let stream = setup.stream().await;
        serve(stream).await;
    };
    let (outcome, ()) = tokio::join!(playing, serving);
    (outcome, moments)
}

/// Waits until the caller has spoken and fallen silent for 300 ms, or is gone. Returns whether the caller has spoken.
async fn listen(stream: &mut Stream) -> bool {
    let (mut spoken, mut silent_frames) = (false, 0);
    while silent_frames < 15 {
        let Some(loud) = next_is_loud(stream).await else { return false };
        spoken |= loud;
        silent_frames = if spoken && !loud { silent_frames + 1 } else { 0 };
    }
    spoken
}

/// Whether the next audio message holds speech; `None` at the end of the stream.
async fn next_is_loud(stream: &mut Stream) -> Option<bool> {
    loop {
        let Some(Ok(Message::Text(text))) = stream.socket.recv().await else { return None };
        let message: serde_json::Value = serde_json::from_str(&text).expect("Twilio sends JSON");
        if let Some(payload) = message["media"]["payload"].as_str() {
            let audio = STANDARD.decode(payload).expect("base64");
            return Some(audio.iter().any(|code| mulaw::decode(*code).unsigned_abs() > 1_000));
        }
    }
}

#[tokio::test]
async fn a_caller_waits_for_each_turn_and_answers_what_was_asked_last() {
    let script = "# Grace.\nwhen hears \"help you\" say \"A haircut, please.\"\n\
        when hears \"your name\" say \"My name is Grace Hopper.\"\nexpect booked\nexpect ends by itself";
    let (outcome, moments) = call(script, async |mut stream| {
        for text in ["How can I help you?", "May I have your name, please?"] {
            stream.play(&phrase(text)).await;
            assert!(listen(&mut stream).await);
        }
        stream.play(&phrase("We look forward to seeing you.")).await;
        stream.mark("end").await;
        stream.next_of("mark").await;
    })
    .await;
    let transcript: Vec<_> = outcome.transcript.iter().map(|said| (said.speaker, said.text.as_str())).collect();
    assert_eq!(
        transcript,
        [
            (Speaker::Assistant, "How can I help you?"),
            (Speaker::Caller, "A haircut, please."),
            (Speaker::Assistant, "May I have your name, please?"),
            (Speaker::Caller, "My name is Grace Hopper."),
            (Speaker::Assistant, "We look forward to seeing you."),
        ]
    );
    assert_eq!(outcome.failures(&Script::parse(script).expect("a good script")), [""; 0]);
    assert_eq!((outcome.gaps.len(), outcome.ending.as_ref()), (2, Some(&Ending::Completed)));
    assert!(moments.contains(&Moment::Gap(outcome.gaps[0])));
    let times: Vec<_> = outcome.transcript.iter().flat_map(|said| [said.from, said.to]).collect();
    assert!(times.is_sorted(), "{times:?}");
}

#[tokio::test]
async fn a_caller_who_cuts_in_speaks_while_the_assistant_does() {
    let script = "deadline 20s\ncut in after 300ms say \"Wait.\"\nhang up";
    let (outcome, _) = call(script, async |mut stream| {
        stream.play(&phrase("We're at twelve Harbor Street, right next to the ferry.")).await;
        while next_is_loud(&mut stream).await == Some(false) {}
        stream.send(json!({"event": "clear"})).await;
        while next_is_loud(&mut stream).await == Some(true) {}
        stream.play(&phrase("Goodbye!")).await;
        while next_is_loud(&mut stream).await.is_some() {}
    })
    .await;
    assert_eq!(outcome.stops.len(), 1);
    assert_eq!(outcome.hung_up, Some(HungUp::AsPlanned));
    assert_eq!(outcome.ending, Some(Ending::CallerHungUp));
    assert!(outcome.tally.dropped.as_millis() > 500);
}

#[tokio::test]
async fn a_caller_who_is_never_answered_gives_up() {
    let script = "deadline 500ms\nsay \"Yes.\"";
    let (outcome, moments) = call(script, async |mut stream| while next_is_loud(&mut stream).await.is_some() {}).await;
    assert_eq!(outcome.hung_up, Some(HungUp::OutOfTime));
    assert_eq!(outcome.failures(&Script::parse(script).expect("a good script")).len(), 1);
    assert!(moments.contains(&Moment::HungUp(HungUp::OutOfTime)));
}

#[tokio::test]
async fn waiting_begins_with_the_line_before_and_not_with_the_assistants_words() {
    let (outcome, _) = call("wait 100ms\npress 12\nwait 50ms\nhang up", async |mut stream| {
        assert_eq!(stream.next_of("dtmf").await["dtmf"]["digit"], "1");
        assert_eq!(stream.next_of("dtmf").await["dtmf"]["digit"], "2");
        stream.next_of("stop").await;
    })
    .await;
    assert_eq!(outcome.hung_up, Some(HungUp::AsPlanned));
}
