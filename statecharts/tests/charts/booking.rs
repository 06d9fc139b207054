//! The conversation: scenes, and what holds whatever the caller and the calendar do.

use statecharts::booking::{Booking, Effect, Event, Interruptible, State};
use statecharts::prompt::{Number, Prompt};
use statecharts::proposal::{Expect, Intent};

use crate::dialogue::{event, play};
use crate::drawing::{self, Step, Walk, name};
use crate::script;

/// A little of everything that can happen. Few values each, so that they meet.
const EVENTS: [&str; 65] = [
    "book",
    "book service=cut",
    "book service=cut at=tue-15 name=Ada",
    "book service=dye within=wed-09..wed-12",
    "book at=tue-15",
    "provide service=cut",
    "provide service=dye",
    "provide at=tue-15",
    "provide at=tue-16",
    "provide within=wed-09..wed-12",
    "provide half=tue-08..tue-20",
    "provide offered=0",
    "provide offered=7",
    "provide name=Ada",
    "provide name=Bob phone=+15552",
    "provide phone=+15552",
    "provide detail=breed:poodle",
    "provide detail=age:7",
    "deny detail=breed:dachshund",
    "provide unknown_service",
    "provide unclear_when",
    "provide",
    "change",
    "change at=tue-16",
    "change service=dye",
    "change about=time",
    "change about=name",
    "change about=service",
    "change about=phone",
    "change about=details",
    "confirm",
    "confirm at=tue-15",
    "confirm at=tue-16",
    "confirm name=Bob",
    "deny",
    "deny at=tue-15",
    "deny unclear_when",
    "question",
    "question service=dye at=tue-16",
    "person",
    "goodbye",
    "other",
    "not_understood",
    "heard",
    "silence",
    "answered",
    "stayed",
    "free",
    "nearest (closed) tue-16 tue-17",
    "nearest",
    "reserved",
    "taken tue-16",
    "calendar_failed",
    "find",
    "move",
    "move within=wed-09..wed-12",
    "move at=tue-16",
    "cancel",
    "cancel service=cut",
    "message",
    "confirm",
    "found",
    "found a7:cut:wed-10:Ada",
    "found a7:cut:wed-10:Ada a8:dye:tue-15:Ada",
    "cancelled",
];

/// How a conversation may begin.
const OPENINGS: [&str; 4] =
    ["opened", "opened +15551", "opened can_transfer +15551", "opened asks=breed asks=age?@cut +15551"];

#[test]
fn scenes_go_as_written() {
    script::check("tests/tables/booking.txt", Booking::new, |booking, line| {
        let effects = play(booking, line);
        script::answer(&name(&booking.state()), &effects)
    });
}

#[test]
fn the_diagram_is_fresh() {
    script::compare("diagrams/booking.mmd", &drawing::diagram("greeting", Some("conversation"), &steps_to_draw()));
}

/// Every event in every situation of the script, in words that are read at a glance, and with only what is done beside
/// speaking. Where a turn does what any other unusable turn does, it is drawn as "anything else".
fn steps_to_draw() -> Vec<Step> {
    let words = [
        ("answered", "answered"),
        ("not_understood", "anything else"),
        ("book", "wants to book"),
        ("find", "asks for an appointment"),
        ("move", "wants to move one"),
        ("cancel", "wants to cancel one"),
        ("message", "has a message"),
        ("found a9:cut:fri-10:Eve", "found"),
        ("found", "found none"),
        ("cancelled", "cancelled"),
        ("provide service=dye", "service"),
        ("provide at=mon-08", "time"),
        ("provide offered=0", "offered time"),
        ("provide name=Eve", "name"),
        ("provide phone=+15557", "number"),
        ("provide detail=breed:poodle", "detail"),
        ("confirm", "yes"),
        ("deny", "no"),
        ("change", "wants a change"),
        ("question", "question"),
        ("person", "wants a person"),
        ("goodbye", "goodbye"),
        ("free", "free"),
        ("nearest tue-16", "not free"),
        ("reserved", "reserved"),
        ("taken tue-16", "taken"),
        ("calendar_failed", "calendar failed"),
    ];
    let line = |word: &str| words.iter().find(|(_, spoken)| *spoken == word).map(|(line, _)| *line).unwrap_or_default();
    let how = Walk {
        events: &words.map(|(_, word)| word),
        play: &|booking: &mut Booking, word| {
            let effects = play(booking, line(word)).into_iter().filter(|effect| !effect.starts_with("say "));
            effects.map(|effect| effect.split(' ').next().unwrap_or_default().to_owned()).collect()
        },
        state: &|booking| name(&booking.state()),
        differs_by: &|booking| serde_json::to_string(booking).expect("a chart serializes"),
        unhandled: &Booking::unhandled,
    };
    let mut situations = scenes();
    situations.extend(scenes_with(|line| line.replace("opened", "opened can_transfer")));
    situations.retain(|booking| !matches!(booking.state(), State::Goodbye | State::Transfer));
    drawing::steps(&situations, &["answered", "anything else"], &how)
}

