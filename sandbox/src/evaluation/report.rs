//! Many calls as a page.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::minds::Mind;
use super::playing::{Played, Verdict};

/// The calls of one row.
#[derive(Default)]
struct Row {
    calls: usize,
    right: usize,
    wrong: usize,
    turns: usize,
    again: usize,
}

impl Row {
    fn add(&mut self, played: &Played) {
        self.calls += 1;
        self.right += usize::from(played.verdict == Verdict::Right);
        self.wrong += usize::from(matches!(played.verdict, Verdict::Wrong(_)));
        self.turns += played.turns;
        self.again += played.asked_again;
    }

    fn written(&self) -> String {
        let each = |count: usize| count as f64 / self.calls.max(1) as f64;
        let Self { calls, right, wrong, turns, again } = self;
        let missed = calls - right - wrong;
        format!("| {calls} | {right} | {missed} | **{wrong}** | {:.1} | {:.1} |", each(*turns), each(*again))
    }
}

/// The tables of a report: by kind of caller, for each who understands them.
pub fn report(calls: &[(String, Mind, Played)]) -> String {
    let mut text = String::new();
    for mind in Mind::ALL {
        let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
        let mut all = Row::default();
        for (kind, _, played) in calls.iter().filter(|(_, by, _)| *by == mind) {
            rows.entry(kind).or_default().add(played);
            all.add(played);
        }
        let _ = writeln!(text, "\n### {}\n", capital(mind.name()));
        text.push_str("| callers | calls | right | missed | wrong | turns each | questions asked again, each |\n");
        text.push_str("|---|--:|--:|--:|--:|--:|--:|\n");
        for (kind, row) in &rows {
            let _ = writeln!(text, "| {kind} {}", row.written());
        }
        let _ = writeln!(text, "| **all** {}", all.written());
    }
    text
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
