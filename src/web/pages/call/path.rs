//! The way a call took through the booking chart, drawn.

use maud::{Markup, html};

use crate::store::EventRecord;

/// The states of a booking that goes well, from left to right, and those beside it below them: name, x, y.
const STATES: [(&str, i32, i32); 12] = [
    ("greeting", 64, 64),
    ("service", 226, 64),
    ("time", 388, 64),
    ("contact", 550, 64),
    ("confirmation", 712, 64),
    ("booking", 874, 64),
    ("success", 1036, 64),
    ("standing", 145, 136),
    ("question", 307, 136),
    ("fallback", 550, 136),
    ("transfer", 793, 136),
    ("goodbye", 1036, 136),
];

/// How far apart they are.
const APART: i32 = 162;

/// Steps that are drawn; a path that is longer is told in words only.
const STEPS_MAX: usize = 60;

pub(super) fn drawn(events: &[EventRecord]) -> Markup {
    let states: Vec<&str> =
        events.iter().filter(|event| event.name == "booking_state").map(|event| event.detail.as_str()).collect();
    html! {
        @if states.is_empty() { p.lead { "The call ended before a booking began." } } @else {
            div.path tabindex="0" role="group" aria-label="Path through the booking" {
                svg viewBox="0 0 1100 170" role="img" aria-label=(states.join(", then ")) {
                    line.rail x1="64" x2="1036" y1="64" y2="64" {}
                    @for pair in states.windows(2).take(STEPS_MAX) { (edge(pair[0], pair[1])) }
                    @for (name, x, y) in STATES {
                        @let visited = states.contains(&name);
                        @let class = if states.last() == Some(&name) { "node last" } else if visited { "node on" } else { "node" };
                        circle class=(class) cx=(x) cy=(y) r="7" {}
                        text class=[visited.then_some("on")] x=(x) y=(y + 24) { (name) }
                    }
                }
            }
        }
    }
}

fn place(name: &str) -> Option<(i32, i32)> {
    STATES.iter().find(|(known, ..)| *known == name).map(|(_, x, y)| (*x, *y))
}

/// Along the rail straight, leaping ahead above it, back higher above, and to the side in a bow.
fn edge(from: &str, to: &str) -> Markup {
    let (Some((x, y)), Some((to_x, to_y))) = (place(from), place(to)) else { return html! {} };
    let (middle, wide) = ((x + to_x) / 2, (to_x - x).abs());
    let path = match () {
        () if (x, y) == (to_x, to_y) => format!("M {x} {y} c -18 -34 18 -34 0 0"),
        () if y == to_y && to_x - x == APART => format!("M {x} {y} L {to_x} {to_y}"),
        () if y == to_y => format!("M {x} {y} Q {middle} {} {to_x} {to_y}", y - 30 - wide / 12),
        () => format!("M {x} {y} Q {} {} {to_x} {to_y}", x + (to_x - x) / 4, (y + to_y * 2) / 3),
    };
    html! { path.edge d=(path) {} }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_is_drawn_and_a_state_that_nobody_knows_breaks_nothing() {
        let event =
            |detail: &str| EventRecord { event: 0, at_ms: 0, name: "booking_state".into(), detail: detail.into() };
        let svg = drawn(&["greeting", "time", "time", "question", "<b>", "success"].map(event)).into_string();
        assert_eq!(svg.matches("class=\"edge\"").count(), 3, "{svg}");
        assert!(svg.contains("node last") && !svg.contains("<b>"));
    }
}
