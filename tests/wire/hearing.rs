//! Speech to text over `/v1/listen`.

use std::time::Duration;

use engine::io::{Fault, Input};
use frontdesk::vendors::deepgram::listen::Config;
use sandbox::clips::spoken;
use sandbox::deepgram::Faults;
use sandbox::world::World;

use crate::scene::{Call, hurried, until, utterance, world};

fn config(world: &World) -> Config {
    hurried(world.deepgram_url())
}

fn broken(world: &World, faults: Faults) {
    world.deepgram().set(|settings| settings.faults = faults);
}

#[tokio::test]
async fn what_is_said_is_heard_at_its_place_on_the_calls_clock() {
    let world = world();
    let (words, audio) = utterance(&world, "open-tue-9");
    let mut call = Call::listening(config(&world));
    call.expect(&Input::HearingStarted).await;
    call.is_silent_for(400).await;
    call.says(&audio).await;
    call.is_silent_for(1_500).await;
    let Some(Input::Final { text, from_ms, to_ms, ends_turn, confidence, words: places }) = call.next().await else {
        panic!("a final")
    };
    assert_eq!(spoken(&text), words);
    assert!(ends_turn && confidence > 0.9);
    assert!((10_300..10_700).contains(&from_ms), "{from_ms}");
    let end_ms = 10_400 + audio.len() as u64 / 8;
    assert!((end_ms - 500..=end_ms).contains(&to_ms), "{to_ms} of {end_ms}");
    assert_eq!(places.len(), text.split_whitespace().count());
    let ends = places.iter().flat_map(|(from, to)| [from.as_ms(), to.as_ms()]);
    assert!(ends.clone().is_sorted() && ends.clone().all(|at| (from_ms..=to_ms).contains(&at)), "{places:?}");
}

#[tokio::test]
async fn interims_come_before_the_final_and_an_utterance_end_after() {
    let world = world();
    world.deepgram().set(|settings| settings.interim_every = Duration::from_millis(200));
    let (words, audio) = utterance(&world, "open-tue-9");
    let mut call = Call::listening(config(&world));
    call.says(&audio).await;
    call.is_silent_for(2_500).await;
    let mut interims = Vec::new();
    loop {
        match crate::scene::next(&mut call.facts).await {
            Some(Input::Interim { text, .. }) => interims.push(spoken(&text)),
            Some(Input::Final { .. }) => break,
            _ => {}
        }
    }
    assert!(interims.len() > 2 && interims.iter().all(|text| words.starts_with(text)), "{interims:?}");
    until("the end of the utterance is told", async || matches!(call.facts.try_recv(), Ok(Input::UtteranceEnded)))
        .await;
}

#[tokio::test]
async fn what_is_asked_to_be_finished_is_final_without_waiting_for_silence() {
    let world = world();
    let (words, audio) = utterance(&world, "open-tue-9");
    let mut call = Call::listening(Config { endpointing_ms: 9_000, utterance_end_ms: 5_000, ..config(&world) });
    call.says(&audio).await;
    call.is_silent_for(100).await;
    call.hearing.finish_utterance();
    call.expect(&Input::HearingStarted).await;
    let Some(Input::Final { text, ends_turn, .. }) = call.next().await else { panic!("a final") };
    assert_eq!((spoken(&text), ends_turn), (words, false));
}

#[tokio::test]
async fn a_refusal_that_stays_is_told_once_and_ends_it() {
    let world = world();
    for (status, is_ours) in [(400, true), (401, true), (402, false), (403, false)] {
        broken(&world, Faults { refuse_listen: Some(status), ..Faults::default() });
        let mut call = Call::listening(config(&world));
        let fault = call.fails().await;
        let text = match &fault {
            Fault::OurMistake(text) if is_ours => text,
            Fault::GiveUp(text) if !is_ours => text,
            _ => panic!("{status}: {fault:?}"),
        };
        assert!(text.contains(&status.to_string()) && text.contains("request 0000"), "{text}");
        assert_eq!(call.next().await, None, "nothing follows");
    }
    assert_eq!(world.deepgram().counts().refused, 4, "nobody asked twice");
}

