//! How long the turns of all calls took, to the microsecond, from the tapes the gateway wrote.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use engine::io::Output;
use engine::record::{Row, Stage};
use engine::time::CallTime;

/// Milliseconds by what was measured.
#[derive(Default)]
pub struct Turns {
    /// From the turn's end to our first frame, everything included: with vendors that answer at once this is the
    /// gateway's own share, the loopback's and the vendors' processes' on top.
    pub whole: Vec<f64>,
    /// The same for turns that asked no model.
    pub without_model: Vec<f64>,
    /// The parts of it in which nothing but the gateway works: the turn's end to the question to the model, the model's
    /// first slot to the order to speak.
    pub own: Vec<f64>,
    /// From the order to speak to the first frame, whether the phrase was cached or had to be made.
    pub speaking: Vec<f64>,
}

impl Turns {
    /// Reads every tape below a folder.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        let mut turns = Self::default();
        for day in fs::read_dir(folder)?.filter_map(Result::ok).filter(|day| day.path().is_dir()) {
            for call in fs::read_dir(day.path())? {
                let tape = fs::read_to_string(call?.path().join("tape.jsonl")).unwrap_or_default();
                tape.lines().filter_map(stages).for_each(|stages| turns.add(&stages));
            }
        }
        Ok(turns)
    }

    fn add(&mut self, stages: &BTreeMap<Stage, CallTime>) {
        let took = |from: Stage, to: Stage| {
            let (from, to) = (stages.get(&from)?, stages.get(&to)?);
            Some(to.since(*from).as_secs_f64() * 1_000.0)
        };
        let Some(whole) = took(Stage::TurnEnded, Stage::FirstFrame) else { return };
        self.whole.push(whole);
        let parts = (took(Stage::TurnEnded, Stage::ModelAsked), took(Stage::FirstSlot, Stage::FirstPhrase));
        match parts {
            (Some(asking), Some(answering)) => self.own.push(asking + answering),
            (None, None) => self.without_model.push(whole),
            _ => {}
        }
        self.speaking.extend(took(Stage::FirstPhrase, Stage::FirstFrame));
    }
}

/// The stages of a turn, if that is what a line of a tape tells.
fn stages(line: &str) -> Option<BTreeMap<Stage, CallTime>> {
    let (_, output) = line.split_once(" > ").filter(|(_, output)| output.contains("\"Turn\""))?;
    match serde_json::from_str(output) {
        Ok(Output::Record(Row::Turn { stages, .. })) => Some(stages),
        _ => None,
    }
}
