//! Who may speak: scenes, and what every state makes of every event.

use serde_json::{Value, json};
use statecharts::floor::{Effect, Event, Floor, State, Wait};

use crate::drawing::{self, Walk, name};
use crate::script;

const EVENTS: [Event; 12] = [
    Event::VoiceStarted,
    Event::VoicePassedOver,
    Event::VoiceEnded,
    Event::WordsHeard,
    Event::TurnEnded,
    Event::AnswerStarted,
    Event::AnswerEnded,
    Event::Interrupted,
    Event::Backchannel,
    Event::KeyPressed,
    Event::NothingToSay,
    Event::Deadline,
];

fn event(line: &str) -> Event {
    serde_json::from_value(json!(line)).unwrap_or_else(|_| panic!("{line:?} is no event of the floor"))
}

fn play(floor: &mut Floor, line: &str) -> Vec<String> {
    floor.handle(event(line)).iter().map(name).collect()
}

fn state(floor: &Floor) -> String {
    name(&floor.state())
}

/// Everything but the counters that never come back.
fn differs_by(floor: &Floor) -> String {
    let mut all = serde_json::to_value(floor).expect("a chart serializes");
    all["machine"]["shared_storage"]["waits"] = Value::Null;
    all["context"] = Value::Null;
    all.to_string()
}

fn steps(state: &dyn Fn(&Floor) -> String) -> Vec<drawing::Step> {
    let names = EVENTS.each_ref().map(name);
    let events = names.each_ref().map(String::as_str);
    let how = Walk {
        events: &events,
        play: &|floor, line| play(floor, line),
        state,
        differs_by: &differs_by,
        unhandled: &Floor::unhandled,
    };
    drawing::steps(&drawing::reachable(Floor::new(), &how), &[], &how)
}

#[test]
fn scenes_go_as_written() {
    script::check("tests/tables/floor.txt", Floor::new, |floor, line| {
        let effects = play(floor, line);
        script::answer(&format!("{}, waiting for {}", state(floor), name(&floor.wait())), &effects)
    });
}

#[test]
fn every_state_makes_of_every_event_what_the_table_says() {
    let steps = steps(&|floor| format!("{}/{}", state(floor), name(&floor.wait())));
    script::compare("tests/tables/floor_all.txt", &drawing::table(&steps));
}

#[test]
fn the_diagram_is_fresh() {
    script::compare("diagrams/floor.mmd", &drawing::diagram("open", None, &steps(&state)));
}

#[test]
fn a_line_on_which_nothing_happens_any_more_is_given_up() {
    let mut floors = vec![Floor::new()];
    for seed in 0..500_u32 {
        floors.push(after_some_events(seed));
    }
    for mut floor in floors {
        let gave_up = (0..12).any(|_| floor.handle(Event::Deadline).contains(&Effect::GiveUp));
        assert!(gave_up || floor.wait() == Wait::Monologue, "{floor:?} waits for ever");
    }
}

#[test]
fn every_wait_that_begins_is_announced() {
    for seed in 0..500 {
        let mut floor = after_some_events(seed);
        for event in EVENTS {
            let before = floor.clone();
            floor.handle(event);
            if (before.state(), before.wait()) != (floor.state(), floor.wait()) || event == Event::Deadline {
                assert_ne!(before.waits(), floor.waits(), "{event:?} in {before:?}");
            }
        }
    }
}

#[test]
fn a_noise_while_it_is_decided_does_not_put_off_the_decision() {
    let mut floor = Floor::new();
    for event in [Event::AnswerStarted, Event::VoiceStarted] {
        floor.handle(event);
    }
    let waits = floor.waits();
    for event in [Event::VoiceEnded, Event::VoiceStarted, Event::WordsHeard, Event::VoiceEnded] {
        floor.handle(event);
    }
    assert_eq!((floor.state(), floor.waits()), (State::Held, waits));
}

#[test]
fn a_restored_floor_goes_on_as_if_nothing_had_happened() {
    for seed in 0..200 {
        let mut floor = after_some_events(seed);
        let text = serde_json::to_string(&floor).expect("a chart serializes");
        let mut restored: Floor = serde_json::from_str(&text).expect("a chart reads what it wrote");
        for event in EVENTS {
            assert_eq!(floor.handle(event), restored.handle(event));
            assert_eq!((floor.state(), floor.wait()), (restored.state(), restored.wait()));
        }
    }
}

fn after_some_events(seed: u32) -> Floor {
    let mut floor = Floor::new();
    let mut dice = seed;
    for _ in 0..seed % 17 {
        dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        floor.handle(EVENTS[(dice >> 16) as usize % EVENTS.len()]);
    }
    floor
}
