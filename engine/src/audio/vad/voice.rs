//! A voice that goes on: how long, and how likely it is somebody near who talks.

use crate::audio::frame::FRAME_MS;

/// Frames without voice before the end is reported: 240 ms. Shorter pauses lie inside words and phrases.
const HANGOVER_FRAMES: u32 = 12;

/// Frames between two reports of a voice that goes on: 100 ms.
const REPORT_FRAMES: u32 = 5;

/// One frame is believed no further than this, for and against: log odds.
const BELIEVED: f32 = 4.0;

/// The mean evidence of the voiced frames at which a voice is as likely somebody who talks as not. Pauses do not count
/// against it ("Hi, … I'd like"): a cough is told from those by its end. Chosen on recordings, see `docs/performance.md`.
const EVEN: f32 = 0.5;

/// A voice this much fainter than the caller's is far away, in dB.
const FAR_DB: f32 = 12.0;

/// How long a voice must have gone on for its level to count as the caller's.
const LEVEL_MS_MIN: u32 = 400;

/// What became of a voice with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Quiet,
    Report,
    Ended,
}

/// A voice that started.
#[derive(Debug, Clone)]
pub(super) struct Voice {
    frames: u32,
    /// Unvoiced frames at its end.
    silent: u32,
    /// Its voiced frames, and their log odds as far as they are believed.
    voiced: u32,
    evidence: f32,
    /// Power of its voiced frames, full scale 1.
    power: f32,
}

impl Voice {
    /// A voice that starts with a frame.
    pub(super) fn new(log_odds: f32, level_db: f32) -> Self {
        Self { frames: 1, silent: 0, voiced: 1, evidence: believed(log_odds), power: power(level_db) }
    }

    /// Counts one more frame.
    pub(super) fn lasts(&mut self, log_odds: f32, level_db: f32, voiced: bool) -> Step {
        self.frames = self.frames.saturating_add(1);
        if voiced {
            self.silent = 0;
            self.voiced += 1;
            self.evidence += believed(log_odds);
            self.power += power(level_db);
        } else {
            self.silent += 1;
        }
        match self.silent {
            HANGOVER_FRAMES.. => Step::Ended,
            _ if self.frames.is_multiple_of(REPORT_FRAMES) => Step::Report,
            _ => Step::Quiet,
        }
    }

    /// From the frame that started it to the last voiced one.
    pub(super) fn voiced_ms(&self) -> u32 {
        (self.frames - self.silent).saturating_mul(FRAME_MS as u32)
    }

    /// How likely it is somebody near who talks, 0 to 100.
    pub(super) fn speech_percent(&self, usual: &UsualLevel) -> u8 {
        let log_odds = self.evidence / self.voiced as f32 - EVEN;
        let percent = 100.0 / (1.0 + (-2.0 * log_odds).exp());
        let near = if usual.is_far_above(self.level_db()) { percent / 4.0 } else { percent };
        near as u8
    }

    /// Its level in dB of full scale.
    fn level_db(&self) -> f32 {
        10.0 * (self.power / self.voiced as f32).max(1e-10).log10()
    }
}

/// How loud the caller's speech is in this call.
#[derive(Debug, Clone, Default)]
pub(super) struct UsualLevel {
    /// In dB of full scale; none before the caller spoke.
    level_db: Option<f32>,
}

impl UsualLevel {
    /// Learns from a voice that ended. A faint one counts little, so that a second voice far away does not become the
    /// caller, but a caller who puts the phone down is known again after some sentences.
    pub(super) fn learn(&mut self, voice: &Voice) {
        if voice.voiced_ms() < LEVEL_MS_MIN {
            return;
        }
        let level_db = voice.level_db();
        let is_speech = voice.speech_percent(self) >= 50;
        match &mut self.level_db {
            Some(usual_db) => *usual_db += (level_db - *usual_db) * if is_speech { 0.3 } else { 0.05 },
            None if is_speech => self.level_db = Some(level_db),
            None => {}
        }
    }

    fn is_far_above(&self, level_db: f32) -> bool {
        self.level_db.is_some_and(|usual_db| usual_db - level_db >= FAR_DB)
    }
}

fn believed(log_odds: f32) -> f32 {
    log_odds.clamp(-BELIEVED, BELIEVED)
}

fn power(level_db: f32) -> f32 {
    10_f32.powf(level_db / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A voice of some frames, all alike.
    fn voice(frames: u32, log_odds: f32, level_db: f32) -> Voice {
        let mut voice = Voice::new(log_odds, level_db);
        for _ in 1..frames {
            voice.lasts(log_odds, level_db, true);
        }
        voice
    }

    #[test]
    fn a_voice_is_told_of_every_100_ms_and_ends_after_the_hangover() {
        let mut voice = voice(1, 3.0, -20.0);
        let steps: Vec<Step> = (2..=27).map(|frame| voice.lasts(3.0, -20.0, frame <= 15)).collect();
        let reported: Vec<usize> =
            (2..).zip(&steps).filter(|(_, step)| **step == Step::Report).map(|at| at.0).collect();
        assert_eq!(reported, [5, 10, 15, 20, 25]);
        assert_eq!(steps.iter().position(|step| *step == Step::Ended), Some(25));
        assert_eq!(voice.voiced_ms(), 300);
    }

    #[test]
    fn what_is_doubted_after_its_start_is_no_speech() {
        let usual = UsualLevel::default();
        assert!(voice(25, 3.0, -20.0).speech_percent(&usual) > 90);
        let mut hum = voice(2, 3.0, -20.0);
        for _ in 0..23 {
            hum.lasts(-0.3, -20.0, true);
        }
        assert!(hum.speech_percent(&usual) < 50, "{}", hum.speech_percent(&usual));
    }

    #[test]
    fn a_pause_does_not_count_against_who_talks() {
        let mut hi = voice(12, 3.0, -20.0);
        for _ in 0..10 {
            hi.lasts(-4.0, -60.0, false);
        }
        assert!(hi.speech_percent(&UsualLevel::default()) > 90);
    }

    #[test]
    fn a_voice_far_fainter_than_the_callers_is_not_the_callers() {
        let mut usual = UsualLevel::default();
        assert!(voice(25, 3.0, -45.0).speech_percent(&usual) > 90, "nobody spoke yet");
        usual.learn(&voice(50, 3.0, -20.0));
        assert!(voice(25, 3.0, -30.0).speech_percent(&usual) > 90);
        assert!(voice(25, 3.0, -33.0).speech_percent(&usual) < 50);
    }

    #[test]
    fn a_caller_who_puts_the_phone_down_is_known_again() {
        let mut usual = UsualLevel::default();
        usual.learn(&voice(50, 3.0, -20.0));
        for _ in 0..20 {
            usual.learn(&voice(50, 3.0, -34.0));
        }
        assert!(voice(25, 3.0, -34.0).speech_percent(&usual) > 90);
    }
}