/// What a random conversation has seen, to hold the chart to its promises.
#[derive(Default)]
struct Witness {
    reserves: usize,
    cancels: usize,
    reserved: bool,
    confirm_asked: Option<Prompt>,
    confirm_heard: bool,
    cancelled: bool,
}

impl Witness {
    fn check(&mut self, event: &Event, before: &Booking, after: &Booking, effects: &[Effect]) {
        if let Event::Understood(_) = event {
            assert!(!effects.is_empty(), "the caller gets no answer");
        }
        self.reserved |= matches!(event, Event::Reserved { .. });
        self.cancelled |= *event == Event::AppointmentCancelled;
        self.confirm_heard |= *event == Event::PlanHeard;
        for effect in effects {
            match effect {
                Effect::Reserve { service, slot, name, phone, details, replaces } => {
                    assert!(!service.is_empty() && !slot.0.is_empty() && !name.is_empty());
                    let moved = after.facts().replaces.as_ref();
                    assert_eq!(replaces.as_ref(), moved.map(|moved| &moved.id));
                    let asked = match &self.confirm_asked {
                        Some(Prompt::Confirm { service, slot, name, instead_of, phone: read, details: told }) => {
                            assert_eq!(told, details, "what else was asked for is what was read back");
                            match read {
                                Some(Number::Said(read)) => assert_eq!(read, phone, "the number that was read back"),
                                Some(Number::Calling) => assert!(!phone.is_empty(), "the number that calls"),
                                None => assert!(phone.is_empty(), "nobody left a number"),
                            }
                            Some((service, slot, name, instead_of.clone()))
                        }
                        _ => None,
                    };
                    let ordered = (service, slot, name, moved.map(|moved| moved.slot.clone()));
                    assert_eq!(asked, Some(ordered), "what is booked is what was read back");
                    assert!(self.confirm_heard, "what is booked was heard");
                    let said_yes = matches!(event, Event::Understood(turn) if turn.intent == Intent::Confirm);
                    let again = *event == Event::CalendarFailed;
                    assert!((said_yes && before.state() == State::Confirmation) || again);
                    self.reserved = false;
                    self.reserves += 1;
                }
                Effect::Say(Prompt::Booked { .. }) => {
                    assert!(self.reserved, "booked is said only of what is booked");
                    self.reserved = false;
                }
                Effect::CancelAppointment { appointment } => {
                    let asked = matches!(&self.confirm_asked, Some(Prompt::ConfirmCancel { appointment: asked }) if asked.id == *appointment);
                    assert!(asked && self.confirm_heard, "what is cancelled was read back and heard");
                    let said_yes = matches!(event, Event::Understood(turn) if turn.intent == Intent::Confirm);
                    assert!((said_yes && before.state() == State::Standing) || *event == Event::CalendarFailed);
                    self.cancelled = false;
                    self.cancels += 1;
                }
                Effect::Say(Prompt::Cancelled { .. }) => {
                    assert!(self.cancelled, "cancelled is said only of what is cancelled");
                    self.cancelled = false;
                }
                Effect::Say(prompt @ (Prompt::Confirm { .. } | Prompt::ConfirmCancel { .. })) => {
                    self.confirm_asked = Some(prompt.clone());
                    self.confirm_heard = false;
                }
                Effect::ConfirmAppointment { .. } => {
                    let said_yes = matches!(event, Event::Understood(turn) if turn.intent == Intent::Confirm);
                    assert!(said_yes && before.state() == State::Standing, "they said that they come");
                }
                Effect::HangUp => assert_eq!(after.state(), State::Goodbye),
                Effect::Transfer => assert_eq!(after.state(), State::Transfer),
                Effect::Say(_)
                | Effect::Answer
                | Effect::Hold { .. }
                | Effect::FindTimes { .. }
                | Effect::FindAppointments { .. }
                | Effect::KeepMessage => {}
            }
        }
        let appointments = after.facts().appointments.len();
        assert!(appointments <= self.reserves, "an appointment for every order at most");
        if after.state() == State::Confirmation {
            let facts = after.facts();
            assert!(facts.service.is_some() && facts.slot.is_some() && facts.name.is_some());
        }
        assert!(after.facts().offered.len() <= 3);
    }
}

