//! How well the caller's audio came through.

use engine::audio::frame::FRAME_MS;

/// A frame that comes so long after the one before came late: three are missing from the ear by then.
const LATE_MS: u64 = 80;

/// Frames in a thousand that may come late or never on a good line, and on a fair one.
const GOOD_PER_1000: u64 = 10;
const FAIR_PER_1000: u64 = 50;

/// The caller's frames, counted.
#[derive(Debug, Default)]
pub(super) struct Line {
    frames: u64,
    late: u64,
    lost: u64,
    last: Option<(u64, u64)>,
}

impl Line {
    pub(super) fn frame(&mut self, stream_ms: u64, now_ms: u64) {
        self.frames += 1;
        if let Some((last_stream_ms, last_now_ms)) = self.last.replace((stream_ms, now_ms)) {
            self.late += u64::from(now_ms.saturating_sub(last_now_ms) > LATE_MS);
            let step_ms = stream_ms.saturating_sub(last_stream_ms);
            self.lost += (step_ms / FRAME_MS).saturating_sub(1);
        }
    }

    /// In a word; none before the first frame.
    pub(super) fn quality(&self) -> Option<&'static str> {
        let all = self.frames + self.lost;
        let bad_per_1000 = ((self.late + self.lost) * 1_000).checked_div(all)?;
        Some(if bad_per_1000 <= GOOD_PER_1000 {
            "good"
        } else if bad_per_1000 <= FAIR_PER_1000 {
            "fair"
        } else {
            "poor"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_as_good_as_the_frames_that_come_in_time() {
        assert_eq!(Line::default().quality(), None);
        for (lost_every, wanted) in [(1_000, "good"), (40, "fair"), (10, "poor")] {
            let mut line = Line::default();
            for frame in (0..1_000).filter(|frame| frame % lost_every != 1) {
                line.frame(frame * 20, frame * 20);
            }
            assert_eq!(line.quality(), Some(wanted), "one in {lost_every}");
        }
    }
}
