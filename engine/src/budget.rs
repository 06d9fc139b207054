//! The latency budget of a turn: what each stage may take so that the answer begins within 1.2 seconds of the caller's
//! last word, about as long as people leave one another on the telephone before it feels like a delay.
//!
//! [`SHARES`] is the whole table. A turn is late when its first frame is later than all shares together allow, or its
//! first mark later than its own; then the stage is named that took longest beyond its share.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::record::Stage;
use crate::time::CallTime;

/// What one stage may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// The stage that is reached at its end.
    pub stage: Stage,
    /// From the stage before it.
    pub within: Duration,
}

/// The shares, in the order of the stages. Those up to the first frame make up [`TOTAL`].
pub const SHARES: [Share; 6] = [
    // 300 ms of silence after whole words, 500 ms after others; the vendor's transcript comes within them.
    share(Stage::TurnEnded, 500),
    // A small model writes its first slots about 400 ms after it was asked, on a connection that is open.
    share(Stage::FirstSlot, 450),
    // Ours, with at most one question to the calendar.
    share(Stage::FirstPhrase, 30),
    // The vendor's first byte of speech; nothing, where the phrase is in the cache.
    share(Stage::FirstAudio, 200),
    // Ours: at most one frame.
    share(Stage::FirstFrame, 20),
    // The way to the caller and back, and up to 200 ms of audio until the first mark.
    share(Stage::FirstMark, 500),
];

/// From the caller's last word to our first frame.
pub const TOTAL: Duration = Duration::from_millis(1_200);

const fn share(stage: Stage, within_ms: u64) -> Share {
    Share { stage, within: Duration::from_millis(within_ms) }
}

/// What each stage of a turn took beyond the one before it that was reached, in order. Stages that were skipped took
/// nothing; a transcript and the asking of the model are within the stages after them.
pub fn spent(stages: &BTreeMap<Stage, CallTime>) -> impl Iterator<Item = (Share, Duration)> {
    let mut before = stages.get(&Stage::SpeechEnded).copied();
    SHARES.into_iter().filter_map(move |share| {
        let reached = *stages.get(&share.stage)?;
        let took = reached.since(before?);
        before = before.max(Some(reached));
        Some((share, took))
    })
}

/// The stage that made the answer late, if it was.
pub fn late(stages: &BTreeMap<Stage, CallTime>) -> Option<Stage> {
    let (ended, frame) = (stages.get(&Stage::SpeechEnded)?, stages.get(&Stage::FirstFrame)?);
    let answered_late = frame.since(*ended) > TOTAL;
    let over = spent(stages).filter(|(share, _)| answered_late || share.stage == Stage::FirstMark);
    over.filter(|(share, took)| took > &share.within)
        .max_by_key(|(share, took)| *took - share.within)
        .map(|(share, _)| share.stage)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stages(all: &[(Stage, u64)]) -> BTreeMap<Stage, CallTime> {
        all.iter().map(|(stage, ms)| (*stage, CallTime::from_ms(*ms))).collect()
    }

    const QUICK: [(Stage, u64); 8] = [
        (Stage::SpeechEnded, 1_000),
        (Stage::Transcribed, 1_350),
        (Stage::TurnEnded, 1_400),
        (Stage::ModelAsked, 1_400),
        (Stage::FirstSlot, 1_800),
        (Stage::FirstPhrase, 1_801),
        (Stage::FirstAudio, 1_950),
        (Stage::FirstFrame, 1_960),
    ];

    #[test]
    fn the_shares_up_to_the_first_frame_are_the_total() {
        let total: Duration =
            SHARES.iter().filter(|share| share.stage <= Stage::FirstFrame).map(|share| share.within).sum();
        assert_eq!(total, TOTAL);
    }

    #[test]
    fn a_turn_within_its_budget_is_not_late_although_one_stage_took_longer() {
        let mut stages = stages(&QUICK);
        assert_eq!(late(&stages), None);
        stages.insert(Stage::FirstFrame, CallTime::from_ms(2_150));
        assert_eq!(late(&stages), None);
    }

    #[test]
    fn the_stage_that_took_longest_beyond_its_share_is_named() {
        let mut slow = stages(&QUICK);
        for (stage, ms) in [(Stage::FirstSlot, 2_900), (Stage::FirstPhrase, 2_900), (Stage::FirstFrame, 3_200)] {
            slow.insert(stage, CallTime::from_ms(ms));
        }
        slow.insert(Stage::FirstAudio, CallTime::from_ms(3_190));
        assert_eq!(late(&slow), Some(Stage::FirstSlot));
    }

    #[test]
    fn a_mark_that_does_not_come_is_late_by_itself() {
        let mut stages = stages(&QUICK);
        stages.insert(Stage::FirstMark, CallTime::from_ms(3_000));
        assert_eq!(late(&stages), Some(Stage::FirstMark));
    }

    #[test]
    fn skipped_stages_are_no_ones_fault() {
        let by_rules = stages(&[(Stage::SpeechEnded, 0), (Stage::TurnEnded, 1_800), (Stage::FirstFrame, 1_810)]);
        assert_eq!(late(&by_rules), Some(Stage::TurnEnded));
        assert_eq!(late(&stages(&[(Stage::TurnEnded, 5)])), None);
    }
}
