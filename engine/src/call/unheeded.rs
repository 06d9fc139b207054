//! What the caller says and presses while nothing may stop us: it is kept, and heeded as soon as that has been heard.

use statecharts::booking::Interruptible;
use statecharts::floor::{Event, State};

use crate::call::Call;
use crate::io::Output;
use crate::listening::Turn;
use crate::time::CallTime;

/// Keys that are kept. Nobody presses more for a reason.
const KEYS_MAX: usize = 16;

/// What was not heeded yet.
#[derive(Debug, Default)]
pub(super) struct Unheeded {
    turn: Option<Turn>,
    keys: Vec<char>,
}

impl Call {
    /// Whether what we are saying has to be heard to its end.
    pub(super) fn nothing_may_stop_us(&self) -> bool {
        self.floor.state() == State::AssistantSpeaking && self.interruptible() == Interruptible::Never
    }

    /// Keeps a turn. Two of them are one: nothing was answered between them.
    pub(super) fn keep_turn(&mut self, turn: Turn) {
        self.unheeded.turn = Some(match self.unheeded.turn.take() {
            Some(before) => turn.behind(before),
            None => turn,
        });
    }

    pub(super) fn keep_key(&mut self, key: char) {
        if self.unheeded.keys.len() < KEYS_MAX {
            self.unheeded.keys.push(key);
        }
    }

    /// Now something may stop us again: what was kept does, and so does whoever is speaking.
    pub(super) fn heed(&mut self, at: CallTime, out: &mut Vec<Output>) {
        let Unheeded { turn, keys } = std::mem::take(&mut self.unheeded);
        let nothing = turn.is_none() && keys.is_empty();
        if let Some(turn) = turn {
            self.take_turn(at, turn, out);
        }
        for key in keys {
            self.key_pressed(at, key, out);
        }
        if nothing && self.somebody_speaks() {
            self.floor_event(at, Event::VoiceStarted, out);
        }
    }
}
