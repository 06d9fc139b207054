//! Two sentences about a call, by the model, once it is over. Nobody waits for them.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use engine::record::{Row, Speaker};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use uuid::Uuid;

use crate::analytics::{Prices, Tally};
use crate::app::House;

/// Calls that are summed up at once.
const AT_ONCE: u32 = 4;

/// Calls that are summed up or wait for it, each with its words in memory. One more has no summary.
const WAITING_MAX: usize = 500;

/// What of a call the model reads. More than an hour's talk.
const TRANSCRIPT_BYTES_MAX: usize = 64 * 1024;

/// Words of the caller, at least, that there is something to say about.
const CALLER_LINES_MIN: u32 = 1;

/// What was said in a call, as it is on record.
#[derive(Debug, Default)]
pub(super) struct Transcript {
    text: String,
    caller_lines: u32,
    outcome: String,
}

impl Transcript {
    /// The call left a row.
    pub(super) fn row(&mut self, row: &Row) {
        match row {
            Row::Said { speaker, heard, .. } if !heard.is_empty() => {
                let who = match speaker {
                    Speaker::Caller => "Caller",
                    Speaker::Assistant => "Assistant",
                };
                self.caller_lines += u32::from(*speaker == Speaker::Caller);
                if self.text.len() + heard.len() <= TRANSCRIPT_BYTES_MAX {
                    let _ = writeln!(self.text, "{who}: {heard}");
                }
            }
            Row::Ended { outcome, .. } => self.outcome.clone_from(outcome),
            _ => {}
        }
    }
}

/// Who is being summed up.
#[derive(Debug, Clone)]
pub(super) struct Summaries {
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

impl Default for Summaries {
    fn default() -> Self {
        let (turns, places) = (Semaphore::new(AT_ONCE as usize), Semaphore::new(WAITING_MAX));
        Self { turns: Arc::new(turns), places: Arc::new(places) }
    }
}

impl Summaries {
    /// Waits until all calls that are over are summed up, so long at most.
    pub(super) async fn finish(&self, within: Duration) {
        timeout(within, self.places.acquire_many(WAITING_MAX as u32)).await.ok();
    }
}

impl House {
    /// Has a call that is over summed up, and what that cost added to its cost.
    pub(super) fn sum_up(
        self: &Arc<Self>,
        call_id: Uuid,
        business: &str,
        transcript: Transcript,
        mut tally: Tally,
        (duration_ms, prices): (u64, Prices),
    ) {
        let Some(model) = self.model.clone().filter(|_| self.sums_up && transcript.caller_lines >= CALLER_LINES_MIN)
        else {
            return;
        };
        let Ok(place) = Arc::clone(&self.summaries.places).try_acquire_owned() else {
            tracing::warn!(call = %call_id, "no summary: {WAITING_MAX} other calls wait for theirs");
            return;
        };
        let (house, business) = (Arc::clone(self), business.to_owned());
        tokio::spawn(async move {
            let _place = place;
            let Ok(_turn) = house.summaries.turns.acquire().await else { return };
            let Transcript { text, outcome, .. } = transcript;
            match model.sum_up(&business, &text, &outcome).await {
                Ok((summary, tokens)) => {
                    tally.summed_up(tokens);
                    house.store.summed(call_id, summary);
                    house.store.cost(call_id, tally.costs(duration_ms, &prices));
                }
                Err(fault) => tracing::warn!(call = %call_id, ?fault, "no summary; what was counted stands"),
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use engine::io::Ending;
    use engine::time::CallTime;

    use super::*;

    #[test]
    fn a_transcript_is_read_as_it_was_heard_and_ends_with_what_came_of_it() {
        let mut transcript = Transcript::default();
        let at = CallTime::ZERO;
        let mut said = |speaker, heard: &str| {
            let (line, unheard, confidence) = (0, "and more".to_owned(), 1.0);
            transcript.row(&Row::Said {
                line,
                speaker,
                heard: heard.into(),
                unheard,
                confidence,
                from: at,
                to: at,
                words: Vec::new(),
            });
        };
        said(Speaker::Assistant, "How can I help you?");
        said(Speaker::Assistant, "");
        said(Speaker::Caller, "A haircut, [phone ****42].");
        said(Speaker::Caller, &"x".repeat(TRANSCRIPT_BYTES_MAX));
        transcript.row(&Row::Ended { at, ending: Ending::HungUp, outcome: "booked".into() });
        assert_eq!(transcript.text, "Assistant: How can I help you?\nCaller: A haircut, [phone ****42].\n");
        assert_eq!((transcript.caller_lines, transcript.outcome.as_str()), (2, "booked"));
    }
}
