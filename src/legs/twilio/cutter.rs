//! Frames of exactly 20 ms out of payloads of any length, each placed on the stream's own time.
//!
//! Twilio sends 160 bytes per message today and promises nothing ("Media Streams – WebSocket messages", `media`). What
//! is lost on the way shows as a jump in `media.timestamp`.

use engine::audio::frame::{FRAME_LEN, FRAME_MS, Frame, RATE_HZ, SILENCE};

const SAMPLES_PER_MS: u64 = RATE_HZ as u64 / 1_000;

/// A step of the timestamps smaller than this is jitter or rounding, and the audio is taken to go on without a gap.
const JITTER_MAX_MS: u64 = FRAME_MS;

/// A step larger than this, either way, is not lost audio but another clock.
const GAP_MAX_MS: u64 = 60_000;

/// A frame and where it begins on the stream's time, in milliseconds.
pub(super) type Placed = (u64, Frame);

/// What a timestamp did to the frames.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The audio goes on where it stopped.
    Steady,
    /// Audio is missing: the frame that was being filled, silence at its end, is all there will be of it.
    Gap(Option<Placed>),
    /// The sender's clock was changed. The stream's time goes on as if nothing had happened.
    NewClock,
}

/// Holds the frame that is not full yet.
#[derive(Debug)]
pub(super) struct Cutter {
    frame: Frame,
    filled: usize,
    /// Where the next sample belongs, in samples since the stream began.
    next: u64,
    /// What the sender's timestamps are ahead of the stream's time, in milliseconds.
    ahead_ms: i64,
}

impl Cutter {
    pub(super) fn new() -> Self {
        Self { frame: [SILENCE; FRAME_LEN], filled: 0, next: 0, ahead_ms: 0 }
    }

    /// Says when the audio that follows began, by the sender's timestamp.
    ///
    /// A timestamp that lies a little behind is ignored: the stream's time never runs back.
    pub(super) fn seek(&mut self, timestamp_ms: u64) -> Step {
        let next_ms = self.next / SAMPLES_PER_MS;
        let timestamp_ms = i64::try_from(timestamp_ms).unwrap_or(i64::MAX);
        let step_ms = timestamp_ms.saturating_sub(self.ahead_ms).saturating_sub_unsigned(next_ms);
        if step_ms.unsigned_abs() > GAP_MAX_MS {
            self.ahead_ms = timestamp_ms.saturating_sub_unsigned(next_ms);
            return Step::NewClock;
        }
        if step_ms < JITTER_MAX_MS as i64 {
            return Step::Steady;
        }
        let cut_short = self.flush();
        self.next = (next_ms + step_ms.unsigned_abs()) * SAMPLES_PER_MS;
        Step::Gap(cut_short)
    }

    /// Moves bytes from the front of `audio` into the frame, and gives the frame once it is full.
    pub(super) fn fill(&mut self, audio: &mut &[u8]) -> Option<Placed> {
        let wanted = (FRAME_LEN - self.filled).min(audio.len());
        let (taken, rest) = audio.split_at(wanted);
        self.frame[self.filled..self.filled + wanted].copy_from_slice(taken);
        *audio = rest;
        self.filled += wanted;
        self.next += wanted as u64;
        (self.filled == FRAME_LEN).then(|| self.take())
    }

    /// Gives the frame that is not full, silence at its end, if there is anything in it.
    pub(super) fn flush(&mut self) -> Option<Placed> {
        (self.filled > 0).then(|| {
            self.frame[self.filled..].fill(SILENCE);
            self.take()
        })
    }

    fn take(&mut self) -> Placed {
        let began = self.next - self.filled as u64;
        self.filled = 0;
        (began / SAMPLES_PER_MS, self.frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(cutter: &mut Cutter, mut audio: &[u8]) -> Vec<Placed> {
        let mut frames = Vec::new();
        while !audio.is_empty() {
            frames.extend(cutter.fill(&mut audio));
        }
        frames
    }

    #[test]
    fn payloads_of_any_length_give_the_same_frames() {
        let audio: Vec<u8> = (0..FRAME_LEN * 10).map(|at| (at * 7 % 251) as u8).collect();
        let whole = cut(&mut Cutter::new(), &audio);
        assert_eq!(whole.len(), 10);
        for length in [1, 7, 80, 159, 160, 161, 320, 1_000] {
            let mut cutter = Cutter::new();
            let mut frames = Vec::new();
            for (index, payload) in audio.chunks(length).enumerate() {
                assert_eq!(cutter.seek((index * length) as u64 / SAMPLES_PER_MS), Step::Steady);
                frames.extend(cut(&mut cutter, payload));
            }
            assert_eq!(frames, whole, "payloads of {length} bytes");
        }
        let places: Vec<u64> = whole.iter().map(|(stream_ms, _)| *stream_ms).collect();
        assert_eq!(places, [0, 20, 40, 60, 80, 100, 120, 140, 160, 180]);
    }

    #[test]
    fn lost_audio_starts_a_new_frame_and_silence_fills_the_old_one() {
        let mut cutter = Cutter::new();
        assert_eq!(cut(&mut cutter, &[1; 100]), []);
        let Step::Gap(Some((stream_ms, frame))) = cutter.seek(200) else { panic!("a gap cuts the frame short") };
        assert_eq!(stream_ms, 0);
        assert_eq!(frame[..100], [1; 100]);
        assert_eq!(frame[100..], [SILENCE; 60]);
        assert_eq!(cut(&mut cutter, &[2; FRAME_LEN]), [(200, [2; FRAME_LEN])]);
    }

    #[test]
    fn time_never_runs_back() {
        let mut cutter = Cutter::new();
        assert_eq!(cutter.seek(1_000), Step::Gap(None));
        assert_eq!(cut(&mut cutter, &[1; FRAME_LEN])[0].0, 1_000);
        assert_eq!(cutter.seek(500), Step::Steady);
        assert_eq!(cut(&mut cutter, &[1; FRAME_LEN])[0].0, 1_020);
    }

    #[test]
    fn timestamps_that_count_since_1970_are_taken_as_an_offset() {
        let mut cutter = Cutter::new();
        assert_eq!(cutter.seek(1_763_700_000_000), Step::NewClock);
        assert_eq!(cut(&mut cutter, &[1; FRAME_LEN])[0].0, 0);
        assert_eq!(cutter.seek(1_763_700_000_020), Step::Steady);
        assert_eq!(cut(&mut cutter, &[1; FRAME_LEN])[0].0, 20);
        assert_eq!(cutter.seek(u64::MAX), Step::NewClock);
        assert_eq!(cutter.seek(0), Step::NewClock);
    }

    #[test]
    fn nothing_is_flushed_twice() {
        let mut cutter = Cutter::new();
        cut(&mut cutter, &[1; 8]);
        assert!(cutter.flush().is_some());
        assert_eq!(cutter.flush(), None);
    }
}
