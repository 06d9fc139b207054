//! Drawings of a chart, made by telling it every event in every situation.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::Value;

/// One event in one state.
pub(crate) struct Step {
    /// The state before.
    pub(crate) from: String,
    /// The event.
    pub(crate) event: String,
    /// The state after.
    pub(crate) to: String,
    /// What was to be done.
    pub(crate) effects: Vec<String>,
    /// Whether no state wanted the event.
    pub(crate) unhandled: bool,
}

/// How to handle a chart.
pub(crate) struct Walk<'a, C> {
    /// The events, by name.
    pub(crate) events: &'a [&'a str],
    /// Tells a chart one event; gives its effects.
    pub(crate) play: &'a dyn Fn(&mut C, &str) -> Vec<String>,
    /// The name of its state.
    pub(crate) state: &'a dyn Fn(&C) -> String,
    /// What makes one chart differ from another.
    pub(crate) differs_by: &'a dyn Fn(&C) -> String,
    /// Events so far that no state wanted.
    pub(crate) unhandled: &'a dyn Fn(&C) -> u32,
}

/// Every situation that can be reached from `start`, breadth first.
pub(crate) fn reachable<C: Clone>(start: C, how: &Walk<C>) -> Vec<C> {
    let mut seen = BTreeSet::from([(how.differs_by)(&start)]);
    let mut queue = VecDeque::from([start]);
    let mut all = Vec::new();
    while let Some(chart) = queue.pop_front() {
        for event in how.events {
            let mut next = chart.clone();
            (how.play)(&mut next, event);
            if seen.insert((how.differs_by)(&next)) {
                queue.push_back(next);
            }
        }
        all.push(chart);
    }
    all
}

/// Every event in every one of these situations. An event that does exactly what one before it in the list does is left
/// out, where `and_others` names that one as standing for others.
pub(crate) fn steps<C: Clone>(charts: &[C], and_others: &[&str], how: &Walk<C>) -> Vec<Step> {
    let mut steps = Vec::new();
    for chart in charts {
        let mut stood_for = BTreeSet::new();
        for event in how.events {
            let mut next = chart.clone();
            let effects = (how.play)(&mut next, event);
            let outcome = (effects.clone(), (how.differs_by)(&next));
            if stood_for.contains(&outcome) {
                continue;
            }
            if and_others.contains(event) {
                stood_for.insert(outcome);
            }
            steps.push(Step {
                from: (how.state)(chart),
                event: (*event).to_owned(),
                to: (how.state)(&next),
                effects,
                unhandled: (how.unhandled)(&next) > (how.unhandled)(chart),
            });
        }
    }
    steps
}

/// Writes down what every state makes of every event, as a table.
pub(crate) fn table(steps: &[Step]) -> String {
    let mut text = String::new();
    for state in in_order(steps.iter().map(|step| step.from.as_str())) {
        let here = || steps.iter().filter(|step| step.from == state);
        text.push_str(&format!("{state}\n"));
        for event in in_order(here().map(|step| step.event.as_str())) {
            let outcomes: BTreeSet<_> = here().filter(|step| step.event == event).map(outcome).collect();
            text.push_str(&format!("    {event:<22}{}\n", Vec::from_iter(outcomes).join(" | ")));
        }
        text.push('\n');
    }
    text
}

fn outcome(step: &Step) -> String {
    match (step.unhandled, step.to == step.from, step.effects.is_empty()) {
        (true, ..) => "unhandled".to_owned(),
        (_, true, true) => "-".to_owned(),
        (_, _, true) => step.to.clone(),
        _ => format!("{}: {}", step.to, step.effects.join(", ")),
    }
}

