//! Speech to text over `/v2/listen`.

use engine::io::Input;
use frontdesk::vendors::deepgram::listen::{Config, Flavor};
use sandbox::clips::spoken;
use sandbox::deepgram::Faults;
use sandbox::world::World;

use crate::scene::{Call, hurried, utterance, world};

fn config(world: &World, flavor: Flavor) -> Config {
    Config { model: "flux-general-en".into(), flavor, ..hurried(world.deepgram_url()) }
}

#[tokio::test]
async fn a_turn_ends_although_the_audio_stopped_with_the_last_word() {
    let world = world();
    let (words, audio) = utterance(&world, "open-tue-9");
    let mut call = Call::listening(config(&world, Flavor::flux()));
    call.says(&audio).await;
    let (heard, faults) = call.turn().await;
    assert_eq!((spoken(&heard), faults), (words, Vec::new()));
}

#[tokio::test]
async fn a_likely_end_is_told_before_the_end() {
    let world = world();
    let (words, audio) = utterance(&world, "open-tue-9");
    let eager_eot_threshold = Some(0.4);
    let flavor = Flavor::Flux { eot_threshold: 0.7, eager_eot_threshold, eot_timeout_ms: 5_000, force_end_turn: false };
    let mut call = Call::listening(config(&world, flavor));
    call.says(&audio).await;
    call.expect(&Input::HearingStarted).await;
    let mut likely = None;
    loop {
        match call.next().await {
            Some(Input::TurnLikelyOver { text }) => likely = Some(spoken(&text)),
            Some(Input::TurnResumed) => likely = None,
            Some(Input::Final { text, ends_turn: true, .. }) => {
                assert_eq!((spoken(&text), likely), (words.clone(), Some(words)));
                return;
            }
            other => panic!("not in a turn: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_turn_may_be_ended_by_us() {
    let world = world();
    let (words, audio) = utterance(&world, "open-tue-9");
    let flavor =
        Flavor::Flux { eot_threshold: 0.9, eager_eot_threshold: None, eot_timeout_ms: 10_000, force_end_turn: true };
    let mut call = Call::listening(config(&world, flavor));
    call.says(&audio).await;
    call.is_silent_for(80).await;
    call.hearing.finish_utterance();
    assert_eq!(spoken(&call.turn().await.0), words);
}

#[tokio::test]
async fn a_stream_that_breaks_in_the_middle_of_a_turn_loses_no_word() {
    let world = world();
    let (words, audio) = utterance(&world, "open-tue-9");
    let after = Some(std::time::Duration::from_millis(1_500));
    world.deepgram().set(|settings| settings.faults = Faults { drop_listen_after: after, ..Faults::default() });
    let mut call = Call::listening(config(&world, Flavor::flux()));
    call.says(&audio).await;
    call.is_silent_for(500).await;
    call.expect(&Input::HearingStarted).await;
    call.fails().await;
    world.deepgram().set(|settings| settings.faults = Faults::default());
    assert_eq!(spoken(&call.turn().await.0), words);
}