#[tokio::test]
async fn a_refusal_that_may_pass_is_told_once_and_tried_until_it_does() {
    let world = world();
    let (words, audio) = utterance(&world, "open-tue-9");
    for status in [429, 500] {
        broken(&world, Faults { refuse_listen: Some(status), ..Faults::default() });
        let refused = world.deepgram().counts().refused;
        let mut call = Call::listening(config(&world));
        call.says(&audio).await;
        call.is_silent_for(1_000).await;
        until("asked again", async || world.deepgram().counts().refused >= refused + 2).await;
        broken(&world, Faults::default());
        assert!(matches!(call.fails().await, Fault::Retry(_)));
        call.expect(&Input::HearingStarted).await;
        assert_eq!(spoken(&call.turn().await.0), words, "said while nobody listened");
    }
}

#[tokio::test]
async fn what_fails_for_too_long_is_given_up() {
    let world = world();
    broken(&world, Faults { refuse_listen: Some(503), ..Faults::default() });
    let mut call = Call::listening(Config { give_up: Duration::from_millis(100), ..config(&world) });
    call.is_silent_for(100).await;
    assert!(matches!(call.fails().await, Fault::Retry(_)));
    assert!(matches!(call.fails().await, Fault::GiveUp(_)));
    assert_eq!(call.next().await, None);
}

#[tokio::test]
async fn a_server_that_never_answers_the_handshake_is_left_in_time() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", silent.local_addr().expect("an address"));
    let connect = Duration::from_millis(50);
    let mut call = Call::listening(Config { url, connect, ..Config::default() });
    assert!(matches!(call.fails().await, Fault::Retry(text) if text.contains("50 ms")));
}

#[tokio::test]
async fn a_server_that_does_not_speak_tls_is_a_fault_and_not_a_panic() {
    let world = world();
    let url = world.deepgram_url().replace("http://", "https://");
    let mut call = Call::listening(hurried(url));
    assert!(matches!(call.fails().await, Fault::Retry(_)));
}

#[tokio::test]
async fn a_stream_that_breaks_in_the_middle_loses_no_word_and_repeats_none() {
    let world = world();
    let (words, audio) = utterance(&world, "open-tue-9");
    let after = Some(Duration::from_millis(1_500));
    let closed = Faults { close_listen_after: after, ..Faults::default() };
    let vanished = Faults { drop_listen_after: after, ..Faults::default() };
    for faults in [closed, vanished] {
        broken(&world, faults);
        let mut call = Call::listening(config(&world));
        call.says(&audio).await;
        call.is_silent_for(1_500).await;
        call.expect(&Input::HearingStarted).await;
        let fault = call.fails().await;
        assert!(matches!(fault, Fault::Retry(_)), "{fault:?}");
        broken(&world, Faults::default());
        assert_eq!(spoken(&call.turn().await.0), words);
    }
}

#[tokio::test]
async fn a_vendor_that_falls_silent_is_noticed_and_no_word_is_lost() {
    let world = world();
    let (words, audio) = utterance(&world, "open-tue-9");
    broken(&world, Faults { stall_listen: true, ..Faults::default() });
    let mut call = Call::listening(Config { stall: Duration::from_millis(400), ..config(&world) });
    call.says(&audio).await;
    call.is_silent_for(1_500).await;
    call.expect(&Input::HearingStarted).await;
    assert!(matches!(call.fails().await, Fault::Retry(text) if text.contains("deaf")));
    broken(&world, Faults::default());
    assert_eq!(spoken(&call.turn().await.0), words);
}

#[tokio::test]
async fn garbage_among_the_messages_costs_nothing() {
    let world = world();
    let (words, audio) = utterance(&world, "open-tue-9");
    broken(&world, Faults { garbage: true, ..Faults::default() });
    let mut call = Call::listening(config(&world));
    call.says(&audio).await;
    call.is_silent_for(1_500).await;
    let (heard, faults) = call.turn().await;
    assert_eq!((spoken(&heard), faults), (words, Vec::new()));
}

#[tokio::test]
async fn letting_go_of_it_closes_the_stream() {
    let world = world();
    let mut call = Call::listening(config(&world));
    call.expect(&Input::HearingStarted).await;
    call.is_silent_for(200).await;
    until("a stream is open", async || world.deepgram().counts().listeners_open == 1).await;
    drop(call);
    until("the stream is closed", async || world.deepgram().counts().listeners_open == 0).await;
}
