//! Is the connection alive, and does Deepgram still listen? A peer that no longer reads shows nowhere: the kernel
//! swallows minutes of audio before a write fails. So life is told from what arrives.

use std::time::Duration;

use engine::audio::frame::FRAME_LEN;
use tokio::time::Instant;

use super::{Config, Flavor};

/// A frame counts as loud from this mean on, in steps of µ-law above silence: about -30 dBFS, a voice close by.
const LOUD_STEPS: u32 = 40;

/// So many loud frames, two seconds, must have met silence from the vendor before that silence is suspicious.
const LOUD_FRAMES_MIN: u32 = 100;

/// How long Flux may go without audio before silence stands in for it.
const GAP_MAX: Duration = Duration::from_millis(120);

/// How much silence is sent at a time, as fast as time goes: one chunk of Flux's.
const SILENCE_STEP: Duration = Duration::from_millis(80);

/// What is to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beat {
    /// Nothing was said for a while: say that we are still here.
    KeepAlive,
    /// Nothing was heard for a while: ask whether the other side still is.
    Ping,
    /// No audio came for a while, and this service's time stands still without: send 80 ms of silence.
    Silence,
    /// There is nobody there, for this reason.
    Dead(&'static str),
}

/// One connection's signs of life.
#[derive(Debug)]
pub(super) struct Pulse {
    keep_alive: Duration,
    stall: Duration,
    is_flux: bool,
    /// When to fill the pause in the audio; none before the first audio of the connection. Deepgram closes a
    /// connection that only ever said KeepAlive.
    idle_at: Option<Instant>,
    /// When anything last arrived, and when a message did.
    sign_at: Instant,
    message_at: Instant,
    pinged_at: Option<Instant>,
    /// Loud frames sent since the last message.
    loud_frames: u32,
}

impl Pulse {
    /// A connection that was opened now.
    pub(super) fn new(config: &Config, now: Instant) -> Self {
        Self {
            keep_alive: config.keep_alive,
            stall: config.stall,
            is_flux: matches!(config.flavor, Flavor::Flux { .. }),
            idle_at: None,
            sign_at: now,
            message_at: now,
            pinged_at: None,
            loud_frames: 0,
        }
    }

    /// Audio was sent that came from the caller, now or a while ago.
    pub(super) fn sent(&mut self, now: Instant, audio: &[u8]) {
        self.idle_at = Some(now + if self.is_flux { GAP_MAX } else { self.keep_alive });
        self.loud_frames += audio.chunks(FRAME_LEN).map(|frame| u32::from(is_loud(frame))).sum::<u32>();
    }

    /// Anything arrived: a pong, for one.
    pub(super) fn sign(&mut self, now: Instant) {
        self.sign_at = now;
        self.pinged_at = None;
    }

    /// A message arrived.
    pub(super) fn message(&mut self, now: Instant) {
        self.sign(now);
        self.message_at = now;
        self.loud_frames = 0;
    }

    /// When [`Pulse::beat`] is to be asked again. Asking earlier does no harm.
    pub(super) fn due(&self) -> Instant {
        let doubt = self.pinged_at.unwrap_or(self.sign_at) + self.stall / 2;
        self.idle_at.map_or(doubt, |idle| idle.min(doubt))
    }

    /// What is to be done now; to be asked until there is nothing.
    pub(super) fn beat(&mut self, now: Instant) -> Option<Beat> {
        if self.pinged_at.is_some_and(|pinged| now >= pinged + self.stall / 2) {
            return Some(Beat::Dead("nothing came back, not even to a ping"));
        }
        // Nova reports about every second while somebody speaks, Flux four times a second.
        if self.loud_frames >= LOUD_FRAMES_MIN && now >= self.message_at + self.stall {
            return Some(Beat::Dead("a voice was sent and nothing was said about it"));
        }
        if self.pinged_at.is_none() && now >= self.sign_at + self.stall / 2 {
            self.pinged_at = Some(now);
            return Some(Beat::Ping);
        }
        let idle_at = self.idle_at.filter(|idle| now >= *idle)?;
        if self.is_flux {
            // Counted on from the last step, so that a late wake-up loses no silence, but never hurried.
            self.idle_at = Some((idle_at + SILENCE_STEP).max(now + SILENCE_STEP / 2));
            Some(Beat::Silence)
        } else {
            self.idle_at = Some(now + self.keep_alive);
            Some(Beat::KeepAlive)
        }
    }
}

