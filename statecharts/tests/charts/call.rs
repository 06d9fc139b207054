//! Whether there is a call: scenes, and what every state makes of every event.

use serde_json::{Value, json};
use statecharts::call::{Call, Effect, Ending, Event, State};

use crate::drawing::{self, Walk, name};
use crate::script;

const EVENTS: [Event; 10] = [
    Event::Answered,
    Event::Dropped,
    Event::Resumed,
    Event::HungUp,
    Event::Farewell(Ending::Goodbye),
    Event::LastWordHeard,
    Event::CallerWentOn,
    Event::Deadline,
    Event::TooLong,
    Event::Draining,
];

fn event(line: &str) -> Event {
    let wire = match line.split_once(' ') {
        Some((name, ending)) => json!({ name: ending }),
        None => json!(line),
    };
    serde_json::from_value(wire).unwrap_or_else(|_| panic!("{line:?} is no event of a call"))
}

fn play(call: &mut Call, line: &str) -> Vec<String> {
    call.handle(event(line)).iter().map(name).collect()
}

fn state(call: &Call) -> String {
    name(&call.state())
}

fn steps() -> Vec<drawing::Step> {
    let names = EVENTS.each_ref().map(name);
    let events = names.each_ref().map(String::as_str);
    let differs_by = |call: &Call| {
        let mut all = serde_json::to_value(call).expect("a chart serializes");
        all["context"] = Value::Null;
        all.to_string()
    };
    let how = Walk {
        events: &events,
        play: &|call, line| play(call, line),
        state: &state,
        differs_by: &differs_by,
        unhandled: &Call::unhandled,
    };
    drawing::steps(&drawing::reachable(Call::new(), &how), &[], &how)
}

#[test]
fn scenes_go_as_written() {
    script::check("tests/tables/call.txt", Call::new, |call, line| {
        let effects = play(call, line);
        script::answer(&state(call), &effects)
    });
}

#[test]
fn every_state_makes_of_every_event_what_the_table_says() {
    script::compare("tests/tables/call_all.txt", &drawing::table(&steps()));
}

#[test]
fn the_diagram_is_fresh() {
    // One arrow for every way to end would hide the rest.
    let mut steps = steps();
    for step in &mut steps {
        step.effects.iter_mut().for_each(|effect| *effect = effect.split(' ').next().unwrap_or_default().to_owned());
    }
    script::compare("diagrams/call.mmd", &drawing::diagram("ringing", None, &steps));
}

#[test]
fn a_call_is_finished_exactly_once() {
    for seed in 0..2_000_u32 {
        let mut call = Call::new();
        let mut dice = seed;
        let mut finished = 0;
        for _ in 0..30 {
            dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let effects = call.handle(EVENTS[(dice >> 16) as usize % EVENTS.len()]);
            finished += effects.iter().filter(|effect| matches!(effect, Effect::Finish(_))).count();
            assert_eq!(finished, usize::from(call.state() == State::Ended), "seed {seed}: {call:?}");
        }
    }
}

#[test]
fn every_wait_has_an_end() {
    for events in [vec![Event::Dropped], vec![Event::Farewell(Ending::Goodbye)]] {
        let mut call = Call::new();
        call.handle(Event::Answered);
        events.into_iter().for_each(|event| drop(call.handle(event)));
        assert!(call.wait().is_some());
        call.handle(Event::Deadline);
        assert_eq!((call.state(), call.wait()), (State::Ended, None));
    }
}

#[test]
fn a_restored_call_goes_on_as_if_nothing_had_happened() {
    let mut call = Call::new();
    for event in [Event::Answered, Event::Dropped, Event::Resumed, Event::TooLong] {
        call.handle(event);
        let text = serde_json::to_string(&call).expect("a chart serializes");
        let mut restored: Call = serde_json::from_str(&text).expect("a chart reads what it wrote");
        assert_eq!(restored.state(), call.state());
        assert_eq!(restored.handle(Event::LastWordHeard), call.clone().handle(Event::LastWordHeard));
    }
}