/// Draws the steps as a Mermaid diagram: events on the arrows, and what is done after a slash. What changes nothing is
/// left out. With a `frame`, an event that leads to the same state from most others is drawn once, from the frame around
/// them; a state's own arrows come before the frame's.
pub(crate) fn diagram(initial: &str, frame: Option<&str>, steps: &[Step]) -> String {
    let mut arrows = Arrows::new();
    for step in steps.iter().filter(|step| !step.unhandled && (step.from != step.to || !step.effects.is_empty())) {
        let events = arrows.entry((&step.from, &step.to)).or_default().entry(step.effects.join(", ")).or_default();
        if !events.contains(&step.event.as_str()) {
            events.push(&step.event);
        }
    }
    let lifted = if frame.is_some() { lift_common(&mut arrows) } else { BTreeMap::new() };
    let states = in_order(steps.iter().flat_map(|step| [step.from.as_str(), step.to.as_str()]));
    let leaves = |state: &str| arrows.keys().any(|(from, to)| *from == state && to != from);
    let framed = |state: &str| frame.is_some() && leaves(state);
    let (mut inside, mut outside) = (String::new(), String::new());
    for from in &states {
        for to in &states {
            let Some(labels) = arrows.get(&(*from, *to)) else { continue };
            if framed(from) && framed(to) {
                inside.push_str(&arrow("        ", from, to, labels));
            } else {
                outside.push_str(&arrow("    ", from, to, labels));
            }
        }
    }
    let Some(frame) = frame else { return format!("{HEADER}    [*] --> {initial}\n{outside}") };
    let from_frame = states.iter().filter_map(|to| Some(arrow("    ", frame, to, lifted.get(to)?)));
    let from_frame = String::from_iter(from_frame);
    format!(
        "{HEADER}    [*] --> {frame}\n    state {frame} {{\n        [*] --> {initial}\n{inside}    }}\n{from_frame}{outside}"
    )
}

/// From and to; what is done; the events that do it.
type Arrows<'a> = BTreeMap<(&'a str, &'a str), Labels<'a>>;
type Labels<'a> = BTreeMap<String, Vec<&'a str>>;

const HEADER: &str =
    "%% Drawn by `BLESS=1 cargo test -p statecharts`. A test fails when it is stale.\nstateDiagram-v2\n";

fn arrow(indent: &str, from: &str, to: &str, labels: &Labels) -> String {
    let labels =
        labels.iter().filter(|(_, events)| !events.is_empty()).map(|(effects, events)| match effects.as_str() {
            "" => events.join(", "),
            effects => format!("{} / {effects}", events.join(", ")),
        });
    match Vec::from_iter(labels).join("<br/>").as_str() {
        "" => String::new(),
        labels => format!("{indent}{from} --> {to} : {labels}\n"),
    }
}

/// Takes out what leads to the same state, and does the same, from more than half of all states.
fn lift_common<'a>(arrows: &mut Arrows<'a>) -> BTreeMap<&'a str, Labels<'a>> {
    let states = BTreeSet::from_iter(arrows.keys().map(|(from, _)| *from));
    let mut sources: BTreeMap<(&str, String, &str), usize> = BTreeMap::new();
    for ((_, to), labels) in arrows.iter() {
        for (effects, events) in labels {
            for event in events {
                *sources.entry((to, effects.clone(), event)).or_default() += 1;
            }
        }
    }
    let mut lifted: BTreeMap<&str, Labels> = BTreeMap::new();
    for ((to, effects, event), _) in sources.into_iter().filter(|(_, sources)| sources * 2 > states.len()) {
        for (_, labels) in arrows.iter_mut().filter(|((_, other), _)| *other == to) {
            if let Some(events) = labels.get_mut(&effects) {
                events.retain(|other| *other != event);
            }
        }
        lifted.entry(to).or_default().entry(effects).or_default().push(event);
    }
    lifted
}

/// Each name once, in the order of its first appearance.
fn in_order<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    names.filter(|name| seen.insert(*name)).collect()
}

/// A value's name on the wire: `voice_started`, or `farewell goodbye` for one with something in it.
pub(crate) fn name(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value).expect("enums of names serialize") {
        Value::String(name) => name,
        Value::Object(object) => object
            .into_iter()
            .map(|(name, value)| format!("{name} {}", value.as_str().unwrap_or_default()))
            .collect::<Vec<_>>()
            .join(" "),
        other => other.to_string(),
    }
}