fn is_loud(frame: &[u8]) -> bool {
    let steps: u32 = frame.iter().map(|byte| u32::from(0x7f - (byte & 0x7f))).sum();
    steps >= LOUD_STEPS * FRAME_LEN as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const QUIET: [u8; FRAME_LEN] = [0xff; FRAME_LEN];
    const LOUD: [u8; FRAME_LEN] = [0x20; FRAME_LEN];

    /// Everything that is done in so many seconds after the last of them, with the tenth of a second it is done at.
    fn beats(pulse: &mut Pulse, from: Instant, tenths: u32) -> Vec<(u32, Beat)> {
        let mut beats = Vec::new();
        for tenth in 1..=tenths {
            let now = from + SECOND / 10 * tenth;
            while let Some(beat) = pulse.beat(now) {
                beats.push((tenth, beat));
                if matches!(beat, Beat::Dead(_)) {
                    return beats;
                }
                if beat == Beat::Ping {
                    pulse.sign(now);
                }
            }
        }
        beats
    }

    #[test]
    fn an_idle_connection_is_kept_alive_only_after_some_audio() {
        let start = Instant::now();
        let mut pulse = Pulse::new(&Config::default(), start);
        assert_eq!(beats(&mut pulse, start, 45), []);
        pulse.sent(start, &QUIET);
        pulse.message(start + SECOND * 4);
        let beats = beats(&mut pulse, start, 85);
        assert_eq!(beats, [(40, Beat::KeepAlive), (80, Beat::KeepAlive)]);
    }

    #[test]
    fn flux_gets_silence_as_fast_as_time_goes_instead() {
        let start = Instant::now();
        let flavor = Flavor::Flux {
            eot_threshold: 0.7,
            eager_eot_threshold: None,
            eot_timeout_ms: 5_000,
            force_end_turn: false,
        };
        let mut pulse = Pulse::new(&Config { flavor, ..Config::default() }, start);
        pulse.sent(start, &QUIET);
        let mut silences = 0;
        for ms in 0..2_000 {
            while let Some(beat) = pulse.beat(start + Duration::from_millis(ms)) {
                assert_eq!(beat, Beat::Silence);
                silences += 1;
            }
        }
        assert_eq!(silences, 24, "from 120 ms on every 80 ms");
    }

    #[test]
    fn a_connection_that_shows_no_life_is_pinged_and_then_given_up() {
        let start = Instant::now();
        let mut pulse = Pulse::new(&Config::default(), start);
        assert_eq!(pulse.beat(start + SECOND * 4), None);
        assert_eq!(pulse.due(), start + SECOND * 5);
        assert_eq!(pulse.beat(start + SECOND * 5), Some(Beat::Ping));
        assert_eq!(pulse.beat(start + SECOND * 9), None);
        assert!(matches!(pulse.beat(start + SECOND * 10), Some(Beat::Dead(_))));
    }

    #[test]
    fn a_quiet_caller_is_no_sign_of_a_deaf_vendor_and_a_loud_one_is() {
        let start = Instant::now();
        let mut pulse = Pulse::new(&Config::default(), start);
        for _ in 0..500 {
            pulse.sent(start, &QUIET);
        }
        assert!(!beats(&mut pulse, start, 600).iter().any(|(_, beat)| matches!(beat, Beat::Dead(_))));
        let mut pulse = Pulse::new(&Config::default(), start);
        for _ in 0..150 {
            pulse.sent(start, &LOUD);
        }
        assert!(matches!(beats(&mut pulse, start, 600).last(), Some((100, Beat::Dead(_)))));
    }
}