#[test]
fn no_conversation_breaks_a_promise() {
    let (mut reserves, mut cancels) = (0, 0);
    let mut appointments = 0;
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..4_000_u64 {
        let mut dice = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut roll = |sides: usize| {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            (dice >> 20) as usize % sides
        };
        let mut booking = Booking::new();
        let mut witness = Witness::default();
        play(&mut booking, OPENINGS[roll(OPENINGS.len())]);
        let mut lines = Vec::new();
        for _ in 0..40 {
            let line = likely(&booking, &mut roll);
            lines.push(line);
            let event = event(line);
            let before = booking.clone();
            let effects = booking.handle(&event);
            seen.insert(name(&booking.state()));
            let held = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                witness.check(&event, &before, &booking, &effects);
            }));
            assert!(held.is_ok(), "seed {seed}: {lines:?} gave {effects:?} in {before:?}");
        }
        reserves += witness.reserves;
        cancels += witness.cancels;
        appointments += booking.facts().appointments.len();
    }
    assert_eq!(seen.len(), 13, "every state was visited: {seen:?}");
    assert!(cancels > 100, "{cancels} cancellations: too tame a test");
    assert!(reserves > 500 && appointments > 200, "{reserves} orders, {appointments} appointments: too tame a test");
}

/// Any event; more often one that leads somewhere, so that conversations get far.
fn likely(booking: &Booking, roll: &mut impl FnMut(usize) -> usize) -> &'static str {
    let helpful: &[&str] = match (booking.state(), booking.expects()) {
        (State::Booking, _) => &["reserved", "reserved", "taken tue-16", "calendar_failed"],
        (State::Question, _) => &["answered"],
        (State::Standing, Expect::Cancelling) => &["heard", "confirm", "cancelled"],
        (State::Standing, _) => {
            &["found a7:cut:wed-10:Ada", "found a7:cut:wed-10:Ada a8:dye:tue-15:Ada", "provide offered=1"]
        }
        (State::Time, _) => &["free", "provide at=tue-15", "provide offered=0", "nearest (closed) tue-16 tue-17"],
        (_, Expect::Detail) => &["provide detail=breed:poodle", "provide detail=age:7", "deny"],
        (_, Expect::Service) => &["provide service=cut"],
        (_, Expect::Name) => &["provide name=Ada"],
        (_, Expect::Phone) => &["provide phone=+15552"],
        (_, Expect::YesNo) => &["heard", "confirm"],
        _ => &["book service=cut at=tue-15 name=Ada"],
    };
    // Ends are rare, or every conversation would be short.
    let any = EVENTS[roll(EVENTS.len())];
    let ends = matches!(any, "goodbye" | "person") && roll(5) > 0;
    if roll(2) == 0 || ends { helpful[roll(helpful.len())] } else { any }
}

#[test]
fn no_caller_is_held_on_the_line_by_a_chart_that_understands_nothing() {
    for start in scenes() {
        let mut booking = start.clone();
        let over = (0..20).any(|_| {
            booking.handle(&Event::CalendarFailed);
            booking.handle(&Event::Answered);
            booking.handle(&Event::NotUnderstood);
            matches!(booking.state(), State::Goodbye | State::Transfer)
        });
        assert!(over, "{start:?} never ends");
    }
}

