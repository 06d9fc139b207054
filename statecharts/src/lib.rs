//! Every state a call can be in, as three charts that know words and nothing else.
//!
//! | chart | decides | file |
//! |---|---|---|
//! | [`call`] | whether there is a call, and who may end it | `call.rs` |
//! | [`floor`] | who may speak now | `floor.rs` |
//! | [`booking`] | what the assistant says next, and what it may do | `booking/` |
//!
//! A chart takes an event, moves, and appends effects to the list in its context; it never waits, counts time or looks
//! anything up. Who drives it (the `engine` package) sets the timers a state asks for and carries the effects out. An
//! event that no state handles is counted in the context, so that nothing vanishes silently. The charts are drawn in
//! `diagrams/`, and told as scenes in `tests/tables/`.

pub mod booking;
pub mod call;
pub mod floor;
pub mod prompt;
pub mod proposal;

use serde::{Deserialize, Serialize};

/// What a chart is handed with each event: where its effects go, and whether any state wanted the event.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Context<Effect> {
    /// What is to be done, in order. The caller of the chart drains it, so a snapshot has none.
    #[serde(skip)]
    pub effects: Vec<Effect>,
    /// Events that no state of the chart handled since the context was made.
    pub unhandled: u32,
}

impl<Effect> Default for Context<Effect> {
    fn default() -> Self {
        Self { effects: Vec::new(), unhandled: 0 }
    }
}

impl<Effect> Context<Effect> {
    /// Appends one effect.
    pub fn push(&mut self, effect: Effect) {
        self.effects.push(effect);
    }
}