#[test]
fn a_restored_conversation_goes_on_as_if_nothing_had_happened() {
    for mut booking in scenes() {
        let text = serde_json::to_string(&booking).expect("a chart serializes");
        let mut restored: Booking = serde_json::from_str(&text).expect("a chart reads what it wrote");
        for line in ["answered", "provide at=tue-16", "free", "heard", "confirm", "reserved"] {
            assert_eq!(play(&mut booking, line), play(&mut restored, line));
            assert_eq!((booking.state(), booking.facts()), (restored.state(), restored.facts()));
        }
    }
}

#[test]
fn what_was_asked_is_what_is_expected() {
    let mut booking = Booking::new();
    let mut expects = |line: &str| {
        play(&mut booking, line);
        booking.expects()
    };
    assert_eq!(expects("opened"), Expect::Anything);
    assert_eq!(expects("book"), Expect::Service);
    assert_eq!(expects("question"), Expect::Service);
    assert_eq!(expects("answered"), Expect::Service);
    assert_eq!(expects("provide service=cut"), Expect::Time);
    assert_eq!(expects("provide half=tue-08..tue-20"), Expect::Time);
    assert_eq!(expects("provide at=tue-08"), Expect::Time);
    assert_eq!(expects("free"), Expect::Name);
    assert_eq!(expects("provide name=Ada"), Expect::Phone);
    assert_eq!(expects("silence"), Expect::Phone);
    assert_eq!(expects("provide phone=+15552"), Expect::YesNo);
    assert_eq!(expects("deny"), Expect::Change);
    assert_eq!(expects("provide name=Bob"), Expect::YesNo);
    assert_eq!(expects("heard"), Expect::YesNo);
    assert_eq!(expects("confirm"), Expect::YesNo);
    assert_eq!(expects("reserved"), Expect::Anything);
}

#[test]
fn both_readings_are_known_until_one_is_chosen() {
    let mut booking = Booking::new();
    for line in ["opened", "book service=cut half=tue-08..tue-20"] {
        play(&mut booking, line);
    }
    let half = booking.half().map(|(morning, afternoon)| (morning.0.as_str(), afternoon.0.as_str()));
    assert_eq!(half, Some(("tue-08", "tue-20")));
    play(&mut booking, "provide at=tue-20");
    assert_eq!(booking.half(), None);
}

#[test]
fn a_notice_cannot_be_stopped_and_a_goodbye_by_words_only() {
    for (prompt, interruptible) in [
        (Prompt::Notice, Interruptible::Never),
        (Prompt::Goodbye, Interruptible::ByWords),
        (Prompt::Transferring, Interruptible::ByWords),
        (Prompt::Greeting, Interruptible::ByAnything),
        (Prompt::ConfirmAgain, Interruptible::ByAnything),
        (Prompt::Kept, Interruptible::ByAnything),
    ] {
        assert_eq!(prompt.interruptible(), interruptible, "{prompt:?}");
    }
}

#[test]
fn who_stays_is_where_they_were() {
    for mut booking in scenes() {
        let left = matches!(booking.state(), State::Goodbye | State::Transfer);
        booking.handle(&Event::Stayed);
        assert!(!left || !matches!(booking.state(), State::Goodbye | State::Transfer), "{booking:?}");
        assert_eq!(booking.unhandled(), 0);
    }
}

/// The conversation after every line of the script.
fn scenes() -> Vec<Booking> {
    scenes_with(str::to_owned)
}

fn scenes_with(changed: impl Fn(&str) -> String) -> Vec<Booking> {
    let mut booking = Booking::new();
    let mut all = Vec::new();
    let script = include_str!("../tables/booking.txt");
    for line in script.lines().filter(|line| !line.is_empty() && !line.starts_with('>')) {
        if line.starts_with('#') {
            booking = Booking::new();
        } else {
            play(&mut booking, &changed(line));
            all.push(booking.clone());
        }
    }
    all
}
